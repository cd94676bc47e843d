// What the processes of a VM name, and what became of each name.
#include <stdio.h>
#include <stdlib.h>
#include "child.h"
#include "cli.h"
#include "control_client.h"
#include "output.h"
#include "start.h"
#include "trace_reader.h"
#include "trace_show.h"

enum {
    POLL_MS = 5,
    RUNNING_MS = 250, // how often to look whether the VM still runs
    STOP_SECONDS = 10,
};

struct request {
    const wchar_t *service, *file;
    struct text_list kinds;
    bool denied, summary_only, json_format;
    uint32_t kind_set; // bit n: enum trace_kind n; 0: all
};

struct tracing {
    const struct request *wanted;
    struct trace_reader reader;
    struct trace_processes processes;
    struct trace_summary *summary;
    HANDLE to; // where the lines go
    bool failed;
    bool headed;
};

static bool read_kinds(const struct command *command, struct request *wanted)
{
    for (size_t i = 0; i < wanted->kinds.count; i++) {
        enum trace_kind kind;
        if (!trace_kind_of(str16_of(wanted->kinds.items[i]), &kind)) {
            fail_usage(command,
                       L"the kinds are file, pipe, mailslot, device, key, object, port, process, "
                       L"socket, station, service and machine, not",
                       wanted->kinds.items[i]);
            return false;
        }
        wanted->kind_set |= 1u << kind;
    }
    return true;
}

/* ---- the records ---- */

static void put(struct tracing *tracing, const char *bytes, size_t len)
{
    while (len && !tracing->failed) {
        DWORD written = 0;
        wchar_t text[TRACE_SHOWN_MAX + 1];
        DWORD mode;
        if (GetConsoleMode(tracing->to, &mode)) {
            int units = MultiByteToWideChar(CP_UTF8, 0, bytes, (int)len, text, ARRAYSIZE(text) - 1);
            text[units > 0 ? units : 0] = 0;
            tracing->failed = !write_text(tracing->to, text);
            return;
        }
        tracing->failed = !WriteFile(tracing->to, bytes, (DWORD)len, &written, NULL) || !written;
        bytes += written;
        len -= written;
    }
}

static void show(struct tracing *tracing, const struct trace_record *record, struct str16 service)
{
    static char line[TRACE_SHOWN_MAX + 1];
    size_t len;
    if (tracing->wanted->json_format) {
        len = trace_write_json(record, service, line, TRACE_SHOWN_MAX);
        line[len++] = '\n';
    } else {
        if (!tracing->headed) {
            len = trace_show_headings(line);
            put(tracing, line, len);
            tracing->headed = true;
        }
        len = trace_show(record, line);
    }
    put(tracing, line, len);
}

/* All that there is now; `last` as for trace_reader_next(). */
static void drain(struct tracing *tracing, bool last)
{
    static struct trace_record record;
    const struct request *wanted = tracing->wanted;
    while (!tracing->failed && trace_reader_next(&tracing->reader, &record, last)) {
        struct str16 service;
        if (!trace_processes_see(&tracing->processes, &record, &service) ||
            (wanted->kind_set && !(wanted->kind_set >> record.kind & 1)) ||
            (wanted->denied && !trace_is_refused(record.outcome, record.status)))
            continue;
        trace_summary_add(tracing->summary, &record);
        if (!wanted->summary_only)
            show(tracing, &record, service);
        if (ctrl_c_seen() && !last)
            return;
    }
}

/* ---- how long ---- */

static int follow_program(struct tracing *tracing, const struct vm *vm, const struct launch *what)
{
    struct plume_error error;
    DWORD id, code = EXIT_PLUME;
    HANDLE process = child_exec(vm, what, &id, &error);
    if (!process)
        return fail(&error);
    trace_processes_want(&tracing->processes, id);
    while (WaitForSingleObject(process, POLL_MS) == WAIT_TIMEOUT)
        drain(tracing, false);
    GetExitCodeProcess(process, &code);
    CloseHandle(process);
    return (int)code;
}

static int follow_vm(struct tracing *tracing, const struct vm *vm)
{
    DWORD looked = GetTickCount();
    while (!ctrl_c_seen() && !tracing->failed) {
        drain(tracing, false);
        if (GetTickCount() - looked >= RUNNING_MS) {
            if (!vm_is_running(vm))
                break;
            looked = GetTickCount();
        }
        Sleep(POLL_MS);
    }
    return EXIT_OK;
}

static int finish(struct tracing *tracing, bool to_stderr)
{
    uint32_t lost = tracing->reader.cursor.lost;
    if (to_stderr) // standard output is the program's
        SetStdHandle(STD_OUTPUT_HANDLE, GetStdHandle(STD_ERROR_HANDLE));
    if (tracing->wanted->json_format) {
        struct json_writer json = out_json();
        json.compact = true;
        json_begin_object(&json);
        json_key(&json, "summary");
        trace_summary_json(tracing->summary, lost, &json);
        json_end_object(&json);
        json_end(&json);
    } else {
        if (tracing->headed && !tracing->wanted->file)
            out_text(L"\n");
        trace_summary_text(tracing->summary, lost);
    }
    return out_end();
}

