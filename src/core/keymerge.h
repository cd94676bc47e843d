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
    int64_t lower_time;         // the merge's: of the host's, 0 when the VM does not see that
    struct str16 class_name;    // of a key
    uint32_t order;             // the merge's
};

/* The order in which a system lists the sub-keys or the values of a key: Windows sorts sub-keys by
 * upper case and does not sort values, Wine sorts both by lower case. */
enum keymerge_order {
    KEYMERGE_BY_UPPER_CASE = 1,
    KEYMERGE_BY_LOWER_CASE,
    KEYMERGE_BY_APPEARANCE, // the host's first, each side's as they come
};

/* Merges `count` entries in place, into that order: one for each name, the VM's particulars before
 * the host's, the host's spelling of the name before the VM's; without what is hidden. Returns how
 * many there are then. `scratch` has room for `count` entries. */
size_t keymerge(struct keymerge_entry *entries, size_t count, struct keymerge_entry *scratch,
                enum keymerge_order order);

/* Compares two names as KEYMERGE_BY_LOWER_CASE orders them. */
int keymerge_compare_lower_case(struct str16 a, struct str16 b);

/* Lower case of one unit by the system's own table. Provided by whoever links this file. */
uint16_t keymerge_downcase(uint16_t unit);

#endif
