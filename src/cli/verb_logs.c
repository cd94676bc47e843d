#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli.h"
#include "core/log_time.h"
#include "log_reader.h"
#include "output.h"
#include "vm/vm.h"

enum { FOLLOW_MS = 100 };

struct selection {
    const wchar_t *service; // NULL: everything
    uint64_t since, until;
    uint64_t tail; // how many of the last entries; UINT64_MAX: all
    bool follow, times, json_format;
};

/* ---- which ---- */

static uint64_t now(void)
{
    FILETIME time;
    GetSystemTimeAsFileTime(&time);
    return ((uint64_t)time.dwHighDateTime << 32 | time.dwLowDateTime) -
           UINT64_C(116444736000000000);
}

static bool read_time(const struct command *command, const wchar_t *text, uint64_t *time)
{
    TIME_ZONE_INFORMATION zone;
    DWORD which = GetTimeZoneInformation(&zone);
    int west = (int)zone.Bias + (which == TIME_ZONE_ID_DAYLIGHT   ? (int)zone.DaylightBias
                                 : which == TIME_ZONE_ID_STANDARD ? (int)zone.StandardBias
                                                                  : 0);
    if (!text || log_time_parse(time, str16_of(text), now(), -west))
        return true;
    fail_usage(command,
               L"this is neither a time such as 2026-11-23T06:00:00Z or 1795413600 nor how long "
               L"ago, such as 10m:",
               text);
    return false;
}

static bool read_tail(const struct command *command, const wchar_t *text, uint64_t *tail)
{
    *tail = UINT64_MAX;
    if (!text || wcscmp(text, L"all") == 0)
        return true;
    wchar_t *end;
    *tail = wcstoul(text, &end, 10);
    if (*text >= L'0' && *text <= L'9' && !*end && wcslen(text) <= 9)
        return true;
    fail_usage(command, L"this is not a number of entries, nor 'all':", text);
    return false;
}

static bool is_selected(const struct selection *wanted, const struct log_entry *entry)
{
    if (entry->time < wanted->since || entry->time > wanted->until)
        return false;
    if (!wanted->service)
        return true;
    // A program that is no service's process reports events under the service's name, too.
    struct str16 name = str16_of(wanted->service);
    return str16_equal_nocase(entry->service, name) ||
           (entry->stream == LOG_EVENT && str16_equal_nocase(entry->source, name));
}

/* ---- how it is shown ---- */

struct shown {
    char *bytes;
    size_t len;
    bool to_stderr;
};

static bool put(struct shown *shown, const wchar_t *text, size_t units)
{
    int len = units ? WideCharToMultiByte(CP_UTF8, 0, text, (int)units, NULL, 0, NULL, NULL) : 0;
    char *more = realloc(shown->bytes, shown->len + (size_t)len + 1);
    if (!more)
        return false;
    shown->bytes = more;
    if (len)
        WideCharToMultiByte(CP_UTF8, 0, text, (int)units, more + shown->len, len, NULL, NULL);
    shown->len += (size_t)len;
    return true;
}

static bool put_text(struct shown *shown, const wchar_t *text)
{
    return put(shown, text, wcslen(text));
}

/* "TIME SERVICE | text": the time with -t, whose it is where everything is shown. */
static bool put_entry(struct shown *shown, const struct selection *wanted,
                      const struct log_entry *entry)
{
    char time[LOG_TIME_TEXT];
    wchar_t text[96];
    bool ok = true;
    if (wanted->times) {
        log_time_write(entry->time, time);
        _snwprintf(text, ARRAYSIZE(text), L"%hs ", time);
        ok = put_text(shown, text);
    }
    if (!wanted->service) {
        struct str16 who = entry->service.len ? entry->service : entry->source;
        ok = ok &&
             (who.len ? put(shown, (const wchar_t *)who.s, who.len)
                      : put_text(shown, entry->stream == LOG_VM ? L"plume" : L"-")) &&
             put_text(shown, L" | ");
    }
    if (entry->stream == LOG_EVENT) {
        _snwprintf(text, ARRAYSIZE(text), L"%hs %u from ", log_event_type_name(entry->event_type),
                   (unsigned)(entry->event_id & 0xffff));
        ok = ok && put_text(shown, text) &&
             put(shown, (const wchar_t *)entry->source.s, entry->source.len) &&
             put_text(shown, L": ");
    }
    return ok && put(shown, (const wchar_t *)entry->text.s, entry->text.len) &&
           // A part of a long line is put together with the next where no other's comes between.
           (entry->partial && wanted->service ? true : put_text(shown, L"\n"));
}

static bool show(struct shown *shown, const struct selection *wanted, const struct log_entry *entry,
                 const char *line, size_t len)
{
    *shown = (struct shown){.to_stderr = !wanted->json_format && entry->stream == LOG_STDERR};
    if (!wanted->json_format)
        return put_entry(shown, wanted, entry);
    shown->bytes = malloc(len + 1);
    if (!shown->bytes)
        return false;
    memcpy(shown->bytes, line, len);
    shown->bytes[len] = '\n';
    shown->len = len + 1;
    return true;
}

