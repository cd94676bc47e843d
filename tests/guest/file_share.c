// Sharing modes, handles from before a file was changed, deletion while a file is open: in one
// process and between two.
//
//   file_share prepare    makes the files: run natively before, they are the host's for a VM
//   file_share            works on them; makes those that are not there
//   file_share check      shows them and their contents; ends with 77
//   file_share do VERB PATH [TEXT]   the second process
#include "common_step.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "layer/nt.h"

enum { MATRIX_FIRST = 5, MATRIX_SHARES = 8, MATRIX_SECOND = 16 };
#define ALL (FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)

static const WCHAR *const singles[] = {L"old.txt",     L"cut.txt",   L"over.txt",  L"port.txt",
                                       L"map.txt",     L"locks.txt", L"gone.txt",  L"closing.txt",
                                       L"twice.txt",   L"renamed",   L"attr.txt",  L"cross.txt",
                                       L"pending.txt", L"kept.txt",  L"ahead.txt", L"exec.txt"};

static void path_of(WCHAR path[MAX_PATH], const WCHAR *name)
{
    _snwprintf(path, MAX_PATH, L"shares\\%ls", name);
}

static void matrix_name(WCHAR path[MAX_PATH], unsigned first, unsigned share, unsigned second)
{
    _snwprintf(path, MAX_PATH, L"shares\\m%u-%u-%02u", first, share, second);
}

static void make(const WCHAR *path)
{
    static const char text[] = "0123456789abcdef0123456789abcdef";
    DWORD size;
    HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_NEW, 0, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return;
    WriteFile(file, text, sizeof text - 1, &size, NULL);
    CloseHandle(file);
}

static void prepare(void)
{
    WCHAR path[MAX_PATH];
    CreateDirectoryW(L"shares", NULL);
    for (unsigned i = 0; i < sizeof singles / sizeof *singles; i++) {
        path_of(path, singles[i]);
        make(path);
    }
    for (unsigned i = 0; i < MATRIX_FIRST; i++)
        for (unsigned j = 0; j < MATRIX_SHARES; j++)
            for (unsigned k = 0; k < MATRIX_SECOND; k++) {
                matrix_name(path, i, j, k);
                make(path);
            }
}

static void check(void)
{
    WIN32_FIND_DATAW found;
    WCHAR path[MAX_PATH];
    unsigned count = 0;
    unsigned long long sum = 0;
    HANDLE find = FindFirstFileW(L"shares\\*", &found);
    if (find == INVALID_HANDLE_VALUE) {
        printf("error %lu\n", GetLastError());
        return;
    }
    do {
        char text[64] = "";
        DWORD size = 0;
        path_of(path, found.cFileName);
        HANDLE file = CreateFileW(path, GENERIC_READ, ALL, NULL, OPEN_EXISTING, 0, NULL);
        if (file == INVALID_HANDLE_VALUE)
            continue;
        ReadFile(file, text, sizeof text - 1, &size, NULL);
        CloseHandle(file);
        for (DWORD i = 0; i < size; i++)
            sum = sum * 31 + (unsigned char)text[i];
        sum = sum * 31 + found.ftLastWriteTime.dwLowDateTime + found.dwFileAttributes;
        count++;
    } while (FindNextFileW(find, &found));
    FindClose(find);
    printf("%u files, %llx\n", count, sum);
}

static NTSTATUS nt_open(HANDLE *handle, const WCHAR *name, ACCESS_MASK access, ULONG share,
                        ULONG disposition, ULONG options, ULONG_PTR *information)
{
    UNICODE_STRING text;
    OBJECT_ATTRIBUTES attributes = nt_named(&text);
    IO_STATUS_BLOCK io = {.Information = 99};
    WCHAR whole[MAX_PATH] = L"\\??\\";
    GetFullPathNameW(name, MAX_PATH - 4, whole + 4, NULL);
    RtlInitUnicodeString(&text, whole);
    NTSTATUS status = NtCreateFile(handle, access | SYNCHRONIZE, &attributes, &io, NULL, 0, share,
                                   disposition, options | FILE_SYNCHRONOUS_IO_NONALERT, NULL, 0);
    if (information)
        *information = io.Information;
    return status;
}

