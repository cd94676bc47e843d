// The processes of VMs, as the host sees them.
#ifndef PLUME_CLI_PROCESSES_H
#define PLUME_CLI_PROCESSES_H

#include <windows.h>
#include "vm/vm.h"

/* One process of the system's list: SYSTEM_PROCESS_INFORMATION (phnt's ntexapi.h). One list has
 * everything of all, and under Wine 8 it alone has other processes' times (there GetProcessTimes()
 * gives those of the caller). */
struct system_process {
    ULONG next; // bytes to the next; 0: none
    ULONG threads;
    LARGE_INTEGER working_set_private;
    ULONG hard_faults, threads_high;
    ULONGLONG cycles;
    LARGE_INTEGER created, user, kernel; // 100 ns
    USHORT name_bytes, name_room;
    const wchar_t *name;
    LONG priority;
    ULONG_PTR id, parent;
    ULONG handles, session;
    ULONG_PTR key;
    SIZE_T peak_virtual, virtual_size;
    ULONG page_faults;
    SIZE_T peak_working_set, working_set, quota_peak_paged, quota_paged, quota_peak_nonpaged,
        quota_nonpaged, committed, peak_committed, private_pages;
    ULONGLONG read_operations, write_operations, other_operations, read_bytes, write_bytes,
        other_bytes;
};

/* The system's list, to be freed; NULL with *error. The first entry is at its beginning. */
struct system_process *system_processes(struct plume_error *error);

/* The one behind `process`, or NULL. */
const struct system_process *system_process_next(const struct system_process *process);

/* Opens the VM's job for asking; where it does not run, *error says so. */
HANDLE job_open(const struct vm *vm, struct plume_error *error);

/* The ids of all processes in the job; to be freed. NULL with *error. */
JOBOBJECT_BASIC_PROCESS_ID_LIST *job_processes(const struct vm *vm, HANDLE job,
                                               struct plume_error *error);
bool job_has(const JOBOBJECT_BASIC_PROCESS_ID_LIST *list, ULONG_PTR process);

#endif
