// What the network guests share.
#ifndef PLUME_TEST_GUEST_NET_H
#define PLUME_TEST_GUEST_NET_H

#include <winsock2.h>
#include <windows.h>

/* Any address form by its usual text, e.g. "0.0.0.0", "::1", "::ffff:127.0.0.1". Returns its
 * length. */
int make_address(struct sockaddr_storage *address, const char *text, unsigned port);

/* A port that nobody has bound on any of the usual addresses; prints "port: ok". */
unsigned free_port(int type);

/* A socket of the family of `text`, bound to it; says every step, under `name`. For an IPv6 socket
 * the option is set if `v6only` is 0 or 1. INVALID_SOCKET if something failed. */
SOCKET bound_socket(const char *name, int type, const char *text, unsigned port, int v6only);

/* getsockname() and getpeername() with their results. */
void say_name(const char *name, SOCKET s, unsigned port);
void say_peer(const char *name, SOCKET s, unsigned port);

void start_winsock(void);

/* Ends with 77, which means that there is nothing to compare, where the machine has no ::1: a VM
 * would. */
void need_ipv6(void);

#endif
