// What the files of publishing share.
#ifndef PLUME_MONITOR_PUBLISH_PARTS_H
#define PLUME_MONITOR_PUBLISH_PARTS_H

#include <winsock2.h>
#include <windows.h>
#include <stdbool.h>
#include <stdint.h>
#include "monitor/loop.h"

/* A socket that no process inherits; INVALID_SOCKET with WSAGetLastError(). */
SOCKET publish_socket(bool udp);

/* An IPv4 address; host byte order. */
struct sockaddr_in publish_address(uint32_t ipv4, uint16_t port);

/* Has the socket's completions delivered to the publishing thread. */
bool publish_attach(SOCKET socket);

/* Whether an overlapped call that returned `result` is under way (and will be told of). */
bool publish_begun(int result);

/* publish_tcp.c: passes on what connects to a listening socket. */
bool publish_tcp_serve(SOCKET listener, uint16_t vm_port);

/* publish_udp.c: passes on what is sent to a socket. publish_udp_tick() is to be called every
 * PUBLISH_TICK_MS. */
enum { PUBLISH_TICK_MS = 10000 };
bool publish_udp_serve(SOCKET socket, uint16_t vm_port);
void publish_udp_tick(void);

#endif
