#include "cli.h"
#include "output.h"

static int run(struct command *command)
{
    if (!options_parse(command, NULL, 0, OPTIONS_ANYWHERE, 0, 1))
        return EXIT_PLUME;
    if (command->count == 1) {
        const struct verb *verb = verb_find(command->args[0]);
        if (!verb)
            return fail_usage(command, L"there is no verb", command->args[0]);
        out_format(L"usage: plume %ls %ls\n\n%ls.\n\n", verb->name, verb->usage, verb->summary);
        out_text(verb->details);
        return out_end();
    }
    out_text(L"usage: plume VERB [OPTION...] [OPERAND...]\n\n"
             L"Plume runs virtual machines that are views of this one: their own files, registry, "
             L"objects,\n"
             L"processes, network address and services, and everything else as it is here.\n\n");
    for (const struct verb *const *verb = verbs; *verb; verb++)
        out_format(L"  %-9ls %ls\n", (*verb)->name, (*verb)->summary);
    out_text(L"\n'plume help VERB' tells more. VMs are kept in %PLUME_HOME%, by default "
             L"%LOCALAPPDATA%\\plume.\n"
             L"Exit status: a program's own; 125 when plume failed, 126 when the program cannot be "
             L"run,\n"
             L"127 when there is no such program.\n");
    return out_end();
}

const struct verb verb_help = {
    .name = L"help",
    .usage = L"[VERB]",
    .summary = L"Explain the verbs, or one of them",
    .details = L"",
    .run = run,
};
