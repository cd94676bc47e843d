// Change notification: what is told of each change of a folder that the host has and of one that
// the guest makes, and every way to be told.
//
//   dir_watch           works in the current folder and leaves nothing but what `prepare` made
//   dir_watch prepare   makes what is there already: run natively before, it is the host's for a VM
//
// Without `prepare` the guest makes it itself: in a VM, a folder that the host has nothing of.
// What comes within a while after a change is put together, sorted, and each thing named once: how
// changes are put into calls is a matter of time.
#include "common_step.h"
#include <winternl.h>
#include <stdio.h>
#include <stdlib.h>

#define LOWER L"lower-watch"

enum { ALL = 0x17f, NAMES = 3, DATA = 0x18, WHILE = 250 };

NTSTATUS NTAPI NtNotifyChangeDirectoryFile(HANDLE, HANDLE, PIO_APC_ROUTINE, void *,
                                           IO_STATUS_BLOCK *, void *, ULONG, ULONG, BOOLEAN);
NTSTATUS NTAPI NtCancelIoFile(HANDLE, IO_STATUS_BLOCK *);

static BOOL make(const WCHAR *path, const char *content, DWORD disposition)
{
    DWORD size;
    HANDLE file = CreateFileW(path, GENERIC_WRITE, 7, NULL, disposition, 0, NULL);
    BOOL good = file != INVALID_HANDLE_VALUE &&
                WriteFile(file, content, (DWORD)strlen(content), &size, NULL);
    CloseHandle(file);
    return good;
}

static void prepare(void)
{
    static const WCHAR *const files[] = {L"a.txt",      L"b.txt",      L"c.txt",     L"d.txt",
                                         L"e.txt",      L"read.txt",   L"again.txt", L"dir\\x.txt",
                                         L"dir\\y.txt", L"gone\\z.txt"};
    CreateDirectoryW(LOWER, NULL);
    CreateDirectoryW(LOWER L"\\dir", NULL);
    CreateDirectoryW(LOWER L"\\gone", NULL);
    CreateDirectoryW(LOWER L"\\empty", NULL);
    for (unsigned i = 0; i < sizeof files / sizeof *files; i++) {
        WCHAR path[MAX_PATH];
        _snwprintf(path, MAX_PATH, LOWER L"\\%ls", files[i]);
        make(path, "host", CREATE_ALWAYS);
    }
}

static HANDLE open_folder(const WCHAR *path, DWORD flags)
{
    return CreateFileW(path, FILE_LIST_DIRECTORY | SYNCHRONIZE, 7, NULL, OPEN_EXISTING,
                       FILE_FLAG_BACKUP_SEMANTICS | flags, NULL);
}

struct watch {
    const char *name;
    HANDLE folder;
    OVERLAPPED overlapped;
    DWORD filter;
    BOOL subtree;
    LONGLONG buffer[2048];
    char seen[64][128];
    unsigned count;
};

static void ask(struct watch *watch)
{
    ResetEvent(watch->overlapped.hEvent);
    if (!ReadDirectoryChangesW(watch->folder, watch->buffer, sizeof watch->buffer, watch->subtree,
                               watch->filter, NULL, &watch->overlapped, NULL))
        step(watch->name, FALSE);
}

static void begin(struct watch *watch, const char *name, const WCHAR *path, DWORD filter,
                  BOOL subtree)
{
    memset(watch, 0, sizeof *watch);
    watch->name = name;
    watch->filter = filter;
    watch->subtree = subtree;
    watch->folder = open_folder(path, FILE_FLAG_OVERLAPPED);
    watch->overlapped.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    ask(watch);
}

static const char *action(DWORD number)
{
    static const char *const actions[] = {"?", "added", "removed", "modified", "old", "new"};
    return actions[number < 6 ? number : 0];
}

static void take(struct watch *watch, const void *buffer, DWORD size)
{
    const BYTE *at = buffer;
    for (; size;) {
        const FILE_NOTIFY_INFORMATION *info = (const void *)at;
        char text[128];
        snprintf(text, sizeof text, "%s %.*ls", action(info->Action), (int)info->FileNameLength / 2,
                 info->FileName);
        unsigned i = 0;
        while (i < watch->count && strcmp(watch->seen[i], text))
            i++;
        if (i == watch->count && i < 64)
            memcpy(watch->seen[watch->count++], text, sizeof text);
        if (!info->NextEntryOffset)
            break;
        at += info->NextEntryOffset;
    }
}

