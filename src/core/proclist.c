#include "core/proclist.h"

#include <string.h>

/* SYSTEM_PROCESS_INFORMATION up to what is looked at. */
struct entry {
    uint32_t next, threads;
    int64_t times[6]; // among them sizes; of no concern here
    struct {
        uint16_t length, room;
        uintptr_t at;
    } name;
    int32_t priority;
    uintptr_t id, parent;
};

enum { ID_IDLE = 0, ID_SYSTEM = 4 };

static bool is_in(const uintptr_t *ids, size_t count, uintptr_t id)
{
    for (size_t i = 0; i < count; i++)
        if (ids[i] == id)
            return true;
    return false;
}

bool proclist_has(const struct proclist_ids *ids, uintptr_t id)
{
    return id == ids->self ||
           (is_in(ids->ids, ids->count, id) && is_in(ids->ids_after, ids->count_after, id));
}

/* Reads the entry at `at` and says how long it is; false where the list is broken. Entries need not
 * be aligned (Wine's are not). */
static bool read_entry(const uint8_t *list, size_t length, size_t at, struct entry *entry,
                       size_t *size)
{
    if (at > length || length - at < sizeof *entry)
        return false;
    memcpy(entry, list + at, sizeof *entry);
    *size = entry->next ? entry->next : length - at;
    return *size >= sizeof *entry && *size <= length - at;
}

static bool is_running(const uint8_t *list, size_t length, uintptr_t id)
{
    struct entry entry;
    size_t size;
    for (size_t at = 0; read_entry(list, length, at, &entry, &size); at += size) {
        if (entry.id == id)
            return true;
        if (!entry.next)
            break;
    }
    return false;
}

static bool is_kept(const struct proclist_ids *ids, uintptr_t id)
{
    return id == ID_IDLE || id == ID_SYSTEM || proclist_has(ids, id);
}

/* Mends the parents first, while all the processes that run are still there. */
static bool mend_parents(uint8_t *list, size_t length, const struct proclist_ids *ids, bool orphan)
{
    struct entry entry;
    size_t at = 0, size;
    for (;; at += size) {
        if (!read_entry(list, length, at, &entry, &size))
            return false;
        bool foreign = entry.id == ids->self && orphan;
        if (!foreign && is_kept(ids, entry.id) && !is_kept(ids, entry.parent))
            foreign = is_running(list, length, entry.parent);
        if (foreign) {
            entry.parent = 0;
            memcpy(list + at, &entry, sizeof entry);
        }
        if (!entry.next)
            return true;
    }
}

size_t proclist_cut(uint8_t *list, size_t length, const struct proclist_ids *ids, bool orphan,
                    uintptr_t target)
{
    struct entry entry;
    size_t at = 0, size, out = 0, last = 0;
    if (!mend_parents(list, length, ids, orphan))
        return 0;
    for (;; at += size) {
        if (!read_entry(list, length, at, &entry, &size))
            return 0;
        bool more = entry.next;
        if (is_kept(ids, entry.id)) {
            uintptr_t here = (uintptr_t)list + at;
            if (entry.name.at >= here && entry.name.at - here <= size &&
                entry.name.length <= size - (entry.name.at - here))
                entry.name.at = target + out + (entry.name.at - here);
            else if (entry.name.at)
                entry.name.at = entry.name.length = entry.name.room = 0;
            entry.next = (uint32_t)size;
            memmove(list + out, list + at, size);
            memcpy(list + out, &entry, sizeof entry);
            last = out;
            out += size;
        }
        if (!more)
            break;
    }
    if (out) {
        memcpy(&entry, list + last, sizeof entry);
        entry.next = 0;
        memcpy(list + last, &entry, sizeof entry);
    }
    return out;
}

uint8_t *proclist_next(uint8_t *list, size_t length, size_t *at)
{
    struct entry entry;
    size_t size;
    if (*at >= length || !read_entry(list, length, *at, &entry, &size))
        return NULL;
    uint8_t *found = list + *at;
    *at += size;
    return found;
}

size_t proclist_cut_handles(struct proclist_handles *list, const struct proclist_ids *ids)
{
    size_t out = 0;
    uintptr_t last = ids->self; // handles of one process stand together
    bool last_kept = true;
    for (size_t i = 0; i < list->count; i++) {
        if (list->handles[i].process != last) {
            last = list->handles[i].process;
            last_kept = proclist_has(ids, last);
        }
        if (last_kept)
            list->handles[out++] = list->handles[i];
    }
    list->count = out;
    return out;
}

void proclist_shorten(const struct proclist_handles *list, struct proclist_short_handles *to,
                      size_t room)
{
    to->count = (uint32_t)list->count;
    for (size_t i = 0; i < list->count && i < room; i++) {
        const struct proclist_handle *from = &list->handles[i];
        to->handles[i] = (struct proclist_short_handle){
            (uint16_t)from->process,
            from->back_trace,
            (uint8_t)from->type,
            (uint8_t)from->attributes,
            (uint16_t)from->handle,
            from->object,
            from->access,
        };
    }
}
