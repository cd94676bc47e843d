#include "monitor/scm_watch.h"

#include <stdlib.h>
#include "monitor/scm_server.h"

enum {
    WATCHES_MAX = 4096,
    WATCHES_OF_CLIENT_MAX = 1024, // so that one program does not take them all
    WATCHES_OF_HANDLE_MAX = 32,
    CLIENT_LAGGING = 1294, // ERROR_SERVICE_NOTIFY_CLIENT_LAGGING, which older headers do not have
    NAMES_MAX = 8192, // units of names that wait to be told; who does not fetch them lags behind
};

struct scm_watch {
    struct scm_watch *next;
    struct pipe_connection *owner, *waiter; // waiter: NULL while there is none
    struct service *service;                // the owner holds it; NULL: the database
    uint32_t mask;
    bool each;
    bool registered;         // told once: not yet told
    bool asked;              // the waiter's request is not answered yet
    uint32_t error, changes; // what is to be told; 0, 0: nothing
    struct scm_process_status status;
    bool told;       // a state has been told by this watch: after that only a new one is
    uint32_t seen;   // the service's count of changes at that time
    uint16_t *names; // a list, of NAMES_MAX units, made when it is needed
    size_t names_len;
    bool lagging; // names were lost
};

static struct scm_watch *watches;

static bool has_news(const struct scm_watch *watch)
{
    return watch->error || (watch->changes & watch->mask);
}

static void free_watch(struct scm_watch *watch)
{
    for (struct scm_watch **at = &watches; *at; at = &(*at)->next) {
        if (*at == watch) {
            *at = watch->next;
            break;
        }
    }
    free(watch->names);
    free(watch);
}

static struct scm_process_status status_now(const struct service *service)
{
    struct scm_process_status status = {.status = service->status};
    if (service->process)
        status.pid = scm_process_pid(service->process);
    return status;
}

static void tell_if_asked(struct scm_watch *watch)
{
    if (!watch->asked || !has_news(watch))
        return;
    struct wire_writer w = scm_reply_begin(ERROR_SUCCESS);
    wire_put_u32(&w, watch->error);
    scm_put_process_status(&w, &watch->status);
    wire_put_u32(&w, watch->changes & watch->mask);
    wire_put_str16(
        &w, (struct str16){watch->names ? watch->names : (const uint16_t *)L"", watch->names_len});
    watch->asked = false;
    watch->registered = watch->each;
    watch->error = watch->changes = 0;
    watch->names_len = 0;
    if (watch->service) {
        watch->told = true;
        watch->seen = watch->service->changes;
    }
    scm_reply_end(watch->waiter, &w);
}

static uint32_t state_bit(const struct service *service)
{
    return 1u << (service->status.state - SVC_STOPPED);
}

static void add_current_state(struct scm_watch *watch)
{
    if (watch->mask & state_bit(watch->service)) {
        watch->changes |= state_bit(watch->service);
        watch->status = status_now(watch->service);
    }
}

static DWORD count_watches(struct pipe_connection *owner, struct scm_watch **once)
{
    unsigned all = 0, of_client = 0, of_handle = 0;
    DWORD client = pipe_client(owner);
    *once = NULL;
    for (struct scm_watch *w = watches; w; w = w->next) {
        all++;
        if (client && pipe_client(w->owner) == client)
            of_client++;
        if (w->owner == owner)
            of_handle++;
        if (w->owner == owner && !w->each)
            *once = w;
    }
    return all >= WATCHES_MAX || of_client >= WATCHES_OF_CLIENT_MAX ||
                   of_handle >= WATCHES_OF_HANDLE_MAX
               ? ERROR_NOT_ENOUGH_MEMORY
               : ERROR_SUCCESS;
}

DWORD scm_watch_open(struct pipe_connection *owner, struct service *service, uint32_t mask,
                     uint32_t flags, struct scm_watch **watch)
{
    uint32_t possible = service
                            ? SCM_CHANGE_STATES | SCM_CHANGE_DELETE_PENDING | SCM_CHANGE_OF_CONFIG
                            : SCM_CHANGE_CREATED | SCM_CHANGE_DELETED;
    if (!mask || (mask & ~possible))
        return ERROR_INVALID_PARAMETER;
    if (service && service->delete_marked)
        return ERROR_SERVICE_MARKED_FOR_DELETE;
    struct scm_watch *w;
    DWORD error = count_watches(owner, &w);
    if (flags & SCM_WATCH_EACH)
        w = NULL;
    if (w && w->lagging)
        return CLIENT_LAGGING;
    if (w && w->registered)
        return ERROR_ALREADY_REGISTERED;
    if (!w) {
        if (error != ERROR_SUCCESS)
            return error;
        w = calloc(1, sizeof(*w));
        if (!w)
            return ERROR_NOT_ENOUGH_MEMORY;
        w->owner = owner;
        w->service = service;
        w->each = flags & SCM_WATCH_EACH;
        w->next = watches;
        watches = w;
    }
    w->mask = mask;
    w->registered = true;
    // The first time the state that the service is in counts, later only one that it came into.
    if (service &&
        (w->each ? (flags & SCM_WATCH_CURRENT) != 0 : !w->told || w->seen != service->changes))
        add_current_state(w);
    *watch = w;
    return ERROR_SUCCESS;
}

