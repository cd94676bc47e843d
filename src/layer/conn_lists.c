#include "layer/conn_lists.h"
#include "core/conn_table.h"
#include "layer/net_view_now.h"

// Every list is made from the system's with owners, of both families where IPv6 is asked for
// (core/conn_table.h says why), and written in the form that the caller wants. Server 2003 without
// a service pack has no list with owners that can be asked for in a documented way; there the
// addresses decide.

enum { FAMILY_IPV4 = 2, FAMILY_IPV6 = 23 };

/* In the order of TCP_TABLE_CLASS. */
enum which { LISTENERS, CONNECTIONS, ALL, WHICH };

static DWORD(WINAPI *original_GetExtendedTcpTable)(void *, DWORD *, BOOL, ULONG, int, ULONG);
static DWORD(WINAPI *original_GetExtendedUdpTable)(void *, DWORD *, BOOL, ULONG, int, ULONG);
static DWORD(WINAPI *original_GetTcpTable)(void *, DWORD *, BOOL);
static DWORD(WINAPI *original_GetTcp6Table)(void *, DWORD *, BOOL);
static DWORD(WINAPI *original_GetUdpTable)(void *, DWORD *, BOOL);
static DWORD(WINAPI *original_GetUdp6Table)(void *, DWORD *, BOOL);

// Asking the system

/* The form in which the system is asked for what is wanted in another. */
static struct conn_form form_to_ask(struct conn_form wanted, bool ipv6)
{
    struct conn_form form = {wanted.protocol, ipv6, CONN_PID};
    if (wanted.protocol == CONN_TCP ? !original_GetExtendedTcpTable : !original_GetExtendedUdpTable)
        form.row = CONN_BASIC;
    else if (wanted.row == CONN_MODULE)
        form.row = CONN_MODULE;
    return form;
}

static DWORD ask(struct conn_form form, enum which which, void *table, DWORD *size)
{
    ULONG family = form.ipv6 ? FAMILY_IPV6 : FAMILY_IPV4;
    bool tcp = form.protocol == CONN_TCP;
    DWORD(WINAPI * basic)(void *, DWORD *, BOOL);
    if (form.row != CONN_BASIC && tcp)
        return original_GetExtendedTcpTable(table, size, FALSE, family,
                                            (int)form.row * WHICH + (int)which, 0);
    if (form.row != CONN_BASIC)
        return original_GetExtendedUdpTable(table, size, FALSE, family, (int)form.row, 0);
    if (form.ipv6)
        basic = tcp ? original_GetTcp6Table : original_GetUdp6Table;
    else
        basic = tcp ? original_GetTcpTable : original_GetUdpTable;
    return basic ? basic(table, size, FALSE) : ERROR_NOT_SUPPORTED;
}

/* One of the system's tables. */
struct fetched {
    struct conn_form form;
    void *table; // layer_alloc()'s
    DWORD size;
};

static void free_both(struct fetched (*both)[2])
{
    layer_free((*both)[0].table);
    layer_free((*both)[1].table);
}

/* Gets the table of out->form. Returns a Win32 error. */
static DWORD fetch(struct fetched *out, enum which which)
{
    enum { FIRST = 0x8000, MOST = 0x40000000 };
    for (DWORD room = FIRST;;) { // lists grow between two questions
        out->table = layer_alloc(room);
        if (!out->table)
            return ERROR_NOT_ENOUGH_MEMORY;
        out->size = room;
        DWORD told = room, error = ask(out->form, which, out->table, &told);
        if (!error)
            return 0;
        layer_free(out->table);
        out->table = NULL;
        if (error != ERROR_INSUFFICIENT_BUFFER || room >= MOST)
            return error;
        room = 2 * (told > room && told < MOST ? told : room);
    }
}

/* What the VM sees, in memory of layer_alloc()'s. */
static DWORD gather(struct conn_form wanted, enum which which, BOOL order, struct conn **list,
                    uint32_t *count)
{
    layer_cleanup_free uintptr_t *ids = NULL;
    __attribute__((cleanup(free_both))) struct fetched both[2] = {
        {form_to_ask(wanted, false), NULL, 0}, {form_to_ask(wanted, true), NULL, 0}};
    size_t rows = 0;
    for (int ipv6 = 0; ipv6 <= wanted.ipv6; ipv6++) {
        DWORD error = fetch(&both[ipv6], which);
        if (error && ipv6 == wanted.ipv6)
            return error;
        if (!error)
            rows += conn_table_rows(both[ipv6].form, both[ipv6].table, both[ipv6].size);
    }
    *count = 0;
    *list = layer_alloc((rows + 1) * sizeof **list);
    if (!*list)
        return ERROR_NOT_ENOUGH_MEMORY;
    struct net_view view = net_view_now(&ids);
    for (int ipv6 = 0; ipv6 <= wanted.ipv6; ipv6++)
        if (both[ipv6].table)
            *count = conn_list_add(both[ipv6].form, both[ipv6].table, both[ipv6].size, wanted.ipv6,
                                   &view, *list, *count);
    if (order)
        conn_list_sort(*list, *count);
    return 0;
}

// Answering

static DWORD answer(struct conn_form form, enum which which, void *table, DWORD *size, BOOL order)
{
    enum { SPARE = 8 }; // rows that may come until the caller has a buffer
    layer_cleanup_free struct conn *list = NULL;
    uint32_t count = 0;
    if (!size)
        return ERROR_INVALID_PARAMETER;
    DWORD error = gather(form, which, order, &list, &count);
    if (error)
        return error;
    uint32_t needed = conn_table_size(form, count);
    if (!table || *size < needed) {
        *size = conn_table_size(form, count + SPARE);
        return ERROR_INSUFFICIENT_BUFFER;
    }
    *size = needed;
    conn_table_write(form, table, list, count);
    return 0;
}

