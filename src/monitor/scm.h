// The VM's service control manager: its services and their processes. One thread, nothing blocks;
// what takes time ends in a callback.
#ifndef PLUME_MONITOR_SCM_H
#define PLUME_MONITOR_SCM_H

#include <windows.h>
#include <stdbool.h>
#include <stdint.h>
#include "core/scm_proto.h"
#include "monitor/loop.h"
#include "monitor/scm_database.h"

enum {
    SCM_SERVICES_MAX = 4096, // services that something is known of besides the database
    SCM_CONNECTIONS_MAX =
        8192, // handles of the service API that all of the VM's programs have open
};

struct service_process;
struct scm_start;

/* What is known of a service besides its configuration. It exists from the first time that anyone
 * asks for the service until the service is deleted. */
struct service {
    struct service *next;
    wchar_t name[SERVICE_NAME_MAX + 1]; // as the database spells it
    struct service_status status;
    struct service_process *process; // NULL while stopped
    unsigned handles;                // open handles and tickets
    bool delete_marked;
    bool told_to_stop; // by scm_shutdown()
    bool told_of_end;  // it got SERVICE_CONTROL_PRESHUTDOWN, by scm_shutdown() as well
    bool end_is_over;  // its time for that is over
    size_t end_place;  // in the order of these
    uint32_t
        launch; // counts its starts, so that a status handle of an earlier one is known as stale
    uint32_t changes;      // counts the states that it came into
    uint32_t start_reason; // enum service_start_reason; 0 while nobody has said why
};

/* An operation's end: a Win32 error. Called once. */
typedef void scm_done(void *context, DWORD error);

/* scm.c: services */
void scm_set_job(HANDLE job);
DWORD scm_open(void);
/* The service, as the database or an earlier call knows it. */
DWORD scm_find(struct str16 name, struct service **service);
/* Services that something is known of; the first and then each one's next. */
struct service *scm_known(void);
/* What `process_status` says of a service that may not be known yet: name as the database spells
 * it. */
struct scm_process_status scm_status_of(const wchar_t *name, const struct db_config *config);
DWORD scm_delete(struct service *service);
void scm_hold(struct service *service);
void scm_release(struct service *service); // the last one deletes what is marked and stopped
/* Takes over a status, tells whoever waits for one, and lets the process go after the last stop. */
void scm_report(struct service *service, const struct service_status *reported);
/* Whether a service that is not stopped depends on this one. */
bool scm_has_active_dependents(const struct service *service);
/* Whether the service `config` depends on the one called `name`, also through a group (`group`:
 * that one's, or NULL). */
bool scm_depends_on(const struct db_config *config, const wchar_t *name, const wchar_t *group);
/* Set when the VM stops: nothing is started any more. */
void scm_set_stopping(void);
bool scm_is_stopping(void);

/* scm_start.c: starting a service with what it depends on */
DWORD scm_start(struct service *service, struct wire_blob arguments, scm_done *done, void *context);
void scm_start_forget(void *context); // its `done` is not wanted any more
void scm_start_status_changed(struct service *service);

/* scm_process.c: processes and what is sent to them */
struct scm_sending {
    struct service *service;
    uint32_t kind; // enum scm_event
    uint32_t control;
    uint32_t type;              // for a start: the service's
    struct wire_blob arguments; // for a start: wire-encoded u32 n, n * str; copied
    scm_done *done;             // may be NULL
    void *context;
};
/* Makes the service's process, or finds the one that it shares, and sends the start. The service is
 * START_PENDING when this returns success, and `done` will be called. */
DWORD scm_launch(struct service *service, struct wire_blob arguments, scm_done *done,
                 void *context);
/* Sends an event to the service's process. */
DWORD scm_send(const struct scm_sending *event);
void scm_send_forget(void *context);
/* A service has stopped in this process. */
void scm_process_leave(struct service *service);
/* Runs a program that is no service, with a service's environment and output. */
DWORD scm_run_command(const wchar_t *service, const wchar_t *command);
struct service_process *scm_process_by_pid(DWORD pid);
DWORD scm_process_pid(const struct service_process *process);
/* Whether there is a process whose services have all stopped and that has not ended yet. */
bool scm_process_any_leaving(void);
/* The one that runs in `process` under this name; a process of one service needs no name. */
struct service *scm_process_service(struct service_process *process, struct str16 name);
/* The process's dispatcher: NEXT has come (with how the last event ended), or its connection is
 * gone. */
DWORD scm_dispatcher_attach(struct service_process *process, void *connection);
void scm_dispatcher_next(struct service_process *process, uint32_t sequence, DWORD error);
void scm_dispatcher_gone(struct service_process *process);

/* scm_watch.c: telling those who wait for changes. Each is called after the change. */
void scm_watch_status(struct service *service); // it came into another state
void scm_watch_config(struct service *service);
void scm_watch_delete_pending(struct service *service);
void scm_watch_database(const wchar_t *name, bool created); // a service was made, or is gone

/* scm_failure.c: what follows when a service fails */
/* The service is stopped. `crashed`: its process ended before it had said that it was. */
void scm_failure_stopped(const struct service *service, bool crashed);
/* The service is deleted: what is still to follow does not, and its failures are forgotten. */
void scm_failure_forget(const wchar_t *name);

/* scm_server.c: the connections */
NTSTATUS scm_serve(const wchar_t *pipe);
/* Sends an event as the reply to the dispatcher's NEXT. */
void scm_server_send_event(void *connection, const void *data, size_t len);
/* The process is gone; its dispatcher's connection must forget it. */
void scm_server_detach(void *connection);

/* scm_shutdown.c */
/* Tells the services that want it that the end is near, one after the other in the order that the
 * machine has for them, and then all to stop; waits up to `milliseconds` in all, and calls `done`
 * once with the names of those that did not stop. Called again while under way: the earlier moment
 * counts. 0: does not ask them. */
void scm_shutdown(DWORD milliseconds, void (*done)(const wchar_t *const *names, unsigned count));
void scm_shutdown_status_changed(struct service *service);
void scm_shutdown_process_ended(void);

#endif
