#include <stdio.h>
#include <stdlib.h>
#include "cli.h"
#include "launch.h"
#include "output.h"
#include "store.h"
#include "usage.h"

enum { INTERVAL_MS = 1000, TEXT = 2 * LIMITS_TEXT_MAX + 8 };

/* A VM that is shown, with what it used at the last look. */
struct shown {
    struct vm vm;
    struct usage usage;
    bool known; // there was a look
};

struct stats {
    struct shown *shown;
    size_t count;
    uint64_t machine; // bytes of memory that the machine has
    bool json_format, all;
};

static void wide(char *ascii, wchar_t *out, size_t cap)
{
    _snwprintf(out, cap, L"%hs", ascii);
}

/* Hundredths as "12.34". */
static void hundredths(uint64_t value, char out[LIMITS_TEXT_MAX])
{
    _snprintf(out, LIMITS_TEXT_MAX, "%u.%02u", (unsigned)(value / 100), (unsigned)(value % 100));
}

static void pair(uint64_t first, uint64_t second, wchar_t *out)
{
    char a[LIMITS_TEXT_MAX], b[LIMITS_TEXT_MAX];
    limits_size_to_text(first, a);
    limits_size_to_text(second, b);
    _snwprintf(out, TEXT, L"%hs / %hs", a, b);
}

static void put_row(struct table *table, const struct stats *stats, const struct vm *vm,
                    const struct usage *usage, uint32_t cpu)
{
    uint64_t limit = vm->config.limits.memory ? vm->config.limits.memory : stats->machine;
    char ascii[LIMITS_TEXT_MAX];
    wchar_t text[TEXT];
    table_put(table, vm->name);
    hundredths(cpu, ascii);
    wide(ascii, text, TEXT);
    table_put(table, wcscat(text, L"%"));
    pair(usage->committed, limit, text);
    table_put(table, text);
    hundredths(limit ? usage->committed * 10000 / limit : 0, ascii);
    wide(ascii, text, TEXT);
    table_put(table, wcscat(text, L"%"));
    if (usage->counts_io)
        pair(usage->read, usage->written, text);
    table_put(table, usage->counts_io ? text : L"-");
    table_put_u32(table, usage->count);
}

static void put_json(struct json_writer *json, const struct stats *stats, const struct vm *vm,
                     const struct usage *usage, uint32_t cpu)
{
    uint64_t limit = vm->config.limits.memory;
    char ascii[LIMITS_TEXT_MAX];
    json_begin_object(json);
    json_key(json, "name");
    json_wide(json, vm->name);
    hundredths(cpu, ascii);
    json_key(json, "cpu_percent");
    json_literal(json, ascii);
    json_key(json, "cpu_ms");
    json_u64(json, usage->cpu / 10000);
    json_key(json, "memory");
    json_u64(json, usage->committed);
    json_key(json, "memory_limit");
    if (limit)
        json_u64(json, limit);
    else
        json_null(json);
    if (!limit)
        limit = stats->machine;
    hundredths(limit ? usage->committed * 10000 / limit : 0, ascii);
    json_key(json, "memory_percent");
    json_literal(json, ascii);
    json_key(json, "processes");
    json_u64(json, usage->count);
    json_key(json, "read_bytes");
    if (usage->counts_io)
        json_u64(json, usage->read);
    else
        json_null(json);
    json_key(json, "written_bytes");
    if (usage->counts_io)
        json_u64(json, usage->written);
    else
        json_null(json);
    json_end_object(json);
}

/* Looks at all; with `show` also puts out what was used since the last look. A VM that has stopped
 * is left out where all are shown. */
static int look(struct stats *stats, bool show)
{
    static const wchar_t *const headings[] = {L"NAME",  L"CPU %", L"MEM USAGE / LIMIT",
                                              L"MEM %", L"I/O",   L"PIDS"};
    struct plume_error error;
    struct listing listing = {0};
    int status = EXIT_OK;
    struct system_process *list = system_processes(&error);
    if (!list)
        return fail(&error);
    if (show)
        listing = listing_begin(stats->json_format, ARRAYSIZE(headings), headings);
    for (size_t i = 0; i < stats->count; i++) {
        struct shown *one = &stats->shown[i];
        struct usage usage;
        if (!usage_read(&usage, &one->vm, list, &error)) {
            if (!stats->all)
                status = fail(&error);
            one->known = false;
            continue;
        }
        uint32_t cpu = one->known ? usage_cpu(&one->usage, &usage) : 0;
        if (show && stats->json_format)
            put_json(&listing.json, stats, &one->vm, &usage, cpu);
        else if (show)
            put_row(&listing.table, stats, &one->vm, &usage, cpu);
        usage_free(&one->usage);
        one->usage = usage;
        one->known = true;
    }
    free(list);
    if (show)
        listing_end(&listing);
    return status;
}

