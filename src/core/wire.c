#include "core/wire.h"

#include <string.h>

enum { WIRE_ABSENT = 0xffffffff };

static size_t padded(size_t len)
{
    return (len + 3) & ~(size_t)3;
}

struct wire_writer wire_writer_on(void *buffer, size_t cap)
{
    return (struct wire_writer){.data = buffer, .cap = cap & ~(size_t)3};
}

// Room for `len` bytes and their padding, which is zeroed; NULL when it does not fit.
static uint8_t *reserve(struct wire_writer *w, size_t len)
{
    if (w->failed || len > w->cap || padded(len) > w->cap - w->len) {
        w->failed = true;
        return NULL;
    }
    uint8_t *at = w->data + w->len;
    memset(at + len, 0, padded(len) - len);
    w->len += padded(len);
    return at;
}

static void store_u32(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
    at[2] = (uint8_t)(value >> 16);
    at[3] = (uint8_t)(value >> 24);
}

void wire_put_u32(struct wire_writer *w, uint32_t value)
{
    uint8_t *at = reserve(w, 4);
    if (at)
        store_u32(at, value);
}

void wire_put_u64(struct wire_writer *w, uint64_t value)
{
    wire_put_u32(w, (uint32_t)value);
    wire_put_u32(w, (uint32_t)(value >> 32));
}

// The units are copied as they are in memory: every machine that Plume runs on is little endian.
static void put_counted(struct wire_writer *w, const void *data, size_t count, size_t size)
{
    if (count > w->cap / size) {
        w->failed = true;
        return;
    }
    wire_put_u32(w, (uint32_t)count);
    uint8_t *at = reserve(w, count * size);
    if (at && count)
        memcpy(at, data, count * size);
}

void wire_put_str16(struct wire_writer *w, struct str16 text)
{
    put_counted(w, text.s, text.len, sizeof(uint16_t));
}

void wire_put_str16_opt(struct wire_writer *w, struct str16 text)
{
    if (text.s)
        wire_put_str16(w, text);
    else
        wire_put_u32(w, WIRE_ABSENT);
}

void wire_put_blob(struct wire_writer *w, const void *data, size_t len)
{
    put_counted(w, data, len, 1);
}

void wire_patch_u32(struct wire_writer *w, size_t at, uint32_t value)
{
    if (w->failed || w->len < 4 || at > w->len - 4)
        w->failed = true;
    else
        store_u32(w->data + at, value);
}

struct wire_reader wire_reader_on(const void *buffer, size_t len)
{
    return (struct wire_reader){.data = buffer, .len = len};
}

static const uint8_t *take(struct wire_reader *r, size_t len)
{
    if (r->failed || len > r->len || padded(len) > r->len - r->at) {
        r->failed = true;
        return NULL;
    }
    const uint8_t *at = r->data + r->at;
    r->at += padded(len);
    return at;
}

uint32_t wire_get_u32(struct wire_reader *r)
{
    const uint8_t *at = take(r, 4);
    if (!at)
        return 0;
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

uint64_t wire_get_u64(struct wire_reader *r)
{
    uint32_t low = wire_get_u32(r);
    return low | (uint64_t)wire_get_u32(r) << 32;
}

static struct str16 get_units(struct wire_reader *r, uint32_t count)
{
    if (count > r->len / sizeof(uint16_t))
        r->failed = true;
    const uint8_t *at = r->failed ? NULL : take(r, count * sizeof(uint16_t));
    if (!at)
        return (struct str16){0};
    return (struct str16){.s = (const uint16_t *)(const void *)at, .len = count};
}

struct str16 wire_get_str16(struct wire_reader *r)
{
    uint32_t count = wire_get_u32(r);
    return get_units(r, count);
}

struct str16 wire_get_str16_opt(struct wire_reader *r)
{
    uint32_t count = wire_get_u32(r);
    if (count == WIRE_ABSENT)
        return (struct str16){0};
    return get_units(r, count);
}

struct wire_blob wire_get_blob(struct wire_reader *r)
{
    uint32_t count = wire_get_u32(r);
    const uint8_t *at = take(r, count);
    if (!at)
        return (struct wire_blob){0};
    return (struct wire_blob){.data = at, .len = count};
}

bool wire_done(const struct wire_reader *r)
{
    return !r->failed && r->at == r->len;
}
