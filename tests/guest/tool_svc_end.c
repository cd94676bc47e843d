// tool_svc_end NAME FILE [WORD]...: a service that appends to the file what happens to it. The
// words:
//   preshutdown  wants to know of the machine's end before the others, and takes a while then
//   ignore       does not stop when it is told of that
//   privileges   notes which privileges it has
//   stuck        does not come back from being told to stop
//   mute         notes that, does not become a service, and does not end
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

static const wchar_t *name, *file;
static DWORD words; // bit i: options[i]
enum { PRESHUTDOWN = 1, IGNORE_IT = 2, PRIVILEGES = 4, MUTE = 8, STUCK = 16 };
static SERVICE_STATUS_HANDLE handle;
static SERVICE_STATUS status = {.dwServiceType = SERVICE_WIN32_OWN_PROCESS,
                                .dwControlsAccepted =
                                    SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_SHUTDOWN};
static HANDLE stop;

// One write at the file's end, as several services share it.
static void note(const char *what)
{
    char line[256];
    HANDLE log = CreateFileW(file, FILE_APPEND_DATA, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                             OPEN_ALWAYS, 0, NULL);
    DWORD written;
    int len = snprintf(line, sizeof line, "%ls %s\r\n", name, what);
    WriteFile(log, line, (DWORD)len, &written, NULL);
    CloseHandle(log);
}

static void report(DWORD state)
{
    status.dwCurrentState = state;
    SetServiceStatus(handle, &status);
}

static DWORD WINAPI handle_control(DWORD control, DWORD type, void *data, void *context)
{
    (void)type;
    (void)data;
    (void)context;
    if (control == SERVICE_CONTROL_INTERROGATE)
        return NO_ERROR;
    note(control == SERVICE_CONTROL_PRESHUTDOWN ? "preshutdown"
         : control == SERVICE_CONTROL_SHUTDOWN  ? "shutdown"
                                                : "stop");
    if (words & STUCK)
        Sleep(INFINITE);
    if (control == SERVICE_CONTROL_PRESHUTDOWN && (words & IGNORE_IT))
        return NO_ERROR;
    report(SERVICE_STOP_PENDING);
    SetEvent(stop);
    return NO_ERROR;
}

static void note_privileges(void)
{
    static BYTE room[4096];
    TOKEN_PRIVILEGES *have = (TOKEN_PRIVILEGES *)room;
    HANDLE token;
    DWORD bytes;
    OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token);
    GetTokenInformation(token, TokenPrivileges, room, sizeof room, &bytes);
    for (DWORD i = 0; i < have->PrivilegeCount; i++) {
        char privilege[64];
        DWORD len = sizeof privilege;
        if (LookupPrivilegeNameA(NULL, &have->Privileges[i].Luid, privilege, &len))
            note(privilege);
    }
    CloseHandle(token);
}

static void WINAPI service_main(DWORD count, wchar_t **arguments)
{
    (void)count;
    handle = RegisterServiceCtrlHandlerExW(arguments[0], handle_control, NULL);
    note("start");
    if (words & PRIVILEGES)
        note_privileges();
    if (words & PRESHUTDOWN)
        status.dwControlsAccepted |= SERVICE_ACCEPT_PRESHUTDOWN;
    report(SERVICE_RUNNING);
    WaitForSingleObject(stop, INFINITE);
    if (words & PRESHUTDOWN)
        Sleep(200); // whoever does not wait for it is seen before its end
    note("end");
    report(SERVICE_STOPPED);
}

int wmain(int argc, wchar_t **argv);

int wmain(int argc, wchar_t **argv)
{
    static const wchar_t *const options[] = {L"preshutdown", L"ignore", L"privileges", L"mute",
                                             L"stuck"};
    if (argc < 3)
        return 2;
    name = argv[1];
    file = argv[2];
    for (int i = 3; i < argc; i++) {
        for (DWORD j = 0; j < 5; j++)
            words |= wcscmp(argv[i], options[j]) == 0 ? 1u << j : 0;
    }
    stop = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (words & MUTE) {
        note("mute");
        Sleep(INFINITE);
    }
    SERVICE_TABLE_ENTRYW table[] = {
        {argv[1], service_main}, {(wchar_t *)L"Second", service_main}, {NULL, NULL}};
    return StartServiceCtrlDispatcherW(table) ? 0 : (int)GetLastError();
}
