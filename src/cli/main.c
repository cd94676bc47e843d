// plume.exe: finds the verb and hands it its arguments.
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "cli.h"
#include "core/cmdline.h"
#include "output.h"

/* The C runtime is not asked for the arguments: it would not say where in the command line each
 * begins. */
int wmain(void);
int _dowildcard = 0; // and it must not spend time on expanding wildcards

const struct verb *const verbs[] = {
    &verb_create,   &verb_start,   &verb_stop,    &verb_rm,      &verb_ps,    &verb_top,
    &verb_exec,     &verb_run,     &verb_service, &verb_inspect, &verb_logs,  &verb_port,
    &verb_stats,    &verb_pause,   &verb_unpause, &verb_update,  &verb_trace, &verb_check,
    &verb_selftest, &verb_version, &verb_help,    NULL};

const struct verb *verb_find(const wchar_t *name)
{
    for (const struct verb *const *verb = verbs; *verb; verb++) {
        if (wcscmp((*verb)->name, name) == 0)
            return *verb;
    }
    return NULL;
}

int fail(const struct plume_error *error)
{
    wchar_t text[2048];
    error_format(error, text, ARRAYSIZE(text));
    note(L"%ls", text);
    return EXIT_PLUME;
}

int fail_usage(const struct command *command, const wchar_t *message, const wchar_t *subject)
{
    wchar_t text[2048];
    _snwprintf(text, ARRAYSIZE(text) - 1, L"plume %ls: %ls%ls%ls%ls; see 'plume help %ls'\n",
               command->verb->name, message, subject ? L" '" : L"", subject ? subject : L"",
               subject ? L"'" : L"", command->verb->name);
    text[ARRAYSIZE(text) - 1] = 0;
    write_text(GetStdHandle(STD_ERROR_HANDLE), text);
    return EXIT_PLUME;
}

void note(const wchar_t *format, ...)
{
    wchar_t text[2304] = L"plume: ";
    va_list args;
    va_start(args, format);
    int len = _vsnwprintf(text + 7, ARRAYSIZE(text) - 9, format, args);
    va_end(args);
    if (len < 0)
        len = (int)ARRAYSIZE(text) - 9;
    text[7 + len] = L'\n';
    text[8 + len] = 0;
    write_text(GetStdHandle(STD_ERROR_HANDLE), text);
}

/* The arguments of the process, taken from its command line. Never freed: they live as long as it.
 */
static bool read_arguments(struct command *command)
{
    const wchar_t *line = GetCommandLineW();
    size_t len = wcslen(line), start;
    // No argument is longer than the line, and all together with their terminators no longer than
    // twice that.
    wchar_t *texts = malloc((2 * len + 2) * sizeof(*texts));
    command->args = malloc((len + 2) * sizeof(*command->args));
    command->raw = malloc((len + 2) * sizeof(*command->raw));
    if (!texts || !command->args || !command->raw)
        return false; // NOLINT(clang-analyzer-unix.Malloc): goes with the process, which ends now
    struct cmdline rest = cmdline_on((struct str16){line, len});
    for (;;) {
        struct str16_buf text = {.s = texts, .cap = len + 1};
        if (!cmdline_next(&rest, &text, &start))
            return true;
        str16_put_nul(&text);
        command->args[command->count] = texts;
        command->raw[command->count] = line + start;
        command->count++;
        texts += text.len + 1;
    }
}

int wmain(void)
{
    struct command command = {0};
    if (!read_arguments(&command)) {
        note(L"out of memory"); // NOLINT(clang-analyzer-unix.Malloc): the same
        return EXIT_PLUME;
    }
    const wchar_t *name = command.count > 1 ? command.args[1] : NULL;
    if (!name || wcscmp(name, L"--help") == 0 || wcscmp(name, L"-h") == 0)
        command.verb = &verb_help;
    else if (wcscmp(name, L"--version") == 0)
        command.verb = &verb_version;
    else
        command.verb = verb_find(name);
    if (!command.verb) {
        note(L"there is no verb '%ls'; 'plume help' lists them", name);
        return EXIT_PLUME;
    }
    int taken = name ? 2 : 1;
    command.count -= taken;
    command.args += taken;
    command.raw += taken;
    // Help that is asked for in any usual way, but not from behind an operand: that may be another
    // program's.
    if (command.count == 1 &&
        (wcscmp(command.args[0], L"--help") == 0 || wcscmp(command.args[0], L"-h") == 0)) {
        command.args[0] = command.verb->name;
        command.verb = &verb_help;
    }
    return command.verb->run(&command);
}
