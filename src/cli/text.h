// Text in UTF-8 that grows.
#ifndef PLUME_CLI_TEXT_H
#define PLUME_CLI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <wchar.h>
#include "vm/error.h"

/* Zero-initialised: nothing yet. Once there was no memory it stays failed, and nothing more comes.
 * Freed by free(bytes). */
struct text {
    char *bytes;
    size_t len, room;
    bool failed;
};

/* As a sink (`context` is the text), and with what snprintf() takes, up to 2047 bytes at a time;
 * %ls is UTF-8 too. */
void text_put(void *context, const char *bytes, size_t len);
void text_format(struct text *text, const char *format, ...)
    __attribute__((format(__printf__, 2, 3)));
void text_wide(struct text *text, const wchar_t *wide);

/* UTF-8 as UTF-16, what is none replaced; to be freed, NULL without memory. */
wchar_t *text_to_wide(const char *bytes, size_t len);

/* Writes it as a file, in place of one that is there. */
bool text_save(const struct text *text, const wchar_t *path, struct plume_error *error);

/* A whole file of at most 64 MiB. */
bool text_load(struct text *text, const wchar_t *path, struct plume_error *error);

#endif
