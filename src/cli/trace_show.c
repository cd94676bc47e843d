#include "trace_show.h"

#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include "output.h"

/* Tabs and line ends would break the lines; a hostile process chooses names, so that nothing that
 * controls a terminal may be among them. */
static void clean(wchar_t *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] < 0x20 || (text[i] >= 0x7f && text[i] < 0xa0))
            text[i] = L'?';
}

static size_t name_shown(const struct trace_record *record, wchar_t *out, size_t cap)
{
    struct str16_buf name = {.s = out, .cap = cap - 1};
    trace_put_name(&name, record);
    clean(out, name.len);
    out[name.len] = 0;
    return name.len;
}

void trace_show_image(const struct trace_record *record, wchar_t out[TRACE_IMAGE_MAX + 1])
{
    memcpy(out, record->image, record->image_units * sizeof(*out));
    out[record->image_units] = 0;
    clean(out, record->image_units);
}

static size_t to_bytes(const wchar_t *text, char out[TRACE_SHOWN_MAX])
{
    int len = WideCharToMultiByte(CP_UTF8, 0, text, -1, out, TRACE_SHOWN_MAX, NULL, NULL);
    return len > 0 ? (size_t)len - 1 : 0;
}

static const wchar_t line_form[] = L"%-12ls  %-6ls  %-16ls  %-22hs  %-8hs  %-8hs  %-8ls  %-32hs  "
                                   L"%ls\n";

size_t trace_show_headings(char out[TRACE_SHOWN_MAX])
{
    wchar_t text[256];
    _snwprintf(text, ARRAYSIZE(text) - 1, line_form, L"TIME", L"PID", L"PROGRAM", "CALL", "KIND",
               "OUTCOME", L"STATUS", "RULE", L"NAME");
    text[ARRAYSIZE(text) - 1] = 0;
    return to_bytes(text, out);
}

size_t trace_show(const struct trace_record *record, char out[TRACE_SHOWN_MAX])
{
    wchar_t name[TRACE_NAME_MAX + 32], image[TRACE_IMAGE_MAX + 1],
        time[16] = L"-", pid[12], status[12] = L"ok", text[TRACE_NAME_MAX + 320];
    FILETIME utc = {record->time_low, record->time_high}, local;
    SYSTEMTIME t;
    if (FileTimeToLocalFileTime(&utc, &local) && FileTimeToSystemTime(&local, &t))
        _snwprintf(time, ARRAYSIZE(time), L"%02u:%02u:%02u.%03u", t.wHour, t.wMinute, t.wSecond,
                   t.wMilliseconds);
    _snwprintf(pid, ARRAYSIZE(pid), L"%u", (unsigned)record->process);
    if (record->status)
        _snwprintf(status, ARRAYSIZE(status), L"%08X", (unsigned)record->status);
    size_t len = name_shown(record, name, ARRAYSIZE(name) - 16);
    if (record->outcome == TRACE_STARTED)
        _snwprintf(name + len, 16, L" -> %u", (unsigned)record->subject);
    trace_show_image(record, image);
    const struct rule *rule = trace_rule(record);
    _snwprintf(text, ARRAYSIZE(text) - 1, line_form, time, pid, image,
               record->call[0] ? record->call : "-", trace_kind_name(record->kind),
               trace_outcome_name(record->outcome), status, rule ? rule->pattern : "-", name);
    text[ARRAYSIZE(text) - 1] = 0;
    return to_bytes(text, out);
}

void trace_show_refusal(const struct trace_record *record, wchar_t *out, size_t cap)
{
    wchar_t name[TRACE_NAME_MAX + 16];
    name_shown(record, name, ARRAYSIZE(name));
    _snwprintf(out, cap - 1, L"%hs%ls%hs %ls: %08X%hs%hs%hs", record->call,
               record->call[0] ? L": " : L"", trace_kind_name(record->kind), name,
               (unsigned)record->status, record->outcome == TRACE_DENIED ? " (" : "",
               record->outcome == TRACE_DENIED ? trace_reason(record) : "",
               record->outcome == TRACE_DENIED ? ")" : "");
    out[cap - 1] = 0;
}

/* ---- the summary ---- */

enum section {
    SECTION_SHARED,
    SECTION_REFUSED,
    SECTION_COPIED,
    SECTION_HIDDEN,
    SECTION_PRIVATE,
    SECTIONS,
    SECTION_NONE = SECTIONS
};

/* Names that are one: of a section, a kind, a call where that counts. */
struct line {
    uint64_t hash;
    uint32_t count;
    uint32_t next;          // of its section, plus 1; 0: the last
    bool writes;            // something that is everybody's may have been changed
    struct trace_record at; // the first of them
};

