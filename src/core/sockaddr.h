// The network of a VM: what becomes of the addresses that programs give to and get from sockets.
//
// A VM has one address V of 127.0.0.0/8. Everything that a program binds without naming a network
// (any, loopback; IPv4 or IPv6) is bound to V, and what it addresses as loopback is sent there. An
// IPv6 socket gets there by the IPv4-mapped form ::ffff:V, because IPv6 has a single loopback
// address.
//
// A program may bind 0.0.0.0:p with one socket and [::]:p, IPv6 only, with another. So V has a
// twin T (the bit 0x00800000 of V inverted): what takes IPv6 alone ([::] of a socket that is
// IPv6-only, and ::1) is bound to ::ffff:T, what takes IPv4 too to ::ffff:V. As VMs' addresses are
// of 127.64.0.0/10, all twins are of 127.192.0.0/10 and none is another VM's address. A connection
// to ::1 goes to T or V by a table of who last bound the port (struct sockaddr_ports), and is made
// from T: so whatever has a T at one of its ends is a conversation over IPv6, and is shown as
// between ::1 and ::1.
#ifndef PLUME_CORE_SOCKADDR_H
#define PLUME_CORE_SOCKADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/str16.h"

enum { SOCKADDR_MAX = 28 }; // bytes of the longest address that is looked at, sockaddr_in6

/* The addresses of a VM, network byte order. */
struct sockaddr_vm {
    uint8_t own[4];
    uint8_t twin[4];
};

/* Both as they lie in memory on the wire (struct layer_config's). */
struct sockaddr_vm sockaddr_vm_of(uint32_t ipv4, uint32_t twin);

/* Whether the VM has an address of the host's: V is not loopback then, only T is. */
static inline bool sockaddr_is_hosts(const struct sockaddr_vm *vm)
{
    return vm->own[0] != 127;
}

/* An address in someone's memory: family, port, address as in sockaddr_in (16 bytes) or
 * sockaddr_in6 (28). */
struct sockaddr_view {
    uint8_t *at;
    size_t size; // bytes that may be used from `at` on
};

/* Finds the address in a structure of the socket driver that has one at `buffer`: a bare sockaddr,
 * or TDI's form (a count of 1, a length, then the same bytes without sockaddr_in's length), which
 * NT 5.2 and later systems with a TDI transport use. False for other families and what is too
 * short. */
bool sockaddr_find(void *buffer, size_t size, struct sockaddr_view *view);

/* The same where TDI's form has an activity count before it: results of the local address. */
bool sockaddr_find_result(void *buffer, size_t size, struct sockaddr_view *view);

enum sockaddr_kind {
    SOCKADDR_OTHER, // not the VM's, nor any or loopback
    SOCKADDR_ANY4,
    SOCKADDR_LOOPBACK4, // 127.0.0.1, no other of 127.0.0.0/8
    SOCKADDR_OWN4,
    SOCKADDR_TWIN4,
    SOCKADDR_ANY6,
    SOCKADDR_LOOPBACK6,
    SOCKADDR_MAPPED_ANY,
    SOCKADDR_MAPPED_LOOPBACK,
    SOCKADDR_MAPPED_OWN,
    SOCKADDR_MAPPED_TWIN,
};

enum sockaddr_kind sockaddr_kind(const struct sockaddr_vm *vm, struct sockaddr_view view);
bool sockaddr_is_ipv6(struct sockaddr_view view);
unsigned sockaddr_port(struct sockaddr_view view);

/* Appends "127.0.0.1:80" or "[::1]:80": all eight groups where the address is neither any nor
 * loopback. */
enum { SOCKADDR_TEXT_MAX = 48 };
void sockaddr_put_text(struct str16_buf *out, struct sockaddr_view view);

void sockaddr_set_port(struct sockaddr_view view, unsigned port);

/* Overwrites the address, not the port. `kind` must be of the view's family and not SOCKADDR_OTHER.
 * Flow and scope become zero. */
void sockaddr_set(const struct sockaddr_vm *vm, struct sockaddr_view view, enum sockaddr_kind kind);

/* What is bound for what a program names: SOCKADDR_OTHER where it must be refused (the host's own
 * addresses). `ipv6_only`: whether the socket takes IPv6 alone (for an IPv4 socket without
 * meaning). */
enum sockaddr_kind sockaddr_to_bind(enum sockaddr_kind named, bool ipv6_only);

/* Which of V and T some socket of the VM has been bound to at a port, since the VM started. Where
 * none has, nobody of the VM can listen; but a listener of the host's on any address would answer
 * there. So a connection goes to a port where nobody does, and is refused as it should be. */
enum sockaddr_taken {
    SOCKADDR_OWN_TAKEN = 1,
    SOCKADDR_TWIN_TAKEN = 2,
    // What who bound it last named was loopback, not any address.
    SOCKADDR_OWN_LOOPBACK = 4,
    SOCKADDR_TWIN_LOOPBACK = 8,
};
enum { SOCKADDR_REFUSING_PORT = 1 };

