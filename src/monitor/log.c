#include "monitor/log.h"

#include <stdarg.h>
#include <stdio.h>

static HANDLE ring[LOG_FILES];
static int current;
static uint32_t number; // the current file's in the order of all
static uint64_t length, length_max;
static bool torn; // the last line was not written whole

/* Empties a file and begins it anew. Killed in between, it is one that has nothing in it. */
static void begin_file(int index, uint32_t its_number)
{
    char line[LOG_HEADER_MAX];
    DWORD written;
    size_t len = log_header_write(its_number, line, sizeof line);
    current = index;
    number = its_number;
    length = 0;
    torn = false;
    SetFilePointer(ring[index], 0, NULL, FILE_BEGIN);
    SetEndOfFile(ring[index]);
    if (WriteFile(ring[index], line, (DWORD)len, &written, NULL))
        length = written;
}

void log_to(HANDLE files[LOG_FILES], uint64_t file_max)
{
    length_max = file_max;
    number = 0;
    for (int i = 0; i < LOG_FILES; i++) {
        ring[i] = files[i];
        uint32_t its = log_file_number(files[i], NULL);
        if (its > number) {
            number = its;
            current = i;
        }
    }
    if (!number) {
        begin_file(0, 1);
        return;
    }
    LARGE_INTEGER end = {0};
    char last = '\n';
    DWORD written;
    if (!SetFilePointerEx(ring[current], end, &end, FILE_END))
        return;
    length = (uint64_t)end.QuadPart;
    log_file_read(ring[current], length - 1, &last, 1);
    SetFilePointerEx(ring[current], end, NULL, FILE_BEGIN);
    // A line that the last writer was killed at stays a damaged one of its own.
    if (last != '\n' && WriteFile(ring[current], "\n", 1, &written, NULL))
        length++;
}

static uint64_t now(void)
{
    FILETIME time;
    GetSystemTimeAsFileTime(&time);
    return ((uint64_t)time.dwHighDateTime << 32 | time.dwLowDateTime) -
           UINT64_C(116444736000000000);
}

void log_put(const struct log_entry *entry)
{
    static char line[LOG_LINE_MAX];
    struct log_entry timed = *entry;
    DWORD written;
    if (!ring[0])
        return;
    timed.time = now();
    size_t len = log_entry_write(&timed, line, sizeof line);
    if (length + len > length_max)
        begin_file((current + 1) % LOG_FILES, number + 1);
    if (torn && WriteFile(ring[current], "\n", 1, &written, NULL)) {
        length += written;
        torn = false;
    }
    if (!torn && len && WriteFile(ring[current], line, (DWORD)len, &written, NULL)) {
        length += written;
        torn = written < len;
    }
}

void log_line(const wchar_t *format, ...)
{
    const int cap = 1000;
    wchar_t text[1000];
    va_list args;
    va_start(args, format);
    int len = _vsnwprintf(text, cap, format, args);
    va_end(args);
    // Its answer for a text that was cut is negative.
    size_t units = (size_t)(len < 0 || len > cap ? cap : len);
    struct log_entry entry = {
        .stream = LOG_VM, .pid = GetCurrentProcessId(), .text = {(const uint16_t *)text, units}};
    log_put(&entry);
}