enum {
    LINES_MAX = 1 << 15, // different names that are kept apart
    TABLE_ORDER = 16,
    FIRST_FEW = 10, // private names that are shown
};

struct trace_summary {
    struct line **lines;
    uint32_t count, room;
    uint32_t table[1 << TABLE_ORDER]; // index of a line, plus 1
    uint32_t first[SECTIONS], last[SECTIONS];
    uint64_t records, beyond; // beyond: of names that there was no room for
};

struct trace_summary *trace_summary_begin(void)
{
    return calloc(1, sizeof(struct trace_summary));
}

static enum section section_of(const struct trace_record *record)
{
    if (trace_is_refused(record->outcome, record->status) && record->status & 0x80000000)
        return SECTION_REFUSED;
    switch (record->outcome) {
    case TRACE_SHARED:
        return SECTION_SHARED;
    case TRACE_COPIED:
        return SECTION_COPIED;
    case TRACE_HIDDEN:
        return SECTION_HIDDEN;
    case TRACE_PRIVATE:
        return record->kind == TRACE_SERVICE || record->status & 0x80000000 ? SECTION_NONE
                                                                            : SECTION_PRIVATE;
    default:
        return SECTION_NONE;
    }
}

/* Shared names are one by their row, all others by themselves. */
static uint64_t hash_of(const struct trace_record *record, enum section section)
{
    const struct rule *rule = section == SECTION_SHARED ? trace_rule(record) : NULL;
    uint64_t hash = STR16_HASH_SEED ^ ((uint64_t)record->kind << 8 | (uint64_t)section);
    if (rule)
        return (hash ^ (uint64_t)(rule - rule_table)) * UINT64_C(0x100000001b3);
    hash = str16_hash_nocase(hash, (struct str16){record->name, record->name_units});
    for (const char *c = record->call; section == SECTION_REFUSED && *c; c++)
        hash = (hash ^ (uint8_t)*c) * UINT64_C(0x100000001b3);
    return hash;
}

static struct line *add_line(struct trace_summary *summary, uint64_t hash, uint32_t *slot)
{
    if (summary->count == LINES_MAX)
        return NULL;
    if (summary->count == summary->room) {
        uint32_t room = summary->room ? 2 * summary->room : 256;
        struct line **more = realloc(summary->lines, room * sizeof(struct line *));
        if (!more)
            return NULL;
        summary->lines = more;
        summary->room = room;
    }
    struct line *line = calloc(1, sizeof(*line));
    if (!line)
        return NULL;
    line->hash = hash;
    summary->lines[summary->count++] = line;
    *slot = summary->count;
    return line;
}

void trace_summary_add(struct trace_summary *summary, const struct trace_record *record)
{
    enum section section = section_of(record);
    summary->records++;
    if (section == SECTION_NONE)
        return;
    uint64_t hash = hash_of(record, section);
    uint32_t mask = (1u << TABLE_ORDER) - 1, at = (uint32_t)(hash ^ hash >> 32) & mask;
    while (summary->table[at] && summary->lines[summary->table[at] - 1]->hash != hash)
        at = (at + 1) & mask;
    struct line *line = summary->table[at] ? summary->lines[summary->table[at] - 1]
                                           : add_line(summary, hash, &summary->table[at]);
    if (!line) {
        summary->beyond++;
        return;
    }
    if (!line->count++) {
        line->at = *record;
        if (summary->last[section])
            summary->lines[summary->last[section] - 1]->next = summary->table[at];
        else
            summary->first[section] = summary->table[at];
        summary->last[section] = summary->table[at];
    }
    line->writes = line->writes || trace_writes_shared(record);
}

static const struct line *first(const struct trace_summary *summary, enum section section)
{
    return summary->first[section] ? summary->lines[summary->first[section] - 1] : NULL;
}

static const struct line *next(const struct trace_summary *summary, const struct line *line)
{
    return line->next ? summary->lines[line->next - 1] : NULL;
}

size_t trace_summary_denied(const struct trace_summary *summary)
{
    size_t count = 0;
    for (const struct line *l = first(summary, SECTION_REFUSED); l; l = next(summary, l))
        count += l->at.outcome == TRACE_DENIED;
    return count;
}

size_t trace_summary_written(const struct trace_summary *summary)
{
    size_t count = 0;
    for (const struct line *l = first(summary, SECTION_SHARED); l; l = next(summary, l))
        count += l->writes;
    return count;
}

