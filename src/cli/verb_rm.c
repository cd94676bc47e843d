#include "control_client.h"
#include "each_vm.h"
#include "output.h"
#include "store.h"

static bool remove_vm(const struct vm_store *store, const wchar_t *name, bool force,
                      struct plume_error *error)
{
    struct vm vm;
    struct plume_error damage;
    struct store_lock lock;
    // A damaged VM can be removed too: its names are known without its vm.json.
    if (!vm_open(&vm, store, name, &damage)) {
        if (damage.code == ERROR_FILE_NOT_FOUND || !vm_names(&vm, store, name, error) ||
            !store_has(&vm)) {
            *error = damage;
            return false;
        }
    }
    if (vm_is_running(&vm)) {
        if (!force)
            return error_plain(error, L"cannot remove the VM", vm.name, L"it is running",
                               L"stop it first, or use -f");
        // What it could not write down of a VM that goes is no matter.
        if (!vm_stop(&vm, 0, true, error) && vm_is_running(&vm))
            return false;
    }
    if (!store_lock(&lock, store, error))
        return false;
    bool ok = store_has(&vm)
                  ? store_delete(&vm, error)
                  : error_plain(error, L"there is no VM", name, L"", L"'plume ps -a' lists all");
    store_unlock(&lock);
    return ok;
}

static bool remove_and_say(const struct vm_store *store, const wchar_t *name, void *context,
                           struct plume_error *error)
{
    const bool *force = context;
    if (!remove_vm(store, name, *force, error))
        return false;
    out_format(L"%ls\n", name);
    return true;
}

static int run(struct command *command)
{
    bool force = false;
    const struct option options[] = {{L'f', L"force", OPTION_FLAG, &force}};
    if (!options_parse(command, options, ARRAYSIZE(options), OPTIONS_ANYWHERE, 1, -1))
        return EXIT_PLUME;
    return each_vm(command, remove_and_say, &force);
}

const struct verb verb_rm = {
    .name = L"rm",
    .usage = L"[-f] NAME...",
    .summary = L"Remove VMs with everything in them",
    .details = L"A VM that runs is not removed; with -f (--force) its processes are ended first, "
               L"without asking its\n"
               L"services. Also removes VMs that are damaged.\n",
    .run = run,
};
