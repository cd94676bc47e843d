#include "monitor/publish_parts.h"

#include <mswsock.h>
#include <stdlib.h>
#include "monitor/log.h"

// Each connection is two flows, one in each direction. A flow receives, sends what it received, and
// receives again when all of that is sent: so it holds back who sends faster than the other takes.
// The end of one direction is passed on as such; what breaks either connection resets the other.

enum {
    ACCEPTS = 4,           // that wait at each listener
    BUFFER_SMALL = 8192,   // bytes: what a flow begins with, and a quiet one has
    BUFFER_LARGE = 1048576, // what one may come to have: each time that it is full, GROWTH times more.
                            // With 256 kB, Wine's cost of a call halves the throughput.
    GROWTH = 8,
    QUIET_AFTER = 32,      // receives in a row that would have fitted the small one
    NAME_ROOM = sizeof(struct sockaddr_in) + 16,
};

struct pair;

struct flow {
    struct loop_io io;
    struct pair *pair;
    SOCKET from, to;
    char *buffer;
    DWORD size, filled, sent;
    unsigned small_in_a_row;
    bool sending;
};

struct pair {
    struct loop_io connecting;
    struct flow flows[2];
    SOCKET client, server;
    unsigned running; // flows
    bool broken;
};

struct acceptor {
    struct loop_io io;
    SOCKET listener, accepted;
    uint16_t vm_port;
    char names[2 * NAME_ROOM];
};

static LPFN_ACCEPTEX accept_ex;
static LPFN_CONNECTEX connect_ex;

static void close_socket(SOCKET *socket, bool reset)
{
    if (*socket == INVALID_SOCKET)
        return;
    if (reset) {
        const LINGER linger = {1, 0};
        setsockopt(*socket, SOL_SOCKET, SO_LINGER, (const char *)&linger, sizeof linger);
    }
    closesocket(*socket);
    *socket = INVALID_SOCKET;
}

static void free_pair(struct pair *pair, bool reset)
{
    close_socket(&pair->client, reset);
    close_socket(&pair->server, reset);
    free(pair->flows[0].buffer);
    free(pair->flows[1].buffer);
    free(pair);
}

/* A flow has ended, because of an error where `broken`. The other's operation ends when its sockets
 * are closed. */
static void end_flow(struct pair *pair, bool broken)
{
    pair->broken = pair->broken || broken;
    if (pair->broken) {
        close_socket(&pair->client, true);
        close_socket(&pair->server, true);
    }
    if (--pair->running == 0)
        free_pair(pair, pair->broken);
}

/* Makes the buffer as large as what comes needs it. */
static void fit_buffer(struct flow *flow)
{
    bool full = flow->filled == flow->size, small = flow->filled <= BUFFER_SMALL;
    flow->small_in_a_row = small ? flow->small_in_a_row + 1 : 0;
    DWORD size = flow->size;
    if (full)
        size = size < BUFFER_LARGE / GROWTH ? size * GROWTH : BUFFER_LARGE;
    else if (flow->small_in_a_row > QUIET_AFTER)
        size = BUFFER_SMALL;
    if (size == flow->size)
        return;
    char *other = malloc(size);
    if (!other)
        return;
    free(flow->buffer);
    flow->buffer = other;
    flow->size = size;
    flow->small_in_a_row = 0;
}

static bool receive(struct flow *flow)
{
    DWORD flags = 0;
    WSABUF part = {flow->size, flow->buffer};
    flow->sending = false;
    memset(&flow->io.overlapped, 0, sizeof flow->io.overlapped);
    return publish_begun(WSARecv(flow->from, &part, 1, NULL, &flags, &flow->io.overlapped, NULL));
}

static bool send_on(struct flow *flow)
{
    WSABUF part = {flow->filled - flow->sent, flow->buffer + flow->sent};
    flow->sending = true;
    memset(&flow->io.overlapped, 0, sizeof flow->io.overlapped);
    return publish_begun(WSASend(flow->to, &part, 1, NULL, 0, &flow->io.overlapped, NULL));
}

static void flow_done(struct loop_io *io, DWORD error, DWORD bytes)
{
    struct flow *flow = CONTAINING_RECORD(io, struct flow, io);
    struct pair *pair = flow->pair;
    bool ok = !error && !pair->broken;
    if (ok && flow->sending) {
        flow->sent += bytes;
        if (flow->sent < flow->filled) {
            ok = bytes && send_on(flow);
        } else {
            fit_buffer(flow);
            ok = receive(flow);
        }
    } else if (ok && bytes) {
        flow->filled = bytes;
        flow->sent = 0;
        ok = send_on(flow);
    } else if (ok) {
        ok = shutdown(flow->to, SD_SEND) == 0;
        end_flow(pair, !ok);
        return;
    }
    if (!ok)
        end_flow(pair, true);
}

