// The layer's own memory: it works before the process has a heap, and no program can corrupt it by
// misusing the process heap.
#ifndef PLUME_LAYER_HEAP_H
#define PLUME_LAYER_HEAP_H

#include <stddef.h>

/* Zeroed memory aligned to 16 bytes, or NULL when the system has none. Thread-safe. */
void *layer_alloc(size_t size);

/* Gives back what layer_alloc() returned; NULL is allowed. */
void layer_free(void *memory);

#endif
