// A DLL with services for the system's own process of shared services: ServiceMain is where that
// looks for one, OtherMain what another service's settings name. Each says in its status which
// process it runs in: check point and wait hint are the process id and the thread's.
#include <windows.h>

struct service {
    SERVICE_STATUS_HANDLE handle;
    SERVICE_STATUS status;
    HANDLE stop;
};

static DWORD WINAPI handle_control(DWORD control, DWORD type, void *data, void *context)
{
    struct service *s = context;
    (void)type;
    (void)data;
    if (control == SERVICE_CONTROL_STOP || control == SERVICE_CONTROL_SHUTDOWN) {
        s->status.dwCurrentState = SERVICE_STOP_PENDING;
        SetServiceStatus(s->handle, &s->status);
        SetEvent(s->stop);
        return NO_ERROR;
    }
    return control == SERVICE_CONTROL_INTERROGATE ? NO_ERROR : ERROR_CALL_NOT_IMPLEMENTED;
}

static void run(const wchar_t *name)
{
    struct service *s = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof *s);
    if (!s)
        return;
    s->stop = CreateEventW(NULL, TRUE, FALSE, NULL);
    s->handle = RegisterServiceCtrlHandlerExW(name, handle_control, s);
    s->status.dwServiceType = SERVICE_WIN32_SHARE_PROCESS;
    s->status.dwControlsAccepted = SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_SHUTDOWN;
    s->status.dwCurrentState = SERVICE_RUNNING;
    s->status.dwCheckPoint = GetCurrentProcessId();
    s->status.dwWaitHint = GetCurrentThreadId();
    SetServiceStatus(s->handle, &s->status);
    WaitForSingleObject(s->stop, INFINITE);
    s->status.dwCheckPoint = s->status.dwWaitHint = 0;
    s->status.dwCurrentState = SERVICE_STOPPED;
    SetServiceStatus(s->handle, &s->status);
}

__declspec(dllexport) void WINAPI ServiceMain(DWORD count, wchar_t **arguments);
__declspec(dllexport) void WINAPI OtherMain(DWORD count, wchar_t **arguments);

void WINAPI ServiceMain(DWORD count, wchar_t **arguments)
{
    (void)count;
    run(arguments[0]);
}

void WINAPI OtherMain(DWORD count, wchar_t **arguments)
{
    (void)count;
    run(arguments[0]);
}
