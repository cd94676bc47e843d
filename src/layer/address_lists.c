#include "layer/address_lists.h"
#include "layer/net_view_now.h"

// What the system gives is changed in the caller's memory: it only gets less. The layouts are those
// of the SDK's ipmib.h, netioapi.h and iptypes.h, as far as they are looked at.

enum { FAMILY_IPV4 = 2, FAMILY_IPV6 = 23, TEXT = 16 };

struct ip_row { // MIB_IPADDRROW
    uint8_t address[4];
    uint32_t rest[5];
};

struct ip_table { // MIB_IPADDRTABLE
    DWORD count;
    struct ip_row rows[];
};

union unicast_address { // SOCKADDR_INET
    uint16_t family;
    uint8_t bytes[SOCKADDR_MAX];
};

struct unicast_row { // MIB_UNICASTIPADDRESS_ROW
    union unicast_address address;
    uint32_t rest[5]; // behind them an 8-byte LUID, whose alignment the structure has
    uint64_t last[4];
};

struct unicast_table { // MIB_UNICASTIPADDRESS_TABLE
    uint64_t count;    // the lower half
    struct unicast_row rows[];
};

struct unicast { // IP_ADAPTER_UNICAST_ADDRESS, the beginning
    uint64_t length;
    struct unicast *next;
    uint8_t *address; // a sockaddr
    int size;
};

struct adapter { // IP_ADAPTER_ADDRESSES, the beginning
    uint64_t length;
    struct adapter *next;
    char *name;
    struct unicast *first;
};

struct text_address { // IP_ADDR_STRING
    struct text_address *next;
    char address[TEXT], mask[TEXT];
    DWORD context;
};

struct adapter_info { // IP_ADAPTER_INFO, the beginning
    struct adapter_info *next;
    DWORD combo_index;
    char name[260], description[132];
    UINT address_size;
    uint8_t address[8];
    DWORD index;
    UINT type, dhcp;
    struct text_address *current;
    struct text_address addresses;
};

static DWORD(WINAPI *original_GetIpAddrTable)(struct ip_table *, DWORD *, BOOL);
static DWORD(WINAPI *original_AllocateAndGetIpAddrTableFromStack)(struct ip_table **, BOOL, HANDLE,
                                                                  DWORD);
static DWORD(WINAPI *original_GetUnicastIpAddressTable)(ULONG, struct unicast_table **);
static ULONG(WINAPI *original_GetAdaptersAddresses)(ULONG, ULONG, void *, struct adapter *,
                                                    ULONG *);
static ULONG(WINAPI *original_GetAdaptersInfo)(struct adapter_info *, ULONG *);

static void filter_ip_table(struct ip_table *table)
{
    struct net_view view = net_view_now(NULL);
    bool own_shown = false;
    DWORD kept = 0;
    for (DWORD i = 0; i < table->count; i++)
        if (net_view_address4(&view, table->rows[i].address, &own_shown))
            table->rows[kept++] = table->rows[i];
    memset(table->rows + kept, 0, (table->count - kept) * sizeof *table->rows);
    table->count = kept;
}

static DWORD WINAPI lists_GetIpAddrTable(struct ip_table *table, DWORD *size, BOOL order)
{
    DWORD error = original_GetIpAddrTable(table, size, order);
    if (!error && table)
        filter_ip_table(table);
    return error;
}

static DWORD WINAPI lists_AllocateAndGetIpAddrTableFromStack(struct ip_table **table, BOOL order,
                                                             HANDLE heap, DWORD flags)
{
    DWORD error = original_AllocateAndGetIpAddrTableFromStack(table, order, heap, flags);
    if (!error && *table)
        filter_ip_table(*table);
    return error;
}

/* Whether a sockaddr of the machine's stays; it is then the VM's. */
static bool keep(const struct net_view *view, uint8_t *address, size_t size, bool *own_shown)
{
    enum { AT_IPV4 = 4, AT_IPV6 = 8 };
    struct sockaddr_view at;
    if (!sockaddr_find(address, size, &at))
        return false;
    return sockaddr_is_ipv6(at) ? net_view_address6(address + AT_IPV6)
                                : net_view_address4(view, address + AT_IPV4, own_shown);
}

