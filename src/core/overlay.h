// What opening a name does when the VM's layer lies over the host's.
#ifndef PLUME_CORE_OVERLAY_H
#define PLUME_CORE_OVERLAY_H

#include <stdbool.h>
#include <stdint.h>

/* What there is at a name in a layer. */
enum overlay_what { OVERLAY_NOTHING, OVERLAY_FILE, OVERLAY_FOLDER };

/* The NT create dispositions, by the WDK's numbers. */
enum overlay_disposition {
    OVERLAY_SUPERSEDE,
    OVERLAY_OPEN,
    OVERLAY_CREATE,
    OVERLAY_OPEN_IF,
    OVERLAY_OVERWRITE,
    OVERLAY_OVERWRITE_IF,
};

enum overlay_action {
    OVERLAY_USE_UPPER,     // pass the call to the VM's own layer as it is: the name is there
    OVERLAY_USE_LOWER,     // open the host's, for reading
    OVERLAY_COPY_UP,       // copy, then as OVERLAY_USE_UPPER
    OVERLAY_COPY_UP_EMPTY, // the same without the data, which the call throws away
    OVERLAY_MAKE,          // make the folder above in the VM's layer, then as OVERLAY_USE_UPPER
    OVERLAY_COLLIDE,       // fail: the name exists
    OVERLAY_ABSENT,        // fail: the name does not exist
};

/* `upper` and `lower` are what the VM sees in the two layers; `writes` is whether the handle could
 * change what it names. */
enum overlay_action overlay_open(enum overlay_what upper, enum overlay_what lower,
                                 enum overlay_disposition disposition, bool writes);

/* Whether an access mask, which may delete, could do no other change to a file. Such a handle needs
 * no copy: to delete is to hide the name. */
bool overlay_file_access_only_deletes(uint32_t access);

/* Whether an access mask for a file or folder could change it. */
bool overlay_file_access_writes(uint32_t access);

/* The same for a key. */
bool overlay_key_access_writes(uint32_t access);

/* The same access to a key without what could change it: what the host's key is opened with. */
uint32_t overlay_key_access_reading(uint32_t access);

#endif
