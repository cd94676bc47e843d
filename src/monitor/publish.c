#include "monitor/publish_parts.h"
#include "monitor/publish.h"

#include <stdio.h>
#include <stdlib.h>
#include "layer/plume_layer.h"
#include "monitor/log.h"

enum { ADDRESSES_MAX = 64 };

/* One socket of the host's. A published port has several where it is bound to each address. */
struct host_socket {
    SOCKET socket;
    uint16_t vm_port;
    bool udp;
};

static struct host_socket *sockets;
static size_t socket_count;
static struct published *ports;
static size_t port_count;
static HANDLE completion;

SOCKET publish_socket(bool udp)
{
    SOCKET made = WSASocketW(AF_INET, udp ? SOCK_DGRAM : SOCK_STREAM, udp ? IPPROTO_UDP : IPPROTO_TCP,
                             NULL, 0, WSA_FLAG_OVERLAPPED);
    if (made != INVALID_SOCKET)
        SetHandleInformation((HANDLE)made, HANDLE_FLAG_INHERIT, 0);
    return made;
}

struct sockaddr_in publish_address(uint32_t ipv4, uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(ipv4);
    return address;
}

bool publish_attach(SOCKET socket)
{
    return CreateIoCompletionPort((HANDLE)socket, completion, 0, 0) != NULL;
}

bool publish_begun(int result)
{
    return result == 0 || WSAGetLastError() == WSA_IO_PENDING;
}

/* ---- taking the host's ports ---- */

/* A socket that has the port (0: any), and listens where it is TCP's. */
static SOCKET take(uint32_t address, uint16_t port, bool udp)
{
    struct sockaddr_in name = publish_address(address, port);
    SOCKET made = publish_socket(udp);
    if (made == INVALID_SOCKET)
        return made;
    if (bind(made, (struct sockaddr *)&name, sizeof name) == 0 &&
        (udp || listen(made, SOMAXCONN) == 0))
        return made;
    int error = WSAGetLastError();
    closesocket(made);
    WSASetLastError(error);
    return INVALID_SOCKET;
}

static uint16_t port_of(SOCKET socket)
{
    struct sockaddr_in name = {0};
    int len = sizeof name;
    getsockname(socket, (struct sockaddr *)&name, &len);
    return ntohs(name.sin_port);
}

static bool keep(SOCKET socket, uint16_t vm_port, bool udp)
{
    struct host_socket *more =
        socket == INVALID_SOCKET ? NULL : realloc(sockets, (socket_count + 1) * sizeof *more);
    if (!more)
        return false;
    sockets = more;
    sockets[socket_count++] = (struct host_socket){socket, vm_port, udp};
    return true;
}

static void drop_from(size_t count)
{
    while (socket_count > count)
        closesocket(sockets[--socket_count].socket);
}

/* The machine's own addresses, loopback first. */
static size_t own_addresses(SOCKET asked, uint32_t out[ADDRESSES_MAX])
{
    union {
        SOCKET_ADDRESS_LIST list;
        char bytes[sizeof(SOCKET_ADDRESS_LIST) +
                   ADDRESSES_MAX * (sizeof(SOCKET_ADDRESS) + sizeof(SOCKADDR_STORAGE))];
    } buffer;
    DWORD bytes;
    size_t count = 0;
    out[count++] = INADDR_LOOPBACK;
    if (WSAIoctl(asked, SIO_ADDRESS_LIST_QUERY, NULL, 0, &buffer, sizeof buffer, &bytes, NULL,
                 NULL))
        return count;
    for (int i = 0; i < buffer.list.iAddressCount && count < ADDRESSES_MAX; i++) {
        struct sockaddr_in *name = (struct sockaddr_in *)buffer.list.Address[i].lpSockaddr;
        uint32_t address = ntohl(name->sin_addr.s_addr);
        bool known = address == INADDR_ANY || address >> 24 == 127; // an adapter may have none
        for (size_t j = 0; j < count; j++)
            known = known || out[j] == address;
        if (name->sin_family == AF_INET && !known)
            out[count++] = address;
    }
    return count;
}

/* Some systems (Linux below Wine) refuse a VM's address its port while somebody listens on all
 * addresses. There each of the machine's is listened on by itself. */
static bool keeps_out(uint32_t vm_address, uint16_t port)
{
    struct sockaddr_in name = publish_address(vm_address, port);
    SOCKET probe = publish_socket(false);
    bool refused = probe != INVALID_SOCKET &&
                   bind(probe, (struct sockaddr *)&name, sizeof name) != 0 &&
                   (WSAGetLastError() == WSAEADDRINUSE || WSAGetLastError() == WSAEACCES);
    // Some say so when a bound socket is to listen.
    refused = refused || (probe != INVALID_SOCKET && listen(probe, 1) != 0);
    if (probe != INVALID_SOCKET)
        closesocket(probe);
    return refused;
}

