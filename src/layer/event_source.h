// Reporting events: RegisterEventSource() and what belongs to it.
//
// Natively that reaches the machine's event log service (Windows: by RPC; Wine 8: nothing at all,
// the functions of dlls/advapi32/eventlog.c are stubs). In a VM events go to its monitor, which
// keeps them in the VM's log: a VM has them whether or not an event log service runs in it.
//
// What reads event logs (OpenEventLog() and so on) stays the system's: its service is reached by
// names that are the VM's own, so it shows the VM's or nothing, never the host's.
#ifndef PLUME_LAYER_EVENT_SOURCE_H
#define PLUME_LAYER_EVENT_SOURCE_H

#include <stddef.h>
#include "layer/exports.h"

extern const struct layer_export_patch event_exports[];
extern const size_t event_exports_count;

#endif
