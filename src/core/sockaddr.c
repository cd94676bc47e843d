#include "core/sockaddr.h"
#include "core/bytes.h"
#include <string.h>

enum { FAMILY_IPV4 = 2, FAMILY_IPV6 = 23 }; // Windows' numbers, Wine's too
enum { CODE_SUPER_CONNECT = 0x120c7, CODE_WINE_CONNECT = 0x12032c };
enum { SIZE_IPV4 = 16, SIZE_IPV6 = 28 };
enum { TDI_LENGTH_IPV4 = 14, TDI_LENGTH_IPV6 = 26 }; // TDI_ADDRESS_LENGTH_IP, _IP6 of tdi.h
enum {
    AT_PORT = 2,
    AT_IPV4 = 4,
    AT_FLOW = 4,
    AT_IPV6 = 8,
    AT_SCOPE = 24,
    AT_MAPPED = AT_IPV6 + 12
};

static const uint8_t any[16];
static const uint8_t loopback4[4] = {127, 0, 0, 1};
static const uint8_t loopback6[16] = {[15] = 1};
static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

struct sockaddr_vm sockaddr_vm_of(uint32_t ipv4, uint32_t twin)
{
    struct sockaddr_vm vm;
    memcpy(vm.own, &ipv4, sizeof vm.own);
    memcpy(vm.twin, &twin, sizeof vm.twin);
    return vm;
}

static bool find_bare(uint8_t *at, size_t size, struct sockaddr_view *view)
{
    *view = (struct sockaddr_view){at, size};
    if (size < SIZE_IPV4)
        return false;
    uint16_t family = get16(at);
    return family == FAMILY_IPV4 || (family == FAMILY_IPV6 && size >= SIZE_IPV6);
}

/* TRANSPORT_ADDRESS: LONG count, USHORT length, then USHORT type, which stands where a sockaddr has
 * its family and is followed by the same fields. */
static bool find_tdi(uint8_t *at, size_t size, struct sockaddr_view *view)
{
    enum { AT_LENGTH = 4, AT_TYPE = 6 };
    if (size < AT_TYPE + SIZE_IPV4 || get32(at) != 1)
        return false;
    uint16_t length = get16(at + AT_LENGTH), family = get16(at + AT_TYPE);
    if (!(family == FAMILY_IPV4 && length == TDI_LENGTH_IPV4) &&
        !(family == FAMILY_IPV6 && length == TDI_LENGTH_IPV6))
        return false;
    return find_bare(at + AT_TYPE, size - AT_TYPE, view);
}

bool sockaddr_find(void *buffer, size_t size, struct sockaddr_view *view)
{
    return find_tdi(buffer, size, view) || find_bare(buffer, size, view);
}

bool sockaddr_find_result(void *buffer, size_t size, struct sockaddr_view *view)
{
    enum { ACTIVITY_COUNT = 4 };
    if (size > ACTIVITY_COUNT &&
        find_tdi((uint8_t *)buffer + ACTIVITY_COUNT, size - ACTIVITY_COUNT, view))
        return true;
    return sockaddr_find(buffer, size, view);
}

bool sockaddr_is_ipv6(struct sockaddr_view view)
{
    return get16(view.at) == FAMILY_IPV6;
}

unsigned sockaddr_port(struct sockaddr_view view)
{
    return (unsigned)view.at[AT_PORT] << 8 | view.at[AT_PORT + 1];
}

void sockaddr_set_port(struct sockaddr_view view, unsigned port)
{
    view.at[AT_PORT] = (uint8_t)(port >> 8);
    view.at[AT_PORT + 1] = (uint8_t)port;
}

static enum sockaddr_kind kind4(const struct sockaddr_vm *vm, const uint8_t *address)
{
    if (!memcmp(address, any, sizeof vm->own))
        return SOCKADDR_ANY4;
    if (!memcmp(address, loopback4, sizeof loopback4))
        return SOCKADDR_LOOPBACK4;
    if (!memcmp(address, vm->own, sizeof vm->own))
        return SOCKADDR_OWN4;
    if (!memcmp(address, vm->twin, sizeof vm->twin))
        return SOCKADDR_TWIN4;
    return SOCKADDR_OTHER;
}

