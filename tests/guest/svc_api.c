// The service functions, called as programs call them: errors, sizes, states. Prints the same on
// Windows, on Wine and in a VM; where Wine is known to answer otherwise than the documentation
// says, the line begins with "differs:". Needs svc_own.exe beside it.
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const wchar_t *const name_a = L"PlumeGuestA", *const name_b = L"PlumeGuestB";
static SC_HANDLE manager;
static wchar_t own_path[MAX_PATH + 32]; // svc_own.exe, quoted, and a space

static void say(const char *what, BOOL ok)
{
    DWORD error = GetLastError();
    if (ok)
        printf("%s: ok\n", what);
    else
        printf("%s: error %lu\n", what, error);
}

#define TRY(what, call)                                                                            \
    do {                                                                                           \
        SetLastError(0);                                                                           \
        BOOL try_ok = (call) != 0;                                                                 \
        say(what, try_ok);                                                                         \
    } while (0)

static SC_HANDLE open_say(const char *what, const wchar_t *name, DWORD access)
{
    SetLastError(0);
    SC_HANDLE handle = OpenServiceW(manager, name, access);
    say(what, handle != NULL);
    return handle;
}

static SC_HANDLE create(const wchar_t *name, const wchar_t *shown, DWORD type, DWORD start,
                        const wchar_t *mode, const wchar_t *dependencies)
{
    wchar_t command[MAX_PATH + 64];
    swprintf(command, MAX_PATH + 64, L"%ls%ls", own_path, mode);
    return CreateServiceW(manager, name, shown, SERVICE_ALL_ACCESS, type, start,
                          SERVICE_ERROR_NORMAL, command, NULL, NULL, dependencies, NULL, NULL);
}

static void show_status(const char *what, SC_HANDLE service)
{
    SERVICE_STATUS s;
    SetLastError(0);
    if (!QueryServiceStatus(service, &s)) {
        say(what, FALSE);
        return;
    }
    printf("%s: type %lx state %lu accepts %lx exit %lu own %lu check %lu hint %lu\n", what,
           s.dwServiceType, s.dwCurrentState, s.dwControlsAccepted, s.dwWin32ExitCode,
           s.dwServiceSpecificExitCode, s.dwCheckPoint, s.dwWaitHint);
}

static BOOL wait_for(SC_HANDLE service, DWORD state)
{
    SERVICE_STATUS s;
    for (int i = 0; i < 1000; i++) {
        if (!QueryServiceStatus(service, &s))
            return FALSE;
        if (s.dwCurrentState == state)
            return TRUE;
        Sleep(10);
    }
    printf("waited in vain for state %lu: it is %lu\n", state, s.dwCurrentState);
    return FALSE;
}

static void control(const char *what, SC_HANDLE service, DWORD code)
{
    SERVICE_STATUS s;
    memset(&s, 0, sizeof(s));
    TRY(what, ControlService(service, code, &s));
}

static void managers(void)
{
    SC_HANDLE handle;
    TRY("manager of a failed database",
        OpenSCManagerW(NULL, L"ServicesFailed", SC_MANAGER_CONNECT));
    TRY("manager of another database", OpenSCManagerW(NULL, L"Nonsense", SC_MANAGER_CONNECT));
    TRY("manager, ANSI", handle = OpenSCManagerA(NULL, "ServicesActive", SC_MANAGER_CONNECT));
    TRY("create with a manager for connecting only",
        CreateServiceW(handle, L"PlumeNone", NULL, 0, SERVICE_WIN32_OWN_PROCESS,
                       SERVICE_DEMAND_START, 0, L"x.exe", NULL, NULL, NULL, NULL, NULL));
    DWORD needed, count, resume = 0;
    TRY("enumerate with it", EnumServicesStatusW(handle, SERVICE_WIN32, SERVICE_STATE_ALL, NULL, 0,
                                                 &needed, &count, &resume));
    TRY("close", CloseServiceHandle(handle));
    TRY("open a service without a manager", OpenServiceW(NULL, name_a, SERVICE_ALL_ACCESS));
    TRY("create a service without a manager",
        CreateServiceW(NULL, name_a, NULL, 0, SERVICE_WIN32_OWN_PROCESS, SERVICE_DEMAND_START, 0,
                       L"x.exe", NULL, NULL, NULL, NULL, NULL));
    open_say("open an unknown service", L"PlumeNoSuchService", SERVICE_QUERY_STATUS);
    open_say("open a name with a slash", L"Plume/x", SERVICE_QUERY_STATUS);
}

