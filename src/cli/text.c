#include "text.h"

#include <windows.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void text_put(void *context, const char *bytes, size_t len)
{
    struct text *text = context;
    if (text->failed || !len)
        return;
    if (len > text->room - text->len) {
        size_t room = 2 * (text->len + len) + 4096;
        char *more = realloc(text->bytes, room);
        if (!more) {
            text->failed = true;
            return;
        }
        text->bytes = more;
        text->room = room;
    }
    memcpy(text->bytes + text->len, bytes, len);
    text->len += len;
}

void text_format(struct text *text, const char *format, ...)
{
    char bytes[2048];
    va_list args;
    va_start(args, format);
    int len = _vsnprintf(bytes, sizeof(bytes), format, args);
    va_end(args);
    text_put(text, bytes, len < 0 || len > (int)sizeof(bytes) ? sizeof(bytes) : (size_t)len);
}

void text_wide(struct text *text, const wchar_t *wide)
{
    int len = WideCharToMultiByte(CP_UTF8, 0, wide, -1, NULL, 0, NULL, NULL);
    char *bytes = len > 0 ? malloc((size_t)len) : NULL;
    if (!bytes) {
        text->failed = true;
        return;
    }
    WideCharToMultiByte(CP_UTF8, 0, wide, -1, bytes, len, NULL, NULL);
    text_put(text, bytes, (size_t)len - 1);
    free(bytes);
}

wchar_t *text_to_wide(const char *bytes, size_t len)
{
    int units = len ? MultiByteToWideChar(CP_UTF8, 0, bytes, (int)len, NULL, 0) : 0;
    wchar_t *wide = calloc((size_t)units + 1, sizeof(*wide));
    if (wide && units)
        MultiByteToWideChar(CP_UTF8, 0, bytes, (int)len, wide, units);
    return wide;
}

bool text_save(const struct text *text, const wchar_t *path, struct plume_error *error)
{
    if (text->failed)
        return error_win32_code(error, ERROR_NOT_ENOUGH_MEMORY, L"cannot write", path, NULL);
    HANDLE file =
        CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return error_win32(error, L"cannot write", path, NULL);
    size_t at = 0;
    DWORD written = 1;
    while (at < text->len && written &&
           WriteFile(file, text->bytes + at, (DWORD)(text->len - at), &written, NULL))
        at += written;
    bool ok = at == text->len || error_win32(error, L"cannot write", path, NULL);
    CloseHandle(file);
    return ok;
}

bool text_load(struct text *text, const wchar_t *path, struct plume_error *error)
{
    enum { PART = 65536, MOST = 64 << 20 };
    char *part = malloc(PART);
    HANDLE file =
        CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                    NULL, OPEN_EXISTING, 0, NULL);
    DWORD got;
    bool ok = file != INVALID_HANDLE_VALUE;
    text->failed |= !part;
    while (ok && part && text->len < MOST) {
        ok = ReadFile(file, part, PART, &got, NULL);
        if (!ok || !got)
            break;
        text_put(text, part, got);
    }
    if (!ok)
        error_win32(error, L"cannot read", path, NULL);
    else if (text->failed)
        ok = error_win32_code(error, ERROR_NOT_ENOUGH_MEMORY, L"cannot read", path, NULL);
    if (file != INVALID_HANDLE_VALUE)
        CloseHandle(file);
    free(part);
    return ok;
}
