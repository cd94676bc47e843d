// The clipboard, between two processes.
#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include "common_step.h"

static HGLOBAL bytes(const void *data, size_t size)
{
    HGLOBAL memory = GlobalAlloc(GMEM_MOVEABLE, size);
    memcpy(GlobalLock(memory), data, size);
    GlobalUnlock(memory);
    return memory;
}

static void look(const char *name, UINT format)
{
    if (!step(name, OpenClipboard(NULL)))
        return;
    HANDLE data = GetClipboardData(CF_UNICODETEXT);
    say(name, "text %ls", data ? (wchar_t *)GlobalLock(data) : L"(none)");
    data = GetClipboardData(CF_TEXT);
    say(name, "as ANSI %s", data ? (char *)GlobalLock(data) : "(none)");
    data = GetClipboardData(format);
    say(name, "own format %s", data ? (char *)GlobalLock(data) : "(none)");
    say(name, "available %d %d %d", IsClipboardFormatAvailable(CF_UNICODETEXT),
        IsClipboardFormatAvailable(format), IsClipboardFormatAvailable(CF_BITMAP));
    step("close", CloseClipboard());
}

int wmain(int argc, wchar_t **argv); // declared by no header

int wmain(int argc, wchar_t **argv)
{
    static const wchar_t text[] = L"Plume test text", other[] = L"from the child";
    wchar_t line[600], format_name[64];
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION made;
    UINT format = RegisterClipboardFormatW(L"Plume test format");
    DWORD sequence;
    if (argc > 1) {
        look("child", format);
        step("child opens", OpenClipboard(NULL));
        step("child empties", EmptyClipboard());
        step("child sets", SetClipboardData(CF_UNICODETEXT, bytes(other, sizeof other)) != NULL);
        step("child closes", CloseClipboard());
        return 0;
    }
    GetClipboardFormatNameW(format, format_name, 64);
    say("format", "%d %ls", format >= 0xc000, format_name);
    step("set without opening", SetClipboardData(CF_TEXT, bytes("x", 2)) != NULL);
    step("close without opening", CloseClipboard());
    step("open", OpenClipboard(NULL));
    step("empty", EmptyClipboard());
    say("formats", "%d", CountClipboardFormats());
    sequence = GetClipboardSequenceNumber();
    step("set", SetClipboardData(CF_UNICODETEXT, bytes(text, sizeof text)) != NULL);
    step("set another", SetClipboardData(format, bytes("own data", 9)) != NULL);
    step("close", CloseClipboard());
    say("the number went up", "%d", GetClipboardSequenceNumber() > sequence);
    look("self", format);
    _snwprintf(line, 600, L"\"%ls\" child", argv[0]);
    fflush(stdout);
    if (!step("start",
              CreateProcessW(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &made)))
        return 1;
    WaitForSingleObject(made.hProcess, INFINITE);
    look("after the child", format);
    step("open", OpenClipboard(NULL));
    step("empty", EmptyClipboard());
    step("close", CloseClipboard());
    look("empty", format);
    return 0;
}
