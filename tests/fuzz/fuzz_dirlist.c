// libFuzzer target for listings: reads the input as one that the system gave, writes each of its
// entries in every class, and sorts them.
// Run by script/fuzz, which says how it is built.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/dirlist.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static const uint32_t classes[] = {DIRLIST_DIRECTORY,
                                   DIRLIST_FULL,
                                   DIRLIST_BOTH,
                                   DIRLIST_NAMES,
                                   DIRLIST_ID_BOTH,
                                   DIRLIST_ID_FULL,
                                   DIRLIST_ID_GLOBAL_TX,
                                   DIRLIST_ID_EXTD,
                                   DIRLIST_ID_EXTD_BOTH,
                                   DIRLIST_ID_64_EXTD,
                                   DIRLIST_ID_64_EXTD_BOTH,
                                   DIRLIST_ID_ALL_EXTD,
                                   DIRLIST_ID_ALL_EXTD_BOTH};

static void write_all(const struct dirlist_entry *entry, size_t more)
{
    for (size_t i = 0; i < sizeof(classes) / sizeof(*classes); i++) {
        size_t room = dirlist_fixed_size(classes[i]) + more;
        uint8_t *out = malloc(room);
        check(out != NULL);
        size_t whole = dirlist_write(classes[i], entry, out, room);
        check(whole == dirlist_fixed_size(classes[i]) + entry->name.len * sizeof(uint16_t));
        struct dirlist_entry again;
        uint32_t next;
        check(dirlist_read(classes[i], out, room, &again, &next) == (room >= whole));
        check(room < whole || (next == 0 && str16_equal(again.name, entry->name)));
        free(out);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { MOST = 64 };
    static struct dirlist_entry entries[MOST];
    struct dirlist_entry *order[MOST], *spare[MOST];
    size_t count = 0;
    if (!size)
        return 0;
    // The first byte chooses the class that the rest is read in.
    uint32_t class = classes[*data++ % (sizeof(classes) / sizeof(*classes))];
    size--;
    uint8_t *in = malloc(size ? size : 1); // of exactly its size
    if (!in)
        return 0;
    memcpy(in, data, size);
    for (uint32_t at = 0, next = 1; next && count < MOST; at += next) {
        if (!dirlist_read(class, in + at, size - at, &entries[count], &next))
            break;
        write_all(&entries[count], size % 97);
        order[count] = &entries[count];
        count++;
    }
    dirlist_sort(order, spare, count);
    for (size_t i = 1; i < count; i++)
        check(dirlist_compare(order[i - 1], order[i]) <= 0);
    free(in);
    return 0;
}
