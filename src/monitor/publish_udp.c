#include "monitor/publish_parts.h"

#include <stdlib.h>

// Each client that sends to a published port gets a socket of its own towards the VM, so that the
// answers find the way back, until nothing has passed for a while. A datagram stays in the memory
// that it was received in until it is sent: while all of that is in use, the system drops what
// comes, as UDP does.

enum {
    RECEIVES = 4,         // that wait at each published port
    DATAGRAM_MAX = 65536, // bytes
    CLIENTS_MAX = 1024,   // of a port; a new one takes the place of the one that was quiet longest
    EXPIRE_MS = 90000,
    ERRORS_MAX = 16, // in a row, after which a client's socket is given up
};

struct port;

struct transfer {
    struct loop_io io;
    struct port *port;
    struct client *client; // towards which it goes; of a client's own transfer, that client
    struct sockaddr_in from;
    int from_len;
    DWORD flags;
    bool sending, idle;
    char data[DATAGRAM_MAX];
};

struct client {
    struct client *next;
    struct port *port;
    struct sockaddr_in address;
    SOCKET socket;
    DWORD last; // GetTickCount() when something passed
    unsigned uses; // operations that are under way
    unsigned errors;
    bool closed; // no longer in the list
    struct transfer back;
};

struct port {
    struct port *next;
    SOCKET socket;
    uint16_t vm_port;
    struct client *clients;
    unsigned count;
    struct transfer transfers[RECEIVES];
};

static struct port *all_ports;

static void release(struct client *client)
{
    if (!client->uses && client->closed)
        free(client);
}

static void close_client(struct client *client)
{
    struct port *port = client->port;
    if (client->closed)
        return;
    for (struct client **at = &port->clients; *at; at = &(*at)->next) {
        if (*at == client) {
            *at = client->next;
            port->count--;
            break;
        }
    }
    client->closed = true;
    closesocket(client->socket);
    release(client);
}

/* ---- from the VM ---- */

static void receive_back(struct client *client)
{
    struct transfer *back = &client->back;
    WSABUF part = {DATAGRAM_MAX, back->data};
    back->sending = false;
    while (!client->closed) {
        memset(&back->io.overlapped, 0, sizeof back->io.overlapped);
        back->flags = 0;
        if (publish_begun(WSARecv(client->socket, &part, 1, NULL, &back->flags,
                                  &back->io.overlapped, NULL))) {
            client->uses++;
            return;
        }
        // Nobody listened when the last one was sent: that is not the end.
        if (++client->errors > ERRORS_MAX) {
            close_client(client);
            return;
        }
    }
}

static void back_done(struct loop_io *io, DWORD error, DWORD bytes)
{
    struct transfer *back = CONTAINING_RECORD(io, struct transfer, io);
    struct client *client = back->client;
    client->uses--;
    if (client->closed) {
        release(client);
        return;
    }
    if (error && !back->sending && ++client->errors > ERRORS_MAX) {
        close_client(client);
        return;
    }
    if (!error && !back->sending) {
        WSABUF part = {bytes, back->data};
        client->errors = 0;
        client->last = GetTickCount();
        back->sending = true;
        memset(&io->overlapped, 0, sizeof io->overlapped);
        if (publish_begun(WSASendTo(client->port->socket, &part, 1, NULL, 0,
                                    (struct sockaddr *)&client->address, sizeof client->address,
                                    &io->overlapped, NULL))) {
            client->uses++;
            return;
        }
    }
    receive_back(client);
}

/* ---- to the VM ---- */

static struct client *find_client(struct port *port, const struct sockaddr_in *address)
{
    struct client *oldest = NULL, *client;
    for (client = port->clients; client; client = client->next) {
        if (client->address.sin_addr.s_addr == address->sin_addr.s_addr &&
            client->address.sin_port == address->sin_port)
            return client;
        if (!oldest || (LONG)(client->last - oldest->last) < 0)
            oldest = client;
    }
    if (port->count == CLIENTS_MAX)
        close_client(oldest);
    client = calloc(1, sizeof *client);
    if (!client)
        return NULL;
    struct sockaddr_in inside = publish_address(INADDR_LOOPBACK, port->vm_port);
    client->port = port;
    client->address = *address;
    client->socket = publish_socket(true);
    client->back.io.done = back_done;
    client->back.client = client;
    if (client->socket == INVALID_SOCKET ||
        connect(client->socket, (struct sockaddr *)&inside, sizeof inside) ||
        !publish_attach(client->socket)) {
        if (client->socket != INVALID_SOCKET)
            closesocket(client->socket);
        free(client);
        return NULL;
    }
    client->next = port->clients;
    port->clients = client;
    port->count++;
    client->uses = 1; // while it is looked at
    receive_back(client);
    client->uses--;
    if (client->closed) {
        release(client);
        return NULL;
    }
    return client;
}

static void receive(struct transfer *transfer)
{
    WSABUF part = {DATAGRAM_MAX, transfer->data};
    transfer->sending = false;
    transfer->from_len = sizeof transfer->from;
    for (int i = 0; i < ERRORS_MAX; i++) {
        memset(&transfer->io.overlapped, 0, sizeof transfer->io.overlapped);
        transfer->flags = 0;
        // That a client is no longer there is told here too.
        transfer->idle = !publish_begun(
            WSARecvFrom(transfer->port->socket, &part, 1, NULL, &transfer->flags,
                        (struct sockaddr *)&transfer->from, &transfer->from_len,
                        &transfer->io.overlapped, NULL));
        if (!transfer->idle)
            return;
    }
}

static void transfer_done(struct loop_io *io, DWORD error, DWORD bytes)
{
    struct transfer *transfer = CONTAINING_RECORD(io, struct transfer, io);
    struct client *client = transfer->client;
    transfer->client = NULL;
    if (client) {
        client->uses--;
        release(client);
    } else if (!error && (client = find_client(transfer->port, &transfer->from))) {
        WSABUF part = {bytes, transfer->data};
        client->last = GetTickCount();
        transfer->sending = true;
        memset(&io->overlapped, 0, sizeof io->overlapped);
        if (publish_begun(WSASend(client->socket, &part, 1, NULL, 0, &io->overlapped, NULL))) {
            transfer->client = client;
            client->uses++;
            return;
        }
    }
    receive(transfer);
}

void publish_udp_tick(void)
{
    DWORD now = GetTickCount();
    for (struct port *port = all_ports; port; port = port->next) {
        for (struct client *next, *client = port->clients; client; client = next) {
            next = client->next;
            if (now - client->last > EXPIRE_MS)
                close_client(client);
        }
        for (int i = 0; i < RECEIVES; i++) {
            if (port->transfers[i].idle)
                receive(&port->transfers[i]);
        }
    }
}

bool publish_udp_serve(SOCKET socket, uint16_t vm_port)
{
    struct port *port = calloc(1, sizeof *port);
    if (!port)
        return false;
    port->socket = socket;
    port->vm_port = vm_port;
    port->next = all_ports;
    all_ports = port;
    for (int i = 0; i < RECEIVES; i++) {
        port->transfers[i].io.done = transfer_done;
        port->transfers[i].port = port;
        receive(&port->transfers[i]);
    }
    return true;
}
