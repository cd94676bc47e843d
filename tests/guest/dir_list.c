// Listing folders at the level of the system call: every information class, patterns, small
// buffers, one entry at a time, beginning anew, going on after a change, events and APCs, and what
// is refused.
//
//   dir_list           works in the current folder and leaves nothing but what `prepare` made
//   dir_list prepare   makes what is there already: run natively before, it is the host's for a VM
//   dir_list clear     removes that; ends with 77
//
// Without `prepare` the guest makes it itself. Names are printed sorted: the order of what two
// layers have is the layer's.
#include "common_step.h"
#include <winternl.h>
#include <stdio.h>
#include <stdlib.h>

#define LOWER L"lower-list"

enum { SYNCHRONOUS = 0x20, DIRECTORY = 1 };

NTSTATUS NTAPI NtQueryDirectoryFile(HANDLE, HANDLE, PIO_APC_ROUTINE, void *, IO_STATUS_BLOCK *,
                                    void *, ULONG, ULONG, BOOLEAN, UNICODE_STRING *, BOOLEAN);

static char text[64 * 1024];

static void make(const WCHAR *path, const char *content)
{
    DWORD size;
    HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    WriteFile(file, content, (DWORD)strlen(content), &size, NULL);
    CloseHandle(file);
}

static const WCHAR *const files[] = {L"alpha.txt",   L"Beta.TXT",    L"gamma.dat",
                                     L"delta",       L"a.b.c",       L"long name with spaces.txt",
                                     L"deleted.txt", L"changed.txt", L"again.txt",
                                     L"ABCDEF.GHI",  L"x.y",         L"x.yz"};

static void prepare(void)
{
    WCHAR path[MAX_PATH];
    CreateDirectoryW(LOWER, NULL);
    CreateDirectoryW(LOWER L"\\sub", NULL);
    CreateDirectoryW(LOWER L"\\gone", NULL);
    for (unsigned i = 0; i < sizeof files / sizeof *files; i++) {
        _snwprintf(path, MAX_PATH, LOWER L"\\%ls", files[i]);
        make(path, "host");
        _snwprintf(path, MAX_PATH, LOWER L"\\sub\\%ls", files[i]);
        make(path, "host");
    }
    for (unsigned i = 0; i < 40; i++) {
        _snwprintf(path, MAX_PATH, LOWER L"\\n%02u.num", i);
        make(path, "host");
    }
}

static void remove_tree(const WCHAR *folder)
{
    WIN32_FIND_DATAW found;
    WCHAR path[MAX_PATH];
    _snwprintf(path, MAX_PATH, L"%ls\\*", folder);
    HANDLE find = FindFirstFileW(path, &found);
    while (find != INVALID_HANDLE_VALUE) {
        _snwprintf(path, MAX_PATH, L"%ls\\%ls", folder, found.cFileName);
        if (lstrcmpW(found.cFileName, L".") && lstrcmpW(found.cFileName, L".."))
            found.dwFileAttributes &FILE_ATTRIBUTE_DIRECTORY ? remove_tree(path)
                                                             : (void)DeleteFileW(path);
        if (!FindNextFileW(find, &found))
            break;
    }
    FindClose(find);
    RemoveDirectoryW(folder);
}

static void change(void)
{
    step("delete", DeleteFileW(LOWER L"\\deleted.txt"));
    make(LOWER L"\\changed.txt", "the VM's, longer");
    make(LOWER L"\\new.txt", "new");
    step("delete and make", DeleteFileW(LOWER L"\\again.txt"));
    make(LOWER L"\\again.txt", "again");
    step("folder", CreateDirectoryW(LOWER L"\\newdir", NULL));
    step("remove folder", RemoveDirectoryW(LOWER L"\\gone"));
    step("rename", MoveFileW(LOWER L"\\gamma.dat", LOWER L"\\zeta.dat"));
    step("respell", MoveFileW(LOWER L"\\alpha.txt", LOWER L"\\ALPHA.txt"));
    for (unsigned i = 0; i < 40; i += 2) { // more than are looked at one by one
        WCHAR path[MAX_PATH];
        _snwprintf(path, MAX_PATH, LOWER L"\\N%02u.num", i);
        if (!DeleteFileW(path))
            step("delete a number", FALSE);
    }
}

static HANDLE open_folder(const WCHAR *path, ULONG access, DWORD flags)
{
    return CreateFileW(path, access, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                       OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS | flags, NULL);
}

