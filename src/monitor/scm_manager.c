// Requests on a manager's handle.
#include "monitor/scm_server.h"

#include <stdio.h>
#include <stdlib.h>
#include "core/service_order.h"
#include "monitor/log.h"
#include "monitor/scm_caller.h"
#include "monitor/scm_names.h"

enum { ENTRY_MAX = 2 * (SERVICE_NAME_MAX * 2 + 8) + 64 }; // bytes of a listed service, amply

static struct str16 text_of(const wchar_t *text)
{
    return str16_of((const uint16_t *)text);
}

static const wchar_t *shown_name(const wchar_t *name, const struct db_config *config)
{
    return config->display_name && *config->display_name ? config->display_name : name;
}

static struct str16 cut(struct str16 text, size_t max)
{
    return text.len > max ? str16_first(text, max) : text;
}

void scm_put_services(struct wire_writer *w, uint32_t first, bool whole,
                      bool (*wanted)(void *context, const wchar_t *name,
                                     const struct db_config *config,
                                     const struct scm_process_status *status),
                      void *context)
{
    size_t head = w->len;
    uint32_t count = 0, index = first, next = 0;
    wire_put_u32(w, 0);
    wire_put_u32(w, 0);
    wchar_t name[SERVICE_NAME_MAX + 1];
    for (; db_enumerate(index, name) == ERROR_SUCCESS; index++) {
        if (w->cap - w->len < ENTRY_MAX) {
            next = index; // not 0: something has been written before
            break;
        }
        struct db_config config;
        if ((whole ? db_load(name, &config) : db_load_listed(name, &config)) != ERROR_SUCCESS)
            continue;
        struct scm_process_status status = scm_status_of(name, &config);
        if (!config.delete_flag || status.status.state != SVC_STOPPED) {
            if (wanted(context, name, &config, &status)) {
                wire_put_str16(w, text_of(name));
                wire_put_str16(w, cut(text_of(shown_name(name, &config)), SERVICE_NAME_MAX));
                scm_put_process_status(w, &status);
                count++;
            }
        }
        db_free(&config);
    }
    wire_patch_u32(w, head, next);
    wire_patch_u32(w, head + 4, count);
}

struct enum_filter {
    uint32_t types, states;
    struct str16 group; // s == NULL: any
    bool group_seen;
};

static bool filter(void *context, const wchar_t *name, const struct db_config *config,
                   const struct scm_process_status *status)
{
    struct enum_filter *f = context;
    (void)name;
    if (f->group.s) {
        struct str16 group = config->group ? text_of(config->group) : (struct str16){0};
        if (!str16_equal_nocase(group, f->group))
            return false;
        f->group_seen = true;
    }
    return service_listed(config->type, status->status.state, f->types, f->states);
}

static void enumerate(struct pipe_connection *c, struct wire_reader *r)
{
    struct enum_filter f = {0};
    f.types = wire_get_u32(r);
    f.states = wire_get_u32(r);
    f.group = wire_get_str16_opt(r);
    uint32_t first = wire_get_u32(r);
    if (!wire_done(r) || !f.types || !f.states || (f.states & ~3u)) {
        scm_reply_error(c, ERROR_INVALID_PARAMETER);
        return;
    }
    struct wire_writer w = scm_reply_begin(ERROR_SUCCESS);
    scm_put_services(&w, first, false, filter, &f);
    if (f.group.len && !f.group_seen && first == 0)
        w = scm_reply_begin(ERROR_SERVICE_DOES_NOT_EXIST);
    scm_reply_end(c, &w);
}

static void display_name(struct pipe_connection *c, struct wire_reader *r)
{
    struct str16 name = wire_get_str16(r);
    struct service *service;
    struct db_config config;
    DWORD error = wire_done(r) ? scm_find(name, &service) : ERROR_INVALID_PARAMETER;
    if (error == ERROR_SUCCESS)
        error = db_load(service->name, &config);
    struct wire_writer w = scm_reply_begin(error);
    if (error == ERROR_SUCCESS) {
        wire_put_str16(&w, text_of(shown_name(service->name, &config)));
        db_free(&config);
    }
    scm_reply_end(c, &w);
}

static void key_name(struct pipe_connection *c, struct wire_reader *r)
{
    struct str16 shown = wire_get_str16(r);
    wchar_t name[SERVICE_NAME_MAX + 1];
    DWORD error = ERROR_SUCCESS;
    if (!wire_done(r))
        error = ERROR_INVALID_PARAMETER;
    else if (!shown.len)
        error = ERROR_INVALID_NAME;
    else if (!scm_names_find(shown, name))
        error = ERROR_SERVICE_DOES_NOT_EXIST;
    struct wire_writer w = scm_reply_begin(error);
    if (error == ERROR_SUCCESS)
        wire_put_str16(&w, text_of(name));
    scm_reply_end(c, &w);
}

