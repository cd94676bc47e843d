#include "layer/power.h"
#include "core/machine.h"
#include "layer/modules.h"
#include "layer/service_call.h"

// A restart and a log-off stop the VM, too: whoever wants it up again starts it.

enum { PRIVILEGE_SHUTDOWN = 19 }; // SeShutdownPrivilege's number, the same everywhere

bool power_allowed(void)
{
    layer_cleanup_handle HANDLE token = NULL;
    PRIVILEGE_SET set = {
        .PrivilegeCount = 1,
        .Control = PRIVILEGE_SET_ALL_NECESSARY,
        .Privilege = {{.Luid = {PRIVILEGE_SHUTDOWN, 0}}},
    };
    BOOLEAN held = FALSE;

    // dlls/user32/user_main.c, dlls/advapi32/advapi.c and ntdll ask for no privilege.
    if (layer_is_wine())
        return true;
    NTSTATUS status = real.NtOpenThreadToken(NtCurrentThread(), TOKEN_QUERY, TRUE, &token);
    if (status == STATUS_NO_TOKEN)
        status = real.NtOpenProcessToken(NtCurrentProcess(), TOKEN_QUERY, &token);
    if (!status)
        status = real.NtPrivilegeCheck(token, &set, &held);
    return !status && held;
}

static DWORD ask(uint32_t op, DWORD seconds)
{
    HANDLE handle;
    DWORD error = service_connect(&handle);
    if (error != ERROR_SUCCESS)
        return error;
    service_cleanup_call struct service_call call;
    service_call_begin(&call, op, SERVICE_CALL_SMALL, SERVICE_CALL_SMALL);
    wire_put_u32(&call.w, SCM_VERSION);
    if (op == SCM_SHUT_DOWN)
        wire_put_u32(&call.w, seconds);
    error = service_call_send(&call, handle);
    real.NtClose(handle);
    return error;
}

DWORD power_shut_down(DWORD seconds)
{
    return ask(SCM_SHUT_DOWN, seconds);
}

static BOOL WINAPI power_ExitWindowsEx(UINT flags, DWORD reason)
{
    (void)reason;
    layer_wake();
    if (machine_exit_needs_privilege(flags) && !power_allowed())
        return service_result(ERROR_PRIVILEGE_NOT_HELD);
    DWORD error = power_shut_down(0);
    return service_result(error == ERROR_SHUTDOWN_IN_PROGRESS ? ERROR_SUCCESS : error);
}

/* Whether a machine's name means this one; another's shutting down is not to be had from a VM. */
static bool is_here(struct str16 machine)
{
    while (machine.len && *machine.s == '\\')
        machine = str16_skip(machine, 1);
    return !machine.len || str16_equal_ascii(machine, "localhost") ||
           str16_equal_ascii(machine, "127.0.0.1") || str16_equal_ascii(machine, ".");
}

static DWORD initiate(const uint16_t *machine, DWORD seconds)
{
    if (!is_here(service_text(machine)))
        return ERROR_BAD_NETPATH;
    return power_allowed() ? power_shut_down(seconds) : ERROR_ACCESS_DENIED;
}

static DWORD initiate_ansi(const char *machine, DWORD seconds)
{
    bool ok = true;
    layer_cleanup_free uint16_t *wide = service_wide(machine, &ok);
    return ok ? initiate(wide, seconds) : ERROR_NOT_ENOUGH_MEMORY;
}

static BOOL WINAPI power_InitiateSystemShutdownW(const uint16_t *machine, const uint16_t *message,
                                                 DWORD seconds, BOOL force, BOOL restart)
{
    (void)message;
    (void)force;
    (void)restart;
    return service_result(initiate(machine, seconds));
}

static BOOL WINAPI power_InitiateSystemShutdownA(const char *machine, const char *message,
                                                 DWORD seconds, BOOL force, BOOL restart)
{
    (void)message;
    (void)force;
    (void)restart;
    return service_result(initiate_ansi(machine, seconds));
}

static BOOL WINAPI power_InitiateSystemShutdownExW(const uint16_t *machine, const uint16_t *message,
                                                   DWORD seconds, BOOL force, BOOL restart,
                                                   DWORD reason)
{
    (void)reason;
    return power_InitiateSystemShutdownW(machine, message, seconds, force, restart);
}

static BOOL WINAPI power_InitiateSystemShutdownExA(const char *machine, const char *message,
                                                   DWORD seconds, BOOL force, BOOL restart,
                                                   DWORD reason)
{
    (void)reason;
    return power_InitiateSystemShutdownA(machine, message, seconds, force, restart);
}

static DWORD WINAPI power_InitiateShutdownW(const uint16_t *machine, const uint16_t *message,
                                            DWORD seconds, DWORD flags, DWORD reason)
{
    (void)message;
    (void)flags;
    (void)reason;
    return initiate(machine, seconds);
}

static DWORD WINAPI power_InitiateShutdownA(const char *machine, const char *message, DWORD seconds,
                                            DWORD flags, DWORD reason)
{
    (void)message;
    (void)flags;
    (void)reason;
    return initiate_ansi(machine, seconds);
}

static DWORD abort_here(const uint16_t *machine)
{
    if (!is_here(service_text(machine)))
        return ERROR_BAD_NETPATH;
    return power_allowed() ? ask(SCM_ABORT_SHUT_DOWN, 0) : ERROR_ACCESS_DENIED;
}

static BOOL WINAPI power_AbortSystemShutdownW(const uint16_t *machine)
{
    return service_result(abort_here(machine));
}

static BOOL WINAPI power_AbortSystemShutdownA(const char *machine)
{
    bool ok = true;
    layer_cleanup_free uint16_t *wide = service_wide(machine, &ok);
    return service_result(ok ? abort_here(wide) : ERROR_NOT_ENOUGH_MEMORY);
}

const struct layer_export_patch power_exports[] = {
    {"ExitWindowsEx", (void *)power_ExitWindowsEx, NULL},
    {"InitiateSystemShutdownW", (void *)power_InitiateSystemShutdownW, NULL},
    {"InitiateSystemShutdownA", (void *)power_InitiateSystemShutdownA, NULL},
    {"InitiateSystemShutdownExW", (void *)power_InitiateSystemShutdownExW, NULL},
    {"InitiateSystemShutdownExA", (void *)power_InitiateSystemShutdownExA, NULL},
    {"InitiateShutdownW", (void *)power_InitiateShutdownW, NULL},
    {"InitiateShutdownA", (void *)power_InitiateShutdownA, NULL},
    {"AbortSystemShutdownW", (void *)power_AbortSystemShutdownW, NULL},
    {"AbortSystemShutdownA", (void *)power_AbortSystemShutdownA, NULL},
};

const size_t power_exports_count = sizeof(power_exports) / sizeof(*power_exports);
