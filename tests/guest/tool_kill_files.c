// Changes files in ways that leave each of them old or new at every instant, to be killed while it
// does.
//
//   tool_kill_files prepare FOLDER           makes what is there before, SETS times
//   tool_kill_files work FOLDER FIRST GO     says "ready", waits until the file GO exists, and
//   works from
//                                            set FIRST on, for ever
//   tool_kill_files start FOLDER COUNT FIRST GO    starts COUNT that work, on FOLDER\\0, FOLDER\\1
//   and so on, and
//                                            waits for their end
//   tool_kill_files check FOLDER...          says what is neither old nor new, and how many sets it
//   looked at
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <windows.h>

enum { SETS = 12, PATH = 300, BIG = 200000, MEDIUM = 20000, SMALL = 1000 };
enum { OLD = 'L', NEW = 'N' };

static const WCHAR *folder;
static unsigned set;
static unsigned wrong;

static const WCHAR *name(const WCHAR *leaf)
{
    static WCHAR names[4][PATH];
    static unsigned next;
    WCHAR *out = names[next++ % 4];
    _snwprintf(out, PATH, L"%ls\\%u.%ls", folder, set, leaf);
    return out;
}

static bool there(const WCHAR *leaf)
{
    return GetFileAttributesW(name(leaf)) != INVALID_FILE_ATTRIBUTES;
}

