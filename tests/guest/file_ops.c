// Files and folders: everything that changes them, on what is there already and on what the guest
// makes itself.
//
//   file_ops [FOLDER]          works in it, default the current one; leaves nothing behind but what
//   `prepare` made file_ops prepare [FOLDER]  makes what is there already: run natively before, it
//   is the host's for a VM file_ops check [FOLDER]    lists that with its contents, to see whether
//   it is as it was prepared; ends with 77
//
// Without `prepare` the guest makes those files itself.
#include "common_step.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOWER L"lower"

static BOOL write_file(const WCHAR *path, const char *text, DWORD disposition)
{
    DWORD size;
    HANDLE file = CreateFileW(path, GENERIC_WRITE, FILE_SHARE_READ, NULL, disposition,
                              FILE_ATTRIBUTE_NORMAL, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return FALSE;
    BOOL good = WriteFile(file, text, (DWORD)strlen(text), &size, NULL);
    CloseHandle(file);
    return good;
}

static void show_file(const char *name, const WCHAR *path)
{
    char text[256] = "";
    DWORD size = 0;
    HANDLE file =
        CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                    NULL, OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE) {
        step(name, FALSE);
        return;
    }
    ReadFile(file, text, sizeof text - 1, &size, NULL);
    say(name, "%lu bytes: %s", GetFileSize(file, NULL), text);
    CloseHandle(file);
}

static void show_attributes(const char *name, const WCHAR *path)
{
    DWORD attributes = GetFileAttributesW(path);
    if (attributes == INVALID_FILE_ATTRIBUTES)
        step(name, FALSE);
    else // whether a file is to be archived is the file system's business
        say(name, "attributes %lx",
            attributes &
                (FILE_ATTRIBUTE_READONLY | FILE_ATTRIBUTE_HIDDEN | FILE_ATTRIBUTE_DIRECTORY));
}

static int by_name(const void *a, const void *b)
{
    return lstrcmpiW(((const WIN32_FIND_DATAW *)a)->cFileName,
                     ((const WIN32_FIND_DATAW *)b)->cFileName);
}

/* What a pattern finds. In order of names: file systems differ in theirs. */
static void list(const char *name, const WCHAR *pattern)
{
    static WIN32_FIND_DATAW found[64];
    unsigned count = 0;
    HANDLE find = FindFirstFileW(pattern, &found[0]);
    if (find == INVALID_HANDLE_VALUE) {
        step(name, FALSE);
        return;
    }
    do
        count++;
    while (count < 64 && FindNextFileW(find, &found[count]));
    DWORD error = GetLastError();
    FindClose(find);
    qsort(found, count, sizeof *found, by_name);
    printf("%s:", name);
    for (unsigned i = 0; i < count; i++)
        printf(" %ls%s", found[i].cFileName,
               found[i].dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY ? "\\" : "");
    printf(", then error %lu\n", error);
}

/* What is there already. */
static void prepare(void)
{
    static const WCHAR *const folders[] = {LOWER, LOWER L"\\empty", LOWER L"\\full",
                                           LOWER L"\\full\\deeper", LOWER L"\\moved"};
    static const struct {
        const WCHAR *path;
        const char *text;
    } files[] = {
        {LOWER L"\\read.txt", "only read"},       {LOWER L"\\write.txt", "to be written"},
        {LOWER L"\\append.txt", "to append to"},  {LOWER L"\\truncate.txt", "to be truncated"},
        {LOWER L"\\delete.txt", "to be deleted"}, {LOWER L"\\rename.txt", "to be renamed"},
        {LOWER L"\\over.txt", "to be replaced"},  {LOWER L"\\readonly.txt", "not to be written"},
        {LOWER L"\\hidden.txt", "hidden"},        {LOWER L"\\full\\one.txt", "one"},
        {LOWER L"\\full\\two.dat", "two"},        {LOWER L"\\full\\deeper\\three.txt", "three"},
        {LOWER L"\\moved\\inside.txt", "inside"}};
    for (unsigned i = 0; i < sizeof folders / sizeof *folders; i++)
        CreateDirectoryW(folders[i], NULL);
    for (unsigned i = 0; i < sizeof files / sizeof *files; i++)
        write_file(files[i].path, files[i].text, CREATE_ALWAYS);
    SetFileAttributesW(LOWER L"\\readonly.txt", FILE_ATTRIBUTE_READONLY);
    SetFileAttributesW(LOWER L"\\hidden.txt", FILE_ATTRIBUTE_HIDDEN);
}

