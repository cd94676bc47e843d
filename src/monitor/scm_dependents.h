// Which services depend on one, directly or through others.
#ifndef PLUME_MONITOR_SCM_DEPENDENTS_H
#define PLUME_MONITOR_SCM_DEPENDENTS_H

#include "monitor/scm.h"

/* Writes those of the services that depend on `name`, from the index `first` on, whose state is one
 * of `states` (1: active, 2: inactive), as the message SCM_ENUM_DEPENDENTS has them: each before
 * what it depends on, the order to stop them in. Returns a Win32 error; then nothing is written. */
DWORD scm_put_dependents(struct wire_writer *w, const wchar_t *name, uint32_t states,
                         uint32_t first);

#endif
