#include <stdio.h>
#include <stdlib.h>
#include "cli.h"
#include "output.h"
#include "processes.h"

static void put_process(const struct system_process *process, struct listing *listing)
{
    uint64_t ms = ((uint64_t)process->kernel.QuadPart + (uint64_t)process->user.QuadPart) / 10000;
    struct json_writer *json = &listing->json;
    struct table *table = &listing->table;
    wchar_t name[MAX_PATH] = L"";
    size_t units = process->name_bytes / sizeof *name;
    memcpy(name, process->name, (units < MAX_PATH ? units : MAX_PATH - 1) * sizeof *name);
    if (listing->json_format) {
        json_begin_object(json);
        json_key(json, "pid");
        json_u64(json, process->id);
        json_key(json, "ppid");
        json_u64(json, process->parent);
        json_key(json, "threads");
        json_u64(json, process->threads);
        json_key(json, "cpu_ms");
        json_u64(json, ms);
        json_key(json, "name");
        json_wide(json, name);
        json_end_object(json);
        return;
    }
    wchar_t cpu[32];
    _snwprintf(cpu, ARRAYSIZE(cpu), L"%u.%02u", (unsigned)(ms / 1000), (unsigned)(ms % 1000 / 10));
    table_put_u32(table, (uint32_t)process->id);
    table_put_u32(table, (uint32_t)process->parent);
    table_put_u32(table, process->threads);
    table_put(table, cpu);
    table_put(table, name);
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
    HANDLE job = job_open(&vm, &error);
    JOBOBJECT_BASIC_PROCESS_ID_LIST *list = job ? job_processes(&vm, job, &error) : NULL;
    struct system_process *all = list ? system_processes(&error) : NULL;
    if (job)
        CloseHandle(job);
    if (!all) {
        free(list);
        return fail(&error);
    }
    struct listing listing = listing_begin(json_format, ARRAYSIZE(headings), headings);
    for (const struct system_process *process = all; process;
         process = system_process_next(process)) {
        if (job_has(list, process->id))
            put_process(process, &listing);
    }
    free(all);
    free(list);
    listing_end(&listing);
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
