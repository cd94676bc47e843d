#include "control_client.h"
#include "each_vm.h"
#include "output.h"
#include "store.h"
#include "vm_options.h"

struct change {
    struct limit_options options;
    struct limits wanted;
};

/* What `wanted` names replaces what the VM has; a VM that runs has it at once. */
static bool update(const struct vm_store *store, const wchar_t *name, void *context,
                   struct plume_error *error)
{
    const struct change *change = context;
    const struct limit_options *options = &change->options;
    const struct limits *wanted = &change->wanted;
    struct store_lock lock;
    struct vm vm;
    if (!vm_open(&vm, store, name, error) || !store_lock(&lock, store, error))
        return false;
    bool ok = vm_open(&vm, store, name, error); // as it is now
    if (ok) {
        struct limits *limits = &vm.config.limits;
        if (options->memory)
            limits->memory = wanted->memory;
        if (options->cpus)
            limits->cpus = wanted->cpus;
        if (options->pids)
            limits->pids = wanted->pids;
        ok = vm_save(&vm, vm.path, error);
    }
    store_unlock(&lock);
    if (!ok || (vm_is_running(&vm) && !control_limits(&vm, error)))
        return false;
    out_format(L"%ls\n", vm.name);
    limits_warn(&vm, wanted);
    return true;
}

static int run(struct command *command)
{
    struct change change = {0};
    const struct limit_options *given = &change.options;
    const struct option options[] = {LIMIT_OPTIONS(change.options)};
    if (!options_parse(command, options, ARRAYSIZE(options), OPTIONS_ANYWHERE, 1, -1) ||
        !limit_options_read(command, given, &change.wanted))
        return EXIT_PLUME;
    if (!given->memory && !given->cpus && !given->pids)
        return fail_usage(command, L"there is nothing to change: --memory, --cpus or --pids", NULL);
    return each_vm(command, update, &change);
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
