// Services that start with the VM: those that were made, or were told to start by themselves,
// inside it. What starts with the host does not start in every VM for that.
#ifndef PLUME_MONITOR_SCM_AUTOSTART_H
#define PLUME_MONITOR_SCM_AUTOSTART_H

#include "vm/vm.h"

/* Before the VM is entered: finds the services whose start type the VM has of its own. That
 * there is nothing to be found is no failure. */
void scm_autostart_find(const struct vm *vm);

/* Once the VM runs: starts those of them whose start type says so, one after the other, in the
 * order of their groups, delayed ones last. */
void scm_autostart_run(void);

#endif
