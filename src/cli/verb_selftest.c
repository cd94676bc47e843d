// Whether the machine at hand is one that Plume works on: programs are run on it and in VMs, and
// compared.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli.h"
#include "core/selftest.h"
#include "launch.h"
#include "output.h"
#include "remove.h"
#include "selftest_host.h"
#include "selftest_report.h"
#include "selftest_run.h"
#include "selftest_tests.h"
#include "throwaway.h"

enum {
    EXIT_DIFFERS = 1,
    GUEST_SKIPS = 77, // how a guest ends that wants not to be compared here, and says why
    NATIVE_SECONDS = 120,
    VM_SECONDS = 180,
    CHECK_SECONDS = 900,
    DIFFERENCES_MAX = 100, // lines of a report
    INSTANCES = 2,
};

/* What a guest says on the host, alone. */
struct native {
    bool asked;
    wchar_t guest[SELFTEST_NAME_MAX];
    struct selftest_outcome outcome;
};

struct selftest {
    struct selftest_tests all;
    wchar_t work[VM_PATH_MAX], here[VM_PATH_MAX],
        host[VM_PATH_MAX]; // here: where guests run; host: at once
    struct native *natives;
    size_t native_count;
    bool show;
    unsigned runs;
};

static bool out_of_memory(struct plume_error *error)
{
    return error_win32_code(error, ERROR_NOT_ENOUGH_MEMORY, L"cannot test", NULL, NULL);
}

/* ---- folders ---- */

static bool make_work(struct selftest *self, struct plume_error *error)
{
    wchar_t temp[VM_PATH_MAX], shown[VM_PATH_MAX];
    // Long names: what a guest says of where it runs is not to depend on how it was asked for.
    DWORD len = GetTempPathW(ARRAYSIZE(temp), temp);
    if (len && len < ARRAYSIZE(temp))
        len = GetLongPathNameW(temp, shown, ARRAYSIZE(shown));
    if (!len || len >= ARRAYSIZE(shown) - 64)
        return error_win32(error, L"cannot make", L"a temporary folder", NULL);
    if (shown[len - 1] == L'\\')
        shown[len - 1] = 0;
    _snwprintf(self->work, ARRAYSIZE(self->work), L"%ls\\plume-selftest-%lu", shown,
               GetCurrentProcessId());
    _snwprintf(self->here, ARRAYSIZE(self->here), L"%ls\\here", self->work);
    _snwprintf(self->host, ARRAYSIZE(self->host), L"%ls\\host", self->work);
    return CreateDirectoryW(self->work, NULL) ||
           error_win32(error, L"cannot make the folder", self->work, NULL);
}

static bool remove_path(const wchar_t *folder, struct plume_error *error)
{
    wchar_t path[VM_PATH_MAX + 4];
    _snwprintf(path, ARRAYSIZE(path), L"\\\\?\\%ls", folder);
    return GetFileAttributesW(path) == INVALID_FILE_ATTRIBUTES || remove_folder(path, error);
}

static bool is_empty(const wchar_t *folder)
{
    wchar_t path[VM_PATH_MAX + 4];
    WIN32_FIND_DATAW entry;
    unsigned count = 0;
    _snwprintf(path, ARRAYSIZE(path), L"%ls\\*", folder);
    HANDLE search = FindFirstFileW(path, &entry);
    if (search == INVALID_HANDLE_VALUE)
        return false;
    do
        count += wcscmp(entry.cFileName, L".") != 0 && wcscmp(entry.cFileName, L"..") != 0;
    while (FindNextFileW(search, &entry));
    FindClose(search);
    return count == 0;
}

/* The folder is there and empty. What a guest has started on the host and left may run on in it, so
 * that the folder itself cannot go. */
static bool clean(const wchar_t *folder, struct plume_error *error)
{
    enum { TRIES = 50, PAUSE_MS = 100 };
    for (unsigned i = 0; i < TRIES; i++, Sleep(PAUSE_MS)) {
        if (!remove_path(folder, error)) {
            if (is_empty(folder))
                return true;
        } else if (CreateDirectoryW(folder, NULL)) {
            return true;
        } else {
            error_win32(error, L"cannot make the folder", folder, NULL);
        }
    }
    return false;
}

