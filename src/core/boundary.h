// Boundary descriptors: what a private namespace of kernel objects is known by (Windows SDK,
// "Object Namespaces"), which is a name and the ids of those that it is for.
#ifndef PLUME_CORE_BOUNDARY_H
#define PLUME_CORE_BOUNDARY_H

#include "core/str16.h"

enum {
    BOUNDARY_HEADER = 16, // bytes: version, count of entries, size of all, flags
    BOUNDARY_VERSION = 1,
    BOUNDARY_SIZE_AT = 8, // where the header has the size of all, as 32 bits
    BOUNDARY_MAX = 0x10000,
};

/* Writes to `out`, which has `cap` bytes, the descriptor of `size` bytes with `mark` before its
 * name, so that none without the mark is equal to it. Returns the bytes written; 0 where it is no
 * descriptor of the known version with a name, or there is too little room: `size`, twice the units
 * of the mark, and 8 are enough. The layout is that of System Informer's phnt/ntobapi.h. */
size_t boundary_mark(const uint8_t *in, size_t size, struct str16 mark, uint8_t *out, size_t cap);

#endif
