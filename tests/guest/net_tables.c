// The system's lists of connections and listeners: what this process has is in them, as it knows
// it.
#include "common_net.h"
#include "common_step.h"
#include <iphlpapi.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define LOAD(name) (__typeof__(&name))(void (*)(void))GetProcAddress(iphlpapi, #name)

static HMODULE iphlpapi;

static void say_row(const char *name, DWORD address, DWORD port, unsigned own)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = (u_short)port};
    at.sin_addr.s_addr = address;
    say_address(name, (struct sockaddr *)&at, own);
}

/* The lines of this process that have the port at one of their ends, listeners first. */
static void say_tcp(const char *name, unsigned port, int class)
{
    DWORD(WINAPI * get)
    (void *, DWORD *, BOOL, ULONG, int, ULONG) =
        (__typeof__(get))(void (*)(void))GetProcAddress(iphlpapi, "GetExtendedTcpTable");
    DWORD size = 1 << 20;
    MIB_TCPTABLE_OWNER_PID *table = malloc(size);
    DWORD error = get(table, &size, TRUE, AF_INET, class, 0);
    unsigned listeners = 0, ends = 0, others = 0;
    char line[160];
    step_code(name, error);
    for (DWORD i = 0; !error && i < table->dwNumEntries; i++) {
        const MIB_TCPROW_OWNER_PID *row = &table->table[i];
        if (row->dwOwningPid != GetCurrentProcessId()) {
            others++;
            continue;
        }
        if (row->dwState == MIB_TCP_STATE_LISTEN && row->dwLocalPort == htons((u_short)port)) {
            snprintf(line, sizeof line, "%s: listener", name);
            say_row(line, row->dwLocalAddr, row->dwLocalPort, port);
            listeners++;
        } else if (row->dwState == MIB_TCP_STATE_ESTAB &&
                   (row->dwLocalPort == htons((u_short)port) ||
                    row->dwRemotePort == htons((u_short)port))) {
            bool server = row->dwLocalPort == htons((u_short)port);
            snprintf(line, sizeof line, "%s: %s's local", name, server ? "server" : "client");
            if (server)
                say_row(line, row->dwLocalAddr, row->dwLocalPort, port);
            snprintf(line, sizeof line, "%s: %s's remote", name, server ? "server" : "client");
            if (!server)
                say_row(line, row->dwRemoteAddr, row->dwRemotePort, port);
            ends++;
        }
    }
    say(name, "%u listeners, %u ends", listeners, ends);
    printf("differs: %s: %u of others\n", name, others);
    free(table);
}

/* The same by the call that does not tell owners. */
static void say_plain_tcp(unsigned port)
{
    DWORD(WINAPI * get)(MIB_TCPTABLE *, DWORD *, BOOL) = LOAD(GetTcpTable);
    DWORD size = 1 << 20;
    MIB_TCPTABLE *table = malloc(size);
    DWORD error = get(table, &size, TRUE);
    unsigned found = 0;
    step_code("GetTcpTable", error);
    for (DWORD i = 0; !error && i < table->dwNumEntries; i++)
        found += table->table[i].dwLocalPort == htons((u_short)port) ||
                 (table->table[i].dwState == MIB_TCP_STATE_ESTAB &&
                  table->table[i].dwRemotePort == htons((u_short)port));
    say("GetTcpTable", "%u lines", found);
    size = 0;
    step_code("GetTcpTable: size", get(NULL, &size, FALSE));
    free(table);
}

static void say_udp(unsigned port)
{
    DWORD(WINAPI * get)(MIB_UDPTABLE *, DWORD *, BOOL) = LOAD(GetUdpTable);
    DWORD size = 1 << 20;
    MIB_UDPTABLE *table = malloc(size);
    DWORD error = get(table, &size, TRUE);
    unsigned found = 0;
    step_code("GetUdpTable", error);
    for (DWORD i = 0; !error && i < table->dwNumEntries; i++)
        found += table->table[i].dwLocalPort == htons((u_short)port);
    say("GetUdpTable", "%u lines", found);
    free(table);
}

