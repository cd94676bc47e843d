#include "each_vm.h"
#include "output.h"
#include "start.h"

static bool start(const struct vm_store *store, const wchar_t *name, void *context,
                  struct plume_error *error)
{
    struct vm vm;
    (void)context;
    if (!vm_open(&vm, store, name, error) || !vm_start(&vm, error))
        return false;
    out_format(L"%ls\n", vm.name);
    return true;
}

static int run(struct command *command)
{
    if (!options_parse(command, NULL, 0, OPTIONS_ANYWHERE, 1, -1))
        return EXIT_PLUME;
    return each_vm(command, start, NULL);
}

const struct verb verb_start = {
    .name = L"start",
    .usage = L"NAME...",
    .summary = L"Start VMs",
    .details = L"Returns when the VM is ready; it runs until 'plume stop'. Prints the names of "
               L"those started.\n",
    .run = run,
};
