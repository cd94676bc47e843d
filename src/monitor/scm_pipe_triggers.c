#include "monitor/scm_pipe_triggers.h"

#include <stdlib.h>
#include "layer/plume_layer.h"
#include "monitor/log.h"
#include "monitor/scm_server.h"

enum { TRIGGERS_MAX = 4096, PIPE_NAME_MAX = 256 };

struct pipe_trigger {
    struct pipe_trigger *next;
    wchar_t service[SERVICE_NAME_MAX + 1];
    uint16_t pipe[PIPE_NAME_MAX];
    size_t pipe_len;
};

static struct pipe_trigger *triggers;
static uint32_t trigger_count;

// The VM's programs ask only while there is something to ask for.
static void set_count(uint32_t count)
{
    trigger_count = count;
    plume_layer_outside()->expect_pipes(count);
}

bool pipe_triggers_add(const wchar_t *service, struct str16 pipe)
{
    if (!pipe.len || pipe.len > PIPE_NAME_MAX || trigger_count == TRIGGERS_MAX)
        return false;
    struct pipe_trigger *trigger = calloc(1, sizeof *trigger);
    if (!trigger)
        return false;
    wcscpy(trigger->service, service);
    memcpy(trigger->pipe, pipe.s, pipe.len * sizeof *trigger->pipe);
    trigger->pipe_len = pipe.len;
    trigger->next = triggers;
    triggers = trigger;
    set_count(trigger_count + 1);
    return true;
}

void pipe_triggers_forget(const wchar_t *service)
{
    uint32_t count = trigger_count;
    for (struct pipe_trigger **at = &triggers; *at;) {
        struct pipe_trigger *trigger = *at;
        if (_wcsicmp(trigger->service, service) == 0) {
            *at = trigger->next;
            free(trigger);
            count--;
        } else {
            at = &trigger->next;
        }
    }
    if (count != trigger_count)
        set_count(count);
}

static void started(void *context, DWORD error)
{
    scm_reply_error(context, error);
}

// The service as it is: one that is deleted meanwhile, or switched off, starts for no pipe.
static DWORD find(const wchar_t *name, struct service **service)
{
    struct db_config config;
    DWORD error = scm_find(str16_of((const uint16_t *)name), service);
    if (error == ERROR_SUCCESS)
        error = db_load(name, &config);
    if (error != ERROR_SUCCESS)
        return error;
    if ((*service)->delete_marked || config.delete_flag)
        error = ERROR_SERVICE_MARKED_FOR_DELETE;
    else if (config.start == SVC_DISABLED)
        error = ERROR_SERVICE_DISABLED;
    db_free(&config);
    return error;
}

void pipe_triggers_request(struct pipe_connection *c, struct wire_reader *r)
{
    struct str16 pipe = wire_get_str16(r);
    uint32_t again = wire_get_u32(r);
    DWORD answer = ERROR_FILE_NOT_FOUND;
    bool asked = false; // whose end is the answer
    if (!wire_done(r)) {
        scm_reply_error(c, ERROR_INVALID_PARAMETER);
        return;
    }
    for (struct pipe_trigger *trigger = triggers, *next; trigger; trigger = next) {
        struct str16 wanted = {trigger->pipe, trigger->pipe_len};
        struct service *service;
        next = trigger->next;
        if (!str16_equal_nocase(wanted, pipe) || find(trigger->service, &service) != ERROR_SUCCESS)
            continue;
        if (service->status.state == SVC_START_PENDING ||
            (again && service->status.state == SVC_RUNNING))
            answer = ERROR_SUCCESS;
        else if (service->status.state != SVC_STOPPED && answer != ERROR_SUCCESS)
            answer = ERROR_SERVICE_ALREADY_RUNNING;
        if (again || service->status.state != SVC_STOPPED)
            continue;
        log_line(L"service %s: its pipe is opened, which triggers its start", service->name);
        service->start_reason = SVC_START_REASON_TRIGGER;
        // The first one that can be started is answered for, when its program has taken the start.
        if (scm_start(service, (struct wire_blob){0}, asked ? NULL : started, asked ? NULL : c) ==
            ERROR_SUCCESS)
            asked = true;
    }
    if (!asked)
        scm_reply_error(c, answer);
}
