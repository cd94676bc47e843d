// Keys of the host's under many changes in a VM.
//
//   tool_keys setup COUNT     makes HKCU\Software\PlumeMany with COUNT sub-keys, and what `kill`
//   works on tool_keys delete          deletes the sub-keys one after the other, each found at
//   index 0; prints how many tool_keys kill COUNT      starts programs that change keys, ends COUNT
//   of them in the middle, and looks each
//                             time whether the keys are as before or as after a change, and nothing
//                             else
//   tool_keys work N SEED     such a program: the keys of worker N
//   tool_keys save FILE       saves a key to a file, over and over
//   tool_keys start FOLDER    starts four that work and six that save, into FOLDER, and waits for
//   them tool_keys check           looks only tool_keys cleanup
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>
#include "layer/nt.h"

enum { WORKERS = 4, KEYS = 6, TEXT = 2000 };

static const wchar_t many[] = L"Software\\PlumeMany", place[] = L"Software\\PlumeKill";

static HKEY open_key(HKEY root, const wchar_t *name)
{
    HKEY key = NULL;
    return RegOpenKeyExW(root, name, 0, KEY_ALL_ACCESS, &key) ? NULL : key;
}

static HKEY make_key(HKEY root, const wchar_t *name)
{
    HKEY key = NULL;
    if (RegCreateKeyExW(root, name, 0, NULL, 0, KEY_ALL_ACCESS, NULL, &key, NULL)) {
        printf("cannot make %ls\n", name);
        exit(1);
    }
    return key;
}

/* A text of one letter only, so that half of another shows. */
static void set_letter(HKEY key, const wchar_t *name, wchar_t letter)
{
    wchar_t text[TEXT];
    wmemset(text, letter, TEXT);
    RegSetValueExW(key, name, 0, REG_BINARY, (const BYTE *)text, sizeof text);
}

static int has_letter(HKEY key, const wchar_t *name)
{
    wchar_t text[TEXT];
    DWORD size = sizeof text, type = 0;
    if (RegQueryValueExW(key, name, NULL, &type, (BYTE *)text, &size) || size != sizeof text ||
        type != REG_BINARY)
        return 0;
    for (size_t i = 1; i < TEXT; i++)
        if (text[i] != text[0])
            return 0;
    return 1;
}

static void setup(unsigned count)
{
    HKEY key = make_key(HKEY_CURRENT_USER, many);
    wchar_t name[80];
    for (unsigned i = 0; i < count; i++) {
        swprintf(name, 80, L"key %05u", i);
        RegCloseKey(make_key(key, name));
    }
    RegCloseKey(key);
    for (unsigned worker = 0; worker < WORKERS; worker++) {
        swprintf(name, 80, L"%ls\\%u", place, worker);
        HKEY top = make_key(HKEY_CURRENT_USER, name);
        set_letter(top, L"value", L'h');
        for (unsigned i = 0; i < KEYS; i++) {
            swprintf(name, 80, L"d%u", i);
            key = make_key(top, name);
            set_letter(key, L"x", L'h');
            set_letter(key, L"y", L'h');
            RegCloseKey(key);
        }
        RegCloseKey(top);
    }
}

static unsigned delete_all(HKEY key)
{
    wchar_t name[80];
    unsigned count = 0;
    for (DWORD size = 80; !RegEnumKeyExW(key, 0, name, &size, NULL, NULL, NULL, NULL); size = 80) {
        if (RegDeleteKeyW(key, name))
            break;
        count++;
    }
    return count;
}

/* Each change by itself leaves what check() accepts. */
static void work(unsigned worker, unsigned seed)
{
    wchar_t name[80];
    swprintf(name, 80, L"%ls\\%u", place, worker);
    HKEY top = open_key(HKEY_CURRENT_USER, name);
    srand(seed);
    for (;;) {
        wchar_t letter = (wchar_t)(L'a' + rand() % 26);
        if (rand() % 3 == 0)
            set_letter(top, L"value", letter);
        swprintf(name, 80, L"d%u", rand() % KEYS);
        HKEY key = open_key(top, name);
        if (key) {
            if (rand() % 2)
                set_letter(key, rand() % 2 ? L"x" : L"y", letter);
            else
                RegDeleteKeyW(top, name);
            RegCloseKey(key);
            continue;
        }
        // It comes back complete, by a renaming; upwards in the listing, for Wine 8 (see
        // random_keys.c).
        key = make_key(top, L"temporary");
        set_letter(key, L"x", letter);
        set_letter(key, L"y", letter);
        UNICODE_STRING to = {(USHORT)(wcslen(name) * sizeof *name),
                             (USHORT)(wcslen(name) * sizeof *name), name};
        NtRenameKey(key, &to);
        RegCloseKey(key);
    }
}

static void save(const char *file)
{
    HANDLE token;
    TOKEN_PRIVILEGES privileges = {.PrivilegeCount = 1,
                                   .Privileges = {{.Attributes = SE_PRIVILEGE_ENABLED}}};
    OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES, &token);
    LookupPrivilegeValueW(NULL, L"SeBackupPrivilege", &privileges.Privileges[0].Luid);
    AdjustTokenPrivileges(token, FALSE, &privileges, 0, NULL, NULL);
    HKEY key = open_key(HKEY_CURRENT_USER, place);
    for (LONG error = 0; !error;) {
        DeleteFileA(file);
        error = RegSaveKeyA(key, file, NULL);
        if (error)
            printf("cannot save: %ld\n", error);
    }
}

