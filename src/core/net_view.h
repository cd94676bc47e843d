// What a VM's programs see of the system's lists of connections and addresses, whatever form these
// come in (core/nsi.h, core/conn_table.h).
#ifndef PLUME_CORE_NET_VIEW_H
#define PLUME_CORE_NET_VIEW_H

#include "core/sockaddr.h"

/* What a filter goes by. `processes` are the VM's. */
struct net_view {
    struct sockaddr_vm vm;
    const struct sockaddr_ports *ports; // NULL: nothing is known
    const uintptr_t *processes;
    size_t process_count;
    bool no_network;
};

/* Each of these: whether the line is the VM's; if so its addresses are changed to those that the
 * VM's programs know. `local` and `remote` are a sockaddr_in or sockaddr_in6 in SOCKADDR_MAX bytes,
 * `owner` a process's id, 0 where the system does not know it: then the addresses decide. */
bool net_view_connection(const struct net_view *view, uint32_t owner, bool listens, uint8_t *local,
                         uint8_t *remote);
bool net_view_datagrams(const struct net_view *view, uint32_t owner, uint8_t *local);

/* Whether an address of the machine's, network byte order, is one that the VM shows: loopback, and
 * one more, which becomes V. `own_shown`, false before a list's first: whether V has been. */
bool net_view_address4(const struct net_view *view, uint8_t address[4], bool *own_shown);
bool net_view_address6(const uint8_t address[16]);

#endif
