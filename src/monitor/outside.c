#include "monitor/outside.h"

#include <stdio.h>
#include "layer/nt.h"

bool outside_make_job(const struct vm *vm, HANDLE *job, struct plume_error *error)
{
    // The name of a monitor that was just killed stays for the moment that someone else (a command
    // that is starting a process) has the job open.
    enum { TRIES = 50, PAUSE_MS = 100 };
    for (int i = 0;; i++) {
        *job = CreateJobObjectW(NULL, vm->job_name);
        if (!*job)
            return error_win32(error, L"cannot make the job of the VM", vm->name, NULL);
        if (GetLastError() != ERROR_ALREADY_EXISTS)
            break;
        CloseHandle(*job);
        if (i == TRIES)
            return error_plain(error, L"cannot start the VM", vm->name, L"it is running already",
                               NULL);
        Sleep(PAUSE_MS);
    }
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {.BasicLimitInformation.LimitFlags =
                                                       JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE};
    if (!SetInformationJobObject(*job, JobObjectExtendedLimitInformation, &limits, sizeof(limits)))
        return error_win32(error, L"cannot set up the job of the VM", vm->name, NULL);
    return true;
}
