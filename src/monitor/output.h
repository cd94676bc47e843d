// What services write to standard output and error: two pipes for each process, read into the log.
// Who writes them is believed nothing: it is text, as long as he likes to write.
#ifndef PLUME_MONITOR_OUTPUT_H
#define PLUME_MONITOR_OUTPUT_H

#include <windows.h>
#include <stdbool.h>
#include "vm/vm.h"

/* The ends that a new process gets, both inheritable; NULL where there could be none made. */
struct output_ends {
    HANDLE standard, error;
    struct output *readers[2];
};

/* Before the VM is entered: where its pipes are. */
void output_open(const struct vm *vm);

/* Makes the pipes of a process that is started for this service. */
struct output_ends output_make(const wchar_t *service);

/* The process has been made, and has its ends; 0: it has not. Closes the ends here. */
void output_made(struct output_ends *ends, DWORD pid);

/* Puts into the log what the process has written until now. */
void output_drain(DWORD pid);

/* At the monitor's end: the same for all processes, and lines that have no end. */
void output_end(void);

#endif
