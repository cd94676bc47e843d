// ConnectEx and AcceptEx, completion ports, overlapped datagrams, select, WSAPoll, sockets that do
// not block.
#include "common_net.h"
#include "common_step.h"
#include <stdio.h>
#include <string.h>
#include <mswsock.h>
#include <ws2tcpip.h>

// WSAPoll() is newer than NT 5.2, and so are its declarations.
struct polled {
    SOCKET fd;
    short events, revents;
};
enum { POLLED_READABLE = 0x0100 }; // POLLRDNORM

static void *extension(SOCKET s, GUID id)
{
    void *function = NULL;
    DWORD size;
    WSAIoctl(s, SIO_GET_EXTENSION_FUNCTION_POINTER, &id, sizeof id, &function, sizeof function,
             &size, NULL, NULL);
    return function;
}

static void extended(const char *name, const char *server_on, const char *client_on, const char *to)
{
    char line[160], buffer[2 * (sizeof(struct sockaddr_storage) + 16) + 16] = "", got[16] = "";
    unsigned port = free_port(SOCK_STREAM);
    struct sockaddr_storage address;
    SOCKET server = bound_socket(name, SOCK_STREAM, server_on, port, 1), accepted, client;
    if (server == INVALID_SOCKET || listen(server, 5))
        return;
    int family = strchr(to, ':') ? AF_INET6 : AF_INET, length = make_address(&address, to, port);
    accepted = socket(family, SOCK_STREAM, 0);
    LPFN_ACCEPTEX accept_ex = (LPFN_ACCEPTEX)extension(server, (GUID)WSAID_ACCEPTEX);
    LPFN_CONNECTEX connect_ex = (LPFN_CONNECTEX)extension(server, (GUID)WSAID_CONNECTEX);
    snprintf(line, sizeof line, "%s: functions", name);
    if (!step(line, accept_ex && connect_ex))
        return;

    HANDLE completions = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
    CreateIoCompletionPort((HANDLE)server, completions, 1, 0);
    OVERLAPPED accepting = {0}, connecting = {.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL)},
               *done = NULL;
    DWORD size = 0;
    ULONG_PTR key = 0;
    snprintf(line, sizeof line, "%s: AcceptEx", name);
    BOOL good = accept_ex(server, accepted, buffer, 0, sizeof address + 16, sizeof address + 16,
                          &size, &accepting);
    step(line, good);

    client = socket(family, SOCK_STREAM, 0);
    snprintf(line, sizeof line, "%s: ConnectEx, not bound", name);
    step(line, connect_ex(client, (struct sockaddr *)&address, length, NULL, 0, NULL, &connecting));
    closesocket(client);
    client = bound_socket(name, SOCK_STREAM, client_on, 0, -1);
    snprintf(line, sizeof line, "%s: ConnectEx", name);
    ResetEvent(connecting.hEvent);
    good =
        connect_ex(client, (struct sockaddr *)&address, length, (void *)"hi", 3, NULL, &connecting);
    step(line, good || GetLastError() == ERROR_IO_PENDING);
    snprintf(line, sizeof line, "%s: ConnectEx completes", name);
    step(line, GetOverlappedResult((HANDLE)client, &connecting, &size, TRUE));
    snprintf(line, sizeof line, "%s: completion", name);
    if (step(line, GetQueuedCompletionStatus(completions, &size, &key, &done, 5000)))
        say(line, "key %u, %s", (unsigned)key, done == &accepting ? "of AcceptEx" : "of another");
    setsockopt(accepted, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT, (char *)&server, sizeof server);
    setsockopt(client, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, NULL, 0);
    snprintf(line, sizeof line, "%s: accepted", name);
    say_name(line, accepted, port);
    say_peer(line, accepted, port);
    snprintf(line, sizeof line, "%s: client", name);
    say_name(line, client, port);
    say_peer(line, client, port);
    snprintf(line, sizeof line, "%s: got", name);
    recv(accepted, got, sizeof got, 0);
    say(line, "%s", got);
    closesocket(client);
    closesocket(accepted);
    closesocket(server);
    CloseHandle(connecting.hEvent);
    CloseHandle(completions);
}

