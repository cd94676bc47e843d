// Pipes of every mode and direction, who is at the other end, and acting as the client.
#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include "common_step.h"

#define PIPE L"\\\\.\\pipe\\plume-guest-modes"
enum { PATIENCE_MS = 60000 };

static HANDLE serve(DWORD open, DWORD mode, DWORD most)
{
    return CreateNamedPipeW(PIPE, open, mode, most, 4096, 4096, 100, NULL);
}

static HANDLE client_of(const wchar_t *name, DWORD access)
{
    return CreateFileW(name, access, 0, NULL, OPEN_EXISTING, 0, NULL);
}

static void *in_kernel32(const char *name)
{
    return (void *)GetProcAddress(GetModuleHandleW(L"kernel32"), name);
}

/* Each direction: what either end may do. */
static void directions(void)
{
    static const struct {
        const char *name;
        DWORD open;
    } ways[] = {
        {"in", PIPE_ACCESS_INBOUND}, {"out", PIPE_ACCESS_OUTBOUND}, {"both", PIPE_ACCESS_DUPLEX}};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        DWORD size;
        char byte;
        HANDLE pipe = serve(ways[i].open, PIPE_TYPE_BYTE, 1);
        say("direction", "%s", ways[i].name);
        step("create", pipe != INVALID_HANDLE_VALUE);
        HANDLE both = client_of(PIPE, GENERIC_READ | GENERIC_WRITE);
        step("open for both", both != INVALID_HANDLE_VALUE);
        HANDLE client = both;
        if (both == INVALID_HANDLE_VALUE)
            client =
                client_of(PIPE, ways[i].open == PIPE_ACCESS_INBOUND ? GENERIC_WRITE : GENERIC_READ);
        step("open", client != INVALID_HANDLE_VALUE);
        step("client writes", WriteFile(client, "x", 1, &size, NULL));
        step("server writes", WriteFile(pipe, "y", 1, &size, NULL));
        if (ways[i].open != PIPE_ACCESS_OUTBOUND)
            step("server reads", ReadFile(pipe, &byte, 1, &size, NULL));
        if (ways[i].open != PIPE_ACCESS_INBOUND)
            step("client reads", ReadFile(client, &byte, 1, &size, NULL));
        CloseHandle(client);
        CloseHandle(pipe);
    }
}

static void instances(void)
{
    HANDLE first = serve(PIPE_ACCESS_DUPLEX | FILE_FLAG_FIRST_PIPE_INSTANCE, PIPE_TYPE_MESSAGE, 2);
    step("first instance", first != INVALID_HANDLE_VALUE);
    step("first instance again", serve(PIPE_ACCESS_DUPLEX | FILE_FLAG_FIRST_PIPE_INSTANCE,
                                       PIPE_TYPE_MESSAGE, 2) != INVALID_HANDLE_VALUE);
    step("of another direction",
         serve(PIPE_ACCESS_INBOUND, PIPE_TYPE_MESSAGE, 2) != INVALID_HANDLE_VALUE);
    HANDLE second = serve(PIPE_ACCESS_DUPLEX, PIPE_TYPE_MESSAGE, 2);
    step("second instance", second != INVALID_HANDLE_VALUE);
    step("one too many", serve(PIPE_ACCESS_DUPLEX, PIPE_TYPE_MESSAGE, 2) != INVALID_HANDLE_VALUE);
    step("none allowed", serve(PIPE_ACCESS_DUPLEX, PIPE_TYPE_MESSAGE, 0) != INVALID_HANDLE_VALUE);
    step("wait for the default time", WaitNamedPipeW(PIPE, NMPWAIT_USE_DEFAULT_WAIT));
    CloseHandle(first);
    CloseHandle(second);
}

