// A stand-in for the web server's group of services (IIS): three services in one process of the
// system's host for shared services, each needing the one before it. As hard as that one: the
// services find each other in their process, one of them starts worker processes and hands them the
// requests over pipes with fixed names, and the ports are fixed.
//
//   PlumeWebWork     starts the workers (activation)
//   PlumeWeb         serves on port 28480: each request goes to a worker, and its answer back
//   PlumeWebStatus   serves on port 28481: how many of the three run, in how many processes
#include <winsock2.h>
#include <windows.h>
#include <stdio.h>
#include <string.h>

#define WORK    L"\\\\.\\pipe\\plume-web-work"
#define WORKERS 2

struct service {
    SERVICE_STATUS_HANDLE handle;
    SERVICE_STATUS status;
    HANDLE stop;
};

// What the three services share: the process is one.
static HANDLE workers[WORKERS];
static LONG volatile next_worker;
static CRITICAL_SECTION lock;

static void report(struct service *s, DWORD state)
{
    s->status.dwServiceType = SERVICE_WIN32_SHARE_PROCESS;
    s->status.dwControlsAccepted =
        state == SERVICE_RUNNING ? SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_SHUTDOWN : 0;
    s->status.dwWaitHint = state == SERVICE_RUNNING || state == SERVICE_STOPPED ? 0 : 60000;
    s->status.dwCurrentState = state;
    SetServiceStatus(s->handle, &s->status);
}

static DWORD WINAPI handle_control(DWORD control, DWORD type, void *data, void *context)
{
    struct service *s = context;
    (void)type;
    (void)data;
    if (control == SERVICE_CONTROL_STOP || control == SERVICE_CONTROL_SHUTDOWN) {
        report(s, SERVICE_STOP_PENDING);
        SetEvent(s->stop);
        return NO_ERROR;
    }
    return control == SERVICE_CONTROL_INTERROGATE ? NO_ERROR : ERROR_CALL_NOT_IMPLEMENTED;
}

static struct service *begin(const wchar_t *name)
{
    struct service *s = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof *s);
    if (!s)
        ExitProcess(1);
    s->stop = CreateEventW(NULL, TRUE, FALSE, NULL);
    s->handle = RegisterServiceCtrlHandlerExW(name, handle_control, s);
    report(s, SERVICE_START_PENDING);
    return s;
}

__declspec(dllexport) void WINAPI WorkMain(DWORD count, wchar_t **arguments);
__declspec(dllexport) void WINAPI WebMain(DWORD count, wchar_t **arguments);
__declspec(dllexport) void WINAPI StatusMain(DWORD count, wchar_t **arguments);

static BOOL start_worker(const wchar_t *line, HANDLE *pipe)
{
    STARTUPINFOW start = {.cb = sizeof start};
    PROCESS_INFORMATION process;
    wchar_t copy[MAX_PATH + 20];
    *pipe = CreateNamedPipeW(WORK, PIPE_ACCESS_DUPLEX, PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE,
                             WORKERS, 4096, 4096, 0, NULL);
    lstrcpyW(copy, line);
    if (*pipe == INVALID_HANDLE_VALUE ||
        !CreateProcessW(NULL, copy, NULL, NULL, FALSE, 0, NULL, NULL, &start, &process))
        return FALSE;
    CloseHandle(process.hThread);
    CloseHandle(process.hProcess);
    return ConnectNamedPipe(*pipe, NULL) || GetLastError() == ERROR_PIPE_CONNECTED;
}

void WINAPI WorkMain(DWORD count, wchar_t **arguments)
{
    struct service *s = begin(arguments[0]);
    wchar_t line[MAX_PATH + 20] = L"";
    HKEY key;
    DWORD size = MAX_PATH * sizeof *line;
    BOOL good = FALSE;
    (void)count;
    InitializeCriticalSection(&lock);
    if (!RegOpenKeyExW(HKEY_LOCAL_MACHINE,
                       L"System\\CurrentControlSet\\Services\\PlumeWebWork\\Parameters", 0,
                       KEY_QUERY_VALUE, &key)) {
        good = !RegQueryValueExW(key, L"Worker", NULL, NULL, (BYTE *)line, &size);
        RegCloseKey(key);
    }
    lstrcatW(line, L" worker");
    for (unsigned i = 0; i < WORKERS && good; ++i)
        good = start_worker(line, &workers[i]);
    if (good) {
        report(s, SERVICE_RUNNING);
        WaitForSingleObject(s->stop, INFINITE);
    }
    for (unsigned i = 0; i < WORKERS; ++i)
        CloseHandle(workers[i]); // which ends the worker
    report(s, SERVICE_STOPPED);
}

