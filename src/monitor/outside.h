// What the monitor makes on the host for its VM before it enters it. All of it goes when the
// process ends, however it ends.
#ifndef PLUME_MONITOR_OUTSIDE_H
#define PLUME_MONITOR_OUTSIDE_H

#include <windows.h>
#include <stdbool.h>
#include "vm/vm.h"

/* The job that holds all of the VM's processes and ends them with its last handle, which is this
 * process's. Fails when the job exists: another monitor runs. */
bool outside_make_job(const struct vm *vm, HANDLE *job, struct plume_error *error);

#endif