static DWORD WINAPI lists_GetUnicastIpAddressTable(ULONG family, struct unicast_table **table)
{
    DWORD error = original_GetUnicastIpAddressTable(family, table);
    if (error || !*table)
        return error;
    struct net_view view = net_view_now(NULL);
    bool own_shown = false;
    struct unicast_row *rows = (*table)->rows;
    uint32_t kept = 0, count = (uint32_t)(*table)->count;
    for (uint32_t i = 0; i < count; i++)
        if (keep(&view, rows[i].address.bytes, sizeof rows[i].address, &own_shown))
            rows[kept++] = rows[i];
    memset(rows + kept, 0, (count - kept) * sizeof *rows);
    (*table)->count = kept;
    return 0;
}

static ULONG WINAPI lists_GetAdaptersAddresses(ULONG family, ULONG flags, void *reserved,
                                               struct adapter *adapters, ULONG *size)
{
    ULONG error = original_GetAdaptersAddresses(family, flags, reserved, adapters, size);
    if (error)
        return error;
    struct net_view view = net_view_now(NULL);
    bool own_shown = false;
    for (struct adapter *adapter = adapters; adapter; adapter = adapter->next) {
        for (struct unicast **at = &adapter->first; *at;) {
            if (keep(&view, (*at)->address, (size_t)(*at)->size, &own_shown))
                at = &(*at)->next;
            else
                *at = (*at)->next;
        }
    }
    return 0;
}

static void own_text(char out[TEXT], const uint8_t address[4])
{
    for (int i = 0; i < 4; i++) {
        unsigned byte = address[i];
        if (byte >= 100)
            *out++ = (char)('0' + byte / 100);
        if (byte >= 10)
            *out++ = (char)('0' + byte / 10 % 10);
        *out++ = (char)('0' + byte % 10);
        *out++ = i < 3 ? '.' : 0;
    }
}

static bool is_text(const char text[TEXT], const char *other)
{
    for (int i = 0; i < TEXT; i++) {
        if (text[i] != other[i])
            return false;
        if (!text[i])
            return true;
    }
    return false;
}

/* An adapter without an address has one that says so. */
static void filter_texts(const struct net_view *view, struct text_address *first, bool *own_shown)
{
    static const char none[TEXT] = "0.0.0.0";
    char own[TEXT] = "";
    own_text(own, view->vm.own);
    struct text_address *at = first;
    while (at && (view->no_network || *own_shown || is_text(at->address, none) ||
                  (sockaddr_is_hosts(&view->vm) && !is_text(at->address, own))))
        at = at->next;
    if (at) {
        *own_shown = true;
        memcpy(first->address, own, TEXT);
        memmove(first->mask, at->mask, TEXT);
        first->context = at->context;
    } else {
        memcpy(first->address, none, TEXT);
        memcpy(first->mask, none, TEXT);
    }
    first->next = NULL;
}

static ULONG WINAPI lists_GetAdaptersInfo(struct adapter_info *adapters, ULONG *size)
{
    ULONG error = original_GetAdaptersInfo(adapters, size);
    if (error)
        return error;
    struct net_view view = net_view_now(NULL);
    bool own_shown = false;
    for (struct adapter_info *at = adapters; at; at = at->next)
        filter_texts(&view, &at->addresses, &own_shown);
    return 0;
}

#define PATCH(name)                                                                                \
    {                                                                                              \
#name, (void *)lists_##name, (void **)&original_##name                                     \
    }
const struct layer_export_patch address_exports[] = {
    PATCH(GetIpAddrTable),           PATCH(AllocateAndGetIpAddrTableFromStack),
    PATCH(GetUnicastIpAddressTable), PATCH(GetAdaptersAddresses),
    PATCH(GetAdaptersInfo),
};
const size_t address_exports_count = sizeof address_exports / sizeof *address_exports;
