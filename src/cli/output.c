#include <windows.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli.h"
#include "core/vmconfig.h"
#include "output.h"

static struct {
    char *bytes;
    size_t len, room;
    bool failed;
} out;

void out_bytes(const char *bytes, size_t len)
{
    if (out.failed)
        return;
    if (len > out.room - out.len) {
        size_t room = 2 * (out.len + len) + 4096;
        char *more = realloc(out.bytes, room);
        if (!more) {
            out.failed = true;
            return;
        }
        out.bytes = more;
        out.room = room;
    }
    memcpy(out.bytes + out.len, bytes, len);
    out.len += len;
}

void out_text(const wchar_t *text)
{
    int len = WideCharToMultiByte(CP_UTF8, 0, text, -1, NULL, 0, NULL, NULL);
    char *bytes = len > 0 ? malloc((size_t)len) : NULL;
    if (!bytes) {
        out.failed = true;
        return;
    }
    WideCharToMultiByte(CP_UTF8, 0, text, -1, bytes, len, NULL, NULL);
    out_bytes(bytes, (size_t)len - 1);
    free(bytes);
}

void out_format(const wchar_t *format, ...)
{
    wchar_t text[1024];
    va_list args;
    va_start(args, format);
    _vsnwprintf(text, ARRAYSIZE(text), format, args);
    va_end(args);
    text[ARRAYSIZE(text) - 1] = 0;
    out_text(text);
}

static bool write_bytes(HANDLE handle, const char *bytes, size_t len)
{
    while (len) {
        DWORD part = len > 65536 ? 65536 : (DWORD)len, written = 0;
        if (!WriteFile(handle, bytes, part, &written, NULL) || written == 0)
            return false;
        bytes += written;
        len -= written;
    }
    return true;
}

static bool write_console(HANDLE handle, const wchar_t *text, size_t len)
{
    while (len) { // one call takes at most 64 KiB on older systems
        DWORD part = len > 8192 ? 8192 : (DWORD)len, written = 0;
        if (!WriteConsoleW(handle, text, part, &written, NULL) || written == 0)
            return false;
        text += written;
        len -= written;
    }
    return true;
}

/* UTF-8 to a console or to anything else. */
static bool write_utf8(HANDLE handle, const char *bytes, size_t len)
{
    DWORD mode;
    if (len == 0)
        return true;
    if (!GetConsoleMode(handle, &mode))
        return write_bytes(handle, bytes, len);
    int units = MultiByteToWideChar(CP_UTF8, 0, bytes, (int)len, NULL, 0);
    wchar_t *text = units > 0 ? malloc((size_t)units * sizeof(*text)) : NULL;
    if (!text)
        return false;
    MultiByteToWideChar(CP_UTF8, 0, bytes, (int)len, text, units);
    bool ok = write_console(handle, text, (size_t)units);
    free(text);
    return ok;
}

bool write_text(void *handle, const wchar_t *text)
{
    int len = WideCharToMultiByte(CP_UTF8, 0, text, -1, NULL, 0, NULL, NULL);
    char *bytes = len > 0 ? malloc((size_t)len) : NULL;
    if (!bytes)
        return false;
    WideCharToMultiByte(CP_UTF8, 0, text, -1, bytes, len, NULL, NULL);
    bool ok = write_utf8(handle, bytes, (size_t)len - 1);
    free(bytes);
    return ok;
}

int out_end(void)
{
    bool failed = out.failed;
    DWORD code = ERROR_NOT_ENOUGH_MEMORY;
    if (!failed && !write_utf8(GetStdHandle(STD_OUTPUT_HANDLE), out.bytes, out.len)) {
        failed = true;
        code = GetLastError();
    }
    free(out.bytes);
    memset(&out, 0, sizeof(out));
    if (!failed)
        return EXIT_OK;
    struct plume_error error;
    error_win32_code(&error, code, L"cannot write to standard output", NULL, NULL);
    return fail(&error);
}

static void json_sink(void *context, const char *bytes, size_t len)
{
    (void)context;
    out_bytes(bytes, len);
}

struct json_writer out_json(void)
{
    return json_writer_on(json_sink, NULL);
}

void json_wide(struct json_writer *json, const wchar_t *text)
{
    json_str16(json, str16_of(text));
}

void json_time(struct json_writer *json, const char *key, uint64_t seconds)
{
    char text[21];
    json_key(json, key);
    if (seconds == 0) {
        json_null(json);
        return;
    }
    time_to_text(seconds, text);
    json_ascii(json, text);
}

void time_shown(uint64_t seconds, wchar_t *text, size_t cap)
{
    uint64_t ticks = (seconds + UINT64_C(11644473600)) * 10000000;
    FILETIME utc = {(DWORD)ticks, (DWORD)(ticks >> 32)}, local;
    SYSTEMTIME t;
    if (seconds == 0 || !FileTimeToLocalFileTime(&utc, &local) || !FileTimeToSystemTime(&local, &t))
        _snwprintf(text, cap, L"-");
    else
        _snwprintf(text, cap, L"%04u-%02u-%02u %02u:%02u:%02u", t.wYear, t.wMonth, t.wDay, t.wHour,
                   t.wMinute, t.wSecond);
    text[cap - 1] = 0;
}

/* ---- tables ---- */

struct table table_begin(int columns, const wchar_t *const headings[])
{
    struct table table = {.columns = columns};
    for (int i = 0; i < columns; i++)
        table_put(&table, headings[i]);
    return table;
}

void table_put(struct table *table, const wchar_t *text)
{
    if (table->count == table->room) {
        size_t room = 2 * table->room + 64;
        void *more = realloc(table->cells, room * sizeof(*table->cells));
        if (!more) {
            out.failed = true;
            return;
        }
        table->cells = more;
        table->room = room;
    }
    wchar_t *cell = table->cells[table->count++];
    wcsncpy(cell, text, TABLE_CELL - 1);
    cell[TABLE_CELL - 1] = 0;
}

void table_put_u32(struct table *table, uint32_t value)
{
    wchar_t text[12];
    _snwprintf(text, ARRAYSIZE(text), L"%u", (unsigned)value);
    table_put(table, text);
}

void table_end(struct table *table)
{
    size_t widths[TABLE_COLUMNS] = {0};
    for (size_t i = 0; i < table->count; i++) {
        size_t len = wcslen(table->cells[i]), column = i % (size_t)table->columns;
        if (len > widths[column])
            widths[column] = len;
    }
    for (size_t i = 0; i < table->count; i++) {
        size_t column = i % (size_t)table->columns;
        out_text(table->cells[i]);
        if (column + 1 == (size_t)table->columns) {
            out_text(L"\n");
            continue;
        }
        for (size_t pad = wcslen(table->cells[i]); pad < widths[column] + 2; pad++)
            out_text(L" ");
    }
    free(table->cells);
    *table = (struct table){0};
}

struct listing listing_begin(bool json_format, int columns, const wchar_t *const headings[])
{
    struct listing listing = {.json_format = json_format};
    listing.json = out_json();
    if (json_format)
        json_begin_array(&listing.json);
    else
        listing.table = table_begin(columns, headings);
    return listing;
}

void listing_end(struct listing *listing)
{
    if (listing->json_format) {
        json_end_array(&listing->json);
        json_end(&listing->json);
    } else {
        table_end(&listing->table);
    }
}
