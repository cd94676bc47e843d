// The service functions that read and change a service's configuration.
#include "core/security.h"
#include "layer/service_api.h"
#include "layer/service_pack.h"

#include <string.h>

BOOL WINAPI service_DeleteService(SC_HANDLE service)
{
    service_cleanup_call struct service_call call;
    service_call_begin(&call, SCM_DELETE, SERVICE_CALL_SMALL, SERVICE_CALL_SMALL);
    return service_result(service_call_send(&call, service));
}

static void pack_config(struct service_pack *pack, const struct scm_config *config)
{
    QUERY_SERVICE_CONFIGW values = {
        .dwServiceType = config->basic.type,
        .dwStartType = config->basic.start,
        .dwErrorControl = config->basic.error_control,
        .dwTagId = config->tag,
    };
    void *out = service_pack_room(pack, sizeof(values), sizeof(void *));
    values.lpBinaryPathName = service_pack_text(pack, config->basic.image_path);
    values.lpLoadOrderGroup = service_pack_text(pack, config->basic.group);
    values.lpDependencies = service_pack_list(pack, config->basic.dependencies);
    values.lpServiceStartName = service_pack_text(pack, config->basic.account);
    values.lpDisplayName = service_pack_text(pack, config->basic.display_name);
    if (out)
        memcpy(out, &values, sizeof(values));
}

static BOOL query_config(SC_HANDLE service, void *out, DWORD size, DWORD *needed, bool ansi)
{
    if (!needed)
        return service_result(ERROR_INVALID_ADDRESS);
    service_cleanup_call struct service_call call;
    service_call_begin(&call, SCM_QUERY_CONFIG, SERVICE_CALL_SMALL, SERVICE_CALL_LARGE);
    DWORD error = service_call_send(&call, service);
    if (error != ERROR_SUCCESS)
        return service_result(error);
    struct scm_config config = scm_get_config(&call.r);
    // The room that is asked for is that of the texts in UTF-16, in the ANSI function too.
    struct service_pack pack = {0};
    pack_config(&pack, &config);
    *needed = (DWORD)pack.at;
    if (!out || size < pack.at)
        return service_result(ERROR_INSUFFICIENT_BUFFER);
    pack = (struct service_pack){.out = out, .ansi = ansi};
    pack_config(&pack, &config);
    return TRUE;
}

BOOL WINAPI service_QueryServiceConfigW(SC_HANDLE service, LPQUERY_SERVICE_CONFIGW out, DWORD size,
                                        LPDWORD needed)
{
    return query_config(service, out, size, needed, false);
}

BOOL WINAPI service_QueryServiceConfigA(SC_HANDLE service, LPQUERY_SERVICE_CONFIGA out, DWORD size,
                                        LPDWORD needed)
{
    return query_config(service, out, size, needed, true);
}

struct config_change {
    DWORD type, start, error_control;
    const uint16_t *path, *group, *dependencies, *account, *password, *display_name;
    DWORD *tag;
};

static BOOL change_config(SC_HANDLE service, const struct config_change *c)
{
    struct scm_config config = {
        .basic = {.type = c->type,
                  .start = c->start,
                  .error_control = c->error_control,
                  .image_path = service_text(c->path),
                  .group = service_text(c->group),
                  .account = service_text(c->account),
                  .dependencies = service_list(c->dependencies),
                  .display_name = service_text(c->display_name)},
        .tag = c->tag ? 1 : SCM_NO_CHANGE,
        .password = service_text(c->password),
    };
    service_cleanup_call struct service_call call;
    service_call_begin(&call, SCM_CHANGE_CONFIG, SERVICE_CALL_LARGE, SERVICE_CALL_SMALL);
    scm_put_config(&call.w, &config);
    DWORD error = service_call_send(&call, service);
    if (error == ERROR_SUCCESS && c->tag)
        *c->tag = wire_get_u32(&call.r);
    return service_result(error);
}

