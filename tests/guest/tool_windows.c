// `show TEXT`: has a window with this title, this text on the clipboard and a global atom of that
// name, says "shown", and goes on until the window is closed. `look TEXT`: says which of these it
// finds. `close TEXT`: closes the window. `set TEXT`: only the clipboard and the atom.
#include <windows.h>
#include <stdio.h>
#include <string.h>

static LRESULT CALLBACK answer(HWND window, UINT message, WPARAM wp, LPARAM lp)
{
    if (message == WM_DESTROY)
        PostQuitMessage(0);
    return DefWindowProcA(window, message, wp, lp);
}

static void set(const char *text)
{
    HGLOBAL memory = GlobalAlloc(GMEM_MOVEABLE, strlen(text) + 1);
    memcpy(GlobalLock(memory), text, strlen(text) + 1);
    GlobalUnlock(memory);
    while (!OpenClipboard(NULL)) // another process has it open
        Sleep(10);
    EmptyClipboard();
    SetClipboardData(CF_TEXT, memory);
    CloseClipboard();
    GlobalAddAtomA(text);
}

static int show(const char *text)
{
    WNDCLASSA class = {.lpfnWndProc = answer, .lpszClassName = "PlumeTool"};
    MSG message;
    RegisterClassA(&class);
    if (!CreateWindowA("PlumeTool", text, WS_OVERLAPPEDWINDOW, 0, 0, 50, 50, NULL, NULL, NULL,
                       NULL))
        return 9;
    set(text);
    puts("shown");
    fflush(stdout);
    while (GetMessageA(&message, NULL, 0, 0) > 0)
        DispatchMessageA(&message);
    return 0;
}

static int look(const char *text)
{
    while (!OpenClipboard(NULL))
        Sleep(10);
    HANDLE data = GetClipboardData(CF_TEXT);
    const char *found = data ? GlobalLock(data) : "";
    printf("window %d clipboard %d atom %d\n", FindWindowA("PlumeTool", text) != NULL,
           strcmp(found, text) == 0, GlobalFindAtomA(text) != 0);
    CloseClipboard();
    return 0;
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    if (strcmp(argv[1], "show") == 0)
        return show(argv[2]);
    if (strcmp(argv[1], "look") == 0)
        return look(argv[2]);
    if (strcmp(argv[1], "set") == 0)
        set(argv[2]);
    HWND window = FindWindowA("PlumeTool", argv[2]);
    if (strcmp(argv[1], "close") == 0)
        return PostMessageA(window, WM_CLOSE, 0, 0) ? 0 : (int)GetLastError();
    return 0;
}