static void connected(struct loop_io *io, DWORD error, DWORD bytes)
{
    struct pair *pair = CONTAINING_RECORD(io, struct pair, connecting);
    (void)bytes;
    if (error ||
        setsockopt(pair->server, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, NULL, 0)) {
        free_pair(pair, true);
        return;
    }
    for (int i = 0; i < 2; i++) {
        struct flow *flow = &pair->flows[i];
        flow->pair = pair;
        flow->io.done = flow_done;
        flow->from = i ? pair->server : pair->client;
        flow->to = i ? pair->client : pair->server;
        flow->size = BUFFER_SMALL;
        flow->buffer = malloc(flow->size);
    }
    if (!pair->flows[0].buffer || !pair->flows[1].buffer || !receive(&pair->flows[0])) {
        free_pair(pair, true);
        return;
    }
    pair->running = 2;
    if (!receive(&pair->flows[1]))
        end_flow(pair, true);
}

/* Connects to the VM for a client, whose socket is this function's from here on. */
static void serve_client(SOCKET client, uint16_t vm_port)
{
    static const BOOL on = TRUE;
    struct sockaddr_in any = publish_address(INADDR_ANY, 0),
                       inside = publish_address(INADDR_LOOPBACK, vm_port);
    struct pair *pair = calloc(1, sizeof *pair);
    if (!pair) {
        close_socket(&client, true);
        return;
    }
    pair->client = client;
    pair->server = publish_socket(false);
    pair->connecting.done = connected;
    bool ok = pair->server != INVALID_SOCKET &&
              bind(pair->server, (struct sockaddr *)&any, sizeof any) == 0 &&
              publish_attach(pair->client) && publish_attach(pair->server);
    // What was held back to be joined into one packet has been so by the client.
    setsockopt(pair->client, IPPROTO_TCP, TCP_NODELAY, (const char *)&on, sizeof on);
    setsockopt(pair->server, IPPROTO_TCP, TCP_NODELAY, (const char *)&on, sizeof on);
    ok = ok && (connect_ex(pair->server, (struct sockaddr *)&inside, sizeof inside, NULL, 0, NULL,
                           &pair->connecting.overlapped) ||
                WSAGetLastError() == WSA_IO_PENDING);
    if (!ok)
        free_pair(pair, true);
}

static bool accept_next(struct acceptor *acceptor)
{
    DWORD bytes;
    acceptor->accepted = publish_socket(false);
    memset(&acceptor->io.overlapped, 0, sizeof acceptor->io.overlapped);
    if (acceptor->accepted != INVALID_SOCKET &&
        (accept_ex(acceptor->listener, acceptor->accepted, acceptor->names, 0, NAME_ROOM, NAME_ROOM,
                   &bytes, &acceptor->io.overlapped) ||
         WSAGetLastError() == WSA_IO_PENDING))
        return true;
    close_socket(&acceptor->accepted, false);
    return false;
}

static void accepted(struct loop_io *io, DWORD error, DWORD bytes)
{
    enum { TRIES = 100, PAUSE_MS = 10 };
    struct acceptor *acceptor = CONTAINING_RECORD(io, struct acceptor, io);
    SOCKET client = acceptor->accepted;
    (void)bytes;
    if (error || setsockopt(client, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT,
                            (const char *)&acceptor->listener, sizeof acceptor->listener))
        close_socket(&client, true);
    else
        serve_client(client, acceptor->vm_port);
    // A client that resets what was not accepted yet fails an accept, not the listener.
    for (int i = 0; !accept_next(acceptor); i++) {
        if (i == TRIES) {
            log_line(L"a published port takes no more connections: error %d", WSAGetLastError());
            return;
        }
        Sleep(PAUSE_MS);
    }
}

static bool load_functions(SOCKET any)
{
    GUID accept_id = WSAID_ACCEPTEX, connect_id = WSAID_CONNECTEX;
    DWORD bytes;
    return (accept_ex && connect_ex) ||
           (!WSAIoctl(any, SIO_GET_EXTENSION_FUNCTION_POINTER, &accept_id, sizeof accept_id,
                      &accept_ex, sizeof accept_ex, &bytes, NULL, NULL) &&
            !WSAIoctl(any, SIO_GET_EXTENSION_FUNCTION_POINTER, &connect_id, sizeof connect_id,
                      &connect_ex, sizeof connect_ex, &bytes, NULL, NULL));
}

bool publish_tcp_serve(SOCKET listener, uint16_t vm_port)
{
    if (!load_functions(listener))
        return false;
    for (int i = 0; i < ACCEPTS; i++) {
        struct acceptor *acceptor = calloc(1, sizeof *acceptor);
        if (!acceptor)
            return false;
        acceptor->io.done = accepted;
        acceptor->listener = listener;
        acceptor->vm_port = vm_port;
        if (!accept_next(acceptor)) {
            free(acceptor);
            return false;
        }
    }
    return true;
}
