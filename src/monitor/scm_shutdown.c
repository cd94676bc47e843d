// The end of a VM as its services see it: what a machine's shutdown is to them.
#include "monitor/scm.h"

#include <stdlib.h>
#include "monitor/log.h"

static void (*report)(const wchar_t *const *names, unsigned count);
static bool finished, asked;
static struct loop_timer deadline;
static struct loop_timer grace;

// A program whose services have all stopped may have something left to do before it ends.
enum { GRACE_MS = 1000 };

static DWORD deadline_at;

// A service that was told to stop, or is starting and will be told, is waited for. One that takes
// no such control has nothing to do at the end.
static bool is_awaited(const struct service *service)
{
    uint32_t state = service->status.state;
    return state != SVC_STOPPED &&
           (service->told_to_stop || state == SVC_START_PENDING || state == SVC_STOP_PENDING);
}

static bool none_awaited(void)
{
    for (struct service *s = scm_known(); s; s = s->next) {
        if (is_awaited(s))
            return false;
    }
    return true;
}

static void finish(void)
{
    if (finished)
        return;
    finished = true;
    loop_timer_clear(&deadline);
    loop_timer_clear(&grace);
    static const wchar_t *names[SCM_SERVICES_MAX];
    unsigned count = 0;
    for (struct service *s = scm_known(); asked && s; s = s->next) {
        if (is_awaited(s) && count < SCM_SERVICES_MAX) {
            log_line(L"service %s: has not stopped in its time and is ended", s->name);
            names[count++] = s->name;
        }
    }
    report(names, count);
}

static void finish_if_done(void)
{
    if (!asked || finished || !none_awaited())
        return;
    if (!scm_process_any_leaving())
        finish();
    else if (!grace.set)
        loop_timer_set(&grace, GRACE_MS);
}

static void late(struct loop_timer *timer)
{
    (void)timer;
    finish();
}

static void ask(struct service *service)
{
    struct scm_sending event = {.service = service, .kind = SCM_EVENT_CONTROL};
    if (service->told_to_stop)
        return;
    if (service_control_check(&service->status, SVC_CONTROL_SHUTDOWN) == SVC_OK)
        event.control = SVC_CONTROL_SHUTDOWN;
    else if (service_control_check(&service->status, SVC_CONTROL_STOP) == SVC_OK)
        event.control = SVC_CONTROL_STOP;
    else
        return;
    service->told_to_stop = true;
    DWORD error = scm_send(&event);
    if (error != ERROR_SUCCESS)
        log_line(L"service %s: cannot be told to stop: Win32 error %lu", service->name, error);
}

void scm_shutdown_status_changed(struct service *service)
{
    if (!asked || finished)
        return;
    ask(service);
    finish_if_done();
}

void scm_shutdown_process_ended(void)
{
    finish_if_done();
}

void scm_shutdown(DWORD milliseconds, void (*done)(const wchar_t *const *names, unsigned count))
{
    if (finished)
        return;
    bool first = !report;
    report = done;
    scm_set_stopping();
    deadline.fire = grace.fire = late;
    DWORD at = GetTickCount() + milliseconds;
    if (first || (LONG)(at - deadline_at) < 0) {
        deadline_at = at;
        loop_timer_set(&deadline, milliseconds);
    }
    if (milliseconds == 0) {
        finish();
        return;
    }
    if (!first)
        return;
    asked = true;
    for (struct service *s = scm_known(); s; s = s->next) {
        if (s->status.state != SVC_STOPPED)
            ask(s);
    }
    finish_if_done();
}
