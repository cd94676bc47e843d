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

bool outside_open_log(const struct vm *vm, HANDLE *log, struct plume_error *error)
{
    wchar_t path[VM_PATH_MAX + 64];
    if (!vm_path(path, sizeof(path) / sizeof(*path), vm->path, L"log", error))
        return false;
    if (!CreateDirectoryW(path, NULL) && GetLastError() != ERROR_ALREADY_EXISTS)
        return error_win32(error, L"cannot make the folder", path, NULL);
    if (!vm_path(path, sizeof(path) / sizeof(*path), vm->path, L"log\\monitor.log", error))
        return false;
    *log = CreateFileW(path, FILE_APPEND_DATA | SYNCHRONIZE,
                       FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_ALWAYS,
                       FILE_ATTRIBUTE_NORMAL, NULL);
    if (*log != INVALID_HANDLE_VALUE)
        return true;
    return error_win32(error, L"cannot open the log", path, NULL);
}
