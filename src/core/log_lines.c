#include "core/log_lines.h"

#include <string.h>

/* How many bytes the character has that begins with `lead`; 0 where none does. */
static size_t utf8_length(uint8_t lead)
{
    return lead < 0x80                   ? 1
           : lead >= 0xc2 && lead < 0xe0 ? 2
           : lead >= 0xe0 && lead < 0xf0 ? 3
           : lead >= 0xf0 && lead < 0xf5 ? 4
                                         : 0;
}

bool log_is_utf8(const uint8_t *bytes, size_t len)
{
    for (size_t at = 0; at < len;) {
        size_t length = utf8_length(bytes[at]);
        if (!length || length > len - at)
            return false;
        for (size_t i = 1; i < length; i++) {
            if ((bytes[at + i] & 0xc0) != 0x80)
                return false;
        }
        // Overlong, a surrogate, or beyond the last character.
        if (length > 2) {
            uint32_t code = length == 3 ? bytes[at] & 0x0f : bytes[at] & 0x07;
            for (size_t i = 1; i < length; i++)
                code = code << 6 | (bytes[at + i] & 0x3f);
            if (code < (length == 3 ? 0x800u : 0x10000u) || (code >= 0xd800 && code < 0xe000) ||
                code > 0x10ffff)
                return false;
        }
        at += length;
    }
    return true;
}

/* How much of a full buffer is given out: all of it, but for a character that has only begun. */
static size_t whole_characters(const uint8_t *bytes, size_t len)
{
    for (size_t back = 1; back <= 3 && back < len; back++) {
        uint8_t byte = bytes[len - back];
        if ((byte & 0xc0) == 0x80)
            continue;
        return utf8_length(byte) > back ? len - back : len;
    }
    return len;
}

void log_lines_feed(struct log_lines *lines, const uint8_t *bytes, size_t len, log_lines_sink *sink,
                    void *context)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] == '\n') {
            size_t end = lines->len;
            if (end && lines->bytes[end - 1] == '\r')
                end--;
            lines->len = 0;
            sink(context, lines->bytes, end, false);
            continue;
        }
        if (lines->len == LOG_LINES_ROOM) {
            size_t part = whole_characters(lines->bytes, lines->len);
            sink(context, lines->bytes, part, true);
            lines->len -= part;
            memmove(lines->bytes, lines->bytes + part, lines->len);
        }
        lines->bytes[lines->len++] = bytes[i];
    }
}

void log_lines_end(struct log_lines *lines, log_lines_sink *sink, void *context)
{
    if (lines->len)
        sink(context, lines->bytes, lines->len, false);
    lines->len = 0;
}
