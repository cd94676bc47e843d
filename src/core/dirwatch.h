// Changes of a folder as NtNotifyChangeDirectoryFile tells them: reading what the system says,
// keeping it until the program asks, and what is known of the names that were told of.
#ifndef PLUME_CORE_DIRWATCH_H
#define PLUME_CORE_DIRWATCH_H

#include "core/str16.h"

/* DIRECTORY_NOTIFY_INFORMATION_CLASS (WDK). */
enum dirwatch_class { DIRWATCH_PLAIN = 1, DIRWATCH_EXTENDED = 2, DIRWATCH_FULL = 3 };

/* FILE_ACTION_* (winnt.h). */
enum dirwatch_action {
    DIRWATCH_ADDED = 1,
    DIRWATCH_REMOVED = 2,
    DIRWATCH_MODIFIED = 3,
    DIRWATCH_RENAMED_OLD = 4,
    DIRWATCH_RENAMED_NEW = 5,
};

struct dirwatch_record {
    uint32_t action;
    struct str16 name;   // relative to the folder, where it lies
    const uint8_t *body; // the record itself; NULL: what its class has more is 0
};

/* Whether records of this class can be read. */
bool dirwatch_knows(uint32_t class);

/* Reads the record at the beginning of the `size` bytes at `in`, an even address. False when it is
 * not within its bounds. *next gets the offset to the next one, 0 for none. */
bool dirwatch_read(uint32_t class, const uint8_t *in, size_t size, struct dirwatch_record *record,
                   uint32_t *next);

/* Records that nobody has asked for yet, in memory of the caller's. Once one did not fit, all are
 * forgotten, and that something was is remembered. */
struct dirwatch_queue {
    uint8_t *bytes; // aligned to 4
    size_t cap, used, last;
    bool overflow;
};

void dirwatch_put(struct dirwatch_queue *queue, uint32_t class,
                  const struct dirwatch_record *record);

static inline bool dirwatch_any(const struct dirwatch_queue *queue)
{
    return queue->used || queue->overflow;
}

/* Moves all records to `out` and returns their bytes. 0 when they do not fit, or some were
 * forgotten, or there are none: the folder is to be listed then. The queue is empty afterwards. */
size_t dirwatch_take(struct dirwatch_queue *queue, uint8_t *out, size_t room);

/* What was last told of some names: so that nothing is said to be added or removed twice when two
 * sources say so. Of very many names the oldest are forgotten. */
enum dirwatch_known { DIRWATCH_UNKNOWN, DIRWATCH_PRESENT, DIRWATCH_GONE };
enum { DIRWATCH_NAMES = 256 };
struct dirwatch_names {
    uint64_t hashes[DIRWATCH_NAMES];
    uint8_t known[DIRWATCH_NAMES];
    size_t next;
};

enum dirwatch_known dirwatch_known(const struct dirwatch_names *names, struct str16 name);
void dirwatch_note(struct dirwatch_names *names, struct str16 name, enum dirwatch_known known);

#endif