static void creation(void)
{
    TRY("create with both process types",
        create(name_a, NULL, SERVICE_WIN32_OWN_PROCESS | SERVICE_WIN32_SHARE_PROCESS,
               SERVICE_DEMAND_START, L"", NULL));
    TRY("create for the boot",
        create(name_a, NULL, SERVICE_WIN32_OWN_PROCESS, SERVICE_BOOT_START, L"", NULL));
    TRY("create with a start type too many",
        create(name_a, NULL, SERVICE_WIN32_OWN_PROCESS, SERVICE_AUTO_START | SERVICE_DISABLED, L"",
               NULL));
    TRY("create an interactive driver",
        create(name_a, NULL, SERVICE_FILE_SYSTEM_DRIVER | SERVICE_INTERACTIVE_PROCESS,
               SERVICE_DISABLED, L"", NULL));
    TRY("create without a name",
        create(L"", NULL, SERVICE_WIN32_OWN_PROCESS, SERVICE_DEMAND_START, L"", NULL));
    TRY("create with a slash",
        create(L"Plume/x", NULL, SERVICE_WIN32_OWN_PROCESS, SERVICE_DEMAND_START, L"", NULL));
    TRY("create with an empty path",
        CreateServiceW(manager, name_a, NULL, 0, SERVICE_WIN32_OWN_PROCESS, SERVICE_DISABLED, 0,
                       L"", NULL, NULL, NULL, NULL, NULL));
    SC_HANDLE a, again;
    TRY("create", a = create(name_a, L"Plume's guest A", SERVICE_WIN32_OWN_PROCESS,
                             SERVICE_DEMAND_START, L"service", NULL));
    TRY("create it again",
        create(name_a, NULL, SERVICE_WIN32_OWN_PROCESS, SERVICE_DEMAND_START, L"", NULL));
    TRY("create another with its display name",
        create(name_b, L"Plume's guest A", SERVICE_WIN32_OWN_PROCESS, SERVICE_DEMAND_START, L"",
               NULL));
    show_status("new service", a);
    control("stop what never ran", a, SERVICE_CONTROL_STOP);
    control("interrogate what never ran", a, SERVICE_CONTROL_INTERROGATE);
    control("a control that is the system's", a, SERVICE_CONTROL_SHUTDOWN);
    control("a control that does not exist", a, 99);
    TRY("open it in other letters",
        again = OpenServiceW(manager, L"PLUMEGUESTa", SERVICE_QUERY_STATUS));
    TRY("start with a handle for queries", StartServiceW(again, 0, NULL));
    control("stop with a handle for queries", again, SERVICE_CONTROL_STOP);
    TRY("delete with a handle for queries", DeleteService(again));
    TRY("query the configuration with it", QueryServiceConfigW(again, NULL, 0, &(DWORD){0}));
    CloseServiceHandle(again);
    CloseServiceHandle(a);
}

static void names(void)
{
    wchar_t text[300];
    char ansi[300];
    DWORD len = 300;
    TRY("display name", GetServiceDisplayNameW(manager, name_a, text, &len));
    printf("it is %ls, %lu\n", text, len);
    len = 300;
    TRY("key name", GetServiceKeyNameW(manager, L"Plume's guest A", text, &len));
    printf("it is %ls, %lu\n", text, len);
    len = 300;
    TRY("display name, ANSI", GetServiceDisplayNameA(manager, "PlumeGuestA", ansi, &len));
    printf("it is %s\n", ansi);
    printf("differs: its length is %lu\n", len);
    len = 5;
    TRY("display name, short buffer", GetServiceDisplayNameW(manager, name_a, text, &len));
    printf("it needs %lu\n", len);
    len = 300;
    TRY("display name of an unknown service",
        GetServiceDisplayNameW(manager, L"PlumeNoSuchService", text, &len));
    len = 300;
    TRY("key name of an unknown display name",
        GetServiceKeyNameW(manager, L"Plume no such name", text, &len));
}

