#include "control_client.h"
#include "each_vm.h"
#include "output.h"

static bool stop(const struct vm_store *store, const wchar_t *name, void *context,
                 struct plume_error *error)
{
    const uint32_t *seconds = context;
    struct vm vm;
    if (!vm_open(&vm, store, name, error) || !vm_stop(&vm, *seconds, false, error))
        return false;
    out_format(L"%ls\n", vm.name);
    return true;
}

static int run(struct command *command)
{
    uint32_t seconds = 10;
    const struct option options[] = {{L't', L"time", OPTION_SECONDS, &seconds}};
    if (!options_parse(command, options, ARRAYSIZE(options), OPTIONS_ANYWHERE, 1, -1))
        return EXIT_PLUME;
    return each_vm(command, stop, &seconds);
}

const struct verb verb_stop = {
    .name = L"stop",
    .usage = L"[-t S] NAME...",
    .summary = L"Stop VMs",
    .details =
        L"The VM's services are asked to stop and have S seconds for it (-t, --time; default 10; 0 "
        L"does not\n"
        L"ask). Then whatever still runs in the VM is ended; the services that this concerned are "
        L"named on\n"
        L"standard error. What the VM has stored stays. A VM that does not run stays as it is.\n",
    .run = run,
};
