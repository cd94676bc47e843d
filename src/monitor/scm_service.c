// Requests on a service's handle.
#include "monitor/scm_server.h"

#include <stdlib.h>
#include "core/security.h"
#include "monitor/log.h"
#include "monitor/scm_dependents.h"
#include "vm/wine.h"

static struct service *service_of(struct pipe_connection *c)
{
    struct scm_connection *s = pipe_state(c);
    return s->service;
}

static void delete_service(struct pipe_connection *c, struct wire_reader *r)
{
    scm_reply_error(c, wire_done(r) ? scm_delete(service_of(c)) : ERROR_INVALID_PARAMETER);
}

static void started(void *context, DWORD error)
{
    scm_reply_error(context, error);
}

static void start(struct pipe_connection *c, struct wire_reader *r)
{
    // What follows is handed on as it is, once it is known to be well formed.
    struct wire_blob arguments = {r->data + r->at, r->len - r->at};
    uint32_t count = wire_get_u32(r);
    for (uint32_t i = 0; i < count && !r->failed; i++)
        wire_get_str16(r);
    DWORD error = ERROR_INVALID_PARAMETER, seconds, pid;
    struct service *service = service_of(c);
    if (wire_done(r)) {
        if (service->delete_marked)
            error = ERROR_SERVICE_MARKED_FOR_DELETE;
        else if (scm_locked(&seconds, &pid) && pid != pipe_client(c))
            error = ERROR_SERVICE_DATABASE_LOCKED;
        else {
            if (service->status.state == SVC_STOPPED)
                service->start_reason = SVC_START_REASON_DEMAND;
            error = scm_start(service, arguments, started, c);
        }
    }
    if (error != ERROR_SUCCESS)
        scm_reply_error(c, error);
}

static struct scm_process_status status_of(const struct service *service)
{
    struct scm_process_status status = {.status = service->status};
    if (service->process)
        status.pid = scm_process_pid(service->process);
    return status;
}

static void reply_control(struct pipe_connection *c, DWORD error)
{
    struct scm_process_status status = status_of(service_of(c));
    struct wire_writer w = scm_reply_begin(error);
    scm_put_process_status(&w, &status);
    scm_reply_end(c, &w);
}

static void controlled(void *context, DWORD error)
{
    reply_control(context, error);
}

// What Windows writes to its event log of a stop that somebody gives a reason for.
static void log_reason(const struct service *service, uint32_t reason, struct str16 comment)
{
    enum { UNPLANNED = 0x10000000, PLANNED = 0x40000000 };
    log_line(L"service %s: told to stop, %sreason %08x%s%.*s", service->name,
             reason & UNPLANNED ? L"unplanned, "
             : reason & PLANNED ? L"planned, "
                                : L"",
             reason, comment.len ? L": " : L"", (int)comment.len, (const wchar_t *)comment.s);
}

static void control(struct pipe_connection *c, struct wire_reader *r)
{
    struct scm_connection *s = pipe_state(c);
    uint32_t code = wire_get_u32(r), reason = wire_get_u32(r);
    struct str16 comment = wire_get_str16_opt(r);
    uint32_t right = service_control_right(code);
    DWORD error = ERROR_SUCCESS;
    if (!wire_done(r) || !right)
        error = ERROR_INVALID_PARAMETER;
    else if (!(s->access & right))
        error = ERROR_ACCESS_DENIED;
    else
        error = service_control_check(&s->service->status, code);
    if (error == ERROR_SUCCESS && code == SVC_CONTROL_STOP && scm_has_active_dependents(s->service))
        error = ERROR_DEPENDENT_SERVICES_RUNNING;
    if (error == ERROR_SUCCESS) {
        struct scm_sending event = {.service = s->service,
                                    .kind = SCM_EVENT_CONTROL,
                                    .control = code,
                                    .done = controlled,
                                    .context = c};
        if (reason)
            log_reason(s->service, reason, comment);
        error = scm_send(&event);
    }
    if (error != ERROR_SUCCESS)
        reply_control(c, error);
}

static void query_status(struct pipe_connection *c, struct wire_reader *r)
{
    struct scm_process_status status = status_of(service_of(c));
    struct wire_writer w = scm_reply_begin(wire_done(r) ? ERROR_SUCCESS : ERROR_INVALID_PARAMETER);
    scm_put_process_status(&w, &status);
    scm_reply_end(c, &w);
}

static struct str16 given(const wchar_t *text)
{
    return text ? str16_of((const uint16_t *)text) : (struct str16){0};
}