static size_t name_at(ULONG class)
{
    switch (class) {
    case 1:
        return 64;
    case 2:
        return 68;
    case 3:
        return 94;
    case 12:
        return 12;
    case 37:
        return 104;
    case 38:
        return 80;
    case 50:
        return 92;
    case 60:
        return 88;
    case 63:
        return 114;
    case 78:
        return 80;
    case 79:
        return 106;
    case 80:
        return 96;
    case 81:
        return 122;
    }
    return 0;
}

struct names {
    WCHAR name[200][64];
    unsigned count;
};

static int compare(const void *a, const void *b)
{
    return wcscmp(a, b);
}

/* Adds the names in a buffer. */
static void take(struct names *names, const void *buffer, ULONG class)
{
    const BYTE *at = buffer;
    for (;;) {
        ULONG length = *(const ULONG *)(at + (class == 12 ? 8 : 60));
        if (names->count < 200 && length < 126) {
            memcpy(names->name[names->count], at + name_at(class), length);
            names->name[names->count++][length / 2] = 0;
        }
        if (!*(const ULONG *)at)
            return;
        at += *(const ULONG *)at;
    }
}

static void show(const char *what, struct names *names)
{
    size_t used = 0;
    text[0] = 0;
    qsort(names->name, names->count, sizeof *names->name, compare);
    for (unsigned i = 0; i < names->count; i++) {
        used += (size_t)snprintf(text + used, sizeof text - used, " %ls", names->name[i]);
        if (i && !wcscmp(names->name[i], names->name[i - 1]))
            say(what, "%ls is there twice", names->name[i]);
    }
    say(what, "%u:%s", names->count, text);
}

static UNICODE_STRING counted(const WCHAR *pattern)
{
    USHORT size = (USHORT)(pattern ? lstrlenW(pattern) * 2 : 0);
    return (UNICODE_STRING){size, size, (WCHAR *)pattern};
}

static NTSTATUS ask(HANDLE folder, void *buffer, ULONG length, ULONG class, BOOLEAN single,
                    const WCHAR *pattern, BOOLEAN restart, IO_STATUS_BLOCK *io)
{
    UNICODE_STRING mask = counted(pattern);
    io->Status = 0x55555555;
    io->Information = 0x5555;
    return NtQueryDirectoryFile(folder, NULL, NULL, NULL, io, buffer, length, class, single,
                                pattern ? &mask : NULL, restart);
}

/* Lists with buffers of `length` until the end, or its failure. */
static void list(const char *what, const WCHAR *path, ULONG class, ULONG length, BOOLEAN single,
                 const WCHAR *pattern)
{
    static LONGLONG buffer[8192];
    static struct names names;
    IO_STATUS_BLOCK io;
    HANDLE folder = open_folder(path, FILE_LIST_DIRECTORY | SYNCHRONIZE, 0);
    NTSTATUS status;
    unsigned calls = 0, cut = 0;
    names.count = 0;
    while (!(status = ask(folder, buffer, length, class, single, pattern, FALSE, &io)) ||
           status == (NTSTATUS)0x80000005) {
        if (status)
            cut++;
        else
            take(&names, buffer, class);
        if (++calls == 1)
            say(what, "the first says %s", io.Information <= length ? "how much" : "too much");
    }
    say(what, "%lx, %lx, %s, %u cut", (unsigned long)status, (unsigned long)io.Status,
        calls > 1 ? "several calls"
        : calls   ? "one call"
                  : "none",
        cut);
    if (status == (NTSTATUS)0x80000006 || status == (NTSTATUS)0xc000000f)
        show(what, &names);
    CloseHandle(folder);
}

static void classes(const char *where, const WCHAR *path)
{
    static const ULONG tried[] = {0,  1,  2,  3,  4,  12, 29, 32, 33, 37,
                                  38, 50, 60, 63, 78, 79, 80, 81, 99, 0x80000001};
    for (unsigned i = 0; i < sizeof tried / sizeof *tried; i++) {
        char what[64];
        snprintf(what, sizeof what, "%s: class %lx", where, tried[i]);
        list(what, path, tried[i], 4096, FALSE, NULL);
    }
}

