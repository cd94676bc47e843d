// Pausing the VM: all its processes are held, and the time of its timers with them. The monitor
// itself goes on and answers.
#ifndef PLUME_MONITOR_PAUSE_H
#define PLUME_MONITOR_PAUSE_H

#include <windows.h>
#include <stdbool.h>
#include "vm/vm.h"

/* Makes what tells others that the VM is paused; before the VM is entered. */
bool pause_open(const struct vm *vm, HANDLE job, struct plume_error *error);

/* ERROR_SUCCESS and in *held how many processes are held; ERROR_INVALID_STATE where it is paused
 * already. A process that comes into the job later is held too. */
DWORD pause_begin(uint32_t *held);

/* ERROR_SUCCESS, or ERROR_INVALID_STATE where it is not paused. Those that something of the VM's
 * own had suspended stay so. */
DWORD pause_end(void);

/* For a VM that ends now: its processes stay as they are, timers run on. */
void pause_abandon(void);

#endif