static void query_config(struct pipe_connection *c, struct wire_reader *r)
{
    struct service *service = service_of(c);
    struct db_config stored;
    DWORD error = wire_done(r) ? db_load(service->name, &stored) : ERROR_INVALID_PARAMETER;
    struct wire_writer w = scm_reply_begin(error);
    if (error == ERROR_SUCCESS) {
        struct scm_config config = {
            .basic = {.type = stored.type,
                      .start = stored.start,
                      .error_control = stored.error_control,
                      .image_path = given(stored.image_path),
                      .group = given(stored.group),
                      .account = given(stored.account),
                      .dependencies = {(uint16_t *)stored.dependencies, stored.dependencies_len},
                      .display_name = given(stored.display_name)},
            .tag = stored.tag,
        };
        if (!config.basic.account.s && (stored.type & SVC_WIN32))
            config.basic.account = given(L"LocalSystem");
        if (!config.basic.display_name.len)
            config.basic.display_name = given(service->name);
        scm_put_config(&w, &config);
        db_free(&stored);
    }
    scm_reply_end(c, &w);
}

static DWORD change(struct service *service, struct scm_config *wanted)
{
    struct db_config stored;
    if (service->delete_marked)
        return ERROR_SERVICE_MARKED_FOR_DELETE;
    DWORD error = db_load(service->name, &stored);
    if (error != ERROR_SUCCESS)
        return error;
    // The whole as it would be after the change is what has to be right.
    struct service_config *w = &wanted->basic, whole = wanted->basic;
    if (w->type == SCM_NO_CHANGE)
        whole.type = stored.type;
    if (w->start == SCM_NO_CHANGE)
        whole.start = stored.start;
    if (w->error_control == SCM_NO_CHANGE)
        whole.error_control = stored.error_control;
    if (!w->account.s)
        whole.account = given(stored.account);
    if (w->image_path.s && !w->image_path.len)
        error = ERROR_INVALID_PARAMETER;
    struct str16 group = w->group.s ? w->group : given(stored.group);
    if (wanted->tag != SCM_NO_CHANGE) {
        if (!group.len)
            error = ERROR_INVALID_PARAMETER;
        else
            wanted->tag = scm_new_tag(group);
    }
    // A change of the group alone can close a circle as well.
    whole.group = group;
    if (!w->dependencies.s && w->group.s)
        whole.dependencies =
            (struct str16){(uint16_t *)stored.dependencies, stored.dependencies_len};
    if (error == ERROR_SUCCESS)
        error = scm_config_refused(service->name, &whole);
    db_free(&stored);
    return error == ERROR_SUCCESS ? db_store(service->name, wanted, false, false) : error;
}

static void change_config(struct pipe_connection *c, struct wire_reader *r)
{
    struct scm_config config = scm_get_config(r);
    DWORD error = wire_done(r) ? change(service_of(c), &config) : ERROR_INVALID_PARAMETER;
    if (error == ERROR_SUCCESS)
        scm_watch_config(service_of(c));
    struct wire_writer w = scm_reply_begin(error);
    if (error == ERROR_SUCCESS)
        wire_put_u32(&w, config.tag);
    scm_reply_end(c, &w);
}

static void query_config2(struct pipe_connection *c, struct wire_reader *r)
{
    uint32_t level = wire_get_u32(r);
    struct wire_writer w = scm_reply_begin(ERROR_SUCCESS);
    DWORD error =
        wire_done(r) ? db_put_info(service_of(c)->name, level, &w) : ERROR_INVALID_PARAMETER;
    if (error != ERROR_SUCCESS)
        w = scm_reply_begin(error);
    scm_reply_end(c, &w);
}

// Who wants the service started again after a failure has to have the right to start it
// (ChangeServiceConfig2, remarks). Wine knows no such rule, and its own sc.exe does not keep to it.
static bool asks_for_restart(struct wire_reader info)
{
    wire_get_u32(&info);
    wire_get_str16_opt(&info);
    wire_get_str16_opt(&info);
    uint32_t count = wire_get_u32(&info);
    for (uint32_t i = 0; count != SCM_NO_CHANGE && i < count && !info.failed; i++) {
        if (wire_get_u32(&info) == SC_ACTION_RESTART)
            return true;
        wire_get_u32(&info);
    }
    return false;
}

