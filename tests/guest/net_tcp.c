// Servers on every kind of local address, each reached by the ways that should lead there, and not
// by those that should not.
#include "common_net.h"
#include "common_step.h"
#include <stdio.h>
#include <string.h>
#include <ws2tcpip.h>

/* Connects; if it should succeed, exchanges a few bytes with the server and shows all four names.
 */
static void reach(const char *name, SOCKET server, const char *to, unsigned port, int v6only)
{
    struct sockaddr_storage address, from = {0};
    int length = make_address(&address, to, port), from_length = sizeof from;
    char line[160], got[8] = "";
    SOCKET client = socket(address.ss_family, SOCK_STREAM, 0);
    if (address.ss_family == AF_INET6 && v6only >= 0) {
        DWORD value = (DWORD)v6only;
        setsockopt(client, IPPROTO_IPV6, IPV6_V6ONLY, (char *)&value, sizeof value);
    }
    snprintf(line, sizeof line, "%s: connect %s", name, to);
    if (step(line, !connect(client, (struct sockaddr *)&address, length)) &&
        server != INVALID_SOCKET) {
        SOCKET accepted = accept(server, (struct sockaddr *)&from, &from_length);
        snprintf(line, sizeof line, "%s: accept", name);
        if (step(line, accepted != INVALID_SOCKET)) {
            say_address(line, (struct sockaddr *)&from, port);
            snprintf(line, sizeof line, "%s: client", name);
            say_name(line, client, port);
            say_peer(line, client, port);
            snprintf(line, sizeof line, "%s: accepted", name);
            say_name(line, accepted, port);
            say_peer(line, accepted, port);
            send(client, "hello", 6, 0);
            recv(accepted, got, sizeof got, 0);
            say(line, "%s", got);
            closesocket(accepted);
        }
    }
    closesocket(client);
}

static SOCKET serve(const char *name, const char *on, unsigned port, int v6only)
{
    char line[160];
    SOCKET server = bound_socket(name, SOCK_STREAM, on, port, v6only);
    if (server == INVALID_SOCKET)
        return server;
    snprintf(line, sizeof line, "%s: listen", name);
    step(line, !listen(server, 5));
    say_name(name, server, port);
    return server;
}

int main(void)
{
    start_winsock();
    need_ipv6();
    unsigned port = free_port(SOCK_STREAM);
    SOCKET s, t;

    s = serve("any", "0.0.0.0", port, -1);
    reach("any", s, "127.0.0.1", port, -1);
    reach("any, mapped", s, "::ffff:127.0.0.1", port, 0);
    reach("any, by IPv6", INVALID_SOCKET, "::1", port, -1);
    closesocket(s);
    reach("closed", INVALID_SOCKET, "127.0.0.1", port, -1);

    port = free_port(SOCK_STREAM);
    s = serve("loopback", "127.0.0.1", port, -1);
    reach("loopback", s, "127.0.0.1", port, -1);
    closesocket(s);

    port = free_port(SOCK_STREAM);
    s = serve("any IPv6 alone", "::", port, 1);
    DWORD only = 9;
    int size = sizeof only;
    step("any IPv6 alone: get IPV6_V6ONLY",
         !getsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, (char *)&only, &size));
    say("any IPv6 alone: IPV6_V6ONLY", "%lu", only);
    reach("any IPv6 alone", s, "::1", port, -1);
    reach("any IPv6 alone, by IPv4", INVALID_SOCKET, "127.0.0.1", port, -1);
    t = serve("with IPv4 beside", "0.0.0.0", port, -1);
    reach("IPv4 beside", t, "127.0.0.1", port, -1);
    reach("any IPv6 beside", s, "::1", port, -1);
    closesocket(t);
    closesocket(s);
    reach("closed", INVALID_SOCKET, "::1", port, -1);

    port = free_port(SOCK_STREAM);
    s = serve("both", "::", port, 0);
    size = sizeof only;
    step("both: get IPV6_V6ONLY", !getsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, (char *)&only, &size));
    say("both: IPV6_V6ONLY", "%lu", only);
    reach("both, by IPv6", s, "::1", port, -1);
    reach("both, by IPv4", s, "127.0.0.1", port, -1);
    closesocket(s);

    port = free_port(SOCK_STREAM);
    s = serve("loopback IPv6", "::1", port, -1);
    reach("loopback IPv6", s, "::1", port, -1);
    reach("loopback IPv6, by IPv4", INVALID_SOCKET, "127.0.0.1", port, -1);
    closesocket(s);

    port = free_port(SOCK_STREAM);
    s = serve("loopback mapped", "::ffff:127.0.0.1", port, 0);
    reach("loopback mapped", s, "127.0.0.1", port, -1);
    closesocket(s);

    // A port of the system's choice.
    struct sockaddr_storage name = {0};
    s = bound_socket("any port", SOCK_STREAM, "0.0.0.0", 0, -1);
    step("any port: listen", !listen(s, 5));
    size = sizeof name;
    step("any port: getsockname", !getsockname(s, (struct sockaddr *)&name, &size));
    port = ntohs(((struct sockaddr_in *)&name)->sin_port);
    say_name("any port", s, port);
    reach("any port", s, "127.0.0.1", port, -1);
    closesocket(s);
    s = bound_socket("any port IPv6", SOCK_STREAM, "::", 0, 1);
    size = sizeof name;
    step("any port IPv6: getsockname", !getsockname(s, (struct sockaddr *)&name, &size));
    port = ntohs(((struct sockaddr_in6 *)&name)->sin6_port);
    step("any port IPv6: listen", !listen(s, 5));
    say_name("any port IPv6", s, port);
    reach("any port IPv6", s, "::1", port, -1);
    closesocket(s);

    // By name: every address of localhost until one answers.
    port = free_port(SOCK_STREAM);
    s = serve("by name", "0.0.0.0", port, -1);
    char digits[8];
    snprintf(digits, sizeof digits, "%u", port);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
    int failed = getaddrinfo("localhost", digits, &hints, &list);
    BOOL connected = FALSE;
    for (struct addrinfo *at = list; at && !connected; at = at->ai_next) {
        SOCKET c = socket(at->ai_family, SOCK_STREAM, 0);
        connected = !connect(c, at->ai_addr, (int)at->ai_addrlen);
        closesocket(c);
    }
    say("by name", "%s", failed ? "no localhost" : connected ? "connected" : "refused");
    if (list)
        freeaddrinfo(list);
    closesocket(s);
    WSACleanup();
    return 0;
}
