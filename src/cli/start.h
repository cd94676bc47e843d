// Starting a VM: its monitor, as a process that outlives this one.
#ifndef PLUME_CLI_START_H
#define PLUME_CLI_START_H

#include "vm/vm.h"

/* Starts the monitor and waits until the VM is ready; records the time in vm.json. Fails when it
 * runs already. */
bool vm_start(struct vm *vm, struct plume_error *error);

#endif
