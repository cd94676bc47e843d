// The service functions that Wine does not have, or has in name only: they can be called in a VM,
// where they are Plume's, and not beside it. Prints a line a call; run without arguments, it makes
// and deletes the service PlumeNewer, which is this program with the argument "service".
#include <windows.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include "common_service.h"

#define NAME L"PlumeNewer"
enum { DATABASE = 0, PROPERTIES = 1, STATES = 2 }; // SC_EVENT_TYPE
enum { RUNNING = 8, STOPPED = 1 };                 // SERVICE_NOTIFY_*

static HMODULE sechost;

// Where the newer functions are: sechost.dll has all of them.
static void *find(const char *function)
{
    void *found = (void *)GetProcAddress(sechost, function);
    if (!found)
        printf("%s: not there\n", function);
    return found;
}
#define FIND(name) name##_function *name = (name##_function *)find(#name)

typedef DWORD WINAPI WaitServiceState_function(SC_HANDLE, DWORD, DWORD, HANDLE);
typedef DWORD WINAPI SubscribeServiceChangeNotifications_function(SC_HANDLE, DWORD, void *, void *,
                                                                  void **);
typedef void WINAPI UnsubscribeServiceChangeNotifications_function(void *);
typedef BOOL WINAPI ControlServiceExW_function(SC_HANDLE, DWORD, DWORD, void *);
typedef BOOL WINAPI ControlServiceExA_function(SC_HANDLE, DWORD, DWORD, void *);
typedef DWORD WINAPI NotifyServiceStatusChangeA_function(SC_HANDLE, DWORD, void *);
typedef BOOL WINAPI QueryServiceDynamicInformation_function(SERVICE_STATUS_HANDLE, DWORD, void **);
typedef DWORD WINAPI GetServiceDirectory_function(SERVICE_STATUS_HANDLE, DWORD, WCHAR *, DWORD,
                                                  DWORD *);
typedef DWORD WINAPI GetServiceRegistryStateKey_function(SERVICE_STATUS_HANDLE, DWORD, DWORD,
                                                         HKEY *);

/* ---- the service ---- */

static SERVICE_STATUS_HANDLE handle;
static HANDLE stop;

static void report(DWORD state)
{
    SERVICE_STATUS status = {.dwServiceType = SERVICE_WIN32_OWN_PROCESS,
                             .dwCurrentState = state,
                             .dwControlsAccepted =
                                 state == SERVICE_RUNNING ? SERVICE_ACCEPT_STOP : 0};
    SetServiceStatus(handle, &status);
}

static DWORD WINAPI handle_control(DWORD control, DWORD type, void *data, void *context)
{
    (void)type;
    (void)data;
    (void)context;
    if (control == SERVICE_CONTROL_STOP)
        SetEvent(stop);
    return NO_ERROR;
}

static void tell_key(GetServiceRegistryStateKey_function *get, DWORD type)
{
    HKEY key = NULL;
    DWORD error = get(handle, type, KEY_ALL_ACCESS, &key), value = 5;
    printf("state key %lu: %lu", type, error);
    if (!error) {
        printf(", a value: %ld", RegSetValueExW(key, L"Kept", 0, REG_DWORD, (BYTE *)&value, 4));
        RegCloseKey(key);
    }
    printf("\n");
}

