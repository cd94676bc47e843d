// Many users of the service control manager at the same time: each thread makes a service of its
// own, starts, queries, stops and deletes it, some rounds over, while others list all services and
// share one handle. Needs svc_own.exe beside it.
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 4, ROUNDS = 3, QUERIES = 200 };

static wchar_t program[MAX_PATH];
static SC_HANDLE shared_manager;
static volatile LONG failures, rounds_done, lists_done;

static void fail(const char *what)
{
    printf("%s: error %lu\n", what, GetLastError());
    InterlockedIncrement(&failures);
}

static BOOL wait_for(SC_HANDLE service, DWORD state)
{
    SERVICE_STATUS s;
    for (int i = 0; i < 2000; i++) {
        if (!QueryServiceStatus(service, &s)) {
            fail("query");
            return FALSE;
        }
        if (s.dwCurrentState == state)
            return TRUE;
        Sleep(10);
    }
    fail("wait");
    return FALSE;
}

static void round_of(const wchar_t *name)
{
    SERVICE_STATUS s;
    wchar_t command[MAX_PATH + 64];
    swprintf(command, MAX_PATH + 64, L"\"%ls\" service %ls", program, name);
    SC_HANDLE service = CreateServiceW(shared_manager, name, name, SERVICE_ALL_ACCESS,
                                       SERVICE_WIN32_OWN_PROCESS, SERVICE_DEMAND_START,
                                       SERVICE_ERROR_NORMAL, command, NULL, NULL, NULL, NULL, NULL);
    if (!service) {
        fail("create");
        return;
    }
    if (!StartServiceW(service, 0, NULL))
        fail("start");
    else if (wait_for(service, SERVICE_RUNNING)) {
        if (!ControlService(service, SERVICE_CONTROL_INTERROGATE, &s))
            fail("interrogate");
        if (!ControlService(service, SERVICE_CONTROL_STOP, &s))
            fail("stop");
        else
            wait_for(service, SERVICE_STOPPED);
    }
    if (!DeleteService(service))
        fail("delete");
    CloseServiceHandle(service);
    InterlockedIncrement(&rounds_done);
}

static DWORD WINAPI use_services(void *parameter)
{
    wchar_t name[32];
    swprintf(name, 32, L"PlumeStress%d", (int)(INT_PTR)parameter);
    for (int i = 0; i < ROUNDS; i++)
        round_of(name);
    return 0;
}

static DWORD WINAPI list_services(void *parameter)
{
    (void)parameter;
    const DWORD size = 65536;
    BYTE *list = malloc(size);
    for (int i = 0; list && i < QUERIES; i++) {
        DWORD needed, count, resume = 0;
        if (!EnumServicesStatusExW(shared_manager, SC_ENUM_PROCESS_INFO, SERVICE_WIN32,
                                   SERVICE_STATE_ALL, list, size, &needed, &count, &resume, NULL))
            fail("list");
        else
            InterlockedIncrement(&lists_done);
    }
    free(list);
    return 0;
}

int wmain(void);

int wmain(void)
{
    HANDLE threads[THREADS + 2];
    GetModuleFileNameW(NULL, program, MAX_PATH);
    wcscpy(wcsrchr(program, L'\\') + 1, L"svc_own.exe");
    shared_manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_ALL_ACCESS);
    if (!shared_manager) {
        fail("manager");
        return 1;
    }
    for (int i = 0; i < THREADS + 2; i++)
        threads[i] = CreateThread(NULL, 0, i < THREADS ? use_services : list_services,
                                  (void *)(INT_PTR)i, 0, NULL);
    WaitForMultipleObjects(THREADS + 2, threads, TRUE, INFINITE);
    printf("rounds %ld, lists %ld, failures %ld\n", rounds_done, lists_done, failures);
    CloseServiceHandle(shared_manager);
    return failures != 0;
}