static DWORD answer_allocated(struct conn_form form, void **table, BOOL order, HANDLE heap,
                              DWORD flags)
{
    layer_cleanup_free struct conn *list = NULL;
    uint32_t count = 0;
    if (!table)
        return ERROR_INVALID_PARAMETER;
    DWORD error = gather(form, ALL, order, &list, &count);
    if (error)
        return error;
    *table = RtlAllocateHeap(heap, flags, conn_table_size(form, count));
    if (!*table)
        return ERROR_NOT_ENOUGH_MEMORY;
    conn_table_write(form, *table, list, count);
    return 0;
}

static DWORD WINAPI lists_GetExtendedTcpTable(void *table, DWORD *size, BOOL order, ULONG family,
                                              int class, ULONG reserved)
{
    DWORD none = 0;
    if ((family != FAMILY_IPV4 && family != FAMILY_IPV6) || class < 0 ||
        class >= (CONN_MODULE + 1) * WHICH) // the system says what is wrong with it
        return original_GetExtendedTcpTable(NULL, size ? &none : NULL, order, family, class,
                                            reserved);
    return answer((struct conn_form){CONN_TCP, family == FAMILY_IPV6, class / WHICH}, class % WHICH,
                  table, size, order);
}

static DWORD WINAPI lists_GetExtendedUdpTable(void *table, DWORD *size, BOOL order, ULONG family,
                                              int class, ULONG reserved)
{
    DWORD none = 0;
    if ((family != FAMILY_IPV4 && family != FAMILY_IPV6) || class < 0 || class > CONN_MODULE)
        return original_GetExtendedUdpTable(NULL, size ? &none : NULL, order, family, class,
                                            reserved);
    return answer((struct conn_form){CONN_UDP, family == FAMILY_IPV6, class}, ALL, table, size,
                  order);
}

#define LIST(name, protocol, ipv6, row)                                                            \
    static DWORD WINAPI lists_##name(void *table, DWORD *size, BOOL order)                         \
    {                                                                                              \
        return answer((struct conn_form){protocol, ipv6, row}, ALL, table, size, order);           \
    }
LIST(GetTcpTable, CONN_TCP, false, CONN_BASIC)
LIST(GetTcpTable2, CONN_TCP, false, CONN_SECOND)
LIST(GetTcp6Table, CONN_TCP, true, CONN_BASIC)
LIST(GetTcp6Table2, CONN_TCP, true, CONN_SECOND)
LIST(GetUdpTable, CONN_UDP, false, CONN_BASIC)
LIST(GetUdp6Table, CONN_UDP, true, CONN_BASIC)

#define ALLOCATED(name, protocol)                                                                  \
    static DWORD WINAPI lists_##name(void **table, BOOL order, HANDLE heap, DWORD flags)           \
    {                                                                                              \
        return answer_allocated((struct conn_form){protocol, false, CONN_BASIC}, table, order,     \
                                heap, flags);                                                      \
    }
ALLOCATED(AllocateAndGetTcpTableFromStack, CONN_TCP)
ALLOCATED(AllocateAndGetUdpTableFromStack, CONN_UDP)

// Of NT 5.1 and 5.2. The form of their IPv6 tables is not documented.
#define ALLOCATED_OWNERS(name, protocol)                                                           \
    static DWORD WINAPI lists_##name(void **table, BOOL order, HANDLE heap, DWORD flags,           \
                                     DWORD family)                                                 \
    {                                                                                              \
        if (!table || (family != FAMILY_IPV4 && family != FAMILY_IPV6))                            \
            return ERROR_INVALID_PARAMETER;                                                        \
        if (family != FAMILY_IPV4)                                                                 \
            return ERROR_NOT_SUPPORTED;                                                            \
        return answer_allocated((struct conn_form){protocol, false, CONN_PID}, table, order, heap, \
                                flags);                                                            \
    }
ALLOCATED_OWNERS(AllocateAndGetTcpExTableFromStack, CONN_TCP)
ALLOCATED_OWNERS(AllocateAndGetUdpExTableFromStack, CONN_UDP)

#define PATCH(name)                                                                                \
    {                                                                                              \
#name, (void *)lists_##name, NULL                                                          \
    }
#define PATCH_ASKED(name)                                                                          \
    {                                                                                              \
#name, (void *)lists_##name, (void **)&original_##name                                     \
    }
const struct layer_export_patch conn_exports[] = {
    PATCH_ASKED(GetExtendedTcpTable),
    PATCH_ASKED(GetExtendedUdpTable),
    PATCH_ASKED(GetTcpTable),
    PATCH_ASKED(GetTcp6Table),
    PATCH_ASKED(GetUdpTable),
    PATCH_ASKED(GetUdp6Table),
    PATCH(GetTcpTable2),
    PATCH(GetTcp6Table2),
    PATCH(AllocateAndGetTcpTableFromStack),
    PATCH(AllocateAndGetUdpTableFromStack),
    PATCH(AllocateAndGetTcpExTableFromStack),
    PATCH(AllocateAndGetUdpExTableFromStack),
};
const size_t conn_exports_count = sizeof conn_exports / sizeof *conn_exports;
