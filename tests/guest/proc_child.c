// Processes: this program starts itself, with inherited handles, an environment, a folder,
// suspended, and what is no program; and looks at what becomes of them.
#include "common_step.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static WCHAR self[MAX_PATH];

static BOOL start(const WCHAR *arguments, BOOL inherit, DWORD flags, void *environment,
                  const WCHAR *folder, STARTUPINFOW *startup, PROCESS_INFORMATION *process)
{
    WCHAR line[2 * MAX_PATH];
    STARTUPINFOW plain = {.cb = sizeof plain};
    _snwprintf(line, sizeof line / sizeof *line, L"\"%ls\" %ls", self, arguments);
    line[sizeof line / sizeof *line - 1] = 0;
    return CreateProcessW(self, line, NULL, NULL, inherit, flags, environment, folder,
                          startup ? startup : &plain, process);
}

static void finish(const char *name, PROCESS_INFORMATION *process)
{
    DWORD code = 0;
    char line[100];
    snprintf(line, sizeof line, "%s: ends", name);
    step_code(line, WaitForSingleObject(process->hProcess, 30000));
    snprintf(line, sizeof line, "%s: exit code", name);
    if (GetExitCodeProcess(process->hProcess, &code))
        step_code(line, code);
    CloseHandle(process->hThread);
    CloseHandle(process->hProcess);
}

/* What the child does: its first argument says. */
static int child(int argc, WCHAR **argv)
{
    if (!wcscmp(argv[1], L"exit"))
        ExitProcess((UINT)_wtoi(argv[2]));
    if (!wcscmp(argv[1], L"write")) {
        HANDLE pipe = (HANDLE)(ULONG_PTR)wcstoul(argv[2], NULL, 16);
        DWORD size;
        return !WriteFile(pipe, "from the child", 14, &size, NULL);
    }
    if (!wcscmp(argv[1], L"print")) {
        printf("child prints %ls, %d arguments\n", argv[2], argc);
        return 0;
    }
    if (!wcscmp(argv[1], L"copy")) {
        char text[64] = "";
        if (!fgets(text, sizeof text, stdin))
            return 9;
        printf("[%s]", text);
        return 0;
    }
    if (!wcscmp(argv[1], L"environment")) {
        WCHAR value[64] = L"none";
        GetEnvironmentVariableW(L"PLUME_GUEST", value, 64);
        printf("child: PLUME_GUEST=%ls\n", value);
        return 0;
    }
    if (!wcscmp(argv[1], L"folder")) {
        WCHAR folder[MAX_PATH], windows[MAX_PATH];
        GetCurrentDirectoryW(MAX_PATH, folder);
        GetWindowsDirectoryW(windows, MAX_PATH);
        printf("child: %s\n",
               lstrcmpiW(folder, windows) ? "another folder" : "the folder it was given");
        return 0;
    }
    if (!wcscmp(argv[1], L"event")) {
        HANDLE event = OpenEventW(EVENT_MODIFY_STATE, FALSE, argv[2]);
        return event && SetEvent(event) ? 0 : (int)GetLastError();
    }
    if (!wcscmp(argv[1], L"tree")) { // a child of its own
        PROCESS_INFORMATION process;
        DWORD code = 99;
        if (!start(L"exit 21", FALSE, 0, NULL, NULL, NULL, &process))
            return (int)GetLastError();
        WaitForSingleObject(process.hProcess, 30000);
        GetExitCodeProcess(process.hProcess, &code);
        return (int)code + 1;
    }
    if (!wcscmp(argv[1], L"sleep")) {
        Sleep(60000);
        return 0;
    }
    return 77;
}

static void exits(void)
{
    PROCESS_INFORMATION process;
    DWORD code = 0;
    if (step("exit: start", start(L"exit 42", FALSE, 0, NULL, NULL, NULL, &process)))
        finish("exit", &process);
    if (step("exit with a status: start",
             start(L"exit -1073741819", FALSE, 0, NULL, NULL, NULL, &process)))
        finish("exit with a status", &process);
    if (step("child of a child: start", start(L"tree", FALSE, 0, NULL, NULL, NULL, &process)))
        finish("child of a child", &process);
    if (step("to be ended: start", start(L"sleep", FALSE, 0, NULL, NULL, NULL, &process))) {
        step("to be ended: exit code", GetExitCodeProcess(process.hProcess, &code));
        step_code("to be ended: exit code", code);
        step("to be ended: by its id",
             OpenProcess(PROCESS_TERMINATE, FALSE, process.dwProcessId) != NULL);
        step("to be ended: end", TerminateProcess(process.hProcess, 7));
        finish("to be ended", &process);
    }
    if (step("suspended: start",
             start(L"exit 5", FALSE, CREATE_SUSPENDED, NULL, NULL, NULL, &process))) {
        step_code("suspended: waits", WaitForSingleObject(process.hProcess, 200));
        step_code("suspended: resume", ResumeThread(process.hThread));
        finish("suspended", &process);
    }
    if (step("suspended and ended: start",
             start(L"exit 5", FALSE, CREATE_SUSPENDED, NULL, NULL, NULL, &process))) {
        step("suspended and ended: end", TerminateProcess(process.hProcess, 6));
        finish("suspended and ended", &process);
    }
}

