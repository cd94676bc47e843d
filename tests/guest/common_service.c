#include "common_step.h"
#include "common_service.h"
#include <stdio.h>

// How long a service may take. Generous: nothing depends on it but how long a failure takes.
#define PATIENCE_MS 60000

static SC_HANDLE opened(const wchar_t *name, DWORD access)
{
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT), service = NULL;
    if (manager) {
        service = OpenServiceW(manager, name, access);
        CloseServiceHandle(manager);
    }
    return service;
}

// Whether the service is in the state, now or soon.
static BOOL reaches(SC_HANDLE service, DWORD state)
{
    DWORD start = GetTickCount();
    SERVICE_STATUS status;
    do {
        if (!QueryServiceStatus(service, &status))
            return FALSE;
        if (status.dwCurrentState == state)
            return TRUE;
        Sleep(50);
    } while (GetTickCount() - start < PATIENCE_MS);
    return FALSE;
}

BOOL service_running(const wchar_t *name)
{
    SC_HANDLE service = opened(name, SERVICE_START | SERVICE_QUERY_STATUS);
    BOOL runs = FALSE;
    if (service &&
        (StartServiceW(service, 0, NULL) || GetLastError() == ERROR_SERVICE_ALREADY_RUNNING))
        runs = reaches(service, SERVICE_RUNNING);
    char text[100];
    snprintf(text, sizeof text, "%ls runs", name);
    step(text, runs);
    if (service)
        CloseServiceHandle(service);
    return runs;
}

void service_stopped(const wchar_t *name)
{
    SC_HANDLE service = opened(name, SERVICE_STOP | SERVICE_QUERY_STATUS);
    SERVICE_STATUS status;
    BOOL stopped = FALSE;
    if (service && (ControlService(service, SERVICE_CONTROL_STOP, &status) ||
                    GetLastError() == ERROR_SERVICE_NOT_ACTIVE))
        stopped = reaches(service, SERVICE_STOPPED);
    char text[100];
    snprintf(text, sizeof text, "%ls stopped", name);
    step(text, stopped);
    if (service)
        CloseServiceHandle(service);
}

static const wchar_t *own_name;
static void (*own_run)(HANDLE stop);
static HANDLE own_stop;
static SERVICE_STATUS_HANDLE own_handle;

static void report(DWORD state)
{
    SERVICE_STATUS status = {.dwServiceType = SERVICE_WIN32_OWN_PROCESS, .dwCurrentState = state};
    if (state == SERVICE_RUNNING)
        status.dwControlsAccepted = SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_SHUTDOWN;
    else if (state != SERVICE_STOPPED)
        status.dwWaitHint = PATIENCE_MS;
    SetServiceStatus(own_handle, &status);
}

static DWORD WINAPI handle_control(DWORD control, DWORD type, void *data, void *context)
{
    (void)type;
    (void)data;
    (void)context;
    if (control == SERVICE_CONTROL_STOP || control == SERVICE_CONTROL_SHUTDOWN) {
        report(SERVICE_STOP_PENDING);
        SetEvent(own_stop);
        return NO_ERROR;
    }
    return control == SERVICE_CONTROL_INTERROGATE ? NO_ERROR : ERROR_CALL_NOT_IMPLEMENTED;
}

static void WINAPI service_main(DWORD count, wchar_t **arguments)
{
    (void)count;
    (void)arguments;
    own_handle = RegisterServiceCtrlHandlerExW(own_name, handle_control, NULL);
    report(SERVICE_START_PENDING);
    own_run(own_stop);
    report(SERVICE_STOPPED);
}

int run_as_service(const wchar_t *service, void (*run)(HANDLE stop))
{
    SERVICE_TABLE_ENTRYW table[] = {{(wchar_t *)service, service_main}, {NULL, NULL}};
    own_name = service;
    own_run = run;
    own_stop = CreateEventW(NULL, TRUE, FALSE, NULL);
    return StartServiceCtrlDispatcherW(table) ? 0 : 1;
}

void service_reports_running(void)
{
    report(SERVICE_RUNNING);
}