BOOL WINAPI service_ChangeServiceConfigW(SC_HANDLE service, DWORD type, DWORD start,
                                         DWORD error_control, LPCWSTR path, LPCWSTR group,
                                         LPDWORD tag, LPCWSTR dependencies, LPCWSTR account,
                                         LPCWSTR password, LPCWSTR display_name)
{
    struct config_change c = {type,
                              start,
                              error_control,
                              (const uint16_t *)path,
                              (const uint16_t *)group,
                              (const uint16_t *)dependencies,
                              (const uint16_t *)account,
                              (const uint16_t *)password,
                              (const uint16_t *)display_name,
                              tag};
    return change_config(service, &c);
}

BOOL WINAPI service_ChangeServiceConfigA(SC_HANDLE service, DWORD type, DWORD start,
                                         DWORD error_control, LPCSTR path, LPCSTR group,
                                         LPDWORD tag, LPCSTR dependencies, LPCSTR account,
                                         LPCSTR password, LPCSTR display_name)
{
    bool ok = true;
    layer_cleanup_free uint16_t *path_w = service_wide(path, &ok);
    layer_cleanup_free uint16_t *group_w = service_wide(group, &ok);
    layer_cleanup_free uint16_t *dependencies_w = service_wide_list(dependencies, &ok);
    layer_cleanup_free uint16_t *account_w = service_wide(account, &ok);
    layer_cleanup_free uint16_t *password_w = service_wide(password, &ok);
    layer_cleanup_free uint16_t *display_w = service_wide(display_name, &ok);
    if (!ok)
        return service_result(ERROR_NOT_ENOUGH_MEMORY);
    struct config_change c = {type,           start,     error_control, path_w,    group_w,
                              dependencies_w, account_w, password_w,    display_w, tag};
    return change_config(service, &c);
}

// The structures of the levels that are one number or one text; the text's is one pointer.
struct text_info {
    void *text;
};

static bool is_text_level(DWORD level)
{
    return level == SCM_INFO_DESCRIPTION || level == SCM_INFO_REQUIRED_PRIVILEGES;
}

static void pack_failure_actions(struct service_pack *pack, struct wire_reader r)
{
    SERVICE_FAILURE_ACTIONSW values = {.dwResetPeriod = wire_get_u32(&r)};
    void *out = service_pack_room(pack, sizeof(values), sizeof(void *));
    struct str16 message = wire_get_str16_opt(&r), command = wire_get_str16_opt(&r);
    values.cActions = wire_get_u32(&r);
    if (r.failed || values.cActions > SCM_FAILURE_ACTIONS_MAX)
        values.cActions = 0;
    SC_ACTION *actions = service_pack_room(pack, values.cActions * sizeof(*actions), sizeof(DWORD));
    for (DWORD i = 0; actions && i < values.cActions; i++) {
        actions[i].Type = (SC_ACTION_TYPE)wire_get_u32(&r);
        actions[i].Delay = wire_get_u32(&r);
    }
    values.lpsaActions = values.cActions ? actions : NULL;
    values.lpRebootMsg = service_pack_text_opt(pack, message);
    values.lpCommand = service_pack_text_opt(pack, command);
    if (out)
        memcpy(out, &values, sizeof(values));
}

// The structures of the level of triggers, which older headers do not have.
struct trigger_item {
    DWORD type, size;
    void *data;
};
struct trigger {
    DWORD type, action;
    void *guid;
    DWORD count;
    struct trigger_item *items;
};
struct trigger_info {
    DWORD count;
    struct trigger *triggers;
    void *reserved;
};

static void *pack_bytes(struct service_pack *pack, struct wire_blob bytes, size_t alignment)
{
    void *out = service_pack_room(pack, bytes.len, alignment);
    if (out && bytes.len)
        memcpy(out, bytes.data, bytes.len);
    return out;
}