/* At the end: a program that runs on in it is the host's, and is left alone. */
static void remove_work(const struct selftest *self)
{
    struct plume_error error;
    if (!clean(self->here, &error) || !remove_path(self->work, &error))
        note(L"the folder '%ls' is left: a program that was run on the host still uses it",
             self->work);
}

/* ---- running ---- */

static void output_path(struct selftest *self, wchar_t path[VM_PATH_MAX])
{
    _snwprintf(path, VM_PATH_MAX, L"%ls\\%u.txt", self->work, ++self->runs);
}

static void guest_path(const struct selftest *self, const wchar_t *guest, wchar_t path[VM_PATH_MAX])
{
    _snwprintf(path, VM_PATH_MAX, L"%ls\\%ls.exe", self->all.guests, guest);
}

static bool begin_native(struct selftest *self, struct selftest_run *run, const wchar_t *guest,
                         const wchar_t *folder, struct plume_error *error)
{
    wchar_t path[VM_PATH_MAX], output[VM_PATH_MAX];
    guest_path(self, guest, path);
    output_path(self, output);
    return selftest_begin(run, path, NULL, 0, folder, output, error);
}

static bool begin_plume(struct selftest *self, struct selftest_run *run,
                        const wchar_t *const *words, size_t count, struct plume_error *error)
{
    wchar_t output[VM_PATH_MAX];
    output_path(self, output);
    return selftest_begin(run, NULL, words, count, self->here, output, error);
}

/* What a plume that had to be ended has left. */
static bool remove_vm(struct selftest *self, const wchar_t *name, struct plume_error *error)
{
    const wchar_t *words[] = {L"rm", L"-f", name};
    struct selftest_run run;
    struct selftest_outcome outcome;
    bool ok = begin_plume(self, &run, words, ARRAYSIZE(words), error) &&
              selftest_finish(&run, VM_SECONDS, &outcome, error);
    if (ok)
        free(outcome.said.bytes);
    return ok;
}

/* What a guest says natively, found out when it is first wanted. */
static struct selftest_outcome *native_of(struct selftest *self, const wchar_t *guest,
                                          struct plume_error *error)
{
    for (size_t i = 0; i < self->native_count; i++)
        if (wcscmp(self->natives[i].guest, guest) == 0)
            return &self->natives[i].outcome;
    struct native *more = realloc(self->natives, (self->native_count + 1) * sizeof(*more));
    if (!more) {
        out_of_memory(error);
        return NULL;
    }
    self->natives = more;
    struct native *native = &more[self->native_count];
    struct selftest_run run;
    wcscpy(native->guest, guest);
    if (!clean(self->here, error) || !begin_native(self, &run, guest, self->here, error) ||
        !selftest_finish(&run, NATIVE_SECONDS, &native->outcome, error))
        return NULL;
    self->native_count++;
    return &native->outcome;
}

/* ---- rows ---- */

static void put_difference(void *context, char sign, const char *line, size_t len)
{
    selftest_literal(sign, line, len, text_put, context);
}

static struct selftest_said said_of(const struct text *text)
{
    return (struct selftest_said){text->len ? text->bytes : "", text->len};
}

/* Compares, and puts what is different into the row; the place stands before it where it is named.
 */
static void compare(struct selftest_row *row, const struct text *expected, const struct text *found,
                    const char *place)
{
    char counted[96];
    if (selftest_same(said_of(expected), said_of(found)))
        return;
    if (*place)
        text_format(&row->more, "%s%s:\n\n", row->more.len ? "\n" : "", place);
    size_t count = selftest_diff(said_of(expected), said_of(found), DIFFERENCES_MAX, put_difference,
                                 &row->more);
    if (count > DIFFERENCES_MAX)
        text_format(&row->more, "\n%u more lines differ.\n", (unsigned)(count - DIFFERENCES_MAX));
    _snprintf(counted, sizeof(counted) - 1, "%s%s%s%u lines differ", row->detail.len ? "; " : "",
              place, *place ? ": " : "", (unsigned)count);
    counted[sizeof(counted) - 1] = 0;
    text_put(&row->detail, counted, strlen(counted));
    row->result = SELFTEST_FAILED;
}

/* A guest that does not want to be compared says why in its last line but the one with its status.
 */