static void change_config2(struct pipe_connection *c, struct wire_reader *r)
{
    struct scm_connection *s = pipe_state(c);
    uint32_t level = wire_get_u32(r);
    struct service *service = service_of(c);
    DWORD error = ERROR_SERVICE_MARKED_FOR_DELETE;
    if (level == SCM_INFO_FAILURE_ACTIONS && !(s->access & SVC_RIGHT_START) && !vm_on_wine() &&
        asks_for_restart(*r))
        error = ERROR_ACCESS_DENIED;
    else if (!service->delete_marked)
        error = db_set_info(service->name, level, r);
    if (error == ERROR_SUCCESS && level == SCM_INFO_TRIGGERS)
        db_triggers(service->name);
    if (error == ERROR_SUCCESS)
        scm_watch_config(service);
    scm_reply_error(c, error);
}

static void own_name(struct pipe_connection *c, struct wire_reader *r)
{
    struct wire_writer w = scm_reply_begin(wire_done(r) ? ERROR_SUCCESS : ERROR_INVALID_PARAMETER);
    wire_put_str16(&w, given(service_of(c)->name));
    scm_reply_end(c, &w);
}

// The rights that reading or writing these parts of a security descriptor takes.
static bool may_read(uint32_t access, uint32_t parts)
{
    return (access & SVC_RIGHT_READ_CONTROL) || !(parts & ~(uint32_t)SACL_SECURITY_INFORMATION);
}

static bool may_write(uint32_t access, uint32_t parts)
{
    return (!(parts & DACL_SECURITY_INFORMATION) || (access & SVC_RIGHT_WRITE_DAC)) &&
           (!(parts & (OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION)) ||
            (access & SVC_RIGHT_WRITE_OWNER));
}

static const uint32_t all_parts = OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION |
                                  DACL_SECURITY_INFORMATION | SACL_SECURITY_INFORMATION;

static void query_security(struct pipe_connection *c, struct wire_reader *r)
{
    struct scm_connection *s = pipe_state(c);
    uint32_t parts = wire_get_u32(r);
    SECURITY_DESCRIPTOR *whole = NULL, *part = NULL;
    DWORD error = ERROR_SUCCESS, len = 0;
    if (!wire_done(r) || !(parts & all_parts) || (parts & ~all_parts))
        error = ERROR_INVALID_PARAMETER;
    else if (!may_read(s->access, parts))
        error = ERROR_ACCESS_DENIED;
    else
        error = db_security(s->service->name, &whole);
    if (error == ERROR_SUCCESS) {
        GetPrivateObjectSecurity(whole, parts, NULL, 0, &len);
        part = malloc(len ? len : 1);
        if (!part)
            error = ERROR_NOT_ENOUGH_MEMORY;
        else if (!GetPrivateObjectSecurity(whole, parts, part, len, &len))
            error = GetLastError();
    }
    struct wire_writer w = scm_reply_begin(error);
    if (error == ERROR_SUCCESS)
        wire_put_blob(&w, part, len);
    scm_reply_end(c, &w);
    free(part);
    LocalFree(whole);
}

// The parts of `given` that are named, over what there is, as one self-relative descriptor.
static DWORD merge_security(SECURITY_DESCRIPTOR *present, SECURITY_DESCRIPTOR *change,
                            uint32_t parts, SECURITY_DESCRIPTOR **merged)
{
    SECURITY_DESCRIPTOR whole;
    PSID owner = NULL, group = NULL;
    PACL dacl = NULL, sacl = NULL;
    BOOL defaulted, has_dacl = FALSE, has_sacl = FALSE;
    if (!InitializeSecurityDescriptor(&whole, SECURITY_DESCRIPTOR_REVISION) ||
        !GetSecurityDescriptorOwner(parts & OWNER_SECURITY_INFORMATION ? change : present, &owner,
                                    &defaulted) ||
        !GetSecurityDescriptorGroup(parts & GROUP_SECURITY_INFORMATION ? change : present, &group,
                                    &defaulted) ||
        !GetSecurityDescriptorDacl(parts & DACL_SECURITY_INFORMATION ? change : present, &has_dacl,
                                   &dacl, &defaulted) ||
        !GetSecurityDescriptorSacl(parts & SACL_SECURITY_INFORMATION ? change : present, &has_sacl,
                                   &sacl, &defaulted) ||
        (owner && !SetSecurityDescriptorOwner(&whole, owner, FALSE)) ||
        (group && !SetSecurityDescriptorGroup(&whole, group, FALSE)) ||
        (has_dacl && !SetSecurityDescriptorDacl(&whole, TRUE, dacl, FALSE)) ||
        (has_sacl && !SetSecurityDescriptorSacl(&whole, TRUE, sacl, FALSE)))
        return GetLastError();
    DWORD len = 0;
    MakeSelfRelativeSD(&whole, NULL, &len);
    *merged = malloc(len ? len : 1);
    if (!*merged)
        return ERROR_NOT_ENOUGH_MEMORY;
    if (MakeSelfRelativeSD(&whole, *merged, &len))
        return ERROR_SUCCESS;
    DWORD error = GetLastError();
    free(*merged);
    *merged = NULL;
    return error;
}

