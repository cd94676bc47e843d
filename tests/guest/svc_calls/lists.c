// Lists of services.
#include "calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void sizes(bool ansi, DWORD states)
{
    DWORD needed = 7, count = 7, resume = 0;
    const char *set = ansi ? "ANSI" : "wide";
    TRY(ansi
            ? EnumServicesStatusA(manager, SERVICE_WIN32, states, NULL, 0, &needed, &count, &resume)
            : EnumServicesStatusW(manager, SERVICE_WIN32, states, NULL, 0, &needed, &count,
                                  &resume),
        "list %s %lu without room", set, states);
    tell("list: count %lu, resume %lu, something is needed: %d", count, resume, needed != 0);
    DWORD size = needed;
    void *buffer = calloc(1, size + 64);
    resume = 0;
    TRY(ansi ? EnumServicesStatusA(manager, SERVICE_WIN32, states, buffer, size, &needed, &count,
                                   &resume)
             : EnumServicesStatusW(manager, SERVICE_WIN32, states, buffer, size, &needed, &count,
                                   &resume),
        "list %s %lu with just enough", set, states);
    tell("list: needed %lu, resume %lu, services: %d", needed, resume, count > 0);
    free(buffer);
}

static bool has(const ENUM_SERVICE_STATUS_PROCESSW *list, DWORD count, const wchar_t *wanted)
{
    for (DWORD i = 0; i < count; i++) {
        if (wcscmp(list[i].lpServiceName, wanted) == 0)
            return true;
    }
    return false;
}

static void listed(const char *what, DWORD types, DWORD states, const wchar_t *group)
{
    DWORD needed = 0, count = 0, resume = 0;
    EnumServicesStatusExW(manager, SC_ENUM_PROCESS_INFO, types, states, NULL, 0, &needed, &count,
                          &resume, group);
    DWORD size = needed + 4096;
    ENUM_SERVICE_STATUS_PROCESSW *list = calloc(1, size);
    resume = 0;
    TRY(EnumServicesStatusExW(manager, SC_ENUM_PROCESS_INFO, types, states, (BYTE *)list, size,
                              &needed, &count, &resume, group),
        "list %s", what);
    tell("list %s has ours: %d, another's: %d", what, has(list, count, name),
         has(list, count, L"PlumeGuestE"));
    free(list);
}

static void dependents(void)
{
    SC_HANDLE base = OpenServiceW(manager, name, SERVICE_ALL_ACCESS);
    SC_HANDLE above = make_service(L"PlumeGuestD", L"service", L"PlumeGuestC\0");
    SC_HANDLE top = make_service(L"PlumeGuestE", L"service", L"PlumeGuestD\0");
    DWORD needed = 7, count = 7;
    char buffer[2048];
    ENUM_SERVICE_STATUSW *list = (ENUM_SERVICE_STATUSW *)(void *)buffer;
    static const DWORD states[] = {0, SERVICE_ACTIVE, SERVICE_INACTIVE, SERVICE_STATE_ALL, 4, 7};
    for (unsigned i = 0; i < sizeof(states) / sizeof(*states); i++) {
        needed = count = 7;
        TRY(EnumDependentServicesW(base, states[i], list, sizeof(buffer), &needed, &count),
            "dependents: states %lu", states[i]);
        tell("dependents: needed %lu count %lu", needed, count);
    }
    for (DWORD i = 0;
         EnumDependentServicesW(base, SERVICE_STATE_ALL, list, sizeof(buffer), &needed, &count) &&
         i < count;
         i++)
        tell("dependents: %lu is %ls", i, list[i].lpServiceName);
    TRY(EnumDependentServicesW(base, SERVICE_STATE_ALL, NULL, 0, &needed, &count),
        "dependents: without room");
    tell("dependents: more is needed: %d, count %lu", needed > 0, count);
    TRY(EnumDependentServicesA(base, SERVICE_STATE_ALL, NULL, 0, &needed, &count),
        "dependents: ANSI without room");
    TRY(EnumDependentServicesW(top, SERVICE_STATE_ALL, NULL, 0, &needed, &count),
        "dependents: of the last");
    if (EnumDependentServicesW(base, SERVICE_STATE_ALL, list, sizeof(buffer), &needed, &count) &&
        count) { // Wine, which finds none, writes to the pointers
        TRY(EnumDependentServicesW(base, SERVICE_STATE_ALL, list, sizeof(buffer), NULL, &count),
            "dependents: nowhere to say what is needed");
        TRY(EnumDependentServicesW(base, SERVICE_STATE_ALL, list, sizeof(buffer), &needed, NULL),
            "dependents: nowhere to say how many");
    }
    remove_service(top);
    remove_service(above);
    CloseServiceHandle(base);
}

