// Windows and messages between two processes: finding, sending, posting, copying data, hooks,
// timers.
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include "common_step.h"

#define CLASS L"Plume test server"
enum { PATIENCE_MS = 60000 };

static UINT shared_message;

static LRESULT CALLBACK serve(HWND window, UINT message, WPARAM wp, LPARAM lp)
{
    const COPYDATASTRUCT *copied = (void *)lp;
    static unsigned posted;
    switch (message) {
    case WM_APP + 1:
        return (LRESULT)(wp * 2 + (WPARAM)lp);
    case WM_APP + 2:
        posted += (unsigned)wp;
        return 0;
    case WM_APP + 3:
        return posted;
    case WM_APP + 4:
        return shared_message;
    case WM_COPYDATA: {
        LRESULT sum = (LRESULT)copied->dwData;
        for (DWORD i = 0; i < copied->cbData; i++)
            sum += ((const BYTE *)copied->lpData)[i];
        return sum;
    }
    case WM_DESTROY:
        PostQuitMessage(5);
        return 0;
    }
    if (message == shared_message)
        posted += 1000;
    return DefWindowProcW(window, message, wp, lp);
}

static HWND make(const wchar_t *class, const wchar_t *title, HWND parent)
{
    WNDCLASSW description = {
        .lpfnWndProc = serve, .hInstance = GetModuleHandleW(NULL), .lpszClassName = class};
    RegisterClassW(&description);
    return CreateWindowExW(0, class, title, WS_OVERLAPPEDWINDOW, 0, 0, 100, 100, parent, NULL,
                           description.hInstance, NULL);
}

static int server(void)
{
    MSG message;
    HANDLE ready = OpenEventW(EVENT_MODIFY_STATE, FALSE, L"plume test messages ready");
    if (!make(CLASS, L"Plume test title", NULL) || !make(L"Plume test hidden", L"h", HWND_MESSAGE))
        return 9;
    SetEvent(ready);
    while (GetMessageW(&message, NULL, 0, 0) > 0) {
        if (message.message == WM_APP + 5 && !message.hwnd)
            SetEvent(ready);
        DispatchMessageW(&message);
    }
    return (int)message.wParam;
}

static BOOL CALLBACK count(HWND window, LPARAM context)
{
    wchar_t class[64];
    if (GetClassNameW(window, class, 64) && wcscmp(class, CLASS) == 0)
        ++*(int *)context;
    return TRUE;
}

static LRESULT ask(HWND window, UINT message, WPARAM wp, LPARAM lp)
{
    DWORD_PTR result = 0;
    if (!SendMessageTimeoutW(window, message, wp, lp, SMTO_NORMAL, PATIENCE_MS, &result))
        return -1;
    return (LRESULT)result;
}

static unsigned hooked, timed;

static LRESULT CALLBACK hook(int code, WPARAM wp, LPARAM lp)
{
    const MSG *message = (void *)lp;
    if (code == HC_ACTION && wp == PM_REMOVE && message->message == WM_APP + 9)
        hooked++;
    return CallNextHookEx(NULL, code, wp, lp);
}

static void CALLBACK tick(HWND window, UINT message, UINT_PTR id, DWORD time)
{
    (void)window;
    (void)message;
    (void)id;
    (void)time;
    timed++;
}

static void alone(void)
{
    MSG message;
    say("no server", "%d", FindWindowW(CLASS, NULL) != NULL);
    HHOOK handle = SetWindowsHookExW(WH_GETMESSAGE, hook, NULL, GetCurrentThreadId());
    step("hook", handle != NULL);
    step("post to the thread", PostThreadMessageW(GetCurrentThreadId(), WM_APP + 9, 0, 0));
    step("get", GetMessageW(&message, NULL, WM_APP + 9, WM_APP + 9));
    say("hooked", "%u", hooked);
    step("unhook", UnhookWindowsHookEx(handle));
    UINT_PTR timer = SetTimer(NULL, 0, 10, tick);
    step("timer", timer != 0);
    while (!timed && GetMessageW(&message, NULL, 0, 0) > 0)
        DispatchMessageW(&message);
    step("kill it", KillTimer(NULL, timer));
    step("no window", IsWindow((HWND)(ULONG_PTR)0xfffe));
    step("post to no window", PostMessageW((HWND)(ULONG_PTR)0xfffe, WM_NULL, 0, 0));
    step("post to no thread", PostThreadMessageW(0xfffffffc, WM_NULL, 0, 0));
    step("a class that is not", CreateWindowExW(0, L"Plume no such class", L"", 0, 0, 0, 0, 0, NULL,
                                                NULL, NULL, NULL) != NULL);
}

