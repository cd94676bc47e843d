// The security descriptors that keys have for the VM's programs.
//
// They cannot be those of the VM's own keys: a VM must stay readable and removable to whoever runs
// it, also without the privileges to give keys away as a program in it may want to. So a descriptor
// that was given to a key in the VM lies in the key itself, as a value that no program sees
// (keyname_is_reserved()): it moves and vanishes with the key. A key without one has the descriptor
// of the host's, and what only the VM has inherits from the key above it by the system's own rules.
//
// Opening a key asks the system whether a descriptor that was given in the VM allows it. What
// protects the host's keys from being written does not count: the VM writes its own. What keeps
// them from being read does.
#ifndef PLUME_LAYER_KEY_SECURITY_H
#define PLUME_LAYER_KEY_SECURITY_H

#include "layer/key_store.h"

/* Whether a descriptor that was given to `canon` in the VM allows `access`, which gets generic
 * rights and MAXIMUM_ALLOWED spelt out then. STATUS_ACCESS_DENIED if not. Without a system call
 * when no program of the VM has given it one. */
NTSTATUS key_security_check(struct str16 canon, ACCESS_MASK *access);

/* Gives the VM's own key, which was just made, the descriptor that its maker asked for. */
NTSTATUS key_security_of_new(struct str16 canon, PSECURITY_DESCRIPTOR asked);

/* Gives the VM's own key the descriptor of the host's, for the time when that is not below it any
 * more. */
NTSTATUS key_security_keep(struct str16 canon, HANDLE upper, HANDLE lower);

/* Notes in memory that the key may have been given a descriptor in the VM. */
void key_security_announce(struct str16 canon);

#endif
