// JSON as Plume writes and reads it: a writer that streams, and a reader of small documents.
#ifndef PLUME_CORE_JSON_H
#define PLUME_CORE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/str16.h"

/* ---- writing: indented by two spaces, UTF-8 ---- */

enum {
    JSON_DEPTH_MAX = 16, // of objects and arrays in each other, when writing
};

struct json_writer {
    void (*sink)(void *context, const char *bytes, size_t len);
    void *context;
    unsigned depth;
    uint32_t filled; // bit n: the container at depth n has a member already
    bool after_key;  // the next value stands on its key's line
    bool compact;    // everything on one line
};

struct json_writer json_writer_on(void (*sink)(void *context, const char *bytes, size_t len),
                                  void *context);
void json_begin_object(struct json_writer *w);
void json_end_object(struct json_writer *w);
void json_begin_array(struct json_writer *w);
void json_end_array(struct json_writer *w);
void json_key(struct json_writer *w, const char *ascii);
/* Surrogates without their partner are written as \uXXXX, so nothing that Windows allows is lost.
 */
void json_str16(struct json_writer *w, struct str16 text);
void json_ascii(struct json_writer *w, const char *ascii);
void json_u64(struct json_writer *w, uint64_t value);
/* A number, true, false or null as the text has it. */
void json_literal(struct json_writer *w, const char *ascii);
void json_bool(struct json_writer *w, bool value);
void json_null(struct json_writer *w);
/* The line end after the outermost value. */
void json_end(struct json_writer *w);

/* ---- reading ---- */

enum json_type {
    JSON_OBJECT,
    JSON_ARRAY,
    JSON_STRING,
    JSON_NUMBER,
    JSON_TRUE,
    JSON_FALSE,
    JSON_NULL
};

enum {
    JSON_NODES_MAX = 128, // values and keys of a document that can be read
};

struct json_node {
    enum json_type type;
    uint32_t start; // offsets in the text; a string's without its quotes
    uint32_t end;
    uint32_t size; // members or items
    uint32_t next; // the node after this one and all in it
};

/* The text is borrowed: it must outlive the document. Node 0 is the outermost value. */
struct json_doc {
    const char *text;
    uint32_t count;
    struct json_node nodes[JSON_NODES_MAX];
};

/* False when the text is no JSON object, array or string, or has more nodes than JSON_NODES_MAX. */
bool json_parse(struct json_doc *doc, const char *text, size_t len);

/* The value of a member of an object, or -1. The first one where a key stands twice. */
int json_member(const struct json_doc *doc, int object, const char *ascii_key);

/* Appends a string's text with its escapes resolved; false when `node` is -1, no string, or not
 * UTF-8. Whether it fitted is in out->overflow. */
bool json_get_str16(const struct json_doc *doc, int node, struct str16_buf *out);

/* The raw bytes of a string without escapes: false when it has any. */
bool json_get_plain(const struct json_doc *doc, int node, const char **text, size_t *len);

/* A whole number of at most 32 bits, not negative; false for everything else. */
bool json_get_u32(const struct json_doc *doc, int node, uint32_t *value);

bool json_is_null(const struct json_doc *doc, int node);

#endif
