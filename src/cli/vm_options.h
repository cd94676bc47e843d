// The options of `create` and `run` that say how a VM is to be, and how they are shown.
#ifndef PLUME_CLI_VM_OPTIONS_H
#define PLUME_CLI_VM_OPTIONS_H

#include "cli.h"
#include "vm/vm.h"

struct vm_options {
    struct text_list publish;
    const wchar_t *hostname, *network, *ip;
};

/* The rows for an array of struct option. */
#define VM_OPTIONS(options)                                                                        \
    {L'p', L"publish", OPTION_LIST, &(options).publish},                                           \
        {L'h', L"hostname", OPTION_TEXT, &(options).hostname},                                     \
        {0, L"network", OPTION_TEXT, &(options).network}, {0, L"ip", OPTION_TEXT, &(options).ip}

#define VM_OPTIONS_USAGE L"[-p PORTS]... [--hostname NAME] [--network none] [--ip ADDRESS]"
#define VM_OPTIONS_DETAILS                                                                         \
    L"-p [[ADDRESS:][HOST]:]VM[/udp] has a port of the VM, or a range of them, reached at one of "  \
    L"the host's.\n--hostname: by default made from the VM's name. --network none: the VM reaches " \
    L"only itself. --ip:\nan address of the host's that the VM has instead of one of its own.\n"

/* Checks them and puts them into *config (its other members are left). On a wrong call it has said
 * so and returns false. */
bool vm_options_read(const struct command *command, const struct vm_options *options,
                     struct vm_config *config);

#endif
