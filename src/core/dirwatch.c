#include "core/dirwatch.h"
#include "core/bytes.h"

// FILE_NOTIFY_INFORMATION, FILE_NOTIFY_EXTENDED_INFORMATION, FILE_NOTIFY_FULL_INFORMATION (WDK).
enum { AT_NEXT = 0, AT_ACTION = 4, ALIGNMENT = 4, FULL_NAME_LENGTH_SIZE = 2 };

static size_t length_at(uint32_t class)
{
    return class == DIRWATCH_PLAIN ? 8 : 80;
}

static size_t name_at(uint32_t class)
{
    return class == DIRWATCH_PLAIN ? 12 : 84;
}

bool dirwatch_knows(uint32_t class)
{
    return class >= DIRWATCH_PLAIN && class <= DIRWATCH_FULL;
}

bool dirwatch_read(uint32_t class, const uint8_t *in, size_t size, struct dirwatch_record *record,
                   uint32_t *next)
{
    size_t fixed = name_at(class);
    if (size < fixed)
        return false;
    uint32_t name_size = get32(in + length_at(class));
    if (class == DIRWATCH_FULL) // followed by flags
        name_size &= 0xffff;
    *next = get32(in + AT_NEXT);
    if (name_size > size - fixed || name_size % sizeof(uint16_t))
        return false;
    if (*next && (*next > size || *next < fixed + name_size || *next % sizeof(uint16_t)))
        return false;
    *record = (struct dirwatch_record){
        .action = get32(in + AT_ACTION),
        .name = {(const uint16_t *)(const void *)(in + fixed), name_size / sizeof(uint16_t)},
        .body = in,
    };
    return true;
}

void dirwatch_put(struct dirwatch_queue *queue, uint32_t class,
                  const struct dirwatch_record *record)
{
    size_t fixed = name_at(class), name_size = record->name.len * sizeof(uint16_t);
    size_t at = (queue->used + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if (queue->overflow)
        return;
    if (at > queue->cap || fixed + name_size > queue->cap - at ||
        (class == DIRWATCH_FULL && name_size > 0xffff)) {
        queue->overflow = true;
        queue->used = 0;
        return;
    }
    uint8_t *out = queue->bytes + at;
    if (queue->used) {
        memset(queue->bytes + queue->used, 0, at - queue->used);
        put32(queue->bytes + queue->last, (uint32_t)(at - queue->last));
    }
    memset(out, 0, fixed);
    if (record->body)
        memcpy(out, record->body, fixed);
    put32(out + AT_NEXT, 0);
    put32(out + AT_ACTION, record->action);
    if (class == DIRWATCH_FULL) {
        uint16_t length = (uint16_t)name_size;
        memcpy(out + length_at(class), &length, FULL_NAME_LENGTH_SIZE);
    } else {
        put32(out + length_at(class), (uint32_t)name_size);
    }
    if (name_size)
        memcpy(out + fixed, record->name.s, name_size);
    queue->last = at;
    queue->used = at + fixed + name_size;
}

size_t dirwatch_take(struct dirwatch_queue *queue, uint8_t *out, size_t room)
{
    size_t size = queue->overflow || queue->used > room ? 0 : queue->used;
    if (size)
        memcpy(out, queue->bytes, size);
    queue->used = queue->last = 0;
    queue->overflow = false;
    return size;
}

static uint64_t hash_of(struct str16 name)
{
    return str16_hash_nocase(STR16_HASH_SEED, name);
}

enum dirwatch_known dirwatch_known(const struct dirwatch_names *names, struct str16 name)
{
    uint64_t hash = hash_of(name);
    for (size_t i = 0; i < DIRWATCH_NAMES; i++)
        if (names->known[i] && names->hashes[i] == hash)
            return names->known[i];
    return DIRWATCH_UNKNOWN;
}

void dirwatch_note(struct dirwatch_names *names, struct str16 name, enum dirwatch_known known)
{
    uint64_t hash = hash_of(name);
    for (size_t i = 0; i < DIRWATCH_NAMES; i++) {
        if (names->known[i] && names->hashes[i] == hash) {
            names->known[i] = (uint8_t)known;
            return;
        }
    }
    names->hashes[names->next] = hash;
    names->known[names->next] = (uint8_t)known;
    names->next = (names->next + 1) % DIRWATCH_NAMES;
}
