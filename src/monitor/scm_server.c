// The SCM's connections: decodes requests, checks each against what its handle may do, and answers.
// core/scm_proto.h says what the messages are.
#include "monitor/scm_server.h"

#include <stdlib.h>
#include "monitor/bridge.h"
#include "monitor/log.h"
#include "monitor/pipe.h"
#include "monitor/power.h"
#include "monitor/scm_pipe_triggers.h"
#include "monitor/scm_watch.h"
#include "monitor/station.h"

enum {
    TICKETS_MAX = 256, // promised connections that have not been made yet
    LISTENERS = 8,
};

/* A connection that a manager's reply promised. */
struct ticket {
    struct ticket *next;
    uint64_t number;
    struct pipe_connection *manager; // who asked: the ticket ends with it
    struct service *service;         // held; NULL: the lock of the database
    struct scm_watch *watch;         // or this one's connection
    uint32_t access;
};

static struct ticket *tickets;
static unsigned ticket_count;
static uint64_t ticket_last;

/* The lock of LockServiceDatabase(): taken with the ticket, held by the connection made from it. */
static struct {
    bool locked;
    DWORD since;
    DWORD pid;
} lock;

_Alignas(8) static uint8_t reply_buffer[SCM_MESSAGE_MAX];

struct wire_writer scm_reply_begin(DWORD error)
{
    struct wire_writer w = wire_writer_on(reply_buffer, sizeof(reply_buffer));
    wire_put_u32(&w, error);
    return w;
}

void scm_reply_end(struct pipe_connection *c, struct wire_writer *w)
{
    if (w->failed) { // an answer that is longer than any message: tell that, not a part
        *w = scm_reply_begin(ERROR_NOT_ENOUGH_MEMORY);
    }
    pipe_reply(c, reply_buffer, w->len);
}

void scm_reply_error(struct pipe_connection *c, DWORD error)
{
    struct wire_writer w = scm_reply_begin(error);
    scm_reply_end(c, &w);
}

static void free_ticket(struct ticket *ticket, bool used)
{
    for (struct ticket **at = &tickets; *at; at = &(*at)->next) {
        if (*at == ticket) {
            *at = ticket->next;
            break;
        }
    }
    ticket_count--;
    if (!used && ticket->watch)
        scm_watch_abandon(ticket->watch);
    else if (!used && ticket->service)
        scm_release(ticket->service);
    else if (!used)
        lock.locked = false;
    free(ticket);
}

static DWORD promise(struct pipe_connection *manager, struct service *service,
                     struct scm_watch *watch, uint32_t access, uint64_t *number)
{
    // Whoever asks without ever coming for it loses the oldest promise, not others' handles.
    while (ticket_count >= TICKETS_MAX) {
        struct ticket *oldest = tickets;
        while (oldest->next)
            oldest = oldest->next;
        free_ticket(oldest, false);
    }
    struct ticket *ticket = calloc(1, sizeof(*ticket));
    if (!ticket)
        return ERROR_NOT_ENOUGH_MEMORY;
    ticket->number = *number = ++ticket_last;
    ticket->manager = manager;
    ticket->service = service;
    ticket->watch = watch;
    ticket->access = access;
    ticket->next = tickets;
    tickets = ticket;
    ticket_count++;
    if (service)
        scm_hold(service);
    return ERROR_SUCCESS;
}

DWORD scm_ticket(struct pipe_connection *manager, struct service *service, uint32_t access,
                 uint64_t *number)
{
    return promise(manager, service, NULL, access, number);
}

void scm_watch_request(struct pipe_connection *c, struct wire_reader *r)
{
    struct scm_connection *s = pipe_state(c);
    uint32_t mask = wire_get_u32(r), flags = wire_get_u32(r);
    struct scm_watch *watch;
    uint64_t number = 0;
    DWORD error = ERROR_INVALID_PARAMETER;
    if (wire_done(r))
        error = scm_watch_open(c, s->service, mask, flags, &watch);
    if (error == ERROR_SUCCESS) {
        error = promise(c, NULL, watch, 0, &number);
        if (error != ERROR_SUCCESS)
            scm_watch_abandon(watch);
    }
    struct wire_writer w = scm_reply_begin(error);
    if (error == ERROR_SUCCESS)
        wire_put_u64(&w, number);
    scm_reply_end(c, &w);
}

bool scm_locked(DWORD *seconds, DWORD *pid)
{
    *seconds = lock.locked ? (GetTickCount() - lock.since) / 1000 : 0;
    *pid = lock.locked ? lock.pid : 0;
    return lock.locked;
}

DWORD scm_lock(struct pipe_connection *manager, uint64_t *number)
{
    if (lock.locked)
        return ERROR_SERVICE_DATABASE_LOCKED;
    DWORD error = scm_ticket(manager, NULL, 0, number);
    if (error == ERROR_SUCCESS) {
        lock.locked = true;
        lock.since = GetTickCount();
        lock.pid = pipe_client(manager);
    }
    return error;
}