/* The mark that says of what is bound at `target` that loopback was named. */
enum sockaddr_taken sockaddr_loopback_mark(enum sockaddr_kind target);

/* The mark for what is bound or reached, 0 for what is neither V nor T. */
enum sockaddr_taken sockaddr_taken(enum sockaddr_kind kind);

/* What the processes of a VM tell each other about ports (host byte order), one table a VM.
 *
 * `state`: who bound a port with an IPv6 socket last. UDP and TCP share it.
 *
 * `datagram`, `program`: Wine's server binds an IPv4 datagram socket to 0.0.0.0 if its address is
 * neither 127.0.0.1 nor an interface's (bind_to_interface() in server/sock.c, 8.0), so V cannot be
 * had there. IPv4 datagram sockets of a VM are bound to 127.0.0.1 then, to the port that the
 * program named if nobody has that, else to another: datagram[named] is the port that it has,
 * program[that] the named one. 0: none. */
enum sockaddr_port_state { SOCKADDR_PORT_NONE, SOCKADDR_PORT_TWIN, SOCKADDR_PORT_OWN };
struct sockaddr_ports {
    uint8_t state[65536];
    uint8_t taken[65536]; // enum sockaddr_taken
    uint16_t datagram[65536];
    uint16_t program[65536];
};

/* Where what a program addresses goes to. SOCKADDR_OTHER: unchanged. */
enum sockaddr_kind sockaddr_to_reach(enum sockaddr_kind named, enum sockaddr_port_state state);

/* How an address of either end is shown to the program: returns SOCKADDR_OTHER where it is shown as
 * it is. `kind`: of the address that the system gave. `bound`: what the program itself named when
 * it bound the local end, or SOCKADDR_OTHER where that is not known or has been settled by a
 * connection. `ipv6`: whether it is known that the conversation is one over IPv6 (the other end is
 * the twin, or the local end is IPv6-only). */
enum sockaddr_kind sockaddr_local_shown(enum sockaddr_kind kind, enum sockaddr_kind bound,
                                        bool ipv6);
enum sockaddr_kind sockaddr_peer_shown(enum sockaddr_kind kind, bool ipv6);

/* What a request to the socket driver does, as far as addresses go. */
enum sockaddr_role {
    SOCKADDR_NO_ROLE,
    SOCKADDR_BIND,     // address in the input
    SOCKADDR_CONNECT,  // the same
    SOCKADDR_LISTEN,   // no address
    SOCKADDR_SEND,     // pointer to an address in the input
    SOCKADDR_RECEIVE,  // pointer to memory for one, and to its length, in the input
    SOCKADDR_LOCAL,    // address in the output
    SOCKADDR_PEER,     // the same
    SOCKADDR_ACCEPTED, // peer in the output, behind a sequence number
    SOCKADDR_IPV6_ONLY // the socket's option is asked for
};

/* One form of a request. */
struct sockaddr_request {
    uint32_t code;
    uint8_t pointer; // bytes of a pointer in processes that use the form, 0 for both
    uint8_t role;    // enum sockaddr_role
    uint8_t size;    // of the input, exactly; 0: not told
    uint8_t address; // offset of the address, or of the pointer to it
    uint8_t length;  // offset of its length (a pointer to it when receiving); 0: not told
    uint8_t wait; // offset of a 32-bit flag that is 0 when the caller waits for the result, else 0
    bool wide;    // pointers are 64 bits in all processes (Wine)
};

/* The form that matches, by code, bitness and the sizes; NULL for what is no request with
 * addresses. `input` is read where a form must be told from another by its contents. */
const struct sockaddr_request *sockaddr_request(uint32_t code, size_t pointer, const void *input,
                                                size_t size);

/* Whether a SOCKADDR_CONNECT is one that must be refused for a socket that is not bound: ConnectEx.
 */
bool sockaddr_must_be_bound(uint32_t code, const void *input, size_t size);

/* Requests that the layer makes itself. */
enum {
    SOCKADDR_CODE_BIND = 0x12003,
    SOCKADDR_CODE_GET_ADDRESS = 0x1202f,
    SOCKADDR_CODE_GET_PEER = 0x1203f,
    SOCKADDR_CODE_GET_CONTEXT = 0x12043,
    SOCKADDR_CODE_TRANSPORT = 0x120bf,
    SOCKADDR_CODE_WINE_GET_PEER = 0x120360,
    SOCKADDR_CODE_WINE_GET_INFO = 0x120368,
    SOCKADDR_CODE_WINE_GET_IPV6_ONLY = 0x12045c,
    SOCKADDR_CODE_WINE_SET_IPV6_ONLY = 0x120460,
};

#endif
