// Ways to start a process: each child opens what its parent has named and answers with its exit
// code, so that one without the VM's names is found out.
#include "common_step.h"
#include <shellapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMED L"plume-guest-ways"

static WCHAR self[MAX_PATH];

/* A child's answer: 0 when the named event is the one that its parent made. */
static int child(int argc, WCHAR **argv)
{
    HANDLE event = OpenEventW(EVENT_MODIFY_STATE, FALSE, NAMED);
    DWORD error = GetLastError();
    if (!event)
        return 100 + (int)error;
    SetEvent(event);
    return argc > 2 ? (int)wcstoul(argv[2], NULL, 10) : 40;
}

static void line_of(WCHAR *line, const WCHAR *arguments)
{
    _snwprintf(line, 2 * MAX_PATH, L"\"%ls\" %ls", self, arguments);
    line[2 * MAX_PATH - 1] = 0;
}

static void finish(const char *name, PROCESS_INFORMATION *process)
{
    DWORD code = 0;
    WaitForSingleObject(process->hProcess, INFINITE);
    GetExitCodeProcess(process->hProcess, &code);
    say(name, "exit code %lu", code);
    CloseHandle(process->hThread);
    CloseHandle(process->hProcess);
}

static BOOL start(const char *name, DWORD flags, STARTUPINFOW *startup)
{
    WCHAR line[2 * MAX_PATH];
    STARTUPINFOW plain = {.cb = sizeof plain};
    PROCESS_INFORMATION process;
    line_of(line, L"child");
    BOOL good = step(name, CreateProcessW(self, line, NULL, NULL, FALSE, flags, NULL, NULL,
                                          startup ? startup : &plain, &process));
    if (good)
        finish(name, &process);
    return good;
}

static void flags(void)
{
    start("plain", 0, NULL);
    start("detached", DETACHED_PROCESS, NULL);
    start("new group", CREATE_NEW_PROCESS_GROUP, NULL);
    start("no window", CREATE_NO_WINDOW, NULL);
    start("away from the job", CREATE_BREAKAWAY_FROM_JOB, NULL);
    start("below normal", BELOW_NORMAL_PRIORITY_CLASS, NULL);
    start("default error mode", CREATE_DEFAULT_ERROR_MODE, NULL);
    start("detached with a new console", DETACHED_PROCESS | CREATE_NEW_CONSOLE, NULL);
}

/* Of the job that it is given, which lets it go: the child is in it no more, but still the VM's. */
static void jobs(void)
{
    WCHAR line[2 * MAX_PATH];
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION process;
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {.BasicLimitInformation.LimitFlags =
                                                       JOB_OBJECT_LIMIT_SILENT_BREAKAWAY_OK};
    BOOL in = 9;
    HANDLE job = CreateJobObjectW(NULL, NULL);
    step("job: limits",
         SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof limits));
    line_of(line, L"breed");
    if (!step("job: start", CreateProcessW(self, line, NULL, NULL, FALSE, CREATE_SUSPENDED, NULL,
                                           NULL, &startup, &process)))
        return;
    step("job: assign", AssignProcessToJobObject(job, process.hProcess));
    step("job: is in it", IsProcessInJob(process.hProcess, job, &in));
    step_code("job: is in it", (DWORD)in);
    ResumeThread(process.hThread);
    finish("job: its child", &process);
    CloseHandle(job);
}

/* In a job of its own that lets children go: the grandchild's answer. */
static int breed(void)
{
    WCHAR line[2 * MAX_PATH];
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION process;
    DWORD code = 0;
    line_of(line, L"child 41");
    if (!CreateProcessW(self, line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &process))
        return 60;
    HANDLE again = OpenProcess(PROCESS_QUERY_INFORMATION, FALSE, process.dwProcessId);
    WaitForSingleObject(process.hProcess, INFINITE);
    GetExitCodeProcess(process.hProcess, &code);
    return (int)code + (again ? 0 : 50);
}

