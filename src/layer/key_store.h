// The VM's own keys, in the registry.
//
//   <keys>\upper\MACHINE\X     what the VM has at \REGISTRY\MACHINE\X, merged over what the host
//   has there <keys>\hidden\MACHINE      its values' names are the sub-keys of the host's
//   \REGISTRY\MACHINE that do
//                              not exist for the VM, with all below them: the marks
//   <keys>\novalue\MACHINE\X   its values' names are the values of the host's \REGISTRY\MACHINE\X
//   that do not
//                              exist for the VM
//
// So a value is the VM's if it is in upper, else the host's if no mark hides it, its key or a key
// above. A key that is in upper and marked too has nothing of the host's below it. Every change is
// a single call, in an order in which each intermediate state is a valid one.
#ifndef PLUME_LAYER_KEY_STORE_H
#define PLUME_LAYER_KEY_STORE_H

#include "layer/changes.h"
#include "layer/key_name.h"

/* Whether the key, and what is above it, is as the host has it (its sub-keys and deleted values
 * apart). From memory. */
static inline bool key_untouched(struct str16 canon)
{
    return !layer_changed(CHANGE_KEY_UPPER, canon) &&
           !change_index_has_above(layer_changes, CHANGE_KEY_HIDDEN, canon);
}

/* Whether the key's sub-keys, and its values, are those of the host. */
static inline bool key_listing_untouched(struct str16 canon)
{
    return !layer_changed(CHANGE_KEY_LISTING, canon) &&
           !change_index_has_above(layer_changes, CHANGE_KEY_HIDDEN, canon);
}

static inline bool key_values_untouched(struct str16 canon)
{
    return key_untouched(canon) && !layer_changed(CHANGE_KEY_NO_VALUE, canon);
}

/* Opens the VM's own key; STATUS_OBJECT_NAME_NOT_FOUND without a system call when there is none. */
NTSTATUS key_open_upper(struct str16 canon, ACCESS_MASK access, HANDLE *handle);

/* Opens the host's key, with `access` made harmless, hidden or not. */
NTSTATUS key_open_lower(struct str16 canon, ACCESS_MASK access, HANDLE *handle);

/* Whether a mark hides the host's key or one above it. */
NTSTATUS key_is_hidden(struct str16 canon, bool *hidden);

/* Where the key of the host's went that a handle was opened on before it was hidden: the VM's name
 * for it, in memory of layer_alloc()'s. STATUS_KEY_DELETED when it was deleted. */
NTSTATUS key_renamed_to(struct str16 canon, uint16_t **memory, struct str16 *name);

/* Whether the host's value does not exist for the VM. */
NTSTATUS key_value_is_hidden(struct str16 canon, const UNICODE_STRING *value, bool *hidden);

/* Both sides of a key, opened; NULL where there is nothing for the VM. */
struct key_view {
    HANDLE upper, lower;
    bool hidden; // a mark hides the host's, whether it exists or not
};
NTSTATUS key_view_open(struct str16 canon, ACCESS_MASK access, struct key_view *view);

/* The same of the host's side only. */
NTSTATUS key_view_open_lower(struct str16 canon, ACCESS_MASK access, struct key_view *view);
void key_view_close(struct key_view *view);
#define layer_cleanup_key_view __attribute__((cleanup(key_view_close)))

/* Whether this process has found within the last second that the host has no such key. What the
 * host makes of that name meanwhile may be taken for made after a change of the VM's that does not
 * show in which order the two were made. */
bool key_was_absent(struct str16 canon);

/* Whether the VM sees a key of this name. */
NTSTATUS key_exists(struct str16 canon, bool *exists);

/* Makes the VM's own key, and those above it, for a key that the VM sees, and opens it with
 * `access`. STATUS_OBJECT_NAME_NOT_FOUND when it does not. */
NTSTATUS key_make_upper(struct str16 canon, ACCESS_MASK access, HANDLE *handle);

/* Notes in memory that the VM is about to have `canon` of its own. */
void key_announce(struct str16 canon);

/* Sets the mark for a key and for a value. `renamed` is the name that the key has in the VM from
 * now on, empty for one that is deleted. */
NTSTATUS key_hide(struct str16 canon, struct str16 renamed);
NTSTATUS key_hide_value(struct str16 canon, const UNICODE_STRING *value);

/* Opens the key of marks for the sub-keys (`values`: for the values) of `canon`;
 * STATUS_OBJECT_NAME_NOT_FOUND when there are none. */
NTSTATUS key_open_marks(struct str16 canon, bool values, HANDLE *handle);

/* Opens the key of notes for the sub-keys of `canon` (see key_time.h), made when there is none if
 * `make`. */
NTSTATUS key_open_times(struct str16 canon, bool make, ACCESS_MASK access, HANDLE *handle);

/* The trees, as they follow the name of the VM's place. */
#define KEY_UPPER_TREE    "\\upper"
#define KEY_HIDDEN_TREE   "\\hidden"
#define KEY_NO_VALUE_TREE "\\novalue"
#define KEY_TIMES_TREE    "\\times"
NTSTATUS key_open_in_tree(const char *tree, struct str16 canon, ACCESS_MASK access, HANDLE *handle);

/* What the names of scratch keys in the VM's place begin with. */
#define KEY_SCRATCH_PREFIX "scratch-"

/* Notes in the VM's own key, which is volatile and was just made, that it is to end with the VM: a
 * value that no program sees (keyname_is_reserved()). The system keeps it for longer, and does not
 * tell which keys are volatile (see is_volatile() in key_store.c). `key` may set values. A process
 * that is killed between making and noting leaves a key that ends with the host's registry. */
void key_note_volatile(HANDLE key);

/* Whether some key may be volatile: what has the note, in this run of the VM. */
bool key_has_volatile(void);

/* The name of the value in the VM's place that says that some key may have that note. */
#define KEY_VOLATILE_FLAG u"volatile"

/* Deletes the open key and all below it. */
NTSTATUS key_delete_tree(HANDLE key);

/* Opens the key that the trees lie in. */
NTSTATUS key_open_store(ACCESS_MASK access, HANDLE *handle);

/* Makes a volatile key that nobody else knows, below `above` or in the VM's place: what the system
 * does with keys is tried on it. The handle has `access`, which is to hold DELETE. */
NTSTATUS key_make_scratch(HANDLE above, PSECURITY_DESCRIPTOR descriptor, ACCESS_MASK access,
                          HANDLE *key);
void key_delete_scratch(HANDLE *key);
#define layer_cleanup_scratch __attribute__((cleanup(key_delete_scratch)))

/* The same, but one that can be saved: it is deleted with all below it by who made it. */
NTSTATUS key_make_lasting_scratch(HANDLE *key);

/* Enters the VM's own keys at and below `canon`, which did not come one by one, into the change
 * index. */
NTSTATUS key_announce_below(struct str16 canon);

/* Removes what was to end with the VM's last run, volatile keys and what killed processes have
 * left, and enters all that the VM has changed before into the change index. For the process that
 * starts the VM, before any other of it runs: `real`, layer_config and layer_changes must be set.
 */
NTSTATUS key_prepare(void);

#endif
