#include "core/selftest.h"

#include <string.h>

/* ---- lines ---- */

/* Takes the first line off a text, and its end off the line. */
static bool take_line(struct selftest_said *rest, struct selftest_said *line)
{
    size_t len = 0;
    if (!rest->len)
        return false;
    while (len < rest->len && rest->bytes[len] != '\n')
        len++;
    *line = (struct selftest_said){rest->bytes, len};
    size_t taken = len < rest->len ? len + 1 : len;
    rest->bytes += taken;
    rest->len -= taken;
    while (line->len && line->bytes[line->len - 1] == '\r')
        line->len--;
    return true;
}

static bool begins(struct selftest_said line, const char *ascii)
{
    size_t len = strlen(ascii);
    return line.len >= len && memcmp(line.bytes, ascii, len) == 0;
}

static bool equal(struct selftest_said a, struct selftest_said b)
{
    return a.len == b.len && memcmp(a.bytes, b.bytes, a.len) == 0;
}

/* The next line that counts. */
static bool next_line(struct selftest_said *rest, struct selftest_said *line)
{
    while (take_line(rest, line))
        if (!begins(*line, "differs:"))
            return true;
    return false;
}

/* ---- the plan ---- */

static struct selftest_said trimmed(struct selftest_said line)
{
    while (line.len && (line.bytes[0] == ' ' || line.bytes[0] == '\t')) {
        line.bytes++;
        line.len--;
    }
    while (line.len && (line.bytes[line.len - 1] == ' ' || line.bytes[line.len - 1] == '\t'))
        line.len--;
    return line;
}

enum selftest_word selftest_plan_next(struct selftest_plan *plan, const char **name, size_t *len)
{
    static const struct {
        const char *text;
        enum selftest_word word;
    } words[] = {{"at-once ", SELFTEST_AT_ONCE},
                 {"at-once-in-vms ", SELFTEST_AT_ONCE_IN_VMS},
                 {"service ", SELFTEST_SERVICE}};
    struct selftest_said rest = {plan->text + plan->at, plan->len - plan->at}, line;
    enum selftest_word word = SELFTEST_END;
    while (word == SELFTEST_END && take_line(&rest, &line)) {
        line = trimmed(line);
        if (!line.len || line.bytes[0] == '#')
            continue;
        word = SELFTEST_WRONG;
        for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
            size_t taken = strlen(words[i].text);
            if (!begins(line, words[i].text))
                continue;
            word = words[i].word;
            line = trimmed((struct selftest_said){line.bytes + taken, line.len - taken});
            break;
        }
        *name = line.bytes;
        *len = line.len;
    }
    plan->at = plan->len - rest.len;
    return word;
}

bool selftest_matches(struct str16 pattern, struct str16 name)
{
    size_t p = 0, n = 0, star = SIZE_MAX, from = 0;
    while (n < name.len) {
        if (p < pattern.len && pattern.s[p] == '*') {
            star = p++;
            from = n;
        } else if (p < pattern.len && str16_upcase(pattern.s[p]) == str16_upcase(name.s[n])) {
            p++;
            n++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            n = ++from;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.s[p] == '*')
        p++;
    return p == pattern.len;
}

/* ---- comparison ---- */

bool selftest_same(struct selftest_said a, struct selftest_said b)
{
    for (;;) {
        struct selftest_said line_a, line_b;
        bool more_a = next_line(&a, &line_a), more_b = next_line(&b, &line_b);
        if (more_a != more_b)
            return false;
        if (!more_a)
            return true;
        if (!equal(line_a, line_b))
            return false;
    }
}

enum { WINDOW = 64 }; // lines ahead among which the two are looked for to meet again

/* One side: its next lines, and what follows them. */
struct side {
    struct selftest_said rest, ahead[WINDOW];
    size_t count;
};

static void fill(struct side *side)
{
    while (side->count < WINDOW && next_line(&side->rest, &side->ahead[side->count]))
        side->count++;
}

static void drop(struct side *side, size_t count)
{
    memmove(side->ahead, side->ahead + count, (side->count - count) * sizeof(*side->ahead));
    side->count -= count;
    fill(side);
}

/* The fewest lines of both to leave out after which the two go on alike; all that is there where
 * they do not. */
static void meet(const struct side *a, const struct side *b, size_t *skip_a, size_t *skip_b)
{
    for (size_t sum = 1; sum < a->count + b->count; sum++)
        for (size_t i = sum < b->count ? 0 : sum - b->count + 1; i <= sum && i < a->count; i++)
            if (sum - i < b->count && equal(a->ahead[i], b->ahead[sum - i])) {
                *skip_a = i;
                *skip_b = sum - i;
                return;
            }
    *skip_a = a->count;
    *skip_b = b->count;
}

struct telling {
    selftest_diff_sink *sink;
    void *context;
    size_t most, count;
};

static void tell(struct telling *telling, char sign, struct side *side, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (telling->count++ < telling->most)
            telling->sink(telling->context, sign, side->ahead[i].bytes, side->ahead[i].len);
    drop(side, count);
}

size_t selftest_diff(struct selftest_said said_a, struct selftest_said said_b, size_t most,
                     selftest_diff_sink *sink, void *context)
{
    struct side a = {.rest = said_a}, b = {.rest = said_b};
    struct telling telling = {sink, context, most, 0};
    struct selftest_said before = {NULL, 0};
    fill(&a);
    fill(&b);
    while (a.count || b.count) {
        if (a.count && b.count && equal(a.ahead[0], b.ahead[0])) {
            before = a.ahead[0];
            drop(&a, 1);
            drop(&b, 1);
            continue;
        }
        size_t skip_a, skip_b;
        meet(&a, &b, &skip_a, &skip_b);
        if (before.bytes && telling.count < most)
            sink(context, ' ', before.bytes, before.len);
        before.bytes = NULL;
        tell(&telling, '-', &a, skip_a);
        tell(&telling, '+', &b, skip_b);
    }
    return telling.count;
}

struct selftest_said selftest_last_line(struct selftest_said said)
{
    struct selftest_said line, last = {NULL, 0};
    while (take_line(&said, &line))
        if (line.len)
            last = line;
    return last;
}

/* ---- the report ---- */

void selftest_cell(const char *bytes, size_t len, selftest_text_sink *sink, void *context)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)bytes[i];
        if (c < ' ' || c == 0x7f) {
            sink(context, " ", 1);
            continue;
        }
        if (strchr("|\\`*_<>[]#&~", c))
            sink(context, "\\", 1);
        sink(context, &bytes[i], 1);
    }
}

void selftest_literal(char sign, const char *line, size_t len, selftest_text_sink *sink,
                      void *context)
{
    // Four spaces and not a fence, which a line could end.
    const char begin[] = {' ', ' ', ' ', ' ', sign, ' '};
    sink(context, begin, sizeof(begin));
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)line[i];
        bool control = (c < ' ' && c != '\t') || c == 0x7f;
        sink(context, control ? "?" : &line[i], 1);
    }
    sink(context, "\n", 1);
}
