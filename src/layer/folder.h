// What the layer keeps of an open folder, beside the name that its handle has: the listing that it
// is in the middle of, and the completion port that its completions go to. Duplicates of a handle
// within the process have it in common, as they have the system's file object.
#ifndef PLUME_LAYER_FOLDER_H
#define PLUME_LAYER_FOLDER_H

#include "layer/handles.h"

struct folder {
    LONG references;
    struct layer_lock lock;  // for what follows
    struct listing *listing; // file_list.c
    struct watch *watch;     // watch.h
    HANDLE port;             // a duplicate; NULL when the handle is associated with none
    void *port_key;
};

/* The record of a file's or folder's handle, made from the kernel's name for it if there is none;
 * NULL when it is no file's or there is no memory. To be given back with handles_release(). */
struct handle_record *folder_record(HANDLE handle);

/* What is kept with the record, made if need be; NULL when there is no memory. It lasts as long as
 * the record is held. */
struct folder *folder_of(struct handle_record *record);

/* `copy` is the record of a duplicate of the handle that `record` is of. */
void folder_share(struct handle_record *record, struct handle_record *copy);

/* FILE_COMPLETION_INFORMATION. */
struct folder_port {
    HANDLE port;
    void *key;
};

/* To be called after `handle` was associated with a completion port: what is completed by the layer
 * goes there. Does nothing for what is no folder. */
void folder_note_port(HANDLE handle, const struct folder_port *port);

/* Whom a call tells that it is done. */
struct folder_completion {
    IO_STATUS_BLOCK *io;
    HANDLE event;  // NULL: none
    HANDLE thread; // whose the APC is
    PIO_APC_ROUTINE apc;
    void *apc_context;
    HANDLE port; // NULL: no packet
    void *port_key;
};

/* The completion of a call that is done before it returns: to this thread, and to the handle's port
 * unless the handle is set to send no packet then. `folder` may be NULL. */
struct folder_completion folder_completion_now(HANDLE handle, const struct folder *folder,
                                               IO_STATUS_BLOCK *io, HANDLE event,
                                               PIO_APC_ROUTINE apc, void *apc_context);

/* Tells the program what the system would tell, in its order: the I/O status, the event, the APC or
 * the packet. */
void folder_complete(const struct folder_completion *to, NTSTATUS status, ULONG_PTR information);

/* Frees a listing; NULL is none. */
void listing_free(struct listing *listing);

#endif