static void pack_trigger(struct service_pack *pack, struct wire_reader *r, struct trigger *out)
{
    struct trigger values = {.type = wire_get_u32(r), .action = wire_get_u32(r)};
    struct wire_blob guid = wire_get_blob(r);
    values.count = wire_get_u32(r);
    if (r->failed || values.count > SCM_TRIGGER_ITEMS_MAX)
        values.count = 0;
    if (guid.len)
        values.guid = pack_bytes(pack, guid, sizeof(DWORD));
    struct trigger_item *items =
        service_pack_room(pack, values.count * sizeof(*items), sizeof(void *));
    for (DWORD i = 0; i < values.count; i++) {
        struct trigger_item item = {.type = wire_get_u32(r)};
        struct wire_blob data = wire_get_blob(r);
        item.size = (DWORD)data.len;
        item.data = pack_bytes(pack, data, sizeof(uint64_t));
        if (items)
            items[i] = item;
    }
    values.items = values.count ? items : NULL;
    if (out)
        *out = values;
}

static void pack_triggers(struct service_pack *pack, struct wire_reader r)
{
    struct trigger_info *out = service_pack_room(pack, sizeof(*out), sizeof(void *));
    DWORD count = wire_get_u32(&r);
    if (r.failed || count > SCM_TRIGGERS_MAX)
        count = 0;
    struct trigger *triggers = service_pack_room(pack, count * sizeof(*triggers), sizeof(void *));
    for (DWORD i = 0; i < count; i++)
        pack_trigger(pack, &r, triggers ? &triggers[i] : NULL);
    if (out)
        *out = (struct trigger_info){count, count ? triggers : NULL, NULL};
}

struct preferred_node {
    USHORT node;
    BOOLEAN remove;
};

// The reader is passed by value: packing is done twice, first to count.
static void pack_info(struct service_pack *pack, DWORD level, struct wire_reader r)
{
    if (level == SCM_INFO_FAILURE_ACTIONS) {
        pack_failure_actions(pack, r);
    } else if (level == SCM_INFO_TRIGGERS) {
        pack_triggers(pack, r);
    } else if (level == SCM_INFO_PREFERRED_NODE) {
        struct preferred_node *out = service_pack_room(pack, sizeof(*out), sizeof(USHORT));
        if (out)
            *out = (struct preferred_node){(USHORT)wire_get_u32(&r), FALSE};
    } else if (is_text_level(level)) {
        struct text_info values, *out = service_pack_room(pack, sizeof(*out), sizeof(void *));
        struct str16 text = wire_get_str16_opt(&r);
        values.text = level == SCM_INFO_REQUIRED_PRIVILEGES && text.s
                          ? service_pack_list(pack, text)
                          : service_pack_text_opt(pack, text);
        if (out)
            *out = values;
    } else {
        DWORD *out = service_pack_room(pack, sizeof(*out), sizeof(*out));
        DWORD value = wire_get_u32(&r);
        if (out)
            *out = value;
    }
}

static BOOL query_config2(SC_HANDLE service, DWORD level, void *out, DWORD size, DWORD *needed,
                          bool ansi)
{
    if (!scm_info_level_known(level))
        return service_result(ERROR_INVALID_LEVEL);
    if (!needed || (!out && size))
        return service_result(ERROR_INVALID_ADDRESS);
    service_cleanup_call struct service_call call;
    service_call_begin(&call, SCM_QUERY_CONFIG2, SERVICE_CALL_SMALL, SERVICE_CALL_LARGE);
    wire_put_u32(&call.w, level);
    DWORD error = service_call_send(&call, service);
    if (error != ERROR_SUCCESS)
        return service_result(error);
    struct service_pack pack = {0}; // as above
    pack_info(&pack, level, call.r);
    *needed = (DWORD)pack.at;
    if (!out || size < pack.at)
        return service_result(ERROR_INSUFFICIENT_BUFFER);
    pack = (struct service_pack){.out = out, .ansi = ansi};
    pack_info(&pack, level, call.r);
    return TRUE;
}

