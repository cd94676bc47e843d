#include "monitor/log.h"

#include <stdarg.h>
#include <stdio.h>

static HANDLE log_file;

void log_to(HANDLE file)
{
    log_file = file;
}

void log_line(const wchar_t *format, ...)
{
    if (!log_file)
        return;
    wchar_t text[1024];
    SYSTEMTIME now;
    GetSystemTime(&now);
    int at = _snwprintf(text, 32, L"%04u-%02u-%02uT%02u:%02u:%02u.%03uZ ", now.wYear, now.wMonth,
                        now.wDay, now.wHour, now.wMinute, now.wSecond, now.wMilliseconds);
    const int cap = 1000;
    va_list args;
    va_start(args, format);
    int len = _vsnwprintf(text + at, cap, format, args);
    va_end(args);
    // Its answer for a text that was cut is negative.
    int end = at + (len < 0 || len > cap ? cap : len);
    text[end++] = L'\n';
    char utf8[sizeof(text) / sizeof(*text) * 3];
    int bytes = WideCharToMultiByte(CP_UTF8, 0, text, end, utf8, sizeof(utf8), NULL, NULL);
    DWORD written;
    if (bytes > 0)
        WriteFile(log_file, utf8, (DWORD)bytes, &written, NULL);
}
