// The functions in ANSI that a service is made, started, served and listed with.
#include "calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool listed_in_ansi(const char *group)
{
    DWORD needed = 0, count = 0, resume = 0;
    bool found = false;
    EnumServicesStatusExA(manager, SC_ENUM_PROCESS_INFO, SERVICE_WIN32, SERVICE_STATE_ALL, NULL, 0,
                          &needed, &count, &resume, group);
    DWORD size = needed + 4096;
    ENUM_SERVICE_STATUS_PROCESSA *list = malloc(size);
    resume = 0;
    if (EnumServicesStatusExA(manager, SC_ENUM_PROCESS_INFO, SERVICE_WIN32, SERVICE_STATE_ALL,
                              (BYTE *)list, size, &needed, &count, &resume, group)) {
        for (DWORD i = 0; i < count; i++)
            found = found || (strcmp(list[i].lpServiceName, "PlumeGuestC") == 0 &&
                              strcmp(list[i].lpDisplayName, "Shown in ANSI") == 0);
    }
    free(list);
    return found;
}

void ansi_functions(void)
{
    char command[MAX_PATH + 64];
    const char *arguments[] = {"PlumeGuestC", "a", "b"};
    SERVICE_STATUS status;
    SC_HANDLE made;
    snprintf(command, sizeof command, "%lsservice PlumeGuestC ansi", own_path);
    TRY(made = CreateServiceA(manager, "PlumeGuestC", "Shown in ANSI", SERVICE_ALL_ACCESS,
                              SERVICE_WIN32_OWN_PROCESS, SERVICE_DEMAND_START, SERVICE_ERROR_NORMAL,
                              command, "PlumeAnsiGroup", NULL, NULL, NULL, NULL),
        "ANSI: make");
    if (!made)
        return;
    tell("ANSI: listed: %d, in its group: %d, in another: %d", listed_in_ansi(NULL),
         listed_in_ansi("PlumeAnsiGroup"), listed_in_ansi("PlumeOther"));
    TRY(StartServiceA(made, 3, arguments), "ANSI: start");
    wait_for_state(made, SERVICE_RUNNING);
    // The service says how many arguments it has got, and how long its name is.
    TRY(ControlService(made, 128, &status), "ANSI: ask");
    for (int i = 0; i < 600 && QueryServiceStatus(made, &status) && !status.dwWaitHint; i++)
        Sleep(10);
    tell("ANSI: %lu arguments, a name of %lu", status.dwWaitHint, status.dwCheckPoint);
    remove_service(made);
}
