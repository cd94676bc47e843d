// The folder of all VMs: what is in it, and how a VM comes into it and goes out of it as a whole.
//
//   <store>\lock          held while the set of VMs is changed
//   <store>\vms\NAME\     a VM: vm.json, files\, hidden\, log\ ...
//   <store>\vms\.*        a VM in the making or being removed: no name begins with a dot. What is
//   left
//                         of one whose command was killed, the next change of the store removes.
#ifndef PLUME_CLI_STORE_H
#define PLUME_CLI_STORE_H

#include "vm/vm.h"

struct store_lock {
    HANDLE file;
};

/* Makes the store where there is none, and waits until no other command changes it. */
bool store_lock(struct store_lock *lock, const struct vm_store *store, struct plume_error *error);
void store_unlock(struct store_lock *lock);

struct store_names {
    wchar_t (*names)[VM_NAME_MAX];
    size_t count;
};

/* The names of all VMs, damaged ones too, in alphabetical order; none where there is no store. To
 * be freed by store_names_free(). */
bool store_list(const struct vm_store *store, struct store_names *names, struct plume_error *error);
void store_names_free(struct store_names *names);

/* Makes a VM: it is there whole or not at all. `wanted` says how it is to be; its version, name,
 * address and times do not count. With the store locked. */
bool store_create(const struct vm_store *store, const wchar_t *name, const struct vm_config *wanted,
                  struct vm *vm, struct plume_error *error);

/* Removes a VM that does not run, and everything of it: folder and registry. It needs names only,
 * so that it works for damaged ones. With the store locked. */
bool store_delete(const struct vm *vm, struct plume_error *error);

/* True where the VM has a folder. */
bool store_has(const struct vm *vm);

#endif
