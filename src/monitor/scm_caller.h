// Who asks the service control manager, and what a service's security descriptor lets him do.
#ifndef PLUME_MONITOR_SCM_CALLER_H
#define PLUME_MONITOR_SCM_CALLER_H

#include "monitor/pipe.h"
#include "monitor/scm.h"

/* The rights of a handle that OpenService() of the caller behind `c` asks for with `wanted`, or
 * ERROR_ACCESS_DENIED. */
DWORD scm_caller_access(struct pipe_connection *c, const wchar_t *service, uint32_t wanted,
                        uint32_t *access);

#endif