static void forget(struct stats *stats)
{
    for (size_t i = 0; i < stats->count; i++)
        usage_free(&stats->shown[i].usage);
    free(stats->shown);
    stats->shown = NULL;
    stats->count = 0;
}

/* The VMs with these names, or all that run. Names that are known already keep their last look. */
static bool choose(struct stats *stats, const struct vm_store *store, const struct command *command,
                   struct plume_error *error)
{
    struct store_names names = {0};
    stats->all = command->count == 0;
    if (stats->all && !store_list(store, &names, error))
        return false;
    size_t count = stats->all ? names.count : (size_t)command->count;
    struct shown *chosen = calloc(count + 1, sizeof *chosen);
    if (!chosen) {
        store_names_free(&names);
        return error_win32_code(error, ERROR_NOT_ENOUGH_MEMORY, L"cannot list the VMs", NULL, NULL);
    }
    bool ok = true;
    size_t kept = 0;
    for (size_t i = 0; ok && i < count; i++) {
        struct shown *one = &chosen[kept];
        bool opened =
            vm_open(&one->vm, store, stats->all ? names.names[i] : command->args[i], error);
        if (!opened && !stats->all)
            ok = false;
        if (!opened || (stats->all && !vm_is_running(&one->vm)))
            continue;
        for (size_t k = 0; k < stats->count; k++) {
            struct shown *old = &stats->shown[k];
            if (old->known && wcscmp(old->vm.id, one->vm.id) == 0) {
                one->usage = old->usage;
                one->known = true;
                old->known = false;
                old->usage.processes = NULL;
            }
        }
        kept++;
    }
    store_names_free(&names);
    forget(stats);
    stats->shown = chosen;
    stats->count = ok ? kept : 0;
    return ok;
}

/* On a console each look stands where the last one stood. */
static void clear_console(void)
{
    HANDLE out = GetStdHandle(STD_OUTPUT_HANDLE);
    CONSOLE_SCREEN_BUFFER_INFO info;
    DWORD done;
    if (!GetConsoleScreenBufferInfo(out, &info))
        return;
    COORD home = {0, info.srWindow.Top};
    DWORD cells = (DWORD)info.dwSize.X * (DWORD)(info.srWindow.Bottom - info.srWindow.Top + 1);
    FillConsoleOutputCharacterW(out, L' ', cells, home, &done);
    SetConsoleCursorPosition(out, home);
}

static int run(struct command *command)
{
    bool once = false;
    struct stats stats = {0};
    const struct option options[] = {{0, L"no-stream", OPTION_FLAG, &once},
                                     {0, L"format", OPTION_FORMAT, &stats.json_format}};
    MEMORYSTATUSEX memory = {.dwLength = sizeof memory};
    struct plume_error error;
    struct vm_store store;
    if (!options_parse(command, options, ARRAYSIZE(options), OPTIONS_ANYWHERE, 0, -1))
        return EXIT_PLUME;
    if (!vm_store_locate(&store, &error) || !choose(&stats, &store, command, &error)) {
        forget(&stats);
        return fail(&error);
    }
    if (GlobalMemoryStatusEx(&memory))
        stats.machine = memory.ullTotalPhys;
    int status = look(&stats, false);
    if (!once)
        ctrl_c_hold();
    while (status == EXIT_OK) {
        Sleep(INTERVAL_MS);
        if (ctrl_c_seen())
            break;
        status =
            !once && !choose(&stats, &store, command, &error) ? fail(&error) : look(&stats, true);
        if (!once)
            clear_console();
        int written = out_end();
        status = status ? status : written;
        if (once)
            break;
    }
    forget(&stats);
    return status;
}

const struct verb verb_stats = {
    .name = L"stats",
    .usage = L"[--no-stream] [--format json] [NAME...]",
    .summary = L"Show what VMs use of the machine, every second",
    .details =
        L"Of all VMs that run, or of those named, until Ctrl-C; with --no-stream once. CPU % is of "
        L"one\nprocessor. Memory is what the VM's processes have committed; its limit is "
        L"--memory's "
        L"or what the\nmachine has. I/O is read / written; '-' where the host does not count it.\n",
    .run = run,
};
