#include "layer/key_journal.h"
#include "core/ntpath.h"
#include "layer/key_list.h"
#include "layer/lock.h"

enum { NOTES = 64, NAME = 64 };

struct note {
    uint32_t generation; // that the change made
    bool valid;
    enum key_change change;
    uint64_t key, parent; // hashes of the names
    size_t len;
    uint16_t name[NAME];
};

static struct note notes[NOTES];
static struct layer_lock lock;

static uint64_t hash_of(struct str16 canon)
{
    return str16_hash_nocase(STR16_HASH_SEED, canon);
}

void key_changed(enum key_change change, struct str16 canon, struct str16 name)
{
    struct str16 parent = {0};
    struct note note = {.valid = true, .change = change, .key = hash_of(canon), .len = name.len};
    ntpath_parent(canon, &parent);
    note.parent = hash_of(parent);
    if (name.len <= NAME)
        memcpy(note.name, name.s, name.len * sizeof *name.s);
    else if (change == KEY_CHANGE_REMOVED)
        note.change = KEY_CHANGE_ADDED; // read again
    else if (change == KEY_CHANGE_VALUE_REMOVED)
        note.change = KEY_CHANGE_VALUE_SET;
    layer_lock(&lock);
    note.generation = change_index_bump(layer_changes);
    notes[note.generation % NOTES] = note;
    layer_unlock(&lock);
}

static void drop(struct key_listing *listing, bool values, struct str16 name)
{
    struct key_names *names = &listing->part[values].names;
    size_t at = listing->part[values].last; // where a program deletes that enumerates
    if (at >= names->count || !str16_equal_nocase(names->entries[at].name, name))
        for (at = 0; at < names->count; at++)
            if (str16_equal_nocase(names->entries[at].name, name))
                break;
    if (at == names->count)
        return;
    if (at)
        memmove(&names->entries[at], &names->entries[at + 1],
                (names->count - at - 1) * sizeof *names->entries);
    else
        names->entries++;
    names->count--;
    names->measured = false;
}

/* False for what has to be read again. */
static bool apply(const struct note *note, uint64_t key, bool values, struct key_listing *listing)
{
    struct str16 name = {note->name, note->len};
    switch (note->change) {
    case KEY_CHANGE_ADDED:
        listing->times_old |= note->parent == key;
        return note->key != key || values;
    case KEY_CHANGE_REMOVED:
        listing->times_old |= note->parent == key;
        if (note->key == key && !values)
            drop(listing, values, name);
        return true;
    case KEY_CHANGE_VALUE_SET:
        listing->times_old |= note->parent == key;
        return note->key != key || !values;
    case KEY_CHANGE_VALUE_REMOVED:
        listing->times_old |= note->parent == key;
        if (note->key == key && values)
            drop(listing, values, name);
        return true;
    case KEY_CHANGE_OTHER:
        break;
    }
    return false;
}

bool key_journal_apply(struct str16 canon, bool values, struct key_listing *listing)
{
    uint32_t now = change_index_generation(layer_changes), then = listing->part[values].generation;
    uint64_t key = hash_of(canon);
    bool good = now - then <= NOTES;
    layer_lock(&lock);
    for (uint32_t at = then + 1; good && at != now + 1; at++) {
        const struct note *note = &notes[at % NOTES];
        good = note->valid && note->generation == at && apply(note, key, values, listing);
    }
    layer_unlock(&lock);
    if (good)
        listing->part[values].generation = now;
    return good;
}
