// What `plume service` does with one service, by the system's own service API: in a process that
// has entered the VM, that is the VM's SCM.
#ifndef PLUME_CLI_SERVICE_ACT_H
#define PLUME_CLI_SERVICE_ACT_H

#include <windows.h>
#include <stdbool.h>
#include "cli.h"

enum {
    SERVICE_ACT_ACCESS = SERVICE_START | SERVICE_STOP | SERVICE_PAUSE_CONTINUE |
                         SERVICE_QUERY_STATUS | SERVICE_ENUMERATE_DEPENDENTS
};

bool service_status(SC_HANDLE service, SERVICE_STATUS_PROCESS *status);

/* Each waits until it is done: as long as the service makes progress, as the service API documents
 * it. On a terminal it tells that it waits. `with_dependents`: those that depend on it and run are
 * stopped before, and for a restart started again. */
bool service_start(SC_HANDLE service, const wchar_t *name, DWORD count, const wchar_t **arguments,
                   struct plume_error *error);
bool service_stop(SC_HANDLE scm, SC_HANDLE service, const wchar_t *name, bool with_dependents,
                  struct plume_error *error);
bool service_restart(SC_HANDLE scm, SC_HANDLE service, const wchar_t *name, bool with_dependents,
                     struct plume_error *error);
bool service_pause(SC_HANDLE service, const wchar_t *name, bool resume, struct plume_error *error);

#endif
