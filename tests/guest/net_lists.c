// Every list of connections, listeners and addresses, in every form: the sockets of this process
// are in it as it knows them, and sizes are told as documented.
#undef _WIN32_WINNT
#define _WIN32_WINNT 0x0600 // the types of IPv6's tables; the functions are looked up
#include "common_net.h"
#include "common_step.h"
#include <ws2tcpip.h>
#include <iphlpapi.h>
#include <netioapi.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROOM = 1 << 20 };

static HMODULE iphlpapi;
static unsigned listened, datagrams; // ports

static void *find(const char *name)
{
    return (void *)(uintptr_t)GetProcAddress(iphlpapi, name);
}

static void say_end(const char *name, bool ipv6, const void *address, DWORD port, DWORD owner,
                    unsigned own)
{
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = (u_short)port};
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = (u_short)port};
    if (ipv6)
        memcpy(&in6.sin6_addr, address, 16);
    else
        memcpy(&in.sin_addr, address, 4);
    // Wine does not know the owner of every socket.
    if ((owner && owner != GetCurrentProcessId()) || (u_short)port != htons((u_short)own))
        return;
    say_address(name, ipv6 ? (struct sockaddr *)&in6 : (struct sockaddr *)&in, own);
}

/* The rows of a table of TYPE with this process's sockets. */
#define ROWS(TYPE, ipv6, address, port, owner, own)                                                \
    do {                                                                                           \
        const TYPE *at = table;                                                                    \
        for (DWORD i = 0; i < at->dwNumEntries; i++)                                               \
            say_end(name, ipv6, &at->table[i].address, at->table[i].port, owner, own);             \
        size = offsetof(TYPE, table) + at->dwNumEntries * sizeof *at->table;                       \
    } while (0)

/* Returns the bytes that the table has. */
static size_t say_tcp(const char *name, const void *table, bool ipv6, int class)
{
    size_t size = 0;
    DWORD self = GetCurrentProcessId();
    switch (class / 3 + (ipv6 ? 3 : 0)) {
    case 0: // no owners: whoever has the port
        ROWS(MIB_TCPTABLE, false, dwLocalAddr, dwLocalPort, self, listened);
        break;
    case 1:
        ROWS(MIB_TCPTABLE_OWNER_PID, false, dwLocalAddr, dwLocalPort, at->table[i].dwOwningPid,
             listened);
        break;
    case 2:
        ROWS(MIB_TCPTABLE_OWNER_MODULE, false, dwLocalAddr, dwLocalPort, at->table[i].dwOwningPid,
             listened);
        break;
    case 3:
        ROWS(MIB_TCP6TABLE, true, LocalAddr, dwLocalPort, self, listened);
        break;
    case 4:
        ROWS(MIB_TCP6TABLE_OWNER_PID, true, ucLocalAddr, dwLocalPort, at->table[i].dwOwningPid,
             listened);
        break;
    default:
        ROWS(MIB_TCP6TABLE_OWNER_MODULE, true, ucLocalAddr, dwLocalPort, at->table[i].dwOwningPid,
             listened);
    }
    return size;
}

static size_t say_udp(const char *name, const void *table, bool ipv6, int class)
{
    size_t size = 0;
    DWORD self = GetCurrentProcessId();
    switch (class + (ipv6 ? 3 : 0)) {
    case 0:
        ROWS(MIB_UDPTABLE, false, dwLocalAddr, dwLocalPort, self, datagrams);
        break;
    case 1:
        ROWS(MIB_UDPTABLE_OWNER_PID, false, dwLocalAddr, dwLocalPort, at->table[i].dwOwningPid,
             datagrams);
        break;
    case 2:
        ROWS(MIB_UDPTABLE_OWNER_MODULE, false, dwLocalAddr, dwLocalPort, at->table[i].dwOwningPid,
             datagrams);
        break;
    case 3:
        ROWS(MIB_UDP6TABLE, true, dwLocalAddr, dwLocalPort, self, datagrams);
        break;
    case 4:
        ROWS(MIB_UDP6TABLE_OWNER_PID, true, ucLocalAddr, dwLocalPort, at->table[i].dwOwningPid,
             datagrams);
        break;
    default:
        ROWS(MIB_UDP6TABLE_OWNER_MODULE, true, ucLocalAddr, dwLocalPort, at->table[i].dwOwningPid,
             datagrams);
    }
    return size;
}

