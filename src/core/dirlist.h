// A folder's listing in memory, merged from two layers, and handing it out in the form of any of
// the directory information classes (WDK: NtQueryDirectoryFile).
#ifndef PLUME_CORE_DIRLIST_H
#define PLUME_CORE_DIRLIST_H

#include "core/str16.h"

struct dirlist_entry {
    int64_t creation_time, last_access_time, last_write_time, change_time, end_of_file,
        allocation_size;
    uint32_t attributes, ea_size, reparse_tag;
    uint64_t file_id;
    uint8_t file_id_128[16];
    uint8_t transaction[20]; // its GUID, then the flags
    uint16_t short_name[12];
    uint8_t short_length; // bytes
    struct str16 name;
};

/* The classes, by the WDK's numbers. */
enum dirlist_class {
    DIRLIST_DIRECTORY = 1,
    DIRLIST_FULL = 2,
    DIRLIST_BOTH = 3,
    DIRLIST_NAMES = 12,
    DIRLIST_ID_BOTH = 37,
    DIRLIST_ID_FULL = 38,
    DIRLIST_ID_GLOBAL_TX = 50,
    DIRLIST_ID_EXTD = 60,
    DIRLIST_ID_EXTD_BOTH = 63,
    DIRLIST_ID_64_EXTD = 78,
    DIRLIST_ID_64_EXTD_BOTH = 79,
    DIRLIST_ID_ALL_EXTD = 80,
    DIRLIST_ID_ALL_EXTD_BOTH = 81,
};

/* Bytes of an entry of the class without its name; 0 for a class that is not one of the above. */
size_t dirlist_fixed_size(uint32_t class);

/* The smallest buffer that the system takes for the class: an entry with a name of one unit,
 * rounded up to 8 bytes. 0 for a class that is not one of the above. */
size_t dirlist_least_size(uint32_t class);

/* The class to read a folder with that is to be handed out in `class`: the oldest of those that
 * have all of its members. */
uint32_t dirlist_source(uint32_t class);

/* Whether what was read in the class `source` has all the members of `class`. */
bool dirlist_covers(uint32_t source, uint32_t class);

/* Writes one entry at `out`, its offset to the next one left 0. `room` is at least
 * dirlist_fixed_size(). As much of the name as fits; returns the bytes that the whole would take.
 */
size_t dirlist_write(uint32_t class, const struct dirlist_entry *entry, uint8_t *out, size_t room);

/* Reads the entry of `class`, one of the above, at the beginning of the `size` bytes at `in`, an
 * even address. What the class does not have is 0. Its name stays where it is. False when it is not
 * within its bounds. *next gets the offset to the next, which lies behind this one, 0 for none. */
bool dirlist_read(uint32_t class, const uint8_t *in, size_t size, struct dirlist_entry *entry,
                  uint32_t *next);

/* Leaves of a list of `class`, `size` bytes at `list`, the entries whose names begin with `prefix`,
 * without that. Returns the new size; 0 when none is left. */
size_t dirlist_strip(uint32_t class, uint8_t *list, size_t size, struct str16 prefix);

/* Orders as the file systems do: "." and ".." first, then by the upcased names. */
int dirlist_compare(const struct dirlist_entry *a, const struct dirlist_entry *b);

/* Sorts pointers to entries with dirlist_compare(); `spare` has as many places. Stable. */
void dirlist_sort(struct dirlist_entry **entries, struct dirlist_entry **spare, size_t count);

#endif
