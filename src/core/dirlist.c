#include "core/dirlist.h"
#include "core/bytes.h"

// Where the members are in the structures FILE_*_DIR_INFORMATION (WDK, ntifs.h; the newest in
// phnt's ntioapi.h): the same on 32 and 64 bit. All begin alike, but for FILE_NAMES_INFORMATION.
enum {
    AT_NEXT = 0,
    AT_CREATION = 8, // then access, write, change, end of file, allocation
    AT_ATTRIBUTES = 56,
    AT_NAME_LENGTH = 60,
    AT_EA_SIZE = 64,
    AT_REPARSE_TAG = 68,
    AT_NAMES_LENGTH = 8, // of FILE_NAMES_INFORMATION
};

enum member { EA_SIZE = 1, REPARSE_TAG = 2, SHORT_NAME = 4, ID = 8, ID_128 = 16, TRANSACTION = 32 };

struct layout {
    uint8_t class, fixed;
    uint8_t short_at; // the length; the name is 2 behind it
    uint8_t id_at, id_128_at, transaction_at;
    uint8_t members;
};

static const struct layout layouts[] = {
    {DIRLIST_DIRECTORY, 64, 0, 0, 0, 0, 0},
    {DIRLIST_FULL, 68, 0, 0, 0, 0, EA_SIZE},
    {DIRLIST_BOTH, 94, 68, 0, 0, 0, EA_SIZE | SHORT_NAME},
    {DIRLIST_NAMES, 12, 0, 0, 0, 0, 0},
    {DIRLIST_ID_BOTH, 104, 68, 96, 0, 0, EA_SIZE | SHORT_NAME | ID},
    {DIRLIST_ID_FULL, 80, 0, 72, 0, 0, EA_SIZE | ID},
    {DIRLIST_ID_GLOBAL_TX, 92, 0, 64, 0, 72, ID | TRANSACTION},
    {DIRLIST_ID_EXTD, 88, 0, 0, 72, 0, EA_SIZE | REPARSE_TAG | ID_128},
    {DIRLIST_ID_EXTD_BOTH, 114, 88, 0, 72, 0, EA_SIZE | REPARSE_TAG | SHORT_NAME | ID_128},
    {DIRLIST_ID_64_EXTD, 80, 0, 72, 0, 0, EA_SIZE | REPARSE_TAG | ID},
    {DIRLIST_ID_64_EXTD_BOTH, 106, 80, 72, 0, 0, EA_SIZE | REPARSE_TAG | SHORT_NAME | ID},
    {DIRLIST_ID_ALL_EXTD, 96, 0, 72, 80, 0, EA_SIZE | REPARSE_TAG | ID | ID_128},
    {DIRLIST_ID_ALL_EXTD_BOTH, 122, 96, 72, 80, 0,
     EA_SIZE | REPARSE_TAG | SHORT_NAME | ID | ID_128},
};

static const struct layout *layout_of(uint32_t class)
{
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++)
        if (layouts[i].class == class)
            return &layouts[i];
    return NULL;
}

size_t dirlist_fixed_size(uint32_t class)
{
    const struct layout *layout = layout_of(class);
    return layout ? layout->fixed : 0;
}

size_t dirlist_least_size(uint32_t class)
{
    size_t fixed = dirlist_fixed_size(class);
    return fixed ? (fixed + sizeof(uint16_t) + 7) & ~(size_t)7 : 0;
}

bool dirlist_covers(uint32_t source, uint32_t class)
{
    const struct layout *from = layout_of(source), *to = layout_of(class);
    if (!from || !to)
        return false;
    return class == DIRLIST_NAMES ||
           (source != DIRLIST_NAMES && (from->members & to->members) == to->members);
}

uint32_t dirlist_source(uint32_t class)
{
    return dirlist_covers(DIRLIST_ID_BOTH, class) ? DIRLIST_ID_BOTH : class;
}

size_t dirlist_write(uint32_t class, const struct dirlist_entry *entry, uint8_t *out, size_t room)
{
    const struct layout *layout = layout_of(class);
    size_t fixed = layout->fixed, name_size = entry->name.len * sizeof *entry->name.s;
    memset(out, 0, fixed);
    if (class == DIRLIST_NAMES) {
        put32(out + AT_NAMES_LENGTH, (uint32_t)name_size);
    } else {
        const int64_t times[] = {entry->creation_time,   entry->last_access_time,
                                 entry->last_write_time, entry->change_time,
                                 entry->end_of_file,     entry->allocation_size};
        for (size_t i = 0; i < sizeof times / sizeof *times; i++)
            put64(out + AT_CREATION + 8 * i, (uint64_t)times[i]);
        put32(out + AT_ATTRIBUTES, entry->attributes);
        put32(out + AT_NAME_LENGTH, (uint32_t)name_size);
    }
    if (layout->members & EA_SIZE)
        put32(out + AT_EA_SIZE, entry->ea_size);
    if (layout->members & REPARSE_TAG)
        put32(out + AT_REPARSE_TAG, entry->reparse_tag);
    if (layout->members & SHORT_NAME) {
        out[layout->short_at] = entry->short_length;
        memcpy(out + layout->short_at + 2, entry->short_name, sizeof entry->short_name);
    }
    if (layout->members & ID)
        put64(out + layout->id_at, entry->file_id);
    if (layout->members & ID_128)
        memcpy(out + layout->id_128_at, entry->file_id_128, sizeof entry->file_id_128);
    if (layout->members & TRANSACTION)
        memcpy(out + layout->transaction_at, entry->transaction, sizeof entry->transaction);
    size_t fits = name_size < room - fixed ? name_size : room - fixed;
    if (fits)
        memcpy(out + fixed, entry->name.s, fits);
    return fixed + name_size;
}

