#include "cli.h"
#include "control_client.h"
#include "output.h"
#include "store.h"
#include "vm_options.h"

/* What `wanted` names replaces what the VM has; a VM that runs has it at once. */
static bool update(const struct vm_store *store, const wchar_t *name,
                   const struct limit_options *options, const struct limits *wanted, struct vm *vm,
                   struct plume_error *error)
{
    struct store_lock lock;
    if (!vm_open(vm, store, name, error) || !store_lock(&lock, store, error))
        return false;
    bool ok = vm_open(vm, store, name, error); // as it is now
    if (ok) {
        struct limits *limits = &vm->config.limits;
        if (options->memory)
            limits->memory = wanted->memory;
        if (options->cpus)
            limits->cpus = wanted->cpus;
        if (options->pids)
            limits->pids = wanted->pids;
        ok = vm_save(vm, vm->path, error);
    }
    store_unlock(&lock);
    return ok && (!vm_is_running(vm) || control_limits(vm, error));
}

static int run(struct command *command)
{
    struct limit_options limit_options = {0};
    struct limits wanted = {0};
    const struct option options[] = {LIMIT_OPTIONS(limit_options)};
    struct plume_error error;
    struct vm_store store;
    int status = EXIT_OK;
    if (!options_parse(command, options, ARRAYSIZE(options), OPTIONS_ANYWHERE, 1, -1) ||
        !limit_options_read(command, &limit_options, &wanted))
        return EXIT_PLUME;
    if (!limit_options.memory && !limit_options.cpus && !limit_options.pids)
        return fail_usage(command, L"there is nothing to change: --memory, --cpus or --pids", NULL);
    if (!vm_store_locate(&store, &error))
        return fail(&error);
    for (int i = 0; i < command->count; i++) {
        struct vm vm;
        if (update(&store, command->args[i], &limit_options, &wanted, &vm, &error)) {
            out_format(L"%ls\n", vm.name);
            limits_warn(&vm, &wanted);
        } else {
            status = fail(&error);
        }
    }
    int written = out_end();
    return status ? status : written;
}

const struct verb verb_update = {
    .name = L"update",
    .usage = LIMIT_OPTIONS_USAGE L" NAME...",
    .summary = L"Change the limits of VMs",
    .details =
        L"What is not named stays as it is; 0 takes a limit away. A VM that runs has the new "
        L"limits at once, and\nends nothing because of them.\n" LIMIT_OPTIONS_DETAILS,
    .run = run,
};
