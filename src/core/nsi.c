#include "core/nsi.h"
#include "core/bytes.h"
#include <string.h>

enum { KEY, READ_WRITE, DYNAMIC, STATIC };
enum {
    AT_MODULE = 0,
    AT_TABLE = 32,
    AT_SIZES = 36,
    AT_COUNT = 52,
    MODULE_SIZE = 24,
    MODULE_NUMBER = 8, // where the lowest byte of the GUID stands
    TCP_KEY = 56,
    TCP_REMOTE = 28,
    TCP_DYNAMIC = 20,
    TCP_STATIC = 32,
    TCP_OWNER = 12,
    TCP_LISTENS = 2, // MIB_TCP_STATE_LISTEN
    UDP_KEY = 28,
    UDP_STATIC = 32,
    UDP_OWNER = 0,
    UNICAST_ADDRESS = 8, // behind the adapter's LUID
    UNICAST_KEY4 = 16,
    UNICAST_KEY6 = 24,
};

static enum nsi_table table_of(const uint8_t *in)
{
    // eb004a00-9b1a-11d4-9123-0050047759bc, and the module's number added.
    static const uint8_t head[8] = {MODULE_SIZE,
                                    0}, // the bytes between length and type are not set
        tail[15] = {0x4a, 0x00, 0xeb, 0x1a, 0x9b, 0xd4, 0x11, 0x91,
                    0x23, 0x00, 0x50, 0x04, 0x77, 0x59, 0xbc};
    enum { IPV4 = 0, IPV6 = 1, UDP = 2, TCP = 3, GUID_TYPE = 1 };
    uint32_t table = get32(in + AT_TABLE);
    if (in[0] != head[0] || in[1] || get32(in + 4) != GUID_TYPE ||
        memcmp(in + MODULE_NUMBER + 1, tail, sizeof tail) != 0)
        return NSI_OTHER;
    switch (in[MODULE_NUMBER]) {
    case IPV4:
        return table == 10 ? NSI_ADDRESSES4 : NSI_OTHER;
    case IPV6:
        return table == 10 ? NSI_ADDRESSES6 : NSI_OTHER;
    case UDP:
        return table == 1 ? NSI_UDP : NSI_OTHER;
    case TCP:
        return table >= 3 && table <= 5 ? NSI_TCP : NSI_OTHER;
    default:
        return NSI_OTHER;
    }
}

static bool is_or_none(uint32_t size, uint32_t wanted)
{
    return !size || size == wanted;
}

struct nsi_request nsi_request_read(const void *input, size_t size)
{
    enum { ROOM_MAX = 1 << 20 };
    struct nsi_request request = {NSI_OTHER, {0}, 0};
    const uint8_t *in = input;
    if (!input || size != NSI_REQUEST_SIZE)
        return request;
    for (int i = 0; i < NSI_PARTS; i++)
        request.sizes[i] = get32(in + AT_SIZES + 4 * i);
    request.room = get32(in + AT_COUNT);
    const uint32_t *sizes = request.sizes;
    bool fits = request.room <= ROOM_MAX && sizes[KEY];
    switch (table_of(in)) {
    case NSI_TCP:
        fits = fits && sizes[KEY] == TCP_KEY && !sizes[READ_WRITE] &&
               is_or_none(sizes[DYNAMIC], TCP_DYNAMIC) && is_or_none(sizes[STATIC], TCP_STATIC);
        break;
    case NSI_UDP:
        fits = fits && sizes[KEY] == UDP_KEY && !sizes[READ_WRITE] && !sizes[DYNAMIC] &&
               is_or_none(sizes[STATIC], UDP_STATIC);
        break;
    case NSI_ADDRESSES4:
    case NSI_ADDRESSES6:
        fits = fits &&
               sizes[KEY] == (table_of(in) == NSI_ADDRESSES4 ? UNICAST_KEY4 : UNICAST_KEY6) &&
               sizes[READ_WRITE] <= 256 && sizes[DYNAMIC] <= 256 && sizes[STATIC] <= 256;
        break;
    default:
        fits = false;
    }
    if (fits)
        request.table = table_of(in);
    return request;
}

