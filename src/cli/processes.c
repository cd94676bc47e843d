#include "processes.h"

#include <stddef.h>
#include <stdlib.h>
#include <winternl.h>

struct system_process *system_processes(struct plume_error *error)
{
    enum { LENGTH_MISMATCH = (int)0xC0000004 };
    void *list = NULL;
    for (ULONG size = 1 << 16;; size *= 2) {
        free(list);
        list = malloc(size);
        NTSTATUS status = list
                              ? NtQuerySystemInformation(SystemProcessInformation, list, size, NULL)
                              : (NTSTATUS)0xC0000017; // STATUS_NO_MEMORY
        if (status >= 0)
            return list;
        if (status != (NTSTATUS)LENGTH_MISMATCH) {
            free(list);
            error_ntstatus(error, (uint32_t)status, L"cannot list the processes", NULL, NULL);
            return NULL;
        }
    }
}

const struct system_process *system_process_next(const struct system_process *process)
{
    if (!process->next)
        return NULL;
    return (const void *)((const char *)process + process->next);
}

HANDLE job_open(const struct vm *vm, struct plume_error *error)
{
    HANDLE job = OpenJobObjectW(JOB_OBJECT_QUERY, FALSE, vm->job_name);
    if (job)
        return job;
    if (GetLastError() == ERROR_FILE_NOT_FOUND)
        error_plain(error, L"the VM is not running:", vm->name, L"", L"'plume start' starts it");
    else
        error_win32(error, L"cannot open the job of the VM", vm->name, NULL);
    return NULL;
}

JOBOBJECT_BASIC_PROCESS_ID_LIST *job_processes(const struct vm *vm, HANDLE job,
                                               struct plume_error *error)
{
    JOBOBJECT_BASIC_PROCESS_ID_LIST *list = NULL;
    for (DWORD room = 64;; room *= 2) {
        DWORD size = (DWORD)(offsetof(JOBOBJECT_BASIC_PROCESS_ID_LIST, ProcessIdList) +
                             room * sizeof(ULONG_PTR));
        free(list);
        list = calloc(1, size);
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        BOOL ok =
            list && QueryInformationJobObject(job, JobObjectBasicProcessIdList, list, size, NULL);
        if (ok && list->NumberOfProcessIdsInList >= list->NumberOfAssignedProcesses)
            return list;
        if (!ok && (!list || GetLastError() != ERROR_MORE_DATA)) {
            error_win32(error, L"cannot list the processes of the VM", vm->name, NULL);
            free(list);
            return NULL;
        }
    }
}

bool job_has(const JOBOBJECT_BASIC_PROCESS_ID_LIST *list, ULONG_PTR process)
{
    for (DWORD i = 0; i < list->NumberOfProcessIdsInList; i++) {
        if (list->ProcessIdList[i] == process)
            return true;
    }
    return false;
}
