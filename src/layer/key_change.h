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

/* Whether the host has that value, with that data, and the VM sees it. */
bool key_value_is(const struct key_handle *key, UNICODE_STRING *name, ULONG type, const void *data,
                  ULONG size);

/* As NtSetValueKey(), which leaves a value that is set to what the host has to the host; this makes
 * it the VM's own. */
NTSTATUS key_set_own_value(HANDLE handle, UNICODE_STRING *name, ULONG type, void *data, ULONG size);

/* Copies the value from one open key to another. */
NTSTATUS key_copy_value(HANDLE from, HANDLE to, UNICODE_STRING *name);

#endif
