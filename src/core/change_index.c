#include "core/change_index.h"
#include "core/table_levels.h"

enum { PRESENT_BITS = 1 << 18 };

struct change_index {
    uint32_t order;
    uint32_t top; // the highest level of slots that is in use
    uint32_t full;
    uint32_t generation;
    uint32_t version;
    uint32_t counts[CHANGE_KINDS];    // that were added of each kind
    uint32_t taken[TABLE_LEVELS_MAX]; // slots of each level
    // A bit for the hashes that lead to it. What is asked for is mostly not in the set: this says
    // so from a few pages, where the slots' would each be touched by somebody and stay in memory.
    uint64_t present[PRESENT_BITS / 64];
    uint64_t slots[] __attribute__((aligned(8)));
};

size_t change_index_size(unsigned order)
{
    return sizeof(struct change_index) + ((size_t)8 << order);
}

void change_index_init(struct change_index *index, unsigned order)
{
    index->order = order;
}

static uint64_t finish(uint64_t hash, enum change change)
{
    hash ^= (uint64_t)(change + 1) * UINT64_C(0x9e3779b97f4a7c15);
    hash ^= hash >> 32;
    hash *= UINT64_C(0xd6e8feb86659fd93);
    hash ^= hash >> 32;
    return hash ? hash : 1;
}

static bool is_full(const struct change_index *index)
{
    return __atomic_load_n(&index->full, __ATOMIC_ACQUIRE);
}

/* Whether no name of this kind is in the set: then nothing need be hashed. */
static bool has_none(const struct change_index *index, enum change change)
{
    return !__atomic_load_n(&index->counts[change], __ATOMIC_ACQUIRE) && !is_full(index);
}

/* The bit's number: of the hash's upper half, as the slot's is of the lower. */
static uint32_t bit_of(uint64_t hash)
{
    return (uint32_t)(hash >> 32) % PRESENT_BITS;
}

static bool is_in_level(const struct change_index *index, uint32_t level, uint64_t hash)
{
    const uint64_t *slots = index->slots + table_level_start(index->order, level);
    size_t mask = table_level_size(index->order, level) - 1;
    for (size_t i = (size_t)hash & mask;; i = (i + 1) & mask) {
        uint64_t slot = __atomic_load_n(&slots[i], __ATOMIC_ACQUIRE);
        if (!slot || slot == hash)
            return slot != 0;
    }
}

static bool has(const struct change_index *index, uint64_t hash)
{
    if (is_full(index))
        return true;
    uint32_t bit = bit_of(hash);
    if (!(__atomic_load_n(&index->present[bit / 64], __ATOMIC_ACQUIRE) >> bit % 64 & 1))
        return false;
    // Beyond `top` there is no name whose bit was seen: it is raised before the name is put there.
    uint32_t top = __atomic_load_n(&index->top, __ATOMIC_ACQUIRE);
    for (uint32_t level = 0; level <= top; level++)
        if (is_in_level(index, level, hash))
            return true;
    return false;
}

/* Takes room for a name in the lowest level that has some, at most three quarters of one, so that a
 * search ends soon. False when there is none. */
static bool take_room(struct change_index *index, uint32_t *level)
{
    for (*level = __atomic_load_n(&index->top, __ATOMIC_ACQUIRE);; ++*level) {
        uint32_t room = table_level_size(index->order, *level) / 4 * 3;
        if (__atomic_fetch_add(&index->taken[*level], 1, __ATOMIC_RELAXED) < room)
            return true;
        if (*level + 1 == table_levels(index->order))
            return false;
        uint32_t top = *level;
        __atomic_compare_exchange_n(&index->top, &top, *level + 1, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_RELAXED);
    }
}