bool nsi_lacks_owner(const struct nsi_request *request)
{
    return (request->table == NSI_TCP || request->table == NSI_UDP) &&
           (!request->sizes[STATIC] || (request->table == NSI_TCP && !request->sizes[DYNAMIC]));
}

void nsi_request_widen(struct nsi_request *request, void *input)
{
    uint8_t *in = input;
    request->sizes[STATIC] = request->table == NSI_TCP ? TCP_STATIC : UDP_STATIC;
    if (request->table == NSI_TCP)
        request->sizes[DYNAMIC] = TCP_DYNAMIC;
    for (int i = 0; i < NSI_PARTS; i++)
        put32(in + AT_SIZES + 4 * i, request->sizes[i]);
}

size_t nsi_reply_size(const struct nsi_request *request)
{
    size_t line = 0;
    for (int i = 0; i < NSI_PARTS; i++)
        line += request->sizes[i];
    return sizeof(uint32_t) + line * request->room;
}

/* Where the part of the first line is. */
static uint8_t *part_of(const struct nsi_request *request, void *reply, int part)
{
    uint8_t *at = (uint8_t *)reply + sizeof(uint32_t);
    for (int i = 0; i < part; i++)
        at += (size_t)request->sizes[i] * request->room;
    return at;
}

void nsi_narrow(const struct nsi_request *wide, const void *reply, const struct nsi_request *narrow,
                void *out)
{
    memcpy(out, reply, sizeof(uint32_t));
    for (int i = 0; i < NSI_PARTS; i++) {
        if (narrow->sizes[i]) // then they are of one size
            memcpy(part_of(narrow, out, i), part_of(wide, (void *)(uintptr_t)reply, i),
                   (size_t)narrow->sizes[i] * narrow->room);
    }
}

/* Whether the line stays; it is then shown as the VM's. `own_shown`: whether V has been. */
static bool keep_line(const struct nsi_request *request, void *reply, uint32_t line,
                      const struct net_view *view, bool *own_shown)
{
    uint8_t *key = part_of(request, reply, KEY) + (size_t)line * request->sizes[KEY];
    const uint8_t *owner = part_of(request, reply, STATIC) + (size_t)line * request->sizes[STATIC];
    switch (request->table) {
    case NSI_TCP:
        return net_view_connection(
            view, get32(owner + TCP_OWNER),
            get32(part_of(request, reply, DYNAMIC) + (size_t)line * TCP_DYNAMIC) == TCP_LISTENS,
            key, key + TCP_REMOTE);
    case NSI_UDP:
        return net_view_datagrams(view, get32(owner + UDP_OWNER), key);
    case NSI_ADDRESSES4:
        return net_view_address4(view, key + UNICAST_ADDRESS, own_shown);
    case NSI_ADDRESSES6:
        return net_view_address6(key + UNICAST_ADDRESS);
    default:
        return true;
    }
}

void nsi_filter(const struct nsi_request *request, void *reply, const struct net_view *view)
{
    uint32_t count = get32(reply), kept = 0;
    bool own_shown = false;
    if (request->table == NSI_OTHER)
        return;
    if (count > request->room)
        count = request->room;
    for (uint32_t line = 0; line < count; line++) {
        if (!keep_line(request, reply, line, view, &own_shown))
            continue;
        for (int part = 0; part < NSI_PARTS && kept != line; part++) {
            size_t size = request->sizes[part];
            uint8_t *lines = part_of(request, reply, part);
            memcpy(lines + size * kept, lines + size * line, size);
        }
        kept++;
    }
    // What is behind the last one is nobody's business.
    for (int part = 0; part < NSI_PARTS; part++) {
        size_t size = request->sizes[part];
        memset(part_of(request, reply, part) + size * kept, 0, size * (request->room - kept));
    }
    put32(reply, kept);
}
