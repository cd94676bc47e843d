// What the process knows of its handles: the name in the VM of a handle on something of the host's,
// and the listing that a folder or key handle is in the middle of.
//
// It is a cache: a handle that is not in it (inherited, duplicated into the process) is looked up
// by the kernel's name for it. Handles on the VM's own layer are not in it for their names, since
// another process of the VM may rename what they stand for.
#ifndef PLUME_LAYER_HANDLES_H
#define PLUME_LAYER_HANDLES_H

#include "layer/layer.h"
#include "layer/lock.h"

enum handle_kind {
    HANDLE_FILE,
    HANDLE_FOLDER,
    HANDLE_KEY,
    HANDLE_DIRECTORY, // of the object manager's; `canon` is the kernel's name for it
    HANDLE_SOCKET,    // see socket.c: `canon` is no name
    HANDLE_SECTION    // see view.h: without a name
};

struct handle_record {
    HANDLE handle;
    enum handle_kind kind;
    LONG references;
    struct handle_record *next;
    bool lower;             // on the host's; else `canon` was true when it was opened
    bool alone;             // of a key of the VM's own: when it was made, the host had none
    ACCESS_MASK access;     // asked for, of a key: what the handle itself has is less
    uint32_t clean;         // of a key of the host's: see key_handle_read()
    struct layer_lock lock; // for `listing`
    void *listing;
    void (*free_listing)(void *listing);
    struct file_lower *file;      // see file_lower.h
    struct view_section *section; // see view.h
    struct str16 canon;           // in this block
};

/* Notes a handle. A failure to (no memory) only costs later look-ups. */
void handles_add(HANDLE handle, enum handle_kind kind, struct str16 canon, bool lower,
                 ACCESS_MASK access);

/* Notes a handle on a file or folder of the host's; `file` is the record's from then on. */
void handles_add_lower(HANDLE handle, enum handle_kind kind, struct str16 canon, ACCESS_MASK access,
                       struct file_lower *file);

/* Notes a handle on a section: of a file of the host's, and `section` is the record's from then on,
 * or NULL, of what is found out when it is mapped. */
void handles_add_section(HANDLE handle, struct view_section *section);

/* Calls `each` for every record of a handle on a file or folder of the host's, or on a section. It
 * must neither open nor close a handle. */
void handles_each_lower(void (*each)(void *context, const struct handle_record *record),
                        void *context);

/* The record of a handle on a file or folder of the host's, or NULL. */
struct handle_record *handles_get_lower(HANDLE handle);

/* The record of a handle, to be given back with handles_release(), or NULL. */
struct handle_record *handles_get(HANDLE handle, enum handle_kind kind);
void handles_release(struct handle_record *record);

/* The same for a handle on something of the host's that was opened without saying that it is a
 * folder, and is used as one: from then on it is noted as such. */
struct handle_record *handles_get_as_folder(HANDLE handle);

/* To be called before the handle is closed. */
void handles_remove(HANDLE handle);

/* Called for a key's handle that was copied: see key_name.c. */
void key_handle_copied(HANDLE handle, HANDLE copy);

/* `copy` is a duplicate of `handle`, in the same process. */
void handles_copy(HANDLE handle, HANDLE copy, ACCESS_MASK access, bool same_access);

#define layer_cleanup_record __attribute__((cleanup(handles_release_at)))
static inline void handles_release_at(struct handle_record **record)
{
    if (*record)
        handles_release(*record);
}

#endif
