// The host name where the system's own function does not read it from the registry.
#ifndef PLUME_LAYER_HOST_NAME_H
#define PLUME_LAYER_HOST_NAME_H

#include <stddef.h>
#include "layer/exports.h"
#include "layer/nt.h"

enum { HOST_NAME_UNITS = 64 }; // a label of DNS, terminated

/* The VM's host name, in `out` with its terminator; its length, 0 where there is none. */
size_t host_name_own(WCHAR out[HOST_NAME_UNITS]);

/* For ws2_32 of Wine, whose gethostname() asks Unix (unix_gethostname() in dlls/ws2_32/unixlib.c,
 * 8.0). Windows' asks the registry, which is the VM's. */
extern const struct layer_export_patch host_name_exports[];
extern const size_t host_name_exports_count;

#endif
