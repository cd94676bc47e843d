#include "cli.h"
#include "output.h"
#include "service_key.h"
#include "store.h"
#include "vm_options.h"

static int run(struct command *command)
{
    struct plume_error error;
    struct vm_store store;
    struct store_lock lock;
    struct vm vm;
    struct vm_options vm_options = {0};
    struct vm_config wanted = {0};
    struct text_list services = {0};
    const struct option options[] = {{0, L"service", OPTION_LIST, &services},
                                     VM_OPTIONS(vm_options)};
    if (!options_parse(command, options, ARRAYSIZE(options), OPTIONS_ANYWHERE, 1, 1) ||
        !vm_options_read(command, &vm_options, &wanted))
        return EXIT_PLUME;
    // The name first: a wrong one must not make a store.
    if (!vm_store_locate(&store, &error) || !vm_names(&vm, &store, command->args[0], &error) ||
        !service_keys_check(&services, &error) || !store_lock(&lock, &store, &error))
        return fail(&error);
    bool ok = store_create(&store, command->args[0], &wanted, &vm, &error);
    if (ok && !service_keys_give(&vm, &services, &error)) {
        struct plume_error ignored;
        store_delete(&vm, &ignored);
        ok = false;
    }
    store_unlock(&lock);
    if (!ok)
        return fail(&error);
    limits_warn(&vm, &wanted.limits);
    out_format(L"%ls\n", vm.name);
    return out_end();
}

const struct verb verb_create = {
    .name = L"create",
    .usage = L"[--service SERVICE]... " VM_OPTIONS_USAGE L" NAME",
    .summary = L"Make a VM, which does not run yet",
    .details =
        L"NAME: letters, digits, '_', '.' and '-', beginning with a letter or digit; at most 63.\n"
        L"The VM takes no room until something is changed in it. Prints its "
        L"name.\n"
        L"--service: a service of the host's that the VM takes over, as 'plume service import' "
        L"does, and starts\nwith itself.\n" VM_OPTIONS_DETAILS,
    .run = run,
};