static bool skipped(struct selftest_row *row, const struct selftest_outcome *native)
{
    if (native->status != GUEST_SKIPS || native->late)
        return false;
    static const char status[] = "exit status 77\n";
    struct selftest_said said = said_of(&native->said);
    said.len -= sizeof(status) - 1;
    said = selftest_last_line(said);
    text_put(&row->detail, said.bytes, said.len);
    row->result = SELFTEST_SKIPPED;
    return true;
}

static bool test_parity(struct selftest *self, const wchar_t *guest, struct selftest_row *row,
                        struct plume_error *error)
{
    const struct selftest_outcome *native = native_of(self, guest, error);
    wchar_t name[VM_NAME_MAX], path[VM_PATH_MAX];
    struct selftest_run run;
    struct selftest_outcome in_vm;
    if (!native)
        return false;
    if (skipped(row, native))
        return true;
    // Not longer than a computer's name in NetBIOS may be, or the guest would see it cut.
    _snwprintf(name, ARRAYSIZE(name), L"st-%lu-%u", GetCurrentProcessId(), ++self->runs);
    guest_path(self, guest, path);
    const wchar_t *words[] = {L"run", L"--rm", L"--name", name, path};
    if (!clean(self->here, error) || !begin_plume(self, &run, words, ARRAYSIZE(words), error) ||
        !selftest_finish(&run, VM_SECONDS, &in_vm, error))
        return false;
    row->ms = in_vm.ms;
    row->result = SELFTEST_OK;
    compare(row, &native->said, &in_vm.said, "");
    free(in_vm.said.bytes);
    return (!in_vm.late && !ctrl_c_seen()) || remove_vm(self, name, error);
}

static bool test_at_once(struct selftest *self, const struct selftest_test *test,
                         struct throwaway *vms, struct selftest_row *row, struct plume_error *error)
{
    static const char *const places[] = {"VM 1", "VM 2", "host"};
    const struct selftest_outcome *native = native_of(self, test->subject, error);
    size_t count = test->kind == TEST_AT_ONCE ? INSTANCES + 1 : INSTANCES, begun = 0;
    struct selftest_run runs[INSTANCES + 1];
    struct selftest_outcome outcomes[INSTANCES + 1] = {0};
    wchar_t path[VM_PATH_MAX];
    if (!native)
        return false;
    if (skipped(row, native))
        return true;
    guest_path(self, test->subject, path);
    // The host's part has a folder of its own: what it makes would be seen in the VMs.
    bool ok = clean(self->here, error) && clean(self->host, error);
    for (; ok && begun < count; begun += ok) {
        const wchar_t *words[] = {L"exec", begun < INSTANCES ? vms[begun].vm.name : L"", path};
        ok = begun < INSTANCES ? begin_plume(self, &runs[begun], words, ARRAYSIZE(words), error)
                               : begin_native(self, &runs[begun], test->subject, self->host, error);
    }
    row->result = SELFTEST_OK;
    for (size_t i = 0; i < begun; i++) {
        bool read = selftest_finish(&runs[i], VM_SECONDS, &outcomes[i], error);
        if (read && ok)
            compare(row, &native->said, &outcomes[i].said, places[i]);
        ok = ok && read;
        row->ms = outcomes[i].ms > row->ms ? outcomes[i].ms : row->ms;
        free(outcomes[i].said.bytes);
    }
    return ok;
}

static bool test_service(struct selftest *self, const wchar_t *service, struct selftest_row *row,
                         struct plume_error *error)
{
    const wchar_t *words[] = {L"check", service};
    struct selftest_run run;
    struct selftest_outcome outcome;
    static const char status[] = "exit status N\n";
    if (!clean(self->here, error) || !begin_plume(self, &run, words, ARRAYSIZE(words), error) ||
        !selftest_finish(&run, CHECK_SECONDS, &outcome, error))
        return false;
    struct selftest_said said = said_of(&outcome.said);
    if (!outcome.late && outcome.status < 10)
        said.len -= sizeof(status) - 1;
    struct selftest_said last = selftest_last_line(said);
    row->ms = outcome.ms;
    row->result = outcome.status == EXIT_OK && !outcome.late ? SELFTEST_OK : SELFTEST_FAILED;
    text_put(&row->detail, last.bytes, last.len);
    if (row->result == SELFTEST_FAILED) // all of it: the steps, and what it was refused
        selftest_diff((struct selftest_said){"", 0}, said, SIZE_MAX, put_difference, &row->more);
    free(outcome.said.bytes);
    bool ok = true;
    for (unsigned i = 1; (outcome.late || ctrl_c_seen()) && i <= INSTANCES; i++) {
        wchar_t name[VM_NAME_MAX];
        _snwprintf(name, ARRAYSIZE(name), L"check-%lu-%u", run.id, i);
        ok = remove_vm(self, name, error) && ok;
    }
    return ok;
}

