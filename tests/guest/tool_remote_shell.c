// A stand-in for the telnet service (Tlntsvr): a service that takes connections on a fixed port and
// starts an interactive command interpreter for each, with the connection as its input and output.
// As hard as that one, because the interpreter is a console program started by a service without a
// console, on inherited handles, and the port is the protocol's own.
//
//   tool_remote_shell PORT                as the service PlumeShell
//   tool_remote_shell ask PORT LINE...    the client: types the lines, prints what comes back
#include <winsock2.h>
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "common_net.h"
#include "common_service.h"

static unsigned port;

static SOCKET socket_at(unsigned at, struct sockaddr_storage *address, int *len)
{
    start_winsock();
    *len = make_address(address, "127.0.0.1", at);
    return socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
}

struct pump {
    SOCKET connection;
    HANDLE pipe;
};

// What is typed: from the connection to the interpreter.
static DWORD WINAPI pump_in(void *context)
{
    struct pump *pump = context;
    char buffer[512];
    DWORD written;
    int got;
    while ((got = recv(pump->connection, buffer, sizeof buffer, 0)) > 0)
        if (!WriteFile(pump->pipe, buffer, (DWORD)got, &written, NULL))
            break;
    CloseHandle(pump->pipe);
    return 0;
}

static CRITICAL_SECTION starting;

static DWORD WINAPI session(void *context)
{
    struct pump pump = {.connection = (SOCKET)(ULONG_PTR)context};
    SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
    HANDLE in, out_of, into;
    EnterCriticalSection(
        &starting); // or two would inherit each other's pipes, which then never end
    CreatePipe(&in, &pump.pipe, &inherited, 0);
    CreatePipe(&out_of, &into, &inherited, 0);
    SetHandleInformation(pump.pipe, HANDLE_FLAG_INHERIT, 0);
    SetHandleInformation(out_of, HANDLE_FLAG_INHERIT, 0);
    STARTUPINFOW start = {.cb = sizeof start,
                          .dwFlags = STARTF_USESTDHANDLES,
                          .hStdInput = in,
                          .hStdOutput = into,
                          .hStdError = into};
    PROCESS_INFORMATION process;
    wchar_t line[] = L"cmd.exe /q";
    BOOL started = CreateProcessW(NULL, line, NULL, NULL, TRUE, CREATE_NO_WINDOW, NULL, NULL,
                                  &start, &process);
    CloseHandle(in);
    CloseHandle(into);
    LeaveCriticalSection(&starting);
    if (started) {
        char buffer[512];
        DWORD got;
        HANDLE typing = CreateThread(NULL, 0, pump_in, &pump, 0, NULL);
        while (ReadFile(out_of, buffer, sizeof buffer, &got, NULL) && got)
            send(pump.connection, buffer, (int)got, 0);
        WaitForSingleObject(process.hProcess, INFINITE);
        shutdown(pump.connection, SD_BOTH);
        WaitForSingleObject(typing, INFINITE);
        CloseHandle(typing);
        CloseHandle(process.hProcess);
        CloseHandle(process.hThread);
    }
    CloseHandle(out_of);
    closesocket(pump.connection);
    return 0;
}

static SOCKET listener;

static DWORD WINAPI accept_all(void *context)
{
    SOCKET s;
    (void)context;
    while ((s = accept(listener, NULL, NULL)) != INVALID_SOCKET)
        CloseHandle(CreateThread(NULL, 0, session, (void *)(ULONG_PTR)s, 0, NULL));
    return 0;
}

static void run(HANDLE stop)
{
    struct sockaddr_storage address;
    int len;
    InitializeCriticalSection(&starting);
    listener = socket_at(port, &address, &len);
    if (bind(listener, (struct sockaddr *)&address, len) || listen(listener, 5))
        return;
    CloseHandle(CreateThread(NULL, 0, accept_all, NULL, 0, NULL));
    service_reports_running();
    WaitForSingleObject(stop, INFINITE);
    closesocket(listener);
}

// What is typed is followed by a command that says so when it is done, and the next line waits for
// that: Wine's interpreter loses what it has read beyond the end of a line (WCMD_fgets in
// programs/cmd/batch.c).
static BOOL typed(SOCKET s, const char *line)
{
    static const char done[] = "[done]";
    char text[1024], c;
    size_t seen = 0;
    snprintf(text, sizeof text, "%s&echo %s\r\n", line, done);
    if (send(s, text, (int)strlen(text), 0) < 0)
        return FALSE;
    while (done[seen] && recv(s, &c, 1, 0) == 1) {
        putchar(c);
        seen = c == done[seen] ? seen + 1 : c == done[0];
    }
    return !done[seen];
}

static int ask(int count, char **lines)
{
    struct sockaddr_storage address;
    int len, got;
    char buffer[512];
    SOCKET s = socket_at(port, &address, &len);
    if (connect(s, (struct sockaddr *)&address, len)) {
        printf("no connection: %d\n", WSAGetLastError());
        return 1;
    }
    for (int i = 0; i < count && typed(s, lines[i]); ++i)
        ;
    send(s, "exit\r\n", 6, 0);
    while ((got = recv(s, buffer, sizeof buffer, 0)) > 0)
        fwrite(buffer, 1, (size_t)got, stdout);
    closesocket(s);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 2 && !strcmp(argv[1], "ask")) {
        port = (unsigned)strtoul(argv[2], NULL, 10);
        return ask(argc - 3, argv + 3);
    }
    port = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 23;
    return run_as_service(L"PlumeShell", run);
}
