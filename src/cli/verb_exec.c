#include "cli.h"
#include "env_file.h"
#include "launch.h"

/* K=V or K, with a K that can be a variable's name. */
static bool variables_are_good(const struct command *command, const struct text_list *variables)
{
    for (size_t i = 0; i < variables->count; i++) {
        if (!variables->items[i][0] || variables->items[i][0] == L'=') {
            fail_usage(command, L"a variable needs a name:", variables->items[i]);
            return false;
        }
    }
    return true;
}

static int run(struct command *command)
{
    struct launch what = {0};
    const struct option options[] = {{L'e', L"env", OPTION_LIST, &what.variables},
                                     {0, L"env-file", OPTION_LIST, &what.env_files},
                                     {L'w', L"workdir", OPTION_TEXT, &what.folder},
                                     {0, L"interactive", OPTION_FLAG, &what.interactive}};
    struct plume_error error;
    struct vm_store store;
    struct vm vm;
    if (!options_parse(command, options, ARRAYSIZE(options), OPTIONS_FIRST, 2, -1) ||
        !variables_are_good(command, &what.variables))
        return EXIT_PLUME;
    // In the VM the host's file might not be the same.
    if (!env_files_read(&what.env_files, &what.variables, &error))
        return fail(&error);
    if (!vm_store_locate(&store, &error) || !vm_open(&vm, &store, command->args[0], &error))
        return fail(&error);
    what.program = command->args[1];
    what.line = command->raw[1];
    return launch(&vm, &what);
}

const struct verb verb_exec = {
    .name = L"exec",
    .usage = L"[-e K=V]... [--env-file FILE]... [-w DIR] [--interactive] NAME CMD [ARG...]",
    .summary = L"Run a program in a VM that runs",
    .details = L"The program has this console and these standard handles, this environment with "
               L"what -e (--env) adds\n"
               L"and --env-file (a line for each, # for remarks; -e counts more),\n"
               L"and -w (--workdir) or this folder as its current one. Plume ends with its exit "
               L"status. It is looked\n"
               L"for as in the VM: the current folder, the system's, PATH. Options of plume stand "
               L"before NAME.\n"
               L"--interactive: its windows are on the user's desktop, and it sees those that are "
               L"there.\n",
    .run = run,
};
