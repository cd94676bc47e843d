#include "monitor/pipe.h"

#include <stdlib.h>
#include "layer/nt.h"
#include "layer/plume_layer.h"
#include "monitor/log.h"

enum {
    READ_FIRST = 4096,  // bytes; most requests fit, longer ones grow the buffer
    RETRY_AFTER = 1000, // ms until instances are made again when there was no memory for them
};

struct pipe_connection {
    struct pipe_server *server;
    HANDLE handle;
    struct loop_io io;                 // one at a time: listen, read, or write
    bool busy;                         // it is under way
    bool listening, closed, answering; // answering: a request has been handed on
    size_t have;                       // bytes of a request read so far
    size_t cap;
    uint8_t *in;
    uint8_t *out;
    _Alignas(16) uint8_t state[];
};

static void start_read(struct pipe_connection *c);
static NTSTATUS add_listener(struct pipe_server *server, bool first);

void *pipe_state(struct pipe_connection *connection)
{
    return connection->state;
}

struct pipe_server *pipe_server_of(struct pipe_connection *connection)
{
    return connection->server;
}

DWORD pipe_client(struct pipe_connection *connection)
{
    typedef BOOL WINAPI client_process_id(HANDLE, ULONG *);
    static client_process_id *query;
    if (!query)
        query = (client_process_id *)(void *)GetProcAddress(GetModuleHandleW(L"kernel32.dll"),
                                                            "GetNamedPipeClientProcessId");
    ULONG pid = 0;
    return query && query(connection->handle, &pid) ? pid : 0;
}

static void release(struct pipe_connection *c)
{
    CloseHandle(c->handle);
    free(c->in);
    free(c->out);
    free(c);
}

static void replenish(struct pipe_server *server)
{
    while (server->listening < server->listeners &&
           server->connections + server->listening < server->connections_max) {
        NTSTATUS status = add_listener(server, false);
        if (!NT_SUCCESS(status)) {
            log_line(L"cannot listen on %s: NTSTATUS 0x%08lX", server->name, (unsigned long)status);
            server->retry.awake = true;
            loop_timer_set(&server->retry, RETRY_AFTER);
            return;
        }
    }
}

static void retry(struct loop_timer *timer)
{
    replenish(CONTAINING_RECORD(timer, struct pipe_server, retry));
}

void pipe_close(struct pipe_connection *c)
{
    if (c->closed)
        return;
    c->closed = true;
    struct pipe_server *server = c->server;
    if (c->listening) {
        server->listening--;
    } else {
        server->connections--;
        if (server->closed)
            server->closed(c);
    }
    if (c->busy)
        CancelIo(c->handle);
    else
        release(c);
    replenish(server);
}

// Begins an operation with `started` = what the system call returned. False: the connection is
// gone.
static bool begun(struct pipe_connection *c, BOOL started)
{
    if (started || GetLastError() == ERROR_IO_PENDING || GetLastError() == ERROR_MORE_DATA) {
        c->busy = true; // also when it has ended already, its completion is delivered
        return true;
    }
    pipe_close(c);
    return false;
}

static bool ended(struct pipe_connection *c)
{
    c->busy = false;
    if (!c->closed)
        return true;
    release(c);
    return false;
}

static void read_done(struct loop_io *io, DWORD error, DWORD bytes)
{
    struct pipe_connection *c = CONTAINING_RECORD(io, struct pipe_connection, io);
    if (!ended(c))
        return;
    c->have += bytes;
    if (error == ERROR_MORE_DATA && c->cap < c->server->message_max) {
        uint8_t *longer = realloc(c->in, c->server->message_max);
        if (longer) {
            c->in = longer;
            c->cap = c->server->message_max;
            start_read(c);
            return;
        }
    }
    if (error != ERROR_SUCCESS) {
        pipe_close(c);
        return;
    }
    size_t len = c->have;
    c->have = 0;
    c->answering = true;
    c->server->request(c, c->in, len);
}

static void start_read(struct pipe_connection *c)
{
    memset(&c->io.overlapped, 0, sizeof(c->io.overlapped));
    c->io.done = read_done;
    begun(c,
          ReadFile(c->handle, c->in + c->have, (DWORD)(c->cap - c->have), NULL, &c->io.overlapped));
}

