#include "core/share.h"
#include "core/table_levels.h"

enum {
    REACH_MAX = 1024, // how far from its place an entry may be, in the last level
    REACH_LOW = 32,   // and in those before it

    // winnt.h
    READ = 0x1 | 0x20 | 0x80000000 | 0x20000000 | 0x10000000 | 0x02000000, // data, execute, generic
    WRITE = 0x2 | 0x4 | 0x40000000 | 0x10000000 | 0x02000000,              // data, append, generic
    DELETING = 0x10000 | 0x10000000 | 0x02000000,
    SHARE_READ = 1,
    SHARE_WRITE = 2,
    SHARE_DELETE = 4,
};

// An entry is taken by setting its owner, filled in, and becomes visible by its name. Who is
// killed in between leaves one that no name leads to, and who is killed while it tells of a copy
// one that cannot be taken again; the place is lost until the VM ends, as nothing tells it from one
// that is being filled in or told.
struct entry {
    uint64_t owner; // process and handle, 0: free
    uint64_t name;  // 0: not (or no longer) to be looked at
    uint64_t copy;  // what share_tell_copied() told
    uint32_t access, share, options;
    uint32_t doom;
    uint32_t round;   // how often it was taken: tells an open from the next of the same name
    uint32_t tellers; // who is about to write `copy`
};

struct share_table {
    uint32_t order;
    uint32_t news;
    uint32_t handed_over;
    // Of each level: how many places entries ever took from their own on; 0: none.
    uint32_t reach[TABLE_LEVELS_MAX];
    struct entry entries[];
};

size_t share_table_size(unsigned order)
{
    return sizeof(struct share_table) + (sizeof(struct entry) << order);
}

void share_table_init(struct share_table *table, unsigned order)
{
    __atomic_store_n(&table->order, order, __ATOMIC_RELEASE);
}

static uint64_t owner_of(const struct share_open *open)
{
    return (uint64_t)open->process << 32 | open->handle;
}

static uint64_t place_of(uint64_t name)
{
    return name ^ name >> 32;
}

/* The entry `distance` places after the name's own in a level. */
static struct entry *entry_at(const struct share_table *table, uint32_t level, uint64_t name,
                              uint32_t distance)
{
    uint32_t mask = table_level_size(table->order, level) - 1;
    uint32_t place = ((uint32_t)place_of(name) + distance) & mask;
    return (struct entry *)&table->entries[table_level_start(table->order, level) + place];
}

static uint32_t reach_of(const struct share_table *table, uint32_t level)
{
    return __atomic_load_n(&table->reach[level], __ATOMIC_SEQ_CST);
}

