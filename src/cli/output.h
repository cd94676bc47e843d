// Standard output: text, tables and JSON. UTF-8 where it goes to a file or pipe.
#ifndef PLUME_CLI_OUTPUT_H
#define PLUME_CLI_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <wchar.h>
#include "core/json.h"

/* Everything is collected and written by out_end(). out_bytes() takes UTF-8, out_format() what
 * _vsnwprintf() takes, up to 1023 units at a time. */
void out_bytes(const char *bytes, size_t len);
void out_text(const wchar_t *text);
void out_format(const wchar_t *format, ...);

/* Writes what was collected; returns the exit status: EXIT_PLUME if it could not be written. */
int out_end(void);

/* A JSON document on standard output; begin a value, end with json_end() and out_end(). */
struct json_writer out_json(void);
void json_wide(struct json_writer *json, const wchar_t *text);

enum { TABLE_COLUMNS = 8, TABLE_CELL = 512 };

/* Rows are printed as they come, columns as wide as their widest cell. */
struct table {
    int columns;
    size_t count, room;
    wchar_t (*cells)[TABLE_CELL];
};

/* Starts with the headings. */
struct table table_begin(int columns, const wchar_t *const headings[]);
/* The next cell, row by row. Texts that are too long are cut. */
void table_put(struct table *table, const wchar_t *text);
void table_put_u32(struct table *table, uint32_t value);
/* Prints and frees it. */
void table_end(struct table *table);

/* A list in one of the two forms: rows of a table, or the elements of a JSON array. */
struct listing {
    bool json_format;
    struct json_writer json;
    struct table table;
};

struct listing listing_begin(bool json_format, int columns, const wchar_t *const headings[]);
void listing_end(struct listing *listing);

/* "2026-11-23 06:00:00" in the user's time zone; "-" for 0. At least 24 units. */
void time_shown(uint64_t seconds, wchar_t *out, size_t cap);

/* The member of a JSON object for a time: ISO 8601 in UTC, or null for 0. */
void json_time(struct json_writer *json, const char *key, uint64_t seconds);

/* Writes text to a standard handle at once, in the form that it wants. */
bool write_text(void *handle, const wchar_t *text);

#endif
