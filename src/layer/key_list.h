// Listings of a key's sub-keys and values, merged from the VM's own and the host's, and what else
// is kept with a key handle.
#ifndef PLUME_LAYER_KEY_LIST_H
#define PLUME_LAYER_KEY_LIST_H

#include "core/keymerge.h"
#include "layer/key_store.h"

struct key_names {
    struct keymerge_entry *entries;
    size_t count;
    uint32_t max_name, max_class, max_data; // bytes
    struct key_names_chunk *chunks;         // hold the names
};

/* Reads the sub-keys or the values of the key that the two handles are open on; either may be NULL.
 * *names is freed with key_names_free() when the status is STATUS_SUCCESS. */
NTSTATUS key_names_read(struct str16 canon, HANDLE upper, HANDLE lower, bool values,
                        struct key_names *names);
void key_names_free(struct key_names *names);
#define layer_cleanup_key_names __attribute__((cleanup(key_names_free)))

/* Kept in a handle's record. */
struct key_listing {
    struct key_view view; // of the last reading
    struct {
        bool valid;
        uint32_t generation;
        ULONG last; // index
        struct key_names names;
    } part[2];          // sub-keys, values
    uint32_t renamings; // key_rename_count() when the name was last looked up
    HANDLE own;         // the VM's own key, for a handle on the host's
    HANDLE watch;       // the host's key, for a handle on the VM's own: see key_notify.c
};

/* The listing of a handle's key, for entry `index` of it. It is read anew when the index is 0, and
 * else only when the VM's keys have changed and the program does not go through the entries one by
 * one: it then goes through those that there were when it began. STATUS_KEY_DELETED when the VM has
 * no such key any more. On success the record's lock is held: key_listing_done(). */
NTSTATUS key_listing_get(const struct key_handle *key, bool values, ULONG index,
                         struct key_listing **listing);
void key_listing_done(const struct key_handle *key);

/* The VM's own key, for a handle on the host's; `make`: made when there is none. It is opened with
 * all access once and then kept until the program closes its handle: not to be closed, and valid as
 * long as `key` is. STATUS_OBJECT_NAME_NOT_FOUND when there is none, or when there is nothing to
 * make it of. */
NTSTATUS key_own(const struct key_handle *key, bool make, HANDLE *own);

/* The record's block itself, made when there is none, with its lock held; NULL without memory, and
 * then not held. */
struct key_listing *key_listing_lock(const struct key_handle *key);

#endif
