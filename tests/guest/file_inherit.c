// A file that a child inherits a handle of, and that is written by its parent: the child reads what
// was written.
//
//   file_inherit [prepare|run] [FOLDER]    default: both, in the folder "inherit"
//   file_inherit child HANDLE EVENT        the child: reads when its standard input says so
#include "common_step.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALL = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE };

static const WCHAR *const files[] = {L"before", L"after", L"both"};

static void prepare(void)
{
    DWORD size;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        HANDLE file = CreateFileW(files[i], GENERIC_WRITE, ALL, NULL, CREATE_ALWAYS, 0, NULL);
        WriteFile(file, "as it was", 9, &size, NULL);
        CloseHandle(file);
    }
}

static void show(HANDLE file)
{
    char text[32] = "";
    DWORD size = 0;
    SetFilePointer(file, 0, NULL, FILE_BEGIN);
    BOOL good = ReadFile(file, text, sizeof text - 1, &size, NULL);
    printf("  child reads %d '%s', size %lu\n", good, text, (unsigned long)GetFileSize(file, NULL));
    fflush(stdout);
}

static int child(HANDLE file, HANDLE shown)
{
    while (getchar() == 'r') {
        show(file);
        SetEvent(shown);
    }
    return 0;
}

static void overwrite(const WCHAR *name, const char *text)
{
    DWORD size;
    HANDLE file = CreateFileW(name, GENERIC_WRITE, ALL, NULL, OPEN_EXISTING, 0, NULL);
    step("write",
         file != INVALID_HANDLE_VALUE && WriteFile(file, text, (DWORD)strlen(text), &size, NULL));
    CloseHandle(file);
    fflush(stdout);
}

/* Which of the two moments the parent writes at: before the child starts, and while it runs. */
static void run(const WCHAR *name, BOOL before, BOOL after)
{
    STARTUPINFOW startup = {.cb = sizeof startup, .dwFlags = STARTF_USESTDHANDLES};
    SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
    PROCESS_INFORMATION process;
    WCHAR self[MAX_PATH], line[MAX_PATH];
    HANDLE write, shown = CreateEventW(&inherited, FALSE, FALSE, NULL);
    DWORD size;
    HANDLE file = CreateFileW(name, GENERIC_READ, ALL, &inherited, OPEN_EXISTING, 0, NULL);
    printf("%ls\n", name);
    if (before)
        overwrite(name, "before it");
    CreatePipe(&startup.hStdInput, &write, &inherited, 0);
    SetHandleInformation(write, HANDLE_FLAG_INHERIT, 0);
    startup.hStdOutput = GetStdHandle(STD_OUTPUT_HANDLE);
    startup.hStdError = GetStdHandle(STD_ERROR_HANDLE);
    GetModuleFileNameW(NULL, self, MAX_PATH);
    _snwprintf(line, MAX_PATH, L"file_inherit child %lu %lu", (unsigned long)(ULONG_PTR)file,
               (unsigned long)(ULONG_PTR)shown);
    fflush(stdout);
    step("run", CreateProcessW(self, line, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &process));
    fflush(stdout);
    CloseHandle(startup.hStdInput);
    WriteFile(write, "r", 1, &size, NULL);
    WaitForSingleObject(shown, 60000);
    if (after)
        overwrite(name, "while it runs");
    WriteFile(write, "r", 1, &size, NULL);
    CloseHandle(write);
    WaitForSingleObject(process.hProcess, INFINITE);
    CloseHandle(process.hProcess);
    CloseHandle(process.hThread);
    CloseHandle(file);
    CloseHandle(shown);
}

int wmain(int argc, WCHAR **argv);
int wmain(int argc, WCHAR **argv)
{
    const WCHAR *what = argc > 1 ? argv[1] : L"", *folder = argc > 2 ? argv[2] : L"inherit";
    if (!wcscmp(what, L"child"))
        return argc < 4 ? 1
                        : child((HANDLE)(ULONG_PTR)wcstoul(argv[2], NULL, 10),
                                (HANDLE)(ULONG_PTR)wcstoul(argv[3], NULL, 10));
    CreateDirectoryW(folder, NULL);
    if (!SetCurrentDirectoryW(folder))
        return 1;
    if (wcscmp(what, L"run"))
        prepare();
    if (wcscmp(what, L"prepare")) {
        run(L"before", TRUE, FALSE);
        run(L"after", FALSE, TRUE);
        run(L"both", TRUE, TRUE);
    }
    SetCurrentDirectoryW(L"\\");
    return 0;
}
