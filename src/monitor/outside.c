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

static NTSTATUS make_directory(const wchar_t *parent, const wchar_t *name)
{
    wchar_t path[VM_PATH_MAX + 64];
    _snwprintf(path, sizeof(path) / sizeof(*path), *name ? L"%s\\%s" : L"%s%s", parent, name);
    UNICODE_STRING text;
    RtlInitUnicodeString(&text, path);
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, &text, OBJ_CASE_INSENSITIVE, NULL, NULL);
    HANDLE kept; // for as long as this process lives
    return NtCreateDirectoryObject(&kept, STANDARD_RIGHTS_REQUIRED | 0xf, &attributes);
}

static NTSTATUS make_link(const wchar_t *parent, const wchar_t *name, const wchar_t *target)
{
    wchar_t path[VM_PATH_MAX + 64];
    _snwprintf(path, sizeof(path) / sizeof(*path), L"%s\\%s", parent, name);
    UNICODE_STRING text, target_text;
    RtlInitUnicodeString(&text, path);
    RtlInitUnicodeString(&target_text, target);
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, &text, OBJ_CASE_INSENSITIVE, NULL, NULL);
    HANDLE kept;
    return NtCreateSymbolicLinkObject(&kept, STANDARD_RIGHTS_REQUIRED | 1, &attributes,
                                      &target_text);
}

bool outside_make_objects(const struct vm *vm, struct plume_error *error)
{
    // Names in the session's and in the machine's directory are one set in a VM; what lies
    // elsewhere in the host's tree of objects lies below Root.
    wchar_t session_link[32];
    DWORD session = 0;
    ProcessIdToSessionId(GetCurrentProcessId(), &session);
    _snwprintf(session_link, sizeof(session_link) / sizeof(*session_link), L"Session\\%lu",
               session);
    NTSTATUS status = make_directory(vm->objects, L"");
    static const wchar_t *const directories[] = {L"Session", L"Root", L"Root\\RPC Control"};
    for (size_t i = 0; NT_SUCCESS(status) && i < sizeof(directories) / sizeof(*directories); i++)
        status = make_directory(vm->objects, directories[i]);
    const wchar_t *const links[] = {L"Global", L"Local", session_link};
    for (size_t i = 0; NT_SUCCESS(status) && i < sizeof(links) / sizeof(*links); i++)
        status = make_link(vm->objects, links[i], vm->objects);
    if (NT_SUCCESS(status))
        return true;
    return error_ntstatus(error, (uint32_t)status, L"cannot make the objects of the VM", vm->name,
                          NULL);
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
