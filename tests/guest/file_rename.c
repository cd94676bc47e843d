// Renaming and linking files and folders: onto nothing, something, themselves, deleted names, into
// folders of their own, by handle and by name, each with the status and the tree that comes out.
//
//   file_rename [prepare|run] [FOLDER]     default: both, in the folder "rename"
#include "common_step.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <winternl.h>

enum { RENAME = 10, LINK = 11, DISPOSITION = 13, RENAME_EX = 65, LINK_EX = 72 };
enum { EX_REPLACE = 1, EX_POSIX = 2 };

static const WCHAR *const folders[] = {L"d", L"d\\sub", L"d\\sub\\deep", L"e", L"empty", L"full"};
static const WCHAR *const files[] = {L"a",       L"b",           L"c.txt",
                                     L"d\\one",  L"d\\sub\\two", L"d\\sub\\deep\\three",
                                     L"full\\x", L"read-only"};

static WCHAR base[MAX_PATH];
static int number;

static void make_file(const WCHAR *name, const char *text)
{
    DWORD size;
    HANDLE file = CreateFileW(name, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    if (file != INVALID_HANDLE_VALUE) {
        WriteFile(file, text, (DWORD)strlen(text), &size, NULL);
        CloseHandle(file);
    }
}

static void prepare(void)
{
    char text[32];
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        CreateDirectoryW(folders[i], NULL);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(text, sizeof text, "file %d", (int)i);
        make_file(files[i], text);
    }
    SetFileAttributesW(L"read-only", FILE_ATTRIBUTE_READONLY);
}

static int compare(const void *a, const void *b)
{
    return wcscmp(a, b);
}

/* Every name below the folder with what it holds, in one line. */
static void put_tree(const WCHAR *folder, char *out, size_t cap)
{
    WCHAR names[32][40], path[MAX_PATH];
    WIN32_FIND_DATAW found;
    int count = 0;
    _snwprintf(path, MAX_PATH, L"%ls\\*", folder);
    HANDLE find = FindFirstFileW(path, &found);
    if (find == INVALID_HANDLE_VALUE)
        return;
    do {
        if (count < 32 && wcslen(found.cFileName) < 40 && wcscmp(found.cFileName, L".") &&
            wcscmp(found.cFileName, L".."))
            wcscpy(names[count++], found.cFileName);
    } while (FindNextFileW(find, &found));
    FindClose(find);
    qsort(names, (size_t)count, sizeof names[0], compare);
    for (int i = 0; i < count; i++) {
        size_t len = strlen(out);
        _snwprintf(path, MAX_PATH, L"%ls\\%ls", folder, names[i]);
        DWORD attributes = GetFileAttributesW(path);
        if (attributes & FILE_ATTRIBUTE_DIRECTORY) {
            snprintf(out + len, cap - len, " %ls(", names[i]);
            put_tree(path, out, cap);
            len = strlen(out);
            snprintf(out + len, cap - len, ")");
            continue;
        }
        char text[32] = "?";
        DWORD size = 0;
        HANDLE file =
            CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                        NULL, OPEN_EXISTING, 0, NULL);
        if (file != INVALID_HANDLE_VALUE) {
            ReadFile(file, text, sizeof text - 1, &size, NULL);
            text[size] = 0;
            CloseHandle(file);
        }
        snprintf(out + len, cap - len, " %ls=%s", names[i], text);
    }
}

static void tree(void)
{
    char text[2048] = "";
    put_tree(L".", text, sizeof text);
    printf("    tree:%s\n", text);
}

static NTSTATUS open_name(const WCHAR *name, ACCESS_MASK access, ULONG share, ULONG options,
                          HANDLE *handle)
{
    WCHAR path[2 * MAX_PATH];
    UNICODE_STRING text;
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK io;
    _snwprintf(path, 2 * MAX_PATH, L"\\??\\%ls\\%ls", base, name);
    RtlInitUnicodeString(&text, path);
    InitializeObjectAttributes(&attributes, &text, OBJ_CASE_INSENSITIVE, NULL, NULL);
    *handle = NULL;
    return NtCreateFile(handle, access | SYNCHRONIZE, &attributes, &io, NULL, 0, share, FILE_OPEN,
                        options | FILE_SYNCHRONOUS_IO_NONALERT | FILE_OPEN_FOR_BACKUP_INTENT, NULL,
                        0);
}