static void say_extended(bool tcp, bool ipv6, int class)
{
    DWORD(WINAPI * get)
    (void *, DWORD *, BOOL, ULONG, int, ULONG) =
        (__typeof__(get))find(tcp ? "GetExtendedTcpTable" : "GetExtendedUdpTable");
    ULONG family = ipv6 ? AF_INET6 : AF_INET;
    void *table = malloc(ROOM);
    DWORD size = ROOM, none = 0;
    char name[60];
    snprintf(name, sizeof name, "%s %s class %d", tcp ? "TCP" : "UDP", ipv6 ? "IPv6" : "IPv4",
             class);
    DWORD error = get(table, &size, TRUE, family, class, 0);
    step_code(name, error);
    if (!error) {
        size_t bytes = tcp ? say_tcp(name, table, ipv6, class) : say_udp(name, table, ipv6, class);
        say(name, "size is the rows' %d", bytes == size);
    }
    error = get(NULL, &none, TRUE, family, class, 0);
    say(name, "no memory: %lu, told %d", error, none >= sizeof(DWORD));
    none = 3; // not even the count
    step_code(name, get(table, &none, TRUE, family, class, 0));
    step_code(name, get(table, NULL, TRUE, family, class, 0));
    free(table);
}

static void say_second(void)
{
    ULONG(WINAPI * get4)(MIB_TCPTABLE2 *, ULONG *, BOOL) = (__typeof__(get4))find("GetTcpTable2");
    ULONG(WINAPI * get6)
    (MIB_TCP6TABLE2 *, ULONG *, BOOL) = (__typeof__(get6))find("GetTcp6Table2");
    void *table = malloc(ROOM);
    size_t size;
    ULONG room = ROOM;
    const char *name = "GetTcpTable2";
    if (step(name, get4 && get6)) {
        step_code(name, get4(table, &room, TRUE));
        ROWS(MIB_TCPTABLE2, false, dwLocalAddr, dwLocalPort, at->table[i].dwOwningPid, listened);
        say(name, "size is the rows' %d", room == size);
        name = "GetTcp6Table2";
        room = ROOM;
        step_code(name, get6(table, &room, FALSE));
        ROWS(MIB_TCP6TABLE2, true, LocalAddr, dwLocalPort, at->table[i].dwOwningPid, listened);
        say(name, "size is the rows' %d", room == size);
    }
    free(table);
}

static void say_errors(void)
{
    DWORD(WINAPI * get)(void *, DWORD *, BOOL, ULONG, int, ULONG);
    static const char *const names[] = {"GetExtendedTcpTable", "GetExtendedUdpTable"};
    static const ULONG families[] = {0, 1, 99};
    void *table = malloc(ROOM);
    for (int i = 0; i < 2; i++) {
        get = (__typeof__(get))find(names[i]);
        for (int family = 0; family < 3; family++) {
            DWORD size = ROOM;
            step_code(names[i], get(table, &size, FALSE, families[family], 1, 0));
        }
    }
    free(table);
}

static DWORD first_address(void)
{
    DWORD(WINAPI * get)
    (MIB_IPADDRTABLE *, DWORD *, BOOL) = (__typeof__(get))find("GetIpAddrTable");
    MIB_IPADDRTABLE *table = malloc(ROOM);
    DWORD size = ROOM, first = 0;
    if (!get(table, &size, FALSE))
        for (DWORD i = 0; i < table->dwNumEntries; i++)
            if (!first && table->table[i].dwAddr != htonl(INADDR_LOOPBACK))
                first = table->table[i].dwAddr;
    free(table);
    return first;
}

