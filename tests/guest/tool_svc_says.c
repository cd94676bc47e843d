// A service that says things: started with the argument "service NAME" it runs the service of that
// name, writes to standard output and error, reports an event to the source of its name, and runs
// until it is told to stop. The first start argument may be "fail" (says why and stops with the
// service's own error 7), "flood N" (writes N lines first) or "mute" (nothing but its states).
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const wchar_t *name;
static SERVICE_STATUS_HANDLE handle;
static HANDLE stop;

static void report(DWORD state, DWORD code)
{
    SERVICE_STATUS status = {.dwServiceType = SERVICE_WIN32_OWN_PROCESS,
                             .dwCurrentState = state,
                             .dwControlsAccepted =
                                 state == SERVICE_RUNNING || state == SERVICE_PAUSED
                                     ? SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_PAUSE_CONTINUE
                                     : 0,
                             .dwWin32ExitCode = code ? ERROR_SERVICE_SPECIFIC_ERROR : 0,
                             .dwServiceSpecificExitCode = code};
    SetServiceStatus(handle, &status);
}

static DWORD WINAPI control(DWORD code, DWORD type, void *data, void *context)
{
    (void)type;
    (void)data;
    (void)context;
    if (code == SERVICE_CONTROL_STOP) {
        printf("told to stop\n");
        fflush(stdout);
        report(SERVICE_STOP_PENDING, 0);
        SetEvent(stop);
    } else if (code == SERVICE_CONTROL_PAUSE) {
        report(SERVICE_PAUSED, 0);
    } else if (code == SERVICE_CONTROL_CONTINUE) {
        report(SERVICE_RUNNING, 0);
    }
    return NO_ERROR;
}

static void event(WORD type, DWORD id, const wchar_t *text)
{
    HANDLE source = RegisterEventSourceW(NULL, name);
    ReportEventW(source, type, 0, id, NULL, 1, 0, &text, NULL);
    DeregisterEventSource(source);
}

static void WINAPI service_main(DWORD count, wchar_t **arguments)
{
    const wchar_t *mode = count > 1 ? arguments[1] : L"";
    stop = CreateEventW(NULL, TRUE, FALSE, NULL);
    handle = RegisterServiceCtrlHandlerExW(name, control, NULL);
    if (wcscmp(mode, L"fail") == 0) {
        fprintf(stderr, "there is no configuration\n");
        report(SERVICE_STOPPED, 7);
        return;
    }
    if (wcscmp(mode, L"flood") == 0) {
        for (int i = 0, n = count > 2 ? _wtoi(arguments[2]) : 1000; i < n; i++)
            printf("line %d of the flood, which is long enough to fill files soon enough\n", i);
    }
    if (wcscmp(mode, L"mute") != 0) {
        printf("hello from standard output\nwithout an end");
        fflush(stdout);
        fprintf(stderr, "hello from standard error\n");
        event(EVENTLOG_INFORMATION_TYPE, 0xc1, L"the first string");
    }
    fflush(stdout);
    report(SERVICE_RUNNING, 0);
    WaitForSingleObject(stop, INFINITE);
    report(SERVICE_STOPPED, 0);
}

int wmain(int argc, wchar_t **argv);

int wmain(int argc, wchar_t **argv)
{
    if (argc < 3 || wcscmp(argv[1], L"service") != 0)
        return 2;
    name = argv[2];
    SERVICE_TABLE_ENTRYW table[] = {{argv[2], service_main}, {NULL, NULL}};
    return StartServiceCtrlDispatcherW(table) ? 0 : (int)GetLastError();
}
