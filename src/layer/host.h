// The few things that the layer does with files and keys itself, by absolute NT name, past the
// interposition.
#ifndef PLUME_LAYER_HOST_H
#define PLUME_LAYER_HOST_H

#include "layer/layer.h"

/* Opens `name` synchronously. */
NTSTATUS host_open(struct str16 name, ACCESS_MASK access, ULONG disposition, ULONG options,
                   ULONG attributes, HANDLE *handle);

/* Attributes of `name`; 0 in *attributes when there is no such file (which is no failure). */
NTSTATUS host_attributes(struct str16 name, ULONG *attributes);

/* Whether a status says that there is no such name. */
static inline bool host_is_absent(NTSTATUS status)
{
    return status == STATUS_OBJECT_NAME_NOT_FOUND || status == STATUS_OBJECT_PATH_NOT_FOUND ||
           status == STATUS_NO_SUCH_FILE;
}

/* The number of an open file on its volume, 0 when it has none. */
uint64_t host_id_of(HANDLE file);

/* Renames an open file to the absolute name `to`. */
NTSTATUS host_rename(HANDLE handle, struct str16 to, bool replace);

NTSTATUS host_delete(HANDLE handle);

/* Calls `each` with the name and attributes of every entry of an open folder, but for "." and "..",
 * until it returns a failure, which is then returned. */
NTSTATUS host_list(HANDLE folder,
                   NTSTATUS (*each)(void *context, struct str16 name, ULONG attributes),
                   void *context);

/* The absolute NT name of an open file or key, in memory of layer_alloc()'s. */
NTSTATUS host_name_of(HANDLE handle, uint16_t **memory, struct str16 *name);

#endif
