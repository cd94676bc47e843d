// Every way to name a file leads to the same one: each name of the list writes, and every other
// reads it back, deletes, renames and lists. With a folder that holds host.txt the same is done to
// what was there before.
//
//   file_names [FOLDER]     the folder's Win32 path, made when it is not there; default: names
#include "common_step.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <winternl.h>

enum { FORMS = 32, CHARS = 1024 };

/* A way to spell the folder, as an absolute NT name without a backslash at its end. */
struct form {
    const char *name;
    WCHAR folder[CHARS];
};
static struct form forms[FORMS];
static int form_count;
static WCHAR folder[CHARS];     // Win32, absolute
static const WCHAR *below_root; // without its drive: dir\names

typedef char *(__cdecl *unix_name_t)(const WCHAR *);

static void add(const char *name, const WCHAR *head, const WCHAR *tail)
{
    struct form *form = &forms[form_count++];
    form->name = name;
    _snwprintf(form->folder, CHARS - 1, L"%ls%ls", head, tail);
}

static NTSTATUS open_nt(const WCHAR *text, HANDLE root, ACCESS_MASK access, ULONG disposition,
                        ULONG options, HANDLE *handle)
{
    UNICODE_STRING name;
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK io;
    RtlInitUnicodeString(&name, text);
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, root, NULL);
    *handle = NULL;
    return NtCreateFile(handle, access | SYNCHRONIZE, &attributes, &io, NULL, FILE_ATTRIBUTE_NORMAL,
                        FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, disposition,
                        options | FILE_SYNCHRONOUS_IO_NONALERT, NULL, 0);
}

static void path_of(const struct form *form, const WCHAR *leaf, WCHAR *out)
{
    _snwprintf(out, CHARS - 1, L"%ls\\%ls", form->folder, leaf);
    out[CHARS - 1] = 0;
}

/* What the file holds, or its status, as text. */
static void read_text(const WCHAR *path, HANDLE root, char *out, DWORD cap)
{
    HANDLE file;
    DWORD size = 0;
    NTSTATUS status =
        open_nt(path, root, FILE_READ_DATA, FILE_OPEN, FILE_NON_DIRECTORY_FILE, &file);
    if (status) {
        snprintf(out, cap, "%08lx", (unsigned long)status);
        return;
    }
    if (!ReadFile(file, out, cap - 1, &size, NULL))
        size = 0;
    out[size] = 0;
    CloseHandle(file);
}

static NTSTATUS write_text(const WCHAR *path, const char *text, ULONG disposition)
{
    HANDLE file;
    DWORD size;
    NTSTATUS status =
        open_nt(path, NULL, FILE_WRITE_DATA, disposition, FILE_NON_DIRECTORY_FILE, &file);
    if (status)
        return status;
    WriteFile(file, text, (DWORD)strlen(text), &size, NULL);
    CloseHandle(file);
    return 0;
}

static void add_unix(void)
{
    unix_name_t unix_name = (unix_name_t)(void *)GetProcAddress(GetModuleHandleW(L"kernel32"),
                                                                "wine_get_unix_file_name");
    WCHAR wide[CHARS], upper[CHARS];
    char *name = unix_name ? unix_name(folder) : NULL;
    if (!name)
        return;
    MultiByteToWideChar(CP_UTF8, 0, name, -1, wide, CHARS);
    HeapFree(GetProcessHeap(), 0, name);
    add("unix, slashes", L"\\??\\unix", wide);
    for (WCHAR *at = wide; *at; at++)
        if (*at == '/')
            *at = '\\';
    add("unix", L"\\??\\unix", wide);
    add("drive of the unix root", L"\\??\\Z:", wide);
    wcscpy(upper, wide);
    add("drive of the unix root, upper case", L"\\??\\Z:", _wcsupr(upper));
}