// What only a service can ask.
static void tell_own(void)
{
    FIND(QueryServiceDynamicInformation);
    FIND(GetServiceDirectory);
    FIND(GetServiceRegistryStateKey);
    if (QueryServiceDynamicInformation) {
        DWORD *reason = NULL;
        BOOL ok = QueryServiceDynamicInformation(handle, 1, (void **)&reason);
        printf("start reason: %d, %lu\n", ok, ok ? *reason : GetLastError());
        LocalFree(reason);
        ok = QueryServiceDynamicInformation(handle, 2, (void **)&reason);
        printf("another level: %d, %lu\n", ok, GetLastError());
        ok = QueryServiceDynamicInformation(handle, 1, NULL);
        printf("nowhere to put it: %d, %lu\n", ok, GetLastError());
    }
    if (GetServiceDirectory) {
        wchar_t path[MAX_PATH] = L"";
        DWORD needed = 0, again = 0;
        printf("directory without room: %lu", GetServiceDirectory(handle, 0, NULL, 0, &needed));
        printf(", with: %lu", GetServiceDirectory(handle, 0, path, needed, &again));
        DWORD attributes = GetFileAttributesW(path);
        printf(", length %d, is there: %d\n", needed == wcslen(path) + 1 && needed == again,
               attributes != INVALID_FILE_ATTRIBUTES && attributes & FILE_ATTRIBUTE_DIRECTORY);
        printf("another directory: %lu\n", GetServiceDirectory(handle, 9, path, MAX_PATH, &needed));
    }
    for (DWORD type = 0; GetServiceRegistryStateKey && type < 3; type++)
        tell_key(GetServiceRegistryStateKey, type);
    fflush(stdout);
}

static void WINAPI service_main(DWORD count, wchar_t **arguments)
{
    (void)count;
    stop = CreateEventW(NULL, TRUE, FALSE, NULL);
    handle = RegisterServiceCtrlHandlerExW(arguments[0], handle_control, NULL);
    tell_own();
    report(SERVICE_RUNNING);
    WaitForSingleObject(stop, INFINITE);
    report(SERVICE_STOPPED);
}

/* ---- who uses it ---- */

static SC_HANDLE manager, service;

// Called back from a thread of the subscription's own.
static void CALLBACK changed(DWORD change, void *context)
{
    LONG *seen = context;
    InterlockedOr(seen, change ? (LONG)change : 0x10000);
}

static void wait_for(volatile LONG *seen, LONG bits, const char *what)
{
    for (int i = 0; i < 6000 && (*seen & bits) != bits; i++)
        Sleep(10);
    printf("%s: told of %lx\n", what, *seen & bits);
}

static void make(void)
{
    wchar_t command[MAX_PATH + 16] = L"\"";
    GetModuleFileNameW(NULL, command + 1, MAX_PATH);
    wcscat(command, L"\" service");
    service = CreateServiceW(manager, NAME, L"Plume, newer", SERVICE_ALL_ACCESS,
                             SERVICE_WIN32_OWN_PROCESS, SERVICE_DEMAND_START, SERVICE_ERROR_NORMAL,
                             command, NULL, NULL, NULL, NULL, NULL);
    printf("made: %d\n", service != NULL);
}

static DWORD WINAPI start_soon(void *unused)
{
    (void)unused;
    Sleep(200);
    return StartServiceW(service, 0, NULL);
}

static void waits(void)
{
    FIND(WaitServiceState);
    if (!WaitServiceState)
        return;
    HANDLE cancel = CreateEventW(NULL, TRUE, FALSE, NULL);
    SC_HANDLE less = OpenServiceW(manager, NAME, SERVICE_START);
    printf("wait: already so: %lu\n", WaitServiceState(service, STOPPED, 60000, NULL));
    printf("wait: not for long: %lu\n", WaitServiceState(service, RUNNING, 50, NULL));
    printf("wait: not at all: %lu\n", WaitServiceState(service, RUNNING, 0, cancel));
    SetEvent(cancel);
    printf("wait: cancelled: %lu\n", WaitServiceState(service, RUNNING, 60000, cancel));
    printf("wait: for nothing known: %lu\n", WaitServiceState(service, 0x400, 60000, NULL));
    printf("wait: no handle: %lu\n", WaitServiceState(NULL, RUNNING, 60000, NULL));
    printf("wait: without the right: %lu\n", WaitServiceState(less, RUNNING, 60000, NULL));
    CloseHandle(CreateThread(NULL, 0, start_soon, NULL, 0, NULL));
    printf("wait: until it runs: %lu\n", WaitServiceState(service, RUNNING, 60000, NULL));
    CloseServiceHandle(less);
    CloseHandle(cancel);
}

