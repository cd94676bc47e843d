// A VM's limits in its job.
#ifndef PLUME_VM_JOB_LIMITS_H
#define PLUME_VM_JOB_LIMITS_H

#include <windows.h>
#include <stdbool.h>
#include "core/limits.h"

enum job_limit {
    JOB_LIMIT_MEMORY = 1,
    JOB_LIMIT_CPUS = 2,
    JOB_LIMIT_PIDS = 4,
};

/* Gives the job its limits, instead of those that it had; its processes end with its last handle in
 * any case. In *unkept (a set of enum job_limit) are those that were asked for and that this host
 * does not keep: processors before NT 6.2; under Wine 8 all of them, because its job takes limits
 * and forgets them (NtSetInformationJobObject in dlls/ntdll/unix/sync.c, and server/process.c).
 * Returns false with GetLastError() when the job cannot be set up at all. */
bool job_limits_set(HANDLE job, const struct limits *limits, unsigned *unkept);

/* The same for a job that does not exist: what this host would not keep. */
unsigned job_limits_unkept(const struct limits *limits);

/* Puts a process that has not run into the VM's job, for one who has entered the VM, and ends it
 * when that fails or the VM has more processes than it may. Returns a Win32 error:
 * ERROR_NOT_ENOUGH_QUOTA for the latter. */
DWORD job_limits_add(HANDLE job, HANDLE process);

#endif
