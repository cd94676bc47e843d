// The VM's own name: computer name and host name, as values of its registry, which everything that
// asks for them reads.
#ifndef PLUME_MONITOR_IDENTITY_H
#define PLUME_MONITOR_IDENTITY_H

#include <stdbool.h>
#include "vm/vm.h"

/* Reads the host's names; before the VM is entered. */
void identity_read_host(void);

/* After it was entered: gives the VM its names where it still has the host's, makes the names that
 * a program has set in it (SetComputerName) those in force, as starting a machine does, and sets
 * this process's COMPUTERNAME. */
void identity_apply(const struct vm *vm);

#endif