void lists(void)
{
    DWORD needed = 7, count = 7, resume = 0;
    SC_HANDLE service = make_service(name, L"service", NULL);
    ChangeServiceConfigW(service, SERVICE_NO_CHANGE, SERVICE_NO_CHANGE, SERVICE_NO_CHANGE, NULL,
                         L"PlumeGroup", NULL, NULL, NULL, NULL, NULL);
    sizes(false, SERVICE_STATE_ALL);
    sizes(true, SERVICE_STATE_ALL);
    sizes(false, SERVICE_INACTIVE);
    listed("all", SERVICE_WIN32, SERVICE_STATE_ALL, NULL);
    listed("active", SERVICE_WIN32, SERVICE_ACTIVE, NULL);
    listed("inactive", SERVICE_WIN32, SERVICE_INACTIVE, NULL);
    listed("own process", SERVICE_WIN32_OWN_PROCESS, SERVICE_STATE_ALL, NULL);
    listed("shared process", SERVICE_WIN32_SHARE_PROCESS, SERVICE_STATE_ALL, NULL);
    listed("of the group", SERVICE_WIN32, SERVICE_STATE_ALL, L"PlumeGroup");
    listed("of the group in other letters", SERVICE_WIN32, SERVICE_STATE_ALL, L"PLUMEgroup");
    listed("of no group", SERVICE_WIN32, SERVICE_STATE_ALL, L"");
    listed("of another group", SERVICE_WIN32, SERVICE_STATE_ALL, L"PlumeNoGroup");
    static const DWORD types[] = {0, 0x400, 0x80000010, 0xffffffff};
    for (unsigned i = 0; i < sizeof(types) / sizeof(*types); i++) {
        needed = count = 7;
        TRY(EnumServicesStatusW(manager, types[i], SERVICE_STATE_ALL, NULL, 0, &needed, &count,
                                &resume),
            "list of types %lx", types[i]);
    }
    static const DWORD wrong_states[] = {0, 4, 0xffffffff};
    for (unsigned i = 0; i < sizeof(wrong_states) / sizeof(*wrong_states); i++) {
        needed = count = 7;
        TRY(EnumServicesStatusExW(manager, SC_ENUM_PROCESS_INFO, SERVICE_WIN32, wrong_states[i],
                                  NULL, 0, &needed, &count, &resume, NULL),
            "list of states %lx", wrong_states[i]);
        tell("list of states: needed %lu count %lu", needed, count);
    }
    TRY(EnumServicesStatusExW(manager, (SC_ENUM_TYPE)1, SERVICE_WIN32, SERVICE_STATE_ALL, NULL, 0,
                              &needed, &count, &resume, NULL),
        "list of another level");
    TRY(EnumServicesStatusW(manager, SERVICE_WIN32, SERVICE_STATE_ALL, NULL, 0, NULL, &count,
                            &resume),
        "list: nowhere to say what is needed");
    TRY(EnumServicesStatusW(manager, SERVICE_WIN32, SERVICE_STATE_ALL, NULL, 0, &needed, NULL,
                            &resume),
        "list: nowhere to say how many");
    dependents();
    remove_service(service);
}