static int compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void collect(struct watch *watch)
{
    watch->count = 0;
    while (WaitForSingleObject(watch->overlapped.hEvent, WHILE) == WAIT_OBJECT_0) {
        DWORD size = 0;
        if (!GetOverlappedResult(watch->folder, &watch->overlapped, &size, FALSE)) {
            step(watch->name, FALSE);
            break;
        }
        if (!size)
            say(watch->name, "too much");
        take(watch, watch->buffer, size);
        ask(watch);
    }
}

/* What was told since the last time. */
static void show(struct watch *watch, const char *what)
{
    char text[2048] = "";
    size_t used = 0;
    collect(watch);
    qsort(watch->seen, watch->count, sizeof *watch->seen, compare);
    for (unsigned i = 0; i < watch->count; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, " %s;", watch->seen[i]);
    say(watch->name, "%s:%s", what, text);
}

static void stop(struct watch *watch)
{
    CloseHandle(watch->folder);
    DWORD waited = WaitForSingleObject(watch->overlapped.hEvent, 2000);
    say(watch->name, "closed, told %lu", waited);
    CloseHandle(watch->overlapped.hEvent);
}

#define AT(name) (_snwprintf(path, MAX_PATH, L"%ls\\" name, folder), path)

static void names(const char *name, const WCHAR *folder)
{
    static struct watch watch;
    WCHAR path[MAX_PATH], to[MAX_PATH];
    begin(&watch, name, folder, NAMES, FALSE);
    show(&watch, "nothing yet");
    make(AT(L"new.txt"), "new", CREATE_NEW);
    show(&watch, "make");
    DeleteFileW(AT(L"new.txt"));
    show(&watch, "delete what was made");
    CreateDirectoryW(AT(L"newdir"), NULL);
    show(&watch, "make a folder");
    RemoveDirectoryW(AT(L"newdir"));
    show(&watch, "remove it");
    make(AT(L"read.txt"), "more", OPEN_EXISTING);
    show(&watch, "write");
    CloseHandle(
        CreateFileW(AT(L"b.txt"), GENERIC_READ | GENERIC_WRITE, 7, NULL, OPEN_EXISTING, 0, NULL));
    show(&watch, "open for writing");
    SetFileAttributesW(AT(L"c.txt"), FILE_ATTRIBUTE_READONLY);
    show(&watch, "attributes");
    SetFileAttributesW(AT(L"c.txt"), FILE_ATTRIBUTE_NORMAL);
    DeleteFileW(AT(L"a.txt"));
    show(&watch, "delete");
    make(AT(L"a.txt"), "again", CREATE_NEW);
    show(&watch, "make again");
    DeleteFileW(AT(L"read.txt"));
    show(&watch, "delete what was written");
    make(AT(L"read.txt"), "again", CREATE_NEW);
    show(&watch, "make that again");
    wcscpy(to, AT(L"renamed.txt"));
    MoveFileW(AT(L"d.txt"), to);
    show(&watch, "rename");
    MoveFileW(to, AT(L"d.txt"));
    show(&watch, "rename back");
    wcscpy(to, AT(L"e.txt"));
    MoveFileExW(AT(L"c.txt"), to, MOVEFILE_REPLACE_EXISTING);
    show(&watch, "rename onto another");
    wcscpy(to, AT(L"moved"));
    MoveFileW(AT(L"gone"), to);
    show(&watch, "rename a folder");
    DeleteFileW(AT(L"moved\\z.txt"));
    show(&watch, "delete below");
    RemoveDirectoryW(to);
    show(&watch, "remove a folder");
    RemoveDirectoryW(AT(L"empty"));
    show(&watch, "remove an empty folder");
    make(AT(L"dir\\new.txt"), "new", CREATE_NEW);
    show(&watch, "make below");
    wcscpy(to, AT(L"dir\\in.txt"));
    MoveFileW(AT(L"d.txt"), to);
    show(&watch, "move away");
    MoveFileW(to, AT(L"d.txt"));
    show(&watch, "move here");
    // One after another, without a pause.
    for (unsigned i = 0; i < 10; i++) {
        _snwprintf(path, MAX_PATH, L"%ls\\many%u", folder, i);
        make(path, "x", CREATE_NEW);
        if (i % 2)
            DeleteFileW(path);
    }
    show(&watch, "many");
    stop(&watch);
}

