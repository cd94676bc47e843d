// Which of the host's files are mapped: natively such a file cannot be deleted or replaced, and one
// that is mapped as an image cannot be written.
//
// Nothing is kept for it. Images are mapped in many ways that the layer does not see (the loader's,
// a process that is made), so who wants to change a file finds out: the host is asked first, whose
// answer is nearly always that it is not, and then the memory of the VM's processes is looked
// through. What only the host's programs have mapped does not count, as what they have open does
// not.
#ifndef PLUME_LAYER_MAPPED_H
#define PLUME_LAYER_MAPPED_H

#include "layer/layer.h"

/* The file that this process has a view of at `base`, in memory of layer_alloc()'s, if it is one of
 * the host's. */
bool mapped_host_file(const void *base, uint16_t **memory, struct str16 *canon);

/* Whether a process of the VM has a view of the host's file `canon` as an image: it can then
 * neither be opened to be written nor to be deleted when it is closed. A 32-bit process sees the
 * lowest 4 GB of others. */
bool mapped_is_image(struct str16 canon);

/* Whether one has any view of it, which keeps the file from being deleted and replaced. */
bool mapped_keeps(struct str16 canon);

#endif
