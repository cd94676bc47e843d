// The encoding of every message between the parts of Plume: a sequence of fields without tags, each
// starting at a multiple of 4 bytes, numbers little endian. Who reads must know what was written.
//
// Both sides carry a sticky error: once a field does not fit (writing) or is not there (reading),
// everything after it fails too, so that a message is checked once, at its end.
#ifndef PLUME_CORE_WIRE_H
#define PLUME_CORE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/str16.h"

/* Appends to the caller's buffer. `data` must be aligned to 4 bytes. */
struct wire_writer {
    uint8_t *data;
    size_t cap; // bytes
    size_t len; // bytes written; a multiple of 4
    bool failed;
};

/* Reads from the caller's buffer, which must outlive what is read from it: strings and blobs are
 * slices of it. `data` must be aligned to 4 bytes. */
struct wire_reader {
    const uint8_t *data;
    size_t len; // bytes
    size_t at;
    bool failed;
};

/* Bytes, owned by someone else. */
struct wire_blob {
    const uint8_t *data;
    size_t len;
};

struct wire_writer wire_writer_on(void *buffer, size_t cap);
void wire_put_u32(struct wire_writer *w, uint32_t value);
void wire_put_u64(struct wire_writer *w, uint64_t value);
void wire_put_str16(struct wire_writer *w, struct str16 text);
/* Like wire_put_str16(), but a text with s == NULL is written as "absent", which is not "empty". */
void wire_put_str16_opt(struct wire_writer *w, struct str16 text);
void wire_put_blob(struct wire_writer *w, const void *data, size_t len);
/* Overwrites the u32 that was written at byte offset `at`, e.g. a count that is known only later.
 */
void wire_patch_u32(struct wire_writer *w, size_t at, uint32_t value);

struct wire_reader wire_reader_on(const void *buffer, size_t len);
/* Each returns 0 or an empty slice after a failure. */
uint32_t wire_get_u32(struct wire_reader *r);
uint64_t wire_get_u64(struct wire_reader *r);
struct str16
wire_get_str16(struct wire_reader *r); // fails on an absent one; s is never NULL on success
struct str16 wire_get_str16_opt(struct wire_reader *r); // s == NULL: absent
struct wire_blob wire_get_blob(struct wire_reader *r);
/* True when nothing has failed and nothing is left: a message with trailing bytes is a bad one. */
bool wire_done(const struct wire_reader *r);

#endif
