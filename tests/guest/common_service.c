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
