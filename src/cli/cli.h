// What the verbs of the command line share: how they are called, what they say, how they end.
#ifndef PLUME_CLI_CLI_H
#define PLUME_CLI_CLI_H

#include <windows.h>
#include <stdbool.h>
#include <stddef.h>
#include "vm/error.h"

/* How plume ends where it is not the exit status of a program that it ran: as Docker does. */
enum exit_status {
    EXIT_OK = 0,
    EXIT_PLUME = 125,      // plume itself failed, or was asked wrongly
    EXIT_CANNOT_RUN = 126, // the program is there but cannot be run
    EXIT_NO_PROGRAM = 127, // there is no such program
};

struct verb;

/* A call of a verb. After options_parse() `args` are the operands alone. */
struct command {
    const struct verb *verb;
    int count;
    const wchar_t **args;
    const wchar_t **raw; // where each begins in the command line, quotes included
};

struct verb {
    const wchar_t *name;
    const wchar_t *usage;                // what follows the name: "[-t S] NAME..."
    const wchar_t *summary;              // one line, as a sentence without its full stop
    const wchar_t *details;              // paragraphs for `help VERB`, each line with its end
    int (*run)(struct command *command); // returns the exit status
};

extern const struct verb verb_create, verb_start, verb_stop, verb_rm, verb_ps, verb_top, verb_exec,
    verb_run, verb_service, verb_inspect, verb_logs, verb_port, verb_pause, verb_unpause,
    verb_update, verb_stats, verb_trace, verb_check, verb_selftest, verb_version, verb_help;

/* All verbs in the order of the help, ended by NULL. */
extern const struct verb *const verbs[];
const struct verb *verb_find(const wchar_t *name);

/* Says what went wrong on standard error and returns EXIT_PLUME. */
int fail(const struct plume_error *error);

/* The same for a call that is not as `help VERB` says: "plume create: <message> '<subject>'". */
int fail_usage(const struct command *command, const wchar_t *message, const wchar_t *subject);

/* Says something on standard error that is no failure: "plume: <format>". */
void note(const wchar_t *format, ...);

/* ---- options ---- */

struct text_list {
    const wchar_t **items;
    size_t count;
};

enum option_kind {
    OPTION_FLAG,    // bool
    OPTION_TEXT,    // const wchar_t *
    OPTION_LIST,    // struct text_list: each use adds one
    OPTION_SECONDS, // uint32_t
    OPTION_FORMAT,  // bool, true for "json"; "table" is the other format
};

struct option {
    wchar_t letter;      // 0: none
    const wchar_t *word; // NULL: none
    enum option_kind kind;
    void *value;
};

/* Takes the options out of command->args: all of them, or those before the first operand where what
 * follows is another program's. "--" ends them. Then checks the number of operands (most < 0: no
 * limit). On a wrong call it has said so, and returns false. */
enum option_place { OPTIONS_ANYWHERE, OPTIONS_FIRST };
bool options_parse(struct command *command, const struct option *options, size_t count,
                   enum option_place place, int least, int most);

#endif
