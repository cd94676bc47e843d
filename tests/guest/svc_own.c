// A service program. Started by a service control manager with the argument "service" it runs the
// services PlumeGuestA and PlumeGuestB, or with a second argument the service of that name, and
// with "ansi" behind it by the functions in ANSI; run by hand, it shows that the dispatcher refuses
// that.
//
// As a service: the first start argument may be "fail" (stops at once with the service's own error
// 42), "slow" (starts in four steps), "deaf" (does not stop when told) or "crash" (ends without a
// word). Control 128 reports the number of arguments as the wait hint and the length of the
// service's name as the check point; 129 ends the process.
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct service {
    SERVICE_STATUS_HANDLE handle;
    SERVICE_STATUS status;
    HANDLE stop;
    DWORD count, name_len;
    BOOL deaf;
};

static void report(struct service *s, DWORD state)
{
    if (state == SERVICE_STOPPED)
        s->status.dwControlsAccepted = 0;
    s->status.dwCurrentState = state;
    SetServiceStatus(s->handle, &s->status);
}

static DWORD WINAPI handle_control(DWORD control, DWORD type, void *data, void *context)
{
    struct service *s = context;
    (void)type;
    (void)data;
    switch (control) {
    case SERVICE_CONTROL_STOP:
    case SERVICE_CONTROL_SHUTDOWN:
        if (s->deaf)
            return NO_ERROR;
        s->status.dwWaitHint = 3000;
        report(s, SERVICE_STOP_PENDING);
        SetEvent(s->stop);
        return NO_ERROR;
    case SERVICE_CONTROL_PAUSE:
        report(s, SERVICE_PAUSED);
        return NO_ERROR;
    case SERVICE_CONTROL_CONTINUE:
        report(s, SERVICE_RUNNING);
        return NO_ERROR;
    case SERVICE_CONTROL_INTERROGATE:
        SetServiceStatus(s->handle, &s->status);
        return NO_ERROR;
    case 128:
        s->status.dwWaitHint = s->count;
        s->status.dwCheckPoint = s->name_len;
        SetServiceStatus(s->handle, &s->status);
        return NO_ERROR;
    case 129:
        ExitProcess(7);
    default:
        return ERROR_CALL_NOT_IMPLEMENTED;
    }
}

static void run(const wchar_t *registered, DWORD count, wchar_t **arguments)
{
    struct service *s = calloc(1, sizeof(*s));
    const wchar_t *mode = count > 1 ? arguments[1] : L"";
    s->status.dwServiceType = SERVICE_WIN32_OWN_PROCESS;
    s->status.dwControlsAccepted =
        SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_PAUSE_CONTINUE | SERVICE_ACCEPT_SHUTDOWN;
    s->stop = CreateEventW(NULL, TRUE, FALSE, NULL);
    s->count = count;
    s->name_len = (DWORD)wcslen(arguments[0]);
    s->deaf = wcscmp(mode, L"deaf") == 0;
    s->handle = RegisterServiceCtrlHandlerExW(registered, handle_control, s);
    if (!s->handle)
        ExitProcess(3);
    if (wcscmp(mode, L"crash") == 0)
        ExitProcess(5);
    if (wcscmp(mode, L"fail") == 0) {
        s->status.dwWin32ExitCode = ERROR_SERVICE_SPECIFIC_ERROR;
        s->status.dwServiceSpecificExitCode = 42;
        report(s, SERVICE_STOPPED);
        return;
    }
    for (s->status.dwCheckPoint = 1; wcscmp(mode, L"slow") == 0 && s->status.dwCheckPoint <= 4;
         s->status.dwCheckPoint++) {
        s->status.dwWaitHint = 1000;
        report(s, SERVICE_START_PENDING);
        Sleep(100);
    }
    s->status.dwCheckPoint = s->status.dwWaitHint = 0;
    report(s, SERVICE_RUNNING);
    WaitForSingleObject(s->stop, INFINITE);
    Sleep(50);
    s->status.dwWaitHint = 0;
    report(s, SERVICE_STOPPED);
}

static void WINAPI main_a(DWORD count, wchar_t **arguments)
{
    run(arguments[0], count, arguments);
}

static void WINAPI main_b(DWORD count, wchar_t **arguments)
{
    run(arguments[0], count, arguments);
}

// Both of the functions that register a handler in ANSI, the later one counts.
static void WINAPI plain_control(DWORD control)
{
    (void)control;
}

static struct service ansi_service;

static void WINAPI main_ansi(DWORD count, char **arguments)
{
    struct service *s = &ansi_service;
    s->status.dwServiceType = SERVICE_WIN32_OWN_PROCESS;
    s->status.dwControlsAccepted = SERVICE_ACCEPT_STOP;
    s->stop = CreateEventW(NULL, TRUE, FALSE, NULL);
    s->count = count;
    s->name_len = (DWORD)strlen(arguments[0]);
    if (!RegisterServiceCtrlHandlerA(arguments[0], plain_control) ||
        !RegisterServiceCtrlHandlerW(L"PlumeGuestC", plain_control))
        ExitProcess(4);
    s->handle = RegisterServiceCtrlHandlerExA(arguments[0], handle_control, s);
    report(s, SERVICE_RUNNING);
    WaitForSingleObject(s->stop, INFINITE);
    s->status.dwWaitHint = 0;
    report(s, SERVICE_STOPPED);
}

static int run_in_ansi(const wchar_t *service)
{
    char name[64];
    snprintf(name, sizeof name, "%ls", service);
    SERVICE_TABLE_ENTRYA table[] = {{name, main_ansi}, {NULL, NULL}};
    return StartServiceCtrlDispatcherA(table) ? 0 : (int)GetLastError();
}

int wmain(int argc, wchar_t **argv);

int wmain(int argc, wchar_t **argv)
{
    SERVICE_TABLE_ENTRYW table[] = {
        {(wchar_t *)L"PlumeGuestA", main_a}, {(wchar_t *)L"PlumeGuestB", main_b}, {NULL, NULL}};
    if (argc > 3 && wcscmp(argv[3], L"ansi") == 0)
        return run_in_ansi(argv[2]);
    if (argc > 2)
        table[0].lpServiceName = argv[2];
    if (argc > 1 && wcscmp(argv[1], L"nothing") == 0) // a program that is no service
        return 0;
    BOOL ok = StartServiceCtrlDispatcherW(table);
    DWORD error = GetLastError();
    if (argc > 1)
        return ok ? 0 : (int)error;
    printf("dispatcher without a manager: %d, error %lu\n", ok, ok ? 0 : error);
    SERVICE_STATUS_HANDLE handle =
        RegisterServiceCtrlHandlerExW(L"PlumeGuestA", handle_control, NULL);
    printf("handler without a dispatcher: %s\n", handle ? "registered" : "refused");
    return 0;
}