static void data(const char *name, const WCHAR *folder)
{
    static struct watch watch;
    WCHAR path[MAX_PATH];
    begin(&watch, name, folder, DATA, FALSE);
    make(AT(L"again.txt"), "written", OPEN_EXISTING);
    show(&watch, "write");
    make(AT(L"again.txt"), "written", OPEN_EXISTING);
    show(&watch, "write again");
    CloseHandle(CreateFileW(AT(L"b.txt"), GENERIC_READ, 7, NULL, OPEN_EXISTING, 0, NULL));
    show(&watch, "read");
    stop(&watch);
}

static void subtree(const char *name, const WCHAR *folder)
{
    static struct watch watch;
    WCHAR path[MAX_PATH];
    begin(&watch, name, folder, NAMES, TRUE);
    CreateDirectoryW(AT(L"deep"), NULL);
    show(&watch, "make a folder");
    make(AT(L"deep\\file"), "x", CREATE_NEW);
    show(&watch, "make in it");
    CreateDirectoryW(AT(L"deep\\deeper"), NULL);
    show(&watch, "make a folder in it");
    make(AT(L"deep\\deeper\\file"), "x", CREATE_NEW);
    show(&watch, "make deeper");
    DeleteFileW(AT(L"deep\\deeper\\file"));
    show(&watch, "delete deeper");
    RemoveDirectoryW(AT(L"deep\\deeper"));
    show(&watch, "remove deeper");
    DeleteFileW(AT(L"deep\\file"));
    RemoveDirectoryW(AT(L"deep"));
    show(&watch, "remove");
    // Wine hears of what is below a folder that was there before only once somebody has opened it.
    HANDLE below = open_folder(AT(L"dir"), 0);
    DeleteFileW(AT(L"dir\\x.txt"));
    show(&watch, "delete below");
    make(AT(L"dir\\w.txt"), "x", CREATE_NEW);
    show(&watch, "make below");
    DeleteFileW(AT(L"dir\\w.txt"));
    show(&watch, "delete it");
    CloseHandle(below);
    stop(&watch);
}

static void CALLBACK on_change(DWORD error, DWORD size, OVERLAPPED *overlapped)
{
    say("completion routine", "error %lu, %s, %s", error, size ? "something" : "nothing",
        overlapped->hEvent == (HANDLE)0x1234 ? "its own" : "another's");
}

static void first_name(const char *name, const void *buffer)
{
    const FILE_NOTIFY_INFORMATION *info = buffer;
    say(name, "%s %.*ls", action(info->Action), (int)info->FileNameLength / 2, info->FileName);
}

static DWORD CALLBACK make_later(void *folder)
{
    WCHAR path[MAX_PATH];
    Sleep(300);
    make(AT(L"later.txt"), "x", CREATE_NEW);
    return 0;
}