/* ---- all of it ---- */

static bool cancelled(struct plume_error *error)
{
    return ctrl_c_seen() && !error_win32_code(error, ERROR_CANCELLED, L"cannot test", NULL, NULL);
}

static void show(const struct selftest *self, const struct selftest_row *row)
{
    if (self->show)
        selftest_show_row(&self->all.report, row);
}

/* What a guest changes on the host when it runs there is no VM's doing: so they run there first. */
static bool run_natives(struct selftest *self, struct plume_error *error)
{
    for (size_t i = 0; i < self->all.report.count; i++) {
        enum selftest_kind kind = self->all.tests[i].kind;
        if (kind == TEST_HOST || kind == TEST_SERVICE)
            continue;
        if (cancelled(error) || !native_of(self, self->all.tests[i].subject, error))
            return false;
    }
    return clean(self->here, error);
}

static bool run_in_turn(struct selftest *self, struct plume_error *error)
{
    struct text before = {0}, after = {0};
    struct selftest_row *host = NULL;
    bool ok = true;
    selftest_host_state(self->here, &before);
    for (size_t i = 0; ok && i < self->all.report.count; i++) {
        struct selftest_row *row = &self->all.report.rows[i];
        if (self->all.tests[i].kind == TEST_HOST)
            host = row;
        if (self->all.tests[i].kind != TEST_PARITY)
            continue;
        ok = !cancelled(error) && test_parity(self, self->all.tests[i].subject, row, error);
        if (ok)
            show(self, row);
    }
    if (ok && host) {
        DWORD start = GetTickCount();
        selftest_host_state(self->here, &after);
        host->result = SELFTEST_OK;
        compare(host, &before, &after, "");
        host->ms = GetTickCount() - start;
        show(self, host);
    }
    free(before.bytes);
    free(after.bytes);
    return ok;
}

static bool run_at_once(struct selftest *self, const struct vm_store *store,
                        struct plume_error *error)
{
    struct throwaway vms[INSTANCES] = {0};
    struct plume_error left;
    bool ok = true, made = false;
    for (size_t i = 0; ok && i < self->all.report.count; i++) {
        const struct selftest_test *test = &self->all.tests[i];
        if (test->kind != TEST_AT_ONCE && test->kind != TEST_AT_ONCE_IN_VMS)
            continue;
        for (unsigned n = 0; ok && !made && n < INSTANCES; n++)
            ok = throwaway_make(&vms[n], store, L"st", ++self->runs, error);
        made = ok;
        ok = ok && !cancelled(error) &&
             test_at_once(self, test, vms, &self->all.report.rows[i], error);
        if (ok)
            show(self, &self->all.report.rows[i]);
    }
    for (unsigned n = 0; n < INSTANCES; n++)
        if (!throwaway_remove(&vms[n], ok ? error : &left))
            ok = false;
    return ok;
}

static bool run_services(struct selftest *self, struct plume_error *error)
{
    for (size_t i = 0; i < self->all.report.count; i++) {
        if (self->all.tests[i].kind != TEST_SERVICE)
            continue;
        if (cancelled(error) ||
            !test_service(self, self->all.tests[i].subject, &self->all.report.rows[i], error))
            return false;
        show(self, &self->all.report.rows[i]);
    }
    return true;
}

