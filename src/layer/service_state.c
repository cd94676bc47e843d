// What a service asks about itself: why it was started, and where it may keep its state.
#include "layer/service_api.h"

#include <string.h>

NTSYSAPI ULONG NTAPI RtlGetLastWin32Error(void);

enum { NAME_ROOM = SERVICE_NAME_MAX + 1, PATH_ROOM = 1024 };

static void *kernel32(const char *name)
{
    return service_import(L"kernel32.dll", name);
}

BOOL WINAPI service_QueryServiceDynamicInformation(SERVICE_STATUS_HANDLE handle, DWORD level,
                                                   void **out)
{
    typedef void *WINAPI local_alloc(UINT, SIZE_T);
    enum { START_REASON = 1 };
    if (level != START_REASON)
        return service_result(ERROR_INVALID_LEVEL);
    if (!out)
        return service_result(ERROR_INVALID_PARAMETER);
    service_cleanup_call struct service_call call;
    service_call_begin(&call, SCM_START_REASON, SERVICE_CALL_SMALL, SERVICE_CALL_SMALL);
    DWORD error = service_call_send(&call, (HANDLE)handle);
    if (error != ERROR_SUCCESS)
        return service_result(error);
    local_alloc *allocate = (local_alloc *)kernel32("LocalAlloc");
    DWORD *reason = allocate ? allocate(0, sizeof(*reason)) : NULL;
    if (!reason)
        return service_result(ERROR_NOT_ENOUGH_MEMORY);
    *reason = wire_get_u32(&call.r);
    *out = reason;
    return TRUE;
}

// The name of the service that a status or a service handle is of, terminated.
static DWORD own_name(HANDLE handle, uint16_t name[NAME_ROOM])
{
    service_cleanup_call struct service_call call;
    service_call_begin(&call, SCM_OWN_NAME, SERVICE_CALL_SMALL, SERVICE_CALL_SMALL * 2);
    DWORD error = service_call_send(&call, handle);
    if (error != ERROR_SUCCESS)
        return error;
    struct str16 text = wire_get_str16(&call.r);
    if (call.r.failed || text.len >= NAME_ROOM)
        return ERROR_INVALID_DATA;
    memcpy(name, text.s, text.len * sizeof(*name));
    name[text.len] = 0;
    return ERROR_SUCCESS;
}

// Makes each folder of the path from `from` on.
static DWORD make_folders(uint16_t *path, size_t from)
{
    typedef BOOL WINAPI create_directory(const WCHAR *, void *);
    create_directory *create = (create_directory *)kernel32("CreateDirectoryW");
    if (!create)
        return ERROR_CALL_NOT_IMPLEMENTED;
    for (size_t i = from;; i++) {
        if (path[i] && path[i] != '\\')
            continue;
        uint16_t end = path[i];
        path[i] = 0;
        BOOL made = create((WCHAR *)path, NULL);
        path[i] = end;
        DWORD error = made ? ERROR_SUCCESS : RtlGetLastWin32Error();
        if (error != ERROR_SUCCESS && error != ERROR_ALREADY_EXISTS)
            return error;
        if (!end)
            return ERROR_SUCCESS;
    }
}

// The path is documented nowhere: programs take what they are given.
static DWORD state_directory(HANDLE handle, DWORD type, const char *leaf, WCHAR *out, DWORD room,
                             DWORD *needed)
{
    typedef UINT WINAPI get_directory(WCHAR *, UINT);
    if (type != 0 || !needed)
        return ERROR_INVALID_PARAMETER;
    uint16_t name[NAME_ROOM];
    DWORD error = own_name(handle, name);
    if (error != ERROR_SUCCESS)
        return error;
    get_directory *get = (get_directory *)kernel32("GetSystemWindowsDirectoryW");
    layer_cleanup_free uint16_t *path = layer_alloc(PATH_ROOM * sizeof(*path));
    UINT root = path && get ? get((WCHAR *)path, PATH_ROOM) : 0;
    if (!root || root >= PATH_ROOM)
        return ERROR_NOT_ENOUGH_MEMORY;
    struct str16_buf text = {.s = path, .len = root, .cap = PATH_ROOM};
    str16_put_ascii(&text, "\\ServiceState\\");
    str16_put(&text, str16_of(name));
    str16_put_ascii(&text, leaf);
    size_t len = str16_view(&text).len;
    if (text.overflow || len >= PATH_ROOM)
        return ERROR_NOT_ENOUGH_MEMORY;
    path[len] = 0;
    *needed = (DWORD)len + 1;
    if (!out || room < len + 1)
        return ERROR_INSUFFICIENT_BUFFER;
    error = make_folders(path, root + 1);
    if (error == ERROR_SUCCESS)
        memcpy(out, path, (len + 1) * sizeof(*path));
    return error;
}

DWORD WINAPI service_GetServiceDirectory(SERVICE_STATUS_HANDLE handle, DWORD type, WCHAR *out,
                                         DWORD room, DWORD *needed)
{
    return state_directory((HANDLE)handle, type, "\\Data", out, room, needed);
}

DWORD WINAPI service_GetSharedServiceDirectory(SC_HANDLE handle, DWORD type, WCHAR *out, DWORD room,
                                               DWORD *needed)
{
    return state_directory((HANDLE)handle, type, "\\SharedData", out, room, needed);
}

// Below the service's own key, which is deleted with the service, as the state is to be. Only the
// name of Parameters is documented.
static DWORD state_key(HANDLE handle, const char *leaf, DWORD access, HKEY *key)
{
    typedef LONG WINAPI create_key(HKEY, const WCHAR *, DWORD, WCHAR *, DWORD, REGSAM, void *,
                                   HKEY *, DWORD *);
    if (!key)
        return ERROR_INVALID_PARAMETER;
    uint16_t name[NAME_ROOM];
    DWORD error = own_name(handle, name);
    if (error != ERROR_SUCCESS)
        return error;
    create_key *create = (create_key *)service_import(L"advapi32.dll", "RegCreateKeyExW");
    if (!create)
        create = (create_key *)service_import(L"kernelbase.dll", "RegCreateKeyExW");
    layer_cleanup_free uint16_t *path = layer_alloc(PATH_ROOM * sizeof(*path)); // zeroed
    if (!create || !path)
        return ERROR_NOT_ENOUGH_MEMORY;
    struct str16_buf text = {.s = path, .cap = PATH_ROOM - 1};
    str16_put_ascii(&text, "SYSTEM\\CurrentControlSet\\Services\\");
    str16_put(&text, str16_of(name));
    str16_put_ascii(&text, leaf);
    const HKEY machine = (HKEY)(ULONG_PTR)0x80000002; // HKEY_LOCAL_MACHINE
    return (DWORD)create(machine, (WCHAR *)path, 0, NULL, 0, access, NULL, key, NULL);
}

DWORD WINAPI service_GetServiceRegistryStateKey(SERVICE_STATUS_HANDLE handle, DWORD type,
                                                DWORD access, HKEY *key)
{
    if (type > 1)
        return ERROR_INVALID_PARAMETER;
    return state_key((HANDLE)handle, type == 0 ? "\\Parameters" : "\\State", access, key);
}

DWORD WINAPI service_GetSharedServiceRegistryStateKey(SC_HANDLE handle, DWORD type, DWORD access,
                                                      HKEY *key)
{
    if (type != 0)
        return ERROR_INVALID_PARAMETER;
    return state_key((HANDLE)handle, "\\SharedState", access, key);
}
