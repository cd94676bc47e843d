#include "service_key.h"

#include <stdlib.h>
#include <winternl.h>
#include "layer/plume_layer.h"

NTSTATUS NTAPI NtQueryKey(HANDLE, ULONG, void *, ULONG, ULONG *);

enum {
    NAME_UNITS = 256,
    DEPTH_MAX = 32, // keys below each other
    DATA_MAX = 1 << 20,
    PATH_UNITS = VM_PATH_MAX + 1024,
};
static const wchar_t services_key[] = L"SYSTEM\\CurrentControlSet\\Services\\";
static const wchar_t cannot[] = L"cannot take over the service";

bool service_key_open(const wchar_t *service, HKEY *key, struct plume_error *error)
{
    wchar_t path[ARRAYSIZE(services_key) + NAME_UNITS];
    DWORD type = 0, size = sizeof(type);
    if (!*service || wcslen(service) > NAME_UNITS || wcspbrk(service, L"\\/"))
        return error_win32_code(error, ERROR_INVALID_NAME, cannot, service, NULL);
    wcscat(wcscpy(path, services_key), service);
    LONG code = RegOpenKeyExW(HKEY_LOCAL_MACHINE, path, 0, KEY_READ, key);
    if (code == ERROR_FILE_NOT_FOUND)
        code = ERROR_SERVICE_DOES_NOT_EXIST;
    if (code != ERROR_SUCCESS)
        return error_win32_code(error, (uint32_t)code, cannot, service, NULL);
    code = RegQueryValueExW(*key, L"Type", NULL, NULL, (BYTE *)&type, &size);
    if (code == ERROR_SUCCESS && type & SERVICE_WIN32)
        return true;
    RegCloseKey(*key);
    if (code != ERROR_SUCCESS) // a key of settings beside those of services
        return error_win32_code(error, ERROR_SERVICE_DOES_NOT_EXIST, cannot, service, NULL);
    return error_plain(error, cannot, service, L"it is a driver, which a VM does not run", NULL);
}

struct value {
    struct value *next;
    wchar_t name[NAME_UNITS * 64]; // a value's name has at most 16,383 units
    DWORD type, size;
    BYTE *data;
};

static void free_values(struct value *values)
{
    while (values) {
        struct value *next = values->next;
        free(values->data);
        free(values);
        values = next;
    }
}

static LONG read_value(HKEY key, DWORD index, struct value **out)
{
    struct value *value = calloc(1, sizeof(*value));
    DWORD room = 4096;
    for (;;) {
        BYTE *data = value ? realloc(value->data, room + sizeof(wchar_t)) : NULL;
        if (!data) {
            free_values(value);
            return ERROR_NOT_ENOUGH_MEMORY;
        }
        value->data = data;
        DWORD len = ARRAYSIZE(value->name);
        value->size = room;
        LONG code =
            RegEnumValueW(key, index, value->name, &len, NULL, &value->type, data, &value->size);
        if (code == ERROR_MORE_DATA && room < DATA_MAX) {
            room *= 4;
            continue;
        }
        if (code != ERROR_SUCCESS) {
            free_values(value);
            return code;
        }
        memset(value->data + value->size, 0, sizeof(wchar_t));
        *out = value;
        return ERROR_SUCCESS;
    }
}

/* All are read first: writing them may change their order. */
static LONG copy_values(HKEY from, HKEY to)
{
    struct value *values = NULL, *value;
    LONG code = ERROR_SUCCESS;
    for (DWORD i = 0; (code = read_value(from, i, &value)) == ERROR_SUCCESS; i++) {
        value->next = values;
        values = value;
    }
    if (code == ERROR_NO_MORE_ITEMS)
        code = ERROR_SUCCESS;
    for (value = values; value && code == ERROR_SUCCESS; value = value->next)
        code = RegSetValueExW(to, value->name, 0, value->type, value->data, value->size);
    free_values(values);
    return code;
}

