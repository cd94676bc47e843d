// tool_svc_rough lies ROUNDS: starts a service so often that says to the manager whatever it likes
// in the handles that the service functions gave it, and ends in the middle of that. tool_svc_rough
// kills ROUNDS: kills a service so often at any moment of its start and life. Each time the manager
// has to know that it has stopped, another service has to go on, and it has to start again. Prints
// what was wrong, and a line at the end. As a service: tool_svc_rough service NAME.
#include <windows.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

enum { MESSAGE_MAX = 70000, LIARS = 6, WAIT_MS = 60000, OWN_END_MS = 5000 };

static LONG seed = 1;
static SERVICE_STATUS_HANDLE status_handle;

static uint32_t any(uint32_t below)
{
    // Many threads use it: which numbers each of them gets does not matter.
    uint32_t next = (uint32_t)seed * 1103515245 + 12345;
    InterlockedExchange(&seed, (LONG)next);
    return (next >> 8) % below;
}

static DWORD make_message(uint32_t *words)
{
    static const uint32_t edges[] = {0, 1, 2, 3, 4, 5, 7, 0xffffffff, 0x7fffffff, 0x80000000};
    static const uint32_t requests[] = {96, 96, 112, 112, 113, 16};
    DWORD len = any(16) == 0 ? any(MESSAGE_MAX) : 4 + any(48);
    for (DWORD i = 0; i <= len / 4; i++)
        words[i] = any(4) ? edges[any(sizeof edges / sizeof *edges)] : any(0xffffff) * 257;
    words[0] = any(8) ? requests[any(sizeof requests / sizeof *requests)] : any(128);
    return len;
}

// To any pipe that this process has open: what code can do that goes around the functions.
static DWORD WINAPI lie(void *parameter)
{
    uint32_t *message = malloc(MESSAGE_MAX + 4);
    char *reply = malloc(MESSAGE_MAX);
    (void)parameter;
    while (message && reply) {
        HANDLE handle = (HANDLE)(ULONG_PTR)(4 * (1 + any(100)));
        DWORD got, len = make_message(message);
        if (any(4) == 0)
            handle = (HANDLE)status_handle;
        if (GetFileType(handle) != FILE_TYPE_PIPE)
            continue;
        if (any(2))
            WriteFile(handle, message, len, &got, NULL); // whose answer nobody reads
        else
            TransactNamedPipe(handle, message, len, reply, MESSAGE_MAX, &got, NULL);
    }
    return 0;
}

static DWORD WINAPI handle_control(DWORD control, DWORD type, void *data, void *context)
{
    (void)control;
    (void)type;
    (void)data;
    (void)context;
    return NO_ERROR;
}

static void WINAPI service_main(DWORD count, wchar_t **arguments)
{
    SERVICE_STATUS status = {.dwServiceType = SERVICE_WIN32_OWN_PROCESS,
                             .dwCurrentState = SERVICE_RUNNING,
                             .dwControlsAccepted = SERVICE_ACCEPT_STOP};
    (void)count;
    status_handle = RegisterServiceCtrlHandlerExW(arguments[0], handle_control, NULL);
    seed = (LONG)GetTickCount();
    if (any(4))
        SetServiceStatus(status_handle, &status);
    for (int i = 0; i < LIARS; i++)
        CloseHandle(CreateThread(NULL, 0, lie, NULL, 0, NULL));
    Sleep(any(60));
    TerminateProcess(GetCurrentProcess(), 9);
}

static SC_HANDLE manager, honest;
static LONG failures;

static void fail(const char *what, DWORD number)
{
    printf("%s: %lu\n", what, number);
    fflush(stdout);
    InterlockedIncrement(&failures);
}

static SC_HANDLE make(const wchar_t *name, const wchar_t *command)
{
    wchar_t program[MAX_PATH + 64];
    GetModuleFileNameW(NULL, program, MAX_PATH);
    wcscpy(wcsrchr(program, L'\\') + 1, command);
    SC_HANDLE service = CreateServiceW(manager, name, NULL, SERVICE_ALL_ACCESS,
                                       SERVICE_WIN32_OWN_PROCESS, SERVICE_DEMAND_START,
                                       SERVICE_ERROR_NORMAL, program, NULL, NULL, NULL, NULL, NULL);
    if (!service)
        fail("create", GetLastError());
    return service;
}

// What the service is, once it is in this state; or after a long time.
static SERVICE_STATUS_PROCESS wait_for(SC_HANDLE service, DWORD state)
{
    SERVICE_STATUS_PROCESS s = {0};
    DWORD needed;
    for (DWORD waited = 0; waited < WAIT_MS; waited += 5) {
        if (!QueryServiceStatusEx(service, SC_STATUS_PROCESS_INFO, (BYTE *)&s, sizeof s, &needed))
            fail("query", GetLastError());
        if (s.dwCurrentState == state)
            return s;
        Sleep(5);
    }
    fail("still in the state", s.dwCurrentState);
    return s;
}

static void check_honest(void)
{
    SERVICE_STATUS s;
    if (!ControlService(honest, 128, &s))
        fail("the other service", GetLastError());
    else if (s.dwCurrentState != SERVICE_RUNNING)
        fail("the other service is in the state", s.dwCurrentState);
}

