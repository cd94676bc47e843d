// The end of a VM as its services see it: what a machine's shutdown is to them.
#include "monitor/scm.h"

#include <stdlib.h>
#include "monitor/log.h"

static void (*report)(const wchar_t *const *names, unsigned count);
static bool finished, asked;
static struct loop_timer deadline;
static DWORD deadline_at;

static bool all_stopped(void)
{
    for (struct service *s = scm_known(); s; s = s->next) {
        if (s->status.state != SVC_STOPPED)
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
    static const wchar_t *names[SCM_SERVICES_MAX];
    unsigned count = 0;
    for (struct service *s = scm_known(); asked && s; s = s->next) {
        if (s->status.state != SVC_STOPPED && count < SCM_SERVICES_MAX) {
            log_line(L"service %s: has not stopped in its time and is ended", s->name);
            names[count++] = s->name;
        }
    }
    report(names, count);
}

static void late(struct loop_timer *timer)
{
    (void)timer;
    finish();
}

void scm_shutdown_status_changed(void)
{
    if (report && asked && !finished && all_stopped())
        finish();
}

static void ask(struct service *service)
{
    struct scm_sending event = {.service = service, .kind = SCM_EVENT_CONTROL};
    if (service_control_check(&service->status, SVC_CONTROL_SHUTDOWN) == SVC_OK)
        event.control = SVC_CONTROL_SHUTDOWN;
    else if (service_control_check(&service->status, SVC_CONTROL_STOP) == SVC_OK)
        event.control = SVC_CONTROL_STOP;
    else
        return;
    DWORD error = scm_send(&event);
    if (error != ERROR_SUCCESS)
        log_line(L"service %s: cannot be told to stop: Win32 error %lu", service->name, error);
}

void scm_shutdown(DWORD milliseconds, void (*done)(const wchar_t *const *names, unsigned count))
{
    if (finished)
        return;
    bool first = !report;
    report = done;
    scm_set_stopping();
    deadline.fire = late;
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
    scm_shutdown_status_changed();
}