/* The answer to a request for the path. */
typedef void answer(const char *path, char *body, DWORD size);

struct server {
    SOCKET listener;
    answer *reply;
};

static DWORD WINAPI serve(void *context)
{
    struct server *server = context;
    SOCKET s;
    while ((s = accept(server->listener, NULL, NULL)) != INVALID_SOCKET) {
        char request[2048] = "", body[2048] = "", head[200];
        int size = 0, got;
        while (size < (int)sizeof request - 1 && !strstr(request, "\r\n\r\n") &&
               (got = recv(s, request + size, (int)sizeof request - 1 - size, 0)) > 0)
            request[size += got] = 0;
        char *path = strchr(request, ' '), *end = path ? strchr(path + 1, ' ') : NULL;
        if (end) {
            *end = 0;
            server->reply(path + 1, body, sizeof body);
        }
        snprintf(head, sizeof head, "HTTP/1.0 %s\r\nContent-Length: %u\r\n\r\n",
                 end ? "200 OK" : "400 Bad Request", (unsigned)strlen(body));
        send(s, head, (int)strlen(head), 0);
        send(s, body, (int)strlen(body), 0);
        shutdown(s, SD_SEND);
        closesocket(s);
    }
    return 0;
}

static void run_server(struct service *s, unsigned short port, answer *reply)
{
    WSADATA data;
    struct sockaddr_in address = {.sin_family = AF_INET};
    struct server server = {.reply = reply};
    WSAStartup(MAKEWORD(2, 2), &data);
    // Not on all addresses, as a web server would: below Wine, Linux lets nobody have a port on one
    // address that the host has on all (docs/network.md).
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    server.listener = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    if (!bind(server.listener, (struct sockaddr *)&address, sizeof address) &&
        !listen(server.listener, 5)) {
        HANDLE thread = CreateThread(NULL, 0, serve, &server, 0, NULL);
        report(s, SERVICE_RUNNING);
        WaitForSingleObject(s->stop, INFINITE);
        closesocket(server.listener);
        WaitForSingleObject(thread, 60000);
    }
    report(s, SERVICE_STOPPED);
}

static void from_worker(const char *path, char *body, DWORD size)
{
    DWORD done;
    HANDLE pipe = workers[(DWORD)InterlockedIncrement(&next_worker) % WORKERS];
    EnterCriticalSection(&lock);
    if (WriteFile(pipe, path, (DWORD)strlen(path), &done, NULL) &&
        ReadFile(pipe, body, size - 1, &done, NULL))
        body[done] = 0;
    LeaveCriticalSection(&lock);
}

void WINAPI WebMain(DWORD count, wchar_t **arguments)
{
    (void)count;
    run_server(begin(arguments[0]), 28480, from_worker);
}

static void state_of_group(const char *path, char *body, DWORD size)
{
    static const wchar_t *const names[] = {L"PlumeWebWork", L"PlumeWeb", L"PlumeWebStatus"};
    unsigned running = 0, here = 0;
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
    (void)path;
    for (unsigned i = 0; i < sizeof names / sizeof *names; ++i) {
        SC_HANDLE service = OpenServiceW(manager, names[i], SERVICE_QUERY_STATUS);
        SERVICE_STATUS_PROCESS status;
        DWORD needed;
        if (service && QueryServiceStatusEx(service, SC_STATUS_PROCESS_INFO, (BYTE *)&status,
                                            sizeof status, &needed)) {
            running += status.dwCurrentState == SERVICE_RUNNING;
            here += status.dwProcessId == GetCurrentProcessId();
        }
        if (service)
            CloseServiceHandle(service);
    }
    CloseServiceHandle(manager);
    snprintf(body, size, "%u running, %u in this process", running, here);
}

void WINAPI StatusMain(DWORD count, wchar_t **arguments)
{
    (void)count;
    run_server(begin(arguments[0]), 28481, state_of_group);
}
