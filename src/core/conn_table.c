#include "core/conn_table.h"
#include "core/bytes.h"
#include <string.h>

enum { NONE = 0xff, FAMILY_IPV4 = 2, FAMILY_IPV6 = 23, STATE_LISTEN = 2 };
enum { AT_PORT = 2, AT_IPV4 = 4, AT_IPV6 = 8, AT_MAPPED = AT_IPV6 + 12, AT_SCOPE = 24 };

/* Where the fields of a row are. */
struct layout {
    uint8_t first; // the first row in the table
    uint8_t size;
    struct end {
        uint8_t address, scope, port;
    } local, remote;
    uint8_t state, owner, created, flags, module;
};

// clang-format off
static const struct layout tcp[2][CONN_SECOND + 1] = {
    {
        [CONN_BASIC]  = {4, 20, {4, NONE, 8}, {12, NONE, 16}, 0, NONE, NONE, NONE, NONE},
        [CONN_PID]    = {4, 24, {4, NONE, 8}, {12, NONE, 16}, 0, 20, NONE, NONE, NONE},
        [CONN_MODULE] = {8, 160, {4, NONE, 8}, {12, NONE, 16}, 0, 20, 24, NONE, 32},
        [CONN_SECOND] = {4, 28, {4, NONE, 8}, {12, NONE, 16}, 0, 20, NONE, NONE, NONE},
    },
    {
        [CONN_BASIC]  = {4, 52, {4, 20, 24}, {28, 44, 48}, 0, NONE, NONE, NONE, NONE},
        [CONN_PID]    = {4, 56, {0, 16, 20}, {24, 40, 44}, 48, 52, NONE, NONE, NONE},
        [CONN_MODULE] = {8, 192, {0, 16, 20}, {24, 40, 44}, 48, 52, 56, NONE, 64},
        [CONN_SECOND] = {4, 60, {0, 16, 20}, {24, 40, 44}, 48, 52, NONE, NONE, NONE},
    },
}, udp[2][CONN_MODULE + 1] = {
    {
        [CONN_BASIC]  = {4, 8, {0, NONE, 4}, {NONE, NONE, NONE}, NONE, NONE, NONE, NONE, NONE},
        [CONN_PID]    = {4, 12, {0, NONE, 4}, {NONE, NONE, NONE}, NONE, 8, NONE, NONE, NONE},
        [CONN_MODULE] = {8, 160, {0, NONE, 4}, {NONE, NONE, NONE}, NONE, 8, 16, 24, 32},
    },
    {
        [CONN_BASIC]  = {4, 24, {0, 16, 20}, {NONE, NONE, NONE}, NONE, NONE, NONE, NONE, NONE},
        [CONN_PID]    = {4, 28, {0, 16, 20}, {NONE, NONE, NONE}, NONE, 24, NONE, NONE, NONE},
        [CONN_MODULE] = {8, 176, {0, 16, 20}, {NONE, NONE, NONE}, NONE, 24, 32, 40, 48},
    },
};
// clang-format on

static const struct layout *layout_of(struct conn_form form)
{
    if (form.row < CONN_BASIC || form.row > CONN_SECOND ||
        (form.protocol == CONN_UDP && form.row > CONN_MODULE))
        return NULL;
    return form.protocol == CONN_UDP ? &udp[form.ipv6][form.row] : &tcp[form.ipv6][form.row];
}

uint32_t conn_table_size(struct conn_form form, uint32_t rows)
{
    const struct layout *layout = layout_of(form);
    if (!layout || rows > (UINT32_MAX - layout->first) / layout->size)
        return 0;
    return layout->first + rows * layout->size;
}

uint32_t conn_table_rows(struct conn_form form, const void *table, size_t size)
{
    const struct layout *layout = layout_of(form);
    if (!layout || size < layout->first)
        return 0;
    size_t room = (size - layout->first) / layout->size;
    uint32_t rows = get32(table);
    return rows < room ? rows : (uint32_t)room;
}

static uint32_t field(const uint8_t *row, uint8_t at)
{
    return at == NONE ? 0 : get32(row + at);
}

static void read_end(const uint8_t *row, const struct end *end, bool ipv6, uint8_t *out)
{
    out[0] = ipv6 ? FAMILY_IPV6 : FAMILY_IPV4;
    if (end->address == NONE)
        return;
    memcpy(out + AT_PORT, row + end->port, 2); // the other two bytes may be anything
    if (!ipv6) {
        memcpy(out + AT_IPV4, row + end->address, 4);
        return;
    }
    memcpy(out + AT_IPV6, row + end->address, 16);
    memcpy(out + AT_SCOPE, row + end->scope, 4);
}

static void write_end(uint8_t *row, const struct end *end, bool ipv6, const uint8_t *in)
{
    if (end->address == NONE)
        return;
    memcpy(row + end->port, in + AT_PORT, 2);
    if (!ipv6) {
        memcpy(row + end->address, in + AT_IPV4, 4);
        return;
    }
    memcpy(row + end->address, in + AT_IPV6, 16);
    memcpy(row + end->scope, in + AT_SCOPE, 4);
}