static void add(struct change_index *index, enum change change, uint64_t hash)
{
    uint32_t level;
    if (has(index, hash))
        return;
    if (!take_room(index, &level)) {
        __atomic_store_n(&index->full, 1, __ATOMIC_RELEASE);
        return;
    }
    // Before the name: who finds that need not count it.
    __atomic_add_fetch(&index->counts[change], 1, __ATOMIC_ACQ_REL);
    // Before the name, too: a bit without a name costs a look, a name without a bit would be lost.
    __atomic_or_fetch(&index->present[bit_of(hash) / 64], UINT64_C(1) << bit_of(hash) % 64,
                      __ATOMIC_ACQ_REL);
    uint64_t *slots = index->slots + table_level_start(index->order, level);
    size_t mask = table_level_size(index->order, level) - 1;
    for (size_t i = (size_t)hash & mask;; i = (i + 1) & mask) {
        uint64_t found = 0;
        if (__atomic_compare_exchange_n(&slots[i], &found, hash, false, __ATOMIC_ACQ_REL,
                                        __ATOMIC_ACQUIRE) ||
            found == hash)
            return;
    }
}

void change_index_add(struct change_index *index, enum change change, struct str16 canon)
{
    add(index, change, finish(str16_hash_nocase(STR16_HASH_SEED, canon), change));
    // Also when somebody else has added the name, who may not have come to this yet.
    __atomic_add_fetch(&index->version, 1, __ATOMIC_ACQ_REL);
}

static uint64_t hash_leaf(struct str16 canon, struct str16 leaf)
{
    uint16_t separator = '\\';
    uint64_t hash = str16_hash_nocase(STR16_HASH_SEED, canon);
    hash = str16_hash_nocase(hash, (struct str16){&separator, 1});
    return str16_hash_nocase(hash, leaf);
}

void change_index_add_leaf(struct change_index *index, enum change change, struct str16 canon,
                           struct str16 leaf)
{
    add(index, change, finish(hash_leaf(canon, leaf), change));
    __atomic_add_fetch(&index->version, 1, __ATOMIC_ACQ_REL);
}

bool change_index_has_leaf(const struct change_index *index, enum change change, struct str16 canon,
                           struct str16 leaf)
{
    return !has_none(index, change) && has(index, finish(hash_leaf(canon, leaf), change));
}

void change_index_note(struct change_index *index, enum change change)
{
    __atomic_add_fetch(&index->counts[change], 1, __ATOMIC_ACQ_REL);
    __atomic_add_fetch(&index->version, 1, __ATOMIC_ACQ_REL);
}

uint32_t change_index_count(const struct change_index *index, enum change change)
{
    return __atomic_load_n(&index->counts[change], __ATOMIC_ACQUIRE);
}

uint32_t change_index_version(const struct change_index *index)
{
    return __atomic_load_n(&index->version, __ATOMIC_ACQUIRE);
}

bool change_index_has(const struct change_index *index, enum change change, struct str16 canon)
{
    return !has_none(index, change) &&
           has(index, finish(str16_hash_nocase(STR16_HASH_SEED, canon), change));
}

/* Looks for all prefixes; *hash gets the hash of the whole. */
static bool has_above(const struct change_index *index, enum change change, struct str16 canon,
                      uint64_t *hash)
{
    *hash = STR16_HASH_SEED;
    if (!canon.len)
        return has(index, finish(*hash, change));
    for (size_t at = 0; at < canon.len;) {
        size_t end = at + 1; // past the separator that starts this component
        while (end < canon.len && canon.s[end] != '\\')
            end++;
        *hash = str16_hash_nocase(*hash, (struct str16){canon.s + at, end - at});
        if (has(index, finish(*hash, change)))
            return true;
        at = end;
    }
    return false;
}

bool change_index_has_above(const struct change_index *index, enum change change,
                            struct str16 canon)
{
    uint64_t hash;
    return !has_none(index, change) && has_above(index, change, canon, &hash);
}

bool change_index_touched(const struct change_index *index, enum change here, enum change above,
                          struct str16 canon)
{
    uint64_t hash;
    if (has_none(index, above))
        return change_index_has(index, here, canon);
    return has_above(index, above, canon, &hash) || has(index, finish(hash, here));
}

uint32_t change_index_generation(const struct change_index *index)
{
    return __atomic_load_n(&index->generation, __ATOMIC_ACQUIRE);
}

uint32_t change_index_bump(struct change_index *index)
{
    return __atomic_add_fetch(&index->generation, 1, __ATOMIC_ACQ_REL);
}