static void make_forms(void)
{
    WCHAR text[CHARS], target[CHARS];
    add("drive", L"\\??\\", folder);
    wcscpy(text, folder);
    add("lower case", L"\\??\\", _wcslwr(text));
    add("upper case", L"\\??\\", _wcsupr(text));
    add("DosDevices", L"\\DosDevices\\", folder);
    add("GLOBAL??", L"\\GLOBAL??\\", folder);
    add("Global", L"\\??\\Global\\", folder);
    add("GLOBALROOT", L"\\??\\GLOBALROOT\\??\\", folder);
    _snwprintf(text, CHARS - 1, L"%.2ls\\\\%ls", folder, below_root);
    add("two backslashes", L"\\??\\", text);
    if (QueryDosDeviceW((WCHAR[]){folder[0], ':', 0}, target, CHARS)) {
        _snwprintf(text, CHARS - 1, L"%ls\\%ls", target, below_root);
        add("device", text, L"");
        add("GLOBALROOT device", L"\\??\\GLOBALROOT", text);
        if (!wcsncmp(target, L"\\Device\\", 8)) {
            add("link of the device", L"\\??\\", text + 8);
        }
    }
    if (GetVolumeNameForVolumeMountPointW((WCHAR[]){folder[0], ':', '\\', 0}, target, CHARS)) {
        _snwprintf(text, CHARS - 1, L"%ls%ls", target + 4, below_root);
        add("volume", L"\\??\\", text);
    }
    _snwprintf(text, CHARS - 1, L"%lc$\\%ls", folder[0], below_root);
    add("UNC localhost", L"\\??\\UNC\\localhost\\", text);
    if (GetShortPathNameW(folder, text, CHARS))
        add("short names", L"\\??\\", text);
    add_unix();
}

static void matrix(void)
{
    char text[64], line[80];
    WCHAR path[CHARS];
    for (int writer = 0; writer < form_count; writer++) {
        int same = 0;
        char what[64], first[64] = "";
        snprintf(what, sizeof what, "by form %d", writer);
        path_of(&forms[writer], L"A file.txt", path);
        snprintf(line, sizeof line, "%s: written", forms[writer].name);
        NTSTATUS status = write_text(path, what, FILE_OVERWRITE_IF);
        say(line, "%08lx", (unsigned long)status);
        for (int reader = 0; reader < form_count; reader++) {
            path_of(&forms[reader], L"A file.txt", path);
            read_text(path, NULL, text, sizeof text);
            if (!strcmp(text, what))
                same++;
            else if (!first[0])
                snprintf(first, sizeof first, "%s reads %.30s", forms[reader].name, text);
        }
        snprintf(line, sizeof line, "%s: read back", forms[writer].name);
        say(line, "by %d of %d; first other: %s", same, form_count, first);
    }
}

static void each_makes_and_deletes(void)
{
    WCHAR path[CHARS], name[64];
    char line[96], text[64];
    for (int i = 0; i < form_count; i++) {
        HANDLE file;
        const struct form *next = &forms[(i + 1) % form_count];
        _snwprintf(name, 64, L"made %d", i);
        path_of(&forms[i], name, path);
        snprintf(line, sizeof line, "%s: makes", forms[i].name);
        say(line, "%08lx", (unsigned long)write_text(path, "made", FILE_CREATE));
        path_of(&forms[0], name, path);
        read_text(path, NULL, text, sizeof text);
        snprintf(line, sizeof line, "%s: made", forms[i].name);
        say(line, "%s", text);
        path_of(next, name, path);
        NTSTATUS status = open_nt(path, NULL, DELETE, FILE_OPEN, FILE_DELETE_ON_CLOSE, &file);
        snprintf(line, sizeof line, "%s: deletes", next->name);
        say(line, "%08lx", (unsigned long)status);
        if (!status)
            CloseHandle(file);
        path_of(&forms[i], name, path);
        read_text(path, NULL, text, sizeof text);
        snprintf(line, sizeof line, "%s: after", forms[i].name);
        say(line, "%s", text);
    }
}

/* Listing by every form shows the same. */
static int compare(const void *a, const void *b)
{
    return _wcsicmp(a, b);
}

