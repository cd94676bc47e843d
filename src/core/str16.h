// UTF-16 text with an explicit length, as the system passes names: not terminated, may hold
// unpaired surrogates, compared without case the way the system's object names are.
#ifndef PLUME_CORE_STR16_H
#define PLUME_CORE_STR16_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A slice: `len` UTF-16 units at `s`, owned by someone else. */
struct str16 {
    const uint16_t *s;
    size_t len;
};

/* A growing text in a caller's buffer. Once something did not fit, `overflow` stays set and nothing
 * more is written. Never terminated unless str16_put_nul() says so. */
struct str16_buf {
    uint16_t *s;
    size_t cap; // units
    size_t len;
    bool overflow;
};

/* Upper case of one unit by the system's own table. Provided by whoever links core: the layer takes
 * ntdll's, the native tests a portable one. */
uint16_t str16_upcase(uint16_t unit);

/* Length of terminated text, in units. */
size_t str16_nlen(const uint16_t *terminated);
struct str16 str16_of(const uint16_t *terminated);

bool str16_equal(struct str16 a, struct str16 b);        // units equal
bool str16_equal_nocase(struct str16 a, struct str16 b); // equal after upcasing
int str16_compare_nocase(struct str16 a, struct str16 b);
bool str16_starts_nocase(struct str16 text, struct str16 prefix);

/* The same against ASCII text. */
bool str16_equal_ascii(struct str16 a, const char *ascii);
bool str16_starts_ascii(struct str16 text, const char *ascii);

struct str16 str16_skip(struct str16 text, size_t units);
struct str16 str16_first(struct str16 text, size_t units);

void str16_put(struct str16_buf *buf, struct str16 text);
void str16_put_ascii(struct str16_buf *buf, const char *ascii);
void str16_put_unit(struct str16_buf *buf, uint16_t unit);
void str16_put_u32(struct str16_buf *buf, uint32_t value);   // decimal
void str16_put_hex32(struct str16_buf *buf, uint32_t value); // 8 digits, lower case
void str16_put_nul(struct str16_buf *buf);                   // terminates; not counted in len
struct str16 str16_view(const struct str16_buf *buf);

/* FNV-1a, 64 bit, over the upcased units; `seed` continues an earlier hash (start:
 * STR16_HASH_SEED). */
#define STR16_HASH_SEED UINT64_C(0xcbf29ce484222325)
uint64_t str16_hash_nocase(uint64_t seed, struct str16 text);

#endif
