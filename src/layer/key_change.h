// What changes the VM's keys, for the files that do.
#ifndef PLUME_LAYER_KEY_CHANGE_H
#define PLUME_LAYER_KEY_CHANGE_H

#include "layer/key_list.h"

/* The VM's own key for a write through `key`, made when there is none: not to be closed.
 * STATUS_ACCESS_DENIED when the program did not ask for `access`, STATUS_KEY_DELETED when the VM
 * sees no such key any more. */
NTSTATUS key_upper_for_write(const struct key_handle *key, ACCESS_MASK access, HANDLE *handle);

/* What this system says when a key with sub-keys is deleted: STATUS_CANNOT_DELETE on Windows,
 * STATUS_ACCESS_DENIED on Wine. */
NTSTATUS key_status_of_not_empty(void);

/* Whether the VM sees the host's value of that name and has none of its own. */
bool key_value_is_below(const struct key_handle *key, UNICODE_STRING *name);

/* A value's name as the host spells it, in memory of layer_alloc() that goes to *memory; or the
 * same name, when that cannot be found out. */
UNICODE_STRING key_value_spelling(struct str16 canon, const UNICODE_STRING *name, void **memory);

/* Copies the value from one open key to another. */
NTSTATUS key_copy_value(HANDLE from, HANDLE to, UNICODE_STRING *name);

#endif
