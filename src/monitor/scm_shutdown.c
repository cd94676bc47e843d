// The end of a VM as its services see it: what a machine's shutdown is to them.
#include "monitor/scm.h"

#include <stdlib.h>
#include "core/service_order.h"
#include "monitor/log.h"
#include "monitor/registry.h"

static void (*report)(const wchar_t *const *names, unsigned count);
static bool finished;
static bool ending; // the services are asked; first those that want to know before the others
static bool asked;  // all the others, too
static struct loop_timer deadline;
static struct loop_timer grace;
static struct loop_timer preshutdown; // of those that have been told that the end is near

// A program whose services have all stopped may have something left to do before it ends.
enum { GRACE_MS = 1000 };

static DWORD deadline_at;

static struct service_ending ending_of(const struct service *s)
{
    return (struct service_ending){.state = s->status.state,
                                   .accepted = s->status.accepted,
                                   .place = s->end_place,
                                   .told = s->told_of_end,
                                   .over = s->end_is_over};
}

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
    loop_timer_clear(&preshutdown);
    static const wchar_t *names[SCM_SERVICES_MAX];
    unsigned count = 0;
    for (struct service *s = scm_known(); ending && s; s = s->next) {
        struct service_ending e = ending_of(s);
        if ((is_awaited(s) || (!asked && service_ending_holds(&e))) && count < SCM_SERVICES_MAX) {
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

// Milliseconds that the service is given after SERVICE_CONTROL_PRESHUTDOWN.
static DWORD time_of(const struct service *service)
{
    enum { DEFAULT = 180000, MAX = 3600000 };
    _Alignas(4) uint8_t info[16];
    struct wire_writer w = wire_writer_on(info, sizeof info);
    if (db_put_info(service->name, SCM_INFO_PRESHUTDOWN, &w) != ERROR_SUCCESS)
        return DEFAULT;
    struct wire_reader r = wire_reader_on(info, w.len);
    uint32_t time = wire_get_u32(&r);
    return time < MAX ? time : MAX;
}

static void tell_of_end(struct service *service)
{
    struct scm_sending event = {
        .service = service, .kind = SCM_EVENT_CONTROL, .control = SVC_CONTROL_PRESHUTDOWN};
    service->told_of_end = true;
    DWORD error = scm_send(&event);
    if (error == ERROR_SUCCESS)
        return;
    log_line(L"service %s: cannot be told of the end: Win32 error %lu", service->name, error);
    service->end_is_over = true;
}

static void go_on(void);

static void preshutdown_over(struct loop_timer *timer)
{
    (void)timer;
    for (struct service *s = scm_known(); s; s = s->next) {
        struct service_ending e = ending_of(s);
        if (e.told && service_ending_holds(&e)) {
            log_line(L"service %s: its time before the end is over", s->name);
            s->end_is_over = true;
        }
    }
    go_on();
}

// The one that is to come to an end before any other; NULL: there is none any more.
static struct service *first_that_holds(void)
{
    struct service *first = NULL;
    struct service_ending best;
    for (struct service *s = scm_known(); s; s = s->next) {
        struct service_ending e = ending_of(s);
        if (service_ending_holds(&e) && (!first || service_ending_before(&e, &best))) {
            first = s;
            best = e;
        }
    }
    return first;
}

// Tells those whose turn it is that the end is near. False: nobody is waited for.
static bool hold(void)
{
    for (;;) {
        struct service *first = first_that_holds();
        if (!first)
            return false;
        bool told = false, waits = false;
        struct service_ending turn = ending_of(first);
        DWORD longest = 0;
        for (struct service *s = scm_known(); s; s = s->next) {
            struct service_ending e = ending_of(s);
            if (!service_ending_holds(&e) || service_ending_before(&turn, &e))
                continue;
            if (!e.told) {
                tell_of_end(s);
                told = true;
                DWORD time = time_of(s);
                longest = time > longest ? time : longest;
            }
            waits = waits || !s->end_is_over;
        }
        if (told && waits)
            loop_timer_set(&preshutdown, longest);
        if (waits)
            return true;
    }
}

static void go_on(void)
{
    if (!asked && !finished) {
        if (hold())
            return;
        loop_timer_clear(&preshutdown);
        asked = true;
    }
    for (struct service *s = scm_known(); s && !finished; s = s->next) {
        if (s->status.state != SVC_STOPPED)
            ask(s);
    }
    finish_if_done();
}

void scm_shutdown_status_changed(struct service *service)
{
    if (!ending || finished)
        return;
    if (!asked) {
        go_on();
        return;
    }
    ask(service);
    finish_if_done();
}

void scm_shutdown_process_ended(void)
{
    finish_if_done();
}

// Where each service stands in Control\PreshutdownOrder.
static void find_places(void)
{
    HKEY key;
    size_t len = 0;
    wchar_t *order = NULL;
    if (RegOpenKeyExW(HKEY_LOCAL_MACHINE, L"SYSTEM\\CurrentControlSet\\Control", 0, KEY_QUERY_VALUE,
                      &key) == ERROR_SUCCESS) {
        order = registry_text(key, L"PreshutdownOrder", &len);
        RegCloseKey(key);
    }
    for (struct service *s = scm_known(); s; s = s->next)
        s->end_place = service_list_place((struct str16){(uint16_t *)order, order ? len : 0},
                                          str16_of((const uint16_t *)s->name));
    free(order);
}

void scm_shutdown(DWORD milliseconds, void (*done)(const wchar_t *const *names, unsigned count))
{
    if (finished)
        return;
    bool first = !report;
    report = done;
    scm_set_stopping();
    deadline.fire = grace.fire = late;
    preshutdown.fire = preshutdown_over;
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
    ending = true;
    find_places();
    go_on();
}