/* Writes what is to go to standard output, and this, in their order. */
static int emit(const struct shown *shown)
{
    if (!shown->to_stderr) {
        out_bytes(shown->bytes, shown->len);
        return EXIT_OK;
    }
    int status = out_end();
    int units = MultiByteToWideChar(CP_UTF8, 0, shown->bytes, (int)shown->len, NULL, 0);
    wchar_t *text = calloc((size_t)units + 1, sizeof(*text));
    if (text) {
        MultiByteToWideChar(CP_UTF8, 0, shown->bytes, (int)shown->len, text, units);
        write_text(GetStdHandle(STD_ERROR_HANDLE), text);
    }
    free(text);
    return status;
}

/* ---- the verb ---- */

/* The last entries that were read, of which at least wanted->tail are kept. */
struct kept {
    struct shown *items;
    size_t count, room;
};

static bool keep(struct kept *kept, uint64_t tail, const struct shown *shown)
{
    if (kept->count == kept->room && kept->count / 2 >= tail) {
        size_t drop = kept->count - (size_t)tail;
        for (size_t i = 0; i < drop; i++)
            free(kept->items[i].bytes);
        memmove(kept->items, kept->items + drop, (size_t)tail * sizeof(*kept->items));
        kept->count = (size_t)tail;
    }
    if (kept->count == kept->room) {
        size_t room = 2 * kept->room + 256;
        struct shown *more = realloc(kept->items, room * sizeof(*more));
        if (!more)
            return false;
        kept->items = more;
        kept->room = room;
    }
    kept->items[kept->count++] = *shown;
    return true;
}

static int no_memory(void)
{
    struct plume_error error;
    error_win32_code(&error, ERROR_NOT_ENOUGH_MEMORY, L"cannot show the log", NULL, NULL);
    return fail(&error);
}

/* All that there is now. */
static int show_present(struct log_reader *reader, const struct selection *wanted)
{
    struct kept kept = {0};
    struct log_entry entry;
    const char *line;
    size_t len;
    bool ok = true;
    int status = EXIT_OK;
    while (ok && log_reader_next(reader, &entry, &line, &len)) {
        struct shown shown;
        if (!is_selected(wanted, &entry))
            continue;
        bool kept_now = false;
        ok = show(&shown, wanted, &entry, line, len);
        if (ok && wanted->tail == UINT64_MAX)
            status = emit(&shown);
        else if (ok)
            ok = kept_now = keep(&kept, wanted->tail, &shown);
        if (!kept_now)
            free(shown.bytes);
        ok = ok && status == EXIT_OK;
    }
    for (size_t i = 0; i < kept.count; i++) {
        if (i + wanted->tail >= kept.count && status == EXIT_OK)
            status = emit(&kept.items[i]);
        free(kept.items[i].bytes);
    }
    free(kept.items);
    if (status == EXIT_OK)
        status = out_end();
    return status != EXIT_OK ? status : ok ? EXIT_OK : no_memory();
}

static int follow(const struct vm *vm, struct log_reader *reader, struct selection *wanted)
{
    wanted->tail = UINT64_MAX;
    for (;;) {
        // Asked for before the rest is read: what it wrote until its end is there then.
        bool running = vm_is_running(vm) && now() <= wanted->until;
        int status = show_present(reader, wanted);
        if (status != EXIT_OK || !running)
            return status;
        Sleep(FOLLOW_MS);
    }
}

static int run(struct command *command)
{
    struct selection wanted = {.until = UINT64_MAX};
    const wchar_t *since = NULL, *until = NULL, *tail = NULL;
    const struct option options[] = {{L'f', L"follow", OPTION_FLAG, &wanted.follow},
                                     {L'n', L"tail", OPTION_TEXT, &tail},
                                     {L't', L"timestamps", OPTION_FLAG, &wanted.times},
                                     {0, L"since", OPTION_TEXT, &since},
                                     {0, L"until", OPTION_TEXT, &until},
                                     {0, L"service", OPTION_TEXT, &wanted.service},
                                     {0, L"format", OPTION_FORMAT, &wanted.json_format}};
    struct plume_error error;
    struct vm_store store;
    struct vm vm;
    if (!options_parse(command, options, ARRAYSIZE(options), OPTIONS_ANYWHERE, 1, 1) ||
        !read_time(command, since, &wanted.since) || !read_time(command, until, &wanted.until) ||
        !read_tail(command, tail, &wanted.tail))
        return EXIT_PLUME;
    if (!vm_store_locate(&store, &error) || !vm_open(&vm, &store, command->args[0], &error))
        return fail(&error);
    struct log_reader *reader = log_reader_open(&vm, &error);
    if (!reader)
        return fail(&error);
    int status = show_present(reader, &wanted);
    if (status == EXIT_OK && wanted.follow)
        status = follow(&vm, reader, &wanted);
    log_reader_close(reader);
    return status;
}

const struct verb verb_logs = {
    .name = L"logs",
    .usage = L"[-f] [-t] [-n N] [--since TIME] [--until TIME] [--service SERVICE] [--format json] "
             L"NAME",
    .summary = L"Show what a VM and its services have said",
    .details =
        L"What services write to standard output and error, the events that programs report, and\n"
        L"what the VM's monitor has to say: each with whose it is, unless --service chooses one.\n"
        L"-f, --follow: goes on until the VM stops. -t, --timestamps: with the time of each.\n"
        L"-n, --tail: only the last N. TIME: 2026-11-23T06:00:00Z, without the Z in the local\n"
        L"time zone, seconds since 1970, or how long ago, such as 1h30m. --format json: a line\n"
        L"with an object each. What was written to standard error goes to standard error.\n",
    .run = run,
};
