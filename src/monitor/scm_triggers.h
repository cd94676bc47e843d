// A service's triggers as Windows keeps them below its key.
#ifndef PLUME_MONITOR_SCM_TRIGGERS_H
#define PLUME_MONITOR_SCM_TRIGGERS_H

#include <windows.h>
#include "core/scm_proto.h"
#include "monitor/scm_database.h"

/* Writes the triggers below the service's key as the INFO of their level. */
void triggers_put(HKEY service, struct wire_writer *info);

/* Replaces them by those of that INFO. A Win32 error; with ERROR_INVALID_PARAMETER nothing has been
 * changed. The key is open to be read, written and deleted below. */
DWORD triggers_set(HKEY service, struct wire_reader *info);

/* What the service's triggers are; the pipes that it is to be started for are those that
 * scm_pipe_triggers.h knows from now on. */
struct db_triggers triggers_find(HKEY key, const wchar_t *service);

#endif
