#include "selftest_tests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/selftest.h"

static bool out_of_memory(struct plume_error *error)
{
    return error_win32_code(error, ERROR_NOT_ENOUGH_MEMORY, L"cannot test", NULL, NULL);
}

static bool add(struct selftest_tests *self, enum selftest_kind kind, const wchar_t *prefix,
                const wchar_t *subject, struct plume_error *error)
{
    wchar_t name[SELFTEST_NAME_MAX] = L"";
    size_t count = self->report.count;
    if (wcslen(prefix) + wcslen(subject) >= SELFTEST_NAME_MAX)
        return error_plain(error, L"cannot test", subject, L"the name is too long", NULL);
    wcscat(wcscpy(name, prefix), subject);
    if (self->pattern && !wcsstr(name, self->pattern))
        return true;
    for (size_t i = 0; i < count; i++)
        if (wcscmp(self->report.rows[i].name, name) == 0)
            return true;
    struct selftest_test *tests = realloc(self->tests, (count + 1) * sizeof(*tests));
    if (tests)
        self->tests = tests;
    struct selftest_row *rows =
        tests ? realloc(self->report.rows, (count + 1) * sizeof(*rows)) : NULL;
    if (!rows)
        return out_of_memory(error);
    self->report.rows = rows;
    tests[count] = (struct selftest_test){.kind = kind};
    rows[count] = (struct selftest_row){0};
    wcscpy(tests[count].subject, subject);
    wcscpy(rows[count].name, name);
    self->report.count++;
    return true;
}

static int compare_names(const void *a, const void *b)
{
    return wcscmp(*(const wchar_t(*)[SELFTEST_NAME_MAX])a, *(const wchar_t(*)[SELFTEST_NAME_MAX])b);
}

/* All guests but those that are no comparison by themselves. */
static bool add_guests(struct selftest_tests *self, struct plume_error *error)
{
    wchar_t path[VM_PATH_MAX + 16], (*names)[SELFTEST_NAME_MAX] = NULL;
    WIN32_FIND_DATAW entry;
    size_t count = 0;
    bool ok = true;
    _snwprintf(path, ARRAYSIZE(path), L"%ls\\*.exe", self->guests);
    HANDLE search = FindFirstFileW(path, &entry);
    for (BOOL more = search != INVALID_HANDLE_VALUE; ok && more;
         more = FindNextFileW(search, &entry)) {
        size_t len = wcslen(entry.cFileName) - 4;
        if (wcsncmp(entry.cFileName, L"tool_", 5) == 0 || len >= SELFTEST_NAME_MAX)
            continue;
        void *grown = realloc(names, (count + 1) * sizeof(*names));
        if (!grown) {
            ok = out_of_memory(error);
            break;
        }
        names = grown;
        wcsncpy(names[count], entry.cFileName, len);
        names[count++][len] = 0;
    }
    if (search != INVALID_HANDLE_VALUE)
        FindClose(search);
    if (ok && !count)
        ok = error_plain(error, L"cannot test", self->guests, L"there are no programs to run",
                         L"name their folder with --guests");
    if (count)
        qsort(names, count, sizeof(*names), compare_names);
    for (size_t i = 0; ok && i < count; i++)
        ok = add(self, TEST_PARITY, L"parity/", names[i], error);
    free(names);
    return ok;
}

/* The services of the host's whose name matches. */
static bool add_services(struct selftest_tests *self, const wchar_t *pattern,
                         struct plume_error *error)
{
    DWORD size = 0, count = 0, resume = 0;
    SC_HANDLE scm = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT | SC_MANAGER_ENUMERATE_SERVICE);
    if (!scm)
        return error_win32(error, L"cannot list the services", NULL, NULL);
    EnumServicesStatusExW(scm, SC_ENUM_PROCESS_INFO, SERVICE_WIN32, SERVICE_STATE_ALL, NULL, 0,
                          &size, &count, &resume, NULL);
    size += 65536; // some may come meanwhile
    resume = 0;
    ENUM_SERVICE_STATUS_PROCESSW *all = malloc(size);
    bool ok = true;
    if (!all)
        ok = out_of_memory(error);
    else if (!EnumServicesStatusExW(scm, SC_ENUM_PROCESS_INFO, SERVICE_WIN32, SERVICE_STATE_ALL,
                                    (BYTE *)all, size, &size, &count, &resume, NULL))
        ok = error_win32(error, L"cannot list the services", NULL, NULL);
    for (DWORD i = 0; ok && all && i < count; i++)
        if (selftest_matches(str16_of(pattern), str16_of(all[i].lpServiceName)))
            ok = add(self, TEST_SERVICE, L"service/", all[i].lpServiceName, error);
    free(all);
    CloseServiceHandle(scm);
    return ok;
}