static void not_blocking(const char *name, const char *on, const char *to)
{
    char line[160], byte;
    unsigned port = free_port(SOCK_STREAM);
    struct sockaddr_storage address;
    u_long yes = 1;
    SOCKET server = bound_socket(name, SOCK_STREAM, on, port, 1), accepted, client;
    if (server == INVALID_SOCKET || listen(server, 5))
        return;
    ioctlsocket(server, FIONBIO, &yes);
    int family = strchr(to, ':') ? AF_INET6 : AF_INET, length = make_address(&address, to, port);
    snprintf(line, sizeof line, "%s: accept, nobody there", name);
    step(line, accept(server, NULL, NULL) != INVALID_SOCKET);
    client = socket(family, SOCK_STREAM, 0);
    ioctlsocket(client, FIONBIO, &yes);
    snprintf(line, sizeof line, "%s: connect begins", name);
    int failed = connect(client, (struct sockaddr *)&address, length);
    step(line, !failed || WSAGetLastError() == WSAEWOULDBLOCK);

    fd_set readable, writable;
    FD_ZERO(&readable);
    FD_ZERO(&writable);
    FD_SET(server, &readable);
    FD_SET(client, &writable);
    struct timeval timeout = {5, 0};
    snprintf(line, sizeof line, "%s: select, server", name);
    say(line, "%d", select(0, &readable, NULL, NULL, &timeout));
    snprintf(line, sizeof line, "%s: select, client", name);
    say(line, "%d", select(0, NULL, &writable, NULL, &timeout));
    accepted = accept(server, NULL, NULL);
    snprintf(line, sizeof line, "%s: accept", name);
    step(line, accepted != INVALID_SOCKET);
    snprintf(line, sizeof line, "%s: receive, nothing there", name);
    step(line, recv(client, &byte, 1, 0) == 1);
    int(WSAAPI * poll_sockets)(struct polled *, ULONG, INT) =
        (void *)GetProcAddress(GetModuleHandleW(L"ws2_32.dll"), "WSAPoll");
    send(accepted, "x", 1, 0);
    if (poll_sockets) {
        struct polled polled = {.fd = client, .events = POLLED_READABLE};
        snprintf(line, sizeof line, "%s: WSAPoll", name);
        int count = poll_sockets(&polled, 1, 5000);
        say(line, "%d, events %x", count, polled.revents);
    }
    snprintf(line, sizeof line, "%s: receive", name);
    step(line, recv(client, &byte, 1, 0) == 1);
    closesocket(accepted);
    closesocket(client);

    // To a port that nobody listens on.
    closesocket(server);
    client = socket(family, SOCK_STREAM, 0);
    ioctlsocket(client, FIONBIO, &yes);
    failed = connect(client, (struct sockaddr *)&address, length);
    fd_set excepted;
    FD_ZERO(&excepted);
    FD_SET(client, &excepted);
    snprintf(line, sizeof line, "%s: refused, select", name);
    say(line, "%d", select(0, NULL, NULL, &excepted, &timeout));
    int error = 0, size = sizeof error;
    getsockopt(client, SOL_SOCKET, SO_ERROR, (char *)&error, &size);
    snprintf(line, sizeof line, "%s: refused", name);
    say(line, "%d", error);
    closesocket(client);
}

static void overlapped_datagrams(const char *name, const char *on, const char *to)
{
    char line[160], data[32] = "";
    unsigned port = free_port(SOCK_DGRAM);
    struct sockaddr_storage address, from = {0};
    int length = make_address(&address, to, port), from_length = sizeof from;
    SOCKET server = bound_socket(name, SOCK_DGRAM, on, port, 1);
    SOCKET client = socket(strchr(to, ':') ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);
    if (server == INVALID_SOCKET)
        return;
    WSABUF in = {sizeof data, data}, out = {6, (char *)"hello"};
    OVERLAPPED receiving = {.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL)};
    OVERLAPPED sending = {.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL)};
    DWORD flags = 0, size = 0;
    snprintf(line, sizeof line, "%s: WSARecvFrom", name);
    int failed = WSARecvFrom(server, &in, 1, NULL, &flags, (struct sockaddr *)&from, &from_length,
                             &receiving, NULL);
    step(line, !failed);
    snprintf(line, sizeof line, "%s: WSASendTo", name);
    failed =
        WSASendTo(client, &out, 1, NULL, 0, (struct sockaddr *)&address, length, &sending, NULL);
    step(line, !failed || WSAGetLastError() == WSA_IO_PENDING);
    memset(&address, 0xee, sizeof address); // it is ours again when the call has returned
    snprintf(line, sizeof line, "%s: sent", name);
    if (step(line, WSAGetOverlappedResult(client, &sending, &size, TRUE, &flags)))
        say(line, "%lu bytes", size);
    snprintf(line, sizeof line, "%s: received", name);
    if (step(line, !WaitForSingleObject(receiving.hEvent, 5000) &&
                       WSAGetOverlappedResult(server, &receiving, &size, TRUE, &flags)))
        say(line, "%lu bytes, %s", size, data);
    CloseHandle(receiving.hEvent);
    CloseHandle(sending.hEvent);
    closesocket(client);
    closesocket(server);
}

int main(void)
{
    start_winsock();
    need_ipv6();
    extended("extended", "0.0.0.0", "0.0.0.0", "127.0.0.1");
    extended("extended, IPv6", "::", "::", "::1");
    not_blocking("not blocking", "0.0.0.0", "127.0.0.1");
    not_blocking("not blocking, IPv6", "::", "::1");
    overlapped_datagrams("datagrams", "0.0.0.0", "127.0.0.1");
    overlapped_datagrams("datagrams, IPv6", "::", "::1");
    WSACleanup();
    return 0;
}
