// What of the host `plume selftest` looks at before and after it has run VMs.
#ifndef PLUME_CLI_SELFTEST_HOST_H
#define PLUME_CLI_SELFTEST_HOST_H

#include "text.h"

/* Lines in order, one for each name: the files and keys in which a program that was not kept in its
 * VM would leave something, but not those that any program of a machine in use changes. `work`: a
 * folder that is looked at with all that is below it. */
void selftest_host_state(const wchar_t *work, struct text *state);

/* What is looked at, for the report: Markdown. */
extern const char selftest_host_what[];

#endif