static void open_service(struct pipe_connection *c, struct wire_reader *r)
{
    struct str16 name = wire_get_str16(r);
    uint32_t access = wire_get_u32(r);
    struct service *service;
    uint64_t ticket = 0;
    DWORD error = wire_done(r) ? scm_find(name, &service) : ERROR_INVALID_PARAMETER;
    if (error == ERROR_SUCCESS)
        error = scm_caller_access(c, service->name, access, &access);
    if (error == ERROR_SUCCESS)
        error = scm_ticket(c, service, access, &ticket);
    struct wire_writer w = scm_reply_begin(error);
    if (error == ERROR_SUCCESS)
        wire_put_u64(&w, ticket);
    scm_reply_end(c, &w);
}

// Appends the members of a group to a list, as dependencies. False: no room.
static bool merge_group(struct str16_buf *all, struct str16 group)
{
    wchar_t name[SERVICE_NAME_MAX + 1];
    bool room = true;
    for (DWORD i = 0; room && db_enumerate(i, name) == ERROR_SUCCESS; i++) {
        struct db_config config;
        if (db_load_listed(name, &config) != ERROR_SUCCESS)
            continue;
        if (config.group && str16_equal_nocase(text_of(config.group), group))
            room = service_list_merge(all, text_of(name));
        db_free(&config);
    }
    return room;
}

// Whether what `list` names leads back to the service or to its group, through any number of other
// services and groups. Each is looked at once, however many ways lead to it.
static DWORD leads_back(struct str16 list, struct str16 name, struct str16 group)
{
    enum { ALL_MAX = 65536 };
    struct str16_buf all = {.s = malloc(ALL_MAX * sizeof(uint16_t)), .cap = ALL_MAX};
    DWORD error = all.s ? ERROR_SUCCESS : ERROR_NOT_ENOUGH_MEMORY;
    struct str16 item;
    if (!error && !service_list_merge(&all, list))
        error = ERROR_INVALID_PARAMETER;
    for (size_t at = 0; !error && service_list_next(str16_view(&all), &at, &item);) {
        wchar_t needed[SERVICE_NAME_MAX + 1];
        struct db_config config;
        bool room = true;
        if (item.s[0] == '+') {
            struct str16 of = str16_skip(item, 1);
            if (group.len && str16_equal_nocase(of, group))
                error = ERROR_CIRCULAR_DEPENDENCY;
            else
                room = merge_group(&all, of);
        } else if (str16_equal_nocase(item, name)) {
            error = ERROR_CIRCULAR_DEPENDENCY;
        } else if (item.len <= SERVICE_NAME_MAX) {
            memcpy(needed, item.s, item.len * sizeof(wchar_t));
            needed[item.len] = 0;
            if (db_load(needed, &config) != ERROR_SUCCESS)
                continue;
            room = service_list_merge(
                &all, (struct str16){(uint16_t *)config.dependencies, config.dependencies_len});
            db_free(&config);
        }
        if (!room)
            error = ERROR_NOT_ENOUGH_MEMORY;
    }
    free(all.s);
    return error;
}

DWORD scm_config_refused(const wchar_t *name, const struct service_config *config)
{
    DWORD error = service_config_check(text_of(name), config);
    if (error != ERROR_SUCCESS)
        return error;
    if (config->dependencies.len)
        error = leads_back(config->dependencies, text_of(name), config->group);
    if (error != ERROR_SUCCESS)
        return error;
    wchar_t other[SERVICE_NAME_MAX + 1];
    if (config->display_name.len && scm_names_find(config->display_name, other) &&
        _wcsicmp(other, name) != 0)
        return ERROR_DUPLICATE_SERVICE_NAME;
    return ERROR_SUCCESS;
}

static DWORD create(struct str16 name, struct scm_config *config, bool wow64,
                    struct service **service)
{
    static const uint16_t system[] = u"LocalSystem";
    if (!service_name_valid(name))
        return ERROR_INVALID_NAME;
    if (!config->basic.image_path.len)
        return ERROR_INVALID_PARAMETER;
    wchar_t text[SERVICE_NAME_MAX + 1];
    memcpy(text, name.s, name.len * sizeof(wchar_t));
    text[name.len] = 0;
    // Without a display name the service's own stands for it.
    if (!config->basic.display_name.len)
        config->basic.display_name = name;
    // First what is wrong with the request, then what is wrong with the time.
    DWORD error = service_config_check(name, &config->basic);
    if (error != ERROR_SUCCESS)
        return error;
    struct db_config present;
    error = db_load(text, &present);
    if (error == ERROR_SUCCESS) {
        bool deleted = present.delete_flag;
        db_free(&present);
        if (!deleted)
            return ERROR_SERVICE_EXISTS;
        if (scm_find(name, service) == ERROR_SUCCESS)
            return ERROR_SERVICE_MARKED_FOR_DELETE;
        error = db_delete(text); // a mark from before the VM started
        if (error != ERROR_SUCCESS)
            return error;
    } else if (error != ERROR_SERVICE_DOES_NOT_EXIST) {
        return error;
    }
    error = scm_config_refused(text, &config->basic);
    if (error != ERROR_SUCCESS)
        return error;
    if (!config->basic.account.s && (config->basic.type & SVC_WIN32))
        config->basic.account = str16_of(system);
    error = db_store(text, config, true, wow64);
    if (error != ERROR_SUCCESS)
        return error;
    log_line(L"service %s: created: %.*s", text, (int)config->basic.image_path.len,
             (const wchar_t *)config->basic.image_path.s);
    error = scm_find(name, service);
    if (error == ERROR_SUCCESS && (config->basic.type & SVC_WIN32))
        scm_watch_database((*service)->name, true);
    return error;
}

