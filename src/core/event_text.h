// The text of a reported event: the template of its message, and the strings that were reported.
#ifndef PLUME_CORE_EVENT_TEXT_H
#define PLUME_CORE_EVENT_TEXT_H

#include "core/str16.h"

/* Appends the template as FormatMessage() documents it, without the line's end that message
 * compilers add: %1 to %99 (also %1!s!) are the strings, %n a line's end, %t a tab, %b a space, %r
 * is left out, %0 ends the text, % before anything else is that. What is no string that was given
 * stays as it is. */
void event_text_put(struct str16_buf *out, struct str16 template, const struct str16 *strings,
                    size_t count);

/* The strings alone, for an event whose template is not to be had: separated by spaces. */
void event_text_put_strings(struct str16_buf *out, const struct str16 *strings, size_t count);

#endif
