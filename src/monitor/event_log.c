// Events that programs of the VM report: core/scm_proto.h, the requests of an event source.
#include "monitor/scm_server.h"

#include <stdlib.h>
#include "monitor/log.h"
#include "monitor/output.h"

struct event_source {
    wchar_t service[LOG_NAME_MAX + 1]; // whose process it is; empty: no service's
    DWORD pid;
    struct str16 name;
    uint16_t units[LOG_NAME_MAX];
};

void event_source_open(struct pipe_connection *c, struct wire_reader *r)
{
    struct scm_connection *s = pipe_state(c);
    DWORD claimed = wire_get_u32(r), pid = pipe_client(c);
    struct str16 name = wire_get_str16(r);
    if (!wire_done(r) || !name.len || name.len > LOG_NAME_MAX) {
        scm_reply_error(c, ERROR_INVALID_PARAMETER);
        return;
    }
    struct event_source *source = calloc(1, sizeof(*source));
    if (!source) {
        scm_reply_error(c, ERROR_NOT_ENOUGH_MEMORY);
        return;
    }
    source->pid = pid ? pid : claimed;
    memcpy(source->units, name.s, name.len * sizeof(uint16_t));
    source->name = (struct str16){source->units, name.len};
    // In a process of several services, it is the one that is called like the source.
    struct service_process *process = scm_process_by_pid(source->pid);
    struct service *service = process ? scm_process_service(process, name) : NULL;
    if (service)
        wcsncpy(source->service, service->name, LOG_NAME_MAX);
    s->kind = SCM_KIND_EVENT_SOURCE;
    s->source = source;
    scm_reply_error(c, ERROR_SUCCESS);
}

void event_source_close(struct event_source *source)
{
    free(source);
}

static void report(struct pipe_connection *c, const struct event_source *source,
                   struct wire_reader *r)
{
    struct log_entry entry = {.stream = LOG_EVENT,
                              .service = str16_of((const uint16_t *)source->service),
                              .pid = source->pid,
                              .source = source->name};
    entry.event_type = wire_get_u32(r);
    entry.category = wire_get_u32(r);
    entry.event_id = wire_get_u32(r);
    entry.text = wire_get_str16(r);
    bool ok = wire_done(r);
    if (ok) {
        output_drain(source->pid); // what it has written before stands before it
        log_put(&entry);
    }
    scm_reply_error(c, ok ? ERROR_SUCCESS : ERROR_INVALID_PARAMETER);
}

bool event_source_request(struct pipe_connection *c, uint32_t op, struct wire_reader *r)
{
    const struct scm_connection *s = pipe_state(c);
    if (op == SCM_REPORT_EVENT) {
        report(c, s->source, r);
        return true;
    }
    if (op != SCM_QUERY_SOURCE || !wire_done(r))
        return false;
    struct wire_writer w = scm_reply_begin(ERROR_SUCCESS);
    wire_put_str16(&w, s->source->name);
    scm_reply_end(c, &w);
    return true;
}
