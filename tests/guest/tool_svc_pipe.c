// A service that starts when its pipe is opened.
//   tool_svc_pipe service SERVICE PIPE [fails]  the service: says where it comes from to whoever
//                                               opens its pipe, or ends without one
//   tool_svc_pipe set SERVICE PIPE [interface]  opening the pipe triggers the service's start; or
//                                               asking for an RPC interface does
//   tool_svc_pipe ask PIPE [COUNT]              opens the pipe, from so many threads at once, and
//                                               says what comes
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include "common_service.h"

enum { TRIGGER_INFO = 8, NETWORK_ENDPOINT = 6, SERVICE_START_ACTION = 1, STRING = 2 };

static wchar_t pipe_name[128];
static BOOL fails;

static void run(HANDLE stop)
{
    static const char said[] = "the service";
    OVERLAPPED connecting = {.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL)};
    HANDLE events[2] = {stop, connecting.hEvent};
    if (fails)
        return;
    service_reports_running();
    Sleep(300); // who opens it waits for the pipe, not for the state
    for (;;) {
        HANDLE pipe = CreateNamedPipeW(pipe_name, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED,
                                       PIPE_TYPE_BYTE, PIPE_UNLIMITED_INSTANCES, 64, 64, 0, NULL);
        DWORD written;
        if (!ConnectNamedPipe(pipe, &connecting) && GetLastError() == ERROR_IO_PENDING &&
            WaitForMultipleObjects(2, events, FALSE, INFINITE) == WAIT_OBJECT_0)
            return;
        WriteFile(pipe, said, sizeof said - 1, &written, NULL);
        FlushFileBuffers(pipe);
        DisconnectNamedPipe(pipe);
        CloseHandle(pipe);
    }
}

static DWORD WINAPI ask(void *unused)
{
    char said[64] = "";
    DWORD bytes = 0;
    HANDLE pipe;
    (void)unused;
    do {
        pipe =
            CreateFileW(pipe_name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    } while (pipe == INVALID_HANDLE_VALUE && GetLastError() == ERROR_PIPE_BUSY &&
             (WaitNamedPipeW(pipe_name, 60000) || TRUE));
    if (pipe == INVALID_HANDLE_VALUE) {
        printf("cannot be opened: error %lu\n", GetLastError());
        return 1;
    }
    BOOL ok = ReadFile(pipe, said, sizeof said - 1, &bytes, NULL);
    printf("answered by %s%s\n", said, ok ? "" : "nobody");
    CloseHandle(pipe);
    return 0;
}

static int set(const wchar_t *name, wchar_t *pipe, BOOL rpc)
{
    struct item {
        DWORD type, size;
        void *data;
    } item = {STRING, (DWORD)((wcslen(pipe) + 1) * sizeof *pipe), pipe};
    // NAMED_PIPE_EVENT_GUID, RPC_INTERFACE_EVENT_GUID
    GUID kinds[] = {{0x1f81d131, 0x3fac, 0x4537, {0x9e, 0x0c, 0x7e, 0x7b, 0x0c, 0x2f, 0x4b, 0x55}},
                    {0xbc90d167, 0x9470, 0x4139, {0xa9, 0xba, 0xbe, 0x0b, 0xbb, 0xf5, 0xb7, 0x4d}}};
    struct {
        DWORD type, action;
        GUID *kind;
        DWORD count;
        struct item *items;
    } trigger = {NETWORK_ENDPOINT, SERVICE_START_ACTION, &kinds[rpc], 1, &item};
    struct {
        DWORD count;
        void *triggers;
        void *reserved;
    } triggers = {*pipe ? 1 : 0, &trigger, NULL};
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
    SC_HANDLE service = OpenServiceW(manager, name, SERVICE_CHANGE_CONFIG);
    BOOL ok = service && ChangeServiceConfig2W(service, TRIGGER_INFO, &triggers);
    printf("set: %s %lu\n", ok ? "ok" : "error", ok ? 0 : GetLastError());
    return !ok;
}

int wmain(int argc, wchar_t **argv);
int wmain(int argc, wchar_t **argv)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    if (argc < 3)
        return 2;
    if (wcscmp(argv[1], L"ask") == 0) {
        HANDLE threads[64];
        int count = argc > 3 ? _wtoi(argv[3]) : 1;
        _snwprintf(pipe_name, 127, L"\\\\.\\pipe\\%ls", argv[2]);
        for (int i = 0; i < count && i < 64; i++)
            threads[i] = CreateThread(NULL, 0, ask, NULL, 0, NULL);
        for (int i = 0; i < count && i < 64; i++)
            WaitForSingleObject(threads[i], INFINITE);
        return 0;
    }
    if (argc < 4)
        return 2;
    if (wcscmp(argv[1], L"set") == 0)
        return set(argv[2], argv[3], argc > 4);
    _snwprintf(pipe_name, 127, L"\\\\.\\pipe\\%ls", argv[3]);
    fails = argc > 4;
    return run_as_service(argv[2], run);
}