static void ways(const char *where, const WCHAR *folder)
{
    static LONGLONG buffer[512];
    WCHAR path[MAX_PATH];
    char what[64];
    OVERLAPPED overlapped = {.hEvent = (HANDLE)0x1234}, *done;
    DWORD size = 0;
    ULONG_PTR key;

    // A completion routine.
    HANDLE handle = open_folder(folder, FILE_FLAG_OVERLAPPED);
    snprintf(what, sizeof what, "%s: routine", where);
    step(what, ReadDirectoryChangesW(handle, buffer, sizeof buffer, FALSE, NAMES, NULL, &overlapped,
                                     on_change));
    say(what, "before: %lu", SleepEx(50, TRUE));
    make(AT(L"way1"), "x", CREATE_NEW);
    say(what, "after: %lu", SleepEx(2000, TRUE));
    first_name(what, buffer);
    step(what, ReadDirectoryChangesW(handle, buffer, sizeof buffer, FALSE, NAMES, NULL, &overlapped,
                                     on_change));
    step(what, CancelIo(handle));
    say(what, "cancelled: %lu", SleepEx(2000, TRUE));
    CloseHandle(handle);

    // A completion port.
    handle = open_folder(folder, FILE_FLAG_OVERLAPPED);
    snprintf(what, sizeof what, "%s: port", where);
    HANDLE port = CreateIoCompletionPort(handle, NULL, 77, 1);
    overlapped.hEvent = NULL;
    step(what, port != NULL);
    step(what, ReadDirectoryChangesW(handle, buffer, sizeof buffer, FALSE, NAMES, NULL, &overlapped,
                                     NULL));
    step(what, GetQueuedCompletionStatus(port, &size, &key, &done, 50));
    make(AT(L"way2"), "x", CREATE_NEW);
    BOOL good = GetQueuedCompletionStatus(port, &size, &key, &done, 2000);
    step(what, good);
    say(what, "%s, key %lu, %s", size ? "something" : "nothing", (unsigned long)key,
        done == &overlapped ? "its own" : "another's");
    first_name(what, buffer);
    step(what, ReadDirectoryChangesW(handle, buffer, sizeof buffer, FALSE, NAMES, NULL, &overlapped,
                                     NULL));
    step(what, CancelIo(handle));
    good = GetQueuedCompletionStatus(port, &size, &key, &done, 2000);
    step(what, good);
    say(what, "%lu, key %lu, %s", size, (unsigned long)key,
        done == &overlapped ? "its own" : "another's");
    CloseHandle(handle);
    CloseHandle(port);

    // Nothing but the handle itself.
    handle = open_folder(folder, FILE_FLAG_OVERLAPPED);
    snprintf(what, sizeof what, "%s: handle", where);
    memset(&overlapped, 0, sizeof overlapped);
    step(what, ReadDirectoryChangesW(handle, buffer, sizeof buffer, FALSE, NAMES, NULL, &overlapped,
                                     NULL));
    say(what, "before: %lu", WaitForSingleObject(handle, 50));
    make(AT(L"way3"), "x", CREATE_NEW);
    good = GetOverlappedResult(handle, &overlapped, &size, TRUE);
    step(what, good);
    say(what, "%s", size ? "something" : "nothing");
    CloseHandle(handle);

    // Find...ChangeNotification.
    snprintf(what, sizeof what, "%s: find", where);
    handle = FindFirstChangeNotificationW(folder, FALSE, NAMES);
    step(what, handle != INVALID_HANDLE_VALUE);
    say(what, "before: %lu", WaitForSingleObject(handle, 50));
    make(AT(L"way4"), "x", CREATE_NEW);
    say(what, "after: %lu", WaitForSingleObject(handle, 2000));
    step(what, FindNextChangeNotification(handle));
    say(what, "next: %lu", WaitForSingleObject(handle, 50));
    DeleteFileW(AT(L"way4"));
    say(what, "after: %lu", WaitForSingleObject(handle, 2000));
    step(what, FindNextChangeNotification(handle));
    say(what, "next: %lu", WaitForSingleObject(handle, 50));
    DeleteFileW(AT(L"b.txt"));
    say(what, "after a deletion: %lu", WaitForSingleObject(handle, 2000));
    step(what, FindCloseChangeNotification(handle));

    // Waiting in the call.
    snprintf(what, sizeof what, "%s: synchronous", where);
    handle = open_folder(folder, 0);
    HANDLE thread = CreateThread(NULL, 0, make_later, (void *)folder, 0, NULL);
    good = ReadDirectoryChangesW(handle, buffer, sizeof buffer, FALSE, NAMES, &size, NULL, NULL);
    step(what, good);
    say(what, "%s", size ? "something" : "nothing");
    first_name(what, buffer);
    WaitForSingleObject(thread, 2000);
    CloseHandle(thread);
    CloseHandle(handle);

    // Between two calls changes are kept.
    snprintf(what, sizeof what, "%s: between", where);
    memset(&overlapped, 0, sizeof overlapped);
    overlapped.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    handle = open_folder(folder, FILE_FLAG_OVERLAPPED);
    step(what, ReadDirectoryChangesW(handle, buffer, sizeof buffer, FALSE, NAMES, NULL, &overlapped,
                                     NULL));
    make(AT(L"way5"), "x", CREATE_NEW);
    say(what, "first: %lu", WaitForSingleObject(overlapped.hEvent, 2000));
    first_name(what, buffer);
    make(AT(L"way6"), "x", CREATE_NEW);
    Sleep(WHILE);
    ResetEvent(overlapped.hEvent);
    step(what, ReadDirectoryChangesW(handle, buffer, sizeof buffer, FALSE, NAMES, NULL, &overlapped,
                                     NULL));
    say(what, "second: %lu", WaitForSingleObject(overlapped.hEvent, 2000));
    first_name(what, buffer);
    // A buffer that is too small: the folder is to be listed.
    ResetEvent(overlapped.hEvent);
    step(what, ReadDirectoryChangesW(handle, buffer, 16, FALSE, NAMES, NULL, &overlapped, NULL));
    make(AT(L"a long name for a small buffer"), "x", CREATE_NEW);
    say(what, "small: %lu", WaitForSingleObject(overlapped.hEvent, 2000));
    step(what, GetOverlappedResult(handle, &overlapped, &size, FALSE));
    say(what, "%lx, %lu", (unsigned long)overlapped.Internal, size);
    ResetEvent(overlapped.hEvent);
    step(what, ReadDirectoryChangesW(handle, buffer, sizeof buffer, FALSE, NAMES, NULL, &overlapped,
                                     NULL));
    say(what, "nothing more: %lu", WaitForSingleObject(overlapped.hEvent, 50));
    IO_STATUS_BLOCK io = {{0x5555}, 0x5555};
    say(what, "cancel: %lx", (unsigned long)NtCancelIoFile(handle, &io));
    say(what, "cancelled: %lu, %lx, %lx", WaitForSingleObject(overlapped.hEvent, 2000),
        (unsigned long)overlapped.Internal, (unsigned long)io.Status);
    say(what, "cancel nothing: %lx", (unsigned long)NtCancelIoFile(handle, &io));
    CloseHandle(handle);
    CloseHandle(overlapped.hEvent);
}

