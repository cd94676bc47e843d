// The monitor's ends of its pipes: message mode, each request answered by one reply, which may come
// later. Pipes are made by the outside's call, so this works before and after the VM is entered.
#ifndef PLUME_MONITOR_PIPE_H
#define PLUME_MONITOR_PIPE_H

#include <windows.h>
#include <stdbool.h>
#include <stdint.h>
#include "monitor/loop.h"

struct pipe_connection;

struct pipe_server {
    const wchar_t *name; // NT path
    ULONG message_max;   // bytes; a connection that sends more is closed
    unsigned listeners;  // how many instances wait for a client at any time
    unsigned connections_max;
    size_t state_size; // bytes of zeroed state that each connection has: pipe_state()
    void (*request)(struct pipe_connection *connection, const void *data, size_t len);
    void (*closed)(struct pipe_connection *connection); // its state goes right after; may be NULL
    /* The server's own: zero. */
    unsigned listening, connections;
    struct loop_timer retry;
};

/* Makes the instances that wait for clients. `first` fails with STATUS_ACCESS_DENIED or another
 * error where the pipe exists already (Wine does not see that: the caller needs another lock
 * besides). */
NTSTATUS pipe_serve(struct pipe_server *server, bool first);

void *pipe_state(struct pipe_connection *connection);
struct pipe_server *pipe_server_of(struct pipe_connection *connection);

/* The client's process id, or 0 where the system cannot tell (NT 5.2). */
DWORD pipe_client(struct pipe_connection *connection);

/* Answers the request that the connection last made; copies `data`. Exactly one reply a request;
 * after pipe_close() it does nothing. */
void pipe_reply(struct pipe_connection *connection, const void *data, size_t len);

/* Ends the connection: its `closed` is called before this returns, once; memory goes when the last
 * operation has ended. */
void pipe_close(struct pipe_connection *connection);

#endif
