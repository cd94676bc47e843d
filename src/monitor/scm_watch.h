// Who waits to be told of a service's changes, or of the services that are made and deleted. A
// watch belongs to the handle that it was asked for on; what it tells goes to a connection of its
// own, which a program leaves waiting for an answer.
#ifndef PLUME_MONITOR_SCM_WATCH_H
#define PLUME_MONITOR_SCM_WATCH_H

#include "monitor/pipe.h"
#include "monitor/scm.h"

struct scm_watch;

/* Asks for a watch on behalf of the handle `owner`: of `service`, or of the database when that is
 * NULL. On success *watch is to be given to scm_watch_attach() or scm_watch_abandon(). Else the
 * error that NotifyServiceStatusChange() gives. */
DWORD scm_watch_open(struct pipe_connection *owner, struct service *service, uint32_t mask,
                     uint32_t flags, struct scm_watch **watch);
void scm_watch_abandon(struct scm_watch *watch);

/* `waiter` is the watch's connection from now on; when that has gone, scm_watch_detach(). */
void scm_watch_attach(struct scm_watch *watch, struct pipe_connection *waiter);
void scm_watch_detach(struct scm_watch *watch, struct pipe_connection *waiter);

/* The connection asks for the next change: SCM_NEXT_CHANGE, answered now or later. */
void scm_watch_next(struct scm_watch *watch, struct pipe_connection *waiter);

/* The handle is closed, and its watches with it. */
void scm_watch_owner_gone(struct pipe_connection *owner);

#endif