static const char *const titles[] = {
    [SECTION_SHARED] = "Shared with the host and the other VMs",
    [SECTION_REFUSED] = "Refused",
    [SECTION_COPIED] = "Copied up",
    [SECTION_HIDDEN] = "Deleted of the host's, for the VM",
    [SECTION_PRIVATE] = "The VM's own",
};

static void line_text(const struct line *line, enum section section)
{
    wchar_t text[TRACE_NAME_MAX + 320], name[TRACE_NAME_MAX + 32];
    const struct rule *rule = trace_rule(&line->at);
    out_format(L"  %5u  %-8hs  ", (unsigned)line->count, trace_kind_name(line->at.kind));
    name_shown(&line->at, name, ARRAYSIZE(name));
    switch (section) {
    case SECTION_SHARED:
        if (rule && rule->verdict == RULE_SHARED)
            out_format(L"%-28hs  %hs%hs\n", rule->pattern, rule->reason,
                       line->writes ? "; WRITTEN" : "");
        else
            out_format(L"%-28.500ls  %hs\n", name, trace_reason(&line->at));
        return;
    case SECTION_REFUSED:
        trace_show_refusal(&line->at, text, ARRAYSIZE(text));
        break;
    default:
        _snwprintf(text, ARRAYSIZE(text) - 1, L"%ls", name);
        text[ARRAYSIZE(text) - 1] = 0;
    }
    out_text(text);
    out_text(L"\n");
}

void trace_summary_text(const struct trace_summary *summary, uint32_t lost)
{
    for (int s = 0; s < SECTIONS; s++) {
        unsigned lines = 0, shown = 0, of_kind[TRACE_KINDS] = {0};
        for (const struct line *l = first(summary, (enum section)s); l; l = next(summary, l))
            lines++;
        out_format(L"%hs: %u\n", titles[s], lines);
        for (const struct line *l = first(summary, (enum section)s); l; l = next(summary, l)) {
            // Of private names a few of each kind say enough.
            if (s != SECTION_PRIVATE || of_kind[l->at.kind]++ < FIRST_FEW) {
                line_text(l, (enum section)s);
                shown++;
            }
        }
        if (shown < lines)
            out_format(L"         and %u more\n", lines - shown);
    }
    out_format(L"Names used: %I64u", summary->records);
    if (lost)
        out_format(L"; %u more were lost", (unsigned)lost);
    if (summary->beyond)
        out_format(L"; %I64u too many to be summed up", summary->beyond);
    out_text(L"\n");
}

void trace_summary_json(const struct trace_summary *summary, uint32_t lost,
                        struct json_writer *json)
{
    static const char *const keys[] = {"shared", "refused", "copied", "hidden", "private"};
    json_begin_object(json);
    for (int s = 0; s < SECTIONS; s++) {
        json_key(json, keys[s]);
        json_begin_array(json);
        for (const struct line *l = first(summary, (enum section)s); l; l = next(summary, l)) {
            uint16_t name[TRACE_NAME_MAX + 32];
            char status[11];
            const struct rule *rule = trace_rule(&l->at);
            struct str16_buf buf = {.s = name, .cap = ARRAYSIZE(name)};
            trace_put_name(&buf, &l->at);
            _snprintf(status, sizeof(status), "0x%08X", (unsigned)l->at.status);
            json_begin_object(json);
            json_key(json, "kind");
            json_ascii(json, trace_kind_name(l->at.kind));
            json_key(json, "name");
            json_str16(json, str16_view(&buf));
            json_key(json, "count");
            json_u64(json, l->count);
            json_key(json, "rule");
            if (rule)
                json_ascii(json, rule->pattern);
            else
                json_null(json);
            json_key(json, "reason");
            json_ascii(json, trace_reason(&l->at));
            if (s == SECTION_REFUSED) {
                json_key(json, "call");
                json_ascii(json, l->at.call);
                json_key(json, "status");
                json_ascii(json, status);
                json_key(json, "by_plume");
                json_bool(json, l->at.outcome == TRACE_DENIED);
            }
            if (s == SECTION_SHARED) {
                json_key(json, "written");
                json_bool(json, l->writes);
            }
            json_end_object(json);
        }
        json_end_array(json);
    }
    json_key(json, "names");
    json_u64(json, summary->records);
    json_key(json, "lost");
    json_u64(json, lost);
    json_key(json, "not_summed_up");
    json_u64(json, summary->beyond);
    json_end_object(json);
}

void trace_summary_end(struct trace_summary *summary)
{
    for (uint32_t i = 0; summary && i < summary->count; i++)
        free(summary->lines[i]);
    if (summary)
        free(summary->lines);
    free(summary);
}