static void adopt(struct pipe_connection *c, struct wire_reader *r)
{
    struct scm_connection *s = pipe_state(c);
    uint64_t number = wire_get_u64(r);
    struct ticket *ticket = tickets;
    while (ticket && ticket->number != number)
        ticket = ticket->next;
    if (!wire_done(r) || !ticket) {
        scm_reply_error(c, ERROR_INVALID_HANDLE);
        return;
    }
    s->kind = ticket->watch ? SCM_KIND_WATCH : ticket->service ? SCM_KIND_SERVICE : SCM_KIND_LOCK;
    s->watch = ticket->watch;
    if (s->watch)
        scm_watch_attach(s->watch, c);
    s->service = ticket->service;
    s->access = ticket->access;
    free_ticket(ticket, true);
    scm_reply_error(c, ERROR_SUCCESS);
}

static void open_manager(struct pipe_connection *c, struct wire_reader *r)
{
    static const uint16_t active[] = u"ServicesActive", failed[] = u"ServicesFailed";
    struct scm_connection *s = pipe_state(c);
    struct str16 database = wire_get_str16_opt(r);
    uint32_t access = wire_get_u32(r);
    DWORD error = ERROR_SUCCESS;
    if (!wire_done(r))
        error = ERROR_INVALID_PARAMETER;
    else if (database.len && str16_equal_nocase(database, str16_of(failed)))
        error = ERROR_DATABASE_DOES_NOT_EXIST;
    else if (database.len && !str16_equal_nocase(database, str16_of(active)))
        error = ERROR_INVALID_NAME;
    else if (!service_access_is_known(access, true))
        error = ERROR_ACCESS_DENIED;
    if (error == ERROR_SUCCESS) {
        s->kind = SCM_KIND_MANAGER;
        s->access = service_manager_access(access);
    }
    scm_reply_error(c, error);
}

// Who a service's process is, is what the system says; where it cannot, the client's word has to
// name a process that this SCM has started.
static struct service_process *client_process(struct pipe_connection *c, DWORD claimed)
{
    DWORD pid = pipe_client(c);
    return scm_process_by_pid(pid ? pid : claimed);
}

static void open_dispatcher(struct pipe_connection *c, struct wire_reader *r)
{
    struct scm_connection *s = pipe_state(c);
    struct service_process *process = client_process(c, wire_get_u32(r));
    DWORD error = ERROR_FAILED_SERVICE_CONTROLLER_CONNECT;
    if (wire_done(r) && process)
        error = scm_dispatcher_attach(process, c);
    if (error == ERROR_SUCCESS) {
        s->kind = SCM_KIND_DISPATCHER;
        s->process = process;
    }
    scm_reply_error(c, error);
}

static void open_status(struct pipe_connection *c, struct wire_reader *r)
{
    struct scm_connection *s = pipe_state(c);
    struct service_process *process = client_process(c, wire_get_u32(r));
    struct str16 name = wire_get_str16(r);
    struct service *service = process && wire_done(r) ? scm_process_service(process, name) : NULL;
    if (!service) {
        scm_reply_error(c, ERROR_SERVICE_NOT_IN_EXE);
        return;
    }
    s->kind = SCM_KIND_STATUS;
    s->service = service;
    s->launch = service->launch;
    scm_hold(service);
    scm_reply_error(c, ERROR_SUCCESS);
}

static void set_status(struct pipe_connection *c, struct wire_reader *r)
{
    struct scm_connection *s = pipe_state(c);
    struct service_status status = scm_get_status(r);
    DWORD error = wire_done(r) ? service_status_check(&status) : ERROR_INVALID_PARAMETER;
    // The handle is good for the run of the service that it was made for.
    if (error == ERROR_SUCCESS && (!s->service->process || s->service->launch != s->launch))
        error = ERROR_INVALID_HANDLE;
    if (error == ERROR_SUCCESS)
        scm_report(s->service, &status);
    if (error == ERROR_SUCCESS && status.state == SVC_STOPPED)
        scm_failure_stopped(s->service, false);
    scm_reply_error(c, error);
}

// What a service asks about itself.
static void tell_own(struct pipe_connection *c, uint32_t op, struct wire_reader *r)
{
    struct scm_connection *s = pipe_state(c);
    DWORD error = ERROR_INVALID_PARAMETER;
    if (wire_done(r))
        error = s->service->process && s->service->launch == s->launch ? ERROR_SUCCESS
                                                                       : ERROR_INVALID_HANDLE;
    struct wire_writer w = scm_reply_begin(error);
    if (error == ERROR_SUCCESS && op == SCM_OWN_NAME)
        wire_put_str16(&w, str16_of((const uint16_t *)s->service->name));
    else if (error == ERROR_SUCCESS)
        wire_put_u32(&w,
                     s->service->start_reason ? s->service->start_reason : SVC_START_REASON_DEMAND);
    scm_reply_end(c, &w);
}

static void station(struct pipe_connection *c, struct wire_reader *r)
{
    struct station_names names;
    DWORD error = wire_done(r) ? station_open(&names) : ERROR_INVALID_PARAMETER;
    struct wire_writer w = scm_reply_begin(error);
    if (error == ERROR_SUCCESS) {
        wire_put_str16(&w, names.station);
        wire_put_str16(&w, names.desktop);
    }
    scm_reply_end(c, &w);
}

