#include "control_client.h"
#include "each_vm.h"
#include "output.h"

static bool change(const struct vm *vm, bool resume, struct plume_error *error)
{
    if (!vm_is_running(vm))
        return error_plain(error, L"the VM is not running:", vm->name, L"",
                           L"'plume start' starts it");
    if (vm_is_paused(vm) == !resume)
        return error_plain(error, resume ? L"cannot unpause the VM" : L"cannot pause the VM",
                           vm->name, resume ? L"it is not paused" : L"it is paused already", NULL);
    return control_pause(vm, resume, error);
}

static bool open_and_change(const struct vm_store *store, const wchar_t *name, void *context,
                            struct plume_error *error)
{
    const bool *resume = context;
    struct vm vm;
    if (!vm_open(&vm, store, name, error) || !change(&vm, *resume, error))
        return false;
    out_format(L"%ls\n", vm.name);
    return true;
}

static int run(struct command *command, bool resume)
{
    if (!options_parse(command, NULL, 0, OPTIONS_ANYWHERE, 1, -1))
        return EXIT_PLUME;
    return each_vm(command, open_and_change, &resume);
}

static int run_pause(struct command *command)
{
    return run(command, false);
}

static int run_unpause(struct command *command)
{
    return run(command, true);
}

const struct verb verb_pause = {
    .name = L"pause",
    .usage = L"NAME...",
    .summary = L"Hold all processes of VMs",
    .details = L"They keep what they have and go on at 'plume unpause'. No time that a service has "
               L"for something runs\nmeanwhile. 'plume stop' lets a paused VM go on, to stop it.\n",
    .run = run_pause,
};

const struct verb verb_unpause = {
    .name = L"unpause",
    .usage = L"NAME...",
    .summary = L"Let paused VMs go on",
    .details = L"",
    .run = run_unpause,
};
