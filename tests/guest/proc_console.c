// Attaching to a console by a process's number, and who shares one.
//   proc_console             the parity guest
//   proc_console stay        ends when its parent says so, or after some minutes
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>
#include "common_step.h"

#define GO L"plume test console"
enum { LONG_MS = 200000, PATIENCE_MS = 60000 };

/* A child with a console that nobody sees. */
static HANDLE child(DWORD *id)
{
    wchar_t path[MAX_PATH], line[600];
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION made = {0};
    GetModuleFileNameW(NULL, path, MAX_PATH);
    _snwprintf(line, 600, L"\"%ls\" stay", path);
    fflush(stdout);
    step("start", CreateProcessW(NULL, line, NULL, NULL, FALSE, CREATE_NO_WINDOW, NULL, NULL,
                                 &startup, &made));
    *id = made.dwProcessId;
    return made.hProcess;
}

static int stay(void)
{
    HANDLE go = OpenEventW(SYNCHRONIZE, FALSE, GO);
    if (go)
        WaitForSingleObject(go, LONG_MS);
    else
        Sleep(LONG_MS);
    return 3;
}

/* Until the process, which may still be starting, has one. */
static BOOL attach(DWORD id)
{
    DWORD until = GetTickCount() + PATIENCE_MS;
    while (!AttachConsole(id))
        if (GetLastError() != ERROR_ACCESS_DENIED || (LONG)(GetTickCount() - until) > 0)
            return FALSE;
        else
            Sleep(10);
    return TRUE;
}

static void list(DWORD other)
{
    DWORD ids[64], none[1];
    BOOL own = FALSE, others = FALSE;
    DWORD count = GetConsoleProcessList(ids, 64);
    step("list", count != 0);
    for (DWORD i = 0; i < count && i < 64; i++) {
        own |= ids[i] == GetCurrentProcessId();
        others |= ids[i] == other;
    }
    say("in it", "%lu, this one %d, the child %d", count, own, others);
    say("no room", "%lu", GetConsoleProcessList(none, 0));
    say("too little room", "%lu", GetConsoleProcessList(none, 1));
}

int wmain(int argc, wchar_t **argv); // declared by no header

int wmain(int argc, wchar_t **argv)
{
    DWORD id = 0, code = 0;
    if (argc > 1 && !wcscmp(argv[1], L"stay"))
        return stay();
    HANDLE go = CreateEventW(NULL, TRUE, FALSE, GO);
    HANDLE process = child(&id);
    FreeConsole();
    step("attach to nothing", AttachConsole(0xfffffff0));
    step("attach to oneself, without a console", AttachConsole(GetCurrentProcessId()));
    step("list without one", GetConsoleProcessList(&code, 1) != 0);
    step("attach to the child's", attach(id));
    list(id);
    step("attach to a second", AttachConsole(GetCurrentProcessId()));
    step("free", FreeConsole());
    SetEvent(go);
    WaitForSingleObject(process, PATIENCE_MS);
    GetExitCodeProcess(process, &code);
    say("its exit status", "%lu", code);
    step("attach to what has ended", AttachConsole(id));
    return 0;
}
