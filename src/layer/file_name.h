// The names that file calls are given.
#ifndef PLUME_LAYER_FILE_NAME_H
#define PLUME_LAYER_FILE_NAME_H

#include "core/ntpath.h"
#include "layer/layer.h"

struct file_name {
    struct ntpath path;  // canonical, without the stream
    struct str16 stream; // ":name:$DATA" or empty
    uint16_t *memory, *stream_memory;
};

/* Reads what a call names, relative to a handle or not; its folder is a true name (layer/alias.h).
 * The store's own names give STATUS_OBJECT_NAME_NOT_FOUND. Names that are no file system's give
 * path.kind. Free with file_name_free() in any case. */
NTSTATUS file_name_read(const OBJECT_ATTRIBUTES *attributes, struct file_name *name);
void file_name_free(struct file_name *name);
#define layer_cleanup_file_name __attribute__((cleanup(file_name_free)))

/* Makes a file's name that was read a true one; the `whole` of it, or its folder. */
NTSTATUS file_name_resolve(struct file_name *name, bool whole);

/* The canonical name in the VM of an open file or folder, in memory of layer_alloc()'s; *own tells
 * whether the handle is on the VM's own layer. */
NTSTATUS file_name_of_handle(HANDLE handle, uint16_t **memory, struct str16 *canon, bool *own);

/* Object attributes like `like`, for the absolute `name` (which `text` is made to hold). */
static inline OBJECT_ATTRIBUTES file_attributes_for(const OBJECT_ATTRIBUTES *like,
                                                    UNICODE_STRING *text, struct str16 name)
{
    *text = unicode_of_str16(name);
    OBJECT_ATTRIBUTES attributes = *like;
    attributes.RootDirectory = NULL;
    attributes.ObjectName = text;
    return attributes;
}

#endif
