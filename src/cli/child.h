// Plume as its own child: a process that has entered a VM cannot come back, so what has to go on
// outside of the VM has another one enter it.
#ifndef PLUME_CLI_CHILD_H
#define PLUME_CLI_CHILD_H

#include "launch.h"

/* Starts a `plume exec` that runs the program in the VM, on this process's console and standard
 * handles. The process, to be closed, has its id in *id; NULL with *error. */
HANDLE child_exec(const struct vm *vm, const struct launch *what, DWORD *id,
                  struct plume_error *error);

/* Runs plume with these words and waits. What it writes to standard output and error goes to
 * *output, to be freed. False with *error where it could not be run. */
bool child_run(const wchar_t *const *words, size_t count, DWORD *status, wchar_t **output,
               struct plume_error *error);

#endif