bool dirlist_read(uint32_t class, const uint8_t *in, size_t size, struct dirlist_entry *entry,
                  uint32_t *next)
{
    const struct layout *layout = layout_of(class);
    size_t fixed = layout->fixed;
    if (size < fixed)
        return false;
    uint32_t name_size = get32(in + (class == DIRLIST_NAMES ? AT_NAMES_LENGTH : AT_NAME_LENGTH));
    *next = get32(in + AT_NEXT);
    if (name_size > size - fixed || name_size % sizeof(uint16_t))
        return false;
    // The next one begins behind this one, where its name can be read as it stands.
    if (*next && (*next > size || *next < fixed + name_size || *next % sizeof(uint16_t)))
        return false;
    *entry = (struct dirlist_entry){
        .name = {(const uint16_t *)(const void *)(in + fixed), name_size / sizeof(uint16_t)},
    };
    if (class == DIRLIST_NAMES)
        return true;
    entry->creation_time = (int64_t)get64(in + AT_CREATION);
    entry->last_access_time = (int64_t)get64(in + AT_CREATION + 8);
    entry->last_write_time = (int64_t)get64(in + AT_CREATION + 16);
    entry->change_time = (int64_t)get64(in + AT_CREATION + 24);
    entry->end_of_file = (int64_t)get64(in + AT_CREATION + 32);
    entry->allocation_size = (int64_t)get64(in + AT_CREATION + 40);
    entry->attributes = get32(in + AT_ATTRIBUTES);
    if (layout->members & EA_SIZE)
        entry->ea_size = get32(in + AT_EA_SIZE);
    if (layout->members & REPARSE_TAG)
        entry->reparse_tag = get32(in + AT_REPARSE_TAG);
    if (layout->members & SHORT_NAME) {
        uint8_t length = in[layout->short_at];
        entry->short_length = length <= sizeof entry->short_name ? length : 0;
        memcpy(entry->short_name, in + layout->short_at + 2, sizeof entry->short_name);
    }
    if (layout->members & ID)
        entry->file_id = get64(in + layout->id_at);
    if (layout->members & ID_128)
        memcpy(entry->file_id_128, in + layout->id_128_at, sizeof entry->file_id_128);
    if (layout->members & TRANSACTION)
        memcpy(entry->transaction, in + layout->transaction_at, sizeof entry->transaction);
    return true;
}

static int rank(struct str16 name)
{
    return str16_equal_ascii(name, ".") ? 0 : str16_equal_ascii(name, "..") ? 1 : 2;
}

size_t dirlist_strip(uint32_t class, uint8_t *list, size_t size, struct str16 prefix)
{
    struct dirlist_entry entry;
    uint32_t next = 1;
    size_t out = 0, last = 0, end = 0;
    // What is written is never longer than what was read in its place.
    for (size_t at = 0;
         next && at < size && dirlist_read(class, list + at, size - at, &entry, &next);
         at += next) {
        if (!str16_starts_nocase(entry.name, prefix))
            continue;
        size_t fixed = dirlist_fixed_size(class);
        entry.name = str16_skip(entry.name, prefix.len);
        memmove(list + out + fixed, entry.name.s, entry.name.len * sizeof *entry.name.s);
        dirlist_write(class, &entry, list + out, fixed); // the name is there
        if (end) {
            uint32_t offset = (uint32_t)(out - last);
            memcpy(list + last, &offset, sizeof offset);
        }
        last = out;
        end = out + fixed + entry.name.len * sizeof *entry.name.s;
        out = (end + 7) & ~(size_t)7;
    }
    return end;
}

int dirlist_compare(const struct dirlist_entry *a, const struct dirlist_entry *b)
{
    int difference = rank(a->name) - rank(b->name);
    return difference ? difference : str16_compare_nocase(a->name, b->name);
}

void dirlist_sort(struct dirlist_entry **entries, struct dirlist_entry **spare, size_t count)
{
    // Merge sort from the bottom: no recursion, and linear for what comes sorted, as the two
    // layers' listings do.
    for (size_t width = 1; width < count; width *= 2) {
        for (size_t start = 0; start < count; start += 2 * width) {
            size_t middle = start + width < count ? start + width : count;
            size_t end = start + 2 * width < count ? start + 2 * width : count;
            if (middle == end || dirlist_compare(entries[middle - 1], entries[middle]) <= 0) {
                memcpy(spare + start, entries + start,
                       (end - start) * sizeof(struct dirlist_entry *));
                continue;
            }
            size_t left = start, right = middle;
            for (size_t i = start; i < end; i++) {
                bool from_left =
                    left < middle &&
                    (right >= end || dirlist_compare(entries[left], entries[right]) <= 0);
                spare[i] = from_left ? entries[left++] : entries[right++];
            }
        }
        memcpy(entries, spare, count * sizeof(struct dirlist_entry *));
    }
}
