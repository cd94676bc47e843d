// Datagrams: echo over IPv4 and IPv6, clients bound, not bound and connected, addresses as both
// ends see them.
#include "common_net.h"
#include "common_step.h"
#include <stdio.h>
#include <string.h>
#include <ws2tcpip.h>

static DWORD WINAPI echo(void *argument)
{
    SOCKET server = *(SOCKET *)argument;
    for (;;) {
        char data[64];
        struct sockaddr_storage from = {0};
        int length = sizeof from;
        int size = recvfrom(server, data, sizeof data, 0, (struct sockaddr *)&from, &length);
        if (size == SOCKET_ERROR || !strcmp(data, "end"))
            return 0;
        // The port is the client's own; whether the address is what is expected the answer says.
        char answer[160];
        if (from.ss_family == AF_INET) {
            const unsigned char *b =
                (const unsigned char *)&((struct sockaddr_in *)&from)->sin_addr;
            snprintf(answer, sizeof answer, "%s from %u.%u.%u.%u", data, b[0], b[1], b[2], b[3]);
        } else {
            const unsigned char *b = ((struct sockaddr_in6 *)&from)->sin6_addr.s6_addr;
            snprintf(answer, sizeof answer, "%s from IPv6 ..%02x%02x:%u.%u.%u.%u", data, b[10],
                     b[11], b[12], b[13], b[14], b[15]);
        }
        sendto(server, answer, (int)strlen(answer) + 1, 0, (struct sockaddr *)&from, length);
    }
}

static void ask(const char *name, SOCKET client, const char *to, unsigned port, BOOL connected)
{
    struct sockaddr_storage address, from = {0};
    int length = make_address(&address, to, port), from_length = sizeof from;
    char line[160], got[160] = "";
    DWORD timeout = 3000;
    setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, (char *)&timeout, sizeof timeout);
    if (connected) {
        snprintf(line, sizeof line, "%s: connect %s", name, to);
        step(line, !connect(client, (struct sockaddr *)&address, length));
        say_peer(name, client, port);
    }
    snprintf(line, sizeof line, "%s: send %s", name, to);
    step(line, connected ? send(client, "hello", 6, 0) == 6
                         : sendto(client, "hello", 6, 0, (struct sockaddr *)&address, length) == 6);
    snprintf(line, sizeof line, "%s: answer", name);
    if (connected) {
        if (step(line, recv(client, got, sizeof got, 0) > 0))
            say(line, "%s", got);
    } else if (step(line, recvfrom(client, got, sizeof got, 0, (struct sockaddr *)&from,
                                   &from_length) > 0)) {
        say(line, "%s", got);
        say_address(line, (struct sockaddr *)&from, port);
    }
}

static void echo_on(const char *name, const char *on, int v6only, const char *to)
{
    char line[160];
    struct sockaddr_storage address;
    unsigned port = free_port(SOCK_DGRAM), other = free_port(SOCK_DGRAM);
    SOCKET server = bound_socket(name, SOCK_DGRAM, on, port, v6only), client;
    BOOL ipv6 = strchr(to, ':') != NULL;
    if (server == INVALID_SOCKET)
        return;
    say_name(name, server, port);
    HANDLE thread = CreateThread(NULL, 0, echo, &server, 0, NULL);

    snprintf(line, sizeof line, "%s, not bound", name);
    client = socket(ipv6 ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);
    ask(line, client, to, port, FALSE);
    closesocket(client);

    snprintf(line, sizeof line, "%s, bound to any", name);
    client = bound_socket(line, SOCK_DGRAM, ipv6 ? "::" : "0.0.0.0", 0, -1);
    ask(line, client, to, port, FALSE);
    closesocket(client);

    if (!ipv6) {
        snprintf(line, sizeof line, "%s, bound to any, connected", name);
        client = bound_socket(line, SOCK_DGRAM, "0.0.0.0", 0, -1);
        ask(line, client, to, port, TRUE);
        closesocket(client);
    }

    snprintf(line, sizeof line, "%s, bound to loopback", name);
    client = bound_socket(line, SOCK_DGRAM, ipv6 ? "::1" : "127.0.0.1", other, -1);
    say_name(line, client, other);
    ask(line, client, to, port, FALSE);
    closesocket(client);

    snprintf(line, sizeof line, "%s, connected", name);
    client = socket(ipv6 ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);
    ask(line, client, to, port, TRUE);
    closesocket(client);

    client = socket(ipv6 ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);
    int length = make_address(&address, to, port);
    sendto(client, "end", 4, 0, (struct sockaddr *)&address, length);
    snprintf(line, sizeof line, "%s: end", name);
    say(line, "%s", WaitForSingleObject(thread, 5000) ? "still waiting" : "ok");
    closesocket(client);
    closesocket(server);
    CloseHandle(thread);
}

int main(void)
{
    start_winsock();
    need_ipv6();
    echo_on("any", "0.0.0.0", -1, "127.0.0.1");
    echo_on("loopback", "127.0.0.1", -1, "127.0.0.1");
    echo_on("any IPv6", "::", 1, "::1");
    echo_on("loopback IPv6", "::1", -1, "::1");
    echo_on("both", "::", 0, "127.0.0.1");
    WSACleanup();
    return 0;
}
