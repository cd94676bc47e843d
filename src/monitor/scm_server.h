// What the parts of the SCM's server share: a connection's state and how requests are answered.
#ifndef PLUME_MONITOR_SCM_SERVER_H
#define PLUME_MONITOR_SCM_SERVER_H

#include "monitor/pipe.h"
#include "monitor/scm.h"

enum scm_kind {
    SCM_KIND_NEW, // nothing yet
    SCM_KIND_MANAGER,
    SCM_KIND_SERVICE,
    SCM_KIND_DISPATCHER,
    SCM_KIND_STATUS,
    SCM_KIND_LOCK,
    SCM_KIND_WATCH,
    SCM_KIND_EVENT_SOURCE,
    SCM_KIND_CLOSED, // only its end is still to come
};

struct scm_watch;

/* A connection's state. */
struct scm_connection {
    enum scm_kind kind;
    uint32_t access;                 // manager, service
    struct service *service;         // service, status: held
    struct service_process *process; // dispatcher; NULL once it is gone
    uint32_t launch;                 // status: which run of the service
    struct scm_watch *watch;         // watch; NULL once the handle that it is of is closed
    struct event_source *source;     // event source
};

/* Requests of each kind of handle; false where the handle knows no such request. */
bool scm_manager_request(struct pipe_connection *c, uint32_t op, struct wire_reader *r);
bool scm_service_request(struct pipe_connection *c, uint32_t op, struct wire_reader *r);

/* event_log.c: an event source of the connection's own; it is closed with it. NULL: nothing. */
void event_source_open(struct pipe_connection *c, struct wire_reader *r);
void event_source_close(struct event_source *source);
bool event_source_request(struct pipe_connection *c, uint32_t op, struct wire_reader *r);

/* A reply in the making; there is one at a time. */
struct wire_writer scm_reply_begin(DWORD error);
void scm_reply_end(struct pipe_connection *c, struct wire_writer *w);
void scm_reply_error(struct pipe_connection *c, DWORD error);

/* Promises a connection for `service` with these rights. */
DWORD scm_ticket(struct pipe_connection *manager, struct service *service, uint32_t access,
                 uint64_t *number);
/* The same, for a watch. */
void scm_watch_request(struct pipe_connection *c, struct wire_reader *r);
DWORD scm_lock(struct pipe_connection *manager, uint64_t *number);
bool scm_locked(DWORD *seconds, DWORD *pid);

/* The error that refuses this configuration of the service `name` in this database, or 0. */
DWORD scm_config_refused(const wchar_t *name, const struct service_config *config);
/* A tag that no service of the load order group has. */
uint32_t scm_new_tag(struct str16 group);

/* Writes the services from the index `first` on that `wanted` says yes to: u32 next, u32 n and n
 * entries, as the message SCM_ENUM_SERVICES defines. `whole`: `wanted` looks at all of a
 * configuration. */
void scm_put_services(struct wire_writer *w, uint32_t first, bool whole,
                      bool (*wanted)(void *context, const wchar_t *name,
                                     const struct db_config *config,
                                     const struct scm_process_status *status),
                      void *context);

#endif
