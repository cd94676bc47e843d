// Services that start when somebody opens a named pipe that there is not (NAMED_PIPE_EVENT_GUID).
// Known are those of the VM's own services, as of the VM's start or of the function that set them.
#ifndef PLUME_MONITOR_SCM_PIPE_TRIGGERS_H
#define PLUME_MONITOR_SCM_PIPE_TRIGGERS_H

#include <stdbool.h>
#include "core/str16.h"
#include "monitor/pipe.h"

struct wire_reader;

/* The service is to be started for the pipe, named as below \\.\pipe\. False: no room for it. */
bool pipe_triggers_add(const wchar_t *service, struct str16 pipe);

/* The service is not to be started for any pipe. */
void pipe_triggers_forget(const wchar_t *service);

/* Answers SCM_PIPE_OPENED. */
void pipe_triggers_request(struct pipe_connection *c, struct wire_reader *r);

#endif