static void show_config(const char *what, SC_HANDLE service)
{
    DWORD needed = 0;
    QueryServiceConfigW(service, NULL, 0, &needed);
    QUERY_SERVICE_CONFIGW *c = calloc(1, needed + 1);
    DWORD size = needed;
    TRY(what, QueryServiceConfigW(service, c, size, &needed));
    const wchar_t *path = wcsrchr(c->lpBinaryPathName ? c->lpBinaryPathName : L"\\", L'\\');
    printf("  type %lx start %lu control %lu path ...%ls group [%ls] tag %lu account %ls shown "
           "[%ls]\n",
           c->dwServiceType, c->dwStartType, c->dwErrorControl, path ? path : L"",
           c->lpLoadOrderGroup, c->dwTagId, c->lpServiceStartName, c->lpDisplayName);
    TRY("  a byte less", QueryServiceConfigW(service, c, size - 1, &needed));
    printf("  needed is the same: %d\n", needed == size);
    free(c);
}

static void configuration(void)
{
    SC_HANDLE a = OpenServiceW(manager, name_a, SERVICE_ALL_ACCESS);
    show_config("configuration", a);
    TRY("change the start type",
        ChangeServiceConfigW(a, SERVICE_NO_CHANGE, SERVICE_DISABLED, SERVICE_NO_CHANGE, NULL, NULL,
                             NULL, NULL, NULL, NULL, NULL));
    TRY("start what is disabled", StartServiceW(a, 0, NULL));
    TRY("change to what cannot be",
        ChangeServiceConfigW(a, SERVICE_NO_CHANGE, SERVICE_BOOT_START, SERVICE_NO_CHANGE, NULL,
                             NULL, NULL, NULL, NULL, NULL, NULL));
    TRY("change more, ANSI",
        ChangeServiceConfigA(a, SERVICE_NO_CHANGE, SERVICE_DEMAND_START, SERVICE_ERROR_IGNORE, NULL,
                             "PlumeGroup", NULL, NULL, NULL, NULL, "Plume's renamed guest"));
    show_config("changed configuration", a);
    char buffer[2048];
    DWORD needed = 0;
    SERVICE_DESCRIPTIONW description = {(wchar_t *)L"What it is for"};
    TRY("set the description", ChangeServiceConfig2W(a, SERVICE_CONFIG_DESCRIPTION, &description));
    TRY("query the description", QueryServiceConfig2W(a, SERVICE_CONFIG_DESCRIPTION, (BYTE *)buffer,
                                                      sizeof(buffer), &needed));
    printf("it is %ls, of %lu bytes\n", ((SERVICE_DESCRIPTIONW *)(void *)buffer)->lpDescription,
           needed - (DWORD)sizeof(SERVICE_DESCRIPTIONW));
    TRY("query it without room",
        QueryServiceConfig2W(a, SERVICE_CONFIG_DESCRIPTION, NULL, 0, &needed));
    TRY("query it, ANSI", QueryServiceConfig2A(a, SERVICE_CONFIG_DESCRIPTION, (BYTE *)buffer,
                                               sizeof(buffer), &needed));
    printf("it is %s\n", ((SERVICE_DESCRIPTIONA *)(void *)buffer)->lpDescription);
    TRY("query a level that does not exist",
        QueryServiceConfig2W(a, 99, (BYTE *)buffer, sizeof(buffer), &needed));

    SC_ACTION actions[2] = {{SC_ACTION_RESTART, 1000}, {SC_ACTION_NONE, 0}};
    SERVICE_FAILURE_ACTIONSW failure = {60, NULL, (wchar_t *)L"cmd", 2, actions};
    TRY("set failure actions", ChangeServiceConfig2W(a, SERVICE_CONFIG_FAILURE_ACTIONS, &failure));
    if (QueryServiceConfig2W(a, SERVICE_CONFIG_FAILURE_ACTIONS, (BYTE *)buffer, sizeof(buffer),
                             &needed)) {
        SERVICE_FAILURE_ACTIONSW *f = (SERVICE_FAILURE_ACTIONSW *)(void *)buffer;
        printf("differs: failure actions: %lu s, %lu, first %d after %lu, command %ls\n",
               f->dwResetPeriod, f->cActions, f->cActions ? (int)f->lpsaActions[0].Type : -1,
               f->cActions ? f->lpsaActions[0].Delay : 0, f->lpCommand);
    } else {
        printf("differs: failure actions: error %lu\n", GetLastError());
    }
    CloseServiceHandle(a);
}

