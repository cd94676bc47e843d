// The system's lists of connections and addresses, as Wine's iphlpapi asks the network store
// (\Device\Nsi) for them: which lines are a VM's, and what they say to it. GetTcpTable,
// GetExtendedTcpTable, GetUdpTable, GetAdaptersAddresses, GetAdaptersInfo, GetIpAddrTable and the
// address list of a socket are all made from these.
//
// Source: Wine 8.0, include/wine/nsi.h and dlls/nsi/nsi.c. Windows' own requests have another code
// and layout; they are not looked at.
#ifndef PLUME_CORE_NSI_H
#define PLUME_CORE_NSI_H

#include "core/net_view.h"

#define NSI_CODE_ENUMERATE UINT32_C(0x121000)

enum { NSI_REQUEST_SIZE = 56, NSI_PARTS = 4 }; // key, read-write, dynamic, static

enum nsi_table { NSI_OTHER, NSI_TCP, NSI_UDP, NSI_ADDRESSES4, NSI_ADDRESSES6 };

/* An enumeration: the reply is a 32-bit count, and then each part of all lines together, of
 * sizes[part] bytes a line, with room for `room` lines. */
struct nsi_request {
    enum nsi_table table;
    uint32_t sizes[NSI_PARTS];
    uint32_t room;
};

/* Reads a request of NSI_CODE_ENUMERATE. NSI_OTHER where it is not for one of the tables, or not of
 * the sizes that these have (a part that is not wanted has 0). */
struct nsi_request nsi_request_read(const void *input, size_t size);

/* Whether the lines' owners must be known, which stand in the static part, and are not asked for:
 * then the layer asks with nsi_request_widen()ed input and nsi_narrow()s the reply. */
bool nsi_lacks_owner(const struct nsi_request *request);

/* Changes `input` so that the static part is asked for too, and *request accordingly. */
void nsi_request_widen(struct nsi_request *request, void *input);

/* Bytes of a reply. */
size_t nsi_reply_size(const struct nsi_request *request);

/* Copies a reply to a widened request to where the one to `narrow` goes. */
void nsi_narrow(const struct nsi_request *wide, const void *reply, const struct nsi_request *narrow,
                void *out);

/* Removes what is not the VM's from a reply, and shows the rest as the VM's programs know it. */
void nsi_filter(const struct nsi_request *request, void *reply, const struct net_view *view);

#endif
