// Whether a service can run in several VMs at once: it is tried.
#include <stdio.h>
#include <stdlib.h>
#include "child.h"
#include "cli.h"
#include "output.h"
#include "throwaway.h"
#include "trace_reader.h"
#include "trace_show.h"

enum {
    INSTANCES = 2,
    EXIT_INTERFERES = 1,
    DETAIL_MAX = 400,
    STEPS_MAX = 16,
    POLL_MS = 5,
};

/* A VM for the time of the check, and what is seen of the service in it. */
struct instance {
    struct throwaway place;
    struct trace_reader reader;
    struct trace_processes processes;
    struct trace_summary *summary;
};

struct step {
    const wchar_t *action; // what was done
    unsigned in;           // which instance
    bool ok;
    wchar_t detail[DETAIL_MAX];
};

struct check {
    const wchar_t *service;
    struct instance instances[INSTANCES];
    struct step steps[STEPS_MAX];
    size_t count;
    bool unstoppable; // it takes no stop, natively either
    HANDLE reader, end;
};

/* ---- the trace, which is read all the while ---- */

static void drain(struct instance *instance, bool last)
{
    struct trace_record *record = malloc(sizeof(*record));
    struct str16 service;
    while (record && trace_reader_next(&instance->reader, record, last))
        if (trace_processes_see(&instance->processes, record, &service))
            trace_summary_add(instance->summary, record);
    free(record);
}

static DWORD WINAPI read_all(void *context)
{
    struct check *check = context;
    while (WaitForSingleObject(check->end, POLL_MS) == WAIT_TIMEOUT)
        for (size_t i = 0; i < INSTANCES; i++)
            drain(&check->instances[i], false);
    return 0;
}

static bool trace_begin_all(struct check *check, struct plume_error *error)
{
    for (size_t i = 0; i < INSTANCES; i++) {
        struct instance *instance = &check->instances[i];
        instance->processes.service = check->service;
        instance->summary = trace_summary_begin();
        if (!instance->summary)
            return error_win32_code(error, ERROR_NOT_ENOUGH_MEMORY, L"cannot check", check->service,
                                    NULL);
        if (!trace_reader_open(&instance->reader, &instance->place.vm, error) ||
            !trace_reader_begin(&instance->reader, &instance->place.vm, error))
            return false;
    }
    check->end = CreateEventW(NULL, TRUE, FALSE, NULL);
    check->reader = check->end ? CreateThread(NULL, 0, read_all, check, 0, NULL) : NULL;
    return check->reader || error_win32(error, L"cannot check", check->service, NULL);
}

static void trace_end_all(struct check *check)
{
    if (check->reader) {
        SetEvent(check->end);
        WaitForSingleObject(check->reader, INFINITE);
        CloseHandle(check->reader);
    }
    if (check->end)
        CloseHandle(check->end);
    for (size_t i = 0; i < INSTANCES; i++) {
        struct instance *instance = &check->instances[i];
        if (check->reader)
            drain(instance, true);
        if (instance->summary)
            trace_reader_close(&instance->reader);
        trace_processes_free(&instance->processes);
    }
}

/* ---- the VMs ---- */

static bool make(struct check *check, const struct vm_store *store, struct plume_error *error)
{
    for (unsigned i = 0; i < INSTANCES; i++)
        if (!throwaway_make(&check->instances[i].place, store, L"check", i + 1, error))
            return false;
    return true;
}

static bool remove_all(struct check *check, struct plume_error *error)
{
    bool ok = true;
    for (size_t i = 0; i < INSTANCES; i++)
        ok = throwaway_remove(&check->instances[i].place, error) && ok;
    return ok;
}

/* ---- the steps ---- */

/* One line of what a command said, without its "plume: ". */
static void set_detail(struct step *step, const wchar_t *said)
{
    static const wchar_t plume[] = L"plume: ";
    size_t len = 0;
    if (wcsncmp(said, plume, ARRAYSIZE(plume) - 1) == 0)
        said += ARRAYSIZE(plume) - 1;
    for (; *said && len < DETAIL_MAX - 3; said++) {
        if (*said == L'\n' && said[1]) {
            step->detail[len++] = L';';
        } else if (*said >= L' ') {
            if (*said != L' ' || !len || step->detail[len - 1] != L' ')
                step->detail[len++] = *said;
        }
    }
    step->detail[len] = 0;
}