static void life(void)
{
    SC_HANDLE a = OpenServiceW(manager, name_a, SERVICE_ALL_ACCESS);
    const wchar_t *arguments[] = {L"one", L"two words"};
    TRY("start", StartServiceW(a, 2, arguments));
    wait_for(a, SERVICE_RUNNING);
    show_status("running", a);
    SERVICE_STATUS_PROCESS p;
    DWORD needed = 0;
    TRY("query with the process",
        QueryServiceStatusEx(a, SC_STATUS_PROCESS_INFO, (BYTE *)&p, sizeof(p), &needed));
    printf("it has a process: %d\n", p.dwProcessId != 0);
    TRY("query with too little room",
        QueryServiceStatusEx(a, SC_STATUS_PROCESS_INFO, (BYTE *)&p, sizeof(p) - 1, &needed));
    printf("it needs %lu\n", needed);
    TRY("start it again", StartServiceW(a, 0, NULL));
    control("interrogate", a, SERVICE_CONTROL_INTERROGATE);
    control("pause", a, SERVICE_CONTROL_PAUSE);
    show_status("paused", a);
    control("continue", a, SERVICE_CONTROL_CONTINUE);
    show_status("continued", a);
    control("a control of its own", a, 128);
    show_status("after it", a);
    control("a control it does not take", a, SERVICE_CONTROL_PARAMCHANGE);
    control("stop", a, SERVICE_CONTROL_STOP);
    wait_for(a, SERVICE_STOPPED);
    control("stop what has stopped", a, SERVICE_CONTROL_STOP);
    SERVICE_STATUS s;
    QueryServiceStatus(a, &s);
    printf("stopped: exit %lu own %lu\n", s.dwWin32ExitCode, s.dwServiceSpecificExitCode);
    CloseServiceHandle(a);
}

static void failures(void)
{
    SC_HANDLE a = OpenServiceW(manager, name_a, SERVICE_ALL_ACCESS);
    const wchar_t *fail = L"fail", *slow = L"slow";
    SERVICE_STATUS s;
    SetLastError(0);
    BOOL started = StartServiceW(a, 1, &fail);
    printf("differs: start what fails: %d, error %lu\n", started, GetLastError());
    wait_for(a, SERVICE_STOPPED);
    QueryServiceStatus(a, &s);
    printf("failed: exit %lu own %lu\n", s.dwWin32ExitCode, s.dwServiceSpecificExitCode);
    TRY("start what is slow", StartServiceW(a, 1, &slow));
    control("pause what is starting", a, SERVICE_CONTROL_PAUSE);
    wait_for(a, SERVICE_RUNNING);
    control("stop", a, SERVICE_CONTROL_STOP);
    wait_for(a, SERVICE_STOPPED);
    TRY("start after that", StartServiceW(a, 0, NULL));
    wait_for(a, SERVICE_RUNNING);
    control("stop", a, SERVICE_CONTROL_STOP);
    wait_for(a, SERVICE_STOPPED);

    SC_HANDLE b;
    TRY("create what is no service", b = create(name_b, NULL, SERVICE_WIN32_OWN_PROCESS,
                                                SERVICE_DEMAND_START, L"nothing", NULL));
    TRY("start it", StartServiceW(b, 0, NULL));
    QueryServiceStatus(b, &s);
    printf("then it is %lu\n", s.dwCurrentState);
    TRY("point it at nothing",
        ChangeServiceConfigW(b, SERVICE_NO_CHANGE, SERVICE_NO_CHANGE, SERVICE_NO_CHANGE,
                             L"C:\\plume\\no\\such.exe", NULL, NULL, NULL, NULL, NULL, NULL));
    SetLastError(0);
    started = StartServiceW(b, 0, NULL);
    printf("start that: %s\n",
           started ? "ok"
           : GetLastError() == ERROR_FILE_NOT_FOUND || GetLastError() == ERROR_PATH_NOT_FOUND
               ? "not found"
               : "error");
    TRY("delete it", DeleteService(b));
    CloseServiceHandle(b);
    CloseServiceHandle(a);
}

static BOOL listed(DWORD states, const wchar_t *name)
{
    DWORD needed = 0, count = 0, resume = 0;
    EnumServicesStatusExW(manager, SC_ENUM_PROCESS_INFO, SERVICE_WIN32, states, NULL, 0, &needed,
                          &count, &resume, NULL);
    DWORD size = needed + 4096;
    ENUM_SERVICE_STATUS_PROCESSW *list = calloc(1, size);
    resume = 0;
    BOOL found = FALSE;
    if (EnumServicesStatusExW(manager, SC_ENUM_PROCESS_INFO, SERVICE_WIN32, states, (BYTE *)list,
                              size, &needed, &count, &resume, NULL)) {
        for (DWORD i = 0; i < count; i++)
            found |= wcscmp(list[i].lpServiceName, name) == 0;
    } else {
        printf("cannot list: error %lu\n", GetLastError());
    }
    free(list);
    return found;
}

