// Folders that are renamed while others have them open, or what is in them: what is opened relative
// to such a handle, listed through it and watched with it is the folder's under its new name.
//
//   dir_renamed [prepare|run] [FOLDER]     default: both, in the folder "renamed"
#include "common_step.h"
#include <stdio.h>
#include <string.h>
#include <winternl.h>

enum { RENAME = 10, ALL = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE };

NTSTATUS NTAPI NtQueryDirectoryFile(HANDLE, HANDLE, PIO_APC_ROUTINE, void *, IO_STATUS_BLOCK *,
                                    void *, ULONG, FILE_INFORMATION_CLASS, BOOLEAN,
                                    UNICODE_STRING *, BOOLEAN);

static void make_file(const WCHAR *name, const char *text)
{
    DWORD size;
    HANDLE file = CreateFileW(name, GENERIC_WRITE, ALL, NULL, CREATE_ALWAYS, 0, NULL);
    WriteFile(file, text, (DWORD)strlen(text), &size, NULL);
    CloseHandle(file);
}

static void prepare(const WCHAR *folder)
{
    WCHAR path[MAX_PATH];
    CreateDirectoryW(folder, NULL);
    _snwprintf(path, MAX_PATH, L"%ls\\sub", folder);
    CreateDirectoryW(path, NULL);
    _snwprintf(path, MAX_PATH, L"%ls\\one", folder);
    make_file(path, "one");
    _snwprintf(path, MAX_PATH, L"%ls\\sub\\two", folder);
    make_file(path, "two");
}

static HANDLE open_folder(const WCHAR *name, DWORD access)
{
    HANDLE folder = CreateFileW(name, access | SYNCHRONIZE, ALL, NULL, OPEN_EXISTING,
                                FILE_FLAG_BACKUP_SEMANTICS, NULL);
    step("open", folder != INVALID_HANDLE_VALUE);
    return folder;
}

static HANDLE open_below(HANDLE root, const WCHAR *name, ACCESS_MASK access, ULONG disposition)
{
    UNICODE_STRING text;
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK io;
    HANDLE file = NULL;
    RtlInitUnicodeString(&text, name);
    InitializeObjectAttributes(&attributes, &text, OBJ_CASE_INSENSITIVE, root, NULL);
    NTSTATUS status = NtCreateFile(&file, access | SYNCHRONIZE, &attributes, &io, NULL, 0, ALL,
                                   disposition, FILE_SYNCHRONOUS_IO_NONALERT, NULL, 0);
    printf("  relative %ls: %08lx", name, (unsigned long)status);
    return status ? NULL : file;
}

static void read_below(HANDLE root, const WCHAR *name)
{
    char text[32] = "";
    DWORD size = 0;
    HANDLE file = open_below(root, name, FILE_READ_DATA, FILE_OPEN);
    if (file && ReadFile(file, text, sizeof text - 1, &size, NULL))
        printf(" '%s'", text);
    puts("");
    if (file)
        CloseHandle(file);
}

static void write_below(HANDLE root, const WCHAR *name)
{
    DWORD size = 0;
    HANDLE file = open_below(root, name, FILE_WRITE_DATA, FILE_OVERWRITE_IF);
    puts("");
    if (file) {
        WriteFile(file, "written", 7, &size, NULL);
        CloseHandle(file);
    }
}

static void list(HANDLE folder)
{
    static union {
        FILE_DIRECTORY_INFORMATION info;
        char bytes[4096];
    } buffer;
    IO_STATUS_BLOCK io;
    BOOLEAN restart = TRUE;
    printf("  list:");
    NTSTATUS status;
    while (!(status = NtQueryDirectoryFile(folder, NULL, NULL, NULL, &io, &buffer, sizeof buffer,
                                           FileDirectoryInformation, TRUE, NULL, restart))) {
        printf(" %.*ls", (int)(buffer.info.FileNameLength / sizeof(WCHAR)), buffer.info.FileName);
        restart = FALSE;
    }
    printf(" %08lx\n", (unsigned long)status);
}

/* Through another handle, as anybody would. */
static void rename_folder(const WCHAR *from, const WCHAR *to)
{
    printf("rename %ls to %ls\n", from, to);
    step("  rename", MoveFileW(from, to));
}

