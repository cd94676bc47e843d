// Named pipes and mailslots: servers and clients in threads, both modes, waiting, busy, missing.
#include "common_step.h"
#include <stdio.h>
#include <string.h>

#define PIPE L"\\\\.\\pipe\\plume-guest"
#define SLOT L"\\\\.\\mailslot\\plume-guest\\slot"

static HANDLE serve(const WCHAR *name, DWORD mode, DWORD instances, DWORD more)
{
    return CreateNamedPipeW(name, PIPE_ACCESS_DUPLEX | more, mode, instances, 512, 512, 50, NULL);
}

static HANDLE client_of(const WCHAR *name)
{
    return CreateFileW(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
}

/* Answers each message with itself in brackets, for as many clients as there come. */
static DWORD WINAPI echo(void *argument)
{
    HANDLE pipe = argument;
    for (;;) {
        char got[64], answer[80];
        DWORD size;
        if (!ConnectNamedPipe(pipe, NULL) && GetLastError() != ERROR_PIPE_CONNECTED)
            return 0;
        while (ReadFile(pipe, got, sizeof got - 1, &size, NULL)) {
            got[size] = 0;
            int length = snprintf(answer, sizeof answer, "[%s]", got);
            WriteFile(pipe, answer, (DWORD)length, &size, NULL);
            if (!strcmp(got, "end")) {
                FlushFileBuffers(pipe);
                DisconnectNamedPipe(pipe);
                return 0;
            }
        }
        DisconnectNamedPipe(pipe);
    }
}

static void say_got(const char *name, HANDLE pipe)
{
    char got[80] = "";
    DWORD size = 0;
    if (step(name, ReadFile(pipe, got, sizeof got - 1, &size, NULL)))
        say(name, "%.*s", (int)size, got);
}

static void messages(void)
{
    HANDLE pipe = serve(PIPE, PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE | PIPE_WAIT, 1,
                        FILE_FLAG_FIRST_PIPE_INSTANCE);
    step("messages: create", pipe != INVALID_HANDLE_VALUE);
    SetLastError(0);
    HANDLE second = serve(PIPE, PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE | PIPE_WAIT, 1, 0);
    step("messages: second instance", second != INVALID_HANDLE_VALUE);
    second = serve(PIPE, PIPE_TYPE_MESSAGE, 1, FILE_FLAG_FIRST_PIPE_INSTANCE);
    step("messages: first instance again", second != INVALID_HANDLE_VALUE);
    HANDLE thread = CreateThread(NULL, 0, echo, pipe, 0, NULL);

    step("messages: wait for it", WaitNamedPipeW(PIPE, 5000));
    HANDLE client = client_of(PIPE);
    step("messages: open", client != INVALID_HANDLE_VALUE);
    HANDLE other = client_of(PIPE);
    step("messages: open a second time", other != INVALID_HANDLE_VALUE);
    step("messages: wait in vain", WaitNamedPipeW(PIPE, 50));
    DWORD mode = PIPE_READMODE_MESSAGE, size = 0, state = 0, instances = 0, flags = 0, most = 0;
    step("messages: read mode", SetNamedPipeHandleState(client, &mode, NULL, NULL));
    step("messages: state",
         GetNamedPipeHandleStateW(client, &state, &instances, NULL, NULL, NULL, 0));
    say("messages: state", "%lx, %lu instances", state, instances);
    step("messages: information", GetNamedPipeInfo(client, &flags, NULL, NULL, &most));
    say("messages: information", "%lx, at most %lu", flags, most);
    step("messages: write", WriteFile(client, "one", 3, &size, NULL));
    say_got("messages: read", client);
    char answer[64] = "", small[3];
    step("messages: transact",
         TransactNamedPipe(client, (void *)"two", 3, answer, sizeof answer, &size, NULL));
    say("messages: transact", "%.*s", (int)size, answer);
    step("messages: transact, too little room",
         TransactNamedPipe(client, (void *)"three", 5, small, sizeof small, &size, NULL));
    say_got("messages: the rest", client);
    step("messages: close", CloseHandle(client));
    size = 0;
    step("messages: call",
         CallNamedPipeW(PIPE, (void *)"end", 3, answer, sizeof answer, &size, 5000));
    say("messages: call", "%.*s", (int)size, answer);
    WaitForSingleObject(thread, 5000);
    CloseHandle(thread);
    CloseHandle(pipe);
    client = client_of(PIPE);
    step("messages: open when closed", client != INVALID_HANDLE_VALUE);
}

static void bytes(void)
{
    HANDLE pipe = serve(PIPE, PIPE_TYPE_BYTE | PIPE_WAIT, PIPE_UNLIMITED_INSTANCES, 0);
    HANDLE second = serve(PIPE, PIPE_TYPE_BYTE | PIPE_WAIT, PIPE_UNLIMITED_INSTANCES, 0);
    step("bytes: two instances", pipe != INVALID_HANDLE_VALUE && second != INVALID_HANDLE_VALUE);
    HANDLE client = client_of(PIPE);
    step("bytes: open", client != INVALID_HANDLE_VALUE);
    HANDLE other = client_of(L"\\\\.\\PIPE\\Plume-Guest");
    step("bytes: open in other case", other != INVALID_HANDLE_VALUE);
    step("bytes: connect", ConnectNamedPipe(pipe, NULL));
    DWORD size = 0, available = 0;
    step("bytes: write",
         WriteFile(client, "abc", 3, &size, NULL) && WriteFile(client, "def", 3, &size, NULL));
    step("bytes: peek", PeekNamedPipe(pipe, NULL, 0, NULL, &available, NULL));
    say("bytes: peek", "%lu", available);
    say_got("bytes: read", pipe);
    step("bytes: close the client", CloseHandle(client));
    char byte;
    step("bytes: read on", ReadFile(pipe, &byte, 1, &size, NULL));
    step("bytes: write on", WriteFile(pipe, "x", 1, &size, NULL));
    step("bytes: disconnect", DisconnectNamedPipe(pipe));
    CloseHandle(other);
    CloseHandle(second);
    CloseHandle(pipe);
}

static void overlapped(void)
{
    OVERLAPPED connecting = {.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL)};
    HANDLE pipe =
        serve(PIPE L"\\deeper\\name", PIPE_TYPE_BYTE | PIPE_WAIT, 1, FILE_FLAG_OVERLAPPED);
    step("overlapped: create", pipe != INVALID_HANDLE_VALUE);
    step("overlapped: connect", ConnectNamedPipe(pipe, &connecting));
    HANDLE client = client_of(PIPE L"\\deeper\\name");
    step("overlapped: open", client != INVALID_HANDLE_VALUE);
    DWORD size;
    step("overlapped: connected", GetOverlappedResult(pipe, &connecting, &size, TRUE));
    CloseHandle(client);
    CloseHandle(pipe);
    CloseHandle(connecting.hEvent);
}