static void content(const char *where, const WCHAR *path)
{
    static LONGLONG buffer[8192];
    IO_STATUS_BLOCK io;
    HANDLE folder = open_folder(path, FILE_LIST_DIRECTORY | SYNCHRONIZE, 0);
    unsigned checked = 0, wrong = 0;
    while (!ask(folder, buffer, sizeof buffer, 37, TRUE, NULL, FALSE, &io)) {
        const BYTE *at = (const BYTE *)buffer;
        WCHAR name[64], file[MAX_PATH];
        WIN32_FILE_ATTRIBUTE_DATA data;
        ULONG length = *(const ULONG *)(at + 60);
        memcpy(name, at + 104, length);
        name[length / 2] = 0;
        if (name[0] == '.')
            continue;
        _snwprintf(file, MAX_PATH, L"%ls\\%ls", path, name);
        checked++;
        // What the listing says of a file is what the file says of itself.
        if (!GetFileAttributesExW(file, GetFileExInfoStandard, &data) ||
            data.dwFileAttributes != *(const ULONG *)(at + 56) ||
            CompareFileTime(&data.ftLastWriteTime, (const FILETIME *)(at + 24)) ||
            data.nFileSizeLow != *(const ULONG *)(at + 40)) {
            say(where, "%ls is listed otherwise than it is", name);
            wrong++;
        }
    }
    say(where, "%u checked, %u wrong", checked, wrong);
    CloseHandle(folder);
}

static void patterns(const char *where, const WCHAR *path)
{
    static const WCHAR *const tried[] = {
        L"*",          L"*.*",      L"*.txt",       L"*.TXT",       L"a*",      L"?.*",
        L"x.?",        L"x.??",     L"<.txt",       L"<",           L"n0?.num", L"\"",
        L"*\"",        L"n>>.num",  L"n>>>.num",    L"delta\"",     L"delta.*", L"changed.txt",
        L"new*",       L"none",     L"deleted.txt", L".",           L"..",      L"*c",
        L"long name*", L"zeta.dat", L"gamma.dat",   L"CHANGED.TXT", L"*e*e*",   L"**.t*t",
        L"a.b.c",      L"again.txt"};
    for (unsigned i = 0; i < sizeof tried / sizeof *tried; i++) {
        char what[64];
        WCHAR whole[MAX_PATH];
        WIN32_FIND_DATAW found;
        static struct names names;
        snprintf(what, sizeof what, "%s: pattern %ls", where, tried[i]);
        list(what, path, 3, 4096, FALSE, tried[i]);
        _snwprintf(whole, MAX_PATH, L"%ls\\%ls", path, tried[i]);
        HANDLE find = FindFirstFileW(whole, &found);
        step(what, find != INVALID_HANDLE_VALUE);
        names.count = 0;
        if (find == INVALID_HANDLE_VALUE)
            continue;
        do
            wcsncpy(names.name[names.count++ % 200], found.cFileName, 63);
        while (FindNextFileW(find, &found));
        step_code(what, GetLastError());
        FindClose(find);
        show(what, &names);
    }
}

static void buffers(const char *where, const WCHAR *path)
{
    static const ULONG sizes[] = {0,  1,  12, 15, 16,  17,  20,  40,  63,  64,
                                  72, 95, 96, 97, 104, 111, 112, 120, 200, 1000};
    static const ULONG tried[] = {1, 3, 12, 37, 50, 60};
    for (unsigned c = 0; c < sizeof tried / sizeof *tried; c++) {
        for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            static LONGLONG buffer[200];
            IO_STATUS_BLOCK io;
            char what[64];
            HANDLE folder = open_folder(path, FILE_LIST_DIRECTORY | SYNCHRONIZE, 0);
            snprintf(what, sizeof what, "%s: class %lu, %lu bytes", where, tried[c], sizes[i]);
            memset(buffer, 0x55, sizeof buffer);
            NTSTATUS status =
                ask(folder, buffer, sizes[i], tried[c], TRUE, L"long name*", FALSE, &io);
            say(what, "%lx %lx %lx, %lx", (unsigned long)status, (unsigned long)io.Status,
                (unsigned long)io.Information,
                !NT_ERROR(status) ? *(ULONG *)((BYTE *)buffer + (tried[c] == 12 ? 8 : 60)) : 0);
            for (ULONG at = sizes[i]; at < sizeof buffer; at++) {
                if (((BYTE *)buffer)[at] != 0x55) {
                    say(what, "it wrote behind the buffer");
                    break;
                }
            }
            status = ask(folder, buffer, 1024, tried[c], TRUE, NULL, FALSE, &io);
            say(what, "then %lx", (unsigned long)status);
            CloseHandle(folder);
        }
    }
}

