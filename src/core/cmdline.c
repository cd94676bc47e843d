#include "core/cmdline.h"

static bool is_space(uint16_t unit)
{
    return unit == ' ' || unit == '\t';
}

struct cmdline cmdline_on(struct str16 line)
{
    return (struct cmdline){.line = line, .first = true};
}

static void skip_spaces(struct cmdline *c)
{
    while (c->at < c->line.len && is_space(c->line.s[c->at]))
        c->at++;
}

bool cmdline_next(struct cmdline *c, struct str16_buf *out, size_t *start)
{
    const uint16_t *s = c->line.s;
    size_t len = c->line.len;
    bool quoted = false;
    // A line that begins with a space has an empty program name.
    if (!c->first)
        skip_spaces(c);
    *start = c->at;
    if (c->at == len && !c->first)
        return false;
    if (c->first) {
        c->first = false;
        for (; c->at < len && (quoted || !is_space(s[c->at])); c->at++) {
            if (s[c->at] == '"')
                quoted = !quoted;
            else
                str16_put_unit(out, s[c->at]);
        }
        return true;
    }
    while (c->at < len && (quoted || !is_space(s[c->at]))) {
        size_t slashes = 0;
        while (c->at < len && s[c->at] == '\\') {
            slashes++;
            c->at++;
        }
        bool quote = c->at < len && s[c->at] == '"';
        for (size_t i = quote ? slashes / 2 : slashes; i > 0; i--)
            str16_put_unit(out, '\\');
        if (!quote) {
            if (slashes == 0)
                str16_put_unit(out, s[c->at++]);
            continue;
        }
        c->at++;
        if (slashes % 2) {
            str16_put_unit(out, '"');
        } else if (quoted && c->at < len &&
                   s[c->at] == '"') { // two in quotes are one that is meant
            str16_put_unit(out, '"');
            c->at++;
        } else {
            quoted = !quoted;
        }
    }
    return true;
}

void cmdline_put(struct str16_buf *line, struct str16 argument)
{
    bool quotes = argument.len == 0;
    for (size_t i = 0; i < argument.len && !quotes; i++)
        quotes = is_space(argument.s[i]) || argument.s[i] == '"';
    if (line->len)
        str16_put_unit(line, ' ');
    if (!quotes) {
        str16_put(line, argument);
        return;
    }
    size_t slashes = 0;
    str16_put_unit(line, '"');
    for (size_t i = 0; i < argument.len; i++) {
        uint16_t unit = argument.s[i];
        // Backslashes count only before a quote: those are doubled, and one more hides the quote.
        for (size_t more = unit == '"' ? slashes + 1 : 0; more > 0; more--)
            str16_put_unit(line, '\\');
        slashes = unit == '\\' ? slashes + 1 : 0;
        str16_put_unit(line, unit);
    }
    for (; slashes > 0; slashes--)
        str16_put_unit(line, '\\');
    str16_put_unit(line, '"');
}