static void refusals(const char *where, const WCHAR *folder)
{
    static LONGLONG buffer[512];
    WCHAR path[MAX_PATH];
    IO_STATUS_BLOCK io;
    HANDLE handle = open_folder(folder, FILE_FLAG_OVERLAPPED);
    static const ULONG filters[] = {0, 0x1000, 0x80000000};
    for (unsigned i = 0; i < 3; i++)
        say(where, "filter %lx: %lx", filters[i],
            (unsigned long)NtNotifyChangeDirectoryFile(handle, NULL, NULL, NULL, &io, buffer,
                                                       sizeof buffer, filters[i], FALSE));
    say(where, "no status: %lx",
        (unsigned long)NtNotifyChangeDirectoryFile(handle, NULL, NULL, NULL, NULL, buffer,
                                                   sizeof buffer, NAMES, FALSE));
    CloseHandle(handle);
    say(where, "closed: %lx",
        (unsigned long)NtNotifyChangeDirectoryFile(handle, NULL, NULL, NULL, &io, buffer,
                                                   sizeof buffer, NAMES, FALSE));
    handle = CreateFileW(AT(L"e.txt"), GENERIC_READ, 7, NULL, OPEN_EXISTING, 0, NULL);
    say(where, "a file: %lx",
        (unsigned long)NtNotifyChangeDirectoryFile(handle, NULL, NULL, NULL, &io, buffer,
                                                   sizeof buffer, NAMES, FALSE));
    CloseHandle(handle);
}

static void remove_tree(const WCHAR *folder)
{
    WIN32_FIND_DATAW found;
    WCHAR path[MAX_PATH];
    _snwprintf(path, MAX_PATH, L"%ls\\*", folder);
    HANDLE find = FindFirstFileW(path, &found);
    while (find != INVALID_HANDLE_VALUE) {
        _snwprintf(path, MAX_PATH, L"%ls\\%ls", folder, found.cFileName);
        if (!(found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY))
            DeleteFileW(path);
        else if (lstrcmpW(found.cFileName, L".") && lstrcmpW(found.cFileName, L".."))
            remove_tree(path);
        if (!FindNextFileW(find, &found))
            break;
    }
    FindClose(find);
    if (!RemoveDirectoryW(folder))
        step("clean up", FALSE);
}

static void everything(const char *where, const WCHAR *folder)
{
    char what[5][64];
    static const char *const parts[] = {"names", "data", "subtree", "ways", "refused"};
    for (unsigned i = 0; i < 5; i++)
        snprintf(what[i], sizeof *what, "%s, %s", where, parts[i]);
    data(what[1], folder);
    names(what[0], folder);
    subtree(what[2], folder);
    ways(what[3], folder);
    refusals(what[4], folder);
}

int wmain(int argc, WCHAR **argv); // no header has it

int wmain(int argc, WCHAR **argv)
{
    if (argc > 1 && !wcscmp(argv[1], L"prepare"))
        return prepare(), 0;
    BOOL own = GetFileAttributesW(LOWER) == INVALID_FILE_ATTRIBUTES;
    if (own)
        prepare();
    everything(own ? "own" : "host's", LOWER);
    remove_tree(LOWER);
    return 0;
}