static bool ask(struct check *check, unsigned in, const wchar_t *action, DWORD *status,
                wchar_t **said, struct plume_error *error)
{
    const wchar_t *words[] = {L"service", L"--format",
                              L"json",    check->instances[in].place.vm.name,
                              action,     check->service};
    return child_run(words, ARRAYSIZE(words), status, said, error);
}

/* Does something with the service in one of the VMs; it counts as well done where that is said. The
 * step's outcome goes to *ok. False where the check itself failed. */
static bool act(struct check *check, unsigned in, const wchar_t *action, bool *ok,
                struct plume_error *error)
{
    DWORD status;
    wchar_t *said;
    if (ctrl_c_seen())
        return error_win32_code(error, ERROR_CANCELLED, L"cannot check", check->service, NULL);
    if (!ask(check, in, action, &status, &said, error))
        return false;
    struct step *step = &check->steps[check->count++];
    *step = (struct step){.action = action, .in = in, .ok = status == EXIT_OK};
    if (!step->ok)
        set_detail(step, said);
    *ok = step->ok;
    if (wcsstr(said, L"Win32 error 1052)")) { // ERROR_INVALID_SERVICE_CONTROL
        check->unstoppable = true;
        step->ok = true;
        wcscpy(step->detail, L"it does not take this control");
    }
    free(said);
    return true;
}

/* Whether it is running there, which the step is about. */
static bool expect_running(struct check *check, unsigned in, const wchar_t *what,
                           struct plume_error *error)
{
    DWORD status;
    wchar_t *said;
    if (ctrl_c_seen())
        return error_win32_code(error, ERROR_CANCELLED, L"cannot check", check->service, NULL);
    if (!ask(check, in, L"status", &status, &said, error))
        return false;
    struct step *step = &check->steps[check->count++];
    *step = (struct step){.action = what, .in = in, .ok = wcsstr(said, L"\"running\"") != NULL};
    if (!step->ok)
        set_detail(step, status == EXIT_OK ? L"it does not run" : said);
    free(said);
    return true;
}

/* All steps, as far as one makes sense after those before. */
static bool exercise(struct check *check, struct plume_error *error)
{
    bool ok = false;
    if (!act(check, 0, L"start", &ok, error))
        return false;
    if (!ok)
        return true;
    if (!expect_running(check, 0, L"query", error) || !act(check, 1, L"start", &ok, error))
        return false;
    if (!ok)
        return expect_running(check, 0, L"runs on", error);
    if (!expect_running(check, 1, L"query", error) ||
        !expect_running(check, 0, L"runs on", error) || !act(check, 0, L"stop", &ok, error) ||
        !expect_running(check, 1, L"runs on", error))
        return false;
    if (check->unstoppable || !ok)
        return true;
    return act(check, 0, L"start", &ok, error) && act(check, 1, L"restart", &ok, error) &&
           expect_running(check, 0, L"runs on", error) && act(check, 0, L"stop", &ok, error) &&
           expect_running(check, 1, L"runs on", error) && act(check, 1, L"stop", &ok, error);
}

/* ---- the report ---- */

static bool steps_failed(const struct check *check)
{
    for (size_t i = 0; i < check->count; i++)
        if (!check->steps[i].ok)
            return true;
    return false;
}

static bool interferes(const struct check *check)
{
    for (size_t i = 0; i < INSTANCES; i++)
        if (trace_summary_denied(check->instances[i].summary) ||
            trace_summary_written(check->instances[i].summary))
            return true;
    return steps_failed(check);
}

static void report_text(const struct check *check)
{
    static const wchar_t *const headings[] = {L"VM", L"STEP", L"RESULT", L"DETAIL"};
    struct table table = table_begin(ARRAYSIZE(headings), headings);
    for (size_t i = 0; i < check->count; i++) {
        const struct step *step = &check->steps[i];
        table_put_u32(&table, step->in + 1);
        table_put(&table, step->action);
        table_put(&table, step->ok ? L"ok" : L"FAILED");
        table_put(&table, step->detail);
    }
    table_end(&table);
    for (unsigned i = 0; i < INSTANCES; i++) {
        const struct instance *instance = &check->instances[i];
        out_format(L"\nThe service in VM %u\n", i + 1);
        trace_summary_text(instance->summary, instance->reader.cursor.lost);
    }
    out_format(L"\n%ls: %ls\n", check->service,
               !interferes(check)    ? L"runs in several VMs at once; nothing interferes"
               : steps_failed(check) ? L"INTERFERES, or does not run in a VM: see what FAILED"
                                     : L"runs in several VMs at once, but was refused calls or "
                                       L"wrote to what is shared");
}