static void talk(HWND window, DWORD process, HANDLE ready)
{
    DWORD owner = 0, thread = GetWindowThreadProcessId(window, &owner);
    wchar_t text[64] = L"";
    BYTE bytes[1000];
    int windows = 0;
    memset(bytes, 7, sizeof bytes);
    COPYDATASTRUCT copied = {11, sizeof bytes, bytes};
    say("owner is the child", "%d", owner == process);
    say("title found", "%d", FindWindowW(NULL, L"Plume test title") == window);
    say("not found by another title", "%d", FindWindowW(CLASS, L"Plume other title") != NULL);
    step("EnumWindows", EnumWindows(count, (LPARAM)&windows));
    say("windows of the class", "%d", windows);
    windows = 0;
    step("EnumThreadWindows", EnumThreadWindows(thread, count, (LPARAM)&windows));
    say("windows of the class", "%d", windows);
    GetWindowTextW(window, text, 64);
    say("title", "%ls", text);
    say("sent", "%ld", (long)ask(window, WM_APP + 1, 20, 2));
    say("copied", "%ld", (long)ask(window, WM_COPYDATA, 0, (LPARAM)&copied));
    for (int i = 1; i <= 10; i++)
        if (!PostMessageW(window, WM_APP + 2, (WPARAM)i, 0))
            step("post", FALSE);
    while (ask(window, WM_APP + 3, 0, 0) < 55)
        Sleep(10);
    say("posted", "%ld", (long)ask(window, WM_APP + 3, 0, 0));
    say("a registered message is the same", "%d",
        ask(window, WM_APP + 4, 0, 0) == (LRESULT)shared_message && shared_message >= 0xc000);
    step("broadcast", PostMessageW(HWND_BROADCAST, shared_message, 0, 0));
    while (ask(window, WM_APP + 3, 0, 0) < 1055)
        Sleep(10);
    say("posted", "%ld", (long)ask(window, WM_APP + 3, 0, 0));
    step("post to its thread", PostThreadMessageW(thread, WM_APP + 5, 0, 0));
    say("it came", "%d", WaitForSingleObject(ready, PATIENCE_MS) == WAIT_OBJECT_0);
    HWND hidden = FindWindowExW(HWND_MESSAGE, NULL, L"Plume test hidden", NULL);
    step("message-only, among those", hidden != NULL);
    say("sent", "%ld", (long)ask(hidden, WM_APP + 1, 1, 1));
    say("message-only, among the others", "%d", FindWindowW(L"Plume test hidden", NULL) != NULL);
    say("desktop is the parent", "%d", GetAncestor(window, GA_PARENT) == GetDesktopWindow());
}

int wmain(int argc, wchar_t **argv); // declared by no header

int wmain(int argc, wchar_t **argv)
{
    wchar_t line[600];
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION made;
    shared_message = RegisterWindowMessageW(L"Plume test message");
    if (argc > 1)
        return server();
    alone();
    HANDLE ready = CreateEventW(NULL, FALSE, FALSE, L"plume test messages ready");
    _snwprintf(line, 600, L"\"%ls\" server", argv[0]);
    fflush(stdout);
    if (!step("start",
              CreateProcessW(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &made)))
        return 1;
    HANDLE either[] = {ready, made.hProcess};
    DWORD which = WaitForMultipleObjects(2, either, FALSE, PATIENCE_MS);
    say("server", "%s", which == WAIT_OBJECT_0 ? "ready" : "not ready");
    HWND window = FindWindowW(CLASS, NULL);
    if (!step("found", window != NULL))
        return 1;
    talk(window, made.dwProcessId, ready);
    step("close", PostMessageW(window, WM_CLOSE, 0, 0));
    WaitForSingleObject(made.hProcess, PATIENCE_MS);
    DWORD code = 0;
    GetExitCodeProcess(made.hProcess, &code);
    say("its exit status", "%lu", code);
    step("still a window", IsWindow(window));
    step("post to it", PostMessageW(window, WM_NULL, 0, 0));
    say("found", "%d", FindWindowW(CLASS, NULL) != NULL);
    return 0;
}
