#include "core/machine.h"
#include "layer/guard.h"
#include "layer/power.h"
#include "layer/trace.h"

// The machine is not a VM's to change: what would is answered as for a user who has not got the
// privilege, without the system being asked.

#define REFUSED_1(name, A)                                                                         \
    NTSTATUS NTAPI layer_##name(A a)                                                               \
    {                                                                                              \
        (void)a;                                                                                   \
        return trace_refuse(TRACE_CALL, STATUS_PRIVILEGE_NOT_HELD);                                \
    }
#define REFUSED_2(name, A, B)                                                                      \
    NTSTATUS NTAPI layer_##name(A a, B b)                                                          \
    {                                                                                              \
        (void)a;                                                                                   \
        (void)b;                                                                                   \
        return trace_refuse(TRACE_CALL, STATUS_PRIVILEGE_NOT_HELD);                                \
    }

/* The key of the driver's service is what a person knows it by. */
static NTSTATUS refuse_driver(const char *call, const UNICODE_STRING *name)
{
    const struct trace_what what = {TRACE_MACHINE, TRACE_DENIED, call, STATUS_PRIVILEGE_NOT_HELD,
                                    0};
    layer_wake();
    if (!guard_readable(name, sizeof *name) || !guard_readable(name->Buffer, name->Length))
        return trace_refuse(call, what.status);
    trace_put(&what, (struct str16){0}, str16_of_unicode(name));
    return what.status;
}

NTSTATUS NTAPI layer_NtLoadDriver(UNICODE_STRING *name)
{
    return refuse_driver(TRACE_CALL, name);
}

NTSTATUS NTAPI layer_NtUnloadDriver(UNICODE_STRING *name)
{
    return refuse_driver(TRACE_CALL, name);
}

// The firmware's variables, and the entries for booting that are kept there.
REFUSED_2(NtSetSystemEnvironmentValue, UNICODE_STRING *, UNICODE_STRING *)
REFUSED_2(NtAddBootEntry, void *, ULONG *)
REFUSED_1(NtModifyBootEntry, void *)
REFUSED_1(NtDeleteBootEntry, ULONG)
REFUSED_2(NtSetBootEntryOrder, ULONG *, ULONG)
REFUSED_2(NtSetBootOptions, void *, ULONG)
REFUSED_2(NtAddDriverEntry, void *, ULONG *)
REFUSED_1(NtModifyDriverEntry, void *)
REFUSED_1(NtDeleteDriverEntry, ULONG)
REFUSED_2(NtSetDriverEntryOrder, ULONG *, ULONG)

NTSTATUS NTAPI layer_NtSetSystemTime(LARGE_INTEGER *time, LARGE_INTEGER *before)
{
    if ((time && !guard_readable(time, sizeof *time)) ||
        (before && !guard_writable(before, sizeof *before)))
        return STATUS_ACCESS_VIOLATION;
    return trace_refuse(TRACE_CALL, STATUS_PRIVILEGE_NOT_HELD);
}

NTSTATUS NTAPI layer_NtSetSystemInformation(ULONG class, void *info, ULONG length)
{
    (void)class;
    (void)info;
    (void)length;
    return trace_refuse(TRACE_CALL, STATUS_PRIVILEGE_NOT_HELD);
}

// The default language is written to the registry by the kernel, past the layer.

NTSTATUS NTAPI layer_NtSetDefaultLocale(BOOLEAN user, ULONG locale)
{
    (void)user;
    (void)locale;
    return trace_refuse(TRACE_CALL, STATUS_ACCESS_DENIED);
}

NTSTATUS NTAPI layer_NtSetDefaultUILanguage(USHORT language)
{
    (void)language;
    return trace_refuse(TRACE_CALL, STATUS_ACCESS_DENIED);
}

NTSTATUS NTAPI layer_NtSetSystemEnvironmentValueEx(UNICODE_STRING *name, GUID *vendor, void *value,
                                                   ULONG length, ULONG attributes)
{
    (void)name;
    (void)vendor;
    (void)value;
    (void)length;
    (void)attributes;
    return trace_refuse(TRACE_CALL, STATUS_PRIVILEGE_NOT_HELD);
}

