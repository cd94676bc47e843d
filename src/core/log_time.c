#include "core/log_time.h"

#include "core/vmconfig.h"

enum { SECONDS_TEXT = 20, FRACTION_DIGITS = 7 };

void log_time_write(uint64_t time, char out[LOG_TIME_TEXT])
{
    char seconds[SECONDS_TEXT + 1];
    uint64_t fraction = time % LOG_TIME_SECOND;
    time_to_text(time / LOG_TIME_SECOND, seconds);
    size_t len = SECONDS_TEXT - 1; // without the Z
    for (size_t i = 0; i < len; i++)
        out[i] = seconds[i];
    out[len] = '.';
    for (size_t i = FRACTION_DIGITS; i > 0; i--, fraction /= 10)
        out[len + i] = (char)('0' + fraction % 10);
    out[len + FRACTION_DIGITS + 1] = 'Z';
    out[len + FRACTION_DIGITS + 2] = 0;
}

bool log_time_read(uint64_t *time, const char *text, size_t len)
{
    char seconds[SECONDS_TEXT];
    uint64_t whole, fraction = 0;
    if (len != LOG_TIME_TEXT - 1 || text[SECONDS_TEXT - 1] != '.' || text[len - 1] != 'Z')
        return false;
    for (size_t i = 0; i < SECONDS_TEXT - 1; i++)
        seconds[i] = text[i];
    seconds[SECONDS_TEXT - 1] = 'Z';
    for (size_t i = SECONDS_TEXT; i < len - 1; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        fraction = fraction * 10 + (uint64_t)(text[i] - '0');
    }
    if (!time_from_text(&whole, seconds, SECONDS_TEXT))
        return false;
    *time = whole * LOG_TIME_SECOND + fraction;
    return true;
}

struct cursor {
    struct str16 text;
    size_t at;
};

static bool is_digit(uint16_t unit)
{
    return unit >= '0' && unit <= '9';
}

static uint16_t peek(const struct cursor *c)
{
    return c->at < c->text.len ? c->text.s[c->at] : 0;
}

static bool take(struct cursor *c, char wanted)
{
    if (peek(c) != (uint16_t)wanted)
        return false;
    c->at++;
    return true;
}

static bool at_end(const struct cursor *c)
{
    return c->at == c->text.len;
}

/* A whole number of up to 11 digits; false where there is none. */
static bool whole(struct cursor *c, uint64_t *value)
{
    size_t begin = c->at;
    for (*value = 0; is_digit(peek(c)) && c->at - begin < 12; c->at++)
        *value = *value * 10 + (uint64_t)(peek(c) - '0');
    return c->at > begin && c->at - begin < 12;
}

/* Digits after a point as 100 ns of a second; those beyond the seventh count nothing. */
static bool fraction(struct cursor *c, uint64_t *value)
{
    size_t begin = c->at;
    uint64_t unit = LOG_TIME_SECOND / 10;
    for (*value = 0; is_digit(peek(c)); c->at++, unit /= 10)
        *value += unit * (uint64_t)(peek(c) - '0');
    return c->at > begin;
}

/* The unit of a duration in 100 ns; as a fraction of 1,000 for what is shorter than a tick. */
static bool duration_unit(struct cursor *c, uint64_t *thousandths)
{
    static const struct {
        const char *name;
        uint64_t thousandths;
    } units[] = {{"ms", UINT64_C(10000000)},
                 {"us", 10000},
                 {"ns", 10},
                 {"h", UINT64_C(36000000000000)},
                 {"m", UINT64_C(600000000000)},
                 {"s", UINT64_C(10000000000)}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        const char *name = units[i].name;
        size_t len = name[1] ? 2 : 1;
        struct str16 rest = str16_skip(c->text, c->at);
        if (rest.len >= len && rest.s[0] == (uint16_t)name[0] &&
            (len == 1 || rest.s[1] == (uint16_t)name[1])) {
            c->at += len;
            *thousandths = units[i].thousandths;
            return true;
        }
    }
    return false;
}

static bool duration(struct str16 text, uint64_t *ticks)
{
    struct cursor c = {text, 0};
    *ticks = 0;
    if (at_end(&c))
        return false;
    while (!at_end(&c)) {
        uint64_t count, part = 0, unit;
        if (!whole(&c, &count) || (take(&c, '.') && !fraction(&c, &part)) ||
            !duration_unit(&c, &unit))
            return false;
        uint64_t tick = unit >= 1000 ? unit / 1000 : 1; // a count of 11 digits times 10 fits
        if (count > UINT64_MAX / 2 / tick)
            return false;
        uint64_t sum =
            unit >= 1000 ? count * tick + part * tick / LOG_TIME_SECOND : count * unit / 1000;
        if (*ticks + sum < sum)
            return false;
        *ticks += sum;
    }
    return true;
}

/* Exactly `digits` digits. */
static bool field(struct cursor *c, unsigned digits, char *out)
{
    for (unsigned i = 0; i < digits; i++, c->at++) {
        if (!is_digit(peek(c)))
            return false;
        out[i] = (char)peek(c);
    }
    return true;
}

/* "+01:00" as minutes. */
static bool offset(struct cursor *c, int *minutes)
{
    char digits[4];
    bool east = peek(c) == '+';
    c->at++;
    if (!field(c, 2, digits) || !take(c, ':') || !field(c, 2, digits + 2))
        return false;
    int hours = (digits[0] - '0') * 10 + digits[1] - '0',
        rest = (digits[2] - '0') * 10 + digits[3] - '0';
    *minutes = (hours * 60 + rest) * (east ? 1 : -1);
    return hours < 24 && rest < 60;
}

static bool date(struct str16 text, int zone, uint64_t *time)
{
    char seconds[] = "0000-00-00T00:00:00Z";
    struct cursor c = {text, 0};
    uint64_t part = 0, sum;
    if (!field(&c, 4, seconds) || !take(&c, '-') || !field(&c, 2, seconds + 5) || !take(&c, '-') ||
        !field(&c, 2, seconds + 8))
        return false;
    if (take(&c, 'T')) {
        if (!field(&c, 2, seconds + 11) || !take(&c, ':') || !field(&c, 2, seconds + 14) ||
            (take(&c, ':') && !field(&c, 2, seconds + 17)) ||
            (take(&c, '.') && !fraction(&c, &part)))
            return false;
    }
    if (take(&c, 'Z'))
        zone = 0;
    else if ((peek(&c) == '+' || peek(&c) == '-') && !offset(&c, &zone))
        return false;
    if (!at_end(&c) || !time_from_text(&sum, seconds, SECONDS_TEXT))
        return false;
    int64_t utc = (int64_t)sum - (int64_t)zone * 60;
    *time = utc < 0 ? 0 : (uint64_t)utc * LOG_TIME_SECOND + part;
    return true;
}

static bool unix_time(struct str16 text, uint64_t *time)
{
    struct cursor c = {text, 0};
    uint64_t seconds, part = 0;
    if (!whole(&c, &seconds) || (take(&c, '.') && !fraction(&c, &part)) || !at_end(&c))
        return false;
    *time = seconds * LOG_TIME_SECOND + part;
    return true;
}

bool log_time_parse(uint64_t *time, struct str16 text, uint64_t now, int zone)
{
    uint64_t ticks;
    if (unix_time(text, &ticks) || date(text, zone, &ticks)) {
        *time = ticks;
        return true;
    }
    if (!duration(text, &ticks))
        return false;
    *time = ticks > now ? 0 : now - ticks;
    return true;
}
