// A program that `plume selftest` runs: natively, or a plume of its own with it in a VM.
#ifndef PLUME_CLI_SELFTEST_RUN_H
#define PLUME_CLI_SELFTEST_RUN_H

#include <windows.h>
#include "text.h"
#include "vm/vm.h"

/* One that runs: what it says goes to a file, for a pipe would be kept open by whatever it leaves
 * running. */
struct selftest_run {
    HANDLE process;
    DWORD id, started;
    wchar_t output[VM_PATH_MAX];
};

/* How it ended. What it said ends with the line "exit status N", so that this is compared too. */
struct selftest_outcome {
    struct text said;
    DWORD status, ms;
    bool late; // it was ended, for it did not end by itself
};

/* Starts program with the words in the folder; what it says goes to the file. `program` NULL: this
 * plume. */
bool selftest_begin(struct selftest_run *run, const wchar_t *program, const wchar_t *const *words,
                    size_t count, const wchar_t *folder, const wchar_t *output,
                    struct plume_error *error);

/* Waits, ends it after so many seconds or with Ctrl-C, and reads what it said. */
bool selftest_finish(struct selftest_run *run, DWORD seconds, struct selftest_outcome *outcome,
                     struct plume_error *error);

#endif