/* The lines of the plan of one sort: tests at once, or services. */
static bool add_planned(struct selftest_tests *self, const struct text *text, bool services,
                        struct plume_error *error)
{
    struct selftest_plan plan = {text->bytes, text->len, 0};
    enum selftest_word word;
    const char *name;
    size_t len;
    bool ok = true;
    while (ok && (word = selftest_plan_next(&plan, &name, &len)) != SELFTEST_END) {
        wchar_t *wide = text_to_wide(name, len);
        ok = wide || out_of_memory(error);
        if (ok && word == SELFTEST_WRONG)
            ok = error_plain(error, L"cannot read selftest.txt", wide, L"the line is not known",
                             NULL);
        else if (ok && word == SELFTEST_SERVICE)
            ok = !services || add_services(self, wide, error);
        else if (ok && !services)
            ok = add(self, word == SELFTEST_AT_ONCE ? TEST_AT_ONCE : TEST_AT_ONCE_IN_VMS,
                     L"at-once/", wide, error);
        free(wide);
    }
    return ok;
}

/* Beside plume.exe, as it is given to others and as it is built. */
static bool find_guests(struct selftest_tests *self, const wchar_t *given,
                        struct plume_error *error)
{
    static const wchar_t *const places[] = {L"selftest", L"tests\\guest"};
    wchar_t own[VM_PATH_MAX], *last;
    if (given) {
        DWORD len = GetFullPathNameW(given, ARRAYSIZE(self->guests) - 64, self->guests, NULL);
        return (len && len < ARRAYSIZE(self->guests) - 64) ||
               error_win32(error, L"cannot test with", given, NULL);
    }
    DWORD len = GetModuleFileNameW(NULL, own, ARRAYSIZE(own));
    if (!len || len >= ARRAYSIZE(own) - 64 || !(last = wcsrchr(own, L'\\')))
        return error_win32_code(error, ERROR_FILENAME_EXCED_RANGE, L"cannot find", L"plume.exe",
                                NULL);
    for (size_t i = 0; i < ARRAYSIZE(places); i++) {
        wcscpy(last + 1, places[i]);
        wcscpy(self->guests, own);
        if (GetFileAttributesW(own) != INVALID_FILE_ATTRIBUTES)
            break;
    }
    return true;
}

bool selftest_tests_find(struct selftest_tests *self, const wchar_t *guests,
                         const struct text_list *services, struct plume_error *error)
{
    wchar_t path[VM_PATH_MAX + 16];
    struct text plan = {0};
    if (!find_guests(self, guests, error))
        return false;
    _snwprintf(path, ARRAYSIZE(path), L"%ls\\selftest.txt", self->guests);
    bool ok =
        (GetFileAttributesW(path) == INVALID_FILE_ATTRIBUTES || text_load(&plan, path, error)) &&
        add_guests(self, error) && add(self, TEST_HOST, L"", L"host-intact", error) &&
        add_planned(self, &plan, false, error) && add_planned(self, &plan, true, error);
    for (size_t i = 0; ok && i < services->count; i++)
        ok = add_services(self, services->items[i], error);
    free(plan.bytes);
    return ok;
}

void selftest_tests_free(struct selftest_tests *self)
{
    for (size_t i = 0; i < self->report.count; i++) {
        free(self->report.rows[i].detail.bytes);
        free(self->report.rows[i].more.bytes);
    }
    free(self->report.rows);
    free(self->tests);
}
