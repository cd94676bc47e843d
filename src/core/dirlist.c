#include "core/dirlist.h"

// Offsets in the structures FILE_*_DIR_INFORMATION (WDK, ntifs.h): the same on 32 and 64 bit.
enum {
    AT_NEXT = 0,
    AT_CREATION = 8, // then access, write, change, end of file, allocation
    AT_ATTRIBUTES = 56,
    AT_NAME_LENGTH = 60,
    AT_EA_SIZE = 64,
    AT_SHORT_LENGTH = 68,
    AT_SHORT_NAME = 70,
    AT_NAMES_LENGTH = 8, // of FILE_NAMES_INFORMATION
};

size_t dirlist_fixed_size(uint32_t class)
{
    switch (class) {
    case DIRLIST_DIRECTORY:
        return 64;
    case DIRLIST_FULL:
        return 68;
    case DIRLIST_BOTH:
        return 94;
    case DIRLIST_NAMES:
        return 12;
    case DIRLIST_ID_BOTH:
        return 104;
    case DIRLIST_ID_FULL:
        return 80;
    }
    return 0;
}

static void put32(uint8_t *at, uint32_t value)
{
    memcpy(at, &value, sizeof value);
}

static void put64(uint8_t *at, uint64_t value)
{
    memcpy(at, &value, sizeof value);
}

static uint32_t get32(const uint8_t *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static uint64_t get64(const uint8_t *at)
{
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

size_t dirlist_write(uint32_t class, const struct dirlist_entry *entry, uint8_t *out, size_t room)
{
    size_t fixed = dirlist_fixed_size(class), name_size = entry->name.len * sizeof *entry->name.s;
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
        if (class != DIRLIST_DIRECTORY)
            put32(out + AT_EA_SIZE, entry->ea_size);
        if (class == DIRLIST_BOTH || class == DIRLIST_ID_BOTH) {
            out[AT_SHORT_LENGTH] = entry->short_length;
            memcpy(out + AT_SHORT_NAME, entry->short_name, sizeof entry->short_name);
        }
        if (class == DIRLIST_ID_BOTH)
            put64(out + 96, entry->file_id);
        if (class == DIRLIST_ID_FULL)
            put64(out + 72, entry->file_id);
    }
    size_t fits = name_size < room - fixed ? name_size : room - fixed;
    if (fits)
        memcpy(out + fixed, entry->name.s, fits);
    return fixed + name_size;
}

bool dirlist_read(const uint8_t *in, size_t size, struct dirlist_entry *entry, uint32_t *next)
{
    size_t fixed = dirlist_fixed_size(DIRLIST_ID_BOTH);
    if (size < fixed)
        return false;
    uint32_t name_size = get32(in + AT_NAME_LENGTH);
    *next = get32(in + AT_NEXT);
    if (name_size > size - fixed || name_size % sizeof(uint16_t))
        return false;
    // The next one begins behind this one, where its name can be read as it stands.
    if (*next && (*next > size || *next < fixed + name_size || *next % sizeof(uint16_t)))
        return false;
    *entry = (struct dirlist_entry){
        .creation_time = (int64_t)get64(in + AT_CREATION),
        .last_access_time = (int64_t)get64(in + AT_CREATION + 8),
        .last_write_time = (int64_t)get64(in + AT_CREATION + 16),
        .change_time = (int64_t)get64(in + AT_CREATION + 24),
        .end_of_file = (int64_t)get64(in + AT_CREATION + 32),
        .allocation_size = (int64_t)get64(in + AT_CREATION + 40),
        .attributes = get32(in + AT_ATTRIBUTES),
        .ea_size = get32(in + AT_EA_SIZE),
        .file_id = get64(in + 96),
        .short_length = in[AT_SHORT_LENGTH] <= sizeof entry->short_name ? in[AT_SHORT_LENGTH] : 0,
        .name = {(const uint16_t *)(const void *)(in + fixed), name_size / sizeof(uint16_t)},
    };
    memcpy(entry->short_name, in + AT_SHORT_NAME, sizeof entry->short_name);
    return true;
}

static int rank(struct str16 name)
{
    return str16_equal_ascii(name, ".") ? 0 : str16_equal_ascii(name, "..") ? 1 : 2;
}

int dirlist_compare(const struct dirlist_entry *a, const struct dirlist_entry *b)
{
    int difference = rank(a->name) - rank(b->name);
    return difference ? difference : str16_compare_nocase(a->name, b->name);
}

void dirlist_sort(struct dirlist_entry **entries, struct dirlist_entry **spare, size_t count)
{
    // Merge sort from the bottom: no recursion, and a listing of the host's comes nearly sorted.
    for (size_t width = 1; width < count; width *= 2) {
        for (size_t start = 0; start < count; start += 2 * width) {
            size_t middle = start + width < count ? start + width : count;
            size_t end = start + 2 * width < count ? start + 2 * width : count;
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
