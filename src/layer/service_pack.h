// Filling a caller's buffer with structures and, behind or among them, the texts that they point
// to: in UTF-16, or in the process's ANSI code page for the functions that end in A.
#ifndef PLUME_LAYER_SERVICE_PACK_H
#define PLUME_LAYER_SERVICE_PACK_H

#include "layer/service_call.h"

/* With out == NULL it only counts. */
struct service_pack {
    uint8_t *out;
    size_t at; // bytes used
    bool ansi;
};

/* Bytes that `text` takes, terminator included. */
size_t service_text_size(struct str16 text, bool ansi);

/* Writes a text and its terminator to `out`, which has room. */
void service_text_write(void *out, struct str16 text, bool ansi);

/* Appends a text (an absent one as an empty one) and returns where it is; NULL when only counting.
 */
void *service_pack_text(struct service_pack *pack, struct str16 text);
/* The same; an absent text takes no room and is NULL. */
void *service_pack_text_opt(struct service_pack *pack, struct str16 text);
/* A list of terminated texts, and its final terminator. */
void *service_pack_list(struct service_pack *pack, struct str16 list);
/* Aligns and leaves room for a structure. */
void *service_pack_room(struct service_pack *pack, size_t size, size_t alignment);

#endif