// A tag is unique in its load order group.
uint32_t scm_new_tag(struct str16 group)
{
    uint32_t highest = 0;
    wchar_t name[SERVICE_NAME_MAX + 1];
    for (DWORD i = 0; db_enumerate(i, name) == ERROR_SUCCESS; i++) {
        struct db_config config;
        if (db_load(name, &config) != ERROR_SUCCESS)
            continue;
        if (config.group && str16_equal_nocase(text_of(config.group), group) &&
            config.tag > highest && config.tag != SCM_NO_CHANGE)
            highest = config.tag;
        db_free(&config);
    }
    return highest + 1;
}

static void create_service(struct pipe_connection *c, struct wire_reader *r)
{
    struct str16 name = wire_get_str16(r);
    uint32_t access = wire_get_u32(r);
    struct scm_config config = scm_get_config(r);
    uint32_t flags = wire_get_u32(r);
    struct service *service;
    uint64_t ticket = 0;
    DWORD error = ERROR_INVALID_PARAMETER;
    if (wire_done(r) && (config.tag == 0 || config.basic.group.len)) {
        if (config.tag)
            config.tag = scm_new_tag(config.basic.group);
        error = create(name, &config, flags & 1, &service);
    }
    if (error == ERROR_SUCCESS)
        error = scm_ticket(c, service, service_access(access), &ticket);
    struct wire_writer w = scm_reply_begin(error);
    if (error == ERROR_SUCCESS) {
        wire_put_u64(&w, ticket);
        wire_put_u32(&w, config.tag);
    }
    scm_reply_end(c, &w);
}

static void lock_database(struct pipe_connection *c, struct wire_reader *r)
{
    uint64_t ticket = 0;
    DWORD error = wire_done(r) ? scm_lock(c, &ticket) : ERROR_INVALID_PARAMETER;
    struct wire_writer w = scm_reply_begin(error);
    if (error == ERROR_SUCCESS)
        wire_put_u64(&w, ticket);
    scm_reply_end(c, &w);
}

static void lock_status(struct pipe_connection *c, struct wire_reader *r)
{
    DWORD seconds, pid;
    wchar_t owner[256] = L"";
    bool locked = scm_locked(&seconds, &pid);
    DWORD len = sizeof(owner) / sizeof(*owner);
    if (locked && !GetUserNameW(owner, &len))
        _snwprintf(owner, sizeof(owner) / sizeof(*owner), L"process %lu", pid);
    struct wire_writer w = scm_reply_begin(wire_done(r) ? ERROR_SUCCESS : ERROR_INVALID_PARAMETER);
    wire_put_u32(&w, locked);
    wire_put_u32(&w, seconds);
    wire_put_str16(&w, text_of(owner));
    scm_reply_end(c, &w);
}

bool scm_manager_request(struct pipe_connection *c, uint32_t op, struct wire_reader *r)
{
    static const struct {
        uint32_t op, right;
        void (*handle)(struct pipe_connection *c, struct wire_reader *r);
    } requests[] = {
        {SCM_OPEN_SERVICE, SC_RIGHT_CONNECT, open_service},
        {SCM_CREATE_SERVICE, SC_RIGHT_CREATE_SERVICE, create_service},
        {SCM_ENUM_SERVICES, SC_RIGHT_ENUMERATE_SERVICE, enumerate},
        {SCM_DISPLAY_NAME, SC_RIGHT_CONNECT, display_name},
        {SCM_KEY_NAME, SC_RIGHT_CONNECT, key_name},
        {SCM_LOCK, SC_RIGHT_LOCK, lock_database},
        {SCM_LOCK_STATUS, SC_RIGHT_QUERY_LOCK_STATUS, lock_status},
        {SCM_WATCH, SC_RIGHT_ENUMERATE_SERVICE, scm_watch_request},
    };
    struct scm_connection *s = pipe_state(c);
    for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++) {
        if (requests[i].op != op)
            continue;
        if (s->access & requests[i].right)
            requests[i].handle(c, r);
        else
            scm_reply_error(c, ERROR_ACCESS_DENIED);
        return true;
    }
    return false;
}
