// Shutting down: in a VM, that is the VM.
#ifndef PLUME_LAYER_POWER_H
#define PLUME_LAYER_POWER_H

#include "layer/exports.h"
#include "layer/layer.h"

/* Whether the calling thread may shut the machine down, by its token. Wine lets everybody. */
bool power_allowed(void);

/* Has the monitor stop the VM in so many seconds. A Win32 error: 0, ERROR_SHUTDOWN_IN_PROGRESS, or
 * why the monitor cannot be asked. */
DWORD power_shut_down(DWORD seconds);

/* The functions of user32 and advapi32 that shut a machine down, by way of winlogon and CSRSS (on
 * Wine by starting wineboot): they end at the VM's monitor instead. */
extern const struct layer_export_patch power_exports[];
extern const size_t power_exports_count;

#endif