static void set_security(struct pipe_connection *c, struct wire_reader *r)
{
    struct scm_connection *s = pipe_state(c);
    uint32_t parts = wire_get_u32(r);
    struct wire_blob blob = wire_get_blob(r);
    SECURITY_DESCRIPTOR *present = NULL, *merged = NULL;
    DWORD error = ERROR_SUCCESS;
    if (!wire_done(r) || !(parts & all_parts) || (parts & ~all_parts))
        error = ERROR_INVALID_PARAMETER;
    else if (!may_write(s->access, parts))
        error = ERROR_ACCESS_DENIED;
    else if (s->service->delete_marked)
        error = ERROR_SERVICE_MARKED_FOR_DELETE;
    // A copy that is aligned, and nothing is believed of what lies in it.
    SECURITY_DESCRIPTOR *change = malloc(blob.len ? blob.len : 1);
    if (error == ERROR_SUCCESS && !change)
        error = ERROR_NOT_ENOUGH_MEMORY;
    if (error == ERROR_SUCCESS) {
        if (blob.len)
            memcpy(change, blob.data, blob.len);
        if (!security_valid(change, blob.len))
            error = ERROR_INVALID_PARAMETER;
    }
    if (error == ERROR_SUCCESS)
        error = db_security(s->service->name, &present);
    if (error == ERROR_SUCCESS)
        error = merge_security(present, change, parts, &merged);
    if (error == ERROR_SUCCESS)
        error = db_set_security(s->service->name, merged);
    scm_reply_error(c, error);
    free(merged);
    free(change);
    LocalFree(present);
}

static void enum_dependents(struct pipe_connection *c, struct wire_reader *r)
{
    uint32_t states = wire_get_u32(r), first = wire_get_u32(r);
    struct wire_writer w = scm_reply_begin(ERROR_SUCCESS);
    DWORD error = ERROR_INVALID_PARAMETER;
    if (wire_done(r) && states && !(states & ~3u))
        error = scm_put_dependents(&w, service_of(c)->name, states, first);
    if (error != ERROR_SUCCESS)
        w = scm_reply_begin(error);
    scm_reply_end(c, &w);
}

bool scm_service_request(struct pipe_connection *c, uint32_t op, struct wire_reader *r)
{
    static const struct {
        uint32_t op, right;
        void (*handle)(struct pipe_connection *c, struct wire_reader *r);
    } requests[] = {
        {SCM_DELETE, SVC_RIGHT_DELETE, delete_service},
        {SCM_START, SVC_RIGHT_START, start},
        {SCM_CONTROL, 0, control}, // which right depends on the control
        {SCM_QUERY_STATUS, SVC_RIGHT_QUERY_STATUS, query_status},
        {SCM_QUERY_CONFIG, SVC_RIGHT_QUERY_CONFIG, query_config},
        {SCM_CHANGE_CONFIG, SVC_RIGHT_CHANGE_CONFIG, change_config},
        {SCM_QUERY_CONFIG2, SVC_RIGHT_QUERY_CONFIG, query_config2},
        {SCM_CHANGE_CONFIG2, SVC_RIGHT_CHANGE_CONFIG, change_config2},
        {SCM_QUERY_SECURITY, 0, query_security}, // these two as well
        {SCM_SET_SECURITY, 0, set_security},
        {SCM_OWN_NAME, 0, own_name},
        {SCM_WATCH, SVC_RIGHT_QUERY_STATUS, scm_watch_request},
        {SCM_ENUM_DEPENDENTS, SVC_RIGHT_ENUMERATE_DEPENDENTS, enum_dependents},
    };
    struct scm_connection *s = pipe_state(c);
    for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++) {
        if (requests[i].op != op)
            continue;
        if (!requests[i].right || (s->access & requests[i].right))
            requests[i].handle(c, r);
        else
            scm_reply_error(c, ERROR_ACCESS_DENIED);
        return true;
    }
    return false;
}
