// Verbs that do the same to several VMs, one after the other.
#ifndef PLUME_CLI_EACH_VM_H
#define PLUME_CLI_EACH_VM_H

#include "cli.h"
#include "vm/vm.h"

/* Does it to one VM and prints what there is to print of it. False with *error. */
typedef bool each_vm_act(const struct vm_store *store, const wchar_t *name, void *context,
                         struct plume_error *error);

/* Does it to each VM that the command names, also when one before could not be done. Returns the
 * verb's exit status, the standard output written. */
int each_vm(const struct command *command, each_vm_act *act, void *context);

#endif