static void lists(void)
{
    DWORD needed, count, resume = 0;
    TRY("list without a type",
        EnumServicesStatusW(manager, 0, SERVICE_STATE_ALL, NULL, 0, &needed, &count, &resume));
    TRY("list without a state",
        EnumServicesStatusW(manager, SERVICE_WIN32, 0, NULL, 0, &needed, &count, &resume));
    TRY("list without room", EnumServicesStatusW(manager, SERVICE_WIN32, SERVICE_STATE_ALL, NULL, 0,
                                                 &needed, &count, &resume));
    TRY("list an unknown group",
        EnumServicesStatusExW(manager, SC_ENUM_PROCESS_INFO, SERVICE_WIN32, SERVICE_STATE_ALL, NULL,
                              0, &needed, &count, NULL, L"PlumeNoSuchGroup"));
    printf("listed: %d, as active: %d\n", listed(SERVICE_STATE_ALL, name_a),
           listed(SERVICE_ACTIVE, name_a));
    // In as many pieces as a small buffer makes of it; Wine gives all or nothing.
    DWORD pieces = 0, total = 0;
    char small[2048];
    BOOL done = FALSE;
    for (resume = 0; !done && pieces < 1000; pieces++) {
        done = EnumServicesStatusW(manager, SERVICE_WIN32, SERVICE_STATE_ALL,
                                   (ENUM_SERVICE_STATUSW *)(void *)small, sizeof(small), &needed,
                                   &count, &resume);
        if (!done && (GetLastError() != ERROR_MORE_DATA || !count))
            break;
        total += count;
    }
    printf("differs: in pieces: %s, %lu services\n", done ? "complete" : "not possible", total);
}

static void dependencies(void)
{
    SC_HANDLE a = OpenServiceW(manager, name_a, SERVICE_ALL_ACCESS), b;
    TRY("create a dependent", b = create(name_b, L"Plume's guest B", SERVICE_WIN32_OWN_PROCESS,
                                         SERVICE_DEMAND_START, L"service", L"PlumeGuestA\0"));
    BOOL started = StartServiceW(b, 0, NULL);
    wait_for(b, SERVICE_RUNNING);
    SERVICE_STATUS s;
    QueryServiceStatus(a, &s);
    printf("differs: the dependent starts: %d, and with it what it depends on: %d\n", started,
           s.dwCurrentState == SERVICE_RUNNING);
    memset(&s, 0, sizeof(s));
    SetLastError(0);
    BOOL stopped = ControlService(a, SERVICE_CONTROL_STOP, &s);
    printf("differs: stop what it depends on: %d, error %lu\n", stopped, GetLastError());
    char buffer[4096];
    DWORD needed = 0, count = 0;
    BOOL ok = EnumDependentServicesW(a, SERVICE_ACTIVE, (ENUM_SERVICE_STATUSW *)(void *)buffer,
                                     sizeof(buffer), &needed, &count);
    printf("differs: dependents: %d, %lu, first %ls\n", ok, count,
           count ? ((ENUM_SERVICE_STATUSW *)(void *)buffer)->lpServiceName : L"none");
    TRY("dependents of what has none",
        EnumDependentServicesW(b, SERVICE_STATE_ALL, (ENUM_SERVICE_STATUSW *)(void *)buffer,
                               sizeof(buffer), &needed, &count));
    printf("there are %lu\n", count);
    control("stop the dependent", b, SERVICE_CONTROL_STOP);
    wait_for(b, SERVICE_STOPPED);
    ControlService(a, SERVICE_CONTROL_STOP, &s);
    wait_for(a, SERVICE_STOPPED);
    TRY("delete the dependent", DeleteService(b));
    CloseServiceHandle(b);
    CloseServiceHandle(a);
}

static DWORD process_of(SC_HANDLE service)
{
    SERVICE_STATUS_PROCESS p = {0};
    DWORD needed;
    QueryServiceStatusEx(service, SC_STATUS_PROCESS_INFO, (BYTE *)&p, sizeof(p), &needed);
    return p.dwProcessId;
}

