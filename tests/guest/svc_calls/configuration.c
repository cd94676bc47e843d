// QueryServiceConfig and ChangeServiceConfig.
#include "calls.h"

#include <stdlib.h>
#include <string.h>

static void show(SC_HANDLE service, const char *what)
{
    char buffer[8192];
    DWORD needed;
    QUERY_SERVICE_CONFIGW *c = (QUERY_SERVICE_CONFIGW *)(void *)buffer;
    if (!QueryServiceConfigW(service, c, sizeof(buffer), &needed)) {
        tell("%s: cannot be queried: error %lu", what, GetLastError());
        return;
    }
    tell("%s: type %lx start %lu control %lu group [%ls] tag %lu account [%ls] shown [%ls]", what,
         c->dwServiceType, c->dwStartType, c->dwErrorControl, c->lpLoadOrderGroup, c->dwTagId,
         c->lpServiceStartName, c->lpDisplayName);
    for (const wchar_t *d = c->lpDependencies; d && *d; d += wcslen(d) + 1)
        tell("%s: depends on %ls", what, d);
}

static void sizes(SC_HANDLE service)
{
    DWORD needed = 0, again;
    QueryServiceConfigW(service, NULL, 0, &needed);
    void *buffer = calloc(1, needed + 64);
    const DWORD tried[] = {0, 1, sizeof(QUERY_SERVICE_CONFIGW), needed - 1, needed, needed + 64};
    for (unsigned i = 0; i < sizeof(tried) / sizeof(*tried); i++) {
        again = 7;
        TRY(QueryServiceConfigW(service, buffer, tried[i], &again), "configuration: size %u", i);
        tell("configuration: needs the same: %d", again == needed);
        again = 7;
        TRY(QueryServiceConfigA(service, buffer, tried[i], &again), "ANSI configuration: size %u",
            i);
        tell("ANSI configuration: needs the same: %d", again == needed);
    }
    TRY(QueryServiceConfigW(service, buffer, needed, NULL),
        "configuration: nowhere to say what is needed");
    free(buffer);
}

static BOOL change(SC_HANDLE service, DWORD type, DWORD start, DWORD control)
{
    return ChangeServiceConfigW(service, type, start, control, NULL, NULL, NULL, NULL, NULL, NULL,
                                NULL);
}

static void texts(SC_HANDLE service)
{
    const DWORD no = SERVICE_NO_CHANGE;
    DWORD tag = 7;
    TRY(ChangeServiceConfigW(service, no, no, no, L"", NULL, NULL, NULL, NULL, NULL, NULL),
        "change to no path");
    TRY(ChangeServiceConfigW(service, no, no, no, NULL, NULL, NULL, L"PlumeGuestC\0", NULL, NULL,
                             NULL),
        "change: depends on itself");
    TRY(ChangeServiceConfigW(service, no, no, no, NULL, NULL, NULL, L"PlumeNone\0+PlumeGroup\0",
                             NULL, NULL, NULL),
        "change: depends on what is not there");
    show(service, "with dependencies");
    // A program that does not end its list twice, as Wine's sc, gives what lies behind it, too.
    TRY(ChangeServiceConfigW(service, no, no, no, NULL, NULL, NULL, L"a/b\0C:\\x.exe\0binPath=\0",
                             NULL, NULL, NULL),
        "change: depends on what is no name");
    TRY(ChangeServiceConfigW(service, no, no, no, NULL, NULL, NULL, L"", NULL, NULL, NULL),
        "change: depends on nothing");
    show(service, "without dependencies");
    TRY(ChangeServiceConfigW(service, no, no, no, NULL, NULL, &tag, NULL, NULL, NULL, NULL),
        "change: a tag without a group");
    TRY(ChangeServiceConfigW(service, no, no, no, NULL, L"PlumeGroup", NULL, NULL, NULL, NULL,
                             NULL),
        "change: a group");
    show(service, "with a group");
    TRY(ChangeServiceConfigW(service, no, no, no, NULL, L"", NULL, NULL, NULL, NULL, NULL),
        "change: no group");
    show(service, "without a group");
    TRY(ChangeServiceConfigW(service, no, no, no, NULL, NULL, NULL, NULL, NULL, NULL,
                             L"Plume's shown name"),
        "change: a display name");
    show(service, "with a display name");
    TRY(ChangeServiceConfigW(service, no, no, no, NULL, NULL, NULL, NULL,
                             L"NT AUTHORITY\\LocalService", L"", NULL),
        "change: the account");
    show(service, "with an account");
    TRY(ChangeServiceConfigW(service, no, no, no, NULL, NULL, NULL, NULL, L"LocalSystem", L"",
                             NULL),
        "change: the account back");
    show(service, "with the account back");
    TRY(ChangeServiceConfigA(service, no, no, no, NULL, "PlumeAnsi", NULL, "PlumeOne\0+PlumeTwo\0",
                             NULL, NULL, "Plume's ANSI name"),
        "change: ANSI texts");
    show(service, "with ANSI texts");
}

void configuration(void)
{
    SC_HANDLE service = make_service(name, L"service", NULL);
    show(service, "new");
    sizes(service);
    static const DWORD types[] = {0,    1,    2,     3,     4,     8,     0x10,  0x20,  0x30,
                                  0x40, 0x50, 0x100, 0x101, 0x110, 0x120, 0x130, 0x200, 0xfffffffe};
    for (unsigned i = 0; i < sizeof(types) / sizeof(*types); i++) {
        TRY(change(service, types[i], SERVICE_NO_CHANGE, SERVICE_NO_CHANGE), "change to type %lx",
            types[i]);
        change(service, SERVICE_WIN32_OWN_PROCESS, SERVICE_DEMAND_START, SERVICE_ERROR_NORMAL);
    }
    for (DWORD start = 0; start < 8; start++) {
        TRY(change(service, SERVICE_NO_CHANGE, start, SERVICE_NO_CHANGE), "change to start %lu",
            start);
        show(service, "then");
    }
    for (DWORD control = 0; control < 6; control++) {
        TRY(change(service, SERVICE_NO_CHANGE, SERVICE_NO_CHANGE, control),
            "change to error control %lu", control);
        if (control > 3)
            continue;
        show(service, "then");
    }
    change(service, SERVICE_NO_CHANGE, SERVICE_NO_CHANGE, SERVICE_ERROR_NORMAL);
    texts(service);
    for (unsigned i = 0; i < sizeof(types) / sizeof(*types); i++) {
        SC_HANDLE made;
        TRY(made =
                CreateServiceW(manager, L"PlumeGuestD", L"Shown", SERVICE_ALL_ACCESS, types[i],
                               SERVICE_DEMAND_START, 0, L"none.exe", NULL, NULL, NULL, NULL, NULL),
            "make with type %lx", types[i]);
        if (made) {
            show(made, "made");
            remove_service(made);
        }
    }
    remove_service(service);
}