static int trace(struct vm *vm, const struct request *wanted, const struct launch *what)
{
    struct plume_error error;
    struct tracing tracing = {.wanted = wanted, .summary = trace_summary_begin()};
    int status = EXIT_PLUME;
    tracing.processes = (struct trace_processes){.service = wanted->service,
                                                 .all = !wanted->service && !what->program};
    tracing.to = GetStdHandle(what->program ? STD_ERROR_HANDLE : STD_OUTPUT_HANDLE);
    if (!tracing.summary) {
        error_win32_code(&error, ERROR_NOT_ENOUGH_MEMORY, L"cannot trace the VM", vm->name, NULL);
        return fail(&error);
    }
    if (wanted->file) {
        tracing.to = CreateFileW(wanted->file, GENERIC_WRITE, FILE_SHARE_READ, NULL, CREATE_ALWAYS,
                                 FILE_ATTRIBUTE_NORMAL, NULL);
        if (tracing.to == INVALID_HANDLE_VALUE) {
            error_win32(&error, L"cannot write to", wanted->file, NULL);
            trace_summary_end(tracing.summary);
            return fail(&error);
        }
    }
    bool ok = trace_reader_open(&tracing.reader, vm, &error) &&
              trace_reader_begin(&tracing.reader, vm, &error);
    if (ok) {
        // What starts from now on is seen in the records.
        ok = trace_processes_begin(&tracing.processes, &tracing.reader, vm, &error);
        if (ok)
            status = what->program ? follow_program(&tracing, vm, what) : follow_vm(&tracing, vm);
        drain(&tracing, true);
        trace_reader_close(&tracing.reader);
    }
    if (!ok)
        fail(&error);
    else if (tracing.failed)
        status = fail((error_plain(&error, L"cannot write the trace", wanted->file,
                                   L"nobody takes it, or there is no room", NULL),
                       &error));
    else if (finish(&tracing, what->program) != EXIT_OK)
        status = EXIT_PLUME;
    trace_processes_free(&tracing.processes);
    trace_summary_end(tracing.summary);
    if (wanted->file)
        CloseHandle(tracing.to);
    return status;
}

static int run(struct command *command)
{
    struct request wanted = {0};
    struct launch what = {0};
    const struct option options[] = {{0, L"service", OPTION_TEXT, &wanted.service},
                                     {L'o', L"output", OPTION_TEXT, &wanted.file},
                                     {L'k', L"kind", OPTION_LIST, &wanted.kinds},
                                     {0, L"denied", OPTION_FLAG, &wanted.denied},
                                     {0, L"summary", OPTION_FLAG, &wanted.summary_only},
                                     {0, L"format", OPTION_FORMAT, &wanted.json_format}};
    struct plume_error error;
    struct vm_store store;
    struct vm vm;
    if (!options_parse(command, options, ARRAYSIZE(options), OPTIONS_FIRST, 1, -1) ||
        !read_kinds(command, &wanted))
        return EXIT_PLUME;
    // NAME -- CMD: the options end with NAME, so that the dashes are an operand.
    int program = command->count > 1 && wcscmp(command->args[1], L"--") == 0 ? 2 : 1;
    if (program == 2 && command->count == 2)
        return fail_usage(command, L"an operand is missing after", L"--");
    if (!vm_store_locate(&store, &error) || !vm_open(&vm, &store, command->args[0], &error))
        return fail(&error);
    if (command->count > program) {
        what.program = command->args[program];
        what.line = command->raw[program];
    }
    ctrl_c_hold();
    if (!what.program || vm_is_running(&vm))
        return trace(&vm, &wanted, &what);
    if (!vm_start(&vm, &error))
        return fail(&error);
    int status = trace(&vm, &wanted, &what);
    return vm_stop(&vm, STOP_SECONDS, false, &error) ? status : fail(&error);
}

const struct verb verb_trace = {
    .name = L"trace",
    .usage = L"[--service S] [-k KIND]... [--denied] [--summary] [-o FILE] [--format json] NAME "
             L"[-- CMD [ARG...]]",
    .summary = L"Show what names a VM's programs use and what becomes of each",
    .details =
        L"With CMD: runs it in the VM and traces it and what it starts until it ends; the exit\n"
        L"status is its own, and the lines go to standard error. A VM that does not run is "
        L"started\n"
        L"for that, and stopped then.\n"
        L"Without: traces all programs of a VM that runs until Ctrl-C or its end. --service S: "
        L"only\n"
        L"the processes of that service (beside those of CMD), also when it starts later.\n"
        L"-k, --kind: only names of this kind: file, pipe, mailslot, device, key, object, port,\n"
        L"process, socket, station, service, machine. --denied: only what was refused. -o,\n"
        L"--output: the lines go to a file. --summary: no lines, only the summary at the end.\n"
        L"OUTCOME is: host (read from the host), own (the VM's), copied (to the VM, from then on\n"
        L"its own), hidden (deleted in the VM), absent, private (a name of the VM's), shared (the\n"
        L"host's), denied, started. RULE is the row of the rule table that decided.\n",
    .run = run,
};