static void positions(const char *where, const WCHAR *path)
{
    static LONGLONG buffer[8192];
    static struct names names;
    IO_STATUS_BLOCK io;
    char what[64];
    HANDLE folder = open_folder(path, FILE_LIST_DIRECTORY | SYNCHRONIZE, 0);
    snprintf(what, sizeof what, "%s: positions", where);
    names.count = 0;
    for (unsigned i = 0; i < 5; i++) {
        NTSTATUS status = ask(folder, buffer, 1024, 3, TRUE, L"*.t*", FALSE, &io);
        if (!status)
            take(&names, buffer, 3);
        else
            say(what, "%lx", (unsigned long)status);
    }
    // Another class, in the middle.
    while (!ask(folder, buffer, 1024, 12, FALSE, NULL, FALSE, &io))
        take(&names, buffer, 12);
    show(what, &names);
    say(what, "at the end %lx",
        (unsigned long)ask(folder, buffer, 1024, 3, TRUE, NULL, FALSE, &io));
    names.count = 0;
    say(what, "anew %lx", (unsigned long)ask(folder, buffer, 1024, 3, TRUE, NULL, TRUE, &io));
    take(&names, buffer, 3);
    while (!ask(folder, buffer, 8192, 3, FALSE, L"other pattern", FALSE, &io))
        take(&names, buffer, 3);
    show(what, &names);
    CloseHandle(folder);

    folder = open_folder(path, FILE_LIST_DIRECTORY | SYNCHRONIZE, 0);
    snprintf(what, sizeof what, "%s: nothing matches", where);
    for (unsigned i = 0; i < 3; i++)
        say(what, "%lx",
            (unsigned long)ask(folder, buffer, 1024, 3, TRUE, L"no such*", i == 2, &io));
    CloseHandle(folder);

    // A change in the middle: what was there all the time comes once, what is new may come.
    folder = open_folder(path, FILE_LIST_DIRECTORY | SYNCHRONIZE, 0);
    snprintf(what, sizeof what, "%s: across a change", where);
    WCHAR file[MAX_PATH];
    names.count = 0;
    for (unsigned i = 0; i < 4; i++)
        if (!ask(folder, buffer, 1024, 1, TRUE, NULL, FALSE, &io))
            take(&names, buffer, 1);
    _snwprintf(file, MAX_PATH, L"%ls\\aaaa", path);
    make(file, "new");
    while (!ask(folder, buffer, 512, 1, FALSE, NULL, FALSE, &io))
        take(&names, buffer, 1);
    show(what, &names);
    names.count = 0;
    if (!ask(folder, buffer, 512, 1, FALSE, NULL, TRUE, &io))
        take(&names, buffer, 1);
    while (!ask(folder, buffer, 512, 1, FALSE, NULL, FALSE, &io))
        take(&names, buffer, 1);
    // Wine does not read the folder again (dlls/ntdll/unix/file.c, get_cached_dir_data).
    show("differs: listed anew after the change", &names);
    CloseHandle(folder);
    list(what, path, 1, 4096, FALSE, NULL);
    DeleteFileW(file);
    list(what, path, 1, 4096, FALSE, NULL);
}

static void CALLBACK on_done(void *context, IO_STATUS_BLOCK *io, ULONG reserved)
{
    (void)reserved;
    say("APC", "%s %lx", context == (void *)0x1234 ? "its context" : "another context",
        (unsigned long)io->Status);
}

static void completions(const char *where, const WCHAR *path)
{
    static LONGLONG buffer[8192];
    IO_STATUS_BLOCK io = {{0}, 0};
    char what[64];
    UNICODE_STRING all = counted(L"*.t*");
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
    for (unsigned way = 0; way < 4; way++) {
        static const char *const ways[] = {"event", "APC", "event and APC", "neither"};
        for (unsigned asynchronous = 0; asynchronous < 2; asynchronous++) {
            HANDLE folder = open_folder(path, FILE_LIST_DIRECTORY | SYNCHRONIZE,
                                        asynchronous ? FILE_FLAG_OVERLAPPED : 0);
            snprintf(what, sizeof what, "%s: %s%s", where, ways[way],
                     asynchronous ? ", overlapped" : "");
            ResetEvent(event);
            NTSTATUS status = NtQueryDirectoryFile(
                folder, way == 0 || way == 2 ? event : NULL,
                way == 1 || way == 2 ? (PIO_APC_ROUTINE)(void *)on_done : NULL, (void *)0x1234, &io,
                buffer, sizeof buffer, 3, TRUE, &all, FALSE);
            say(what, "%lx, event %lu, alerted %lu", (unsigned long)status,
                WaitForSingleObject(event, status ? 0 : 1000), SleepEx(0, TRUE));
            CloseHandle(folder);
        }
    }
    CloseHandle(event);
}

