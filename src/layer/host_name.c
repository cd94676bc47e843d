#include "layer/host_name.h"
#include "layer/layer.h"

NTSYSAPI void NTAPI RtlSetLastWin32Error(ULONG);

enum {
    ERROR_BAD_ADDRESS = 10014,   // WSAEFAULT
    ERROR_NO_DATA_FOUND = 11004, // WSANO_DATA
    FAILED = -1,                 // SOCKET_ERROR
};

size_t host_name_own(WCHAR out[HOST_NAME_UNITS])
{
    static const WCHAR key_name[] =
        L"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\Tcpip\\Parameters",
                       value_name[] = L"Hostname";
    UNICODE_STRING key_text, value_text;
    layer_cleanup_handle HANDLE key = NULL;
    struct { // KEY_VALUE_PARTIAL_INFORMATION
        ULONG title, type, size;
        WCHAR text[HOST_NAME_UNITS];
    } value;
    ULONG length;
    size_t len = 0;
    RtlInitUnicodeString(&key_text, key_name);
    RtlInitUnicodeString(&value_text, value_name);
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, &key_text, OBJ_CASE_INSENSITIVE, NULL, NULL);
    // By the stubs' way: the VM's registry.
    if (layer_NtOpenKey(&key, KEY_QUERY_VALUE, &attributes) ||
        layer_NtQueryValueKey(key, &value_text, NT_KEY_VALUE_PARTIAL_INFORMATION, &value,
                              sizeof value, &length))
        return 0;
    while (len < value.size / sizeof(WCHAR) && len < HOST_NAME_UNITS - 1 && value.text[len]) {
        out[len] = value.text[len];
        len++;
    }
    out[len] = 0;
    return len;
}

static int fail(ULONG error)
{
    RtlSetLastWin32Error(error);
    return FAILED;
}

static int WINAPI host_name_GetHostNameW(WCHAR *name, int size)
{
    WCHAR own[HOST_NAME_UNITS];
    size_t len = host_name_own(own);
    if (!len)
        return fail(ERROR_NO_DATA_FOUND);
    if (!name || size <= 0 || (size_t)size <= len)
        return fail(ERROR_BAD_ADDRESS);
    memcpy(name, own, (len + 1) * sizeof *own);
    return 0;
}

static int WINAPI host_name_gethostname(char *name, int size)
{
    WCHAR own[HOST_NAME_UNITS];
    if (host_name_GetHostNameW(name ? own : NULL, size < HOST_NAME_UNITS ? size : HOST_NAME_UNITS))
        return FAILED;
    for (size_t i = 0; !i || own[i - 1]; i++) // a host name is ASCII
        name[i] = own[i] < 0x80 ? (char)own[i] : '?';
    return 0;
}

const struct layer_export_patch host_name_exports[] = {
    {"gethostname", (void *)host_name_gethostname, NULL},
    {"GetHostNameW", (void *)host_name_GetHostNameW, NULL},
};
const size_t host_name_exports_count = sizeof host_name_exports / sizeof *host_name_exports;