/* Renames or links through `handle`, to `to`: absolute when `root` is (HANDLE)-1, else as it is. */
static NTSTATUS set_name(HANDLE handle, HANDLE root, const WCHAR *to, ULONG flags, int class)
{
    struct {
        ULONG flags; // a BOOLEAN in the older classes
        HANDLE root;
        ULONG length;
        WCHAR name[2 * MAX_PATH];
    } info = {.flags = flags};
    IO_STATUS_BLOCK io;
    if (root == INVALID_HANDLE_VALUE)
        _snwprintf(info.name, 2 * MAX_PATH, L"\\??\\%ls\\%ls", base, to);
    else
        wcscpy(info.name, to);
    info.root = root == INVALID_HANDLE_VALUE ? NULL : root;
    info.length = (ULONG)(wcslen(info.name) * sizeof(WCHAR));
    typedef NTSTATUS(NTAPI * set_t)(HANDLE, IO_STATUS_BLOCK *, void *, ULONG, int);
    set_t set = (set_t)(void *)GetProcAddress(GetModuleHandleW(L"ntdll"), "NtSetInformationFile");
    return set(handle, &io, &info, (ULONG)((char *)info.name - (char *)&info) + info.length, class);
}

static void change(const WCHAR *from, const WCHAR *to, ULONG flags, int class)
{
    HANDLE handle;
    NTSTATUS status =
        open_name(from, class == LINK || class == LINK_EX ? FILE_WRITE_ATTRIBUTES : DELETE,
                  FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, 0, &handle);
    printf("%d: class %d of %ls to %ls, flags %lu: open %08lx", ++number, class, from, to,
           (unsigned long)flags, (unsigned long)status);
    if (!status) {
        printf(", set %08lx",
               (unsigned long)set_name(handle, INVALID_HANDLE_VALUE, to, flags, class));
        CloseHandle(handle);
    }
    printf("\n");
    tree();
}