// Two services that may share a process; Wine makes one for each all the same.
static void shared(void)
{
    SC_HANDLE a = OpenServiceW(manager, name_a, SERVICE_ALL_ACCESS), b;
    TRY("let it share its process",
        ChangeServiceConfigW(a, SERVICE_WIN32_SHARE_PROCESS, SERVICE_NO_CHANGE, SERVICE_NO_CHANGE,
                             NULL, NULL, NULL, NULL, NULL, NULL, NULL));
    TRY("create another that shares", b = create(name_b, NULL, SERVICE_WIN32_SHARE_PROCESS,
                                                 SERVICE_DEMAND_START, L"service", NULL));
    TRY("start one", StartServiceW(a, 0, NULL));
    TRY("start the other", StartServiceW(b, 0, NULL));
    wait_for(a, SERVICE_RUNNING);
    wait_for(b, SERVICE_RUNNING);
    printf("differs: one process: %d\n", process_of(a) == process_of(b));
    control("its own control for the other", b, 128);
    show_status("the other", b);
    show_status("differs: the one", a);
    control("stop the one", a, SERVICE_CONTROL_STOP);
    wait_for(a, SERVICE_STOPPED);
    control("interrogate the other", b, SERVICE_CONTROL_INTERROGATE);
    TRY("start the one again", StartServiceW(a, 0, NULL));
    wait_for(a, SERVICE_RUNNING);
    control("stop the other", b, SERVICE_CONTROL_STOP);
    wait_for(b, SERVICE_STOPPED);
    control("stop the one again", a, SERVICE_CONTROL_STOP);
    wait_for(a, SERVICE_STOPPED);
    TRY("delete the other", DeleteService(b));
    TRY("let it have its own process again",
        ChangeServiceConfigW(a, SERVICE_WIN32_OWN_PROCESS, SERVICE_NO_CHANGE, SERVICE_NO_CHANGE,
                             NULL, NULL, NULL, NULL, NULL, NULL, NULL));
    CloseServiceHandle(b);
    CloseServiceHandle(a);
}

static void deletion(void)
{
    SC_HANDLE a = OpenServiceW(manager, name_a, SERVICE_ALL_ACCESS), again;
    TRY("delete", DeleteService(a));
    TRY("delete it again", DeleteService(a));
    TRY("create what is marked",
        create(name_a, NULL, SERVICE_WIN32_OWN_PROCESS, SERVICE_DEMAND_START, L"", NULL));
    TRY("change what is marked",
        ChangeServiceConfigW(a, SERVICE_NO_CHANGE, SERVICE_DISABLED, SERVICE_NO_CHANGE, NULL, NULL,
                             NULL, NULL, NULL, NULL, NULL));
    TRY("open what is marked", again = OpenServiceW(manager, name_a, SERVICE_QUERY_STATUS));
    CloseServiceHandle(again);
    show_status("marked", a);
    CloseServiceHandle(a);
    open_say("open what is deleted", name_a, SERVICE_QUERY_STATUS);
    HKEY key;
    LONG error = RegOpenKeyExW(
        HKEY_LOCAL_MACHINE, L"SYSTEM\\CurrentControlSet\\Services\\PlumeGuestA", 0, KEY_READ, &key);
    printf("its key: %ld\n", error);
}

int wmain(void);

int wmain(void)
{
    wchar_t path[MAX_PATH];
    setvbuf(stdout, NULL, _IONBF, 0);
    GetModuleFileNameW(NULL, path, MAX_PATH);
    wcscpy(wcsrchr(path, L'\\') + 1, L"svc_own.exe");
    swprintf(own_path, MAX_PATH + 32, L"\"%ls\" ", path);
    manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_ALL_ACCESS);
    say("manager", manager != NULL);
    if (!manager)
        return 1;
    // What an earlier run may have left.
    const wchar_t *const left[] = {name_b, name_a};
    for (int i = 0; i < 2; i++) {
        SC_HANDLE service = OpenServiceW(manager, left[i], SERVICE_ALL_ACCESS);
        SERVICE_STATUS s;
        if (service && ControlService(service, SERVICE_CONTROL_STOP, &s))
            wait_for(service, SERVICE_STOPPED);
        if (service && DeleteService(service))
            printf("%ls was left, and is deleted\n", left[i]);
        CloseServiceHandle(service);
    }
    managers();
    creation();
    names();
    configuration();
    life();
    failures();
    lists();
    dependencies();
    shared();
    deletion();
    TRY("close the manager", CloseServiceHandle(manager));
    TRY("close nothing", CloseServiceHandle(NULL));
    return 0;
}