BOOL WINAPI service_QueryServiceConfig2W(SC_HANDLE service, DWORD level, LPBYTE out, DWORD size,
                                         LPDWORD needed)
{
    return query_config2(service, level, out, size, needed, false);
}

BOOL WINAPI service_QueryServiceConfig2A(SC_HANDLE service, DWORD level, LPBYTE out, DWORD size,
                                         LPDWORD needed)
{
    return query_config2(service, level, out, size, needed, true);
}

static bool put_failure_actions(struct wire_writer *w, const SERVICE_FAILURE_ACTIONSW *actions,
                                bool ansi)
{
    bool ok = true;
    // The structure for ANSI texts is the same but for the type that its text pointers have.
    layer_cleanup_free uint16_t *message =
        ansi ? service_wide((const char *)actions->lpRebootMsg, &ok) : NULL;
    layer_cleanup_free uint16_t *command =
        ansi ? service_wide((const char *)actions->lpCommand, &ok) : NULL;
    wire_put_u32(w, actions->dwResetPeriod);
    wire_put_str16_opt(w, service_text(ansi ? message : (const uint16_t *)actions->lpRebootMsg));
    wire_put_str16_opt(w, service_text(ansi ? command : (const uint16_t *)actions->lpCommand));
    // Without the array the actions stay as they are.
    wire_put_u32(w, actions->lpsaActions ? actions->cActions : (uint32_t)SCM_NO_CHANGE);
    for (DWORD i = 0; actions->lpsaActions && i < actions->cActions && !w->failed; i++) {
        wire_put_u32(w, actions->lpsaActions[i].Type);
        wire_put_u32(w, actions->lpsaActions[i].Delay);
    }
    return ok;
}

static bool put_triggers(struct wire_writer *w, const struct trigger_info *info)
{
    if (info->count && !info->triggers)
        return false;
    wire_put_u32(w, info->count);
    for (DWORD i = 0; i < info->count && !w->failed; i++) {
        const struct trigger *trigger = &info->triggers[i];
        if (trigger->count && !trigger->items)
            return false;
        wire_put_u32(w, trigger->type);
        wire_put_u32(w, trigger->action);
        wire_put_blob(w, trigger->guid, trigger->guid ? SCM_GUID_SIZE : 0);
        wire_put_u32(w, trigger->count);
        for (DWORD j = 0; j < trigger->count && !w->failed; j++) {
            const struct trigger_item *item = &trigger->items[j];
            if (item->size && !item->data)
                return false;
            wire_put_u32(w, item->type);
            wire_put_blob(w, item->data, item->size);
        }
    }
    return true;
}

static BOOL change_config2(SC_HANDLE service, DWORD level, const void *info, bool ansi)
{
    if (!scm_info_level_known(level))
        return service_result(ERROR_INVALID_LEVEL);
    if (!info) // documented: nothing is changed
        return TRUE;
    bool ok = true;
    service_cleanup_call struct service_call call;
    service_call_begin(&call, SCM_CHANGE_CONFIG2, SERVICE_CALL_LARGE, SERVICE_CALL_SMALL);
    wire_put_u32(&call.w, level);
    if (level == SCM_INFO_FAILURE_ACTIONS) {
        ok = put_failure_actions(&call.w, info, ansi);
    } else if (level == SCM_INFO_TRIGGERS) {
        if (!put_triggers(&call.w, info))
            return service_result(ERROR_INVALID_PARAMETER);
    } else if (level == SCM_INFO_PREFERRED_NODE) {
        const struct preferred_node *node = info;
        wire_put_u32(&call.w, node->remove ? (uint32_t)SCM_NO_NODE : node->node);
    } else if (is_text_level(level)) {
        bool list = level == SCM_INFO_REQUIRED_PRIVILEGES;
        const void *text = ((const struct text_info *)info)->text;
        layer_cleanup_free uint16_t *text_w =
            ansi ? (list ? service_wide_list(text, &ok) : service_wide(text, &ok)) : NULL;
        const uint16_t *given = ansi ? text_w : text;
        wire_put_str16_opt(&call.w, list ? service_list(given) : service_text(given));
    } else {
        wire_put_u32(&call.w, *(const DWORD *)info);
    }
    return service_result(ok ? service_call_send(&call, service) : ERROR_NOT_ENOUGH_MEMORY);
}

