#include "cli.h"
#include "control_client.h"
#include "output.h"

static int run(struct command *command)
{
    uint32_t seconds = 10;
    const struct option options[] = {{L't', L"time", OPTION_SECONDS, &seconds}};
    struct plume_error error;
    struct vm_store store;
    int status = EXIT_OK;
    if (!options_parse(command, options, ARRAYSIZE(options), OPTIONS_ANYWHERE, 1, -1))
        return EXIT_PLUME;
    if (!vm_store_locate(&store, &error))
        return fail(&error);
    for (int i = 0; i < command->count; i++) {
        struct vm vm;
        if (vm_open(&vm, &store, command->args[i], &error) && vm_stop(&vm, seconds, false, &error))
            out_format(L"%ls\n", vm.name);
        else
            status = fail(&error);
    }
    int written = out_end();
    return status ? status : written;
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
