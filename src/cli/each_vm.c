#include "each_vm.h"

#include "output.h"

int each_vm(const struct command *command, each_vm_act *act, void *context)
{
    struct plume_error error;
    struct vm_store store;
    int status = EXIT_OK;
    if (!vm_store_locate(&store, &error))
        return fail(&error);
    for (int i = 0; i < command->count; i++) {
        if (!act(&store, command->args[i], context, &error))
            status = fail(&error);
    }
    int written = out_end();
    return status ? status : written;
}