static void say_addresses(void)
{
    ULONG(WINAPI * get)
    (ULONG, ULONG, void *, IP_ADAPTER_ADDRESSES *, ULONG *) =
        (__typeof__(get))find("GetAdaptersAddresses");
    DWORD(WINAPI * rows)
    (ADDRESS_FAMILY, MIB_UNICASTIPADDRESS_TABLE **) =
        (__typeof__(rows))find("GetUnicastIpAddressTable");
    void(WINAPI * free_rows)(void *) = (__typeof__(free_rows))find("FreeMibTable");
    IP_ADAPTER_ADDRESSES *adapters = malloc(ROOM);
    MIB_UNICASTIPADDRESS_TABLE *table;
    ULONG size = ROOM, loopbacks = 0;
    DWORD first = first_address();
    bool listed = false;
    step_code("GetAdaptersAddresses", get(AF_INET, 0, NULL, adapters, &size));
    for (IP_ADAPTER_ADDRESSES *at = adapters; at; at = at->Next)
        for (IP_ADAPTER_UNICAST_ADDRESS *address = at->FirstUnicastAddress; address;
             address = address->Next) {
            DWORD is = ((struct sockaddr_in *)address->Address.lpSockaddr)->sin_addr.s_addr;
            loopbacks += is == htonl(INADDR_LOOPBACK);
            listed = listed || is == first;
        }
    say("GetAdaptersAddresses", "%lu loopback, the other %d", loopbacks, listed);
    size = 0;
    step_code("GetAdaptersAddresses: size", get(AF_INET, 0, NULL, NULL, &size));
    free(adapters);
    if (!step("GetUnicastIpAddressTable", rows && free_rows))
        return;
    DWORD error = rows(AF_INET, &table);
    step_code("GetUnicastIpAddressTable", error);
    loopbacks = 0;
    listed = false;
    for (ULONG i = 0; !error && i < table->NumEntries; i++) {
        DWORD is = table->Table[i].Address.Ipv4.sin_addr.s_addr;
        loopbacks += is == htonl(INADDR_LOOPBACK);
        listed = listed || is == first;
    }
    say("GetUnicastIpAddressTable", "%lu loopback, the other %d", loopbacks, listed);
    if (!error)
        free_rows(table);
}

/* A connection to the listener, and what its owner is known by (see net_tables). */
static void use(SOCKET listener, const char *text)
{
    struct sockaddr_storage to;
    int length = make_address(&to, text, listened);
    SOCKET client = socket(to.ss_family, SOCK_STREAM, 0);
    char byte = 'x';
    step("listen", !listen(listener, 3));
    step("connect", !connect(client, (struct sockaddr *)&to, length));
    SOCKET accepted = accept(listener, NULL, NULL);
    step("send", send(client, &byte, 1, 0) == 1);
    step("receive", recv(accepted, &byte, 1, 0) == 1);
}

int main(void)
{
    start_winsock();
    need_ipv6();
    iphlpapi = LoadLibraryA("iphlpapi.dll");
    if (!step("iphlpapi", iphlpapi != NULL))
        return 1;
    listened = free_port(SOCK_STREAM);
    datagrams = free_port(SOCK_DGRAM);
    SOCKET sockets[] = {
        bound_socket("listener", SOCK_STREAM, "0.0.0.0", listened, -1),
        bound_socket("IPv6 listener", SOCK_STREAM, "::", listened, 1),
        bound_socket("datagrams", SOCK_DGRAM, "127.0.0.1", datagrams, -1),
        bound_socket("IPv6 datagrams", SOCK_DGRAM, "::1", datagrams, 1),
    };
    use(sockets[0], "127.0.0.1");
    use(sockets[1], "::1");
    for (int ipv6 = 0; ipv6 < 2; ipv6++) {
        for (int class = 0; class < 9; class ++)
            say_extended(true, ipv6, class);
        for (int class = 0; class < 3; class ++)
            say_extended(false, ipv6, class);
    }
    say_second();
    say_errors();
    say_addresses();
    return 0;
}
