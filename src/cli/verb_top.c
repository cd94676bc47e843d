#include <windows.h>
#include <tlhelp32.h>
#include <stdio.h>
#include <stdlib.h>
#include "cli.h"
#include "output.h"
#include "vm/vm.h"

/* The ids of all processes in the VM's job; to be freed. NULL with *error. */
static JOBOBJECT_BASIC_PROCESS_ID_LIST *list_job(const struct vm *vm, struct plume_error *error)
{
    HANDLE job = OpenJobObjectW(JOB_OBJECT_QUERY, FALSE, vm->job_name);
    JOBOBJECT_BASIC_PROCESS_ID_LIST *list = NULL;
    if (!job) {
        if (GetLastError() == ERROR_FILE_NOT_FOUND)
            error_plain(error, L"the VM is not running:", vm->name, L"",
                        L"'plume start' starts it");
        else
            error_win32(error, L"cannot open the job of the VM", vm->name, NULL);
        return NULL;
    }
    for (DWORD room = 64;; room *= 2) {
        DWORD size = (DWORD)(offsetof(JOBOBJECT_BASIC_PROCESS_ID_LIST, ProcessIdList) +
                             room * sizeof(ULONG_PTR));
        free(list);
        list = calloc(1, size);
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        BOOL ok =
            list && QueryInformationJobObject(job, JobObjectBasicProcessIdList, list, size, NULL);
        if (ok && list->NumberOfProcessIdsInList >= list->NumberOfAssignedProcesses)
            break;
        if (!ok && (!list || GetLastError() != ERROR_MORE_DATA)) {
            error_win32(error, L"cannot list the processes of the VM", vm->name, NULL);
            free(list);
            list = NULL;
            break;
        }
    }
    CloseHandle(job);
    return list;
}

static bool is_listed(const JOBOBJECT_BASIC_PROCESS_ID_LIST *list, DWORD process)
{
    for (DWORD i = 0; i < list->NumberOfProcessIdsInList; i++) {
        if (list->ProcessIdList[i] == process)
            return true;
    }
    return false;
}

/* Processor time that the process has used, in milliseconds; 0 where it cannot be asked. */
static uint64_t cpu_ms(DWORD process)
{
    FILETIME created, ended, kernel, user;
    HANDLE handle = OpenProcess(PROCESS_QUERY_INFORMATION, FALSE, process);
    uint64_t ms = 0;
    if (handle && GetProcessTimes(handle, &created, &ended, &kernel, &user))
        ms = (((uint64_t)kernel.dwHighDateTime << 32 | kernel.dwLowDateTime) +
              ((uint64_t)user.dwHighDateTime << 32 | user.dwLowDateTime)) /
             10000;
    if (handle)
        CloseHandle(handle);
    return ms;
}

static void put_process(const PROCESSENTRY32W *process, struct table *table,
                        struct json_writer *json)
{
    uint64_t ms = cpu_ms(process->th32ProcessID);
    if (json) {
        json_begin_object(json);
        json_key(json, "pid");
        json_u64(json, process->th32ProcessID);
        json_key(json, "ppid");
        json_u64(json, process->th32ParentProcessID);
        json_key(json, "threads");
        json_u64(json, process->cntThreads);
        json_key(json, "cpu_ms");
        json_u64(json, ms);
        json_key(json, "name");
        json_wide(json, process->szExeFile);
        json_end_object(json);
        return;
    }
    wchar_t cpu[32];
    _snwprintf(cpu, ARRAYSIZE(cpu), L"%u.%02u", (unsigned)(ms / 1000), (unsigned)(ms % 1000 / 10));
    table_put_u32(table, process->th32ProcessID);
    table_put_u32(table, process->th32ParentProcessID);
    table_put_u32(table, process->cntThreads);
    table_put(table, cpu);
    table_put(table, process->szExeFile);
}

static int run(struct command *command)
{
    static const wchar_t *const headings[] = {L"PID", L"PPID", L"THREADS", L"CPU", L"NAME"};
    bool json_format = false;
    const struct option options[] = {{0, L"format", OPTION_FORMAT, &json_format}};
    struct plume_error error;
    struct vm_store store;
    struct vm vm;
    if (!options_parse(command, options, ARRAYSIZE(options), OPTIONS_ANYWHERE, 1, 1))
        return EXIT_PLUME;
    if (!vm_store_locate(&store, &error) || !vm_open(&vm, &store, command->args[0], &error))
        return fail(&error);
    JOBOBJECT_BASIC_PROCESS_ID_LIST *list = list_job(&vm, &error);
    if (!list)
        return fail(&error);
    HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    if (snapshot == INVALID_HANDLE_VALUE) {
        error_win32(&error, L"cannot list the processes of the VM", vm.name, NULL);
        free(list);
        return fail(&error);
    }
    struct json_writer json = out_json();
    struct table table = {0};
    if (json_format)
        json_begin_array(&json);
    else
        table = table_begin(ARRAYSIZE(headings), headings);
    PROCESSENTRY32W process = {.dwSize = sizeof(process)};
    for (BOOL more = Process32FirstW(snapshot, &process); more;
         more = Process32NextW(snapshot, &process)) {
        if (is_listed(list, process.th32ProcessID))
            put_process(&process, &table, json_format ? &json : NULL);
    }
    CloseHandle(snapshot);
    free(list);
    if (json_format) {
        json_end_array(&json);
        json_end(&json);
    } else {
        table_end(&table);
    }
    return out_end();
}

const struct verb verb_top = {
    .name = L"top",
    .usage = L"[--format json] NAME",
    .summary = L"List the processes of a VM",
    .details =
        L"PID and PPID are the host's numbers; CPU is the processor time used, in seconds.\n",
    .run = run,
};