static void write_whole(const WCHAR *leaf, char fill, DWORD size)
{
    static char data[BIG];
    DWORD done;
    HANDLE file = CreateFileW(name(leaf), GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    memset(data, fill, size);
    if (file == INVALID_HANDLE_VALUE || !WriteFile(file, data, size, &done, NULL)) {
        printf("cannot write %ls: error %lu\n", name(leaf), GetLastError());
        exit(1);
    }
    CloseHandle(file);
}

static void must(bool good, const char *what)
{
    if (!good) {
        printf("%s of set %u: error %lu\n", what, set, GetLastError());
        fflush(stdout);
        exit(1);
    }
}

static void prepare(void)
{
    CreateDirectoryW(folder, NULL);
    for (set = 0; set < SETS; set++) {
        write_whole(L"copied", OLD, BIG);
        write_whole(L"moved", OLD, MEDIUM);
        write_whole(L"deleted", OLD, MEDIUM);
        write_whole(L"replaced", OLD, MEDIUM);
        write_whole(L"overwritten", OLD, MEDIUM);
        CreateDirectoryW(name(L"folder"), NULL);
        CreateDirectoryW(name(L"folder\\below"), NULL);
        write_whole(L"folder\\1", OLD, SMALL);
        write_whole(L"folder\\2", OLD, MEDIUM);
        write_whole(L"folder\\below\\3", OLD, SMALL);
    }
}

static void work_on_set(void)
{
    HANDLE file =
        CreateFileW(name(L"copied"), GENERIC_WRITE, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    must(file != INVALID_HANDLE_VALUE, "opening for writing");
    CloseHandle(file);
    must(there(L"moved") ? MoveFileExW(name(L"moved"), name(L"moved2"), 0)
                         : MoveFileExW(name(L"moved2"), name(L"moved"), 0),
         "renaming");
    must(there(L"folder") ? MoveFileExW(name(L"folder"), name(L"folder2"), 0)
                          : MoveFileExW(name(L"folder2"), name(L"folder"), 0),
         "renaming the folder");
    if (there(L"deleted")) {
        must(DeleteFileW(name(L"deleted")), "deleting");
    } else {
        write_whole(L"spare", NEW, MEDIUM);
        must(MoveFileExW(name(L"spare"), name(L"deleted"), 0), "making it again");
    }
    write_whole(L"spare2", NEW, SMALL);
    must(MoveFileExW(name(L"spare2"), name(L"replaced"), MOVEFILE_REPLACE_EXISTING), "replacing");
    write_whole(L"overwritten", NEW, MEDIUM);
}

/* How much of a file has one fill: its size, or -1 if it is not there or has other bytes. */
static long whole(const WCHAR *leaf, char fill)
{
    static char data[BIG + 1];
    DWORD size = 0;
    HANDLE file =
        CreateFileW(name(leaf), GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return -1;
    BOOL good = ReadFile(file, data, sizeof data, &size, NULL);
    CloseHandle(file);
    for (DWORD i = 0; good && i < size; i++)
        good = data[i] == fill;
    return good ? (long)size : -1;
}

static void expect(bool good, const char *what)
{
    if (good)
        return;
    printf("%ls, set %u: %s\n", folder, set, what);
    wrong++;
}

static void check_set(void)
{
    expect(whole(L"copied", OLD) == BIG, "what was copied is not whole");
    expect(there(L"moved") != there(L"moved2"), "the renamed file is there twice or not at all");
    expect(whole(there(L"moved") ? L"moved" : L"moved2", OLD) == MEDIUM,
           "the renamed file is not whole");
    bool old = there(L"folder");
    expect(old != there(L"folder2"), "the renamed folder is there twice or not at all");
    expect(whole(old ? L"folder\\1" : L"folder2\\1", OLD) == SMALL &&
               whole(old ? L"folder\\2" : L"folder2\\2", OLD) == MEDIUM &&
               whole(old ? L"folder\\below\\3" : L"folder2\\below\\3", OLD) == SMALL,
           "the renamed folder is not whole");
    expect(!there(L"deleted") || whole(L"deleted", OLD) == MEDIUM ||
               whole(L"deleted", NEW) == MEDIUM,
           "the deleted file is there in part");
    expect(whole(L"replaced", OLD) == MEDIUM || whole(L"replaced", NEW) == SMALL,
           "the replaced file is neither old nor new");
    // What is overwritten in its place is written in steps natively, too: empty, then more and
    // more.
    expect(whole(L"overwritten", OLD) == MEDIUM || whole(L"overwritten", NEW) >= 0,
           "the overwritten file is neither old nor new");
}

static void start_all(const WCHAR *program, unsigned count, const WCHAR *first, const WCHAR *go)
{
    HANDLE processes[MAXIMUM_WAIT_OBJECTS];
    for (unsigned i = 0; i < count; i++) {
        WCHAR command[3 * PATH];
        STARTUPINFOW startup = {.cb = sizeof startup};
        PROCESS_INFORMATION process;
        _snwprintf(command, 3 * PATH, L"\"%ls\" work %ls\\%u %ls %ls", program, folder, i, first,
                   go);
        must(CreateProcessW(NULL, command, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &process),
             "starting");
        processes[i] = process.hProcess;
    }
    WaitForMultipleObjects(count, processes, TRUE, INFINITE);
}

int wmain(int argc, WCHAR **argv);
int wmain(int argc, WCHAR **argv)
{
    if (argc < 3)
        return 2;
    folder = argv[2];
    if (!wcscmp(argv[1], L"prepare")) {
        prepare();
        return 0;
    }
    if (!wcscmp(argv[1], L"check")) {
        for (int i = 2; i < argc; i++) {
            folder = argv[i];
            for (set = 0; set < SETS; set++)
                check_set();
        }
        printf("%d folders, %u wrong\n", argc - 2, wrong);
        return wrong != 0;
    }
    if (argc == 6 && !wcscmp(argv[1], L"start")) {
        start_all(argv[0], (unsigned)wcstoul(argv[3], NULL, 10), argv[4], argv[5]);
        return 0;
    }
    if (argc != 5)
        return 2;
    puts("ready");
    fflush(stdout);
    while (GetFileAttributesW(argv[4]) == INVALID_FILE_ATTRIBUTES)
        Sleep(1);
    for (set = (unsigned)wcstoul(argv[3], NULL, 10) % SETS;; set = (set + 1) % SETS)
        work_on_set();
}