/* A process that ends itself while its other threads are in calls comes to its end. Wine's may not:
 * its server ends those threads wherever they are, also holding a lock of the C library's, and
 * exit() in the last one waits for that lock (NtTerminateProcess() and exit_process() in
 * dlls/ntdll/unix). That one is ended from outside. */
static void wait_for_own_end(SC_HANDLE service)
{
    SERVICE_STATUS_PROCESS s = {0};
    DWORD needed;
    if (!QueryServiceStatusEx(service, SC_STATUS_PROCESS_INFO, (BYTE *)&s, sizeof s, &needed))
        fail("query", GetLastError());
    HANDLE process =
        s.dwProcessId ? OpenProcess(SYNCHRONIZE | PROCESS_TERMINATE, FALSE, s.dwProcessId) : NULL;
    if (!process)
        return;
    if (WaitForSingleObject(process, OWN_END_MS) == WAIT_TIMEOUT) {
        printf("ended from outside: %lu\n", s.dwProcessId);
        TerminateProcess(process, 9);
    }
    CloseHandle(process);
}

// Its process ends of itself, and takes what it has said of a state with it.
static void lies(int rounds)
{
    SC_HANDLE liar = make(L"PlumeLiar", L"tool_svc_rough.exe service PlumeLiar");
    for (int i = 0; i < rounds; i++) {
        // How its start has ended is for the liar to say; that somebody answers is not.
        if (!StartServiceW(liar, 0, NULL) && GetLastError() == RPC_S_SERVER_UNAVAILABLE)
            fail("start", GetLastError());
        wait_for_own_end(liar);
        if (wait_for(liar, SERVICE_STOPPED).dwProcessId)
            fail("a stopped one has a process", i);
        check_honest();
    }
    DeleteService(liar);
    CloseServiceHandle(liar);
}

static DWORD WINAPI kill_soon(void *parameter)
{
    SC_HANDLE victim = parameter;
    SERVICE_STATUS_PROCESS s = {0};
    DWORD needed;
    while (!s.dwProcessId) {
        if (!QueryServiceStatusEx(victim, SC_STATUS_PROCESS_INFO, (BYTE *)&s, sizeof s, &needed))
            fail("query", GetLastError());
    }
    Sleep(any(120));
    HANDLE process = OpenProcess(PROCESS_TERMINATE, FALSE, s.dwProcessId);
    if (!process || !TerminateProcess(process, 8))
        fail("kill", GetLastError());
    CloseHandle(process);
    return 0;
}

static void kills(int rounds)
{
    SC_HANDLE victim = make(L"PlumeVictim", L"svc_own.exe service PlumeVictim");
    const wchar_t *slow[] = {L"slow"};
    for (int i = 0; i < rounds; i++) {
        HANDLE killer = CreateThread(NULL, 0, kill_soon, victim, 0, NULL);
        // Which of these it is depends on the moment.
        if (!StartServiceW(victim, i % 2, slow) && GetLastError() != ERROR_PROCESS_ABORTED &&
            GetLastError() != ERROR_SERVICE_REQUEST_TIMEOUT)
            fail("start", GetLastError());
        WaitForSingleObject(killer, INFINITE);
        CloseHandle(killer);
        SERVICE_STATUS_PROCESS s = wait_for(victim, SERVICE_STOPPED);
        if (s.dwProcessId || s.dwControlsAccepted)
            fail("a stopped one has a process", i);
        if (s.dwWin32ExitCode != ERROR_PROCESS_ABORTED &&
            s.dwWin32ExitCode != ERROR_SERVICE_REQUEST_TIMEOUT)
            fail("exit code", s.dwWin32ExitCode);
        check_honest();
    }
    SERVICE_STATUS s;
    if (!StartServiceW(victim, 0, NULL))
        fail("start after all", GetLastError());
    wait_for(victim, SERVICE_RUNNING);
    if (!ControlService(victim, SERVICE_CONTROL_STOP, &s))
        fail("stop after all", GetLastError());
    wait_for(victim, SERVICE_STOPPED);
    DeleteService(victim);
    CloseServiceHandle(victim);
}

int wmain(int argc, wchar_t **argv);

int wmain(int argc, wchar_t **argv)
{
    if (argc < 3)
        return 2;
    if (wcscmp(argv[1], L"service") == 0) {
        SERVICE_TABLE_ENTRYW table[] = {{argv[2], service_main}, {NULL, NULL}};
        return StartServiceCtrlDispatcherW(table) ? 0 : (int)GetLastError();
    }
    manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_ALL_ACCESS);
    honest = make(L"PlumeHonest", L"svc_own.exe service PlumeHonest");
    if (!honest || !StartServiceW(honest, 0, NULL)) {
        fail("start the other service", GetLastError());
        return 1;
    }
    wait_for(honest, SERVICE_RUNNING);
    SERVICE_STATUS s;
    if (wcscmp(argv[1], L"lies") == 0)
        lies(_wtoi(argv[2]));
    else
        kills(_wtoi(argv[2]));
    if (!ControlService(honest, SERVICE_CONTROL_STOP, &s))
        fail("stop the other service", GetLastError());
    wait_for(honest, SERVICE_STOPPED);
    DeleteService(honest);
    printf("failures %ld\n", failures);
    return failures != 0;
}
