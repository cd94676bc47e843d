// Waiting for a change of a service or of the list of services: a connection of its own, on which
// one request at a time lies until the manager has something to tell.
#ifndef PLUME_LAYER_SERVICE_WATCH_H
#define PLUME_LAYER_SERVICE_WATCH_H

#include "layer/service_call.h"

/* One change, as SCM_NEXT_CHANGE tells it. */
struct service_change {
    uint32_t error, changes;
    struct scm_process_status status;
    struct str16 names; // a slice of the message
};

/* A watch's connection with room for one request and its answer. */
struct service_watch {
    HANDLE connection;
    IO_STATUS_BLOCK io;
    uint32_t request;
    uint8_t reply[SCM_MESSAGE_MAX];
};

/* Asks the manager for a watch of what `handle` is a handle of: see SCM_WATCH. *watch is in memory
 * of layer_alloc(). Returns a Win32 error. */
DWORD service_watch_open(HANDLE handle, uint32_t mask, uint32_t flags,
                         struct service_watch **watch);

/* Has the next change asked for. When it is there, `routine` is called with `context` in the
 * thread that called this, or, without a routine, `event` is set. What is told is then what
 * service_watch_got() returns. The watch stays where it is until then. Returns a Win32 error; then
 * nothing will be called. */
DWORD service_watch_ask(struct service_watch *watch, HANDLE event, PIO_APC_ROUTINE routine,
                        void *context);
DWORD service_watch_got(struct service_watch *watch, struct service_change *change);

/* Waits up to `timeout` (NULL: for ever) for the next change, or for `stop` (may be NULL) to be
 * set. ERROR_TIMEOUT, ERROR_CANCELLED, or what the watch ended with. */
DWORD service_watch_wait(struct service_watch *watch, HANDLE stop, const LARGE_INTEGER *timeout,
                         struct service_change *change);

/* Frees a watch of which no request is under way. */
void service_watch_close(struct service_watch *watch);

#endif
