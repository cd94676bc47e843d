#include "common_net.h"
#include "common_step.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ws2tcpip.h>

void start_winsock(void)
{
    WSADATA data;
    if (WSAStartup(MAKEWORD(2, 2), &data)) {
        printf("WSAStartup failed\n");
        exit(1);
    }
}

int make_address(struct sockaddr_storage *address, const char *text, unsigned port)
{
    INT length = sizeof *address;
    int family = strchr(text, ':') ? AF_INET6 : AF_INET;
    memset(address, 0, sizeof *address);
    if (WSAStringToAddressA((char *)text, family, NULL, (struct sockaddr *)address, &length)) {
        printf("%s is no address\n", text);
        exit(1);
    }
    if (family == AF_INET)
        ((struct sockaddr_in *)address)->sin_port = htons((u_short)port);
    else
        ((struct sockaddr_in6 *)address)->sin6_port = htons((u_short)port);
    return length;
}

unsigned free_port(int type)
{
    static const char *const all[] = {"0.0.0.0", "127.0.0.1", "::", "::1"};
    static unsigned next;
    if (!next)
        next = 10000 + GetCurrentProcessId() * 37 % 20000;
    for (unsigned tries = 0; tries < 2000; tries++) {
        unsigned port = next++, i;
        for (i = 0; i < sizeof all / sizeof *all; i++) {
            struct sockaddr_storage address;
            int length = make_address(&address, all[i], port);
            SOCKET s = socket(address.ss_family, type, 0);
            int failed = s == INVALID_SOCKET || bind(s, (struct sockaddr *)&address, length) ||
                         (type == SOCK_STREAM && listen(s, 1));
            closesocket(s);
            if (failed)
                break;
        }
        if (i == sizeof all / sizeof *all) {
            say("port", "ok");
            return port;
        }
    }
    say("port", "none");
    exit(1);
}

SOCKET bound_socket(const char *name, int type, const char *text, unsigned port, int v6only)
{
    struct sockaddr_storage address;
    char line[160];
    int length = make_address(&address, text, port);
    SOCKET s = socket(address.ss_family, type, 0);
    snprintf(line, sizeof line, "%s: socket", name);
    if (!step(line, s != INVALID_SOCKET))
        return s;
    if (address.ss_family == AF_INET6 && v6only >= 0) {
        DWORD value = (DWORD)v6only;
        snprintf(line, sizeof line, "%s: IPV6_V6ONLY %d", name, v6only);
        step(line, !setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, (char *)&value, sizeof value));
    }
    snprintf(line, sizeof line, "%s: bind %s", name, text);
    if (!step(line, !bind(s, (struct sockaddr *)&address, length))) {
        closesocket(s);
        return INVALID_SOCKET;
    }
    return s;
}

static void say_end(const char *name, const char *what, SOCKET s, unsigned port, BOOL peer)
{
    struct sockaddr_storage address = {0};
    int length = sizeof address;
    char line[160];
    snprintf(line, sizeof line, "%s: %s", name, what);
    if (peer ? getpeername(s, (struct sockaddr *)&address, &length)
             : getsockname(s, (struct sockaddr *)&address, &length))
        step(line, FALSE);
    else
        say_address(line, (struct sockaddr *)&address, port);
}

void say_name(const char *name, SOCKET s, unsigned port)
{
    say_end(name, "own name", s, port, FALSE);
}

void say_peer(const char *name, SOCKET s, unsigned port)
{
    say_end(name, "peer", s, port, TRUE);
}

void need_ipv6(void)
{
    struct sockaddr_storage address;
    int length = make_address(&address, "::1", 0);
    SOCKET s = socket(AF_INET6, SOCK_DGRAM, 0);
    if (s == INVALID_SOCKET || bind(s, (struct sockaddr *)&address, length)) {
        printf("this machine has no IPv6\n");
        exit(77);
    }
    closesocket(s);
}
