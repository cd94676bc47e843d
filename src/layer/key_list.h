// Listings of a key's sub-keys and values, merged from the VM's own and the host's, and what else
// is kept with a key handle.
#ifndef PLUME_LAYER_KEY_LIST_H
#define PLUME_LAYER_KEY_LIST_H

#include "core/keymerge.h"
#include "layer/key_store.h"

struct key_names {
    struct keymerge_entry *entries;
    size_t count;
    uint32_t max_name, max_class, max_data; // bytes, once they are measured
    bool measured;
    struct keymerge_entry *block;   // that `entries` lie in
    struct key_names_chunk *chunks; // hold the names
};

/* Reads the sub-keys or the values of the key that the two handles are open on; either may be NULL.
 * *names is freed with key_names_free() when the status is STATUS_SUCCESS. */
NTSTATUS key_names_read(struct str16 canon, HANDLE upper, HANDLE lower, bool values,
                        struct key_names *names);
void key_names_free(struct key_names *names);
void key_names_measure(struct key_names *names);
#define layer_cleanup_key_names __attribute__((cleanup(key_names_free)))

/* The order in which the system lists a key's values. */
enum keymerge_order key_order_of_values(void);

/* Kept in a handle's record. */
struct key_listing {
    struct key_view view; // of the last reading
    struct {
        bool valid;
        uint32_t generation;
        ULONG last; // index
        int64_t
            lower_time; // when the host's was written, 0 for a time that does not tell its state
        struct key_names names;
    } part[2];                                                        // sub-keys, values
    enum { ALONE_UNKNOWN, ALONE_NO, ALONE_YES, ALONE_FOREVER } alone; // see key_is_alone()
    bool times_old;     // some sub-key was written since they were read
    uint32_t renamings; // key_rename_count() when the name was last looked up
    HANDLE own;         // the VM's own key, for a handle on the host's
    HANDLE watch;       // the host's key, for a handle on the VM's own: see key_notify.c
};

/* The listing of a handle's key, for entry `index` of it: as it is now, but for what the host
 * changes while the program goes through it. Read anew when somebody else changed keys of the VM,
 * and at index 0 when the host's key has changed. STATUS_KEY_DELETED when the VM has no such key
 * any more. On success the record's lock is held: key_listing_done(). */
NTSTATUS key_listing_get(const struct key_handle *key, bool values, ULONG index,
                         struct key_listing **listing);

/* The same for both parts at once, as at index 0. */
NTSTATUS key_listing_get_both(const struct key_handle *key, struct key_listing **listing);
void key_listing_done(const struct key_handle *key);

/* Opens the host's key of a locked listing, hidden or not, unless it is open; the second opens it
 * anew. It is in listing->view.lower on success. */
NTSTATUS key_listing_lower(const struct key_handle *key, struct key_listing *listing);
NTSTATUS key_listing_reopen_lower(const struct key_handle *key, struct key_listing *listing);

/* Whether all that the VM sees of a key is in the VM's own, which the handle is on, so that the
 * system's answer through that handle is the VM's: the host has no such key, or it is hidden, and
 * the layer keeps nothing in it. (`values`: its values count, and not only its sub-keys.) What the
 * host has is asked anew at index 0. */
bool key_is_alone(const struct key_handle *key, bool values, ULONG index);

/* The VM's own key, for a handle on the host's; `make`: made when there is none. It is opened with
 * all access once and then kept until the program closes its handle: not to be closed, and valid as
 * long as `key` is. STATUS_OBJECT_NAME_NOT_FOUND when there is none, or when there is nothing to
 * make it of. */
NTSTATUS key_own(const struct key_handle *key, bool make, HANDLE *own);

/* The record's block itself, made when there is none, with its lock held; NULL without memory, and
 * then not held. */
struct key_listing *key_listing_lock(const struct key_handle *key);

#endif