static void list(const struct form *form)
{
    static WCHAR names[64][64];
    WCHAR path[CHARS];
    UCHAR buffer[8192];
    char line[80], text[512] = "";
    HANDLE handle;
    IO_STATUS_BLOCK io;
    int count = 0;
    typedef NTSTATUS(NTAPI * query_t)(HANDLE, HANDLE, PIO_APC_ROUTINE, void *, IO_STATUS_BLOCK *,
                                      void *, ULONG, FILE_INFORMATION_CLASS, BOOLEAN,
                                      UNICODE_STRING *, BOOLEAN);
    query_t query =
        (query_t)(void *)GetProcAddress(GetModuleHandleW(L"ntdll"), "NtQueryDirectoryFile");
    wcscpy(path, form->folder);
    NTSTATUS status =
        open_nt(path, NULL, FILE_LIST_DIRECTORY, FILE_OPEN, FILE_DIRECTORY_FILE, &handle);
    snprintf(line, sizeof line, "%s: list", form->name);
    while (!status && !query(handle, NULL, NULL, NULL, &io, buffer, sizeof buffer,
                             FileDirectoryInformation, FALSE, NULL, FALSE)) {
        const FILE_DIRECTORY_INFORMATION *entry = (const void *)buffer;
        for (;;) {
            if (count < 64 && entry->FileNameLength < 126) {
                memcpy(names[count], entry->FileName, entry->FileNameLength);
                names[count++][entry->FileNameLength / 2] = 0;
            }
            if (!entry->NextEntryOffset)
                break;
            entry = (const void *)((const UCHAR *)entry + entry->NextEntryOffset);
        }
    }
    qsort(names, (size_t)count, sizeof names[0], compare);
    for (int i = 0; i < count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), " %ls", names[i]);
    say(line, "%08lx%s", (unsigned long)status, text);
    if (handle)
        CloseHandle(handle);
}

/* Relative to a handle that was opened by each form. */
static void relative(void)
{
    char line[80], text[64];
    for (int i = 0; i < form_count; i++) {
        HANDLE root;
        NTSTATUS status = open_nt(forms[i].folder, NULL, FILE_LIST_DIRECTORY | FILE_TRAVERSE,
                                  FILE_OPEN, FILE_DIRECTORY_FILE, &root);
        snprintf(line, sizeof line, "%s: relative", forms[i].name);
        if (status) {
            say(line, "%08lx", (unsigned long)status);
            continue;
        }
        read_text(L"a FILE.txt", root, text, sizeof text);
        say(line, "%s", text);
        read_text(L"sub\\inner.txt", root, text, sizeof text);
        say(line, "%s", text);
        read_text(L"\\sub", root, text, sizeof text);
        say(line, "%s", text);
        CloseHandle(root);
    }
}

/* A long name and the short one that the system gives it. */
static void short_names(void)
{
    WCHAR path[CHARS], shortened[CHARS] = L"", text[CHARS];
    char read[64];
    path_of(&forms[0], L"A rather long name.text", path);
    say("long name: made", "%08lx", (unsigned long)write_text(path, "long", FILE_OVERWRITE_IF));
    step("long name: short name", GetShortPathNameW(path + 4, shortened, CHARS) != 0);
    const WCHAR *leaf = wcsrchr(shortened, L'\\');
    leaf = leaf ? leaf + 1 : L"none";
    say("long name: is shorter", "%d", wcslen(leaf) < 20);
    path_of(&forms[0], leaf, text);
    read_text(text, NULL, read, sizeof read);
    say("short name: reads", "%s", read);
    say("short name: writes", "%08lx", (unsigned long)write_text(text, "short", FILE_OPEN));
    read_text(path, NULL, read, sizeof read);
    say("long name: reads", "%s", read);
    HANDLE file;
    NTSTATUS status = open_nt(text, NULL, DELETE, FILE_OPEN, FILE_DELETE_ON_CLOSE, &file);
    say("short name: deletes", "%08lx", (unsigned long)status);
    if (!status)
        CloseHandle(file);
    read_text(path, NULL, read, sizeof read);
    say("long name: after", "%s", read);
}

