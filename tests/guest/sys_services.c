// The system's own services that have a program but no client of their own here: each is started,
// asked for its state and configuration, and stopped. What follows is what the platform's service
// says, so the same natively and in a VM.
#include <winsock2.h>
#include <windows.h>
#include <stdio.h>
#include "common_service.h"
#include "common_step.h"

static void say_service(const wchar_t *name)
{
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
    SC_HANDLE service = OpenServiceW(manager, name, SERVICE_QUERY_STATUS | SERVICE_QUERY_CONFIG);
    if (!step("opened", service != NULL)) {
        CloseServiceHandle(manager);
        return;
    }
    SERVICE_STATUS status = {0};
    step("asked", QueryServiceStatus(service, &status));
    say("status", "type %lu state %lu accepts %lu", status.dwServiceType, status.dwCurrentState,
        status.dwControlsAccepted);
    union {
        QUERY_SERVICE_CONFIGW config;
        BYTE bytes[8192];
    } found;
    DWORD needed;
    if (step("configuration", QueryServiceConfigW(service, &found.config, sizeof found, &needed)))
        say("is", "type %lu, start type %lu, %ls, %ls", found.config.dwServiceType,
            found.config.dwStartType, found.config.lpBinaryPathName, found.config.lpDisplayName);
    CloseServiceHandle(service);
    CloseServiceHandle(manager);
}

int main(void)
{
    static const wchar_t *const names[] = {L"FontCache", L"TermService", L"wuauserv",
                                           L"PlugPlay",  L"MSIServer",   L"Winmgmt"};
    for (unsigned i = 0; i < sizeof names / sizeof *names; ++i) {
        printf("-- %ls\n", names[i]);
        service_running(names[i]);
        say_service(names[i]);
        service_stopped(names[i]);
        say_service(names[i]);
    }
    return 0;
}