static void show(const char *what, HANDLE folder, HANDLE sub, BOOL lists)
{
    puts(what);
    if (lists) { // once: Wine 8 keeps what a folder had when it was first listed
        list(folder);
        list(sub);
    }
    read_below(folder, L"one");
    read_below(folder, L"sub\\two");
    read_below(sub, L"two");
    read_below(sub, L"three");
}

static void run(const WCHAR *name, const WCHAR *second, const WCHAR *third)
{
    WCHAR path[MAX_PATH];
    HANDLE folder = open_folder(name, FILE_LIST_DIRECTORY | FILE_TRAVERSE);
    _snwprintf(path, MAX_PATH, L"%ls\\sub", name);
    HANDLE sub = open_folder(path, FILE_LIST_DIRECTORY | FILE_TRAVERSE);
    show("before", folder, sub, FALSE);
    rename_folder(name, second);
    show("after", folder, sub, TRUE);
    write_below(folder, L"one");
    write_below(sub, L"three");
    show("written", folder, sub, FALSE);
    _snwprintf(path, MAX_PATH, L"%ls\\sub\\three", second);
    step("by its name", GetFileAttributesW(path) != INVALID_FILE_ATTRIBUTES);
    // Another takes the old name.
    step("make another", CreateDirectoryW(name, NULL));
    _snwprintf(path, MAX_PATH, L"%ls\\other", name);
    make_file(path, "other");
    show("beside another", folder, sub, FALSE);
    rename_folder(second, third);
    show("after the second", folder, sub, FALSE);
    write_below(folder, L"four");
    _snwprintf(path, MAX_PATH, L"%ls\\four", third);
    step("by its name", GetFileAttributesW(path) != INVALID_FILE_ATTRIBUTES);
    CloseHandle(folder);
    CloseHandle(sub);
}

/* A watch that was set before. */
static void watched(const WCHAR *name, const WCHAR *second)
{
    static DWORD buffer[1024];
    const FILE_NOTIFY_INFORMATION *info = (void *)buffer;
    OVERLAPPED overlapped = {.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL)};
    WCHAR path[MAX_PATH];
    DWORD size = 0;
    HANDLE folder = CreateFileW(name, FILE_LIST_DIRECTORY, ALL, NULL, OPEN_EXISTING,
                                FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OVERLAPPED, NULL);
    step("watch", ReadDirectoryChangesW(folder, buffer, sizeof buffer, FALSE,
                                        FILE_NOTIFY_CHANGE_FILE_NAME, NULL, &overlapped, NULL));
    rename_folder(name, second);
    _snwprintf(path, MAX_PATH, L"%ls\\added", second);
    make_file(path, "added");
    DWORD wait = WaitForSingleObject(overlapped.hEvent, 20000);
    if (wait == WAIT_OBJECT_0 && GetOverlappedResult(folder, &overlapped, &size, FALSE) && size)
        printf("  action %lu of %.*ls\n", (unsigned long)info->Action,
               (int)(info->FileNameLength / sizeof(WCHAR)), info->FileName);
    else
        printf("  wait %lu, %lu bytes\n", (unsigned long)wait, (unsigned long)size);
    CloseHandle(folder);
    CloseHandle(overlapped.hEvent);
}

int wmain(int argc, WCHAR **argv);
int wmain(int argc, WCHAR **argv)
{
    const WCHAR *what = argc > 1 ? argv[1] : L"", *folder = argc > 2 ? argv[2] : L"renamed";
    setvbuf(stdout, NULL, _IOFBF, 1 << 16);
    CreateDirectoryW(folder, NULL);
    if (!SetCurrentDirectoryW(folder))
        return 1;
    if (wcscmp(what, L"run"))
        prepare(L"d"), prepare(L"w");
    if (wcscmp(what, L"prepare")) {
        puts("== a folder that was there");
        run(L"d", L"d2", L"d3");
        puts("== one that was made");
        prepare(L"e");
        run(L"e", L"e2", L"e3");
        puts("== watched");
        watched(L"w", L"w2");
        prepare(L"v");
        watched(L"v", L"v2");
    }
    SetCurrentDirectoryW(L"\\");
    return 0;
}