static void start_all(const char *folder)
{
    enum { SAVERS = 6 };
    HANDLE processes[WORKERS + SAVERS];
    char self[300], line[700];
    GetModuleFileNameA(NULL, self, sizeof self);
    for (unsigned i = 0; i < WORKERS + SAVERS; i++) {
        STARTUPINFOA start = {.cb = sizeof start};
        PROCESS_INFORMATION process;
        if (i < WORKERS)
            snprintf(line, sizeof line, "\"%s\" work %u %lu", self, i, GetTickCount() + i);
        else
            snprintf(line, sizeof line, "\"%s\" save %s\\hive%u", self, folder, i);
        if (!CreateProcessA(NULL, line, NULL, NULL, FALSE, 0, NULL, NULL, &start, &process)) {
            printf("cannot start a worker: %lu\n", GetLastError());
            exit(1);
        }
        CloseHandle(process.hThread);
        processes[i] = process.hProcess;
    }
    WaitForMultipleObjects(WORKERS + SAVERS, processes, TRUE, INFINITE);
}

static int check_worker(unsigned worker)
{
    wchar_t name[80];
    DWORD keys = 0, values = 0, size, listed = 0;
    swprintf(name, 80, L"%ls\\%u", place, worker);
    HKEY top = open_key(HKEY_CURRENT_USER, name), key;
    if (!top || !has_letter(top, L"value"))
        return printf("%u: the value is neither old nor new\n", worker), 0;
    RegQueryInfoKeyW(top, NULL, NULL, NULL, &keys, NULL, NULL, &values, NULL, NULL, NULL, NULL);
    for (size = 80; !RegEnumKeyExW(top, listed, name, &size, NULL, NULL, NULL, NULL); size = 80) {
        listed++;
        key = open_key(top, name);
        if (!key)
            return printf("%u: %ls is listed and not there\n", worker, name), 0;
        if (name[0] == L'd') {
            if (!has_letter(key, L"x") || !has_letter(key, L"y"))
                return printf("%u: %ls is incomplete\n", worker, name), 0;
            RegQueryInfoKeyW(key, NULL, NULL, NULL, NULL, NULL, NULL, &values, NULL, NULL, NULL,
                             NULL);
            if (values != 2)
                return printf("%u: %ls has %lu values\n", worker, name, values), 0;
        } else if (wcscmp(name, L"temporary")) {
            return printf("%u: there is %ls\n", worker, name), 0;
        }
        RegCloseKey(key);
    }
    RegCloseKey(top);
    if (listed != keys)
        return printf("%u: %lu keys are listed, %lu counted\n", worker, listed, keys), 0;
    return 1;
}

static int check(void)
{
    int good = 1;
    for (unsigned worker = 0; worker < WORKERS; worker++)
        good &= check_worker(worker);
    return good;
}

static int kill_workers(unsigned count)
{
    unsigned killed = 0, bad = 0;
    srand(count);
    while (killed < count) {
        HANDLE workers[WORKERS];
        for (unsigned i = 0; i < WORKERS; i++) {
            wchar_t self[300], line[400];
            STARTUPINFOW start = {.cb = sizeof start};
            PROCESS_INFORMATION process;
            GetModuleFileNameW(NULL, self, 300);
            swprintf(line, 400, L"\"%ls\" work %u %u", self, i, killed + i);
            if (!CreateProcessW(NULL, line, NULL, NULL, FALSE, 0, NULL, NULL, &start, &process)) {
                printf("cannot start a worker: %lu\n", GetLastError());
                return 1;
            }
            CloseHandle(process.hThread);
            workers[i] = process.hProcess;
        }
        Sleep(100);
        for (unsigned i = 0; i < WORKERS; i++) {
            Sleep((DWORD)rand() % 20);
            TerminateProcess(workers[i], 9);
            WaitForSingleObject(workers[i], INFINITE);
            DWORD code = 0;
            GetExitCodeProcess(workers[i], &code);
            CloseHandle(workers[i]);
            if (code != 9) {
                printf("a worker ended by itself: %lu\n", code);
                return 1;
            }
            killed++;
        }
        bad += !check();
    }
    printf("killed %u, inconsistent %u\n", killed, bad);
    return bad != 0;
}

static void remove_tree(HKEY root, const wchar_t *name)
{
    wchar_t child[80];
    HKEY key = open_key(root, name);
    for (DWORD size = 80; key && !RegEnumKeyExW(key, 0, child, &size, NULL, NULL, NULL, NULL);
         size = 80)
        remove_tree(key, child);
    RegCloseKey(key);
    RegDeleteKeyW(root, name);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    unsigned number = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;
    if (!strcmp(what, "setup")) {
        setup(number);
    } else if (!strcmp(what, "delete")) {
        printf("deleted %u\n", delete_all(open_key(HKEY_CURRENT_USER, many)));
    } else if (!strcmp(what, "work")) {
        work(number, argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 0);
    } else if (!strcmp(what, "save") && argc > 2) {
        save(argv[2]);
    } else if (!strcmp(what, "start") && argc > 2) {
        start_all(argv[2]);
    } else if (!strcmp(what, "kill")) {
        return kill_workers(number);
    } else if (!strcmp(what, "check")) {
        puts(check() ? "consistent" : "inconsistent");
    } else if (!strcmp(what, "cleanup")) {
        remove_tree(HKEY_CURRENT_USER, many);
        remove_tree(HKEY_CURRENT_USER, place);
    }
    return 0;
}
