#include "monitor/limits.h"

#include "layer/plume_layer.h"
#include "monitor/log.h"
#include "vm/job_limits.h"

unsigned limits_apply(HANDLE job, const struct limits *limits)
{
    unsigned unkept;
    if (!job_limits_set(job, limits, &unkept)) {
        log_line(L"cannot limit the VM: Win32 error %lu", GetLastError());
        return JOB_LIMIT_MEMORY | JOB_LIMIT_CPUS | JOB_LIMIT_PIDS;
    }
    plume_layer_outside()->limit_processes(unkept & JOB_LIMIT_PIDS ? limits->pids : 0);
    unkept &= ~(unsigned)JOB_LIMIT_PIDS;
    if (unkept & JOB_LIMIT_MEMORY)
        log_line(L"this Windows does not limit the memory of a job");
    if (unkept & JOB_LIMIT_CPUS)
        log_line(L"this Windows does not limit the processors of a job");
    return unkept;
}
