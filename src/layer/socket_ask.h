// What the layer itself asks the socket driver, in Wine's form and in Windows'.
#ifndef PLUME_LAYER_SOCKET_ASK_H
#define PLUME_LAYER_SOCKET_ASK_H

#include "core/sockaddr.h"
#include "layer/layer.h"

static inline struct sockaddr_vm socket_vm(void)
{
    return sockaddr_vm_of(layer_config.ipv4);
}

/* Waits for a request whose caller would do nothing else, and returns its status. The event is the
 * caller's, and stays set. */
NTSTATUS socket_wait(HANDLE event, IO_STATUS_BLOCK *io, bool alertable);

/* Whether the system's socket takes IPv6 only. NT 5.2 has no other: there it stays so, and the
 * mapped address will be refused. */
bool socket_is_ipv6_only(HANDLE socket);
void socket_set_ipv6_only(HANDLE socket, ULONG value);

enum socket_type { SOCKET_STREAM, SOCKET_DATAGRAM, SOCKET_WINE_DATAGRAM };
enum socket_type socket_type_of(HANDLE socket);

/* The address of one end, in `bytes`; false where there is none. */
bool socket_end(HANDLE socket, bool peer, uint8_t *bytes, size_t size, struct sockaddr_view *view);
bool socket_end_is_twin(HANDLE socket, bool peer);

/* Binds a socket to an address of this kind and a port of the system's choice. */
NTSTATUS socket_bind(HANDLE socket, enum sockaddr_kind kind, bool ipv6);

/* From now on nothing is translated that goes through the socket: struct layer_outside. */
void socket_exempt(HANDLE socket);

#endif