static void without_waiting(void)
{
    DWORD size, mode = PIPE_READMODE_BYTE | PIPE_WAIT;
    char text[16];
    HANDLE pipe =
        serve(PIPE_ACCESS_DUPLEX, PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE | PIPE_NOWAIT, 1);
    step("no wait: create", pipe != INVALID_HANDLE_VALUE);
    step("no wait: connect", ConnectNamedPipe(pipe, NULL));
    step("no wait: read", ReadFile(pipe, text, sizeof text, &size, NULL));
    HANDLE client = client_of(PIPE, GENERIC_READ | GENERIC_WRITE);
    step("no wait: open", client != INVALID_HANDLE_VALUE);
    step("no wait: connected", ConnectNamedPipe(pipe, NULL));
    step("no wait: nothing to read", ReadFile(pipe, text, sizeof text, &size, NULL));
    step("no wait: write", WriteFile(client, "message", 7, &size, NULL));
    step("no wait: a part", ReadFile(pipe, text, 3, &size, NULL));
    step("no wait: the rest", ReadFile(pipe, text, sizeof text, &size, NULL));
    say("no wait: the rest", "%lu", size);
    step("no wait: to bytes", SetNamedPipeHandleState(pipe, &mode, NULL, NULL));
    step("no wait: two messages",
         WriteFile(client, "ab", 2, &size, NULL) && WriteFile(client, "cd", 2, &size, NULL));
    step("no wait: as bytes", ReadFile(pipe, text, sizeof text, &size, NULL));
    say("no wait: as bytes", "%lu", size);
    step("no wait: an empty message", WriteFile(client, "", 0, &size, NULL));
    CloseHandle(client);
    step("no wait: closed", ReadFile(pipe, text, sizeof text, &size, NULL));
    step("no wait: disconnect", DisconnectNamedPipe(pipe));
    step("no wait: disconnected", ReadFile(pipe, text, sizeof text, &size, NULL));
    CloseHandle(pipe);
}

typedef BOOL WINAPI get_number(HANDLE, ULONG *);
typedef BOOL WINAPI get_computer(HANDLE, wchar_t *, ULONG);

/* Both ends, of which the other belongs to the process `other`. */
static void who(HANDLE pipe, HANDLE client, DWORD server_id, DWORD client_id)
{
    static const char *const names[] = {
        "GetNamedPipeClientProcessId", "GetNamedPipeServerProcessId", "GetNamedPipeClientSessionId",
        "GetNamedPipeServerSessionId"};
    DWORD session = 0, expected[] = {client_id, server_id, 0, 0};
    ProcessIdToSessionId(GetCurrentProcessId(), &session);
    expected[2] = expected[3] = session;
    for (int end = 0; end < 2; end++) {
        HANDLE handle = end ? client : pipe;
        if (!handle)
            continue;
        for (int i = 0; i < 4; i++) {
            get_number *get = (get_number *)in_kernel32(names[i]);
            ULONG number = 0xdeadbeef;
            BOOL good = get && get(handle, &number);
            step(names[i], good);
            if (good)
                say(names[i], "%s", number == expected[i] ? "right" : "wrong");
        }
    }
    get_computer *computer = (get_computer *)in_kernel32("GetNamedPipeClientComputerNameW");
    wchar_t name[64] = L"";
    say("the client's computer", "%s", computer ? "to be asked" : "not there");
    if (computer)
        step("the client's computer", computer(pipe, name, 64));
}

/* The user whom the pipe is acted for. */
static void impersonate(HANDLE pipe, HANDLE client)
{
    DWORD size;
    char byte;
    HANDLE token;
    wchar_t user[64] = L"", own[64] = L"";
    step("impersonate before reading", ImpersonateNamedPipeClient(pipe));
    RevertToSelf();
    if (client)
        WriteFile(client, "x", 1, &size, NULL);
    step("read", ReadFile(pipe, &byte, 1, &size, NULL));
    step("impersonate", ImpersonateNamedPipeClient(pipe));
    step("the thread's token", OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &token));
    size = 64;
    GetUserNameW(user, &size);
    // What is done so is the VM's, too.
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, L"plume-guest-impersonating");
    step("make an event", event != NULL);
    step("revert", RevertToSelf());
    step("the thread's token", OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &token));
    size = 64;
    GetUserNameW(own, &size);
    say("the same user", "%d", wcscmp(user, own) == 0);
    step("the event", OpenEventW(SYNCHRONIZE, FALSE, L"plume-guest-impersonating") != NULL);
    CloseHandle(event);
}

