// Looking up the VM's own name.
#ifndef PLUME_LAYER_HOST_LOOKUP_H
#define PLUME_LAYER_HOST_LOOKUP_H

#include <stddef.h>
#include "layer/exports.h"

/* For ws2_32: the VM's host name, and the empty one that means one's own machine, have the VM's
 * address. All other names are the host's to resolve. */
extern const struct layer_export_patch host_lookup_exports[];
extern const size_t host_lookup_exports_count;

#endif
