// How `plume service` shows services and their configuration.
#ifndef PLUME_CLI_SERVICE_SHOW_H
#define PLUME_CLI_SERVICE_SHOW_H

#include <windows.h>
#include <stdbool.h>
#include "cli.h"

/* All services of the SCM; writes standard output and returns the exit status. */
int services_list(SC_HANDLE scm, bool json_format);

/* One service's state. */
bool service_show_status(SC_HANDLE scm, SC_HANDLE service, const wchar_t *name, bool json_format,
                         struct plume_error *error);

/* One service's configuration; the handle has SERVICE_QUERY_CONFIG. */
bool service_show_config(SC_HANDLE service, const wchar_t *name, bool json_format,
                         struct plume_error *error);

#endif
