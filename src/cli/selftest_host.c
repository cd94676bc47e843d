#include "selftest_host.h"

#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char selftest_host_what[] =
    "* files: all below the folder in which the programs run, with sizes; names in the system "
    "drive's\n"
    "  root, the user's folder, `%APPDATA%`, `%LOCALAPPDATA%` and `%ALLUSERSPROFILE%`; names and "
    "sizes in\n"
    "  `%SystemRoot%` and `System32`\n"
    "* keys: names in `Software` of the user and the machine, and in `CLSID`, `AppID` and "
    "`Interface` below\n"
    "  the machine's `Software\\Classes`; the printers\n"
    "* values: all of each service, both environments\n"
    "\n"
    "On a machine in use a program that has nothing to do with Plume can change any of these.\n";

enum { NAME_UNITS = 32768 };

/* What a machine in use, or Plume itself, changes all the time. */
static bool is_left_out(const wchar_t *path)
{
    static const wchar_t *const ends[] = {L"\\pagefile.sys", L"\\swapfile.sys", L"\\hiberfil.sys",
                                          L"\\plume", L"\\Plume"};
    size_t len = wcslen(path);
    for (size_t i = 0; i < ARRAYSIZE(ends); i++) {
        size_t end = wcslen(ends[i]);
        if (len >= end && wcscmp(path + len - end, ends[i]) == 0)
            return true;
    }
    return false;
}

static void put(struct text *state, const char *kind, const wchar_t *path, const wchar_t *leaf,
                const char *more)
{
    text_format(state, "%s ", kind);
    text_wide(state, path);
    text_put(state, "\\", 1);
    text_wide(state, leaf);
    text_format(state, "%s\n", more);
}

enum look { NAMES, SIZES, BELOW };

static void put_folder(struct text *state, const wchar_t *folder, enum look look)
{
    WIN32_FIND_DATAW entry;
    size_t len = wcslen(folder);
    wchar_t *path = malloc((len + MAX_PATH + 2) * sizeof(*path));
    if (!path) {
        state->failed = true;
        return;
    }
    wcscpy(path, folder);
    wcscpy(path + len, L"\\*");
    HANDLE search = FindFirstFileW(path, &entry);
    for (BOOL more = search != INVALID_HANDLE_VALUE; more; more = FindNextFileW(search, &entry)) {
        const wchar_t *name = entry.cFileName;
        bool is_folder = entry.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY;
        char size[48] = "";
        if (wcscmp(name, L".") == 0 || wcscmp(name, L"..") == 0)
            continue;
        wcscpy(path + len + 1, name);
        if (is_left_out(path))
            continue;
        if (look != NAMES && !is_folder)
            _snprintf(size, sizeof(size) - 1, ": %lu:%lu bytes", entry.nFileSizeHigh,
                      entry.nFileSizeLow);
        put(state, is_folder ? "folder" : "file", folder, name, size);
        if (look == BELOW && is_folder && !(entry.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT))
            put_folder(state, path, BELOW);
    }
    if (search != INVALID_HANDLE_VALUE)
        FindClose(search);
    free(path);
}

static void put_variable(struct text *state, const wchar_t *variable, const wchar_t *below,
                         enum look look)
{
    wchar_t folder[1024];
    DWORD len = GetEnvironmentVariableW(variable, folder, 1000);
    if (!len || len >= 1000)
        return;
    wcscat(folder, below);
    put_folder(state, folder, look);
}

static void put_values(struct text *state, HKEY key, const wchar_t *shown)
{
    enum { MOST = 1 << 20 };
    wchar_t *name = malloc(NAME_UNITS * sizeof(*name));
    BYTE *data = malloc(MOST);
    state->failed |= !name || !data;
    for (DWORD i = 0; name && data; i++) {
        DWORD units = NAME_UNITS, size = MOST, type = 0;
        LONG code = RegEnumValueW(key, i, name, &units, NULL, &type, data, &size);
        char more[64];
        unsigned long long hash = 0xcbf29ce484222325;
        if (code != ERROR_SUCCESS && code != ERROR_MORE_DATA)
            break;
        for (DWORD at = 0; code == ERROR_SUCCESS && at < size; at++)
            hash = (hash ^ data[at]) * 0x100000001b3;
        _snprintf(more, sizeof(more) - 1, ": type %lu, %lu bytes, %08lx%08lx", type, size,
                  (unsigned long)(hash >> 32), (unsigned long)hash);
        more[sizeof(more) - 1] = 0;
        put(state, "value", shown, name, more);
    }
    free(data);
    free(name);
}

