#include "usage.h"

#include <stdlib.h>

static uint64_t now(void)
{
    LARGE_INTEGER count, frequency;
    QueryPerformanceCounter(&count);
    QueryPerformanceFrequency(&frequency);
    return (uint64_t)count.QuadPart / (uint64_t)frequency.QuadPart * 10000000 +
           (uint64_t)count.QuadPart % (uint64_t)frequency.QuadPart * 10000000 /
               (uint64_t)frequency.QuadPart;
}

/* What the job has counted, of processes that have ended too. Wine 8 counts nothing
 * (NtQueryInformationJobObject in dlls/ntdll/unix/sync.c): the sum over the processes stays. */
static void read_job(struct usage *usage, HANDLE job)
{
    JOBOBJECT_BASIC_AND_IO_ACCOUNTING_INFORMATION counted = {0};
    if (!QueryInformationJobObject(job, JobObjectBasicAndIoAccountingInformation, &counted,
                                   sizeof counted, NULL))
        return;
    uint64_t cpu = (uint64_t)counted.BasicInfo.TotalUserTime.QuadPart +
                   (uint64_t)counted.BasicInfo.TotalKernelTime.QuadPart;
    usage->counts_io = true;
    usage->read = counted.IoInfo.ReadTransferCount;
    usage->written = counted.IoInfo.WriteTransferCount;
    if (cpu) {
        usage->cpu = cpu;
        usage->whole = true;
    }
}

bool usage_read(struct usage *usage, const struct vm *vm, const struct system_process *list,
                struct plume_error *error)
{
    *usage = (struct usage){.at = now()};
    HANDLE job = job_open(vm, error);
    if (!job)
        return false;
    JOBOBJECT_BASIC_PROCESS_ID_LIST *ids = job_processes(vm, job, error);
    if (ids) {
        usage->processes = calloc(ids->NumberOfProcessIdsInList + 1, sizeof *usage->processes);
        if (!usage->processes)
            error_win32_code(error, ERROR_NOT_ENOUGH_MEMORY, L"cannot list the processes of the VM",
                             vm->name, NULL);
    }
    for (const struct system_process *p = list; usage->processes && p; p = system_process_next(p)) {
        if (!job_has(ids, p->id) || usage->count == ids->NumberOfProcessIdsInList)
            continue;
        uint64_t cpu = (uint64_t)p->user.QuadPart + (uint64_t)p->kernel.QuadPart;
        usage->processes[usage->count++] =
            (struct usage_process){p->id, (uint64_t)p->created.QuadPart, cpu};
        usage->cpu += cpu;
        usage->committed += p->committed;
    }
    if (usage->processes)
        read_job(usage, job);
    free(ids);
    CloseHandle(job);
    return usage->processes != NULL;
}

void usage_free(struct usage *usage)
{
    free(usage->processes);
    usage->processes = NULL;
}

static uint64_t earlier(const struct usage *before, const struct usage_process *process)
{
    for (uint32_t i = 0; i < before->count; i++)
        if (before->processes[i].id == process->id &&
            before->processes[i].created == process->created)
            return before->processes[i].cpu;
    return 0;
}

uint32_t usage_cpu(const struct usage *before, const struct usage *later)
{
    uint64_t used = 0, passed = later->at - before->at;
    if (before->whole && later->whole) {
        used = later->cpu - before->cpu;
    } else {
        for (uint32_t i = 0; i < later->count; i++) {
            uint64_t then = earlier(before, &later->processes[i]);
            if (later->processes[i].cpu > then)
                used += later->processes[i].cpu - then;
        }
    }
    return passed ? (uint32_t)(used * 10000 / passed) : 0;
}
