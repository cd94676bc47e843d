// The options of `create` and `run` that say how a VM is to be, and how they are shown.
#ifndef PLUME_CLI_VM_OPTIONS_H
#define PLUME_CLI_VM_OPTIONS_H

#include "cli.h"
#include "vm/vm.h"

struct limit_options {
    const wchar_t *memory, *cpus, *pids;
};

/* The rows for an array of struct option. */
#define LIMIT_OPTIONS(options)                                                                     \
    {L'm', L"memory", OPTION_TEXT, &(options).memory}, {0, L"cpus", OPTION_TEXT, &(options).cpus}, \
    {                                                                                              \
        0, L"pids", OPTION_TEXT, &(options).pids                                                   \
    }

#define LIMIT_OPTIONS_USAGE L"[--memory SIZE] [--cpus N] [--pids N]"
#define LIMIT_OPTIONS_DETAILS                                                                      \
    L"--memory: what the VM's processes may have committed together, such as 512m or 2g. --cpus: " \
    L"how many\nprocessors it may use, such as 1.5. --pids: how many processes it may have.\n"

/* Checks them and puts those that were given into *limits. On a wrong call it has said so and
 * returns false. */
bool limit_options_read(const struct command *command, const struct limit_options *options,
                        struct limits *limits);

/* Says on standard error which of these limits of the VM's this host does not keep. */
void limits_warn(const struct vm *vm, const struct limits *limits);

struct vm_options {
    struct text_list publish;
    const wchar_t *hostname, *network, *ip, *log_max;
    struct limit_options limits;
};

/* The rows for an array of struct option. */
#define VM_OPTIONS(options)                                                                        \
    {L'p', L"publish", OPTION_LIST, &(options).publish},                                           \
        {L'h', L"hostname", OPTION_TEXT, &(options).hostname},                                     \
        {0, L"network", OPTION_TEXT, &(options).network}, {0, L"ip", OPTION_TEXT, &(options).ip},  \
        {0, L"log-max-size", OPTION_TEXT, &(options).log_max}, LIMIT_OPTIONS((options).limits)

#define VM_OPTIONS_USAGE                                                                           \
    L"[-p PORTS]... [--hostname NAME] [--network none] [--ip ADDRESS] [--log-max-size "            \
    L"SIZE] " LIMIT_OPTIONS_USAGE
#define VM_OPTIONS_DETAILS                                                                         \
    L"-p [[ADDRESS:][HOST]:]VM[/udp] has a port of the VM, or a range of them, reached at one of " \
    L"the host's.\n--hostname: by default made from the VM's name. --network none: the VM "        \
    L"reaches "                                                                                    \
    L"only itself. --ip:\nan address of the host's that the VM has instead of one of its "         \
    L"own. --log-max-size: how long each of the log's three files may become "                     \
    L"(10m).\n" LIMIT_OPTIONS_DETAILS

/* Checks them and puts them into *config (its other members are left). On a wrong call it has said
 * so and returns false. */
bool vm_options_read(const struct command *command, const struct vm_options *options,
                     struct vm_config *config);

#endif
