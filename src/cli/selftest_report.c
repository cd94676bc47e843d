#include "selftest_report.h"

#include <windows.h>
#include <stdlib.h>
#include <string.h>
#include "core/json.h"
#include "core/selftest.h"
#include "core/vmconfig.h"
#include "output.h"
#include "selftest_host.h"
#include "vm/vm.h"

static const char *const results[] = {"not tried", "ok", "skipped", "FAILED"};

size_t selftest_count(const struct selftest_report *report, enum selftest_result result)
{
    size_t count = 0;
    for (size_t i = 0; i < report->count; i++)
        count += report->rows[i].result == result;
    return count;
}

/* ---- the terminal ---- */

static int width(const struct selftest_report *report)
{
    size_t most = 4;
    for (size_t i = 0; i < report->count; i++)
        most = wcslen(report->rows[i].name) > most ? wcslen(report->rows[i].name) : most;
    return (int)most;
}

void selftest_show_heading(const struct selftest_report *report)
{
    out_format(L"%-*ls  %-9ls  %8ls  %ls\n", width(report), L"TEST", L"RESULT", L"SECONDS",
               L"DETAIL");
    out_end();
}

void selftest_show_row(const struct selftest_report *report, const struct selftest_row *row)
{
    out_format(L"%-*ls  %-9hs  %6u.%u  ", width(report), row->name, results[row->result],
               row->ms / 1000, row->ms / 100 % 10);
    out_bytes(row->detail.bytes, row->detail.len);
    out_text(L"\n");
    out_end();
}

void selftest_show_totals(const struct selftest_report *report)
{
    out_format(L"%u ok, %u failed, %u skipped\n", (unsigned)selftest_count(report, SELFTEST_OK),
               (unsigned)selftest_count(report, SELFTEST_FAILED),
               (unsigned)selftest_count(report, SELFTEST_SKIPPED));
    out_end();
}

/* ---- where it ran ---- */

static bool is_administrator(void)
{
    SID_IDENTIFIER_AUTHORITY nt = {SECURITY_NT_AUTHORITY};
    PSID group;
    BOOL member = FALSE;
    if (!AllocateAndInitializeSid(&nt, 2, SECURITY_BUILTIN_DOMAIN_RID, DOMAIN_ALIAS_RID_ADMINS, 0,
                                  0, 0, 0, 0, 0, &group))
        return false;
    CheckTokenMembership(NULL, group, &member);
    FreeSid(group);
    return member;
}

/* The version that programs are not lied to about, and Wine's. */
static void put_system(struct text *out)
{
    HMODULE ntdll = GetModuleHandleW(L"ntdll.dll");
    LONG(WINAPI * version_of)
    (RTL_OSVERSIONINFOW *) = (LONG(WINAPI *)(RTL_OSVERSIONINFOW *))(void (*)(void))GetProcAddress(
        ntdll, "RtlGetVersion");
    const char *(*wine_version)(void) =
        (const char *(*)(void))(void (*)(void))GetProcAddress(ntdll, "wine_get_version");
    RTL_OSVERSIONINFOW version = {.dwOSVersionInfoSize = sizeof(version)};
    if (version_of)
        version_of(&version);
    text_format(out, "Windows %lu.%lu.%lu", version.dwMajorVersion, version.dwMinorVersion,
                version.dwBuildNumber);
    if (wine_version)
        text_format(out, " (Wine %s)", wine_version());
}

static unsigned processors(void)
{
    SYSTEM_INFO info;
    GetSystemInfo(&info);
    return (unsigned)info.dwNumberOfProcessors;
}

#ifdef _WIN64
static const char architecture[] = "x86_64";
#else
static const char architecture[] = "i686";
#endif

/* ---- the report ---- */

void selftest_markdown(const struct selftest_report *report, struct text *out)
{
    char now[21];
    time_to_text(vm_now(), now);
    text_format(out, "# plume selftest\n\nplume ");
    text_wide(out, PLUME_VERSION);
    text_format(out, " (%s), ", architecture);
    put_system(out);
    text_format(out, ", %u processors, %s, %s\n\n", processors(),
                is_administrator() ? "an administrator" : "no administrator", now);
    text_format(out, "%u ok, %u failed, %u skipped, %u not tried\n\n",
                (unsigned)selftest_count(report, SELFTEST_OK),
                (unsigned)selftest_count(report, SELFTEST_FAILED),
                (unsigned)selftest_count(report, SELFTEST_SKIPPED),
                (unsigned)selftest_count(report, SELFTEST_UNTRIED));
    text_format(out, "| test | result | seconds | detail |\n| --- | --- | --- | --- |\n");
    for (size_t i = 0; i < report->count; i++) {
        const struct selftest_row *row = &report->rows[i];
        struct text name = {0};
        text_wide(&name, row->name);
        text_format(out, "| ");
        selftest_cell(name.bytes, name.len, text_put, out);
        text_format(out, " | %s | %u.%u | ", results[row->result], row->ms / 1000,
                    row->ms / 100 % 10);
        selftest_cell(row->detail.bytes, row->detail.len, text_put, out);
        text_format(out, " |\n");
        out->failed |= name.failed;
        free(name.bytes);
    }
    text_format(out, "\nWhat `host-intact` compares:\n\n%s", selftest_host_what);
    for (size_t i = 0; i < report->count; i++) {
        const struct selftest_row *row = &report->rows[i];
        if (!row->more.len)
            continue;
        text_format(out, "\n## ");
        text_wide(out, row->name);
        text_format(out, "\n\n");
        text_put(out, row->more.bytes, row->more.len);
    }
}

static void json_text(struct json_writer *json, const char *key, const struct text *text)
{
    wchar_t *wide = text_to_wide(text->bytes, text->len);
    json_key(json, key);
    json_wide(json, wide ? wide : L"");
    free(wide);
}

void selftest_json(const struct selftest_report *report, struct text *out)
{
    struct json_writer json = json_writer_on(text_put, out);
    struct text system = {0};
    put_system(&system);
    json_begin_object(&json);
    json_key(&json, "plume");
    json_wide(&json, PLUME_VERSION);
    json_key(&json, "architecture");
    json_ascii(&json, architecture);
    json_text(&json, "system", &system);
    json_key(&json, "processors");
    json_u64(&json, processors());
    json_key(&json, "administrator");
    json_bool(&json, is_administrator());
    json_time(&json, "time", vm_now());
    json_key(&json, "tests");
    json_begin_array(&json);
    for (size_t i = 0; i < report->count; i++) {
        const struct selftest_row *row = &report->rows[i];
        json_begin_object(&json);
        json_key(&json, "name");
        json_wide(&json, row->name);
        json_key(&json, "result");
        json_ascii(&json, row->result == SELFTEST_FAILED ? "failed" : results[row->result]);
        json_key(&json, "ms");
        json_u64(&json, row->ms);
        json_text(&json, "detail", &row->detail);
        json_text(&json, "more", &row->more);
        json_end_object(&json);
    }
    json_end_array(&json);
    json_end_object(&json);
    json_end(&json);
    free(system.bytes);
}
