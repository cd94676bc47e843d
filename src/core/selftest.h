// What `plume selftest` decides: what is to be tried, whether two programs said the same, and where
// not.
#ifndef PLUME_CORE_SELFTEST_H
#define PLUME_CORE_SELFTEST_H

#include <stdbool.h>
#include <stddef.h>
#include "core/str16.h"

/* ---- the plan: a text of lines "WORD NAME", with empty lines and lines that begin with # ---- */

enum selftest_word {
    SELFTEST_END,
    SELFTEST_AT_ONCE,        // at-once GUEST: says the same in two VMs and on the host at once
    SELFTEST_AT_ONCE_IN_VMS, // at-once-in-vms GUEST: in two VMs at once
    SELFTEST_SERVICE,        // service PATTERN: `plume check` of the services of the host's with it
    SELFTEST_WRONG,          // a line that is none of these; the name is the whole line
};

struct selftest_plan {
    const char *text;
    size_t len, at;
};

/* The next line that says something; its name, borrowed from the text, in *name. */
enum selftest_word selftest_plan_next(struct selftest_plan *plan, const char **name, size_t *len);

/* Whether a name has the pattern's form: * is any text, and there is no case. */
bool selftest_matches(struct str16 pattern, struct str16 name);

/* ---- what programs said ---- */

/* Lines, ended by LF or CR LF. Those that begin with "differs:" do not count: they are different
 * between the host and a VM, or from one run to the next. */
struct selftest_said {
    const char *bytes;
    size_t len;
};

bool selftest_same(struct selftest_said a, struct selftest_said b);

/* A line of one of them: '-' of the first, '+' of the second, ' ' of both, without its end. */
typedef void selftest_diff_sink(void *context, char sign, const char *line, size_t len);

/* Tells the lines that are different, in order, each group after the line that stands before it in
 * both. At most `most` of them are told; returns how many there are. */
size_t selftest_diff(struct selftest_said a, struct selftest_said b, size_t most,
                     selftest_diff_sink *sink, void *context);

/* The last line that is not empty, without its end; of no such line, nothing. */
struct selftest_said selftest_last_line(struct selftest_said said);

/* ---- the report ---- */

typedef void selftest_text_sink(void *context, const char *bytes, size_t len);

/* The text as a cell of a table in Markdown: on one line, nothing in it that is Markdown's. */
void selftest_cell(const char *bytes, size_t len, selftest_text_sink *sink, void *context);

/* A line of a block that Markdown shows as it is, whatever it holds; what controls a terminal
 * becomes "?". */
void selftest_literal(char sign, const char *line, size_t len, selftest_text_sink *sink,
                      void *context);

#endif