static bool save_report(const struct selftest *self, const wchar_t *path, struct plume_error *error)
{
    wchar_t json_path[VM_PATH_MAX];
    struct text markdown = {0}, json = {0};
    if (wcslen(path) + 6 > ARRAYSIZE(json_path))
        return error_win32_code(error, ERROR_FILENAME_EXCED_RANGE, L"cannot write", path, NULL);
    wcscat(wcscpy(json_path, path), L".json");
    selftest_markdown(&self->all.report, &markdown);
    selftest_json(&self->all.report, &json);
    bool ok = text_save(&markdown, path, error) && text_save(&json, json_path, error);
    free(markdown.bytes);
    free(json.bytes);
    return ok;
}

static void free_all(struct selftest *self)
{
    selftest_tests_free(&self->all);
    for (size_t i = 0; i < self->native_count; i++)
        free(self->natives[i].outcome.said.bytes);
    free(self->natives);
    free(self);
}

/* Runs what was planned and tells of it, also of what came before a failure of plume's own. */
static int run_all(struct selftest *self, const wchar_t *report, bool json_format)
{
    struct plume_error error, left;
    struct vm_store store;
    struct text json = {0};
    int status = EXIT_PLUME;
    ctrl_c_hold();
    self->show = !json_format;
    if (!vm_store_locate(&store, &error) || !make_work(self, &error))
        return fail(&error);
    if (self->show)
        selftest_show_heading(&self->all.report);
    bool ok = run_natives(self, &error) && run_in_turn(self, &error) &&
              run_at_once(self, &store, &error) && run_services(self, &error);
    if (ok)
        status = selftest_count(&self->all.report, SELFTEST_FAILED) ? EXIT_DIFFERS : EXIT_OK;
    else
        fail(&error);
    if (self->show) {
        selftest_show_totals(&self->all.report);
    } else {
        selftest_json(&self->all.report, &json);
        out_bytes(json.bytes, json.len);
        if (out_end() != EXIT_OK)
            status = EXIT_PLUME;
        free(json.bytes);
    }
    if (report && !save_report(self, report, &left))
        status = fail(&left);
    remove_work(self);
    return status;
}

static int run(struct command *command)
{
    bool list = false, json_format = false;
    const wchar_t *report = NULL, *guests = NULL, *pattern = NULL;
    struct text_list services = {0};
    const struct option options[] = {
        {0, L"list", OPTION_FLAG, &list},        {L'k', L"filter", OPTION_TEXT, &pattern},
        {0, L"report", OPTION_TEXT, &report},    {0, L"guests", OPTION_TEXT, &guests},
        {0, L"service", OPTION_LIST, &services}, {0, L"format", OPTION_FORMAT, &json_format}};
    struct plume_error error;
    if (!options_parse(command, options, ARRAYSIZE(options), OPTIONS_ANYWHERE, 0, 0))
        return EXIT_PLUME;
    struct selftest *self = calloc(1, sizeof(*self));
    if (!self) {
        out_of_memory(&error);
        return fail(&error);
    }
    self->all.pattern = pattern;
    int status = EXIT_OK;
    if (!selftest_tests_find(&self->all, guests, &services, &error)) {
        status = fail(&error);
    } else if (!self->all.report.count) {
        status = fail_usage(command, L"no test has this in its name:", pattern);
    } else if (list) {
        for (size_t i = 0; i < self->all.report.count; i++)
            out_format(L"%ls\n", self->all.report.rows[i].name);
        status = out_end();
    } else {
        status = run_all(self, report, json_format);
    }
    free(services.items);
    free_all(self);
    return status;
}

const struct verb verb_selftest = {
    .name = L"selftest",
    .usage = L"[-k TEXT] [--service PATTERN]... [--report FILE] [--guests DIR] [--list] [--format "
             L"json]",
    .summary = L"Try whether VMs work on this machine as they should",
    .details =
        L"Runs programs on the host and each in a new VM, and compares what they say; some in\n"
        L"two VMs and on the host at once; looks whether the host is afterwards what it was; and\n"
        L"does what 'plume check' does with services that are known to be hard, where the host\n"
        L"has them, and with those of --service (* is any text). -k: only the tests with TEXT in\n"
        L"their name; --list names them. --report: also writes FILE, in Markdown, and FILE.json.\n"
        L"--guests: where the programs are. They run on the host too, and change it as such a\n"
        L"program does. Ends with 0 where all is as it should be, with 1 where not.\n",
    .run = run,
};