/* Each of the machine's addresses in place of all. */
static bool take_each(uint16_t port, uint16_t vm_port)
{
    uint32_t addresses[ADDRESSES_MAX];
    size_t before = socket_count, count = own_addresses(sockets[before - 1].socket, addresses);
    drop_from(--before);
    for (size_t i = 0; i < count; i++) {
        SOCKET made = take(addresses[i], port, false);
        if (made == INVALID_SOCKET && WSAGetLastError() == WSAEADDRNOTAVAIL)
            continue;
        if (!keep(made, vm_port, false)) {
            int error = WSAGetLastError();
            drop_from(before);
            WSASetLastError(error);
            return false;
        }
    }
    return socket_count > before;
}

static bool take_port(const struct vm *vm, const struct publish *entry, unsigned index)
{
    uint16_t first, last, vm_port = (uint16_t)(entry->vm_first + index);
    publish_candidates(entry, index, &first, &last);
    for (unsigned port = first; port <= last; port++) {
        SOCKET made = take(entry->address, (uint16_t)port, entry->udp);
        if (!keep(made, vm_port, entry->udp))
            continue;
        uint16_t got = port_of(made);
        if (!entry->udp && !entry->address && keeps_out(vm->config.ipv4, got) &&
            !take_each(got, vm_port))
            continue;
        ports[port_count++] = (struct published){entry->address, got, vm_port, entry->udp};
        return true;
    }
    return false;
}

static bool taken_error(const struct publish *entry, struct plume_error *error)
{
    int code = WSAGetLastError();
    char text[PUBLISH_TEXT_MAX];
    wchar_t wide[PUBLISH_TEXT_MAX];
    publish_write(entry, text);
    _snwprintf(wide, PUBLISH_TEXT_MAX, L"%hs", text);
    if (code == WSAEADDRINUSE || code == WSAEACCES)
        return error_plain(error, L"cannot publish", wide, L"the host's port is taken",
                           L"end the program that has it, or publish another");
    if (code == WSAEADDRNOTAVAIL)
        return error_plain(error, L"cannot publish", wide, L"the host does not have the address",
                           NULL);
    return error_win32_code(error, (uint32_t)code, L"cannot publish", wide, NULL);
}

bool publish_open(const struct vm *vm, struct plume_error *error)
{
    WSADATA data;
    size_t count = 0;
    for (unsigned i = 0; i < vm->config.publish_count; i++)
        count += publish_count(&vm->config.publish[i]);
    if (!count)
        return true;
    int code = WSAStartup(MAKEWORD(2, 2), &data);
    ports = calloc(count, sizeof *ports);
    completion = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
    if (code || !ports || !completion)
        return error_win32_code(error, code ? (uint32_t)code : ERROR_NOT_ENOUGH_MEMORY,
                                L"cannot publish ports of the VM", vm->name, NULL);
    for (unsigned i = 0; i < vm->config.publish_count; i++) {
        const struct publish *entry = &vm->config.publish[i];
        for (unsigned index = 0; index < publish_count(entry); index++) {
            if (!take_port(vm, entry, index))
                return taken_error(entry, error);
        }
    }
    return true;
}

const struct published *publish_list(size_t *count)
{
    *count = port_count;
    return ports;
}

/* ---- passing on ---- */

static DWORD WINAPI run(void *context)
{
    (void)context;
    DWORD ticked = GetTickCount();
    while (completion) {
        DWORD bytes = 0, error = ERROR_SUCCESS;
        ULONG_PTR key = 0;
        OVERLAPPED *done = NULL;
        if (!GetQueuedCompletionStatus(completion, &bytes, &key, &done, PUBLISH_TICK_MS))
            error = GetLastError();
        if (done) {
            struct loop_io *io = CONTAINING_RECORD(done, struct loop_io, overlapped);
            io->done(io, error, bytes);
        }
        if (GetTickCount() - ticked >= PUBLISH_TICK_MS) {
            publish_udp_tick();
            ticked = GetTickCount();
        }
    }
    return 0;
}

bool publish_start(void)
{
    for (size_t i = 0; i < socket_count; i++) {
        const struct host_socket *host = &sockets[i];
        plume_layer_outside()->exempt_socket((HANDLE)host->socket);
        if (!publish_attach(host->socket) ||
            !(host->udp ? publish_udp_serve : publish_tcp_serve)(host->socket, host->vm_port))
            return false;
    }
    HANDLE thread = socket_count ? CreateThread(NULL, 0, run, NULL, 0, NULL) : NULL;
    if (thread)
        CloseHandle(thread);
    if (port_count)
        log_line(L"%lu ports are published", (unsigned long)port_count);
    return thread || !socket_count;
}
