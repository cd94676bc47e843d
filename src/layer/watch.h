// Watching a folder in both layers: what the calls (file_watch.c) and the thread that serves them
// (watch_thread.c) share.
//
// A folder of the host's has three sources of change: what the VM does below files\, what it hides
// (marks below hidden\), and what the host does. Each is watched through a handle of the layer's
// own. The system tells one thread of the process of all of them, which is made when the first
// watch is set; it decides what the VM sees, keeps it until it is asked for, and completes the
// program's calls.
#ifndef PLUME_LAYER_WATCH_H
#define PLUME_LAYER_WATCH_H

#include "core/dirwatch.h"
#include "layer/folder.h"

enum watch_side { WATCH_OWN, WATCH_MARKS, WATCH_HOST, WATCH_SIDES };

struct watch_source {
    struct watch *watch;
    enum watch_side side;
    HANDLE folder; // NULL: there is none
    bool armed;    // the system has the buffer
    IO_STATUS_BLOCK io;
    uint8_t *buffer;
};

/* A call that waits for a change. */
struct watch_request {
    struct watch_request *next;
    struct folder_completion to; // its handles are the request's own
    void *buffer;
    ULONG length;
    HANDLE thread; // the id of the one that called
    HANDLE wake;   // of a call that waits itself: its own event; NULL otherwise
    bool signals;  // the folder's handle itself tells that the call is done
};

struct watch {
    LONG references;
    struct layer_lock lock; // for the queue, the requests and `closed`
    struct str16 canon;     // in this block
    uint32_t class;
    ULONG filter;
    bool subtree, closed;
    LARGE_INTEGER since;
    HANDLE self; // a duplicate of the program's handle
    struct watch_source sources[WATCH_SIDES];
    struct dirwatch_queue queue;
    struct watch_request *requests; // the oldest first
    struct dirwatch_names names;    // the thread's own
};

/* Begins to watch: the sources are open. Returns when no later change is missed, with the system's
 * failure if it does not take the watch. */
NTSTATUS watch_begin(struct watch *watch);

/* Has the folder's handle unsignalled until a request that signals it is done. */
void watch_unsignal(struct watch *watch);

/* Signals it again. */
void watch_signal(struct watch *watch);

/* Ends the sources; what waits is completed by the caller. */
void watch_end(struct watch *watch);

void watch_release(struct watch *watch);

/* Completes what waits, as far as there is something to tell. */
void watch_serve(struct watch *watch);

/* Completes one call, which no list holds any more, and frees it. */
void watch_complete(struct watch *watch, struct watch_request *request, NTSTATUS status,
                    ULONG_PTR information);

/* The program's last handle on the folder is closed. */
void watch_close(struct watch *watch);

/* Ends with STATUS_CANCELLED the calls on a folder's handle that the layer keeps: those of `thread`
 * (NULL: of all) with the I/O status block `io` (NULL: with any). Whether there were any. */
bool watch_cancel(HANDLE handle, HANDLE thread, const IO_STATUS_BLOCK *io);

#endif
