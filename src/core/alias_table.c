#include "core/alias_table.h"

enum {
    TRUE_SLOTS = 1 << 16,
    PROBES = 16, // a name that finds no slot within these is not noted
    ENTRIES = 512,
    UNITS = 496,
};

enum entry_state { FREE, TAKEN, READY }; // TAKEN for good: whoever took it was ended

struct entry {
    uint32_t state;
    uint16_t from_len, to_len;
    uint64_t hash;
    uint16_t units[UNITS]; // from, then to
};

struct alias_table {
    uint32_t used;                   // entries from here on are FREE
    uint64_t true_names[TRUE_SLOTS]; // hashes: a name taken for another's only misses its alias
    struct entry entries[ENTRIES];
};

size_t alias_table_size(void)
{
    return sizeof(struct alias_table);
}

static uint64_t hash_of(struct str16 name)
{
    uint64_t hash = str16_hash_nocase(STR16_HASH_SEED, name);
    hash ^= hash >> 32; // the low bits choose the slot
    return hash ? hash : 1;
}

void alias_table_add_true(struct alias_table *table, struct str16 canon)
{
    uint64_t hash = hash_of(canon);
    for (size_t i = 0; i < PROBES; i++) {
        uint64_t found = 0;
        if (__atomic_compare_exchange_n(&table->true_names[(size_t)(hash + i) % TRUE_SLOTS], &found,
                                        hash, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE) ||
            found == hash)
            return;
    }
}

static bool has_true(const struct alias_table *table, uint64_t hash)
{
    for (size_t i = 0; i < PROBES; i++) {
        uint64_t found =
            __atomic_load_n(&table->true_names[(size_t)(hash + i) % TRUE_SLOTS], __ATOMIC_ACQUIRE);
        if (!found || found == hash)
            return found != 0;
    }
    return false;
}

/* The last note on the name whose hash is given. */
static const struct entry *find(const struct alias_table *table, struct str16 from, uint64_t hash)
{
    for (uint32_t i = __atomic_load_n(&table->used, __ATOMIC_ACQUIRE); i-- > 0;) {
        const struct entry *entry = &table->entries[i];
        if (__atomic_load_n(&entry->state, __ATOMIC_ACQUIRE) == READY && entry->hash == hash &&
            str16_equal_nocase((struct str16){entry->units, entry->from_len}, from))
            return entry;
    }
    return NULL;
}

static struct str16 target_of(const struct entry *entry)
{
    return (struct str16){entry->units + entry->from_len, entry->to_len};
}

/* Noted as standing for itself: a link that is one no more. */
static bool is_revoked(const struct entry *entry)
{
    return str16_equal_nocase(target_of(entry), (struct str16){entry->units, entry->from_len});
}

bool alias_table_is_true(const struct alias_table *table, struct str16 canon)
{
    uint64_t hash = hash_of(canon);
    if (!has_true(table, hash))
        return false;
    const struct entry *entry = find(table, canon, hash);
    return !entry || is_revoked(entry);
}

void alias_table_add(struct alias_table *table, struct str16 from, struct str16 to)
{
    uint64_t hash = hash_of(from);
    if (from.len + to.len > UNITS)
        return;
    const struct entry *noted = find(table, from, hash);
    if (noted && str16_equal_nocase(target_of(noted), to))
        return;
    for (uint32_t i = __atomic_load_n(&table->used, __ATOMIC_ACQUIRE); i < ENTRIES; i++) {
        struct entry *entry = &table->entries[i];
        uint32_t state = FREE;
        if (!__atomic_compare_exchange_n(&entry->state, &state, TAKEN, false, __ATOMIC_ACQ_REL,
                                         __ATOMIC_ACQUIRE))
            continue;
        entry->from_len = (uint16_t)from.len;
        entry->to_len = (uint16_t)to.len;
        entry->hash = hash;
        memcpy(entry->units, from.s, from.len * sizeof *from.s);
        memcpy(entry->units + from.len, to.s, to.len * sizeof *to.s);
        __atomic_store_n(&entry->state, READY, __ATOMIC_RELEASE);
        // Raised by whoever is last; never lowered.
        uint32_t used = __atomic_load_n(&table->used, __ATOMIC_ACQUIRE);
        while (used < i + 1 && !__atomic_compare_exchange_n(&table->used, &used, i + 1, false,
                                                            __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
            ;
        return;
    }
}

bool alias_table_find(const struct alias_table *table, struct str16 from, struct str16 *to)
{
    const struct entry *entry = find(table, from, hash_of(from));
    if (!entry || is_revoked(entry))
        return false;
    *to = target_of(entry);
    return true;
}