static void unknown_request(struct pipe_connection *c, uint32_t op, struct wire_reader *r)
{
    if (wire_get_u32(r) != SCM_VERSION) {
        pipe_close(c);
        return;
    }
    switch (op) {
    case SCM_OPEN_MANAGER:
        open_manager(c, r);
        break;
    case SCM_ADOPT:
        adopt(c, r);
        break;
    case SCM_DISPATCHER:
        open_dispatcher(c, r);
        break;
    case SCM_STATUS_HANDLE:
        open_status(c, r);
        break;
    case SCM_SHUT_DOWN: {
        uint32_t seconds = wire_get_u32(r);
        scm_reply_error(c, wire_done(r) ? power_shut_down(seconds) : ERROR_INVALID_PARAMETER);
        break;
    }
    case SCM_ABORT_SHUT_DOWN:
        scm_reply_error(c, wire_done(r) ? power_abort() : ERROR_INVALID_PARAMETER);
        break;
    case SCM_STATION:
        station(c, r);
        break;
    case SCM_EVENT_SOURCE:
        event_source_open(c, r);
        break;
    case SCM_PIPE_OPENED:
        pipe_triggers_request(c, r);
        break;
    case SCM_GIVE_LAYER:
        bridge_request(c, r);
        break;
    default:
        pipe_close(c);
    }
}

static void let_go(struct pipe_connection *c)
{
    struct scm_connection *s = pipe_state(c);
    scm_start_forget(c);
    scm_send_forget(c);
    struct ticket *next;
    for (struct ticket *ticket = tickets; ticket; ticket = next) {
        next = ticket->next;
        if (ticket->manager == c)
            free_ticket(ticket, false);
    }
    enum scm_kind kind = s->kind;
    s->kind = SCM_KIND_CLOSED;
    scm_watch_owner_gone(c);
    if (s->watch)
        scm_watch_detach(s->watch, c);
    s->watch = NULL;
    if (kind == SCM_KIND_DISPATCHER && s->process)
        scm_dispatcher_gone(s->process);
    if (kind == SCM_KIND_LOCK)
        lock.locked = false;
    if (s->service)
        scm_release(s->service);
    s->service = NULL;
    event_source_close(s->source);
    s->source = NULL;
}

static void request(struct pipe_connection *c, const void *data, size_t len)
{
    struct scm_connection *s = pipe_state(c);
    struct wire_reader r = wire_reader_on(data, len);
    uint32_t op = wire_get_u32(&r);
    if (r.failed) {
        pipe_close(c);
        return;
    }
    if (op == SCM_CLOSE && s->kind != SCM_KIND_DISPATCHER) {
        let_go(c);
        scm_reply_error(c, ERROR_SUCCESS);
        return;
    }
    bool handled = true;
    switch (s->kind) {
    case SCM_KIND_NEW:
        unknown_request(c, op, &r);
        break;
    case SCM_KIND_MANAGER:
        handled = scm_manager_request(c, op, &r);
        break;
    case SCM_KIND_SERVICE:
        handled = scm_service_request(c, op, &r);
        break;
    case SCM_KIND_DISPATCHER:
        handled = op == SCM_NEXT && s->process;
        if (handled) {
            uint32_t sequence = wire_get_u32(&r);
            uint32_t error = wire_get_u32(&r);
            if (wire_done(&r))
                scm_dispatcher_next(s->process, sequence, error);
            else
                pipe_close(c);
        }
        break;
    case SCM_KIND_STATUS:
        handled = op >= SCM_SET_STATUS && op <= SCM_START_REASON;
        if (op == SCM_SET_STATUS)
            set_status(c, &r);
        else if (op == SCM_SET_BITS) // bits that only the network's browser asked for: taken,
                                     // without effect
            scm_reply_error(c, ERROR_SUCCESS);
        else if (handled)
            tell_own(c, op, &r);
        break;
    case SCM_KIND_WATCH:
        handled = op == SCM_NEXT_CHANGE && s->watch && wire_done(&r);
        if (handled)
            scm_watch_next(s->watch, c);
        break;
    case SCM_KIND_EVENT_SOURCE:
        handled = event_source_request(c, op, &r);
        break;
    case SCM_KIND_LOCK:
    case SCM_KIND_CLOSED:
        handled = false;
        break;
    }
    if (!handled)
        scm_reply_error(c, ERROR_INVALID_HANDLE);
}

void scm_server_send_event(void *connection, const void *data, size_t len)
{
    pipe_reply(connection, data, len);
}

void scm_server_detach(void *connection)
{
    struct scm_connection *s = pipe_state(connection);
    s->process = NULL;
    pipe_close(connection);
}

NTSTATUS scm_serve(const wchar_t *pipe)
{
    static struct pipe_server server = {
        .message_max = SCM_MESSAGE_MAX,
        .listeners = LISTENERS,
        .connections_max = SCM_CONNECTIONS_MAX,
        .state_size = sizeof(struct scm_connection),
        .request = request,
        .closed = let_go,
    };
    server.name = pipe;
    return pipe_serve(&server, true);
}