static void extended(void)
{
    typedef BOOL(WINAPI * initialize_function)(void *, DWORD, DWORD, SIZE_T *);
    typedef BOOL(WINAPI * update_function)(void *, DWORD, DWORD_PTR, void *, SIZE_T, void *,
                                           SIZE_T *);
    enum { PARENT = 0x00020000, HANDLES = 0x00020002 };
    struct {
        STARTUPINFOW startup;
        void *attributes;
    } startup = {.startup.cb = sizeof startup};
    HMODULE kernel = GetModuleHandleW(L"kernel32.dll");
    initialize_function initialize =
        (initialize_function)(void *)GetProcAddress(kernel, "InitializeProcThreadAttributeList");
    update_function update =
        (update_function)(void *)GetProcAddress(kernel, "UpdateProcThreadAttribute");
    WCHAR line[2 * MAX_PATH];
    STARTUPINFOW plain = {.cb = sizeof plain};
    PROCESS_INFORMATION parent, process;
    SIZE_T size = 0;
    if (!initialize)
        return;
    initialize(NULL, 2, 0, &size);
    startup.attributes = malloc(size);
    step("extended: list", initialize(startup.attributes, 2, 0, &size));
    line_of(line, L"sleep");
    if (!step("extended: a parent",
              CreateProcessW(self, line, NULL, NULL, FALSE, 0, NULL, NULL, &plain, &parent)))
        return;
    SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
    HANDLE event = CreateEventW(&inherited, TRUE, FALSE, NULL);
    step("extended: of another parent", update(startup.attributes, 0, PARENT, &parent.hProcess,
                                               sizeof parent.hProcess, NULL, NULL));
    start("of another parent", 0x00080000 /* EXTENDED_STARTUPINFO_PRESENT */, &startup.startup);
    initialize(startup.attributes, 2, 0, &size);
    step("extended: of handles",
         update(startup.attributes, 0, HANDLES, &event, sizeof event, NULL, NULL));
    line_of(line, L"child 42");
    if (step("with a list of handles", CreateProcessW(self, line, NULL, NULL, TRUE, 0x00080000,
                                                      NULL, NULL, &startup.startup, &process)))
        finish("with a list of handles", &process);
    TerminateProcess(parent.hProcess, 1);
    WaitForSingleObject(parent.hProcess, INFINITE);
    free(startup.attributes);
}

static void debugged(void)
{
    WCHAR line[2 * MAX_PATH];
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION process;
    DEBUG_EVENT event;
    unsigned made = 0, ended = 0;
    DWORD code = 0;
    line_of(line, L"child 43");
    if (!step("debugged: start", CreateProcessW(self, line, NULL, NULL, FALSE, DEBUG_PROCESS, NULL,
                                                NULL, &startup, &process)))
        return;
    while (!ended && WaitForDebugEvent(&event, 60000)) {
        made += event.dwDebugEventCode == CREATE_PROCESS_DEBUG_EVENT;
        if (event.dwDebugEventCode == CREATE_PROCESS_DEBUG_EVENT)
            CloseHandle(event.u.CreateProcessInfo.hFile);
        if (event.dwDebugEventCode == LOAD_DLL_DEBUG_EVENT)
            CloseHandle(event.u.LoadDll.hFile);
        if (event.dwDebugEventCode == EXIT_PROCESS_DEBUG_EVENT &&
            event.dwProcessId == process.dwProcessId) {
            ended++;
            code = event.u.ExitProcess.dwExitCode;
        }
        ContinueDebugEvent(event.dwProcessId, event.dwThreadId,
                           event.dwDebugEventCode == EXCEPTION_DEBUG_EVENT &&
                                   event.u.Exception.ExceptionRecord.ExceptionCode !=
                                       EXCEPTION_BREAKPOINT
                               ? DBG_EXCEPTION_NOT_HANDLED
                               : DBG_CONTINUE);
    }
    say("debugged", "made %u, ended %u, exit code %lu", made, ended, code);
}

