// Handles on files that a process does not open itself: one that it inherits, one that another
// process puts into it, one that it takes from another, and one that a third hands from one to the
// other. The file is written
// by another before or after; whoever reads through the handle reads what was written, from where
// the handle is. Deleted through the handle, it is gone for all.
//
//   file_handed [prepare|run] [FOLDER]    default: both, in the folder "handed"
//   file_handed child                     reads its orders from the standard input
#include "common_step.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "layer/nt.h"

enum { ALL = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE };

static const WCHAR *const files[] = {
    L"put",        L"put late", L"taken",     L"taken late",     L"third",
    L"third late", L"deleted",  L"inherited", L"inherited late", L"inherited twice"};

static void prepare(void)
{
    DWORD size;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        HANDLE file = CreateFileW(files[i], GENERIC_WRITE, ALL, NULL, CREATE_ALWAYS, 0, NULL);
        WriteFile(file, "as it was at first", 18, &size, NULL);
        CloseHandle(file);
    }
}

static void show(HANDLE file)
{
    char text[32] = "";
    DWORD size = 0;
    BOOL good = ReadFile(file, text, 5, &size, NULL);
    printf("  reads %d '%s', size %lu, position %ld\n", good, text,
           (unsigned long)GetFileSize(file, NULL),
           (long)SetFilePointer(file, 0, NULL, FILE_CURRENT));
    fflush(stdout);
}

static int child(void)
{
    HANDLE file = NULL;
    BOOLEAN gone = TRUE;
    IO_STATUS_BLOCK io;
    unsigned long process, handle;
    char order;
    while (scanf(" %c", &order) == 1) {
        switch (order) {
        case 'h': // is given a handle
            if (scanf("%lu", &handle) == 1)
                file = (HANDLE)(ULONG_PTR)handle;
            break;
        case 't': // takes one
            if (scanf("%lu %lu", &process, &handle) == 2) {
                HANDLE other = OpenProcess(PROCESS_DUP_HANDLE, FALSE, process);
                file = NULL;
                step("take", DuplicateHandle(other, (HANDLE)(ULONG_PTR)handle, GetCurrentProcess(),
                                             &file, 0, FALSE, DUPLICATE_SAME_ACCESS));
                CloseHandle(other);
            }
            break;
        case 'r':
            show(file);
            break;
        case 'd':
            step("delete",
                 !NtSetInformationFile(file, &io, &gone, sizeof gone, FileDispositionInformation));
            break;
        case 'c':
            step("close", CloseHandle(file));
            break;
        }
        printf("done\n");
        fflush(stdout);
    }
    return 0;
}

struct child {
    HANDLE process;
    DWORD id;
    HANDLE orders, answers;
};

/* Gives an order and shows what is answered. */
static void order(const struct child *to, const char *what)
{
    char line[128];
    DWORD size, used = 0;
    WriteFile(to->orders, what, (DWORD)strlen(what), &size, NULL);
    WriteFile(to->orders, "\n", 1, &size, NULL);
    while (ReadFile(to->answers, line + used, 1, &size, NULL) && size) {
        if (line[used] != '\n') {
            used += used < sizeof line - 1;
            continue;
        }
        used -= used && line[used - 1] == '\r';
        line[used] = 0;
        if (!strcmp(line, "done"))
            return;
        printf("%s\n", line);
        used = 0;
    }
    puts("the child has ended");
}

static struct child start(void)
{
    STARTUPINFOW startup = {.cb = sizeof startup, .dwFlags = STARTF_USESTDHANDLES};
    SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
    PROCESS_INFORMATION process = {0};
    struct child made = {0};
    WCHAR self[MAX_PATH], line[] = L"file_handed child";
    HANDLE answers;
    GetModuleFileNameW(NULL, self, MAX_PATH);
    CreatePipe(&startup.hStdInput, &made.orders, &inherited, 0);
    CreatePipe(&made.answers, &answers, &inherited, 0);
    SetHandleInformation(made.orders, HANDLE_FLAG_INHERIT, 0);
    SetHandleInformation(made.answers, HANDLE_FLAG_INHERIT, 0);
    startup.hStdOutput = startup.hStdError = answers;
    step("start", CreateProcessW(self, line, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &process));
    CloseHandle(startup.hStdInput);
    CloseHandle(answers);
    CloseHandle(process.hThread);
    made.process = process.hProcess;
    made.id = process.dwProcessId;
    return made;
}

static void stop(struct child *child)
{
    CloseHandle(child->orders);
    WaitForSingleObject(child->process, INFINITE);
    CloseHandle(child->answers);
    CloseHandle(child->process);
}