/* Every list of addresses has the one that the machine's name stands for. */
static void say_addresses(void)
{
    DWORD(WINAPI * get)(MIB_IPADDRTABLE *, DWORD *, BOOL) = LOAD(GetIpAddrTable);
    DWORD(WINAPI * adapters_of)(IP_ADAPTER_INFO *, DWORD *) = LOAD(GetAdaptersInfo);
    DWORD size = 1 << 16, adapters_size = 1 << 16;
    MIB_IPADDRTABLE *table = malloc(size);
    IP_ADAPTER_INFO *adapters = malloc(adapters_size);
    DWORD error = get(table, &size, FALSE), first = 0;
    step_code("GetIpAddrTable", error);
    bool loopback = false, in_adapters = false;
    for (DWORD i = 0; !error && i < table->dwNumEntries; i++) {
        loopback = loopback || table->table[i].dwAddr == htonl(INADDR_LOOPBACK);
        if (!first && table->table[i].dwAddr != htonl(INADDR_LOOPBACK))
            first = table->table[i].dwAddr;
    }
    say("GetIpAddrTable", "loopback %d, another %d", loopback, first != 0);
    error = adapters_of(adapters, &adapters_size);
    step_code("GetAdaptersInfo", error);
    for (IP_ADAPTER_INFO *at = adapters; !error && at; at = at->Next)
        in_adapters = in_adapters || inet_addr(at->IpAddressList.IpAddress.String) == first;
    say("GetAdaptersInfo", "has the same %d", in_adapters);
    SOCKET s = socket(AF_INET, SOCK_STREAM, 0);
    SOCKET_ADDRESS_LIST *list = calloc(1, 4096);
    step("SIO_ADDRESS_LIST_QUERY",
         !WSAIoctl(s, SIO_ADDRESS_LIST_QUERY, NULL, 0, list, 4096, &size, NULL, NULL));
    bool listed = false;
    for (int i = 0; i < list->iAddressCount; i++)
        listed =
            listed || ((struct sockaddr_in *)list->Address[i].lpSockaddr)->sin_addr.s_addr == first;
    say("SIO_ADDRESS_LIST_QUERY", "has the same %d", listed);
    if (first) { // what is listed can be bound
        struct sockaddr_in own = {.sin_family = AF_INET};
        own.sin_addr.s_addr = first;
        step("bind to it", !bind(s, (struct sockaddr *)&own, sizeof own));
    }
    free(list);
    closesocket(s);
    free(adapters);
    free(table);
}

int main(void)
{
    start_winsock();
    iphlpapi = LoadLibraryA("iphlpapi.dll");
    if (!step("iphlpapi", iphlpapi != NULL))
        return 1;
    static const char *const addresses[] = {"0.0.0.0", "127.0.0.1"};
    for (int i = 0; i < 2; i++) {
        unsigned port = free_port(SOCK_STREAM);
        struct sockaddr_storage to;
        int length = make_address(&to, "127.0.0.1", port);
        SOCKET server = bound_socket("server", SOCK_STREAM, addresses[i], port, -1);
        step("listen", !listen(server, 3));
        SOCKET client = socket(AF_INET, SOCK_STREAM, 0);
        step("connect", !connect(client, (struct sockaddr *)&to, length));
        SOCKET accepted = accept(server, NULL, NULL);
        char byte = 'x'; // Wine knows the owner of a socket that has been used
        send(client, &byte, 1, 0);
        recv(accepted, &byte, 1, 0);
        say_tcp("all", port, TCP_TABLE_OWNER_PID_ALL);
        say_tcp("listeners", port, TCP_TABLE_OWNER_PID_LISTENER);
        say_tcp("connections", port, TCP_TABLE_OWNER_PID_CONNECTIONS);
        say_plain_tcp(port);
        closesocket(accepted);
        closesocket(client);
        closesocket(server);
        port = free_port(SOCK_DGRAM);
        server = bound_socket("datagrams", SOCK_DGRAM, addresses[i], port, -1);
        say_udp(port);
        closesocket(server);
    }
    say_addresses();
    return 0;
}
