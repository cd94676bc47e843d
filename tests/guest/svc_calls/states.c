// What a service answers in each of its states.
#include "calls.h"

#include <string.h>

static void status_sizes(SC_HANDLE service)
{
    char buffer[256];
    DWORD needed;
    for (DWORD size = 0; size <= sizeof(SERVICE_STATUS_PROCESS) + 4; size += 4) {
        needed = 7;
        TRY(QueryServiceStatusEx(service, SC_STATUS_PROCESS_INFO, (BYTE *)buffer, size, &needed),
            "status in %lu bytes", size);
        if (size < sizeof(SERVICE_STATUS_PROCESS))
            tell("status: needed %lu", needed);
    }
    TRY(QueryServiceStatusEx(service, (SC_STATUS_TYPE)1, (BYTE *)buffer, 64, &needed),
        "status of another level");
    TRY(QueryServiceStatusEx(service, SC_STATUS_PROCESS_INFO, (BYTE *)buffer, 64, NULL),
        "status: nowhere to say what is needed");
    TRY(QueryServiceStatusEx(service, SC_STATUS_PROCESS_INFO, NULL, 0, &needed), "status: nowhere");
    TRY(QueryServiceStatus(NULL, (SERVICE_STATUS *)(void *)buffer), "status of nothing");
}

static void all_controls(SC_HANDLE service, const char *state)
{
    static const DWORD codes[] = {0,  4,  5,  6,  7,  8,  9,  10,  11,  12,  13,  14,
                                  15, 16, 17, 32, 64, 80, 96, 127, 128, 255, 256, 0xffffffff};
    for (unsigned i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
        SERVICE_STATUS status;
        memset(&status, 0, sizeof(status));
        TRY(ControlService(service, codes[i], &status), "%s: control %lu", state, codes[i]);
    }
}

static void show(SC_HANDLE service, const char *what)
{
    SERVICE_STATUS_PROCESS s;
    DWORD needed;
    if (QueryServiceStatusEx(service, SC_STATUS_PROCESS_INFO, (BYTE *)&s, sizeof(s), &needed))
        tell("%s: type %lx state %lu accepts %lx exit %lu own %lu, a process: %d, flags %lu", what,
             s.dwServiceType, s.dwCurrentState, s.dwControlsAccepted, s.dwWin32ExitCode,
             s.dwServiceSpecificExitCode, s.dwProcessId != 0, s.dwServiceFlags);
}

void states(void)
{
    SC_HANDLE service = make_service(name, L"service PlumeGuestC", NULL);
    SERVICE_STATUS status;
    status_sizes(service);
    show(service, "never started");
    all_controls(service, "never started");
    TRY(ControlService(service, SERVICE_CONTROL_STOP, NULL), "control without a status");
    TRY(StartServiceW(NULL, 0, NULL), "start nothing");
    TRY(StartServiceW(service, 0, NULL), "start");
    wait_for_state(service, SERVICE_RUNNING);
    show(service, "running");
    all_controls(service, "running");
    TRY(StartServiceW(service, 0, NULL), "start what runs");
    TRY(ControlService(service, SERVICE_CONTROL_PAUSE, &status), "pause");
    tell("paused: state %lu", status.dwCurrentState);
    all_controls(service, "paused");
    TRY(ControlService(service, SERVICE_CONTROL_CONTINUE, &status), "continue");
    TRY(ControlService(service, SERVICE_CONTROL_STOP, &status), "stop");
    wait_for_state(service, SERVICE_STOPPED);
    show(service, "stopped");
    all_controls(service, "stopped");
    remove_service(service);
}