enum sockaddr_kind sockaddr_kind(const struct sockaddr_vm *vm, struct sockaddr_view view)
{
    if (!sockaddr_is_ipv6(view))
        return kind4(vm, view.at + AT_IPV4);
    const uint8_t *address = view.at + AT_IPV6;
    if (!memcmp(address, any, sizeof any))
        return SOCKADDR_ANY6;
    if (!memcmp(address, loopback6, sizeof loopback6))
        return SOCKADDR_LOOPBACK6;
    if (memcmp(address, mapped, sizeof mapped) != 0)
        return SOCKADDR_OTHER;
    switch (kind4(vm, view.at + AT_MAPPED)) {
    case SOCKADDR_ANY4:
        return SOCKADDR_MAPPED_ANY;
    case SOCKADDR_LOOPBACK4:
        return SOCKADDR_MAPPED_LOOPBACK;
    case SOCKADDR_OWN4:
        return SOCKADDR_MAPPED_OWN;
    case SOCKADDR_TWIN4:
        return SOCKADDR_MAPPED_TWIN;
    default:
        return SOCKADDR_OTHER;
    }
}

static const uint8_t *ipv4_of(const struct sockaddr_vm *vm, enum sockaddr_kind kind)
{
    switch (kind) {
    case SOCKADDR_LOOPBACK4:
    case SOCKADDR_MAPPED_LOOPBACK:
        return loopback4;
    case SOCKADDR_OWN4:
    case SOCKADDR_MAPPED_OWN:
        return vm->own;
    case SOCKADDR_TWIN4:
    case SOCKADDR_MAPPED_TWIN:
        return vm->twin;
    default:
        return any;
    }
}

void sockaddr_set(const struct sockaddr_vm *vm, struct sockaddr_view view, enum sockaddr_kind kind)
{
    if (!sockaddr_is_ipv6(view)) {
        memcpy(view.at + AT_IPV4, ipv4_of(vm, kind), sizeof vm->own);
        return;
    }
    uint8_t *address = view.at + AT_IPV6;
    memset(view.at + AT_FLOW, 0, AT_IPV6 - AT_FLOW);
    memset(view.at + AT_SCOPE, 0, SIZE_IPV6 - AT_SCOPE);
    if (kind == SOCKADDR_ANY6 || kind == SOCKADDR_LOOPBACK6) {
        memcpy(address, kind == SOCKADDR_ANY6 ? any : loopback6, sizeof any);
    } else {
        memcpy(address, mapped, sizeof mapped);
        memcpy(address + sizeof mapped, ipv4_of(vm, kind), sizeof vm->own);
    }
}

enum sockaddr_kind sockaddr_to_bind(enum sockaddr_kind named, bool ipv6_only)
{
    switch (named) {
    case SOCKADDR_ANY4:
    case SOCKADDR_LOOPBACK4:
        return SOCKADDR_OWN4;
    case SOCKADDR_ANY6:
        return ipv6_only ? SOCKADDR_MAPPED_TWIN : SOCKADDR_MAPPED_OWN;
    case SOCKADDR_LOOPBACK6:
        return SOCKADDR_MAPPED_TWIN;
    case SOCKADDR_MAPPED_ANY:
    case SOCKADDR_MAPPED_LOOPBACK:
        return SOCKADDR_MAPPED_OWN;
    default:
        return named; // the VM's own, named by someone who knows it, or refused
    }
}

enum sockaddr_kind sockaddr_to_reach(enum sockaddr_kind named, enum sockaddr_port_state state)
{
    switch (named) {
    case SOCKADDR_ANY4: // where that can be reached at all it is loopback
    case SOCKADDR_LOOPBACK4:
        return SOCKADDR_OWN4;
    case SOCKADDR_ANY6:
    case SOCKADDR_LOOPBACK6: // where nobody bound the port, the twin refuses as ::1 would
        return state == SOCKADDR_PORT_OWN ? SOCKADDR_MAPPED_OWN : SOCKADDR_MAPPED_TWIN;
    case SOCKADDR_MAPPED_ANY:
    case SOCKADDR_MAPPED_LOOPBACK:
        return SOCKADDR_MAPPED_OWN;
    default:
        return SOCKADDR_OTHER;
    }
}

enum sockaddr_taken sockaddr_taken(enum sockaddr_kind kind)
{
    switch (kind) {
    case SOCKADDR_OWN4:
    case SOCKADDR_MAPPED_OWN:
        return SOCKADDR_OWN_TAKEN;
    case SOCKADDR_TWIN4:
    case SOCKADDR_MAPPED_TWIN:
        return SOCKADDR_TWIN_TAKEN;
    default:
        return (enum sockaddr_taken)0;
    }
}

