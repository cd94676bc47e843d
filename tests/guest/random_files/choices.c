// What an operation does, and the line that is said of it.
#include "random_files.h"
#include <stdarg.h>
#include <stdio.h>
#include <wchar.h>

#define YEAR_2000 INT64_C(125911584000000000)
#define DAY       INT64_C(864000000000)

const WCHAR *const pool[POOL] = {L"a", L"B b", L"c.txt", L"Dd.dat", L"long name of it.text"};
static uint64_t prng;

uint32_t draw(uint32_t below)
{
    prng += UINT64_C(0x9e3779b97f4a7c15); // splitmix64
    uint64_t z = prng;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((z ^ (z >> 31)) >> 16) % below;
}

bool one_in(uint32_t n)
{
    return draw(n) == 0;
}

void seed_with(uint64_t seed, uint64_t number)
{
    prng = seed * UINT64_C(0xd1342543de82ef95) + number * UINT64_C(0x2545f4914f6cdd1d);
    draw(2);
}

void draw_leaf(WCHAR *out)
{
    wcscpy(out, pool[draw(POOL)]);
    if (one_in(4) && cases)
        _wcsupr(out);
}

void draw_relative(WCHAR *out, unsigned depth)
{
    *out = 0;
    for (unsigned i = 0; i < depth; i++) {
        if (i)
            wcscat(out, L"\\");
        draw_leaf(out + wcslen(out));
    }
}

/* `may_trail`: also one that ends with a backslash. */
void draw_path(WCHAR *relative, bool may_trail)
{
    draw_relative(relative, 1 + draw(DEPTH));
    if (may_trail && one_in(60))
        wcscat(relative, L"\\");
}

void absolute(WCHAR *out, const WCHAR *relative)
{
    _snwprintf(out, PATH, L"%ls\\%ls", base, relative);
}

/* ---- what is said ---- */

static char line[4096];
static size_t line_length;

void note_begin(void)
{
    line_length = 0;
    line[0] = 0;
}

const char *note_line(void)
{
    return line;
}

void note(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line + line_length, sizeof line - line_length, format, arguments);
    va_end(arguments);
    if (length > 0)
        line_length += (size_t)length;
    if (line_length >= sizeof line)
        line_length = sizeof line - 1;
}

void note_path(const WCHAR *relative)
{
    note(" '%ls'", relative);
}

uint64_t hash_more(uint64_t hash, const void *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ ((const uint8_t *)data)[i]) * UINT64_C(0x100000001b3);
    return hash;
}

/* Times that the program has set are whole days from 2000 on; all others are those of now. */
void note_time(int64_t time)
{
    int64_t days = (time - YEAR_2000) / DAY;
    if (days >= 0 && days < 3000)
        note(" day %d", (int)days);
    else
        note(" now");
}

int64_t draw_time(void)
{
    return YEAR_2000 + (int64_t)draw(3000) * DAY;
}

ULONG draw_attributes(void)
{
    static const ULONG table[] = {FILE_ATTRIBUTE_NORMAL,   FILE_ATTRIBUTE_NORMAL,
                                  FILE_ATTRIBUTE_READONLY, FILE_ATTRIBUTE_HIDDEN,
                                  FILE_ATTRIBUTE_SYSTEM,   FILE_ATTRIBUTE_ARCHIVE};
    return table[draw(sizeof table / sizeof *table)];
}
