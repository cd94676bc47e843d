// The names of kernel objects and ports that a program gives, as the host is to be given them.
#ifndef PLUME_LAYER_OBJECT_NAME_H
#define PLUME_LAYER_OBJECT_NAME_H

#include "layer/handles.h"

enum object_use {
    OBJECT_OPEN,
    OBJECT_OPEN_LINK, // a symbolic link itself, not what it leads to
    OBJECT_CREATE,
};

/* A call's attributes in place of the program's. */
struct object_name {
    OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING text;
    uint16_t *memory, *link_memory;
    bool permanent;                 // what is made is to be kept
    bool beside;                    // it is the VM's in a directory that it shares with the host
    bool rewritten;                 // else the program's own name is what the call is made with
    const OBJECT_ATTRIBUTES *given; // the program's, where they can be read and have a name
};

/* Replaces *attributes, where the program means something of the VM's. `name` needs
 * object_name_free() in any case. Not STATUS_SUCCESS: the call's answer. */
NTSTATUS object_name_rewrite(const OBJECT_ATTRIBUTES **attributes, struct object_name *name,
                             enum object_use use);

/* The same for the text of an absolute name; *rewritten tells whether it is in name->text now. */
NTSTATUS object_name_rewrite_text(struct str16 text, struct object_name *name, enum object_use use,
                                  bool *rewritten);

void object_name_free(struct object_name *name);
#define layer_cleanup_object_name __attribute__((cleanup(object_name_free)))

/* To be called with the outcome of a call that made an object, or that opened one; returns it.
 * `call` is the system call's name. */
NTSTATUS object_name_made(const struct object_name *name, const char *call, HANDLE *handle,
                          NTSTATUS status);
NTSTATUS object_name_opened(const struct object_name *name, const char *call, NTSTATUS status);

/* What is known of a directory's handle, to be given back; NULL where it is none. */
struct handle_record *object_directory_of(HANDLE handle);

/* Where the VM's own of an absolute name in a directory shared with the host lies, in memory of
 * layer_alloc()'s. */
NTSTATUS object_name_beside(struct str16 text, uint16_t **memory, struct str16 *own);

/* Whether there is an object of this name on the host. */
bool object_exists(struct str16 host);

#endif
