// A service that does nothing until it is told to stop; run with an argument it is a program that
// does nothing until it is ended.
#include <windows.h>

int wmain(int argc, wchar_t **argv);

static SERVICE_STATUS_HANDLE reporter;
static HANDLE stop;

static void report(DWORD state)
{
    SERVICE_STATUS status = {
        .dwServiceType = SERVICE_WIN32_OWN_PROCESS,
        .dwCurrentState = state,
        .dwControlsAccepted = state == SERVICE_RUNNING ? SERVICE_ACCEPT_STOP : 0,
    };
    SetServiceStatus(reporter, &status);
}

static DWORD WINAPI control(DWORD code, DWORD type, void *data, void *context)
{
    (void)type, (void)data, (void)context;
    if (code == SERVICE_CONTROL_STOP)
        SetEvent(stop);
    return code == SERVICE_CONTROL_STOP || code == SERVICE_CONTROL_INTERROGATE
               ? NO_ERROR
               : ERROR_CALL_NOT_IMPLEMENTED;
}

static void WINAPI service(DWORD argc, wchar_t **argv)
{
    (void)argc, (void)argv;
    stop = CreateEventW(NULL, TRUE, FALSE, NULL);
    reporter = RegisterServiceCtrlHandlerExW(L"", control, NULL);
    report(SERVICE_RUNNING);
    WaitForSingleObject(stop, INFINITE);
    report(SERVICE_STOPPED);
}

int wmain(int argc, wchar_t **argv)
{
    SERVICE_TABLE_ENTRYW table[] = {{(wchar_t[]){L""}, service}, {NULL, NULL}};
    (void)argv;
    if (argc > 1)
        Sleep(INFINITE);
    return StartServiceCtrlDispatcherW(table) ? 0 : 1;
}