static void reach_at_least(struct share_table *table, uint32_t level, uint32_t places)
{
    uint32_t reach = reach_of(table, level);
    while (reach < places &&
           !__atomic_compare_exchange_n(&table->reach[level], &reach, places, false,
                                        __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
        continue;
}

static uint32_t reach_limit(const struct share_table *table, uint32_t level)
{
    uint32_t size = table_level_size(table->order, level);
    uint32_t limit = level + 1 == table_levels(table->order) ? REACH_MAX : REACH_LOW;
    return size < limit ? size : limit;
}

/* Makes a free entry the open's, without a name. */
static bool take(struct entry *entry, const struct share_open *open)
{
    uint64_t free_owner = 0;
    if (__atomic_load_n(&entry->owner, __ATOMIC_RELAXED) ||
        !__atomic_compare_exchange_n(&entry->owner, &free_owner, owner_of(open), false,
                                     __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
        return false;
    if (__atomic_load_n(&entry->tellers, __ATOMIC_SEQ_CST)) {
        // What they tell is of the open that was here before. Elsewhere, then.
        __atomic_store_n(&entry->owner, 0, __ATOMIC_RELEASE);
        return false;
    }
    // Before what it holds changes. Released: who sees any of the new sees the round, too.
    __atomic_add_fetch(&entry->round, 1, __ATOMIC_ACQ_REL);
    __atomic_store_n(&entry->access, open->access, __ATOMIC_RELEASE);
    __atomic_store_n(&entry->share, open->share, __ATOMIC_RELEASE);
    __atomic_store_n(&entry->options, open->options, __ATOMIC_RELEASE);
    __atomic_store_n(&entry->doom, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&entry->copy, 0, __ATOMIC_RELAXED);
    return true;
}

uint32_t share_add(struct share_table *table, uint64_t name, const struct share_open *open)
{
    for (uint32_t level = 0; level < table_levels(table->order); level++) {
        for (uint32_t distance = 0; distance < reach_limit(table, level); distance++) {
            struct entry *entry = entry_at(table, level, name, distance);
            if (!take(entry, open))
                continue;
            reach_at_least(table, level, distance + 1);
            // In one order with what the caller does next, which is to see whether there is a copy.
            __atomic_store_n(&entry->name, name, __ATOMIC_SEQ_CST);
            return (uint32_t)(entry - table->entries) + 1;
        }
    }
    return 0;
}

void share_remove(struct share_table *table, uint32_t number, uint64_t name,
                  const struct share_open *open)
{
    if (!number)
        return;
    struct entry *entry = &table->entries[number - 1];
    uint64_t owner = owner_of(open);
    if (__atomic_load_n(&entry->owner, __ATOMIC_ACQUIRE) == owner &&
        __atomic_compare_exchange_n(&entry->name, &name, 0, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_RELAXED))
        __atomic_compare_exchange_n(&entry->owner, &owner, 0, false, __ATOMIC_RELEASE,
                                    __ATOMIC_RELAXED);
}

/* Reads an open of `name`, *name being 0 to begin with for any. False when there is none there. */
static bool read_entry(const struct entry *entry, uint64_t *name, struct share_open *open)
{
    for (;;) {
        // The round before the name: then the name is this round's or none.
        uint32_t round = __atomic_load_n(&entry->round, __ATOMIC_ACQUIRE);
        uint64_t found = __atomic_load_n(&entry->name, __ATOMIC_SEQ_CST);
        if (!found || (*name && found != *name))
            return false;
        uint64_t owner = __atomic_load_n(&entry->owner, __ATOMIC_ACQUIRE);
        open->process = (uint32_t)(owner >> 32);
        open->handle = (uint32_t)owner;
        open->access = __atomic_load_n(&entry->access, __ATOMIC_ACQUIRE);
        open->share = __atomic_load_n(&entry->share, __ATOMIC_ACQUIRE);
        open->options = __atomic_load_n(&entry->options, __ATOMIC_ACQUIRE);
        if (__atomic_load_n(&entry->name, __ATOMIC_ACQUIRE) != found)
            return false; // it went while it was read
        if (__atomic_load_n(&entry->round, __ATOMIC_ACQUIRE) != round)
            continue; // another open of the same name took its place meanwhile: read that
        *name = found;
        return true;
    }
}

bool share_next(const struct share_table *table, uint64_t name, uint32_t *at,
                struct share_open *open)
{
    uint32_t level = 0, distance = 0;
    if (*at) {
        level = table_level_at(table->order, *at - 1);
        uint32_t place = *at - 1 - table_level_start(table->order, level);
        distance =
            ((place - (uint32_t)place_of(name)) & (table_level_size(table->order, level) - 1)) + 1;
    }
    for (; level < table_levels(table->order); level++, distance = 0) {
        for (uint32_t reach = reach_of(table, level); distance < reach; distance++) {
            const struct entry *entry = entry_at(table, level, name, distance);
            if (!read_entry(entry, &name, open))
                continue;
            *at = (uint32_t)(entry - table->entries) + 1;
            return true;
        }
    }
    return false;
}

bool share_next_of(const struct share_table *table, uint32_t process, uint32_t *at, uint64_t *name,
                   struct share_open *open)
{
    for (uint32_t level = 0; level < table_levels(table->order); level++) {
        uint32_t start = table_level_start(table->order, level);
        // A level that nothing was ever put into is not touched.
        uint32_t end = reach_of(table, level) ? start + table_level_size(table->order, level) : 0;
        for (uint32_t place = *at > start ? *at : start; place < end; place++) {
            const struct entry *entry = &table->entries[place];
            *name = 0;
            if (__atomic_load_n(&entry->owner, __ATOMIC_ACQUIRE) >> 32 != process ||
                !read_entry(entry, name, open) || open->process != process)
                continue;
            *at = place + 1;
            return true;
        }
    }
    return false;
}

/* Whether an open with `access` is against what another allows. */
static bool excluded(uint32_t access, uint32_t share)
{
    return (access & (uint32_t)READ && !(share & SHARE_READ)) ||
           (access & (uint32_t)WRITE && !(share & SHARE_WRITE)) ||
           (access & (uint32_t)DELETING && !(share & SHARE_DELETE));
}

bool share_conflict(uint32_t access, uint32_t share, uint32_t other_access, uint32_t other_share)
{
    // IoCheckShareAccess (WDK): who asks for none of these takes no part.
    const uint32_t all = (uint32_t)READ | WRITE | DELETING;
    return access & all && other_access & all &&
           (excluded(access, other_share) || excluded(other_access, share));
}

bool share_tell_copied(struct share_table *table, uint64_t name, uint64_t id)
{
    struct share_open open;
    bool any = false;
    for (uint32_t at = 0; share_next(table, name, &at, &open); any = true) {
        // Either this sees that the entry has another name, or share_add() sees that it is told.
        struct entry *entry = &table->entries[at - 1];
        __atomic_add_fetch(&entry->tellers, 1, __ATOMIC_SEQ_CST);
        if (__atomic_load_n(&entry->name, __ATOMIC_SEQ_CST) == name)
            __atomic_store_n(&entry->copy, id, __ATOMIC_RELEASE);
        __atomic_sub_fetch(&entry->tellers, 1, __ATOMIC_SEQ_CST);
    }
    if (any)
        __atomic_add_fetch(&table->news, 1, __ATOMIC_RELEASE);
    return any;
}

bool share_untold(const struct share_table *table, uint64_t name)
{
    struct share_open open;
    for (uint32_t at = 0; share_next(table, name, &at, &open);)
        if (!share_copied(table, at, name))
            return true;
    return false;
}

uint64_t share_copied(const struct share_table *table, uint32_t number, uint64_t name)
{
    if (!number)
        return 0;
    const struct entry *entry = &table->entries[number - 1];
    return __atomic_load_n(&entry->name, __ATOMIC_ACQUIRE) == name
               ? __atomic_load_n(&entry->copy, __ATOMIC_ACQUIRE)
               : 0;
}

void share_hand_over(struct share_table *table)
{
    __atomic_add_fetch(&table->handed_over, 1, __ATOMIC_RELEASE);
    __atomic_add_fetch(&table->news, 1, __ATOMIC_RELEASE);
}

uint32_t share_handed_over(const struct share_table *table)
{
    return __atomic_load_n(&table->handed_over, __ATOMIC_ACQUIRE);
}

uint32_t share_news(const struct share_table *table)
{
    return __atomic_load_n(&table->news, __ATOMIC_ACQUIRE);
}

void share_set_doom(struct share_table *table, uint32_t number, uint32_t doom)
{
    if (number)
        __atomic_store_n(&table->entries[number - 1].doom, doom, __ATOMIC_SEQ_CST);
}

uint32_t share_doom(const struct share_table *table, uint32_t number)
{
    return number ? __atomic_load_n(&table->entries[number - 1].doom, __ATOMIC_SEQ_CST) : 0;
}
