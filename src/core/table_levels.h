// A table that grows without moving. Its places lie in levels, of which each but the first is as
// large as all before it, and one is used only when those before it have no room. So the memory
// that is touched follows what is in the table, and not the table's size: what is sparse in shared
// memory costs far more than itself, as a system brings in whole groups of pages around a touched
// one.
#ifndef PLUME_CORE_TABLE_LEVELS_H
#define PLUME_CORE_TABLE_LEVELS_H

#include <stdint.h>

enum {
    TABLE_FIRST_ORDER = 9, // the first level has 1 << 9 places, if the table has as many
    TABLE_LEVELS_MAX = 24, // so a table's order is at most 32
};

/* How many levels a table of 1 << order places has. */
static inline uint32_t table_levels(uint32_t order)
{
    return order <= TABLE_FIRST_ORDER ? 1 : order - TABLE_FIRST_ORDER + 1;
}

/* How many places a level has: a power of two. */
static inline uint32_t table_level_size(uint32_t order, uint32_t level)
{
    uint32_t first = order < TABLE_FIRST_ORDER ? order : TABLE_FIRST_ORDER;
    return UINT32_C(1) << (level ? first + level - 1 : first);
}

/* The number of a level's first place. */
static inline uint32_t table_level_start(uint32_t order, uint32_t level)
{
    return level ? table_level_size(order, level) : 0;
}

/* The level that a place is in. */
static inline uint32_t table_level_at(uint32_t order, uint32_t place)
{
    uint32_t level = 0;
    while (level + 1 < table_levels(order) && place >= table_level_start(order, level + 1))
        level++;
    return level;
}

#endif
