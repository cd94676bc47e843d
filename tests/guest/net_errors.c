// Calls on sockets that fail, and how.
#include "common_net.h"
#include "common_step.h"
#include <stdio.h>
#include <ws2tcpip.h>

static int bind_again(SOCKET s, const char *text, unsigned port)
{
    struct sockaddr_storage address;
    int length = make_address(&address, text, port);
    return bind(s, (struct sockaddr *)&address, length);
}

int main(void)
{
    start_winsock();
    need_ipv6();
    unsigned port = free_port(SOCK_STREAM);
    SOCKET s = bound_socket("first", SOCK_STREAM, "0.0.0.0", port, -1), t;
    step("the same socket again", !bind_again(s, "0.0.0.0", port + 1));
    step("first: listen", !listen(s, 5));
    t = bound_socket("second, same address", SOCK_STREAM, "0.0.0.0", port, -1);
    closesocket(t);
    t = socket(AF_INET, SOCK_STREAM, 0);
    step("not bound: listen", !listen(t, 5));
    say_name("not bound", t, 0);
    say_peer("not bound", t, 0);
    step("not connected: send", send(t, "x", 1, 0) == 1);
    closesocket(t);
    t = bound_socket("IPv6 beside", SOCK_STREAM, "::", port, 1);
    closesocket(t);
    closesocket(s);
    s = bound_socket("after closing", SOCK_STREAM, "0.0.0.0", port, -1);
    closesocket(s);

    s = bound_socket("any port", SOCK_STREAM, "0.0.0.0", 0, -1);
    step("any port: bind again", !bind_again(s, "0.0.0.0", 0));
    step("any port: send", send(s, "x", 1, 0) == 1);
    closesocket(s);
    s = bound_socket("foreign", SOCK_STREAM, "192.0.2.1", port, -1);
    s = bound_socket("foreign IPv6", SOCK_STREAM, "2001:db8::1", port, -1);

    port = free_port(SOCK_DGRAM);
    s = bound_socket("datagrams", SOCK_DGRAM, "127.0.0.1", port, -1);
    t = bound_socket("datagrams, second", SOCK_DGRAM, "127.0.0.1", port, -1);
    closesocket(t);
    closesocket(s);
    struct sockaddr_in shorter = {.sin_family = AF_INET, .sin_port = htons((u_short)port)};
    s = socket(AF_INET, SOCK_STREAM, 0);
    step("short address: bind", !bind(s, (struct sockaddr *)&shorter, 8));
    shorter.sin_family = 77;
    step("strange family: bind", !bind(s, (struct sockaddr *)&shorter, sizeof shorter));
    closesocket(s);
    step("closed: bind", !bind_again(s, "0.0.0.0", 0));
    s = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_storage address;
    int length = make_address(&address, "127.0.0.1", 1);
    step("refused: connect", !connect(s, (struct sockaddr *)&address, length));
    closesocket(s);
    WSACleanup();
    return 0;
}