static void other_end(void)
{
    HANDLE pipe = serve(PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE, 1);
    step("impersonate nobody", ImpersonateNamedPipeClient(pipe));
    HANDLE client = client_of(PIPE, GENERIC_READ | GENERIC_WRITE);
    step("open", client != INVALID_HANDLE_VALUE);
    who(pipe, client, GetCurrentProcessId(), GetCurrentProcessId());
    impersonate(pipe, client);
    CloseHandle(client);
    CloseHandle(pipe);
}

/* The other end is a child's. */
static void with_child(const wchar_t *self)
{
    wchar_t line[600];
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION made;
    DWORD code = 0, size;
    HANDLE pipe = serve(PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE, 1);
    _snwprintf(line, 600, L"\"%ls\" client", self);
    if (!step("start",
              CreateProcessW(NULL, line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &made)))
        return;
    BOOL connected = ConnectNamedPipe(pipe, NULL);
    step("connect", connected || GetLastError() == ERROR_PIPE_CONNECTED);
    who(pipe, NULL, GetCurrentProcessId(), made.dwProcessId);
    impersonate(pipe, NULL);
    step("let it go", WriteFile(pipe, "z", 1, &size, NULL));
    WaitForSingleObject(made.hProcess, PATIENCE_MS);
    GetExitCodeProcess(made.hProcess, &code);
    say("its exit status", "%lu", code);
    CloseHandle(pipe);
}

static int client(void)
{
    DWORD size;
    char byte = 0;
    HANDLE pipe = client_of(PIPE, GENERIC_READ | GENERIC_WRITE);
    BOOL good = WriteFile(pipe, "c", 1, &size, NULL) && ReadFile(pipe, &byte, 1, &size, NULL);
    return good && byte == 'z' ? 4 : 5;
}

/* The computer's own names: natively Wine opens nothing by them. */
static void by_computer(void)
{
    HANDLE pipe = serve(PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE, 1);
    HANDLE end = client_of(L"\\\\localhost\\pipe\\plume-guest-modes", GENERIC_READ);
    say("differs: open by localhost", "%d", end != INVALID_HANDLE_VALUE);
    CloseHandle(end);
    CloseHandle(pipe);
}

/* The ways to write a pipe's name. */
static void names(void)
{
    static const wchar_t *const forms[] = {
        L"\\\\.\\pipe\\plume-guest-modes",
        L"\\\\.\\PIPE\\PLUME-guest-MODES",
        L"\\\\?\\pipe\\plume-guest-modes",
        L"\\\\.\\pipe\\\\plume-guest-modes",
        L"//./pipe/plume-guest-modes",
        L"\\\\.\\pipe\\..\\pipe\\plume-guest-modes",
        L"\\\\.\\pipe\\plume-guest-modes\\",
        L"\\\\.\\pipe\\plume-guest-modes\\more",
        L"\\\\.\\pipe\\plume-guest",
        L"\\\\.\\pipe\\",
        L"\\\\.\\pipe",
        L"pipe\\plume-guest-modes",
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        HANDLE pipe = serve(PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE, 1);
        char name[100];
        snprintf(name, sizeof name, "open %ls", forms[i]);
        HANDLE end = client_of(forms[i], GENERIC_READ);
        step(name, end != INVALID_HANDLE_VALUE);
        CloseHandle(end);
        CloseHandle(pipe);
    }
}

int wmain(int argc, wchar_t **argv); // declared by no header

int wmain(int argc, wchar_t **argv)
{
    if (argc > 1)
        return client();
    directions();
    instances();
    without_waiting();
    other_end();
    with_child(argv[0]);
    names();
    by_computer();
    return 0;
}
