#include "core/limits.h"

/* The digits that text begins with, and how many there were; false where the number is too large.
 */
static bool read_digits(struct str16 text, uint64_t *value, size_t *digits)
{
    *value = 0;
    for (*digits = 0; *digits < text.len; ++*digits) {
        uint16_t unit = text.s[*digits];
        if (unit < '0' || unit > '9')
            break;
        if (*value > (UINT64_MAX - 9) / 10)
            return false;
        *value = *value * 10 + (uint64_t)(unit - '0');
    }
    return true;
}

static uint16_t lower(uint16_t unit)
{
    return unit >= 'A' && unit <= 'Z' ? (uint16_t)(unit + 'a' - 'A') : unit;
}

bool limits_read_size(struct str16 text, uint64_t *size)
{
    static const char suffixes[] = "bkmgt";
    uint64_t bytes;
    size_t at;
    unsigned shift = 0;
    if (!read_digits(text, &bytes, &at) || at == 0)
        return false;
    if (at < text.len) {
        size_t which = 0;
        while (suffixes[which] && (uint16_t)suffixes[which] != lower(text.s[at]))
            which++;
        if (!suffixes[which])
            return false;
        at++;
        if (which && at + 1 < text.len && lower(text.s[at]) == 'i')
            at++;
        if (which && at < text.len && lower(text.s[at]) == 'b')
            at++;
        shift = (unsigned)which * 10;
    }
    if (at != text.len || bytes > (uint64_t)INT64_MAX >> shift)
        return false;
    *size = bytes << shift;
    return true;
}

bool limits_read_memory(struct str16 text, uint64_t *memory)
{
    uint64_t bytes;
    if (!limits_read_size(text, &bytes) || (bytes && bytes < LIMITS_MEMORY_MIN))
        return false;
    *memory = bytes;
    return true;
}

bool limits_read_cpus(struct str16 text, uint32_t *cpus)
{
    uint64_t whole, part = 0;
    size_t at, digits = 0;
    if (!read_digits(text, &whole, &at) || whole > LIMITS_CPUS_MAX / 1000)
        return false;
    size_t before = at;
    if (at < text.len && text.s[at] == '.') {
        if (!read_digits(str16_skip(text, at + 1), &part, &digits) || digits > 3)
            return false;
        at += 1 + digits;
    }
    if (at != text.len || before + digits == 0)
        return false;
    for (size_t i = digits; i < 3; i++)
        part *= 10;
    uint64_t sum = whole * 1000 + part;
    if ((sum && sum < 10) || sum > LIMITS_CPUS_MAX)
        return false;
    *cpus = (uint32_t)sum;
    return true;
}

bool limits_read_pids(struct str16 text, uint32_t *pids)
{
    uint64_t count;
    size_t at;
    if (!read_digits(text, &count, &at) || at == 0 || at != text.len || count > LIMITS_PIDS_MAX)
        return false;
    *pids = (uint32_t)count;
    return true;
}

uint32_t limits_cpu_rate(uint32_t cpus, uint32_t processors)
{
    uint64_t rate = (uint64_t)cpus * 10 / (processors ? processors : 1);
    return rate < 1 ? 1 : rate > 10000 ? 10000 : (uint32_t)rate;
}

static size_t put_number(char *out, uint64_t value)
{
    char digits[20];
    size_t len = 0, at = 0;
    do
        digits[len++] = (char)('0' + value % 10);
    while (value /= 10);
    while (len)
        out[at++] = digits[--len];
    return at;
}

/* A point and `digits` decimals of value/10^digits, without zeros at the end. */
static size_t put_decimals(char *out, uint32_t value, unsigned digits)
{
    size_t at = 0;
    for (; digits && value % 10 == 0; digits--)
        value /= 10;
    if (!digits)
        return 0;
    out[at++] = '.';
    for (unsigned i = digits; i-- > 0; value /= 10)
        out[at + i] = (char)('0' + value % 10);
    return at + digits;
}

void limits_number_to_text(uint64_t value, char out[LIMITS_TEXT_MAX])
{
    out[put_number(out, value)] = 0;
}

void limits_cpus_to_text(uint32_t cpus, char out[LIMITS_TEXT_MAX])
{
    size_t len = put_number(out, cpus / 1000);
    len += put_decimals(out + len, cpus % 1000, 3);
    out[len] = 0;
}

void limits_size_to_text(uint64_t bytes, char out[LIMITS_TEXT_MAX])
{
    static const char units[] = "KMGTPE";
    unsigned shift = 0;
    while (shift < 60 && bytes >> shift >= 1024)
        shift += 10;
    uint64_t whole = bytes >> shift;
    size_t len = put_number(out, whole);
    if (shift) {
        // Of the rest only its highest ten bits: three decimals are no more exact than that.
        uint32_t rest = (uint32_t)(bytes >> (shift - 10) & 1023);
        unsigned digits = whole >= 1000 ? 0 : whole >= 100 ? 1 : whole >= 10 ? 2 : 3;
        static const uint32_t scale[] = {1, 10, 100, 1000};
        len += put_decimals(out + len, rest * scale[digits] / 1024, digits);
        out[len++] = units[shift / 10 - 1];
        out[len++] = 'i';
    }
    out[len++] = 'B';
    out[len] = 0;
}
