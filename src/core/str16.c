#include "core/str16.h"

size_t str16_nlen(const uint16_t *terminated)
{
    size_t len = 0;
    while (terminated[len])
        len++;
    return len;
}

struct str16 str16_of(const uint16_t *terminated)
{
    return (struct str16){terminated, str16_nlen(terminated)};
}

bool str16_equal(struct str16 a, struct str16 b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (a.s[i] != b.s[i])
            return false;
    return true;
}

int str16_compare_nocase(struct str16 a, struct str16 b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    for (size_t i = 0; i < common; i++) {
        if (a.s[i] == b.s[i])
            continue;
        int x = str16_upcase(a.s[i]), y = str16_upcase(b.s[i]);
        if (x != y)
            return x < y ? -1 : 1;
    }
    return a.len == b.len ? 0 : a.len < b.len ? -1 : 1;
}

bool str16_equal_nocase(struct str16 a, struct str16 b)
{
    return a.len == b.len && str16_compare_nocase(a, b) == 0;
}

bool str16_starts_nocase(struct str16 text, struct str16 prefix)
{
    return text.len >= prefix.len && str16_equal_nocase(str16_first(text, prefix.len), prefix);
}

static uint16_t ascii_upcase(uint16_t unit)
{
    return unit >= 'a' && unit <= 'z' ? (uint16_t)(unit - 32) : unit;
}

bool str16_starts_ascii(struct str16 text, const char *ascii)
{
    size_t i = 0;
    for (; ascii[i]; i++)
        if (i >= text.len || ascii_upcase(text.s[i]) != ascii_upcase((unsigned char)ascii[i]))
            return false;
    return true;
}

bool str16_equal_ascii(struct str16 a, const char *ascii)
{
    // Not ascii[a.len]: that lies behind the end of a shorter `ascii`.
    size_t len = 0;
    while (ascii[len])
        len++;
    return a.len == len && str16_starts_ascii(a, ascii);
}

struct str16 str16_skip(struct str16 text, size_t units)
{
    if (units > text.len)
        units = text.len;
    return (struct str16){text.s + units, text.len - units};
}

struct str16 str16_first(struct str16 text, size_t units)
{
    return (struct str16){text.s, units < text.len ? units : text.len};
}

void str16_put_unit(struct str16_buf *buf, uint16_t unit)
{
    if (buf->len >= buf->cap)
        buf->overflow = true;
    if (!buf->overflow)
        buf->s[buf->len++] = unit;
}

void str16_put(struct str16_buf *buf, struct str16 text)
{
    if (buf->overflow || text.len > buf->cap - buf->len) {
        buf->overflow = true;
        return;
    }
    if (text.len)
        memcpy(buf->s + buf->len, text.s, text.len * sizeof *text.s);
    buf->len += text.len;
}

void str16_put_ascii(struct str16_buf *buf, const char *ascii)
{
    while (*ascii)
        str16_put_unit(buf, (unsigned char)*ascii++);
}

void str16_put_u32(struct str16_buf *buf, uint32_t value)
{
    char digits[11];
    size_t at = sizeof digits - 1;
    digits[at] = 0;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    str16_put_ascii(buf, digits + at);
}

void str16_put_hex32(struct str16_buf *buf, uint32_t value)
{
    for (int shift = 28; shift >= 0; shift -= 4)
        str16_put_unit(buf, (uint16_t) "0123456789abcdef"[value >> shift & 15]);
}

void str16_put_nul(struct str16_buf *buf)
{
    str16_put_unit(buf, 0);
    if (!buf->overflow)
        buf->len--;
}

struct str16 str16_view(const struct str16_buf *buf)
{
    return (struct str16){buf->s, buf->len};
}

uint64_t str16_hash_nocase(uint64_t seed, struct str16 text)
{
    uint64_t hash = seed;
    for (size_t i = 0; i < text.len; i++) {
        uint16_t unit = str16_upcase(text.s[i]);
        hash = (hash ^ (unit & 0xff)) * UINT64_C(0x100000001b3);
        hash = (hash ^ (unit >> 8)) * UINT64_C(0x100000001b3);
    }
    return hash;
}
