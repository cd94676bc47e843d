// Window stations and desktops by their names: what a process is on, what there is, what can be
// made, what a child gets, and what of the user's cannot be changed.
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include "common_step.h"

static void say_name(const char *name, HANDLE object)
{
    wchar_t text[300];
    DWORD size = 0;
    SetLastError(0);
    if (GetUserObjectInformationW(object, UOI_NAME, text, sizeof text, &size))
        say(name, "%ls, %lu bytes", text, size);
    else
        say(name, "error %lu, %lu bytes", GetLastError(), size);
}

struct seen {
    const wchar_t *wanted[4];
    bool has[4];
};

static BOOL CALLBACK look_w(wchar_t *name, LPARAM context)
{
    struct seen *seen = (void *)context;
    for (int i = 0; i < 4; i++)
        if (seen->wanted[i] && _wcsicmp(seen->wanted[i], name) == 0)
            seen->has[i] = true;
    return TRUE;
}

static BOOL CALLBACK look_a(char *name, LPARAM context)
{
    wchar_t wide[300];
    MultiByteToWideChar(CP_ACP, 0, name, -1, wide, 300);
    return look_w(wide, context);
}

static BOOL CALLBACK refuse(wchar_t *name, LPARAM context)
{
    (void)name;
    ++*(int *)context;
    return FALSE;
}

static void say_seen(const char *name, const struct seen *seen)
{
    say(name, "%d %d %d %d", seen->has[0], seen->has[1], seen->has[2], seen->has[3]);
}

static void stations(void)
{
    struct seen seen = {{L"WinSta0", L"plume test", L"no such"}, {0}};
    int calls = 0;
    HWINSTA made = CreateWindowStationW(L"plume test", 0, GENERIC_ALL, NULL), again, opened;
    step("make a station", made != NULL);
    say_name("made", made);
    again = CreateWindowStationW(L"Plume TEST", 0, GENERIC_ALL, NULL);
    step("make it again", again != NULL);
    step("make only a new one",
         CreateWindowStationW(L"plume test", CWF_CREATE_ONLY, GENERIC_ALL, NULL) != NULL);
    opened = OpenWindowStationW(L"PLUME test", FALSE, GENERIC_READ);
    step("open", opened != NULL);
    say_name("opened", opened);
    step("EnumWindowStationsW", EnumWindowStationsW(look_w, (LPARAM)&seen));
    say_seen("listed", &seen);
    memset(seen.has, 0, sizeof seen.has);
    step("EnumWindowStationsA", EnumWindowStationsA(look_a, (LPARAM)&seen));
    say_seen("listed", &seen);
    BOOL good = EnumWindowStationsW(refuse, (LPARAM)&calls);
    say("refused", "%d after %d", good, calls);
    CloseWindowStation(made);
    CloseWindowStation(again);
    CloseWindowStation(opened);
    step("open what is gone", OpenWindowStationW(L"plume test", FALSE, GENERIC_READ) != NULL);
    step("open what never was", OpenWindowStationA("no such", FALSE, GENERIC_READ) != NULL);
    step("a name with a backslash", CreateWindowStationW(L"a\\b", 0, GENERIC_ALL, NULL) != NULL);
    step("WinSta0", (opened = OpenWindowStationW(L"winsta0", FALSE, WINSTA_READATTRIBUTES)) != 0);
    say_name("WinSta0", opened);
    CloseWindowStation(opened);
    wchar_t longer[400];
    wmemset(longer, L'x', 300);
    longer[300] = 0;
    step("a long name", CreateWindowStationW(longer, 0, GENERIC_ALL, NULL) != NULL);
    step("open a long name", OpenWindowStationW(longer, FALSE, GENERIC_ALL) != NULL);
}

static void information(void)
{
    HWINSTA own = GetProcessWindowStation();
    HDESK desktop = GetThreadDesktop(GetCurrentThreadId());
    wchar_t text[32];
    char narrow[32];
    DWORD size = 0;
    USEROBJECTFLAGS flags = {0};
    say_name("own station", own);
    say_name("own desktop", desktop);
    say_name("no handle", NULL);
    say_name("a handle of another kind", GetCurrentProcess());
    BOOL good = GetUserObjectInformationW(own, UOI_NAME, text, 4, &size);
    say("a small buffer", "%d, error %lu, %lu bytes", good, GetLastError(), size);
    good = GetUserObjectInformationW(own, UOI_NAME, NULL, 0, &size);
    say("no buffer", "%d, error %lu, %lu bytes", good, GetLastError(), size);
    good = GetUserObjectInformationA(own, UOI_NAME, narrow, sizeof narrow, &size);
    say("in ANSI", "%d, %s, %lu bytes", good, good ? narrow : "", size);
    good = GetUserObjectInformationW(own, UOI_TYPE, text, sizeof text, &size);
    say("type", "%d, %ls, %lu bytes", good, text, size);
    good = GetUserObjectInformationW(own, UOI_FLAGS, &flags, sizeof flags, &size);
    say("flags", "%d, %lx, %lu bytes", good, flags.dwFlags, size);
    good = GetUserObjectInformationW(own, 99, text, sizeof text, &size);
    say("another index", "%d, error %lu", good, GetLastError());
}