static void check(const WCHAR *folder)
{
    WIN32_FIND_DATAW found;
    WCHAR path[MAX_PATH];
    _snwprintf(path, MAX_PATH, L"%ls\\*", folder);
    HANDLE find = FindFirstFileW(path, &found);
    if (find == INVALID_HANDLE_VALUE) {
        printf("%ls: error %lu\n", folder, GetLastError());
        return;
    }
    do {
        if (!lstrcmpW(found.cFileName, L".") || !lstrcmpW(found.cFileName, L".."))
            continue;
        char name[MAX_PATH];
        _snwprintf(path, MAX_PATH, L"%ls\\%ls", folder, found.cFileName);
        snprintf(name, sizeof name, "%ls", path);
        if (found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) {
            say(name, "folder, attributes %lx", found.dwFileAttributes);
            check(path);
        } else {
            say(name, "attributes %lx, written %lx%08lx", found.dwFileAttributes,
                found.ftLastWriteTime.dwHighDateTime, found.ftLastWriteTime.dwLowDateTime);
            show_file(name, path);
        }
    } while (FindNextFileW(find, &found));
    FindClose(find);
}

static void create_and_write(void)
{
    step("create new", write_file(L"new.txt", "new", CREATE_NEW));
    step("create new again", write_file(L"new.txt", "again", CREATE_NEW));
    SetLastError(0);
    step("create always", write_file(L"new.txt", "newer", CREATE_ALWAYS));
    step_code("create always", GetLastError());
    show_file("created", L"new.txt");
    step("open existing", write_file(L"new.txt", "N", OPEN_EXISTING));
    show_file("written in part", L"new.txt");
    step("truncate", write_file(L"new.txt", "", TRUNCATE_EXISTING));
    show_file("truncated", L"new.txt");
    step("open missing", write_file(L"missing.txt", "x", OPEN_EXISTING));
    step("truncate missing", write_file(L"missing.txt", "x", TRUNCATE_EXISTING));
    step("in a missing folder", write_file(L"missing\\x.txt", "x", CREATE_ALWAYS));
    step("below a file", write_file(L"new.txt\\x.txt", "x", CREATE_ALWAYS));
    step("name that cannot be", write_file(L"a<b.txt", "x", CREATE_ALWAYS));
    step("folder as a file", write_file(LOWER L"\\empty", "x", CREATE_ALWAYS));
    step("delete", DeleteFileW(L"new.txt"));
    step("delete again", DeleteFileW(L"new.txt"));
}