static void subscriptions(void)
{
    static volatile LONG of_database, of_service, of_properties;
    void *database = NULL, *properties = NULL, *states = NULL;
    SERVICE_STATUS status;
    FIND(SubscribeServiceChangeNotifications);
    FIND(UnsubscribeServiceChangeNotifications);
    if (!SubscribeServiceChangeNotifications || !UnsubscribeServiceChangeNotifications) {
        make();
        waits();
        return;
    }
#define SUBSCRIBE(...) SubscribeServiceChangeNotifications(__VA_ARGS__)
    printf("subscribe: to nothing: %lu\n", SUBSCRIBE(NULL, DATABASE, changed, NULL, &database));
    printf("subscribe: to no kind: %lu\n", SUBSCRIBE(manager, 7, changed, NULL, &database));
    printf("subscribe: no callback: %lu\n", SUBSCRIBE(manager, DATABASE, NULL, NULL, &database));
    printf("subscribe: nowhere: %lu\n", SUBSCRIBE(manager, DATABASE, changed, NULL, NULL));
    printf("subscribe: states of a manager: %lu\n",
           SUBSCRIBE(manager, STATES, changed, NULL, &states));
    printf("subscribe: the database: %lu\n",
           SUBSCRIBE(manager, DATABASE, changed, (void *)&of_database, &database));
    make();
    wait_for(&of_database, 0x80, "the database, made");
    printf("subscribe: the database of a service: %lu\n",
           SUBSCRIBE(service, DATABASE, changed, NULL, &states));
    printf("subscribe: properties: %lu\n",
           SUBSCRIBE(service, PROPERTIES, changed, (void *)&of_properties, &properties));
    printf("subscribe: states: %lu\n",
           SUBSCRIBE(service, STATES, changed, (void *)&of_service, &states));
    SERVICE_DESCRIPTIONW text = {(wchar_t *)L"changed"};
    ChangeServiceConfig2W(service, SERVICE_CONFIG_DESCRIPTION, &text);
    wait_for(&of_properties, 0x10000, "properties");
    waits();
    wait_for(&of_service, RUNNING, "states, started");
    UnsubscribeServiceChangeNotifications(properties);
    ControlService(service, SERVICE_CONTROL_STOP, &status);
    wait_for(&of_service, RUNNING | STOPPED, "states, stopped");
    UnsubscribeServiceChangeNotifications(states);
    UnsubscribeServiceChangeNotifications(NULL);
    DeleteService(service);
    CloseServiceHandle(service);
    wait_for(&of_database, 0x180, "the database, deleted");
    UnsubscribeServiceChangeNotifications(database);
    make();
}

struct reason {
    DWORD code;
    const void *comment;
    SERVICE_STATUS_PROCESS status;
};

static void control(ControlServiceExW_function *call, DWORD level, DWORD code, const void *comment,
                    const char *what)
{
    struct reason reason = {.code = code, .comment = comment, .status = {.dwCurrentState = 77}};
    BOOL ok = call(service, SERVICE_CONTROL_STOP, level, &reason);
    printf("stop %s: %d, %lu, state %lu\n", what, ok, ok ? 0 : GetLastError(),
           // It may have got further than it was when it was told.
           ok ? (DWORD)SERVICE_STOP_PENDING : reason.status.dwCurrentState);
}