static void desktops(void)
{
    struct seen seen = {{L"Default", L"plume test", L"no such"}, {0}};
    HDESK made = CreateDesktopW(L"plume test", NULL, NULL, 0, GENERIC_ALL, NULL), opened;
    step("make a desktop", made != NULL);
    say_name("made", made);
    step("open it", (opened = OpenDesktopW(L"Plume Test", 0, FALSE, GENERIC_ALL)) != NULL);
    step("EnumDesktopsW", EnumDesktopsW(NULL, look_w, (LPARAM)&seen));
    say_seen("listed", &seen);
    step("go there", SetThreadDesktop(made));
    say_name("there", GetThreadDesktop(GetCurrentThreadId()));
    HDESK before = OpenDesktopW(L"Default", 0, FALSE, GENERIC_ALL);
    step("Default", before != NULL);
    step("go back", SetThreadDesktop(before));
    CloseDesktop(opened);
    step("close", CloseDesktop(made));
    step("open what never was", OpenDesktopW(L"no such", 0, FALSE, GENERIC_ALL) != NULL);
    HDESK input = OpenInputDesktop(0, FALSE, DESKTOP_READOBJECTS);
    step("the one with the input", input != NULL);
    say_name("it is", input);
    CloseDesktop(input);
}

static void child(const wchar_t *self, const char *name, const wchar_t *desktop)
{
    wchar_t line[600], copy[100] = L"";
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION made;
    _snwprintf(line, 600, L"\"%ls\" child", self);
    if (desktop)
        startup.lpDesktop = wcscpy(copy, desktop);
    fflush(stdout);
    if (!step(name, CreateProcessW(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &made)))
        return;
    DWORD code = 0;
    WaitForSingleObject(made.hProcess, INFINITE);
    GetExitCodeProcess(made.hProcess, &code);
    say("its exit status", "%lu", code);
    CloseHandle(made.hProcess);
    CloseHandle(made.hThread);
}

static void settings(void)
{
    int elements[] = {COLOR_DESKTOP};
    COLORREF values[] = {0x123456};
    RECT area;
    UINT before = GetDoubleClickTime();
    step("the work area", SystemParametersInfoW(SPI_GETWORKAREA, 0, &area, 0));
    // Natively these would change what the host has.
    BOOL good = wcsstr(GetCommandLineW(), L"change") != NULL &&
                (SystemParametersInfoW(SPI_SETSCREENSAVETIMEOUT, 123, NULL, SPIF_UPDATEINIFILE) ||
                 SystemParametersInfoW(SPI_SETMOUSESPEED, 0, (void *)1, SPIF_UPDATEINIFILE) ||
                 SetSysColors(1, elements, values) || SetDoubleClickTime(before + 1) ||
                 SwapMouseButton(TRUE) || GetDoubleClickTime() != before);
    say("settings changed", "%d", good);
}

int wmain(int argc, wchar_t **argv); // declared by no header

int wmain(int argc, wchar_t **argv)
{
    setvbuf(stdout, NULL, _IOFBF, 65536);
    if (argc > 1 && wcscmp(argv[1], L"child") == 0) {
        STARTUPINFOW startup;
        GetStartupInfoW(&startup);
        say("child's startup", "%ls", startup.lpDesktop ? startup.lpDesktop : L"(none)");
        say_name("child's station", GetProcessWindowStation());
        say_name("child's desktop", GetThreadDesktop(GetCurrentThreadId()));
        return 3;
    }
    information();
    stations();
    desktops();
    child(argv[0], "a child", NULL);
    child(argv[0], "a child on nothing", L"");
    child(argv[0], "a child on WinSta0\\Default", L"WinSta0\\Default");
    child(argv[0], "a child on a desktop", L"plume other");
    child(argv[0], "a child on a station", L"plume station\\plume other");
    HWINSTA own = GetProcessWindowStation(),
            mine = CreateWindowStationW(L"plume mine", 0, GENERIC_ALL, NULL);
    step("a station of its own", mine && SetProcessWindowStation(mine));
    say_name("on", GetProcessWindowStation());
    HDESK desk = CreateDesktopW(L"Default", NULL, NULL, 0, GENERIC_ALL, NULL);
    step("its desktop", desk != NULL);
    step("on it", SetThreadDesktop(desk));
    child(argv[0], "a child there", NULL);
    step("back", SetProcessWindowStation(own));
    settings();
    return 0;
}