static void tokens(void)
{
    WCHAR line[2 * MAX_PATH];
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION process;
    HANDLE token = NULL, copy = NULL;
    step("token: own", OpenProcessToken(GetCurrentProcess(), TOKEN_ALL_ACCESS, &token));
    step("token: copy", DuplicateTokenEx(token, TOKEN_ALL_ACCESS, NULL, SecurityImpersonation,
                                         TokenPrimary, &copy));
    line_of(line, L"child 44");
    if (step("as a user", CreateProcessAsUserW(copy, self, line, NULL, NULL, FALSE, 0, NULL, NULL,
                                               &startup, &process)))
        finish("as a user", &process);
    step("impersonation: self", ImpersonateSelf(SecurityImpersonation));
    start("while impersonating", 0, NULL);
    step("impersonation: end", RevertToSelf());
    CloseHandle(copy);
    CloseHandle(token);
}

static void shell(void)
{
    BOOL(WINAPI * execute)
    (SHELLEXECUTEINFOW *) = (void *)GetProcAddress(LoadLibraryW(L"shell32.dll"), "ShellExecuteExW");
    SHELLEXECUTEINFOW info = {.cbSize = sizeof info,
                              .fMask = SEE_MASK_NOCLOSEPROCESS | SEE_MASK_FLAG_NO_UI,
                              .lpFile = self,
                              .lpParameters = L"child 45",
                              .nShow = SW_HIDE};
    DWORD code = 0;
    if (step("ShellExecuteEx", execute(&info)) && info.hProcess) {
        WaitForSingleObject(info.hProcess, INFINITE);
        GetExitCodeProcess(info.hProcess, &code);
        step_code("ShellExecuteEx: exit code", code);
        CloseHandle(info.hProcess);
    }
    char line[2 * MAX_PATH];
    snprintf(line, sizeof line, "\"%ls\" child 46", self);
    HANDLE event = OpenEventW(SYNCHRONIZE | EVENT_MODIFY_STATE, FALSE, NAMED);
    ResetEvent(event);
    say("WinExec", "%s", WinExec(line, SW_HIDE) > 31 ? "ok" : "an error");
    step_code("WinExec: it came", WaitForSingleObject(event, 60000));
    snprintf(line, sizeof line, "\"\"%ls\" child 47\"", self);
    fflush(stdout);
    say("system()", "%d", system(line));
    snprintf(line, sizeof line, "start \"\" /b /wait \"%ls\" child 48", self);
    say("start", "%d", system(line));
    CloseHandle(event);
}

/* A thread made in a child, at an address that both have. */
static void thread_in_child(void)
{
    WCHAR line[2 * MAX_PATH];
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION process;
    DWORD code = 0;
    line_of(line, L"sleep");
    if (!step("thread: a child",
              CreateProcessW(self, line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &process)))
        return;
    HANDLE thread = CreateRemoteThread(process.hProcess, NULL, 0,
                                       (LPTHREAD_START_ROUTINE)(void *)GetProcAddress(
                                           GetModuleHandleW(L"kernel32.dll"), "ExitProcess"),
                                       (void *)49, 0, NULL);
    if (step("thread: in the child", thread != NULL)) {
        WaitForSingleObject(process.hProcess, 60000);
        GetExitCodeProcess(process.hProcess, &code);
        step_code("thread: ends the child", code);
        CloseHandle(thread);
    }
    TerminateProcess(process.hProcess, 1);
}

int wmain(int argc, WCHAR **argv); // no header has it

int wmain(int argc, WCHAR **argv)
{
    GetModuleFileNameW(NULL, self, MAX_PATH);
    if (argc > 1 && !wcscmp(argv[1], L"breed"))
        return breed();
    if (argc > 1 && !wcscmp(argv[1], L"sleep")) {
        Sleep(INFINITE);
        return 0;
    }
    if (argc > 1)
        return child(argc, argv);
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NAMED);
    flags();
    jobs();
    extended();
    debugged();
    tokens();
    shell();
    thread_in_child();
    CloseHandle(event);
    return 0;
}
