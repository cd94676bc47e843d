// A folder as the VM sees it, read from both layers into memory.
#ifndef PLUME_LAYER_MERGE_H
#define PLUME_LAYER_MERGE_H

#include "core/dirlist.h"
#include "layer/layer.h"

struct merge_entries {
    struct merge_block *blocks; // what the names lie in
    struct dirlist_entry *list;
    size_t count, capacity;
};

struct merge {
    struct merge_entries entries; // of both layers
    struct dirlist_entry **order; // what the VM sees, as dirlist_compare() orders it
    size_t count;                 // of `order`
    uint32_t source;              // the class that the layers were read in
};

/* Reads the folder `canon` of both layers in the class `source`, what `pattern` (NULL for all) lets
 * through. `handle` is the program's on the VM's `own` folder or the host's: it reads that layer
 * itself when it keeps others from it. What was in *merge is freed first. On failure the system's
 * status; *merge is to be forgotten all the same. */
NTSTATUS merge_read(struct str16 canon, HANDLE handle, bool own, UNICODE_STRING *pattern,
                    uint32_t source, struct merge *merge);

void merge_forget(struct merge *merge);

#endif
