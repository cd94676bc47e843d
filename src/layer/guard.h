// Whether memory that a program gave a pointer to is there. A system call given a bad pointer
// answers so; the layer, which looks at what it points to before, must not fault. Where a pointer
// is bad, the call goes to the system as it is, for its own answer.
//
// Looking costs no system call: a fault is caught by a vectored handler that knows the one
// instruction that may fault.
#ifndef PLUME_LAYER_GUARD_H
#define PLUME_LAYER_GUARD_H

#include "layer/layer.h"

/* To be called once; before, bad pointers fault. */
void guard_start(void);

bool guard_readable(const void *memory, size_t size);
bool guard_writable(void *memory, size_t size);

/* Whether object attributes can be read with all that a name needs. NULL can: there is nothing to
 * read. */
bool guard_attributes(const OBJECT_ATTRIBUTES *attributes);

#endif
