#include "core/keymerge.h"

int keymerge_compare_lower_case(struct str16 a, struct str16 b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    for (size_t i = 0; i < common; i++) {
        if (a.s[i] == b.s[i])
            continue;
        uint16_t x = keymerge_downcase(a.s[i]), y = keymerge_downcase(b.s[i]);
        if (x != y)
            return x < y ? -1 : 1;
    }
    return a.len == b.len ? 0 : a.len < b.len ? -1 : 1;
}

static int compare(const struct keymerge_entry *a, const struct keymerge_entry *b,
                   enum keymerge_order order)
{
    switch (order) {
    case KEYMERGE_BY_UPPER_CASE:
        return str16_compare_nocase(a->name, b->name);
    case KEYMERGE_BY_LOWER_CASE:
        return keymerge_compare_lower_case(a->name, b->name);
    case KEYMERGE_BY_APPEARANCE:
        break;
    }
    return a->order < b->order ? -1 : a->order > b->order;
}

/* Stable: from the bottom up, so that it needs neither recursion nor a bound. */
static void sort(struct keymerge_entry *entries, size_t count, struct keymerge_entry *scratch,
                 enum keymerge_order order)
{
    struct keymerge_entry *from = entries, *to = scratch;
    for (size_t width = 1; width < count; width *= 2) {
        for (size_t start = 0; start < count; start += 2 * width) {
            size_t middle = start + width < count ? start + width : count;
            size_t end = start + 2 * width < count ? start + 2 * width : count;
            size_t a = start, b = middle;
            for (size_t at = start; at < end; at++)
                to[at] = b >= end || (a < middle && compare(&from[a], &from[b], order) <= 0)
                             ? from[a++]
                             : from[b++];
        }
        struct keymerge_entry *swap = from;
        from = to;
        to = swap;
    }
    if (from != entries)
        memcpy(entries, from, count * sizeof *entries);
}

size_t keymerge(struct keymerge_entry *entries, size_t count, struct keymerge_entry *scratch,
                enum keymerge_order order)
{
    enum keymerge_order by_name = order == KEYMERGE_BY_APPEARANCE ? KEYMERGE_BY_UPPER_CASE : order;
    for (size_t i = 0; i < count; i++)
        entries[i].order =
            (uint32_t)i + (entries[i].from == KEYMERGE_LOWER ? 0 : UINT32_C(0x80000000));
    sort(entries, count, scratch, by_name);

    size_t kept = 0;
    for (size_t i = 0; i < count;) {
        struct keymerge_entry one = entries[i];
        struct str16 upper_name = one.name;
        one.lower_time = one.from == KEYMERGE_LOWER ? one.time : 0;
        size_t end = i + 1;
        for (; end < count && !compare(&entries[end], &one, by_name); end++) {
            const struct keymerge_entry *other = &entries[end];
            if (other->from & KEYMERGE_UPPER ||
                (one.from & KEYMERGE_HIDDEN && !(one.from & KEYMERGE_UPPER))) {
                one.type = other->type;
                one.data_length = other->data_length;
                one.time = other->time;
                one.class_name = other->class_name;
            }
            if (other->from & KEYMERGE_LOWER) {
                one.name = other->name;
                one.lower_time = other->time;
            }
            if (other->from & KEYMERGE_UPPER)
                upper_name = other->name;
            if (other->order < one.order)
                one.order = other->order;
            one.from |= other->from;
        }
        i = end;
        if (one.from & KEYMERGE_HIDDEN) {
            one.from &= ~(uint32_t)(KEYMERGE_LOWER | KEYMERGE_HIDDEN);
            one.name = upper_name;
            one.lower_time = 0;
        }
        if (one.from)
            entries[kept++] = one;
    }
    if (order == KEYMERGE_BY_APPEARANCE)
        sort(entries, kept, scratch, order);
    return kept;
}