void conn_table_read(struct conn_form form, const void *table, uint32_t row, struct conn *out)
{
    const struct layout *layout = layout_of(form);
    const uint8_t *at = (const uint8_t *)table + layout->first + (size_t)row * layout->size;
    *out = (struct conn){0};
    read_end(at, &layout->local, form.ipv6, out->local);
    read_end(at, &layout->remote, form.ipv6, out->remote);
    out->state = field(at, layout->state);
    out->owner = field(at, layout->owner);
    out->flags = field(at, layout->flags);
    if (layout->created != NONE)
        memcpy(out->created, at + layout->created, sizeof out->created);
    if (layout->module != NONE)
        memcpy(out->module, at + layout->module, sizeof out->module);
}

static void put_field(uint8_t *row, uint8_t at, uint32_t value)
{
    if (at != NONE)
        put32(row + at, value);
}

void conn_table_write(struct conn_form form, void *table, const struct conn *list, uint32_t count)
{
    const struct layout *layout = layout_of(form);
    uint8_t *at = table;
    memset(at, 0, conn_table_size(form, count));
    put32(at, count);
    at += layout->first;
    for (const struct conn *conn = list; conn < list + count; conn++, at += layout->size) {
        write_end(at, &layout->local, form.ipv6, conn->local);
        write_end(at, &layout->remote, form.ipv6, conn->remote);
        put_field(at, layout->state, conn->state);
        put_field(at, layout->owner, conn->owner);
        put_field(at, layout->flags, conn->flags);
        if (layout->created != NONE)
            memcpy(at + layout->created, conn->created, sizeof conn->created);
        if (layout->module != NONE)
            memcpy(at + layout->module, conn->module, sizeof conn->module);
    }
}

// The list

static void map_to_ipv6(uint8_t *address)
{
    static const uint8_t any[4];
    uint8_t ipv4[4];
    memcpy(ipv4, address + AT_IPV4, sizeof ipv4);
    address[0] = FAMILY_IPV6;
    memset(address + AT_IPV4, 0, SOCKADDR_MAX - AT_IPV4);
    if (!memcmp(ipv4, any, sizeof any))
        return; // a listener's peer
    address[AT_MAPPED - 2] = address[AT_MAPPED - 1] = 0xff;
    memcpy(address + AT_MAPPED, ipv4, sizeof ipv4);
}

static bool is_twin4(const struct net_view *view, uint8_t *address)
{
    return sockaddr_kind(&view->vm, (struct sockaddr_view){address, SOCKADDR_MAX}) ==
           SOCKADDR_TWIN4;
}

/* Whether the VM sees it in a table of that family; it is then as the VM sees it. */
static bool keep(struct conn *conn, enum conn_protocol protocol, bool ipv6,
                 const struct net_view *view)
{
    if (is_twin4(view, conn->local) || is_twin4(view, conn->remote)) {
        map_to_ipv6(conn->local);
        map_to_ipv6(conn->remote);
    }
    if (sockaddr_is_ipv6((struct sockaddr_view){conn->local, SOCKADDR_MAX}) != ipv6)
        return false;
    return protocol == CONN_UDP
               ? net_view_datagrams(view, conn->owner, conn->local)
               : net_view_connection(view, conn->owner, conn->state == STATE_LISTEN, conn->local,
                                     conn->remote);
}

uint32_t conn_list_add(struct conn_form form, const void *table, size_t size, bool ipv6,
                       const struct net_view *view, struct conn *list, uint32_t count)
{
    uint32_t rows = conn_table_rows(form, table, size);
    for (uint32_t row = 0; row < rows; row++) {
        conn_table_read(form, table, row, &list[count]);
        if (keep(&list[count], form.protocol, ipv6, view))
            count++;
    }
    return count;
}

static int compare_ends(const uint8_t *a, const uint8_t *b)
{
    int order = memcmp(a + AT_IPV4, b + AT_IPV4, SOCKADDR_MAX - AT_IPV4); // the scope is the last
    return order ? order : memcmp(a + AT_PORT, b + AT_PORT, 2);
}

static bool is_before(const struct conn *a, const struct conn *b)
{
    int order = compare_ends(a->local, b->local);
    return (order ? order : compare_ends(a->remote, b->remote)) < 0;
}

static void swap(struct conn *a, struct conn *b)
{
    struct conn kept = *a;
    *a = *b;
    *b = kept;
}

/* Lets the entry at `top` of a heap sink to its place. */
static void sink(struct conn *list, uint32_t top, uint32_t count)
{
    for (uint32_t child; (child = 2 * top + 1) < count; top = child) {
        if (child + 1 < count && is_before(&list[child], &list[child + 1]))
            child++;
        if (!is_before(&list[top], &list[child]))
            return;
        swap(&list[top], &list[child]);
    }
}

void conn_list_sort(struct conn *list, uint32_t count)
{
    for (uint32_t i = count / 2; i-- > 0;)
        sink(list, i, count);
    while (count > 1) {
        swap(&list[0], &list[--count]);
        sink(list, 0, count);
    }
}