static void overwrite(const WCHAR *name, const char *text)
{
    DWORD size;
    HANDLE file = CreateFileW(name, GENERIC_WRITE, ALL, NULL, OPEN_EXISTING, 0, NULL);
    step("write",
         file != INVALID_HANDLE_VALUE && WriteFile(file, text, (DWORD)strlen(text), &size, NULL));
    CloseHandle(file);
}

static HANDLE open_file(const WCHAR *name, DWORD access)
{
    HANDLE file = CreateFileW(name, access, ALL, NULL, OPEN_EXISTING, 0, NULL);
    printf("%ls\n", name);
    step("open", file != INVALID_HANDLE_VALUE);
    return file;
}

static HANDLE put(const struct child *to, HANDLE file)
{
    HANDLE theirs = NULL;
    step("put", DuplicateHandle(GetCurrentProcess(), file, to->process, &theirs, 0, FALSE,
                                DUPLICATE_SAME_ACCESS));
    return theirs;
}

static void give(const struct child *to, HANDLE theirs)
{
    char text[32];
    snprintf(text, sizeof text, "h %lu", (unsigned long)(ULONG_PTR)theirs);
    order(to, text);
}

static void finish(const struct child *reader, const WCHAR *name, BOOL late)
{
    order(reader, "r"); // also moves the handle
    if (late)
        overwrite(name, "written at last!");
    order(reader, "r");
    order(reader, "r");
    order(reader, "c");
}

/* By a handle that allows nothing else than to duplicate. */
static void work_on_put(struct child *to, const WCHAR *name, BOOL late)
{
    struct child weak = *to;
    HANDLE file = open_file(name, GENERIC_READ);
    weak.process = OpenProcess(PROCESS_DUP_HANDLE, FALSE, to->id);
    HANDLE theirs = put(&weak, file);
    CloseHandle(weak.process);
    if (!late)
        overwrite(name, "written between!");
    CloseHandle(file);
    give(to, theirs);
    finish(to, name, late);
}

static void work_on_taken(const struct child *to, const WCHAR *name, BOOL late)
{
    char text[64];
    HANDLE file = open_file(name, GENERIC_READ);
    snprintf(text, sizeof text, "t %lu %lu", GetCurrentProcessId(), (unsigned long)(ULONG_PTR)file);
    order(to, text);
    if (!late)
        overwrite(name, "written between!");
    finish(to, name, late);
    CloseHandle(file);
}

static void work_on_third(const struct child *from, const struct child *to, const WCHAR *name,
                          BOOL late)
{
    HANDLE file = open_file(name, GENERIC_READ), first = put(from, file), second = NULL;
    CloseHandle(file);
    step("hand on", DuplicateHandle(from->process, first, to->process, &second,
                                    FILE_READ_DATA | SYNCHRONIZE, FALSE, DUPLICATE_CLOSE_SOURCE));
    if (!late)
        overwrite(name, "written between!");
    give(to, second);
    finish(to, name, late);
}

static void work_on_deleted(const struct child *to, const WCHAR *name)
{
    HANDLE file = open_file(name, GENERIC_READ | DELETE);
    give(to, put(to, file));
    order(to, "r");
    order(to, "d");
    order(to, "c");
    CloseHandle(file);
    step("is there", GetFileAttributesW(name) != INVALID_FILE_ATTRIBUTES);
}

/* Written before there is the child that inherits the handle, while it runs, or both. */
static void work_on_inherited(const WCHAR *name, BOOL early, BOOL late)
{
    HANDLE file = open_file(name, GENERIC_READ);
    SetHandleInformation(file, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
    if (early)
        overwrite(name, "written before!");
    struct child child = start();
    give(&child, file);
    finish(&child, name, late);
    stop(&child);
    CloseHandle(file);
}

static void run(void)
{
    struct child first = start(), second = start();
    for (int late = 0; late < 2; late++) {
        work_on_put(&first, files[late], late);
        work_on_taken(&first, files[2 + late], late);
        work_on_third(&first, &second, files[4 + late], late);
    }
    work_on_deleted(&first, files[6]);
    stop(&first);
    stop(&second);
    work_on_inherited(files[7], TRUE, FALSE);
    work_on_inherited(files[8], FALSE, TRUE);
    work_on_inherited(files[9], TRUE, TRUE);
}

int wmain(int argc, WCHAR **argv);
int wmain(int argc, WCHAR **argv)
{
    const WCHAR *what = argc > 1 ? argv[1] : L"", *folder = argc > 2 ? argv[2] : L"handed";
    if (!wcscmp(what, L"child"))
        return child();
    CreateDirectoryW(folder, NULL);
    if (!SetCurrentDirectoryW(folder))
        return 1;
    if (wcscmp(what, L"run"))
        prepare();
    if (wcscmp(what, L"prepare"))
        run();
    SetCurrentDirectoryW(L"\\");
    return 0;
}
