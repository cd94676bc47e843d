// NotifyServiceStatusChange and its kin, which Wine has in part.
#include "calls.h"
#include "../common_service.h"

#include <stdio.h>
#include <string.h>

typedef DWORD WINAPI notify_call(SC_HANDLE, DWORD, void *);

static int calls;

static void CALLBACK called(void *parameter)
{
    struct service_notify *n = parameter;
    calls++;
    tell("told: %lu, context %d, state %lu, triggered %lx", n->error, n->context == &calls,
         n->status.dwCurrentState, n->triggered);
    // A list: '/' before what was made.
    for (wchar_t *text = n->names; text && *text; text += wcslen(text) + 1)
        tell("told: of %ls", text);
    LocalFree(n->names);
}

static void wait_for_call(int count)
{
    for (int i = 0; i < 600 && calls < count; i++)
        SleepEx(100, TRUE);
    tell("told %d times", calls);
}

static void prepare(struct service_notify *n)
{
    memset(n, 0, sizeof(*n));
    n->version = 2;
    n->callback = called;
    n->context = &calls;
}

// On a handle of its own: Wine takes these.
static void refused(notify_call *notify, DWORD mask, DWORD version, const char *what)
{
    static struct service_notify n; // it stays, as what Wine has taken may still use it
    SC_HANDLE service = OpenServiceW(manager, name, SERVICE_ALL_ACCESS);
    prepare(&n);
    n.version = version;
    tell("notify %s: %lu", what, notify(service, mask, &n));
    CloseServiceHandle(service);
    SleepEx(10, TRUE);
}

static void of_a_service(notify_call *notify)
{
    SC_HANDLE service = make_service(name, L"service PlumeGuestC", NULL);
    struct service_notify n, second;
    SERVICE_STATUS status;
    prepare(&n);
    prepare(&second);
    tell("notify of nothing: %lu", notify(NULL, 1, &n));
    refused(notify, 0, 2, "of no change");
    refused(notify, 0x400, 2, "of an unknown change");
    refused(notify, 0x80, 2, "of a new service on a service");
    refused(notify, 0x10, 7, "in an unknown version");
    SC_HANDLE less = OpenServiceW(manager, name, SERVICE_START);
    tell("notify without the right: %lu", notify(less, 1, &n));
    CloseServiceHandle(less);
    SC_HANDLE other = OpenServiceW(manager, name, SERVICE_ALL_ACCESS);
    calls = 0;
    tell("notify: of what is already so: %lu", notify(service, 1 | 8, &n));
    wait_for_call(1);
    tell("notify: of the next: %lu", notify(service, 1 | 8, &n));
    tell("notify: twice on a handle: %lu", notify(service, 1 | 8, &second));
    tell("notify: on another handle: %lu", notify(other, 8, &second));
    SleepEx(0, TRUE);
    tell("told %d times before the start", calls);
    TRY(StartServiceW(service, 0, NULL), "notify: start");
    wait_for_call(3);
    // Who closes the handle is not told any more.
    tell("notify: before closing: %lu", notify(other, 0x40, &second));
    CloseServiceHandle(other);
    tell("notify: of pausing and stopping: %lu", notify(service, 0x40 | 1, &n));
    TRY(ControlService(service, SERVICE_CONTROL_PAUSE, &status), "notify: pause");
    wait_for_call(4);
    tell("notify: of the next, again: %lu", notify(service, 0x40 | 1, &n));
    TRY(ControlService(service, SERVICE_CONTROL_STOP, &status), "notify: stop");
    wait_for_call(5);
    wait_for_state(service, SERVICE_STOPPED);

    calls = 0;
    tell("deletion: notify: %lu", notify(service, 0x200 | 8, &n));
    TRY(DeleteService(service), "deletion: delete");
    for (int i = 0; i < 30 && !calls; i++)
        SleepEx(10, TRUE);
    tell("deletion: told %d times", calls);
    tell("deletion: notify of what is marked: %lu", notify(service, 8, &second));
    CloseServiceHandle(service);
    SleepEx(10, TRUE);
}

static void of_the_database(notify_call *notify)
{
    struct service_notify n;
    prepare(&n);
    calls = 0;
    SC_HANDLE own = OpenSCManagerW(NULL, NULL, SC_MANAGER_ENUMERATE_SERVICE);
    SC_HANDLE less = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
    tell("database: without the right: %lu", notify(less, 0x80, &n));
    tell("database: a state: %lu", notify(own, 1, &n));
    DWORD error = notify(own, 0x80 | 0x100, &n);
    tell("database: %lu", error);
    if (error == ERROR_SUCCESS) { // not on Wine
        SC_HANDLE service = make_service(name, L"service", NULL);
        for (int i = 0; i < 600 && !calls; i++)
            SleepEx(100, TRUE);
        tell("database: told %d times", calls);
        remove_service(service);
        prepare(&n);
        tell("database: again %lu", notify(own, 0x80 | 0x100, &n));
        for (int i = 0; i < 600 && calls < 2; i++)
            SleepEx(100, TRUE);
        tell("database: told %d times", calls);
    }
    CloseServiceHandle(less);
    CloseServiceHandle(own);
    SleepEx(10, TRUE);
}

void notifications(void)
{
    HMODULE advapi32 = GetModuleHandleW(L"advapi32.dll");
    notify_call *notify =
        (notify_call *)(void *)GetProcAddress(advapi32, "NotifyServiceStatusChangeW");
    tell("NotifyServiceStatusChangeW: %d", notify != NULL);
    if (!notify)
        return;
    of_a_service(notify);
    of_the_database(notify);
}
