// Windows command lines: one text that each program takes apart by itself, by the rules of
// Microsoft's C runtime ("Parsing C command-line arguments").
#ifndef PLUME_CORE_CMDLINE_H
#define PLUME_CORE_CMDLINE_H

#include "core/str16.h"

struct cmdline {
    struct str16 line;
    size_t at;
    bool first; // the program's own name is next: there backslashes are only backslashes
};

struct cmdline cmdline_on(struct str16 line);

/* Puts the next argument into `out` and where it begins in the line (its quotes included) into
 * *start. False when there is none left. */
bool cmdline_next(struct cmdline *cmdline, struct str16_buf *out, size_t *start);

/* Appends an argument so that cmdline_next() gives it back, after a space if something stands
 * before it. */
void cmdline_put(struct str16_buf *line, struct str16 argument);

#endif
