#include "cli.h"
#include "output.h"

static int run(struct command *command)
{
    if (!options_parse(command, NULL, 0, OPTIONS_ANYWHERE, 0, 0))
        return EXIT_PLUME;
#ifdef _WIN64
    out_text(L"plume " PLUME_VERSION L" (x86_64)\n");
#else
    out_text(L"plume " PLUME_VERSION L" (i686)\n");
#endif
    return out_end();
}

const struct verb verb_version = {
    .name = L"version",
    .usage = L"",
    .summary = L"Tell the version of Plume",
    .details = L"",
    .run = run,
};