/* Runs this program for one act; what it ends with is the act's status. */
static DWORD other(const WCHAR *verb, const WCHAR *name)
{
    WCHAR own[MAX_PATH], command[3 * MAX_PATH], path[MAX_PATH];
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION process;
    DWORD code = 0xffffffff;
    GetModuleFileNameW(NULL, own, MAX_PATH);
    path_of(path, name);
    _snwprintf(command, sizeof command / sizeof *command, L"\"%ls\" do %ls %ls", own, verb, path);
    if (!CreateProcessW(own, command, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &process))
        return GetLastError();
    WaitForSingleObject(process.hProcess, INFINITE);
    GetExitCodeProcess(process.hProcess, &code);
    CloseHandle(process.hThread);
    CloseHandle(process.hProcess);
    return code;
}

/* Ends with the error of what is done to the file. */
static DWORD act(const WCHAR *verb, const WCHAR *path)
{
    DWORD size, disposition = OPEN_EXISTING, access = GENERIC_WRITE, share = ALL;
    LARGE_INTEGER at = {.QuadPart = 4};
    if (!wcscmp(verb, L"delete"))
        return DeleteFileW(path) ? 0 : GetLastError();
    if (!wcscmp(verb, L"exists"))
        return GetFileAttributesW(path) != INVALID_FILE_ATTRIBUTES ? 0 : GetLastError();
    if (!wcscmp(verb, L"read"))
        access = GENERIC_READ;
    if (!wcscmp(verb, L"alone"))
        share = 0;
    if (!wcscmp(verb, L"truncate"))
        disposition = TRUNCATE_EXISTING;
    if (!wcscmp(verb, L"anew"))
        disposition = CREATE_ALWAYS;
    if (!wcscmp(verb, L"end"))
        at.QuadPart = 30;
    HANDLE file = CreateFileW(path, access, share, NULL, disposition, 0, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return GetLastError();
    SetFilePointerEx(file, at, NULL, FILE_BEGIN);
    BOOL good = access == GENERIC_READ || WriteFile(file, "WRITTEN", 7, &size, NULL);
    DWORD error = good ? 0 : GetLastError();
    CloseHandle(file);
    return error;
}

/* Every access and sharing of a first open that only reads against those of a second. */
static void matrix(void)
{
    static const ACCESS_MASK first[MATRIX_FIRST] = {
        GENERIC_READ, FILE_EXECUTE, FILE_READ_ATTRIBUTES, DELETE, FILE_READ_DATA | DELETE};
    static const ACCESS_MASK second[4] = {GENERIC_READ, GENERIC_WRITE, DELETE,
                                          GENERIC_READ | GENERIC_WRITE};
    static const ULONG shares[4] = {0, FILE_SHARE_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, ALL};
    WCHAR path[MAX_PATH];
    for (unsigned i = 0; i < MATRIX_FIRST; i++)
        for (unsigned j = 0; j < MATRIX_SHARES; j++) {
            printf("access %lx sharing %u:", first[i], j);
            for (unsigned k = 0; k < MATRIX_SECOND; k++) {
                HANDLE a = NULL, b = NULL;
                matrix_name(path, i, j, k);
                NTSTATUS status = nt_open(&a, path, first[i], j, FILE_OPEN, 0, NULL);
                if (status)
                    printf(" (%lx)", status);
                status = nt_open(&b, path, second[k % 4], shares[k / 4], FILE_OPEN, 0, NULL);
                printf(status ? " %lx" : " ok", status);
                if (!status)
                    NtClose(b);
                if (a)
                    NtClose(a);
                // With the first one gone nothing is in the way.
                status = nt_open(&b, path, second[k % 4], shares[k / 4], FILE_OPEN, 0, NULL);
                if (status)
                    printf(" (then %lx)", status);
                else
                    NtClose(b);
            }
            putchar('\n');
        }
    fflush(stdout);
}

static HANDLE open_single(const WCHAR *name, DWORD access, DWORD share, DWORD flags)
{
    WCHAR path[MAX_PATH];
    path_of(path, name);
    return CreateFileW(path, access, share, NULL, OPEN_EXISTING, flags, NULL);
}

static void show_read(const char *name, HANDLE file, DWORD length)
{
    char text[64] = "";
    DWORD size = 0;
    BOOL good = ReadFile(file, text, length, &size, NULL);
    if (good)
        say(name, "%lu: %.*s", size, (int)size, text);
    else
        step(name, FALSE);
}

/* A handle sees what is done to the file after it was opened. */
static void old_handles(void)
{
    HANDLE file = open_single(L"old.txt", GENERIC_READ, ALL, 0), copy = NULL;
    LARGE_INTEGER size;
    step("old: open", file != INVALID_HANDLE_VALUE);
    show_read("old: read", file, 3);
    DuplicateHandle(GetCurrentProcess(), file, GetCurrentProcess(), &copy, 0, FALSE,
                    DUPLICATE_SAME_ACCESS);
    say("old: other writes", "%lu", other(L"write", L"old.txt"));
    show_read("old: read on", file, 6);
    show_read("old: through a duplicate", copy, 6);
    CloseHandle(copy);
    say("old: other writes at the end", "%lu", other(L"end", L"old.txt"));
    step("old: size", GetFileSizeEx(file, &size));
    say("old: size", "%lu", size.LowPart);
    SetFilePointer(file, -7, NULL, FILE_END);
    show_read("old: end", file, 20);
    step("old: write through it", WriteFile(file, "x", 1, &size.LowPart, NULL));
    BY_HANDLE_FILE_INFORMATION information;
    step("old: information", GetFileInformationByHandle(file, &information));
    say("old: information", "%lu bytes, %lu links", information.nFileSizeLow,
        information.nNumberOfLinks);
    CloseHandle(file);

    file = open_single(L"cut.txt", GENERIC_READ, ALL, 0);
    show_read("cut: read", file, 3);
    say("cut: other truncates", "%lu", other(L"truncate", L"cut.txt"));
    show_read("cut: read on", file, 30);
    SetFilePointer(file, 0, NULL, FILE_BEGIN);
    show_read("cut: all", file, 30);
    CloseHandle(file);

    // Overlapped, with an event, and waited for by the handle itself.
    file = open_single(L"over.txt", GENERIC_READ, ALL, FILE_FLAG_OVERLAPPED);
    OVERLAPPED overlapped = {.Offset = 2, .hEvent = CreateEventW(NULL, TRUE, FALSE, NULL)};
    char text[64] = "";
    DWORD got = 0;
    say("over: other writes", "%lu", other(L"write", L"over.txt"));
    BOOL good = ReadFile(file, text, 12, &got, &overlapped);
    step("over: read", good || GetLastError() == ERROR_IO_PENDING);
    step("over: result", GetOverlappedResult(file, &overlapped, &got, TRUE));
    say("over: read", "%lu: %.*s", got, (int)got, text);
    CloseHandle(overlapped.hEvent);
    overlapped = (OVERLAPPED){.Offset = 1};
    good = ReadFile(file, text, 12, &got, &overlapped);
    step("over: read without event", good || GetLastError() == ERROR_IO_PENDING);
    step("over: result", GetOverlappedResult(file, &overlapped, &got, TRUE));
    say("over: read", "%lu: %.*s", got, (int)got, text);
    CloseHandle(file);

    file = open_single(L"port.txt", GENERIC_READ, ALL, FILE_FLAG_OVERLAPPED);
    HANDLE port = CreateIoCompletionPort(file, NULL, 4711, 1);
    step("port: make", port != NULL);
    say("port: other writes", "%lu", other(L"write", L"port.txt"));
    overlapped = (OVERLAPPED){.Offset = 3};
    good = ReadFile(file, text, 12, &got, &overlapped);
    step("port: read", good || GetLastError() == ERROR_IO_PENDING);
    ULONG_PTR key = 0;
    OVERLAPPED *done = NULL;
    step("port: wait", GetQueuedCompletionStatus(port, &got, &key, &done, 5000));
    say("port: read", "%lu: %.*s, key %lu, %s", got, (int)got, text, (DWORD)key,
        done == &overlapped ? "the same" : "another");
    CloseHandle(file);
    CloseHandle(port);

    file = open_single(L"map.txt", GENERIC_READ, ALL, 0);
    say("map: other writes", "%lu", other(L"write", L"map.txt"));
    HANDLE section = CreateFileMappingW(file, NULL, PAGE_READONLY, 0, 0, NULL);
    step("map: make", section != NULL);
    const char *view = MapViewOfFile(section, FILE_MAP_READ, 0, 0, 0);
    say("map: see", "%.16s", view ? view : "nothing");
    if (view)
        UnmapViewOfFile(view);
    CloseHandle(section);
    CloseHandle(file);

    file = open_single(L"locks.txt", GENERIC_READ, ALL, 0);
    step("locks: lock", LockFile(file, 0, 0, 4, 0));
    step("locks: lock more", LockFile(file, 20, 0, 4, 0));
    say("locks: other writes", "%lu", other(L"write", L"locks.txt"));
    show_read("locks: read", file, 16);
    step("locks: unlock", UnlockFile(file, 0, 0, 4, 0));
    step("locks: unlock again", UnlockFile(file, 0, 0, 4, 0));
    step("locks: lock again", LockFile(file, 0, 0, 4, 0));
    step("locks: unlock the other", UnlockFile(file, 20, 0, 4, 0));
    CloseHandle(file);

    // The same process changes it.
    HANDLE first = open_single(L"twice.txt", GENERIC_READ, ALL, 0),
           second = open_single(L"twice.txt", GENERIC_READ | GENERIC_WRITE, ALL, 0);
    step("twice: open", second != INVALID_HANDLE_VALUE);
    step("twice: write", WriteFile(second, "2", 1, &got, NULL));
    show_read("twice: read by the first", first, 3);
    show_read("twice: read by the second", second, 3);
    CloseHandle(second);
    show_read("twice: read on", first, 3);
    CloseHandle(first);
}

static void between_processes(void)
{
    static const struct {
        const char *name;
        DWORD access, share;
    } cases[] = {{"shared to read", GENERIC_READ, FILE_SHARE_READ},
                 {"not shared", GENERIC_READ, 0},
                 {"not shared, attributes", FILE_READ_ATTRIBUTES, 0},
                 {"shared to read and write", GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE},
                 {"shared to delete", GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE}};
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        HANDLE file = open_single(L"cross.txt", cases[i].access, cases[i].share, 0);
        step(cases[i].name, file != INVALID_HANDLE_VALUE);
        say("  other reads", "%lu", other(L"read", L"cross.txt"));
        say("  other writes", "%lu", other(L"write", L"cross.txt"));
        say("  other writes alone", "%lu", other(L"alone", L"cross.txt"));
        say("  other truncates", "%lu", other(L"truncate", L"cross.txt"));
        say("  other makes anew", "%lu", other(L"anew", L"cross.txt"));
        CloseHandle(file);
        say("  then other writes", "%lu", other(L"alone", L"cross.txt"));
    }
    HANDLE file = open_single(L"gone.txt", GENERIC_READ, FILE_SHARE_READ, 0);
    say("gone: other deletes what is not shared", "%lu", other(L"delete", L"gone.txt"));
    CloseHandle(file);
    file = open_single(L"gone.txt", GENERIC_READ, ALL, 0);
    say("gone: other deletes", "%lu", other(L"delete", L"gone.txt"));
    show_read("gone: read", file, 10);
    CloseHandle(file);
    say("gone: exists", "%lu", other(L"exists", L"gone.txt"));
    say("gone: other makes anew", "%lu", other(L"anew", L"gone.txt"));
}

