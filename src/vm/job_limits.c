#include "vm/job_limits.h"
#include <winternl.h>
#include "layer/plume_layer.h"

enum {
    CPU_RATE_CONTROL = 15, // JobObjectCpuRateControlInformation, since NT 6.2
    RATE_ENABLE = 1,
    RATE_HARD_CAP = 4,
};

struct cpu_rate_control { // JOBOBJECT_CPU_RATE_CONTROL_INFORMATION
    DWORD flags, rate;
};

static bool set_cpus(HANDLE job, uint32_t cpus)
{
    SYSTEM_INFO system;
    struct cpu_rate_control control = {0};
    GetSystemInfo(&system);
    if (cpus) {
        control.flags = RATE_ENABLE | RATE_HARD_CAP;
        control.rate = limits_cpu_rate(cpus, system.dwNumberOfProcessors);
    }
    return SetInformationJobObject(job, (JOBOBJECTINFOCLASS)CPU_RATE_CONTROL, &control,
                                   sizeof control);
}

bool job_limits_set(HANDLE job, const struct limits *limits, unsigned *unkept)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION wanted = {.BasicLimitInformation.LimitFlags =
                                                       JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE},
                                         kept = {0};
    DWORD *flags = &wanted.BasicLimitInformation.LimitFlags;
    *unkept = 0;
    if (limits->memory) {
        *flags |= JOB_OBJECT_LIMIT_JOB_MEMORY;
        // More than can be said here is more than a 32-bit system has.
        wanted.JobMemoryLimit = limits->memory > (SIZE_T)-1 ? (SIZE_T)-1 : (SIZE_T)limits->memory;
    }
    if (limits->pids) {
        *flags |= JOB_OBJECT_LIMIT_ACTIVE_PROCESS;
        wanted.BasicLimitInformation.ActiveProcessLimit = limits->pids;
    }
    if (!SetInformationJobObject(job, JobObjectExtendedLimitInformation, &wanted, sizeof wanted))
        return false;
    if (!QueryInformationJobObject(job, JobObjectExtendedLimitInformation, &kept, sizeof kept,
                                   NULL))
        kept.BasicLimitInformation.LimitFlags = 0;
    DWORD missing = *flags & ~kept.BasicLimitInformation.LimitFlags;
    if (missing & JOB_OBJECT_LIMIT_JOB_MEMORY)
        *unkept |= JOB_LIMIT_MEMORY;
    if (missing & JOB_OBJECT_LIMIT_ACTIVE_PROCESS)
        *unkept |= JOB_LIMIT_PIDS;
    if (!set_cpus(job, limits->cpus) && limits->cpus)
        *unkept |= JOB_LIMIT_CPUS;
    return true;
}

unsigned job_limits_unkept(const struct limits *limits)
{
    unsigned unkept = 0;
    if (!limits->memory && !limits->cpus && !limits->pids)
        return 0;
    HANDLE job = CreateJobObjectW(NULL, NULL);
    if (job) {
        job_limits_set(job, limits, &unkept);
        CloseHandle(job);
    }
    return unkept;
}

DWORD job_limits_add(HANDLE job, HANDLE process)
{
    DWORD error = AssignProcessToJobObject(job, process) ? ERROR_SUCCESS : GetLastError();
    if (error == ERROR_SUCCESS && plume_layer_outside()->check_processes() < 0)
        error = ERROR_NOT_ENOUGH_QUOTA;
    if (error != ERROR_SUCCESS)
        TerminateProcess(process, error);
    return error;
}
