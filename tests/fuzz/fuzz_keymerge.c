// libFuzzer target for merged listings of keys, against the plain way to say what they are: a name
// is in the list once if the VM has it, or the host has it and no mark hides it; and the list is in
// its order. Run by script/fuzz, which says how it is built.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/keymerge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST = 64, UNITS = 3 };

static void check(bool holds)
{
    if (!holds)
        abort();
}

static bool has(const struct keymerge_entry *entries, size_t count, struct str16 name,
                uint32_t from)
{
    for (size_t i = 0; i < count; i++)
        if (entries[i].from & from && str16_equal_nocase(entries[i].name, name))
            return true;
    return false;
}

static int compare(struct str16 a, struct str16 b, enum keymerge_order order)
{
    for (size_t i = 0; i < a.len && i < b.len; i++) {
        int x = a.s[i], y = b.s[i];
        x = order == KEYMERGE_BY_LOWER_CASE ? keymerge_downcase((uint16_t)x)
                                            : str16_upcase((uint16_t)x);
        y = order == KEYMERGE_BY_LOWER_CASE ? keymerge_downcase((uint16_t)y)
                                            : str16_upcase((uint16_t)y);
        if (x != y)
            return x < y ? -1 : 1;
    }
    return a.len < b.len ? -1 : a.len > b.len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    // For which the tests' two case tables agree, as a system's do.
    static const uint16_t alphabet[] = {'a', 'A', 'b', 'B', '_', '1', 'z', '['};
    static uint16_t units[MOST][UNITS];
    struct keymerge_entry given[MOST];
    size_t count = 0;
    if (size < 1)
        return 0;
    enum keymerge_order order = 1 + data[0] % 3;
    for (size_t at = 1; at + 1 < size && count < MOST; at += 2) {
        unsigned bits = data[at] | (unsigned)data[at + 1] << 8;
        uint32_t from = 1u << bits % 3; // one of the three that an entry can come from
        bits /= 3;
        size_t len = bits % (UNITS + 1);
        bits /= UNITS + 1;
        for (size_t i = 0; i < len; i++, bits /= 8)
            units[count][i] = alphabet[bits % 8];
        struct str16 name = {units[count], len};
        if (!has(given, count, name, from)) // neither side has a name twice
            given[count++] = (struct keymerge_entry){.name = name, .from = from};
    }
    // Each of exactly its size, for the sanitizer.
    struct keymerge_entry *list = malloc(count ? count * sizeof *list : 1),
                          *scratch = malloc(count ? count * sizeof *scratch : 1);
    check(list && scratch);
    memcpy(list, given, count * sizeof *list);
    size_t merged = keymerge(list, count, scratch, order);
    check(merged <= count);
    for (size_t i = 0; i < merged; i++) {
        struct str16 name = list[i].name;
        bool upper = has(given, count, name, KEYMERGE_UPPER),
             lower = has(given, count, name, KEYMERGE_LOWER) &&
                     !has(given, count, name, KEYMERGE_HIDDEN);
        check(upper || lower);
        check(!(list[i].from & KEYMERGE_UPPER) == !upper);
        for (size_t j = 0; j < i; j++)
            check(!str16_equal_nocase(list[j].name, name));
        check(!i || order == KEYMERGE_BY_APPEARANCE || compare(list[i - 1].name, name, order) < 0);
    }
    for (size_t i = 0; i < count; i++) {
        struct str16 name = given[i].name;
        bool visible =
            has(given, count, name, KEYMERGE_UPPER) ||
            (has(given, count, name, KEYMERGE_LOWER) && !has(given, count, name, KEYMERGE_HIDDEN));
        check(has(list, merged, name, UINT32_MAX) == visible);
    }
    free(list);
    free(scratch);
    return 0;
}