/* Names at the edge of what the system takes. */
static void edges(void)
{
    static const struct {
        const char *what;
        const WCHAR *leaf;
    } names[] = {
        {"empty", L""},
        {"a dot", L"."},
        {"two dots", L".."},
        {"dot at the end", L"dot."},
        {"blank at the end", L"blank "},
        {"blank at the front", L" blank"},
        {"slash", L"a/b"},
        {"star", L"a*b"},
        {"question mark", L"a?b"},
        {"bar", L"a|b"},
        {"quote", L"a\"b"},
        {"control", L"a\x01z"},
        {"half a surrogate pair", L"x\xd800y"},
        {"the other half", L"x\xdc00y"},
        {"stream", L"A file.txt:s"},
        {"data stream", L"A file.txt::$DATA"},
        {"stream without a name", L"A file.txt:"},
        {"backslash at the end", L"A file.txt\\"},
        {"two backslashes", L"sub\\\\inner.txt"},
        {"through a file", L"A file.txt\\x"},
        {"through nothing", L"nothing\\x"},
        {"up and down", L"sub\\..\\A file.txt"},
        {"device name", L"NUL"},
        {"device name with an extension", L"nul.txt"},
    };
    WCHAR path[CHARS];
    char line[80], text[64];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        path_of(&forms[0], names[i].leaf, path);
        snprintf(line, sizeof line, "%s: made", names[i].what);
        say(line, "%08lx", (unsigned long)write_text(path, "edge", FILE_OPEN_IF));
        read_text(path, NULL, text, sizeof text);
        snprintf(line, sizeof line, "%s: read", names[i].what);
        say(line, "%s", text);
        snprintf(line, sizeof line, "%s: attributes", names[i].what);
        step(line, GetFileAttributesW(path + 4) != INVALID_FILE_ATTRIBUTES);
        _snwprintf(path, CHARS - 1, L"%ls\\%ls", folder, names[i].leaf);
        snprintf(line, sizeof line, "%s: Win32 attributes", names[i].what);
        step(line, GetFileAttributesW(path) != INVALID_FILE_ATTRIBUTES);
    }
}

static void long_names(void)
{
    static const size_t lengths[] = {200, 254, 255, 256, 300};
    WCHAR leaf[512], path[CHARS];
    char line[80], text[64];
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        for (size_t at = 0; at < lengths[i]; at++)
            leaf[at] = (WCHAR)('a' + at % 26);
        leaf[lengths[i]] = 0;
        path_of(&forms[0], leaf, path);
        snprintf(line, sizeof line, "name of %u: made", (unsigned)lengths[i]);
        say(line, "%08lx", (unsigned long)write_text(path, "long", FILE_CREATE));
        read_text(path, NULL, text, sizeof text);
        snprintf(line, sizeof line, "name of %u: read", (unsigned)lengths[i]);
        say(line, "%s", text);
        snprintf(line, sizeof line, "name of %u: deleted", (unsigned)lengths[i]);
        _snwprintf(path, CHARS - 1, L"\\\\?\\%ls\\%ls", folder, leaf);
        step(line, DeleteFileW(path));
    }
    // A path of more than 2,000 units, of folders of 100.
    static WCHAR deep[4096];
    _snwprintf(deep, 4095, L"\\\\?\\%ls", folder);
    size_t depths[24], depth = 0;
    BOOL good = TRUE;
    for (; good && depth < 20; depth++) {
        depths[depth] = wcslen(deep);
        wcscat(deep, L"\\");
        for (int at = 0; at < 100; at++)
            wcscat(deep, L"d");
        good = CreateDirectoryW(deep, NULL);
    }
    step("deep folders", good);
    size_t end = wcslen(deep);
    wcscat(deep, L"\\file");
    HANDLE file = CreateFileW(deep, GENERIC_WRITE, 0, NULL, CREATE_NEW, 0, NULL);
    if (step("deep file", file != INVALID_HANDLE_VALUE))
        CloseHandle(file);
    step("deep file: deleted", DeleteFileW(deep));
    deep[end] = 0;
    for (good = TRUE; depth-- > 0;) {
        good = RemoveDirectoryW(deep) && good;
        deep[depths[depth]] = 0;
    }
    step("deep folders: removed", good);
}

int wmain(int argc, WCHAR **argv);
int wmain(int argc, WCHAR **argv)
{
    WCHAR path[CHARS], *leaf;
    GetFullPathNameW(argc > 1 ? argv[1] : L"names", CHARS, folder, &leaf);
    below_root = folder + 3;
    CreateDirectoryW(folder, NULL);
    make_forms();
    for (int i = 0; i < form_count; i++)
        if (strcmp(forms[i].name, "volume")) // whose text is another one on each machine
            say("form", "%s", forms[i].name);
    path_of(&forms[0], L"sub", path);
    CreateDirectoryW(path + 4, NULL);
    path_of(&forms[0], L"sub\\inner.txt", path);
    say("inner", "%08lx", (unsigned long)write_text(path, "inner", FILE_OVERWRITE_IF));
    matrix();
    each_makes_and_deletes();
    for (int i = 0; i < form_count; i++)
        list(&forms[i]);
    relative();
    short_names();
    edges();
    long_names();
    return 0;
}
