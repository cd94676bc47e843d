#include "core/event_text.h"

static bool is_digit(struct str16 text, size_t at)
{
    return at < text.len && text.s[at] >= '0' && text.s[at] <= '9';
}

/* What fits: a text that is too long is cut. */
static void put(struct str16_buf *out, struct str16 text)
{
    size_t room = out->cap - out->len;
    str16_put(out, text.len > room ? str16_first(text, room) : text);
}

/* After the '%' at `at` - 1; returns where the rest begins. */
static size_t put_insert(struct str16_buf *out, struct str16 template, size_t at,
                         const struct str16 *strings, size_t count)
{
    size_t number = 0, begin = at;
    for (; is_digit(template, at) && at - begin < 2; at++)
        number = number * 10 + (size_t)(template.s[at] - '0');
    if (number > count) {
        put(out, (struct str16){template.s + begin - 1, at - begin + 1});
        return at;
    }
    if (at < template.len && template.s[at] == '!') { // a printf format: the strings are texts
        size_t end = at + 1;
        while (end < template.len && template.s[end] != '!')
            end++;
        if (end < template.len)
            at = end + 1;
    }
    put(out, strings[number - 1]);
    return at;
}

void event_text_put(struct str16_buf *out, struct str16 template, const struct str16 *strings,
                    size_t count)
{
    while (template.len &&
           (template.s[template.len - 1] == '\n' || template.s[template.len - 1] == '\r'))
        template.len--;
    for (size_t at = 0; at < template.len;) {
        if (template.s[at] != '%' || at + 1 == template.len) {
            put(out, (struct str16){template.s + at, 1});
            at++;
            continue;
        }
        uint16_t unit = template.s[++at];
        if (unit == '0')
            return;
        if (is_digit(template, at)) {
            at = put_insert(out, template, at, strings, count);
            continue;
        }
        static const uint16_t line_end = '\n', tab = '\t', space = ' ';
        if (unit == 'n')
            put(out, (struct str16){&line_end, 1});
        else if (unit == 't')
            put(out, (struct str16){&tab, 1});
        else if (unit == 'b')
            put(out, (struct str16){&space, 1});
        else if (unit != 'r')
            put(out, (struct str16){template.s + at, 1});
        at++;
    }
}

void event_text_put_strings(struct str16_buf *out, const struct str16 *strings, size_t count)
{
    static const uint16_t space = ' ';
    for (size_t i = 0; i < count; i++) {
        if (i)
            put(out, (struct str16){&space, 1});
        put(out, strings[i]);
    }
}
