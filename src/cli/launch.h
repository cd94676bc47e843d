// Entering a VM, and running a program in it.
#ifndef PLUME_CLI_LAUNCH_H
#define PLUME_CLI_LAUNCH_H

#include "cli.h"
#include "vm/vm.h"

/* Makes this process one of the VM's, for good: the store and the VM's host names are out of reach
 * from then on. The VM must run. */
bool vm_enter(const struct vm *vm, struct plume_error *error);

struct launch {
    const wchar_t *program;     // as it was asked for: a name or a path
    const wchar_t *line;        // the command line from the program on, as it was typed
    const wchar_t *folder;      // the current folder; NULL: this process's, if the VM has it
    struct text_list env_files; // files of variables, which count less
    struct text_list variables; // K=V each, or K for "as it is here"
    bool interactive;           // on the user's desktop, not on the VM's
};

/* Enters the VM, runs the program on this process's console and standard handles, and waits. Ctrl-C
 * is the program's: this process does not end by it. Returns the program's exit status; where it
 * was not run, EXIT_PLUME, EXIT_CANNOT_RUN or EXIT_NO_PROGRAM, and it has been said why. */
int launch(const struct vm *vm, const struct launch *launch);

/* The same from outside, for a VM that was made just now and has nothing of its own yet: one
 * process less is started, and the caller stays outside. False where it cannot be done so, with
 * nothing done; else the exit status is in *status. */
bool launch_in_new(const struct vm *vm, const struct launch *launch, int *status);

/* Until the process ends, Ctrl-C and Ctrl-Break only set a flag. */
void ctrl_c_hold(void);
bool ctrl_c_seen(void);

#endif