void scm_watch_abandon(struct scm_watch *watch)
{
    watch->registered = false;
    if (watch->each)
        free_watch(watch);
}

void scm_watch_attach(struct scm_watch *watch, struct pipe_connection *waiter)
{
    watch->waiter = waiter;
    watch->asked = false;
}

void scm_watch_detach(struct scm_watch *watch, struct pipe_connection *waiter)
{
    if (watch->waiter != waiter) // an earlier one, of a watch that was asked for again
        return;
    watch->waiter = NULL;
    watch->asked = false;
    scm_watch_abandon(watch);
}

void scm_watch_next(struct scm_watch *watch, struct pipe_connection *waiter)
{
    // What is told once is told to who waits now; two requests at a time are none's right.
    if (watch->waiter != waiter || watch->asked || !watch->registered) {
        scm_reply_error(waiter, ERROR_INVALID_HANDLE);
        return;
    }
    watch->asked = true;
    tell_if_asked(watch);
}

void scm_watch_owner_gone(struct pipe_connection *owner)
{
    struct scm_watch *next;
    for (struct scm_watch *w = watches; w; w = next) {
        next = w->next;
        if (w->owner != owner)
            continue;
        struct pipe_connection *waiter = w->waiter;
        w->waiter = NULL;
        if (waiter) {
            struct scm_connection *s = pipe_state(waiter);
            s->watch = NULL;
            pipe_close(waiter);
        }
        free_watch(w);
    }
}

// A change for every watch of `service` (NULL: of the database) that asks for it.
static void add_change(struct service *service, uint32_t change)
{
    struct scm_watch *next;
    for (struct scm_watch *w = watches; w; w = next) {
        next = w->next; // a reply that fails ends the connection, and a watch may go with it
        if (w->service != service || !(w->mask & change) || (!w->each && !w->registered))
            continue;
        // Told once: the first change is the one.
        if (!w->each && has_news(w))
            continue;
        w->changes |= change;
        w->status = status_now(service);
        tell_if_asked(w);
    }
}

void scm_watch_status(struct service *service)
{
    service->changes++;
    add_change(service, state_bit(service));
}

void scm_watch_config(struct service *service)
{
    add_change(service, SCM_CHANGE_OF_CONFIG);
}

void scm_watch_delete_pending(struct service *service)
{
    struct scm_watch *next;
    for (struct scm_watch *w = watches; w; w = next) {
        next = w->next;
        if (w->service != service || !w->registered)
            continue;
        // Who did not ask for it hears of it all the same, because he has to close his handle.
        if (w->mask & SCM_CHANGE_DELETE_PENDING)
            w->changes |= SCM_CHANGE_DELETE_PENDING;
        else if (!w->each && !has_news(w))
            w->error = ERROR_SERVICE_MARKED_FOR_DELETE;
        else
            continue;
        w->status = status_now(service);
        tell_if_asked(w);
    }
}

static void add_name(struct scm_watch *watch, uint32_t change, const wchar_t *name)
{
    size_t len = wcslen(name), mark = change == SCM_CHANGE_CREATED;
    if (!watch->names)
        watch->names = calloc(NAMES_MAX, sizeof(*watch->names));
    if (!watch->names || watch->names_len + mark + len + 1 > NAMES_MAX) {
        watch->lagging = true;
        return;
    }
    uint16_t *at = watch->names + watch->names_len;
    if (mark)
        *at++ = '/';
    memcpy(at, name, (len + 1) * sizeof(*at));
    watch->names_len += mark + len + 1;
}

void scm_watch_database(const wchar_t *name, bool created)
{
    uint32_t change = created ? SCM_CHANGE_CREATED : SCM_CHANGE_DELETED;
    struct scm_watch *next;
    for (struct scm_watch *w = watches; w; w = next) {
        next = w->next;
        // Between two requests of the same handle nothing gets lost.
        if (w->service || !(w->mask & change))
            continue;
        add_name(w, change, name);
        w->changes |= change;
        tell_if_asked(w);
    }
}