/* The keys in one, and where that is wanted their values and its own. */
static void put_key(struct text *state, HKEY root, const wchar_t *root_shown, const wchar_t *path,
                    bool values)
{
    wchar_t name[256], shown[512];
    HKEY key, sub;
    if (RegOpenKeyExW(root, path, 0, KEY_READ, &key) != ERROR_SUCCESS)
        return;
    _snwprintf(shown, ARRAYSIZE(shown) - 1, L"%ls\\%ls", root_shown, path);
    shown[ARRAYSIZE(shown) - 1] = 0;
    if (values)
        put_values(state, key, shown);
    for (DWORD i = 0, units = 256;
         RegEnumKeyExW(key, i, name, &units, NULL, NULL, NULL, NULL) == ERROR_SUCCESS;
         i++, units = 256) {
        wchar_t below[800];
        _snwprintf(below, ARRAYSIZE(below) - 1, L"%ls\\%ls", shown, name);
        below[ARRAYSIZE(below) - 1] = 0;
        if (is_left_out(below))
            continue;
        put(state, "key", shown, name, "");
        if (values && RegOpenKeyExW(key, name, 0, KEY_READ, &sub) == ERROR_SUCCESS) {
            put_values(state, sub, below);
            RegCloseKey(sub);
        }
    }
    RegCloseKey(key);
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Folders and keys come in no order that holds. */
static void sort(struct text *state)
{
    struct text sorted = {0};
    size_t count = 0, at = 0;
    text_put(state, "", 1); // terminates
    if (state->failed)
        return;
    for (size_t i = 0; i < state->len; i++)
        count += state->bytes[i] == '\n';
    char **lines = calloc(count + 1, sizeof(*lines));
    if (!lines) {
        state->failed = true;
        return;
    }
    for (char *line = state->bytes; at < count; at++) {
        lines[at] = line;
        line = strchr(line, '\n');
        *line++ = 0;
    }
    qsort(lines, count, sizeof(*lines), compare_lines);
    for (at = 0; at < count; at++) {
        text_put(&sorted, lines[at], strlen(lines[at]));
        text_put(&sorted, "\n", 1);
    }
    free(lines);
    free(state->bytes);
    *state = sorted;
}

void selftest_host_state(const wchar_t *work, struct text *state)
{
    static const wchar_t *const machine[] = {
        L"Software", L"Software\\Classes\\CLSID", L"Software\\Classes\\AppID",
        L"Software\\Classes\\Interface", L"System\\CurrentControlSet\\Control\\Print\\Printers"};
    *state = (struct text){0};
    put_folder(state, work, BELOW);
    put_variable(state, L"SystemDrive", L"", NAMES);
    put_variable(state, L"USERPROFILE", L"", NAMES);
    put_variable(state, L"APPDATA", L"", NAMES);
    put_variable(state, L"LOCALAPPDATA", L"", NAMES);
    put_variable(state, L"ALLUSERSPROFILE", L"", NAMES);
    put_variable(state, L"SystemRoot", L"", SIZES);
    put_variable(state, L"SystemRoot", L"\\System32", SIZES);
    for (size_t i = 0; i < ARRAYSIZE(machine); i++)
        put_key(state, HKEY_LOCAL_MACHINE, L"HKLM", machine[i], false);
    put_key(state, HKEY_CURRENT_USER, L"HKCU", L"Software", false);
    put_key(state, HKEY_CURRENT_USER, L"HKCU", L"Environment", true);
    put_key(state, HKEY_LOCAL_MACHINE, L"HKLM",
            L"System\\CurrentControlSet\\Control\\Session Manager\\Environment", true);
    put_key(state, HKEY_LOCAL_MACHINE, L"HKLM", L"System\\CurrentControlSet\\Services", true);
    sort(state);
}
