// One listing of a key from those of the VM's layer and the host's.
#ifndef PLUME_CORE_KEYMERGE_H
#define PLUME_CORE_KEYMERGE_H

#include "core/str16.h"

enum keymerge_from {
    KEYMERGE_LOWER = 1,  // the host has it
    KEYMERGE_UPPER = 2,  // the VM has it
    KEYMERGE_HIDDEN = 4, // a mark: the host's does not exist for the VM
};

struct keymerge_entry {
    struct str16 name;
    uint32_t from;              // enum keymerge_from, after the merge a combination
    uint32_t type, data_length; // of a value
    int64_t time;               // of a key: its last write
    struct str16 class_name;    // of a key
    uint32_t order;             // the merge's
};

/* Merges `count` entries in place: one for each name, the VM's particulars before the
 * host's, the host's spelling of the name before the VM's; without what is hidden. Returns how many
 * there are then. `scratch` has room for `count` entries.
 *
 * The order is that of the inputs (each entry's in the order in which the system lists them) when
 * they were sorted: Windows sorts sub-keys by upper case and does not sort values, Wine sorts both
 * by lower case. Else sub-keys (`always_sorted`) are sorted by upper case, and values are the
 * host's first, then those that only the VM has. */
size_t keymerge(struct keymerge_entry *entries, size_t count, struct keymerge_entry *scratch,
                bool always_sorted);

#endif
