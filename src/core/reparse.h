// What a reparse point leads to: the data of symbolic links and mount points (junctions).
// Layout: MS-FSCC 2.1.2.4 and 2.1.2.5.
#ifndef PLUME_CORE_REPARSE_H
#define PLUME_CORE_REPARSE_H

#include "core/str16.h"

struct reparse_target {
    struct str16 name; // the substitute name, in the data: an absolute NT name unless relative
    bool relative;     // to the folder that the link lies in
};

/* Reads what FSCTL_GET_REPARSE_POINT gave. False for malformed data and for tags that do not stand
 * for another name. */
bool reparse_read(const uint8_t *data, size_t size, struct reparse_target *target);

/* Joins a canonical folder and a relative name, `.` and `..` taken out; more of `..` than there are
 * folders stay at the volume's root. `out`, empty, needs room for both and one unit more. */
void reparse_join(struct str16 folder, struct str16 relative, struct str16_buf *out);

#endif
