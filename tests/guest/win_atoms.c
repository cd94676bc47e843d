// Global atoms, in a process that has nothing else of windows.
#include <stdio.h>
#include <wchar.h>
#include "common_step.h"

int wmain(int argc, wchar_t **argv); // declared by no header

int wmain(int argc, wchar_t **argv)
{
    wchar_t line[600], text[64];
    char narrow[64];
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION made;
    if (argc > 1) {
        ATOM atom = GlobalFindAtomW(L"Plume test atom");
        UINT len = GlobalGetAtomNameW(atom, text, 64);
        say("child finds", "%d, %ls", atom != 0, len ? text : L"");
        step("child adds", GlobalAddAtomA("Plume child's atom") != 0);
        return 0;
    }
    step("find what is not", GlobalFindAtomW(L"Plume test atom") != 0);
    ATOM atom = GlobalAddAtomW(L"Plume test atom");
    say("add", "%d", atom >= 0xc000);
    say("again", "%d", GlobalAddAtomW(L"plume TEST atom") == atom);
    say("find", "%d", GlobalFindAtomA("plume test ATOM") == atom);
    UINT len = GlobalGetAtomNameA(atom, narrow, sizeof narrow);
    say("name", "%u %s", len, len ? narrow : "");
    SetLastError(0);
    len = GlobalGetAtomNameW(atom, text, 4);
    say("name in little room", "%u, error %lu", len, GetLastError());
    say("an integer", "%x", GlobalAddAtomW(MAKEINTATOM(123)));
    step("an empty name", GlobalAddAtomW(L"") != 0);
    wmemset(line, L'x', 300);
    line[300] = 0;
    step("a long name", GlobalAddAtomW(line) != 0);
    SetLastError(0);
    step("no atom's name", GlobalGetAtomNameW(0xfff0, text, 64) != 0);
    _snwprintf(line, 600, L"\"%ls\" child", argv[0]);
    fflush(stdout);
    if (!step("start",
              CreateProcessW(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &made)))
        return 1;
    WaitForSingleObject(made.hProcess, INFINITE);
    ATOM childs = GlobalFindAtomW(L"Plume child's atom");
    say("the child's outlives it", "%d", childs != 0);
    SetLastError(0);
    GlobalDeleteAtom(childs);
    step_code("delete the child's", GetLastError());
    SetLastError(0);
    GlobalDeleteAtom(atom);
    step_code("delete", GetLastError());
    say("one more use", "%d", GlobalFindAtomW(L"Plume test atom") == atom);
    GlobalDeleteAtom(atom);
    step("gone", GlobalFindAtomW(L"Plume test atom") != 0);
    SetLastError(0);
    GlobalDeleteAtom(atom);
    step_code("delete what is gone", GetLastError());
    return 0;
}
