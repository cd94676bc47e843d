#include "monitor/scm.h"

#include <stdlib.h>
#include "monitor/log.h"

static struct service *known;
static unsigned known_count;
static bool stopping;

DWORD scm_open(void)
{
    return db_open();
}

struct service *scm_known(void)
{
    return known;
}

void scm_set_stopping(void)
{
    stopping = true;
}

bool scm_is_stopping(void)
{
    return stopping;
}

static struct service *find_known(const wchar_t *name)
{
    for (struct service *s = known; s; s = s->next) {
        if (_wcsicmp(s->name, name) == 0)
            return s;
    }
    return NULL;
}

static struct service_status status_at_rest(uint32_t type)
{
    return (struct service_status){
        .type = type, .state = SVC_STOPPED, .exit_code = ERROR_SERVICE_NEVER_STARTED};
}

// Forgets a service that is at rest and that nobody holds: it is as if never asked for.
static void forget(struct service *service)
{
    for (struct service **at = &known; *at; at = &(*at)->next) {
        if (*at == service) {
            *at = service->next;
            known_count--;
            free(service);
            return;
        }
    }
}

static bool at_rest(const struct service *s)
{
    return !s->handles && !s->process && s->status.state == SVC_STOPPED && !s->delete_marked;
}

// Room for one more: a service that was only looked at gives way.
static void make_room(void)
{
    for (struct service *s = known; s && known_count >= SCM_SERVICES_MAX;) {
        struct service *next = s->next;
        if (at_rest(s))
            forget(s);
        s = next;
    }
}

DWORD scm_find(struct str16 name, struct service **service)
{
    if (!service_name_valid(name))
        return ERROR_INVALID_NAME;
    wchar_t text[SERVICE_NAME_MAX + 1];
    memcpy(text, name.s, name.len * sizeof(wchar_t));
    text[name.len] = 0;
    struct service *found = find_known(text);
    struct db_config config;
    DWORD error = db_load_listed(text, &config);
    if (error != ERROR_SUCCESS) {
        // Gone from the registry behind our back: what runs stays known, the rest is forgotten.
        if (found && (found->process || found->handles)) {
            *service = found;
            return ERROR_SUCCESS;
        }
        if (found)
            forget(found);
        return error;
    }
    uint32_t type = config.type;
    bool deleted = config.delete_flag;
    db_free(&config);
    if (!found) {
        // A mark that is left from a time when the VM ended before it could delete the service.
        if (deleted)
            return ERROR_SERVICE_DOES_NOT_EXIST;
        make_room();
        found = known_count < SCM_SERVICES_MAX ? calloc(1, sizeof(*found)) : NULL;
        if (!found)
            return ERROR_NOT_ENOUGH_MEMORY;
        if (db_spelling(text, found->name) != ERROR_SUCCESS)
            memcpy(found->name, text, sizeof(text));
        found->status = status_at_rest(type);
        found->next = known;
        known = found;
        known_count++;
    } else if (!found->process) {
        found->status.type = type;
    }
    *service = found;
    return ERROR_SUCCESS;
}

struct scm_process_status scm_status_of(const wchar_t *name, const struct db_config *config)
{
    const struct service *service = find_known(name);
    struct scm_process_status status = {.status = status_at_rest(config->type)};
    if (service) {
        status.status = service->status;
        if (service->process)
            status.pid = scm_process_pid(service->process);
    }
    return status;
}

static void delete_if_possible(struct service *service)
{
    if (!service->delete_marked || service->handles || service->status.state != SVC_STOPPED)
        return;
    DWORD error = db_delete(service->name);
    if (error != ERROR_SUCCESS)
        log_line(L"service %s: cannot delete its key: Win32 error %lu", service->name, error);
    else
        log_line(L"service %s: deleted", service->name);
    if (error == ERROR_SUCCESS)
        scm_watch_database(service->name, false);
    scm_failure_forget(service->name);
    forget(service);
}

DWORD scm_delete(struct service *service)
{
    if (service->delete_marked)
        return ERROR_SERVICE_MARKED_FOR_DELETE;
    DWORD error = db_set_delete_flag(service->name);
    if (error != ERROR_SUCCESS)
        return error;
    service->delete_marked = true;
    scm_watch_delete_pending(service);
    return ERROR_SUCCESS;
}

void scm_hold(struct service *service)
{
    service->handles++;
}

void scm_release(struct service *service)
{
    service->handles--;
    delete_if_possible(service);
}

void scm_report(struct service *service, const struct service_status *reported)
{
    static const wchar_t *const states[] = {L"?",        L"stopped", L"starting",
                                            L"stopping", L"running", L"about to continue",
                                            L"pausing",  L"paused"};
    uint32_t before = service->status.state;
    service_status_apply(&service->status, reported);
    if (before != service->status.state) {
        if (service->status.state == SVC_STOPPED && service->status.exit_code)
            log_line(L"service %s: stopped, Win32 error %lu, service's own %lu", service->name,
                     (unsigned long)service->status.exit_code,
                     (unsigned long)service->status.specific_code);
        else
            log_line(L"service %s: %s", service->name, states[service->status.state]);
    }
    scm_hold(service); // the callbacks may let it go
    if (service->status.state == SVC_STOPPED && service->process)
        scm_process_leave(service);
    if (service->status.state == SVC_STOPPED)
        service->start_reason = 0;
    if (before != service->status.state)
        scm_watch_status(service);
    scm_start_status_changed(service);
    scm_shutdown_status_changed(service);
    scm_release(service);
}

bool scm_depends_on(const struct db_config *config, const wchar_t *name, const wchar_t *group)
{
    struct str16 list = {(const uint16_t *)config->dependencies, config->dependencies_len}, item;
    struct str16 wanted = str16_of((const uint16_t *)name);
    struct str16 wanted_group = group ? str16_of((const uint16_t *)group) : (struct str16){0};
    for (size_t at = 0; service_list_next(list, &at, &item);) {
        if (item.s[0] == '+'
                ? group && *group && str16_equal_nocase(str16_skip(item, 1), wanted_group)
                : str16_equal_nocase(item, wanted))
            return true;
    }
    return false;
}

bool scm_has_active_dependents(const struct service *service)
{
    for (const struct service *s = known; s; s = s->next) {
        struct db_config config;
        if (s == service || s->status.state == SVC_STOPPED ||
            db_load(s->name, &config) != ERROR_SUCCESS)
            continue;
        // A dependency on a group ends with the group's last member: it does not hold this one.
        bool depends = scm_depends_on(&config, service->name, NULL);
        db_free(&config);
        if (depends)
            return true;
    }
    return false;
}
