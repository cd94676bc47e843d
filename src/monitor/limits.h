// The VM's limits in force.
#ifndef PLUME_MONITOR_LIMITS_H
#define PLUME_MONITOR_LIMITS_H

#include <windows.h>
#include "core/limits.h"

/* Gives the VM these limits instead of those that it had: in its job, and where the host's jobs do
 * not count processes, by the layer. After plume_layer_prepare(). Returns which are not kept (a set
 * of enum job_limit, vm/job_limits.h), which it has logged. */
unsigned limits_apply(HANDLE job, const struct limits *limits);

#endif
