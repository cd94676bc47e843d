// The system's redirection of its folder for 32-bit programs (core/redirect.h), in this process.
#ifndef PLUME_LAYER_REDIRECTED_H
#define PLUME_LAYER_REDIRECTED_H

#include "layer/layer.h"

/* Leads a canonical name where the system will lead it. `root` is how much of it is the name of the
 * open folder that the program's is relative to, 0 where that is absolute. `memory` (of
 * layer_alloc()) is replaced then, and *canon points into it. */
NTSTATUS redirected_name(uint16_t **memory, struct str16 *canon, size_t root);

/* Replaces the canonical name by one that leads there from this process, in `out`, which has
 * REDIRECT_ROOM more units than it. False: it does as it is. */
bool redirected_reach(struct str16 canon, struct str16_buf *out);

#endif
