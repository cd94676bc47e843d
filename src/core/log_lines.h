// What a program writes to its standard output, as lines.
#ifndef PLUME_CORE_LOG_LINES_H
#define PLUME_CORE_LOG_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LOG_LINES_ROOM = 4096 }; // bytes of a line; a longer one comes in parts

/* Zero-initialised: at a line's beginning. */
struct log_lines {
    size_t len;
    uint8_t bytes[LOG_LINES_ROOM];
};

/* A line without its end (LF or CR LF), or with `partial` a part of one that goes on. A part does
 * not end within a character of UTF-8. */
typedef void log_lines_sink(void *context, const uint8_t *line, size_t len, bool partial);

void log_lines_feed(struct log_lines *lines, const uint8_t *bytes, size_t len, log_lines_sink *sink,
                    void *context);
/* The end: gives out a last line that has no end of its own. */
void log_lines_end(struct log_lines *lines, log_lines_sink *sink, void *context);

/* Whether these bytes are text in UTF-8. */
bool log_is_utf8(const uint8_t *bytes, size_t len);

#endif