static void refusals(const char *where, const WCHAR *path)
{
    static LONGLONG buffer[512];
    IO_STATUS_BLOCK io;
    WCHAR file[MAX_PATH];
    char what[64];
    snprintf(what, sizeof what, "%s: refused", where);
    HANDLE handle = open_folder(path, FILE_READ_ATTRIBUTES | SYNCHRONIZE, 0);
    say(what, "without the right %lx",
        (unsigned long)ask(handle, buffer, 1024, 3, TRUE, NULL, FALSE, &io));
    CloseHandle(handle);
    say(what, "closed %lx", (unsigned long)ask(handle, buffer, 1024, 3, TRUE, NULL, FALSE, &io));
    handle = open_folder(path, FILE_LIST_DIRECTORY | SYNCHRONIZE, 0);
    say(what, "no buffer %lx", (unsigned long)ask(handle, NULL, 1024, 3, TRUE, NULL, FALSE, &io));
    say(what, "no buffer, no length %lx",
        (unsigned long)ask(handle, NULL, 0, 3, TRUE, NULL, FALSE, &io));
    CloseHandle(handle);
    _snwprintf(file, MAX_PATH, L"%ls\\changed.txt", path);
    handle = open_folder(file, GENERIC_READ, 0);
    say(what, "a file %lx", (unsigned long)ask(handle, buffer, 1024, 3, TRUE, NULL, FALSE, &io));
    CloseHandle(handle);
    _snwprintf(file, MAX_PATH, L"%ls\\delta", path);
    handle = open_folder(file, GENERIC_READ, 0);
    say(what, "another file %lx",
        (unsigned long)ask(handle, buffer, 1024, 3, TRUE, NULL, FALSE, &io));
    CloseHandle(handle);
}

/* One listing goes on through a duplicate, and is another one through another handle. */
static void duplicates(const char *where, const WCHAR *path)
{
    static LONGLONG buffer[512];
    IO_STATUS_BLOCK io;
    HANDLE folder = open_folder(path, FILE_LIST_DIRECTORY | SYNCHRONIZE, 0), copy = NULL;
    NTSTATUS status = ask(folder, buffer, 1024, 3, TRUE, L"x.yz", FALSE, &io);
    DuplicateHandle(GetCurrentProcess(), folder, GetCurrentProcess(), &copy, 0, FALSE,
                    DUPLICATE_SAME_ACCESS);
    say(where, "first %lx, duplicate %lx", (unsigned long)status,
        (unsigned long)ask(copy, buffer, 1024, 3, TRUE, L"x.yz", FALSE, &io));
    CloseHandle(folder);
    say(where, "after the first is closed %lx",
        (unsigned long)ask(copy, buffer, 1024, 3, TRUE, L"x.yz", FALSE, &io));
    CloseHandle(copy);
}

static void everything(const char *where, const WCHAR *path)
{
    classes(where, path);
    content(where, path);
    patterns(where, path);
    buffers(where, path);
    positions(where, path);
    completions(where, path);
    refusals(where, path);
    duplicates(where, path);
}

int wmain(int argc, WCHAR **argv); // no header has it

int wmain(int argc, WCHAR **argv)
{
    if (argc > 1 && !wcscmp(argv[1], L"prepare"))
        return prepare(), 0;
    if (argc > 1)
        return remove_tree(LOWER), 77;
    if (GetFileAttributesW(LOWER) == INVALID_FILE_ATTRIBUTES)
        prepare();
    everything("unchanged", LOWER L"\\sub");
    change();
    everything("changed", LOWER);
    // What the VM makes alone.
    CreateDirectoryW(L"own", NULL);
    for (unsigned i = 0; i < sizeof files / sizeof *files; i++) {
        WCHAR path[MAX_PATH];
        _snwprintf(path, MAX_PATH, L"own\\%ls", files[i]);
        make(path, "own");
    }
    everything("own", L"own");
    MoveFileW(L"own", L"moved");
    list("moved", L"moved", 37, 4096, FALSE, NULL);
    // Deleted and made again: nothing of the host's is in it.
    remove_tree(LOWER L"\\sub");
    list("without the folder", LOWER, 12, 4096, FALSE, L"s*");
    step("made again", CreateDirectoryW(LOWER L"\\sub", NULL));
    list("made again", LOWER L"\\sub", 12, 4096, FALSE, NULL);
    make(LOWER L"\\sub\\beta.txt", "again");
    list("made again", LOWER L"\\sub", 12, 4096, FALSE, NULL);
    remove_tree(L"moved");
    remove_tree(LOWER);
    list("at the end", L".", 12, 4096, FALSE, NULL);
    return 0;
}
