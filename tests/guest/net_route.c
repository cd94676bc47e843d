// Which of its addresses a socket would send from (SIO_ROUTING_INTERFACE_QUERY): a VM has one.
#include <winsock2.h>
#include <ws2tcpip.h>
#include <stdio.h>
#include "common_step.h"

int main(void)
{
    WSADATA data;
    struct sockaddr_in to = {.sin_family = AF_INET}, from = {0};
    struct sockaddr_in6 to6 = {.sin6_family = AF_INET6};
    DWORD size = 0;
    WSAStartup(0x202, &data);
    SOCKET s = socket(AF_INET, SOCK_DGRAM, 0);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int status = WSAIoctl(s, SIO_ROUTING_INTERFACE_QUERY, &to, sizeof to, &from, sizeof from, &size,
                          NULL, NULL);
    say("to loopback", "%d, error %d, %lu bytes", status, status ? WSAGetLastError() : 0, size);
    if (!status)
        printf("differs: from %s\n", inet_ntoa(from.sin_addr)); // the machine's, and the VM's
    // outside: the machine's own address, or none where it has no network
    to.sin_addr.s_addr = htonl(0x08080808);
    status = WSAIoctl(s, SIO_ROUTING_INTERFACE_QUERY, &to, sizeof to, &from, sizeof from, &size,
                      NULL, NULL);
    printf("differs: outside: %d, error %d\n", status, status ? WSAGetLastError() : 0);
    if (!status)
        printf("differs: from %s\n", inet_ntoa(from.sin_addr));
    status =
        WSAIoctl(s, SIO_ROUTING_INTERFACE_QUERY, &to, 4, &from, sizeof from, &size, NULL, NULL);
    say("too short", "%d, error %d", status, WSAGetLastError());
    status = WSAIoctl(s, SIO_ROUTING_INTERFACE_QUERY, &to, sizeof to, &from, 4, &size, NULL, NULL);
    say("too little room", "%d, error %d", status, WSAGetLastError());
    status = WSAIoctl(s, SIO_ROUTING_INTERFACE_QUERY, &to6, sizeof to6, &from, sizeof from, &size,
                      NULL, NULL);
    say("of another family", "%d, error %d", status, WSAGetLastError());
    return 0;
}