enum sockaddr_taken sockaddr_loopback_mark(enum sockaddr_kind target)
{
    return sockaddr_taken(target) == SOCKADDR_TWIN_TAKEN ? SOCKADDR_TWIN_LOOPBACK
                                                         : SOCKADDR_OWN_LOOPBACK;
}

enum sockaddr_kind sockaddr_local_shown(enum sockaddr_kind kind, enum sockaddr_kind bound,
                                        bool ipv6)
{
    switch (kind) {
    case SOCKADDR_OWN4:
    case SOCKADDR_TWIN4:
        return bound == SOCKADDR_OTHER ? SOCKADDR_LOOPBACK4 : bound;
    case SOCKADDR_LOOPBACK4: // a datagram socket under Wine
        return bound == SOCKADDR_ANY4 ? bound : SOCKADDR_OTHER;
    case SOCKADDR_MAPPED_OWN:
    case SOCKADDR_MAPPED_TWIN:
        if (bound != SOCKADDR_OTHER)
            return bound;
        return ipv6 || kind == SOCKADDR_MAPPED_TWIN ? SOCKADDR_LOOPBACK6 : SOCKADDR_MAPPED_LOOPBACK;
    case SOCKADDR_MAPPED_LOOPBACK:
        return ipv6 ? SOCKADDR_LOOPBACK6 : SOCKADDR_OTHER;
    default:
        return SOCKADDR_OTHER;
    }
}

enum sockaddr_kind sockaddr_peer_shown(enum sockaddr_kind kind, bool ipv6)
{
    return sockaddr_local_shown(kind, SOCKADDR_OTHER, ipv6);
}

// Sources: System Informer's phnt (ntafd.h) for Windows, ReactOS' shared.h of AFD for NT 5.2's
// variants, Wine's include/wine/afd.h (8.0; the codes below 0x20000 are Windows' own there too).
// Wine's are tested; Windows' are written to those layouts.
static const struct sockaddr_request requests[] = {
    {.code = 0x12003, .role = SOCKADDR_BIND, .address = 4},
    {.code = 0x1200b, .role = SOCKADDR_LISTEN},
    {.code = 0x1202f, .role = SOCKADDR_LOCAL},
    {.code = 0x1203f, .role = SOCKADDR_PEER},
    {.code = 0x12033,
     .role = SOCKADDR_PEER}, // ReactOS; on Windows another request, with a short result
    {.code = 0x1200c, .role = SOCKADDR_ACCEPTED, .address = 4},
    {.code = 0x12090, .role = SOCKADDR_ACCEPTED, .address = 4},
    // Connecting: a flag and two handles before the address; ConnectEx: a flag.
    {.code = 0x12007, .pointer = 8, .role = SOCKADDR_CONNECT, .address = 24},
    {.code = 0x12007, .pointer = 4, .role = SOCKADDR_CONNECT, .address = 12},
    {.code = 0x120bb, .pointer = 8, .role = SOCKADDR_CONNECT, .address = 24},
    {.code = 0x120bb, .pointer = 4, .role = SOCKADDR_CONNECT, .address = 12},
    {.code = CODE_SUPER_CONNECT, .role = SOCKADDR_CONNECT, .address = 4}, // TDI's form
    {.code = CODE_SUPER_CONNECT, .role = SOCKADDR_CONNECT, .address = 2},
    {.code = CODE_WINE_CONNECT, .role = SOCKADDR_CONNECT, .address = 8},
    // Sending: without TDI's flags, with them, and ReactOS' with two more fields.
    {.code = 0x12023,
     .pointer = 8,
     .role = SOCKADDR_SEND,
     .size = 104,
     .address = 96,
     .length = 88},
    {.code = 0x12023,
     .pointer = 8,
     .role = SOCKADDR_SEND,
     .size = 112,
     .address = 104,
     .length = 96},
    {.code = 0x12023,
     .pointer = 8,
     .role = SOCKADDR_SEND,
     .size = 120,
     .address = 96,
     .length = 88},
    {.code = 0x12023, .pointer = 4, .role = SOCKADDR_SEND, .size = 56, .address = 52, .length = 48},
    {.code = 0x12023, .pointer = 4, .role = SOCKADDR_SEND, .size = 60, .address = 56, .length = 52},
    {.code = 0x12023, .pointer = 4, .role = SOCKADDR_SEND, .size = 64, .address = 52, .length = 48},
    {.code = 0x120d3, .pointer = 8, .role = SOCKADDR_SEND, .address = 24, .length = 32},
    {.code = 0x120d3, .pointer = 4, .role = SOCKADDR_SEND, .address = 16, .length = 20},
    {.code = 0x120338, .role = SOCKADDR_SEND, .size = 32, .address = 0, .length = 8, .wide = true},
    // Receiving.
    {.code = 0x1201b, .pointer = 8, .role = SOCKADDR_RECEIVE, .address = 24, .length = 32},
    {.code = 0x1201b, .pointer = 4, .role = SOCKADDR_RECEIVE, .address = 16, .length = 20},
    {.code = 0x120cf, .pointer = 8, .role = SOCKADDR_RECEIVE, .address = 24, .length = 32},
    {.code = 0x120cf, .pointer = 4, .role = SOCKADDR_RECEIVE, .address = 16, .length = 20},
    {.code = 0x120334,
     .role = SOCKADDR_RECEIVE,
     .size = 48,
     .address = 8,
     .length = 16,
     .wait = 32,
     .wide = true},
    {.code = SOCKADDR_CODE_WINE_GET_PEER, .role = SOCKADDR_PEER},
    {.code = SOCKADDR_CODE_WINE_GET_IPV6_ONLY, .role = SOCKADDR_IPV6_ONLY},
};