BOOL WINAPI service_ChangeServiceConfig2W(SC_HANDLE service, DWORD level, LPVOID info)
{
    return change_config2(service, level, info, false);
}

BOOL WINAPI service_ChangeServiceConfig2A(SC_HANDLE service, DWORD level, LPVOID info)
{
    return change_config2(service, level, info, true);
}

BOOL WINAPI service_QueryServiceObjectSecurity(SC_HANDLE service, SECURITY_INFORMATION parts,
                                               PSECURITY_DESCRIPTOR out, DWORD size, LPDWORD needed)
{
    if (!needed)
        return service_result(ERROR_INVALID_ADDRESS);
    service_cleanup_call struct service_call call;
    service_call_begin(&call, SCM_QUERY_SECURITY, SERVICE_CALL_SMALL, SERVICE_CALL_LARGE);
    wire_put_u32(&call.w, parts);
    DWORD error = service_call_send(&call, service);
    if (error != ERROR_SUCCESS)
        return service_result(error);
    struct wire_blob descriptor = wire_get_blob(&call.r);
    *needed = (DWORD)descriptor.len;
    if (!out || size < descriptor.len)
        return service_result(ERROR_INSUFFICIENT_BUFFER);
    memcpy(out, descriptor.data, descriptor.len);
    return TRUE;
}

NTSYSAPI NTSTATUS NTAPI RtlMakeSelfRelativeSD(PSECURITY_DESCRIPTOR, PSECURITY_DESCRIPTOR, ULONG *);

BOOL WINAPI service_SetServiceObjectSecurity(SC_HANDLE service, SECURITY_INFORMATION parts,
                                             PSECURITY_DESCRIPTOR descriptor)
{
    // Not with RtlValidSecurityDescriptor: Wine 8's answers with a status.
    const uint16_t self_relative = 0x8000;
    const SECURITY_DESCRIPTOR *given = descriptor;
    bool relative_already = given && (given->Control & self_relative);
    if (!given || given->Revision != SECURITY_DESCRIPTOR_REVISION ||
        (relative_already && !security_valid(given, SCM_MESSAGE_MAX / 2)))
        return service_result(ERROR_INVALID_PARAMETER);
    // What goes over the wire has no pointers; one that is so already is copied as it is.
    // Wine 8's RtlMakeSelfRelativeSD cuts such a one off where there are gaps in it.
    ULONG len = relative_already ? (ULONG)security_extent(descriptor) : 0;
    if (!relative_already)
        RtlMakeSelfRelativeSD(descriptor, NULL, &len);
    if (!len || len > SCM_MESSAGE_MAX / 2)
        return service_result(ERROR_INVALID_PARAMETER);
    layer_cleanup_free void *relative = layer_alloc(len);
    if (!relative)
        return service_result(ERROR_NOT_ENOUGH_MEMORY);
    NTSTATUS status = STATUS_SUCCESS;
    if (relative_already)
        memcpy(relative, descriptor, len);
    else
        status = RtlMakeSelfRelativeSD(descriptor, relative, &len);
    if (!NT_SUCCESS(status))
        return service_result(RtlNtStatusToDosError(status));
    service_cleanup_call struct service_call call;
    service_call_begin(&call, SCM_SET_SECURITY, SERVICE_CALL_LARGE, SERVICE_CALL_SMALL);
    wire_put_u32(&call.w, parts);
    wire_put_blob(&call.w, relative, len);
    return service_result(service_call_send(&call, service));
}
