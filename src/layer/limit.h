// How many processes the VM may have, where its job does not see to that: the monitor says so in
// the shared memory, and those who start a process keep to it.
#ifndef PLUME_LAYER_LIMIT_H
#define PLUME_LAYER_LIMIT_H

#include "layer/shared.h"

struct limit_shared {
    uint32_t processes; // at most; 0: no limit, or the job's own
};

/* Sets it; for the monitor, which has made the shared memory. */
void limit_processes(uint32_t most);

/* Whether the job has more processes than it may; to be asked when one has been put into it, which
 * is then ended: so of several that come at once none is one too many, though more than one may be
 * turned away. STATUS_QUOTA_EXCEEDED, as a job says it, or STATUS_SUCCESS. No system call where
 * there is no limit. */
NTSTATUS limit_check(void);

#endif