static bool plausible(const struct sockaddr_request *request, const void *input, size_t size)
{
    struct sockaddr_view view;
    size_t pointer = request->wide ? sizeof(uint64_t) : request->pointer;
    switch (request->role) {
    case SOCKADDR_BIND:
    case SOCKADDR_CONNECT:
        // The view is only looked at: nothing is written through it.
        return input && size > request->address &&
               sockaddr_find((uint8_t *)(uintptr_t)input + request->address,
                             size - request->address, &view);
    case SOCKADDR_SEND:
    case SOCKADDR_RECEIVE:
        return input && (request->size ? size == request->size
                                       : size >= request->address + pointer &&
                                             size >= request->length + pointer);
    default:
        return true;
    }
}

const struct sockaddr_request *sockaddr_request(uint32_t code, size_t pointer, const void *input,
                                                size_t size)
{
    // Nearly every call is for something else: sockets' requests are of one device type.
    if ((code >> 16) != 0x12 && (code >> 12) != 0x12)
        return NULL;
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        const struct sockaddr_request *request = &requests[i];
        if (request->code == code && (!request->pointer || request->pointer == pointer) &&
            plausible(request, input, size))
            return request;
    }
    return NULL;
}

bool sockaddr_must_be_bound(uint32_t code, const void *input, size_t size)
{
    enum { AT_SYNCHRONOUS = 4 }; // Wine: connect() says so
    if (code == CODE_WINE_CONNECT && input && size >= AT_SYNCHRONOUS + sizeof(uint32_t))
        return !get32((const uint8_t *)input + AT_SYNCHRONOUS);
    return code == CODE_SUPER_CONNECT;
}

void sockaddr_put_text(struct str16_buf *out, struct sockaddr_view view)
{
    static const char hex[] = "0123456789abcdef";
    const uint8_t *at = view.at + (sockaddr_is_ipv6(view) ? 8 : 4);
    if (!sockaddr_is_ipv6(view)) {
        for (unsigned i = 0; i < 4; i++) {
            if (i)
                str16_put_unit(out, '.');
            str16_put_u32(out, at[i]);
        }
    } else {
        bool zero = true;
        for (unsigned i = 0; i < 15; i++)
            zero = zero && !at[i];
        str16_put_unit(out, '[');
        if (zero && at[15] <= 1) {
            str16_put_ascii(out, at[15] ? "::1" : "::");
        } else {
            for (unsigned i = 0; i < 16; i++) {
                if (i && i % 2 == 0)
                    str16_put_unit(out, ':');
                str16_put_unit(out, (uint16_t)hex[at[i] >> 4]);
                str16_put_unit(out, (uint16_t)hex[at[i] & 15]);
            }
        }
        str16_put_unit(out, ']');
    }
    str16_put_unit(out, ':');
    str16_put_u32(out, sockaddr_port(view));
}
