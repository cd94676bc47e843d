#include "layer/host_lookup.h"
#include "core/str16.h"
#include "layer/host_name.h"
#include "layer/layer.h"

// No resolver knows the VM's name. What is looked up in its place is the VM's address as text, so
// that the answer has the form that the system gives it.

enum {
    ADDRESS_UNITS = 16, // 255.255.255.255
    NETBIOS_MAX = 15,   // what a computer's name is cut to
    AI_IS_NUMERIC = 4,  // ws2def.h, AI_NUMERICHOST
};

/* ws2def.h, ADDRINFOA and ADDRINFOW. */
struct address_info {
    int flags, family, socket_type, protocol;
    size_t address_size;
    void *canonical_name; // char or WCHAR
    void *address;
    struct address_info *next;
};

struct host_entry { // winsock2.h, struct hostent
    char *name;
    char **aliases;
    short type, length;
    char **addresses;
};

static size_t own_address(WCHAR out[ADDRESS_UNITS])
{
    const uint8_t *bytes = (const uint8_t *)&layer_config.ipv4;
    struct str16_buf text = {.s = (uint16_t *)out, .cap = ADDRESS_UNITS};
    for (int i = 0; i < 4; i++) {
        if (i)
            str16_put_unit(&text, '.');
        str16_put_u32(&text, bytes[i]);
    }
    str16_put_nul(&text);
    return text.len;
}

static void narrow(char *out, const WCHAR *text)
{
    do
        *out++ = (char)*text;
    while (*text++);
}

/* Whether `name` means this machine. */
static bool is_own(struct str16 name)
{
    WCHAR own[HOST_NAME_UNITS];
    struct str16 full = {(const uint16_t *)own, host_name_own(own)};
    return !name.len ||
           (full.len &&
            (str16_equal_nocase(name, full) ||
             (full.len > NETBIOS_MAX && str16_equal_nocase(name, str16_first(full, NETBIOS_MAX)))));
}

static bool is_own_w(const WCHAR *name)
{
    return is_own(str16_of((const uint16_t *)name));
}

static bool is_own_a(const char *name)
{
    uint16_t units[HOST_NAME_UNITS];
    size_t len = 0;
    while (name[len] && len < HOST_NAME_UNITS) {
        if (name[len] < 0)
            return false; // a host name is ASCII
        units[len] = (uint16_t)name[len];
        len++;
    }
    return len < HOST_NAME_UNITS && is_own((struct str16){units, len});
}

static bool wants_number(const struct address_info *hints)
{
    return hints && hints->flags & AI_IS_NUMERIC;
}

/* The system has the address for the canonical name; the program wants the name that it asked for.
 * The text is the system's to free: where the name does not fit, the address stays. */
static void put_name_w(const struct address_info *found, const WCHAR *name)
{
    WCHAR address[ADDRESS_UNITS];
    size_t room = own_address(address), len = 0;
    while (name[len])
        len++;
    if (found && found->canonical_name && len && len <= room)
        memcpy(found->canonical_name, name, (len + 1) * sizeof *name);
}

static void put_name_a(const struct address_info *found, const char *name)
{
    WCHAR address[ADDRESS_UNITS];
    size_t room = own_address(address), len = 0;
    while (name[len])
        len++;
    if (found && found->canonical_name && len && len <= room)
        memcpy(found->canonical_name, name, len + 1);
}

static int(WINAPI *original_GetAddrInfoW)(const WCHAR *, const WCHAR *, const struct address_info *,
                                          struct address_info **);
static int(WINAPI *original_getaddrinfo)(const char *, const char *, const struct address_info *,
                                         struct address_info **);
static int(WINAPI *original_GetAddrInfoExW)(const WCHAR *, const WCHAR *, DWORD, void *,
                                            const struct address_info *, void **, void *, void *,
                                            void *, void *);
static struct host_entry *(WINAPI *original_gethostbyname)(const char *);

static int WINAPI lookup_GetAddrInfoW(const WCHAR *node, const WCHAR *service,
                                      const struct address_info *hints,
                                      struct address_info **result)
{
    WCHAR address[ADDRESS_UNITS];
    if (!node || wants_number(hints) || !is_own_w(node))
        return original_GetAddrInfoW(node, service, hints, result);
    own_address(address);
    int error = original_GetAddrInfoW(address, service, hints, result);
    if (!error)
        put_name_w(*result, node);
    return error;
}

static int WINAPI lookup_getaddrinfo(const char *node, const char *service,
                                     const struct address_info *hints, struct address_info **result)
{
    WCHAR address[ADDRESS_UNITS];
    char text[ADDRESS_UNITS];
    if (!node || wants_number(hints) || !is_own_a(node))
        return original_getaddrinfo(node, service, hints, result);
    own_address(address);
    narrow(text, address);
    int error = original_getaddrinfo(text, service, hints, result);
    if (!error)
        put_name_a(*result, node);
    return error;
}

/* The canonical name stays the address here: the form of the result is one of several. */
static int WINAPI lookup_GetAddrInfoExW(const WCHAR *name, const WCHAR *service, DWORD space,
                                        void *provider, const struct address_info *hints,
                                        void **result, void *timeout, void *overlapped,
                                        void *completion, void *handle)
{
    WCHAR address[ADDRESS_UNITS];
    if (name && !wants_number(hints) && is_own_w(name)) {
        own_address(address);
        name = address;
    }
    return original_GetAddrInfoExW(name, service, space, provider, hints, result, timeout,
                                   overlapped, completion, handle);
}

static struct host_entry *WINAPI lookup_gethostbyname(const char *name)
{
    static char own_name[HOST_NAME_UNITS]; // the entry of each thread leads to it
    WCHAR address[ADDRESS_UNITS], own[HOST_NAME_UNITS];
    char text[ADDRESS_UNITS];
    if (name && !is_own_a(name))
        return original_gethostbyname(name);
    own_address(address);
    narrow(text, address);
    struct host_entry *entry = original_gethostbyname(text);
    if (entry && host_name_own(own)) {
        narrow(own_name, own);
        entry->name = own_name;
    }
    return entry;
}

#define LOOKUP(name)                                                                               \
    {                                                                                              \
#name, (void *)lookup_##name, (void **)&original_##name                                    \
    }
const struct layer_export_patch host_lookup_exports[] = {
    LOOKUP(GetAddrInfoW),
    LOOKUP(getaddrinfo),
    LOOKUP(GetAddrInfoExW),
    LOOKUP(gethostbyname),
};
const size_t host_lookup_exports_count = sizeof host_lookup_exports / sizeof *host_lookup_exports;
