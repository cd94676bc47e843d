// A server that says its name, and its client: the same port in several VMs and on the host.
//
//   tool_net_server serve PORT NAME [ADDRESS]...   on the addresses, default 0.0.0.0: TCP and UDP;
//   prints "serving" and ends
//                                             when its standard input does
//   tool_net_server ask PORT [ADDRESS]        default 127.0.0.1: prints what TCP and UDP answer
#include "common_net.h"
#include "common_step.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 8 };

static const char *own_name;

static DWORD WINAPI serve_tcp(void *argument)
{
    SOCKET server = (SOCKET)argument;
    for (;;) {
        SOCKET client = accept(server, NULL, NULL);
        if (client == INVALID_SOCKET)
            return 0;
        send(client, own_name, (int)strlen(own_name), 0);
        shutdown(client, SD_SEND);
        closesocket(client);
    }
}

static DWORD WINAPI serve_udp(void *argument)
{
    SOCKET server = (SOCKET)argument;
    for (;;) {
        struct sockaddr_storage from;
        char data[16];
        int length = sizeof from;
        if (recvfrom(server, data, sizeof data, 0, (struct sockaddr *)&from, &length) < 0)
            return 0;
        sendto(server, own_name, (int)strlen(own_name), 0, (struct sockaddr *)&from, length);
    }
}

static int serve(unsigned port, int count, char **addresses)
{
    static char everything[] = "0.0.0.0";
    char *only[] = {everything};
    if (!count) {
        count = 1;
        addresses = only;
    }
    for (int i = 0; i < count; i++) {
        for (int type = SOCK_STREAM; type <= SOCK_DGRAM; type++) {
            struct sockaddr_storage address;
            int length = make_address(&address, addresses[i], port);
            SOCKET s = socket(address.ss_family, type, 0);
            if (s == INVALID_SOCKET || bind(s, (struct sockaddr *)&address, length) ||
                (type == SOCK_STREAM && listen(s, 9))) {
                printf("%s %s: error %d\n", type == SOCK_STREAM ? "TCP" : "UDP", addresses[i],
                       WSAGetLastError());
                return 1;
            }
            CreateThread(NULL, 0, type == SOCK_STREAM ? serve_tcp : serve_udp, (void *)s, 0, NULL);
        }
    }
    printf("serving\n");
    fflush(stdout);
    while (getchar() != EOF)
        ;
    return 0;
}

static int ask(unsigned port, const char *to)
{
    for (int type = SOCK_STREAM; type <= SOCK_DGRAM; type++) {
        struct sockaddr_storage address;
        char answer[64] = "";
        int length = make_address(&address, to, port), size = -1;
        DWORD timeout = 2000;
        SOCKET s = socket(address.ss_family, type, 0);
        setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, (char *)&timeout, sizeof timeout);
        if (type == SOCK_STREAM) {
            if (!connect(s, (struct sockaddr *)&address, length))
                size = recv(s, answer, sizeof answer - 1, 0);
        } else if (sendto(s, "?", 1, 0, (struct sockaddr *)&address, length) == 1) {
            size = recv(s, answer, sizeof answer - 1, 0);
        }
        if (size < 0)
            printf("%s: error %d\n", type == SOCK_STREAM ? "TCP" : "UDP", WSAGetLastError());
        else
            printf("%s: %s\n", type == SOCK_STREAM ? "TCP" : "UDP", answer);
        closesocket(s);
    }
    return 0;
}

int main(int argc, char **argv)
{
    start_winsock();
    if (argc >= 4 && !strcmp(argv[1], "serve")) {
        own_name = argv[3];
        return serve((unsigned)atoi(argv[2]), argc - 4, argv + 4);
    }
    if (argc >= 3 && !strcmp(argv[1], "ask"))
        return ask((unsigned)atoi(argv[2]), argc > 3 ? argv[3] : "127.0.0.1");
    return 2;
}
