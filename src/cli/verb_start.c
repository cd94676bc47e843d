#include "cli.h"
#include "output.h"
#include "start.h"

static int run(struct command *command)
{
    struct plume_error error;
    struct vm_store store;
    int status = EXIT_OK;
    if (!options_parse(command, NULL, 0, OPTIONS_ANYWHERE, 1, -1))
        return EXIT_PLUME;
    if (!vm_store_locate(&store, &error))
        return fail(&error);
    for (int i = 0; i < command->count; i++) {
        struct vm vm;
        if (vm_open(&vm, &store, command->args[i], &error) && vm_start(&vm, &error))
            out_format(L"%ls\n", vm.name);
        else
            status = fail(&error);
    }
    int written = out_end();
    return status ? status : written;
}

const struct verb verb_start = {
    .name = L"start",
    .usage = L"NAME...",
    .summary = L"Start VMs",
    .details = L"Returns when the VM is ready; it runs until 'plume stop'. Prints the names of "
               L"those started.\n",
    .run = run,
};