static void report_json(const struct check *check)
{
    struct json_writer json = out_json();
    json_begin_object(&json);
    json_key(&json, "service");
    json_wide(&json, check->service);
    json_key(&json, "interferes");
    json_bool(&json, interferes(check));
    json_key(&json, "steps");
    json_begin_array(&json);
    for (size_t i = 0; i < check->count; i++) {
        json_begin_object(&json);
        json_key(&json, "vm");
        json_u64(&json, check->steps[i].in + 1);
        json_key(&json, "step");
        json_wide(&json, check->steps[i].action);
        json_key(&json, "ok");
        json_bool(&json, check->steps[i].ok);
        json_key(&json, "detail");
        json_wide(&json, check->steps[i].detail);
        json_end_object(&json);
    }
    json_end_array(&json);
    json_key(&json, "traces");
    json_begin_array(&json);
    for (size_t i = 0; i < INSTANCES; i++)
        trace_summary_json(check->instances[i].summary, check->instances[i].reader.cursor.lost,
                           &json);
    json_end_array(&json);
    json_end_object(&json);
    json_end(&json);
}

/* Whether the first VM, which sees the host's services, has it. */
static bool has_service(struct check *check, struct plume_error *error)
{
    DWORD status;
    wchar_t *said;
    if (!ask(check, 0, L"status", &status, &said, error))
        return false;
    bool known = status == EXIT_OK;
    free(said);
    return known || error_win32_code(error, ERROR_SERVICE_DOES_NOT_EXIST, L"cannot check",
                                     check->service, NULL);
}

static int run(struct command *command)
{
    bool json_format = false;
    const struct option options[] = {{0, L"format", OPTION_FORMAT, &json_format}};
    struct plume_error error, left;
    struct vm_store store;
    if (!options_parse(command, options, ARRAYSIZE(options), OPTIONS_ANYWHERE, 1, 1))
        return EXIT_PLUME;
    struct check *check = calloc(1, sizeof(*check));
    if (!check) {
        error_win32_code(&error, ERROR_NOT_ENOUGH_MEMORY, L"cannot check", command->args[0], NULL);
        return fail(&error);
    }
    check->service = command->args[0];
    ctrl_c_hold();
    bool ok = vm_store_locate(&store, &error) && make(check, &store, &error) &&
              (!ctrl_c_seen() ||
               error_win32_code(&error, ERROR_CANCELLED, L"cannot check", check->service, NULL)) &&
              has_service(check, &error) && trace_begin_all(check, &error) &&
              exercise(check, &error);
    trace_end_all(check);
    bool removed = remove_all(check, &left);
    int status = EXIT_PLUME;
    if (ok) {
        status = interferes(check) ? EXIT_INTERFERES : EXIT_OK;
        if (json_format)
            report_json(check);
        else
            report_text(check);
        int written = out_end();
        if (written != EXIT_OK)
            status = written;
    } else {
        fail(&error);
    }
    if (!removed)
        status = fail(&left);
    for (size_t i = 0; i < INSTANCES; i++)
        trace_summary_end(check->instances[i].summary);
    free(check);
    return status;
}

const struct verb verb_check = {
    .name = L"check",
    .usage = L"[--format json] SERVICE",
    .summary = L"Try whether a service of the host can run in several VMs at once",
    .details =
        L"Starts, queries, stops and restarts it in a new VM next to a second instance in\n"
        L"another, and removes both VMs, also after Ctrl-C. The host's own instance is left\n"
        L"alone, and may run. Prints each step, and what the service used and was refused\n"
        L"in each VM as 'plume trace' does. Ends with 0 where nothing interferes, with 1\n"
        L"where a step failed, a call was refused by Plume, or something was written that\n"
        L"VMs share.\n",
    .run = run,
};