static void write_done(struct loop_io *io, DWORD error, DWORD bytes)
{
    struct pipe_connection *c = CONTAINING_RECORD(io, struct pipe_connection, io);
    (void)bytes;
    if (!ended(c))
        return;
    free(c->out);
    c->out = NULL;
    if (error != ERROR_SUCCESS) {
        pipe_close(c);
        return;
    }
    if (c->cap > READ_FIRST) { // a long request is rare: do not keep the room for the next
        free(c->in);
        c->cap = READ_FIRST;
        c->in = malloc(c->cap);
        if (!c->in) {
            pipe_close(c);
            return;
        }
    }
    start_read(c);
}

void pipe_reply(struct pipe_connection *c, const void *data, size_t len)
{
    if (c->closed || !c->answering)
        return;
    c->answering = false;
    c->out = malloc(len ? len : 1);
    if (!c->out) {
        pipe_close(c);
        return;
    }
    memcpy(c->out, data, len);
    memset(&c->io.overlapped, 0, sizeof(c->io.overlapped));
    c->io.done = write_done;
    begun(c, WriteFile(c->handle, c->out, (DWORD)len, NULL, &c->io.overlapped));
}

static void listen_done(struct loop_io *io, DWORD error, DWORD bytes)
{
    struct pipe_connection *c = CONTAINING_RECORD(io, struct pipe_connection, io);
    (void)bytes;
    if (!ended(c))
        return;
    if (error != ERROR_SUCCESS && error != ERROR_PIPE_CONNECTED) {
        pipe_close(c); // the client left before it was let in
        return;
    }
    c->listening = false;
    c->server->listening--;
    c->server->connections++;
    replenish(c->server);
    start_read(c);
}

static NTSTATUS create(const struct pipe_server *server, bool first, HANDLE *handle)
{
    UNICODE_STRING name;
    RtlInitUnicodeString(&name, server->name);
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    IO_STATUS_BLOCK io;
    LARGE_INTEGER timeout = {.QuadPart = -500000}; // 50 ms: what CreateNamedPipe gives by default
    enum { MESSAGE_TYPE = 1, MESSAGE_MODE = 1, QUEUE_OPERATION = 0 };
    return plume_layer_outside()->create_named_pipe_file(
        handle, GENERIC_READ | GENERIC_WRITE | SYNCHRONIZE, &attributes, &io,
        FILE_SHARE_READ | FILE_SHARE_WRITE, first ? FILE_CREATE : FILE_OPEN_IF, 0, MESSAGE_TYPE,
        MESSAGE_MODE, QUEUE_OPERATION, ~0u, server->message_max, server->message_max, &timeout);
}

static NTSTATUS add_listener(struct pipe_server *server, bool first)
{
    struct pipe_connection *c = calloc(1, sizeof(*c) + server->state_size);
    if (!c)
        return STATUS_INSUFFICIENT_RESOURCES;
    c->server = server;
    c->cap = READ_FIRST < server->message_max ? READ_FIRST : server->message_max;
    c->in = malloc(c->cap);
    NTSTATUS status = c->in ? create(server, first, &c->handle) : STATUS_INSUFFICIENT_RESOURCES;
    if (!NT_SUCCESS(status)) {
        free(c->in);
        free(c);
        return status;
    }
    if (!loop_attach(c->handle)) {
        release(c);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    c->io.done = listen_done;
    BOOL connected = ConnectNamedPipe(c->handle, &c->io.overlapped);
    if (!connected && GetLastError() == ERROR_PIPE_CONNECTED) {
        // A client was quicker; nothing will be delivered for it.
        server->connections++;
        start_read(c);
        return STATUS_SUCCESS;
    }
    if (!connected && GetLastError() != ERROR_IO_PENDING) {
        release(c);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    c->busy = c->listening = true;
    server->listening++;
    return STATUS_SUCCESS;
}

NTSTATUS pipe_serve(struct pipe_server *server, bool first)
{
    server->retry.fire = retry;
    NTSTATUS status = add_listener(server, first);
    if (NT_SUCCESS(status))
        replenish(server);
    return status;
}