/* The debugger of the kernel: here the answer to a user without the privilege is another one
 * (SeDebugPrivilege; WRK's KdSystemDebugControl). */
NTSTATUS NTAPI layer_NtSystemDebugControl(ULONG command, void *in, ULONG in_length, void *out,
                                          ULONG out_length, ULONG *returned)
{
    (void)command;
    (void)in;
    (void)in_length;
    (void)out;
    (void)out_length;
    (void)returned;
    return trace_refuse(TRACE_CALL, STATUS_ACCESS_DENIED);
}

NTSTATUS NTAPI layer_NtRaiseHardError(NTSTATUS status, ULONG count, ULONG mask,
                                      ULONG_PTR *parameters, ULONG option, ULONG *response)
{
    if (machine_hard_error(option) == MACHINE_REFUSE)
        return trace_refuse(TRACE_CALL, STATUS_PRIVILEGE_NOT_HELD);
    return real.NtRaiseHardError(status, count, mask, parameters, option, response);
}

NTSTATUS NTAPI layer_NtSetInformationProcess(HANDLE process, PROCESSINFOCLASS class, void *info,
                                             ULONG length)
{
    if (machine_ends_with_process((uint32_t) class))
        return trace_refuse(TRACE_CALL, STATUS_PRIVILEGE_NOT_HELD);
    return real.NtSetInformationProcess(process, class, info, length);
}

NTSTATUS NTAPI layer_NtSetInformationThread(HANDLE thread, THREADINFOCLASS class, void *info,
                                            ULONG length)
{
    if (machine_ends_with_thread((uint32_t) class))
        return trace_refuse(TRACE_CALL, STATUS_PRIVILEGE_NOT_HELD);
    return real.NtSetInformationThread(thread, class, info, length);
}

NTSTATUS NTAPI layer_NtPowerInformation(ULONG level, void *in, ULONG in_length, void *out,
                                        ULONG out_length)
{
    if (machine_power_information(level, in && in_length) == MACHINE_REFUSE)
        return trace_refuse(TRACE_CALL, STATUS_PRIVILEGE_NOT_HELD);
    return real.NtPowerInformation(level, in, in_length, out, out_length);
}

/* Shutting down by a system call: the same as by the functions of Windows. */
static NTSTATUS shut_down(void)
{
    if (!power_allowed())
        return trace_refuse("NtShutdownSystem", STATUS_PRIVILEGE_NOT_HELD);
    DWORD error = power_shut_down(0);
    return error == ERROR_SUCCESS || error == ERROR_SHUTDOWN_IN_PROGRESS ? STATUS_SUCCESS
                                                                         : STATUS_UNSUCCESSFUL;
}

NTSTATUS NTAPI layer_NtShutdownSystem(ULONG action)
{
    (void)action; // without a restart, with one, without power: the VM stops
    layer_wake();
    return shut_down();
}

NTSTATUS NTAPI layer_NtInitiatePowerAction(ULONG action, ULONG state, ULONG flags, BOOLEAN async)
{
    enum machine_answer answer = machine_power_action(action);
    layer_wake();
    if (answer == MACHINE_STOP)
        return shut_down();
    return answer == MACHINE_PASS ? real.NtInitiatePowerAction(action, state, flags, async)
                                  : trace_refuse(TRACE_CALL, STATUS_PRIVILEGE_NOT_HELD);
}

NTSTATUS NTAPI layer_NtSetSystemPowerState(ULONG action, ULONG state, ULONG flags)
{
    enum machine_answer answer = machine_power_action(action);
    layer_wake();
    if (answer == MACHINE_STOP)
        return shut_down();
    return answer == MACHINE_PASS ? real.NtSetSystemPowerState(action, state, flags)
                                  : trace_refuse(TRACE_CALL, STATUS_PRIVILEGE_NOT_HELD);
}
