// The service functions on the manager's handle, and those that make and close handles.
#include "layer/service_api.h"
#include "layer/service_pack.h"
#include "layer/trace.h"

NTSYSAPI void NTAPI RtlSetLastWin32Error(ULONG);

static DWORD open_manager(const uint16_t *machine, const uint16_t *database, DWORD access,
                          HANDLE *handle)
{
    // Only the VM's own machine has a manager here. A name with leading backslashes is meant as
    // one.
    struct str16 name = service_text(machine);
    while (name.len && name.s[0] == '\\')
        name = str16_skip(name, 1);
    if (name.len && !service_is_own_machine(name))
        return RPC_S_SERVER_UNAVAILABLE;
    DWORD error = service_connect(handle);
    if (error != ERROR_SUCCESS)
        return error;
    service_cleanup_call struct service_call call;
    service_call_begin(&call, SCM_OPEN_MANAGER, SERVICE_CALL_LARGE, SERVICE_CALL_SMALL);
    wire_put_u32(&call.w, SCM_VERSION);
    wire_put_str16_opt(&call.w, service_text(database));
    wire_put_u32(&call.w, access);
    error = service_call_send(&call, *handle);
    if (error != ERROR_SUCCESS)
        real.NtClose(*handle);
    return error;
}

// This one sets the last error when it succeeds, too.
static SC_HANDLE opened_manager(DWORD error, HANDLE handle)
{
    RtlSetLastWin32Error(error);
    return error == ERROR_SUCCESS ? (SC_HANDLE)handle : NULL;
}

SC_HANDLE WINAPI service_OpenSCManagerW(LPCWSTR machine, LPCWSTR database, DWORD access)
{
    HANDLE handle = NULL;
    DWORD error =
        open_manager((const uint16_t *)machine, (const uint16_t *)database, access, &handle);
    return opened_manager(error, handle);
}

SC_HANDLE WINAPI service_OpenSCManagerA(LPCSTR machine, LPCSTR database, DWORD access)
{
    bool ok = true;
    layer_cleanup_free uint16_t *machine_w = service_wide(machine, &ok);
    layer_cleanup_free uint16_t *database_w = service_wide(database, &ok);
    HANDLE handle = NULL;
    DWORD error =
        ok ? open_manager(machine_w, database_w, access, &handle) : ERROR_NOT_ENOUGH_MEMORY;
    return opened_manager(error, handle);
}

/* Records the name of a service that was opened or made. */
static void traced(const char *call, const uint16_t *name, DWORD error)
{
    // As NTSTATUS_FROM_WIN32, but for the one that says that something was refused.
    const NTSTATUS status = error == ERROR_SUCCESS         ? STATUS_SUCCESS
                            : error == ERROR_ACCESS_DENIED ? STATUS_ACCESS_DENIED
                                                           : (NTSTATUS)(0xC0070000 | error);
    const struct trace_what what = {TRACE_SERVICE, TRACE_PRIVATE, call, status, 0};
    if (name && trace_wants(TRACE_PRIVATE, status))
        trace_put(&what, (struct str16){0}, str16_of(name));
}

static SC_HANDLE open_service(SC_HANDLE manager, const uint16_t *name, DWORD access)
{
    HANDLE handle = NULL;
    DWORD error = ERROR_SUCCESS;
    if (!manager)
        error = ERROR_INVALID_HANDLE;
    else if (!name)
        error = ERROR_INVALID_ADDRESS;
    if (error == ERROR_SUCCESS) {
        service_cleanup_call struct service_call call;
        service_call_begin(&call, SCM_OPEN_SERVICE, SERVICE_CALL_LARGE, SERVICE_CALL_SMALL);
        wire_put_str16(&call.w, str16_of(name));
        wire_put_u32(&call.w, access);
        error = service_call_send(&call, manager);
        if (error == ERROR_SUCCESS)
            error = service_adopt(wire_get_u64(&call.r), &handle);
    }
    traced("OpenService", name, error);
    return service_result(error) ? (SC_HANDLE)handle : NULL;
}

SC_HANDLE WINAPI service_OpenServiceW(SC_HANDLE manager, LPCWSTR name, DWORD access)
{
    return open_service(manager, (const uint16_t *)name, access);
}

