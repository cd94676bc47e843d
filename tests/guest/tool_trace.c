// tool_trace names FILE: uses a name of each kind that a trace shows, and is refused some; appends
// to the file. tool_trace many COUNT: makes so many events, each with another name. tool_trace
// service NAME [refused | fails | child]: a service, that asks for something that no VM may have,
// or that does so, or has a child do so, and then ends with an error. tool_trace ask: the child.
#include <winsock2.h>
#include <windows.h>
#include <winternl.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdbool.h>
#include <wchar.h>

enum { PRIVILEGE_NOT_HELD = (int)0xC0000061 };

static const wchar_t *mode = L"";
static SERVICE_STATUS_HANDLE handle;
static SERVICE_STATUS status = {.dwServiceType = SERVICE_WIN32_OWN_PROCESS,
                                .dwControlsAccepted = SERVICE_ACCEPT_STOP};
static HANDLE stop;

/* What a VM's process must not: load a driver. */
static int load_driver(void)
{
    typedef NTSTATUS(NTAPI * load_fn)(UNICODE_STRING *);
    load_fn load = (load_fn)(void *)GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "NtLoadDriver");
    static wchar_t key[] =
        L"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\PlumeTraceDriver";
    UNICODE_STRING name = {sizeof key - sizeof *key, sizeof key, key};
    return load(&name);
}

static int names(const wchar_t *file)
{
    WSADATA data;
    DWORD written;
    HKEY key;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(4711)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, L"PlumeTraceEvent");
    HANDLE pipe = CreateNamedPipeW(L"\\\\.\\pipe\\plume-trace-pipe", PIPE_ACCESS_DUPLEX,
                                   PIPE_TYPE_BYTE, 1, 0, 0, 0, NULL);
    HANDLE slot = CreateMailslotW(L"\\\\.\\mailslot\\plume-trace-slot", 0, 0, NULL);
    HANDLE out = CreateFileW(file, FILE_APPEND_DATA, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    bool ok = event && pipe != INVALID_HANDLE_VALUE && slot != INVALID_HANDLE_VALUE &&
              out != INVALID_HANDLE_VALUE && WriteFile(out, "x", 1, &written, NULL);
    ok = ok && !RegCreateKeyExW(HKEY_LOCAL_MACHINE, L"SOFTWARE\\PlumeTrace", 0, NULL, 0,
                                KEY_ALL_ACCESS, NULL, &key, NULL);
    ok = ok && WSAStartup(MAKEWORD(2, 2), &data) == 0;
    SOCKET s = ok ? socket(AF_INET, SOCK_STREAM, 0) : INVALID_SOCKET;
    ok = ok && bind(s, (struct sockaddr *)&address, sizeof address) == 0;
    SC_HANDLE scm = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
    SC_HANDLE service = OpenServiceW(scm, L"Spooler", SERVICE_QUERY_STATUS);
    ok = ok && service && load_driver() == PRIVILEGE_NOT_HELD;
    printf("names %s\n", ok ? "ok" : "failed");
    return ok ? 7 : 1;
}

static int many(int count)
{
    wchar_t name[32];
    for (int i = 0; i < count; i++) {
        _snwprintf(name, 32, L"PlumeTraceMany%d", i);
        HANDLE event = CreateEventW(NULL, TRUE, FALSE, name);
        if (!event)
            return 1;
        CloseHandle(event);
    }
    printf("made %d\n", count);
    return 0;
}

static void start_child(void)
{
    wchar_t line[MAX_PATH + 16] = L"\"";
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION child;
    GetModuleFileNameW(NULL, line + 1, MAX_PATH);
    wcscat(line, L"\" ask");
    if (!CreateProcessW(NULL, line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &child))
        return;
    WaitForSingleObject(child.hProcess, INFINITE);
    CloseHandle(child.hThread);
    CloseHandle(child.hProcess);
}

static void report(DWORD state)
{
    status.dwCurrentState = state;
    SetServiceStatus(handle, &status);
}

static DWORD WINAPI control(DWORD code, DWORD type, void *event, void *context)
{
    (void)type;
    (void)event;
    (void)context;
    if (code == SERVICE_CONTROL_STOP)
        SetEvent(stop);
    return NO_ERROR;
}

static void WINAPI service_main(DWORD count, wchar_t **arguments)
{
    (void)count;
    handle = RegisterServiceCtrlHandlerExW(arguments[0], control, NULL);
    if (wcscmp(mode, L"child") == 0)
        start_child();
    else if (*mode)
        load_driver();
    if (wcscmp(mode, L"fails") == 0 || wcscmp(mode, L"child") == 0) {
        status.dwWin32ExitCode = ERROR_PRIVILEGE_NOT_HELD;
    } else {
        report(SERVICE_RUNNING);
        WaitForSingleObject(stop, INFINITE);
    }
    report(SERVICE_STOPPED);
}

int wmain(int argc, wchar_t **argv);
int wmain(int argc, wchar_t **argv)
{
    if (argc == 3 && wcscmp(argv[1], L"names") == 0)
        return names(argv[2]);
    if (argc == 3 && wcscmp(argv[1], L"many") == 0)
        return many(_wtoi(argv[2]));
    if (argc == 2 && wcscmp(argv[1], L"ask") == 0)
        return load_driver() != PRIVILEGE_NOT_HELD;
    if (argc < 3 || wcscmp(argv[1], L"service") != 0)
        return 2;
    if (argc > 3)
        mode = argv[3];
    stop = CreateEventW(NULL, TRUE, FALSE, NULL);
    const SERVICE_TABLE_ENTRYW table[] = {{argv[2], service_main}, {NULL, NULL}};
    return StartServiceCtrlDispatcherW(table) ? 0 : 1;
}