static void deleting(void)
{
    HANDLE file = NULL, again = NULL;
    IO_STATUS_BLOCK io;
    BOOLEAN yes = TRUE, no = FALSE;
    WCHAR path[MAX_PATH], target[MAX_PATH];
    struct nt_file_standard_information standard;

    path_of(path, L"kept.txt");
    say("kept: open to delete", "%lx", nt_open(&file, path, DELETE, ALL, FILE_OPEN, 0, NULL));
    say("kept: read meanwhile", "%lx",
        nt_open(&again, path, GENERIC_READ, ALL, FILE_OPEN, 0, NULL));
    show_read("kept: read", again, 4);
    NtClose(again);
    say("kept: read meanwhile, sharing less", "%lx",
        nt_open(&again, path, GENERIC_READ, FILE_SHARE_READ, FILE_OPEN, 0, NULL));
    NtClose(file);
    say("kept: exists", "%lu", other(L"exists", L"kept.txt"));

    say("kept: open to delete", "%lx", nt_open(&file, path, DELETE, ALL, FILE_OPEN, 0, NULL));
    say("kept: delete", "%lx",
        NtSetInformationFile(file, &io, &yes, sizeof yes, FileDispositionInformation));
    say("kept: no, do not", "%lx",
        NtSetInformationFile(file, &io, &no, sizeof no, FileDispositionInformation));
    NtClose(file);
    say("kept: exists", "%lu", other(L"exists", L"kept.txt"));

    path_of(path, L"pending.txt");
    say("pending: open", "%lx",
        nt_open(&file, path, DELETE | FILE_READ_DATA, ALL, FILE_OPEN, 0, NULL));
    say("pending: delete", "%lx",
        NtSetInformationFile(file, &io, &yes, sizeof yes, FileDispositionInformation));
    say("pending: open again", "%lx", nt_open(&again, path, GENERIC_READ, ALL, FILE_OPEN, 0, NULL));
    if (again)
        NtClose(again);
    show_read("pending: read", file, 4);
    say("pending: information", "%lx",
        NtQueryInformationFile(file, &io, &standard, sizeof standard, FileStandardInformation));
    NtClose(file);
    say("pending: exists", "%lu", other(L"exists", L"pending.txt"));
    say("pending: open when gone", "%lx",
        nt_open(&again, path, GENERIC_READ, ALL, FILE_OPEN, 0, NULL));

    path_of(path, L"closing.txt");
    say("closing: open", "%lx",
        nt_open(&file, path, DELETE, ALL, FILE_OPEN, FILE_DELETE_ON_CLOSE, NULL));
    say("closing: read meanwhile", "%lx",
        nt_open(&again, path, GENERIC_READ, ALL, FILE_OPEN, 0, NULL));
    show_read("closing: read", again, 4);
    NtClose(file);
    NtClose(again);
    say("closing: exists", "%lu", other(L"exists", L"closing.txt"));
    say("closing: without the right", "%lx",
        nt_open(&file, path, GENERIC_READ, ALL, FILE_OPEN, FILE_DELETE_ON_CLOSE, NULL));

    path_of(path, L"renamed");
    path_of(target, L"renamed2");
    step("renamed: move", MoveFileW(path, target));
    file = open_single(L"renamed2", GENERIC_READ, ALL, 0);
    show_read("renamed: read", file, 10);
    CloseHandle(file);
    say("renamed: old name", "%lu", other(L"exists", L"renamed"));
    say("attr: other reads", "%lu", other(L"read", L"attr.txt"));
    path_of(path, L"attr.txt");
    step("attr: set", SetFileAttributesW(path, FILE_ATTRIBUTE_READONLY));
    step("attr: delete", DeleteFileW(path));
    say("attr: delete on close", "%lx",
        nt_open(&file, path, DELETE, ALL, FILE_OPEN, FILE_DELETE_ON_CLOSE, NULL));
    step("attr: set back", SetFileAttributesW(path, FILE_ATTRIBUTE_NORMAL));
    step("attr: delete", DeleteFileW(path));
}

int wmain(int argc, WCHAR **argv); // no header has it

int wmain(int argc, WCHAR **argv)
{
    if (argc == 4 && !wcscmp(argv[1], L"do"))
        return (int)act(argv[2], argv[3]);
    if (argc > 1 && !wcscmp(argv[1], L"prepare")) {
        prepare();
        return 0;
    }
    if (argc > 1) {
        check();
        return 77;
    }
    prepare();
    matrix();
    old_handles();
    between_processes();
    deleting();
    WIN32_FIND_DATAW found;
    WCHAR path[MAX_PATH];
    HANDLE find = FindFirstFileW(L"shares\\*", &found);
    unsigned count = 0;
    do {
        path_of(path, found.cFileName);
        count += DeleteFileW(path);
    } while (FindNextFileW(find, &found));
    FindClose(find);
    say("deleted", "%u files", count);
    step("remove", RemoveDirectoryW(L"shares"));
    return 0;
}