static void missing(void)
{
    char answer[8];
    DWORD size;
    step("missing: open", client_of(PIPE L"-missing") != INVALID_HANDLE_VALUE);
    step("missing: wait", WaitNamedPipeW(PIPE L"-missing", 50));
    step("missing: call",
         CallNamedPipeW(PIPE L"-missing", (void *)"x", 1, answer, sizeof answer, &size, 50));
    step("bad name: create", serve(L"plume-guest", PIPE_TYPE_BYTE, 1, 0) != INVALID_HANDLE_VALUE);
}

static void mailslots(void)
{
    HANDLE slot = CreateMailslotW(SLOT, 64, 0, NULL);
    step("mailslot: create", slot != INVALID_HANDLE_VALUE);
    HANDLE again = CreateMailslotW(SLOT, 64, 0, NULL);
    step("mailslot: create again", again != INVALID_HANDLE_VALUE);
    HANDLE writer = CreateFileW(SLOT, GENERIC_WRITE, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    step("mailslot: open", writer != INVALID_HANDLE_VALUE);
    DWORD size = 0, next = 0, count = 0;
    step("mailslot: write",
         WriteFile(writer, "first", 5, &size, NULL) && WriteFile(writer, "second", 6, &size, NULL));
    step("mailslot: information", GetMailslotInfo(slot, NULL, &next, &count, NULL));
    say("mailslot: information", "next %lu, count %lu", next, count);
    say_got("mailslot: read", slot);
    say_got("mailslot: read", slot);
    char byte;
    step("mailslot: read on", ReadFile(slot, &byte, 1, &size, NULL));
    CloseHandle(writer);
    CloseHandle(slot);
    writer = CreateFileW(SLOT, GENERIC_WRITE, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    step("mailslot: open when closed", writer != INVALID_HANDLE_VALUE);
}

int main(void)
{
    messages();
    bytes();
    overlapped();
    missing();
    mailslots();
    return 0;
}
