// The DLLs of a process: which are loaded, and what is done with each when it is.
#ifndef PLUME_LAYER_MODULES_H
#define PLUME_LAYER_MODULES_H

#include <stdbool.h>
#include <stddef.h>
#include "layer/layer.h"

/* Whether the system is Wine. */
bool layer_is_wine(void);

/* The base of a loaded module, NULL when it is not loaded. For times when no other thread loads
 * any. */
void *layer_find_module(const char *name);

/* To be told of each view that the process has mapped into itself, with the status that the system
 * gave: where it does not tell of DLLs (NT 5.2) they are known by it. */
void layer_view_mapped(void *base, size_t size, NTSTATUS status);

/* Starts to watch the loading of modules; looks at those that are loaded already. */
void layer_watch_modules(void);

#endif