static void controls(void)
{
    FIND(ControlServiceExW);
    FIND(ControlServiceExA);
    if (!ControlServiceExW || !ControlServiceExA)
        return;
    wchar_t comment[129];
    wmemset(comment, L'x', 128);
    comment[128] = 0;
    control(ControlServiceExW, 1, 0x40010001, NULL, "what is stopped");
    StartServiceW(service, 0, NULL);
    service_running(NAME);
    control(ControlServiceExW, 0, 0x40010001, NULL, "at another level");
    control(ControlServiceExW, 1, 0, NULL, "without a reason");
    control(ControlServiceExW, 1, 0x00010001, NULL, "without a general reason");
    control(ControlServiceExW, 1, 0x20010001, NULL,
            "with a reason of its own that is the system's");
    control(ControlServiceExW, 1, 0x40400001, NULL, "with a reason of the user's for the system's");
    control(ControlServiceExW, 1, 0x40010001, comment, "with too long a comment");
    struct reason ignored = {.status = {.dwCurrentState = 77}};
    BOOL ok = ControlServiceExW(service, SERVICE_CONTROL_INTERROGATE, 1, &ignored);
    printf("interrogate without a reason: %d, state %lu, a process: %d\n", ok,
           ignored.status.dwCurrentState, ignored.status.dwProcessId != 0);
    ok = ControlServiceExW(service, 9999, 1, &ignored);
    printf("an unknown control: %d, %lu\n", ok, GetLastError());
    ok = ControlServiceExW(service, SERVICE_CONTROL_STOP, 1, NULL);
    printf("nothing given: %d, %lu\n", ok, GetLastError());
    ok = ControlServiceExW(NULL, SERVICE_CONTROL_STOP, 1, &ignored);
    printf("no handle: %d, %lu\n", ok, GetLastError());
    comment[127] = 0;
    control(ControlServiceExW, 1, 0x40010001, comment, "with a comment that is just short enough");
    service_stopped(NAME);
    service_running(NAME);
    control((ControlServiceExW_function *)ControlServiceExA, 1, 0x20400100, "in ANSI", "in ANSI");
    service_stopped(NAME);
}

static void CALLBACK notified(void *buffer)
{
    struct service_notify *told = buffer;
    printf("ANSI notification: %lu, state %lu\n", told->error, told->status.dwCurrentState);
    *(LONG *)told->context = 1;
}

static void ansi_notification(void)
{
    FIND(NotifyServiceStatusChangeA);
    static LONG called;
    static struct service_notify buffer = {.version = 2, .callback = notified, .context = &called};
    if (!NotifyServiceStatusChangeA)
        return;
    printf("ANSI notify: %lu\n", NotifyServiceStatusChangeA(service, STOPPED, &buffer));
    for (int i = 0; i < 600 && !called; i++)
        SleepEx(100, TRUE);
}

static void of_a_group(void)
{
    typedef BOOL WINAPI function(SC_HANDLE, DWORD, DWORD, void *, DWORD, DWORD *, DWORD *, DWORD *,
                                 const wchar_t *);
    function *in_group =
        (function *)(void *)GetProcAddress(GetModuleHandleW(L"advapi32.dll"), "EnumServiceGroupW");
    static ENUM_SERVICE_STATUSW list[64];
    DWORD needed = 0, count = 0, resume = 0;
    if (!in_group) {
        printf("EnumServiceGroupW: not there\n");
        return;
    }
    ChangeServiceConfigW(service, SERVICE_NO_CHANGE, SERVICE_NO_CHANGE, SERVICE_NO_CHANGE, NULL,
                         L"PlumeNewerGroup", NULL, NULL, NULL, NULL, NULL);
    BOOL ok = in_group(manager, SERVICE_WIN32, SERVICE_STATE_ALL, list, sizeof list, &needed,
                       &count, &resume, L"PlumeNewerGroup");
    printf("of the group: %d, %lu, %ls\n", ok, count, count ? list[0].lpServiceName : L"none");
}

int wmain(int argc, wchar_t **argv);
int wmain(int argc, wchar_t **argv)
{
    (void)argv;
    sechost = LoadLibraryW(L"sechost.dll");
    if (argc > 1) {
        SERVICE_TABLE_ENTRYW table[] = {{(wchar_t *)NAME, service_main}, {NULL, NULL}};
        return StartServiceCtrlDispatcherW(table) ? 0 : 1;
    }
    setvbuf(stdout, NULL, _IONBF, 0);
    manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_ALL_ACCESS);
    subscriptions();
    controls();
    ansi_notification();
    of_a_group();
    printf("deleted: %d\n", DeleteService(service));
    return 0;
}