static void on_lower_files(void)
{
    DWORD size;
    show_file("lower: read", LOWER L"\\read.txt");
    step("lower: write", write_file(LOWER L"\\write.txt", "TO", OPEN_EXISTING));
    show_file("lower: written", LOWER L"\\write.txt");
    HANDLE file = CreateFileW(LOWER L"\\append.txt", FILE_APPEND_DATA, FILE_SHARE_READ, NULL,
                              OPEN_ALWAYS, 0, NULL);
    step_code("lower: open always", GetLastError());
    step("lower: append", WriteFile(file, ", done", 6, &size, NULL));
    CloseHandle(file);
    show_file("lower: appended", LOWER L"\\append.txt");
    step("lower: truncate", write_file(LOWER L"\\truncate.txt", "cut", TRUNCATE_EXISTING));
    show_file("lower: truncated", LOWER L"\\truncate.txt");
    step("lower: create new over it", write_file(LOWER L"\\read.txt", "x", CREATE_NEW));
    step("lower: delete", DeleteFileW(LOWER L"\\delete.txt"));
    show_file("lower: deleted", LOWER L"\\delete.txt");
    show_attributes("lower: deleted", LOWER L"\\delete.txt");
    step("lower: delete again", DeleteFileW(LOWER L"\\delete.txt"));
    step("lower: make it anew", write_file(LOWER L"\\delete.txt", "anew", CREATE_NEW));
    show_file("lower: anew", LOWER L"\\delete.txt");
    step("lower: rename", MoveFileW(LOWER L"\\rename.txt", LOWER L"\\renamed.txt"));
    show_file("lower: old name", LOWER L"\\rename.txt");
    show_file("lower: new name", LOWER L"\\renamed.txt");
    step("lower: move over",
         MoveFileExW(LOWER L"\\renamed.txt", LOWER L"\\over.txt", MOVEFILE_REPLACE_EXISTING));
    show_file("lower: moved over", LOWER L"\\over.txt");
    step("lower: move over without leave", MoveFileW(LOWER L"\\read.txt", LOWER L"\\over.txt"));
    step("lower: copy over without leave",
         CopyFileW(LOWER L"\\read.txt", LOWER L"\\over.txt", TRUE));
    step("lower: copy over", CopyFileW(LOWER L"\\read.txt", LOWER L"\\over.txt", FALSE));
    show_file("lower: copied over", LOWER L"\\over.txt");

    show_attributes("lower: read-only", LOWER L"\\readonly.txt");
    step("lower: write the read-only", write_file(LOWER L"\\readonly.txt", "x", OPEN_EXISTING));
    step("lower: delete the read-only", DeleteFileW(LOWER L"\\readonly.txt"));
    step("lower: make it writable",
         SetFileAttributesW(LOWER L"\\readonly.txt", FILE_ATTRIBUTE_NORMAL));
    step("lower: write it", write_file(LOWER L"\\readonly.txt", "now it is", CREATE_ALWAYS));
    show_file("lower: written", LOWER L"\\readonly.txt");
    show_attributes("lower: hidden", LOWER L"\\hidden.txt");
    step("lower: create always over the hidden",
         write_file(LOWER L"\\hidden.txt", "x", CREATE_ALWAYS));
    step("lower: show it", SetFileAttributesW(LOWER L"\\hidden.txt", FILE_ATTRIBUTE_NORMAL));
    show_attributes("lower: shown", LOWER L"\\hidden.txt");

    // Through one handle, while another reads.
    HANDLE reader = CreateFileW(LOWER L"\\read.txt", GENERIC_READ,
                                FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
    file = CreateFileW(LOWER L"\\read.txt", GENERIC_READ | GENERIC_WRITE,
                       FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
    step("lower: read and write", file != INVALID_HANDLE_VALUE);
    SetFilePointer(file, 5, NULL, FILE_BEGIN);
    step("lower: end it here", SetEndOfFile(file));
    CloseHandle(file);
    CloseHandle(reader);
    show_file("lower: ended", LOWER L"\\read.txt");
}

static void sharing(void)
{
    step("sharing: make", write_file(L"shared.txt", "shared", CREATE_ALWAYS));
    HANDLE file =
        CreateFileW(L"shared.txt", GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    step("sharing: write", write_file(L"shared.txt", "x", OPEN_EXISTING));
    step("sharing: delete", DeleteFileW(L"shared.txt"));
    step("sharing: rename", MoveFileW(L"shared.txt", L"other.txt"));
    CloseHandle(file);
    file = CreateFileW(L"shared.txt", GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL,
                       OPEN_EXISTING, 0, NULL);
    step("sharing: delete while open", DeleteFileW(L"shared.txt"));
    step("sharing: open what is deleted", write_file(L"shared.txt", "x", OPEN_EXISTING));
    CloseHandle(file);
    show_attributes("sharing: gone", L"shared.txt");
    file = CreateFileW(L"closed.txt", GENERIC_WRITE | DELETE, 0, NULL, CREATE_ALWAYS,
                       FILE_FLAG_DELETE_ON_CLOSE, NULL);
    step("delete on close: make", file != INVALID_HANDLE_VALUE);
    show_attributes("delete on close: there", L"closed.txt");
    CloseHandle(file);
    show_attributes("delete on close: gone", L"closed.txt");
    file = CreateFileW(LOWER L"\\append.txt", DELETE, 0, NULL, OPEN_EXISTING,
                       FILE_FLAG_DELETE_ON_CLOSE, NULL);
    step("delete on close: lower", file != INVALID_HANDLE_VALUE);
    CloseHandle(file);
    show_attributes("delete on close: lower gone", LOWER L"\\append.txt");
}

static void folders(void)
{
    step("folder: make", CreateDirectoryW(L"folder", NULL));
    step("folder: make again", CreateDirectoryW(L"folder", NULL));
    step("folder: make over a lower one", CreateDirectoryW(LOWER L"\\empty", NULL));
    step("folder: make over a file", CreateDirectoryW(LOWER L"\\read.txt", NULL));
    step("folder: make in a missing one", CreateDirectoryW(L"missing\\x", NULL));
    show_attributes("folder", L"folder");
    step("folder: file in it", write_file(L"folder\\a.txt", "a", CREATE_NEW));
    step("folder: remove when full", RemoveDirectoryW(L"folder"));
    step("folder: remove a file as one", RemoveDirectoryW(L"folder\\a.txt"));
    step("folder: delete one as a file", DeleteFileW(L"folder"));
    step("folder: rename", MoveFileW(L"folder", L"folder2"));
    show_file("folder: file in it", L"folder2\\a.txt");
    show_attributes("folder: old name", L"folder");
    step("folder: move the file out", MoveFileW(L"folder2\\a.txt", L"a.txt"));
    step("folder: remove", RemoveDirectoryW(L"folder2"));
    step("folder: remove again", RemoveDirectoryW(L"folder2"));
    step("folder: clean up", DeleteFileW(L"a.txt"));

    step("lower folder: remove when full", RemoveDirectoryW(LOWER L"\\full"));
    step("lower folder: remove", RemoveDirectoryW(LOWER L"\\empty"));
    show_attributes("lower folder: removed", LOWER L"\\empty");
    step("lower folder: make anew", CreateDirectoryW(LOWER L"\\empty", NULL));
    list("lower folder: anew", LOWER L"\\empty\\*");
    list("lower folder: full", LOWER L"\\full\\*");
    step("lower folder: file in it", write_file(LOWER L"\\full\\four.txt", "four", CREATE_NEW));
    step("lower folder: delete one", DeleteFileW(LOWER L"\\full\\one.txt"));
    list("lower folder: merged", LOWER L"\\full\\*");
    list("lower folder: by pattern", LOWER L"\\full\\*.txt");
    list("lower folder: by letters", LOWER L"\\full\\?wo.*");
    list("lower folder: by name", LOWER L"\\full\\two.dat");
    list("lower folder: by other case", LOWER L"\\FULL\\TWO.DAT");
    list("lower folder: nothing", LOWER L"\\full\\*.zip");
    list("lower folder: missing", L"missing\\*");
    list("lower folder: itself", LOWER L"\\full");
    step("lower folder: rename", MoveFileW(LOWER L"\\moved", LOWER L"\\moved2"));
    show_file("lower folder: file in it", LOWER L"\\moved2\\inside.txt");
    show_attributes("lower folder: old name", LOWER L"\\moved");
    show_file("lower folder: file in the old", LOWER L"\\moved\\inside.txt");
    list("lower folder: above", LOWER L"\\*");

    // What was removed and made anew does not bring back what was in it.
    step("lower folder: empty it", DeleteFileW(LOWER L"\\full\\deeper\\three.txt"));
    step("lower folder: remove the deeper", RemoveDirectoryW(LOWER L"\\full\\deeper"));
    step("lower folder: make the deeper anew", CreateDirectoryW(LOWER L"\\full\\deeper", NULL));
    list("lower folder: the deeper", LOWER L"\\full\\deeper\\*");
    show_file("lower folder: what was in it", LOWER L"\\full\\deeper\\three.txt");
}

static void times(void)
{
    FILETIME set = {0x12345678, 0x01c50000}, created, accessed, written;
    step("times: make", write_file(L"times.txt", "t", CREATE_ALWAYS));
    HANDLE file = CreateFileW(L"times.txt", GENERIC_READ | FILE_WRITE_ATTRIBUTES, 0, NULL,
                              OPEN_EXISTING, 0, NULL);
    step("times: set", SetFileTime(file, NULL, NULL, &set));
    step("times: get", GetFileTime(file, &created, &accessed, &written));
    say("times", "%s", CompareFileTime(&set, &written) ? "others" : "as set");
    BY_HANDLE_FILE_INFORMATION information;
    step("times: information", GetFileInformationByHandle(file, &information));
    say("times: links", "%lu", information.nNumberOfLinks);
    CloseHandle(file);
    DeleteFileW(L"times.txt");
    file = CreateFileW(LOWER L"\\truncate.txt", FILE_WRITE_ATTRIBUTES, 0, NULL, OPEN_EXISTING, 0,
                       NULL);
    step("times: set the lower's", SetFileTime(file, NULL, NULL, &set));
    CloseHandle(file);
    WIN32_FILE_ATTRIBUTE_DATA data;
    step("times: the lower's",
         GetFileAttributesExW(LOWER L"\\truncate.txt", GetFileExInfoStandard, &data));
    say("times: the lower's", "%s",
        CompareFileTime(&set, &data.ftLastWriteTime) ? "others" : "as set");
}

static void names(void)
{
    WCHAR path[MAX_PATH], start[MAX_PATH], *part = NULL;
    DWORD length = GetCurrentDirectoryW(MAX_PATH, start);
    step("full path", GetFullPathNameW(L"a\\..\\b\\.\\c.txt", MAX_PATH, path, &part) > 0);
    say("full path", "%ls, last %ls", length < MAX_PATH ? path + length : path,
        part ? part : L"none");
    step("current folder", SetCurrentDirectoryW(LOWER L"\\full"));
    show_file("relative", L"two.dat");
    show_file("relative, upwards", L"..\\read.txt");
    step("current folder, missing", SetCurrentDirectoryW(L"missing"));
    step("current folder back", SetCurrentDirectoryW(start));
    _snwprintf(path, MAX_PATH, L"\\\\?\\%ls\\" LOWER L"\\full\\two.dat", start);
    show_file("by \\\\?\\", path);
    show_file("with a slash", L"lower/full/two.dat");
    show_file("with spaces and dots at the end", LOWER L"\\full\\two.dat. ");
    WCHAR temporary[MAX_PATH];
    step("temporary name", GetTempFileNameW(L".", L"plu", 0, temporary) != 0);
    show_file("temporary", temporary);
    DeleteFileW(temporary);
    step("stream of a missing file", write_file(L"missing.txt:stream", "x", OPEN_EXISTING));
}

/* Removes everything, and shows what was to be removed. */
static void remove_all(const WCHAR *folder)
{
    WIN32_FIND_DATAW found;
    WCHAR path[MAX_PATH];
    _snwprintf(path, MAX_PATH, L"%ls\\*", folder);
    HANDLE find = FindFirstFileW(path, &found);
    if (find != INVALID_HANDLE_VALUE) {
        do {
            if (!lstrcmpW(found.cFileName, L".") || !lstrcmpW(found.cFileName, L".."))
                continue;
            _snwprintf(path, MAX_PATH, L"%ls\\%ls", folder, found.cFileName);
            if (found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) {
                remove_all(path);
            } else {
                SetFileAttributesW(path, FILE_ATTRIBUTE_NORMAL);
                if (!DeleteFileW(path))
                    printf("clean up: %ls: error %lu\n", path, GetLastError());
            }
        } while (FindNextFileW(find, &found));
        FindClose(find);
    }
    if (!RemoveDirectoryW(folder))
        printf("clean up: %ls: error %lu\n", folder, GetLastError());
}

int wmain(int argc, WCHAR **argv); // no header has it

int wmain(int argc, WCHAR **argv)
{
    const WCHAR *verb =
        argc > 1 && (!wcscmp(argv[1], L"prepare") || !wcscmp(argv[1], L"check")) ? argv[1] : NULL;
    const WCHAR *folder = argc > (verb ? 2 : 1) ? argv[verb ? 2 : 1] : L".";
    if (!SetCurrentDirectoryW(folder)) {
        printf("%ls: error %lu\n", folder, GetLastError());
        return 1;
    }
    if (verb && !wcscmp(verb, L"prepare")) {
        prepare();
        return 0;
    }
    if (verb) {
        check(LOWER);
        return 77;
    }
    if (GetFileAttributesW(LOWER) == INVALID_FILE_ATTRIBUTES)
        prepare();
    list("at the beginning", LOWER L"\\*");
    create_and_write();
    on_lower_files();
    sharing();
    folders();
    times();
    names();
    list("at the end", LOWER L"\\*");
    list("beside", L"*");
    remove_all(LOWER);
    show_attributes("removed", LOWER);
    list("what is left", L"*");
    return 0;
}
