// What concerns the machine: a VM is refused what a user without the privilege is. What Windows
// would do to the machine itself is not tried natively: those lines are the VM's own.
#include "common_step.h"
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <winternl.h>

static void *call(const char *name)
{
    return (void *)GetProcAddress(GetModuleHandleW(L"ntdll.dll"), name);
}

/* Only a VM's answers: on Wine the native ones are those of stubs. */
static void vm_only(const char *name, const char *function, NTSTATUS status)
{
    printf("differs: %s: %s %08lx\n", name, function, (unsigned long)status);
}

static void refused(void)
{
    typedef NTSTATUS(NTAPI * one)(void *);
    typedef NTSTATUS(NTAPI * two)(void *, void *);
    typedef NTSTATUS(NTAPI * three)(ULONG, void *, ULONG);
    typedef NTSTATUS(NTAPI * six)(ULONG, void *, ULONG, void *, ULONG, ULONG *);
    UNICODE_STRING name;
    one load = (one)call("NtLoadDriver"), unload = (one)call("NtUnloadDriver");
    RtlInitUnicodeString(&name,
                         L"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\plume-none");
    vm_only("driver", "load", load(&name));
    vm_only("driver", "unload", unload(&name));
    three set = (three)call("NtSetSystemInformation");
    ULONG value[16] = {0};
    vm_only("information", "class 21", set(21, value, sizeof value));
    six debug = (six)call("NtSystemDebugControl");
    vm_only("debugger", "command 99", debug(99, NULL, 0, NULL, 0, NULL));

    // An hour from now, which no host lets a program of a test set.
    two set_time = (two)call("NtSetSystemTime");
    LARGE_INTEGER now, later, then;
    GetSystemTimeAsFileTime((FILETIME *)&now);
    later.QuadPart = now.QuadPart + 3600LL * 10000000;
    say("clock", "%08lx", (unsigned long)set_time(&later, NULL));
    GetSystemTimeAsFileTime((FILETIME *)&then);
    say("clock", "%s", then.QuadPart - now.QuadPart < 1800LL * 10000000 ? "as before" : "changed");
    SYSTEMTIME time;
    GetSystemTime(&time);
    time.wYear++;
    step("clock: by Win32", SetSystemTime(&time));
}

static void privileges(void)
{
    static const WCHAR *const names[] = {L"SeShutdownPrivilege", L"SeLoadDriverPrivilege",
                                         L"SeDebugPrivilege", L"SeSystemtimePrivilege"};
    HANDLE token;
    step("privileges: token",
         OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY | TOKEN_ADJUST_PRIVILEGES, &token));
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        TOKEN_PRIVILEGES wanted = {.PrivilegeCount = 1}, before;
        DWORD size = 0;
        char line[60];
        snprintf(line, sizeof line, "privileges: %ls", names[i]);
        step(line, LookupPrivilegeValueW(NULL, names[i], &wanted.Privileges[0].Luid));
        wanted.Privileges[0].Attributes = SE_PRIVILEGE_ENABLED;
        SetLastError(0);
        step(line, AdjustTokenPrivileges(token, FALSE, &wanted, sizeof before, &before, &size));
        step_code(line, GetLastError());
    }
    CloseHandle(token);
}

static void reads(void)
{
    typedef NTSTATUS(NTAPI * power)(ULONG, void *, ULONG, void *, ULONG);
    typedef NTSTATUS(NTAPI * query)(ULONG, void *, ULONG, ULONG *);
    power ask = (power)call("NtPowerInformation");
    query system = (query)call("NtQuerySystemInformation");
    uint8_t buffer[512];
    ULONG size = 0;
    say("power: capabilities", "%08lx", (unsigned long)ask(4, NULL, 0, buffer, 76));
    say("power: no such level", "%08lx", (unsigned long)ask(999, NULL, 0, buffer, sizeof buffer));
    say("system: time of day", "%08lx", (unsigned long)system(3, buffer, 48, &size));
    say("system: no such class", "%08lx", (unsigned long)system(0x7777, buffer, 48, &size));
    say("thread's execution state", "%s", SetThreadExecutionState(ES_SYSTEM_REQUIRED) ? "ok" : "0");
}

/* A restart of another machine fails everywhere; in a VM nothing is asked for it. */
static void shutting_down(void)
{
    HMODULE advapi = GetModuleHandleW(L"advapi32.dll");
    BOOL(WINAPI * abort_it)(WCHAR *) = (void *)GetProcAddress(advapi, "AbortSystemShutdownW");
    SetLastError(0);
    BOOL done = abort_it(NULL);
    printf("differs: shutting down: none to be called off: %d, %lu\n", done,
           done ? 0 : GetLastError());
}

int main(void)
{
    refused();
    privileges();
    reads();
    shutting_down();
    return 0;
}