SC_HANDLE WINAPI service_OpenServiceA(SC_HANDLE manager, LPCSTR name, DWORD access)
{
    bool ok = true;
    layer_cleanup_free uint16_t *name_w = service_wide(name, &ok);
    if (!ok) {
        service_result(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    return open_service(manager, name_w, access);
}

BOOL WINAPI service_CloseServiceHandle(SC_HANDLE handle)
{
    if (!service_is_handle(handle))
        return service_result(ERROR_INVALID_HANDLE);
    service_notify_closing(handle);
    service_close(handle);
    return TRUE;
}

// What CreateService is given, all texts in UTF-16.
struct new_service {
    const uint16_t *name, *display_name, *path, *group, *dependencies, *account, *password;
    DWORD access, type, start, error_control;
    DWORD *tag;
};

static bool is_wow64(void)
{
#ifdef _WIN64
    return false;
#else
    ULONG_PTR wow64 = 0;
    const PROCESSINFOCLASS process_wow64 = 26;
    return NT_SUCCESS(real.NtQueryInformationProcess(NtCurrentProcess(), process_wow64, &wow64,
                                                     sizeof(wow64), NULL)) &&
           wow64;
#endif
}

static SC_HANDLE create_service(SC_HANDLE manager, const struct new_service *s)
{
    HANDLE handle = NULL;
    DWORD error = ERROR_SUCCESS;
    if (!manager)
        error = ERROR_INVALID_HANDLE;
    else if (!s->name || !s->path)
        error = ERROR_INVALID_ADDRESS;
    if (error == ERROR_SUCCESS) {
        struct scm_config config = {
            .basic = {.type = s->type,
                      .start = s->start,
                      .error_control = s->error_control,
                      .image_path = str16_of(s->path),
                      .group = service_text(s->group),
                      .account = service_text(s->account),
                      .dependencies = service_list(s->dependencies),
                      .display_name = service_text(s->display_name)},
            .tag = s->tag != NULL,
            .password = service_text(s->password),
        };
        service_cleanup_call struct service_call call;
        service_call_begin(&call, SCM_CREATE_SERVICE, SERVICE_CALL_LARGE, SERVICE_CALL_SMALL);
        wire_put_str16(&call.w, str16_of(s->name));
        wire_put_u32(&call.w, s->access);
        scm_put_config(&call.w, &config);
        wire_put_u32(&call.w, is_wow64());
        error = service_call_send(&call, manager);
        if (error == ERROR_SUCCESS) {
            uint64_t ticket = wire_get_u64(&call.r);
            uint32_t tag = wire_get_u32(&call.r);
            error = service_adopt(ticket, &handle);
            if (error == ERROR_SUCCESS && s->tag)
                *s->tag = tag;
        }
    }
    traced("CreateService", s->name, error);
    return service_result(error) ? (SC_HANDLE)handle : NULL;
}

SC_HANDLE WINAPI service_CreateServiceW(SC_HANDLE manager, LPCWSTR name, LPCWSTR display_name,
                                        DWORD access, DWORD type, DWORD start, DWORD error_control,
                                        LPCWSTR path, LPCWSTR group, LPDWORD tag,
                                        LPCWSTR dependencies, LPCWSTR account, LPCWSTR password)
{
    struct new_service s = {(const uint16_t *)name,
                            (const uint16_t *)display_name,
                            (const uint16_t *)path,
                            (const uint16_t *)group,
                            (const uint16_t *)dependencies,
                            (const uint16_t *)account,
                            (const uint16_t *)password,
                            access,
                            type,
                            start,
                            error_control,
                            tag};
    return create_service(manager, &s);
}

SC_HANDLE WINAPI service_CreateServiceA(SC_HANDLE manager, LPCSTR name, LPCSTR display_name,
                                        DWORD access, DWORD type, DWORD start, DWORD error_control,
                                        LPCSTR path, LPCSTR group, LPDWORD tag, LPCSTR dependencies,
                                        LPCSTR account, LPCSTR password)
{
    bool ok = true;
    layer_cleanup_free uint16_t *name_w = service_wide(name, &ok);
    layer_cleanup_free uint16_t *display_w = service_wide(display_name, &ok);
    layer_cleanup_free uint16_t *path_w = service_wide(path, &ok);
    layer_cleanup_free uint16_t *group_w = service_wide(group, &ok);
    layer_cleanup_free uint16_t *dependencies_w = service_wide_list(dependencies, &ok);
    layer_cleanup_free uint16_t *account_w = service_wide(account, &ok);
    layer_cleanup_free uint16_t *password_w = service_wide(password, &ok);
    if (!ok) {
        service_result(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    struct new_service s = {name_w,     display_w, path_w, group_w, dependencies_w, account_w,
                            password_w, access,    type,   start,   error_control,  tag};
    return create_service(manager, &s);
}

// After a failure the buffer holds an empty text, and its length is that of the smallest that the
// system works with.
static void no_name(void *out, DWORD *len, bool ansi)
{
    DWORD smallest = ansi ? 1 : 2;
    if (!out || *len < smallest)
        *len = smallest;
    else if (ansi)
        *(char *)out = 0;
    else
        *(uint16_t *)out = 0;
}

// *len is in characters, with the terminator where the caller gives it, without where it is
// returned. The ANSI functions ask for the bytes that the text takes in UTF-16, take a buffer that
// has room for the ANSI text all the same, and leave *len when they succeed.
static BOOL translate_name(uint32_t op, SC_HANDLE manager, const uint16_t *name, void *out,
                           DWORD *len, bool ansi)
{
    if (!manager)
        return service_result(ERROR_INVALID_HANDLE);
    if (!name || !len)
        return service_result(ERROR_INVALID_ADDRESS);
    service_cleanup_call struct service_call call;
    service_call_begin(&call, op, SERVICE_CALL_LARGE, SERVICE_CALL_LARGE);
    wire_put_str16(&call.w, str16_of(name));
    DWORD error = service_call_send(&call, manager);
    if (error != ERROR_SUCCESS) {
        no_name(out, len, ansi);
        return service_result(error);
    }
    struct str16 found = wire_get_str16(&call.r);
    size_t room = ansi ? service_text_size(found, true) : found.len + 1;
    DWORD told = (DWORD)(ansi ? found.len * sizeof(uint16_t) : found.len);
    if (out && *len >= room) {
        service_text_write(out, found, ansi);
        if (!ansi)
            *len = told;
        return TRUE;
    }
    no_name(out, len, ansi);
    *len = told;
    return service_result(ERROR_INSUFFICIENT_BUFFER);
}

BOOL WINAPI service_GetServiceDisplayNameW(SC_HANDLE manager, LPCWSTR name, LPWSTR out, LPDWORD len)
{
    return translate_name(SCM_DISPLAY_NAME, manager, (const uint16_t *)name, out, len, false);
}

BOOL WINAPI service_GetServiceKeyNameW(SC_HANDLE manager, LPCWSTR name, LPWSTR out, LPDWORD len)
{
    return translate_name(SCM_KEY_NAME, manager, (const uint16_t *)name, out, len, false);
}

static BOOL translate_name_a(uint32_t op, SC_HANDLE manager, const char *name, char *out,
                             DWORD *len)
{
    bool ok = true;
    layer_cleanup_free uint16_t *name_w = service_wide(name, &ok);
    return ok ? translate_name(op, manager, name_w, out, len, true)
              : service_result(ERROR_NOT_ENOUGH_MEMORY);
}

BOOL WINAPI service_GetServiceDisplayNameA(SC_HANDLE manager, LPCSTR name, LPSTR out, LPDWORD len)
{
    return translate_name_a(SCM_DISPLAY_NAME, manager, name, out, len);
}

BOOL WINAPI service_GetServiceKeyNameA(SC_HANDLE manager, LPCSTR name, LPSTR out, LPDWORD len)
{
    return translate_name_a(SCM_KEY_NAME, manager, name, out, len);
}

SC_LOCK WINAPI service_LockServiceDatabase(SC_HANDLE manager)
{
    HANDLE lock = NULL;
    service_cleanup_call struct service_call call;
    service_call_begin(&call, SCM_LOCK, SERVICE_CALL_SMALL, SERVICE_CALL_SMALL);
    DWORD error = service_call_send(&call, manager);
    if (error == ERROR_SUCCESS)
        error = service_adopt(wire_get_u64(&call.r), &lock);
    return service_result(error) ? (SC_LOCK)lock : NULL;
}

BOOL WINAPI service_UnlockServiceDatabase(SC_LOCK lock)
{
    if (!service_is_handle((HANDLE)lock))
        return service_result(ERROR_INVALID_SERVICE_LOCK);
    service_close((HANDLE)lock);
    return TRUE;
}

static BOOL lock_status(SC_HANDLE manager, void *out, DWORD size, DWORD *needed, bool ansi)
{
    if (!needed)
        return service_result(ERROR_INVALID_ADDRESS);
    service_cleanup_call struct service_call call;
    service_call_begin(&call, SCM_LOCK_STATUS, SERVICE_CALL_SMALL, SERVICE_CALL_LARGE);
    DWORD error = service_call_send(&call, manager);
    if (error != ERROR_SUCCESS)
        return service_result(error);
    uint32_t locked = wire_get_u32(&call.r), seconds = wire_get_u32(&call.r);
    struct str16 owner = wire_get_str16(&call.r);
    *needed = (DWORD)(sizeof(QUERY_SERVICE_LOCK_STATUSW) + service_text_size(owner, ansi));
    if (!out || size < *needed)
        return service_result(ERROR_INSUFFICIENT_BUFFER);
    QUERY_SERVICE_LOCK_STATUSW *status = out;
    status->fIsLocked = locked;
    status->dwLockDuration = seconds;
    status->lpLockOwner = (WCHAR *)(status + 1);
    service_text_write(status->lpLockOwner, owner, ansi);
    return TRUE;
}

BOOL WINAPI service_QueryServiceLockStatusW(SC_HANDLE manager, LPQUERY_SERVICE_LOCK_STATUSW out,
                                            DWORD size, LPDWORD needed)
{
    return lock_status(manager, out, size, needed, false);
}

BOOL WINAPI service_QueryServiceLockStatusA(SC_HANDLE manager, LPQUERY_SERVICE_LOCK_STATUSA out,
                                            DWORD size, LPDWORD needed)
{
    return lock_status(manager, out, size, needed, true);
}

// Whether the machine started well is the host's to know; a VM's word on it changes nothing. As the
// documented function does, this asks for the right.
BOOL WINAPI service_NotifyBootConfigStatus(BOOL acceptable)
{
    HANDLE handle = NULL;
    DWORD error = open_manager(NULL, NULL, SC_RIGHT_MODIFY_BOOT_CONFIG, &handle);
    (void)acceptable;
    if (error == ERROR_SUCCESS)
        service_close(handle);
    return service_result(error);
}
