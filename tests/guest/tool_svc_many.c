// tool_svc_many COUNT START: makes so many services, lists them, starts START of them at once (up
// to 1,000), waits until each has run, stops them, deletes all. Prints how long each step took, on
// lines that begin with "took:", and what was wrong.
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

enum { START_MAX = 1000, WAIT_MS = 300000 };

static SC_HANDLE manager;
static wchar_t program[MAX_PATH + 64];
static LONG failures;
static ULONGLONG begin;

static ULONGLONG now(void)
{
    LARGE_INTEGER count, rate;
    QueryPerformanceCounter(&count);
    QueryPerformanceFrequency(&rate);
    return (ULONGLONG)(count.QuadPart / (rate.QuadPart / 1000));
}

static void took(const char *what)
{
    printf("took: %s %lu ms\n", what, (unsigned long)(now() - begin));
    fflush(stdout);
    begin = now();
}

static void fail(const char *what, int number)
{
    printf("%s of %d: error %lu\n", what, number, GetLastError());
    InterlockedIncrement(&failures);
}

static SC_HANDLE open(int number)
{
    wchar_t name[32];
    swprintf(name, 32, L"PlumeMany%d", number);
    SC_HANDLE service = OpenServiceW(manager, name, SERVICE_ALL_ACCESS);
    if (!service)
        fail("open", number);
    return service;
}

static void wait_for(SC_HANDLE service, DWORD state, int number)
{
    SERVICE_STATUS s = {0};
    for (DWORD waited = 0; waited < WAIT_MS; waited += 50) {
        if (!QueryServiceStatus(service, &s)) {
            fail("query", number);
            return;
        }
        if (s.dwCurrentState == state)
            return;
        Sleep(50);
    }
    printf("%d is in the state %lu, not %lu\n", number, s.dwCurrentState, state);
    InterlockedIncrement(&failures);
}

static DWORD WINAPI start(void *parameter)
{
    int number = (int)(INT_PTR)parameter;
    SC_HANDLE service = open(number);
    if (!service)
        return 0;
    if (!StartServiceW(service, 0, NULL))
        fail("start", number);
    else
        wait_for(service, SERVICE_RUNNING, number);
    CloseServiceHandle(service);
    return 0;
}

static DWORD WINAPI stop(void *parameter)
{
    int number = (int)(INT_PTR)parameter;
    SC_HANDLE service = open(number);
    SERVICE_STATUS s;
    if (!service)
        return 0;
    if (!ControlService(service, SERVICE_CONTROL_STOP, &s))
        fail("stop", number);
    else
        wait_for(service, SERVICE_STOPPED, number);
    CloseServiceHandle(service);
    return 0;
}

static void at_once(LPTHREAD_START_ROUTINE what, int count)
{
    static HANDLE threads[START_MAX];
    for (int i = 0; i < count; i++)
        threads[i] = CreateThread(NULL, 65536, what, (void *)(INT_PTR)i, 0, NULL);
    for (int i = 0; i < count; i++) {
        WaitForSingleObject(threads[i], INFINITE);
        CloseHandle(threads[i]);
    }
}

static int listed(void)
{
    DWORD needed = 0, count = 0, resume = 0;
    EnumServicesStatusExW(manager, SC_ENUM_PROCESS_INFO, SERVICE_WIN32, SERVICE_STATE_ALL, NULL, 0,
                          &needed, &count, &resume, NULL);
    ENUM_SERVICE_STATUS_PROCESSW *list = malloc(needed);
    resume = 0;
    int found = 0;
    if (list &&
        EnumServicesStatusExW(manager, SC_ENUM_PROCESS_INFO, SERVICE_WIN32, SERVICE_STATE_ALL,
                              (BYTE *)list, needed, &needed, &count, &resume, NULL)) {
        for (DWORD i = 0; i < count; i++)
            found += wcsncmp(list[i].lpServiceName, L"PlumeMany", 9) == 0;
    }
    free(list);
    return found;
}

int wmain(int argc, wchar_t **argv);

int wmain(int argc, wchar_t **argv)
{
    int count = argc > 1 ? _wtoi(argv[1]) : 10, starts = argc > 2 ? _wtoi(argv[2]) : 1;
    if (starts > count || starts > START_MAX)
        return 2;
    GetModuleFileNameW(NULL, program, MAX_PATH);
    wcscpy(wcsrchr(program, L'\\') + 1, L"svc_own.exe service");
    manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_ALL_ACCESS);
    begin = now();
    for (int i = 0; i < count; i++) {
        wchar_t name[32], shown[32];
        swprintf(name, 32, L"PlumeMany%d", i);
        swprintf(shown, 32, L"Many, the %d.", i);
        SC_HANDLE service = CreateServiceW(
            manager, name, shown, SERVICE_ALL_ACCESS, SERVICE_WIN32_OWN_PROCESS,
            SERVICE_DEMAND_START, SERVICE_ERROR_NORMAL, program, NULL, NULL, NULL, NULL, NULL);
        if (!service)
            fail("create", i);
        CloseServiceHandle(service);
    }
    took("create");
    printf("listed %d\n", listed());
    took("list");
    at_once(start, starts);
    took("start");
    at_once(stop, starts);
    took("stop");
    for (int i = 0; i < count; i++) {
        SC_HANDLE service = open(i);
        if (service && !DeleteService(service))
            fail("delete", i);
        CloseServiceHandle(service);
    }
    took("delete");
    printf("listed %d, failures %ld\n", listed(), failures);
    return failures != 0;
}