static void handles(void)
{
    SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
    PROCESS_INFORMATION process;
    HANDLE read = NULL, write = NULL, in_read = NULL, in_write = NULL;
    WCHAR arguments[64];
    char got[200] = "";
    DWORD size = 0;

    step("handles: pipe", CreatePipe(&read, &write, &inherited, 0));
    SetHandleInformation(read, HANDLE_FLAG_INHERIT, 0);
    _snwprintf(arguments, 64, L"write %lx", (unsigned long)(ULONG_PTR)write);
    if (step("handles: inherited", start(arguments, TRUE, 0, NULL, NULL, NULL, &process))) {
        finish("handles: inherited", &process);
        step("handles: read", ReadFile(read, got, sizeof got - 1, &size, NULL));
        say("handles: read", "%s", got);
    }
    if (step("handles: not inherited", start(arguments, FALSE, 0, NULL, NULL, NULL, &process)))
        finish("handles: not inherited", &process);

    step("standard handles: pipe", CreatePipe(&in_read, &in_write, &inherited, 0));
    SetHandleInformation(in_write, HANDLE_FLAG_INHERIT, 0);
    STARTUPINFOW startup = {.cb = sizeof startup,
                            .dwFlags = STARTF_USESTDHANDLES,
                            .hStdInput = in_read,
                            .hStdOutput = write,
                            .hStdError = write};
    if (step("standard handles: start", start(L"copy", TRUE, 0, NULL, NULL, &startup, &process))) {
        CloseHandle(write);
        CloseHandle(in_read);
        WriteFile(in_write, "given", 5, &size, NULL);
        CloseHandle(in_write);
        finish("standard handles", &process);
        memset(got, 0, sizeof got);
        step("standard handles: read", ReadFile(read, got, sizeof got - 1, &size, NULL));
        say("standard handles: read", "%s", got);
        step("standard handles: the end", ReadFile(read, got, sizeof got - 1, &size, NULL));
    }
    CloseHandle(read);
    if (step("same output: start",
             start(L"print \"two words\" x", TRUE, 0, NULL, NULL, NULL, &process)))
        finish("same output", &process);
}

static void surroundings(void)
{
    PROCESS_INFORMATION process;
    WCHAR windows[MAX_PATH], block[4 * MAX_PATH];
    SetEnvironmentVariableW(L"PLUME_GUEST", L"inherited");
    if (step("environment: start", start(L"environment", TRUE, 0, NULL, NULL, NULL, &process)))
        finish("environment", &process);
    // The least that a program needs to start, and one of our own.
    GetWindowsDirectoryW(windows, MAX_PATH);
    int length = _snwprintf(block, 4 * MAX_PATH, L"PLUME_GUEST=given%lcSystemRoot=%ls%lc%lc", 1,
                            windows, 1, 1);
    for (int i = 0; i < length; i++)
        if (block[i] == 1)
            block[i] = 0;
    if (step("own environment: start",
             start(L"environment", TRUE, CREATE_UNICODE_ENVIRONMENT, block, NULL, NULL, &process)))
        finish("own environment", &process);
    if (step("folder: start", start(L"folder", TRUE, 0, NULL, windows, NULL, &process)))
        finish("folder", &process);
    step("missing folder: start",
         start(L"folder", TRUE, 0, NULL, L"C:\\plume-missing\\folder", NULL, &process));

    HANDLE event = CreateEventW(NULL, TRUE, FALSE, L"plume-guest-child");
    if (step("named object: start",
             start(L"event plume-guest-child", FALSE, 0, NULL, NULL, NULL, &process))) {
        finish("named object", &process);
        step_code("named object: set", WaitForSingleObject(event, 0));
    }
    CloseHandle(event);
}

static void no_program(void)
{
    PROCESS_INFORMATION process;
    STARTUPINFOW startup = {.cb = sizeof startup};
    WCHAR line[MAX_PATH], path[MAX_PATH];
    DWORD size;
    lstrcpyW(line, L"plume-missing.exe x");
    step("missing: by its command line",
         CreateProcessW(NULL, line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &process));
    step("missing: by its path", CreateProcessW(L"C:\\plume-missing.exe", NULL, NULL, NULL, FALSE,
                                                0, NULL, NULL, &startup, &process));
    step("missing: in a missing folder",
         CreateProcessW(L"C:\\plume-missing\\x.exe", NULL, NULL, NULL, FALSE, 0, NULL, NULL,
                        &startup, &process));
    GetTempPathW(MAX_PATH - 32, path);
    lstrcatW(path, L"plume-guest-text.exe");
    HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    WriteFile(file, "this is no program", 18, &size, NULL);
    CloseHandle(file);
    step("text as a program",
         CreateProcessW(path, NULL, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &process));
    file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    CloseHandle(file);
    step("empty file as a program",
         CreateProcessW(path, NULL, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &process));

    // A program that was only just made.
    step("copy of this program", CopyFileW(self, path, FALSE));
    lstrcpyW(line, L"copy exit 33");
    if (step("copy of this program: start",
             CreateProcessW(path, line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &process)))
        finish("copy of this program", &process);
    step("copy of this program: delete", DeleteFileW(path));
}

static void command_interpreter(void)
{
    PROCESS_INFORMATION process;
    STARTUPINFOW startup = {.cb = sizeof startup};
    WCHAR line[MAX_PATH];
    lstrcpyW(line, L"cmd.exe /c exit 3");
    if (step("cmd: start",
             CreateProcessW(NULL, line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &process)))
        finish("cmd", &process);
    fflush(stdout);
    say("system()", "%d", system("exit 4"));
}

int wmain(int argc, WCHAR **argv); // no header has it

int wmain(int argc, WCHAR **argv)
{
    GetModuleFileNameW(NULL, self, MAX_PATH);
    if (argc > 1)
        return child(argc, argv);
    exits();
    handles();
    surroundings();
    no_program();
    command_interpreter();
    return 0;
}