static void plain_changes(void)
{
    static const struct {
        const WCHAR *from, *to;
        ULONG flags;
        int class;
    } changes[] = {
        {L"a", L"new", 0, RENAME},
        {L"new", L"a", 0, RENAME},
        {L"a", L"A", 0, RENAME}, // its spelling
        {L"A", L"a", 0, RENAME},
        {L"a", L"a", 0, RENAME},
        {L"a", L"a", 1, RENAME},
        {L"a", L"b", 0, RENAME}, // is there
        {L"a", L"b", 1, RENAME}, // is there, replaced
        {L"b", L"a", 0, RENAME},
        {L"c.txt", L"e", 0, RENAME}, // a folder
        {L"c.txt", L"e", 1, RENAME},
        {L"c.txt", L"e\\moved", 0, RENAME},
        {L"e\\moved", L"c.txt", 0, RENAME},
        {L"c.txt", L"nothing\\x", 0, RENAME}, // no folder
        {L"c.txt", L"a\\x", 0, RENAME},       // below a file
        {L"read-only", L"moved-read-only", 0, RENAME},
        {L"moved-read-only", L"read-only", 0, RENAME},
        {L"d", L"d2", 0, RENAME}, // a folder with what is below
        {L"d2", L"d", 0, RENAME},
        {L"d", L"D", 0, RENAME},
        {L"D", L"d", 0, RENAME},
        {L"d", L"e", 0, RENAME}, // onto an empty folder
        {L"d", L"e", 1, RENAME},
        {L"d", L"full", 1, RENAME},
        {L"d", L"c.txt", 0, RENAME},     // onto a file
        {L"d", L"d\\sub\\d", 0, RENAME}, // into itself
        {L"d\\sub", L"e\\sub", 0, RENAME},
        {L"e\\sub\\deep", L"d\\sub", 0, RENAME},
        {L"e\\sub", L"d\\sub\\again", 0, RENAME},
        {L"empty", L"d\\empty", 0, RENAME},
        {L"d\\empty", L"empty", 0, RENAME},
        {L"c.txt", L"linked", 0, LINK},
        {L"c.txt", L"linked", 0, LINK}, // is there
        {L"c.txt", L"a", 1, LINK},      // is there, replaced
        {L"c.txt", L"c.txt", 0, LINK},
        {L"c.txt", L"c.txt", 1, LINK},
        {L"c.txt", L"e\\linked", 0, LINK},
        {L"c.txt", L"nothing\\linked", 0, LINK},
        {L"d", L"linked-folder", 0, LINK},
        {L"c.txt", L"e", 1, LINK},
        {L"b", L"posix", EX_POSIX, RENAME_EX},
        {L"posix", L"linked", EX_REPLACE, RENAME_EX},
        {L"linked", L"c.txt", EX_REPLACE | EX_POSIX, RENAME_EX},
        {L"e\\linked", L"linked-ex", 0, LINK_EX},
        {L"a", L"read-only", 1, RENAME},
        {L"e", L"linked", 1, RENAME},
        {L"c.txt", L"FULL\\X", 1, LINK}, // replaced under another spelling
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        change(changes[i].from, changes[i].to, changes[i].flags, changes[i].class);
}

static void delete_name(const WCHAR *name)
{
    HANDLE handle;
    NTSTATUS status = open_name(name, DELETE, 7, FILE_DELETE_ON_CLOSE, &handle);
    printf("delete %ls: %08lx\n", name, (unsigned long)status);
    if (!status)
        CloseHandle(handle);
}

/* Over names that were deleted: nothing of what was there shows. */
static void deleted_names(void)
{
    delete_name(L"full\\x");
    delete_name(L"full");
    tree();
    change(L"d", L"full", 0, RENAME);
    delete_name(L"full\\one");
    change(L"full", L"d", 0, RENAME);
    printf("make full: %d\n", CreateDirectoryW(L"full", NULL));
    tree();
    make_file(L"d\\one", "again");
    change(L"d\\one", L"full\\x", 0, RENAME);
    tree();
}

/* A file that is open while the folder above it gets another name, and a folder its old name. */
static void open_below(void)
{
    HANDLE file;
    CreateDirectoryW(L"above", NULL);
    make_file(L"above\\below", "below");
    printf("open: %08lx\n",
           (unsigned long)open_name(L"above\\below", FILE_WRITE_ATTRIBUTES, 7, 0, &file));
    change(L"above", L"above2", 0, RENAME);
    CreateDirectoryW(L"above", NULL);
    CreateDirectoryW(L"above\\below", NULL);
    printf("link onto a name that is taken: %08lx\n",
           (unsigned long)set_name(file, INVALID_HANDLE_VALUE, L"full\\x", 0, LINK));
    CloseHandle(file);
    delete_name(L"above\\below");
    delete_name(L"above");
    tree();
}

/* A handle that is open while its file gets another name, and what it tells then. */
static void open_handles(void)
{
    HANDLE handle, folder, other;
    char text[32] = "";
    DWORD size = 0;
    make_file(L"open", "open");
    printf("open: %08lx\n", (unsigned long)open_name(
                                L"open", DELETE | FILE_READ_DATA | FILE_WRITE_DATA, 7, 0, &handle));
    printf("rename: %08lx\n",
           (unsigned long)set_name(handle, INVALID_HANDLE_VALUE, L"opened", 0, RENAME));
    printf("rename again: %08lx\n",
           (unsigned long)set_name(handle, INVALID_HANDLE_VALUE, L"e\\opened", 0, RENAME));
    ReadFile(handle, text, sizeof text - 1, &size, NULL);
    printf("reads: %s\n", text);
    WriteFile(handle, "!", 1, &size, NULL);
    printf("rename back, beside it: %08lx\n",
           (unsigned long)set_name(handle, NULL, L"beside", 0, RENAME));
    printf("open the folder: %08lx\n",
           (unsigned long)open_name(L"empty", FILE_LIST_DIRECTORY | FILE_TRAVERSE, 7, 0, &folder));
    printf("rename below a handle: %08lx\n",
           (unsigned long)set_name(handle, folder, L"relative", 0, RENAME));
    tree();
    printf("open it again: %08lx\n",
           (unsigned long)open_name(L"empty\\relative", FILE_READ_DATA, 7, 0, &other));
    CloseHandle(other);
    printf("link below a handle: %08lx\n",
           (unsigned long)set_name(handle, folder, L"second", 0, LINK));
    printf("with a handle and an absolute name: %08lx\n",
           (unsigned long)set_name(handle, folder, L"\\??\\C:\\x", 0, RENAME));
    printf("empty name: %08lx\n", (unsigned long)set_name(handle, folder, L"", 0, RENAME));
    printf("not a handle: %08lx\n",
           (unsigned long)set_name((HANDLE)0x7770, folder, L"x", 0, RENAME));
    CloseHandle(folder);
    CloseHandle(handle);
    tree();

    // Without the right, and where others do not share.
    printf("open to read: %08lx\n",
           (unsigned long)open_name(L"c.txt", FILE_READ_DATA, 7, 0, &handle));
    printf("rename without the right: %08lx\n",
           (unsigned long)set_name(handle, INVALID_HANDLE_VALUE, L"x", 0, RENAME));
    CloseHandle(handle);
    printf("open, not shared: %08lx\n",
           (unsigned long)open_name(L"c.txt", FILE_READ_DATA, FILE_SHARE_READ, 0, &handle));
    change(L"c.txt", L"moved", 0, RENAME);
    change(L"posix", L"c.txt", 1, RENAME);
    CloseHandle(handle);
}

static void by_name(void)
{
    step("MoveFile", MoveFileW(L"c.txt", L"d.txt"));
    step("MoveFile, not there", MoveFileW(L"c.txt", L"d.txt"));
    step("MoveFile onto a file", MoveFileW(L"d.txt", L"a"));
    step("MoveFileEx, replace", MoveFileExW(L"d.txt", L"a", MOVEFILE_REPLACE_EXISTING));
    step("MoveFile of a folder", MoveFileW(L"d", L"moved"));
    step("MoveFile of a folder into itself", MoveFileW(L"moved", L"moved\\x"));
    step("MoveFileEx of a folder, replace", MoveFileExW(L"moved", L"e", MOVEFILE_REPLACE_EXISTING));
    make_file(L"r1", "r1");
    make_file(L"r2", "r2");
    step("ReplaceFile", ReplaceFileW(L"r1", L"r2", L"backup", 0, NULL, NULL));
    step("ReplaceFile, none", ReplaceFileW(L"r1", L"r2", NULL, 0, NULL, NULL));
    step("CreateHardLink", CreateHardLinkW(L"hard", L"a", NULL));
    step("CreateHardLink, is there", CreateHardLinkW(L"hard", L"a", NULL));
    make_file(L"hard", "through the link");
    tree();
}

int wmain(int argc, WCHAR **argv);
int wmain(int argc, WCHAR **argv)
{
    const WCHAR *what = argc > 1 ? argv[1] : L"", *folder = argc > 2 ? argv[2] : L"rename";
    setvbuf(stdout, NULL, _IOFBF, 1 << 16);
    CreateDirectoryW(folder, NULL);
    if (!SetCurrentDirectoryW(folder) || !GetCurrentDirectoryW(MAX_PATH, base))
        return 1;
    if (wcscmp(what, L"run"))
        prepare();
    if (wcscmp(what, L"prepare")) {
        tree();
        plain_changes();
        open_below();
        deleted_names();
        open_handles();
        by_name();
    }
    SetCurrentDirectoryW(L"\\");
    return 0;
}