static LONG copy_key(HKEY from, HKEY to, unsigned depth)
{
    LONG code = copy_values(from, to);
    for (DWORD i = 0; code == ERROR_SUCCESS; i++) {
        wchar_t name[NAME_UNITS];
        DWORD len = NAME_UNITS;
        HKEY below_from, below_to;
        LONG end = RegEnumKeyExW(from, i, name, &len, NULL, NULL, NULL, NULL);
        if (end == ERROR_NO_MORE_ITEMS)
            return ERROR_SUCCESS;
        code = end;
        if (code == ERROR_SUCCESS && depth == DEPTH_MAX)
            code = ERROR_INVALID_DATA;
        if (code == ERROR_SUCCESS)
            code = RegOpenKeyExW(from, name, 0, KEY_READ, &below_from);
        if (code == ERROR_ACCESS_DENIED) { // as its security key: nobody but the system reads it
            code = ERROR_SUCCESS;
            continue;
        }
        if (code != ERROR_SUCCESS)
            return code;
        code = RegCreateKeyExW(to, name, 0, NULL, 0, KEY_READ | KEY_WRITE, NULL, &below_to, NULL);
        if (code == ERROR_SUCCESS) {
            code = copy_key(below_from, below_to, depth + 1);
            RegCloseKey(below_to);
        }
        RegCloseKey(below_from);
    }
    return code;
}

static bool take(HKEY from, HKEY to, uint32_t start, struct plume_error *error)
{
    DWORD type = start;
    LONG code = copy_key(from, to, 0);
    if (code == ERROR_SUCCESS && start != START_AS_IT_IS)
        code = RegSetValueExW(to, L"Start", 0, REG_DWORD, (const BYTE *)&type, sizeof(type));
    return code == ERROR_SUCCESS ||
           error_win32_code(error, (uint32_t)code, L"cannot write the configuration of the service",
                            NULL, NULL);
}

bool service_key_take(HKEY key, uint32_t start, struct plume_error *error)
{
    return take(key, key, start, error);
}

bool service_keys_check(const struct text_list *services, struct plume_error *error)
{
    for (size_t i = 0; i < services->count; i++) {
        HKEY key;
        if (!service_key_open(services->items[i], &key, error))
            return false;
        RegCloseKey(key);
    }
    return true;
}

/* Where the VM has the key as its own: docs/registry.md. The key's own name tells what the links in
 * it lead to. */
static bool make_upper(const struct vm *vm, HKEY key, HKEY *upper)
{
    static const wchar_t root[] = L"\\REGISTRY";
    wchar_t path[PATH_UNITS];
    _Alignas(8) BYTE info[2048];
    const struct { // KEY_NAME_INFORMATION
        ULONG length;
        WCHAR name[];
    } *name = (const void *)info;
    ULONG length;
    enum { KEY_NAME_CLASS = 3 };
    if (NtQueryKey(key, KEY_NAME_CLASS, info, sizeof(info), &length) < 0 ||
        name->length <= sizeof(root) || _wcsnicmp(name->name, root, ARRAYSIZE(root) - 1) != 0)
        return false;
    int len = _snwprintf(path, PATH_UNITS, L"%ls\\upper%.*ls", vm->user_keys,
                         (int)(name->length / sizeof(wchar_t) - (ARRAYSIZE(root) - 1)),
                         name->name + ARRAYSIZE(root) - 1);
    return len > 0 && len < PATH_UNITS &&
           RegCreateKeyExW(HKEY_CURRENT_USER, path, 0, NULL, 0, KEY_READ | KEY_WRITE, NULL, upper,
                           NULL) == ERROR_SUCCESS;
}

bool service_keys_give(const struct vm *vm, const struct text_list *services,
                       struct plume_error *error)
{
    for (size_t i = 0; i < services->count; i++) {
        HKEY key = NULL, upper = NULL;
        if (!service_key_open(services->items[i], &key, error))
            return false;
        bool ok = make_upper(vm, key, &upper);
        if (!ok)
            error_win32_code(error, ERROR_CANTWRITE, cannot, services->items[i], NULL);
        if (ok) {
            ok = take(key, upper, SERVICE_AUTO_START, error);
            RegCloseKey(upper);
        }
        RegCloseKey(key);
        if (!ok)
            return false;
    }
    return true;
}
