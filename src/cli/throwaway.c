#include "throwaway.h"

#include <stdio.h>
#include "control_client.h"
#include "launch.h"
#include "start.h"
#include "store.h"

bool throwaway_make(struct throwaway *vm, const struct vm_store *store, const wchar_t *prefix,
                    unsigned number, struct plume_error *error)
{
    static const struct vm_config plain;
    struct store_lock lock;
    wchar_t name[VM_NAME_MAX];
    _snwprintf(name, ARRAYSIZE(name) - 1, L"%ls-%u-%u", prefix, (unsigned)GetCurrentProcessId(),
               number);
    name[ARRAYSIZE(name) - 1] = 0;
    if (!store_lock(&lock, store, error))
        return false;
    vm->made = store_create(store, name, &plain, &vm->vm, error);
    store_unlock(&lock);
    return vm->made && (ctrl_c_seen() || vm_start(&vm->vm, error));
}

bool throwaway_remove(struct throwaway *vm, struct plume_error *error)
{
    struct store_lock lock;
    if (!vm->made)
        return true;
    if (!vm_stop(&vm->vm, 0, true, error) && vm_is_running(&vm->vm))
        return false;
    if (!store_lock(&lock, &vm->vm.store, error))
        return false;
    bool ok = store_delete(&vm->vm, error);
    store_unlock(&lock);
    vm->made = !ok;
    return ok;
}
