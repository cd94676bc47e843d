// The service functions of the system's DLLs and what stands for each in a VM: no call of them
// reaches the host's service control manager.
#ifndef PLUME_LAYER_SERVICE_EXPORTS_H
#define PLUME_LAYER_SERVICE_EXPORTS_H

#include <stddef.h>
#include "layer/exports.h"

/* By name, in no order. A function is an export of sechost where there is one, and of advapi32;
 * both may be replaced. */
extern const struct layer_export_patch service_exports[];
extern const size_t service_exports_count;

#endif
