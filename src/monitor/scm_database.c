#include "monitor/scm_database.h"

#include <aclapi.h>
#include <sddl.h>
#include <stdio.h>
#include <stdlib.h>
#include "core/security.h"
#include "core/service_order.h"
#include "layer/nt.h"
#include "monitor/registry.h"
#include "monitor/scm_triggers.h"

static HKEY services;

DWORD db_open(void)
{
    return RegCreateKeyExW(HKEY_LOCAL_MACHINE, L"SYSTEM\\CurrentControlSet\\Services", 0, NULL, 0,
                           KEY_READ | KEY_WRITE, NULL, &services, NULL);
}

static DWORD open_key(const wchar_t *name, REGSAM access, HKEY *key)
{
    DWORD error = RegOpenKeyExW(services, name, 0, access, key);
    return error == ERROR_FILE_NOT_FOUND ? ERROR_SERVICE_DOES_NOT_EXIST : error;
}

// The two lists of the registry as the one that the service functions speak of.
static bool join_dependencies(HKEY key, struct db_config *config)
{
    size_t services_len = 0, groups_len = 0, count = 0, at = 0;
    wchar_t *on_services = registry_text(key, L"DependOnService", &services_len);
    wchar_t *on_groups = registry_text(key, L"DependOnGroup", &groups_len);
    struct str16 group, groups = {(const uint16_t *)on_groups, groups_len};
    while (service_list_next(groups, &at, &group))
        count++;
    wchar_t *list = calloc(services_len + groups_len + count + 3, sizeof(wchar_t));
    if (list) {
        size_t len = 0;
        struct str16 item, names = {(const uint16_t *)on_services, services_len};
        for (at = 0; service_list_next(names, &at, &item); len += item.len + 1)
            memcpy(list + len, item.s, item.len * sizeof(wchar_t));
        for (at = 0; service_list_next(groups, &at, &group); len += group.len + 1) {
            list[len++] = L'+';
            memcpy(list + len, group.s, group.len * sizeof(wchar_t));
        }
        config->dependencies = list;
        config->dependencies_len = len;
    }
    free(on_services);
    free(on_groups);
    return list != NULL;
}

static DWORD load(const wchar_t *name, bool whole, struct db_config *config)
{
    *config = (struct db_config){0};
    HKEY key;
    DWORD error = open_key(name, KEY_QUERY_VALUE, &key);
    if (error != ERROR_SUCCESS)
        return error;
    DWORD number;
    if (!registry_number(key, L"Type", &number) || number == 0) {
        RegCloseKey(key);
        return ERROR_SERVICE_DOES_NOT_EXIST;
    }
    config->type = number;
    config->delete_flag = registry_number(key, L"DeleteFlag", &number) && number;
    config->group = registry_text(key, L"Group", NULL);
    config->display_name = registry_shown_text(key, L"DisplayName");
    if (whole) {
        config->start = registry_number(key, L"Start", &number) ? number : SVC_DEMAND_START;
        config->error_control = registry_number(key, L"ErrorControl", &number) ? number : 0;
        config->tag = registry_number(key, L"Tag", &number) ? number : 0;
        config->wow64 = registry_number(key, L"WOW64", &number) && number;
        config->image_path = registry_shown_text(key, L"ImagePath");
        config->account = registry_shown_text(key, L"ObjectName");
        if (!join_dependencies(key, config))
            error = ERROR_NOT_ENOUGH_MEMORY;
    }
    RegCloseKey(key);
    if (error != ERROR_SUCCESS)
        db_free(config);
    return error;
}

DWORD db_load(const wchar_t *name, struct db_config *config)
{
    return load(name, true, config);
}

DWORD db_load_listed(const wchar_t *name, struct db_config *config)
{
    return load(name, false, config);
}

void db_free(struct db_config *config)
{
    free(config->image_path);
    free(config->group);
    free(config->account);
    free(config->display_name);
    free(config->dependencies);
    *config = (struct db_config){0};
}

DWORD db_enumerate_written(DWORD index, wchar_t *name, FILETIME *written)
{
    // The registry allows names of 255 units, so that none is longer than a service's may be.
    DWORD len = SERVICE_NAME_MAX + 1;
    return RegEnumKeyExW(services, index, name, &len, NULL, NULL, NULL, written);
}

DWORD db_enumerate(DWORD index, wchar_t *name)
{
    return db_enumerate_written(index, name, NULL);
}

DWORD db_spelling(const wchar_t *name, wchar_t *spelling)
{
    union {
        struct nt_key_basic_information info;
        BYTE room[sizeof(struct nt_key_basic_information) + SERVICE_NAME_MAX * sizeof(wchar_t)];
    } data;
    ULONG len;
    HKEY key;
    DWORD error = open_key(name, KEY_QUERY_VALUE, &key);
    if (error != ERROR_SUCCESS)
        return error;
    if (NtQueryKey(key, NT_KEY_BASIC_INFORMATION, &data, sizeof data, &len) < 0 ||
        data.info.name_length > SERVICE_NAME_MAX * sizeof(wchar_t)) {
        error = ERROR_SERVICE_DOES_NOT_EXIST;
    } else {
        memcpy(spelling, data.info.name, data.info.name_length);
        spelling[data.info.name_length / sizeof(wchar_t)] = 0;
    }
    RegCloseKey(key);
    return error;
}

static DWORD store_dependencies(HKEY key, struct str16 list)
{
    uint16_t *names = calloc(list.len + 1, sizeof(*names)),
             *groups = calloc(list.len + 1, sizeof(*groups));
    DWORD error = ERROR_NOT_ENOUGH_MEMORY;
    if (names && groups) {
        size_t names_len = 0, groups_len = 0;
        struct str16 item;
        for (size_t at = 0; service_list_next(list, &at, &item);) {
            if (item.s[0] == '+') {
                memcpy(groups + groups_len, item.s + 1, (item.len - 1) * sizeof(*groups));
                groups_len += item.len;
            } else {
                memcpy(names + names_len, item.s, item.len * sizeof(*names));
                names_len += item.len + 1;
            }
        }
        error = registry_set_text(key, L"DependOnService", REG_MULTI_SZ,
                                  (struct str16){names, names_len}, true);
        if (error == ERROR_SUCCESS)
            error = registry_set_text(key, L"DependOnGroup", REG_MULTI_SZ,
                                      (struct str16){groups, groups_len}, true);
    }
    free(names);
    free(groups);
    return error;
}

DWORD db_store(const wchar_t *name, const struct scm_config *config, bool create, bool wow64)
{
    const struct service_config *c = &config->basic;
    HKEY key;
    DWORD error =
        create ? (DWORD)RegCreateKeyExW(services, name, 0, NULL, 0, KEY_SET_VALUE, NULL, &key, NULL)
               : open_key(name, KEY_SET_VALUE, &key);
    if (error != ERROR_SUCCESS)
        return error;
    // The type comes last: a key without one is no service, should this process end in between.
    if (c->error_control != SCM_NO_CHANGE)
        error = registry_set_number(key, L"ErrorControl", c->error_control);
    if (error == ERROR_SUCCESS && c->start != SCM_NO_CHANGE)
        error = registry_set_number(key, L"Start", c->start);
    if (error == ERROR_SUCCESS && c->image_path.s)
        error = registry_set_text(key, L"ImagePath", REG_EXPAND_SZ, c->image_path, false);
    if (error == ERROR_SUCCESS && c->display_name.s)
        error = registry_set_text(key, L"DisplayName", REG_SZ, c->display_name, true);
    if (error == ERROR_SUCCESS && c->group.s)
        error = registry_set_text(key, L"Group", REG_SZ, c->group, true);
    if (error == ERROR_SUCCESS && config->tag != SCM_NO_CHANGE && config->tag)
        error = registry_set_number(key, L"Tag", config->tag);
    if (error == ERROR_SUCCESS && c->dependencies.s)
        error = store_dependencies(key, c->dependencies);
    if (error == ERROR_SUCCESS && c->account.s)
        error = registry_set_text(key, L"ObjectName", REG_SZ, c->account, true);
    if (error == ERROR_SUCCESS && create && wow64)
        error = registry_set_number(key, L"WOW64", 1);
    if (error == ERROR_SUCCESS && c->type != SCM_NO_CHANGE)
        error = registry_set_number(key, L"Type", c->type);
    RegCloseKey(key);
    if (error != ERROR_SUCCESS && create)
        registry_delete_tree(services, name);
    return error;
}

DWORD db_set_delete_flag(const wchar_t *name)
{
    HKEY key;
    DWORD error = open_key(name, KEY_SET_VALUE, &key);
    if (error != ERROR_SUCCESS)
        return error;
    error = registry_set_number(key, L"DeleteFlag", 1);
    RegCloseKey(key);
    return error;
}

DWORD db_delete(const wchar_t *name)
{
    return registry_delete_tree(services, name);
}

// FailureActions is SERVICE_FAILURE_ACTIONS as a 32-bit program has it, its pointers without
// meaning, followed by the actions.
struct stored_actions {
    uint32_t reset_period, message, command, count, actions;
    uint32_t action[SCM_FAILURE_ACTIONS_MAX][2];
};
#define STORED_ACTIONS_HEAD offsetof(struct stored_actions, action)

static void put_failure_actions(HKEY key, struct wire_writer *info)
{
    struct stored_actions stored = {0};
    DWORD type, bytes = sizeof(stored);
    if (RegQueryValueExW(key, L"FailureActions", NULL, &type, (BYTE *)&stored, &bytes) !=
            ERROR_SUCCESS ||
        type != REG_BINARY || bytes < STORED_ACTIONS_HEAD)
        stored = (struct stored_actions){0};
    else if (stored.count > (bytes - STORED_ACTIONS_HEAD) / sizeof(stored.action[0]))
        stored.count = 0;
    wchar_t *message = registry_text(key, L"RebootMessage", NULL);
    wchar_t *command = registry_text(key, L"FailureCommand", NULL);
    wire_put_u32(info, stored.reset_period);
    wire_put_str16_opt(info, message ? str16_of((uint16_t *)message) : (struct str16){0});
    wire_put_str16_opt(info, command ? str16_of((uint16_t *)command) : (struct str16){0});
    wire_put_u32(info, stored.count);
    for (uint32_t i = 0; i < stored.count; i++) {
        wire_put_u32(info, stored.action[i][0]);
        wire_put_u32(info, stored.action[i][1]);
    }
    free(message);
    free(command);
}

static DWORD set_failure_actions(HKEY key, struct wire_reader *info)
{
    struct stored_actions stored = {.actions = STORED_ACTIONS_HEAD};
    stored.reset_period = wire_get_u32(info);
    struct str16 message = wire_get_str16_opt(info), command = wire_get_str16_opt(info);
    uint32_t count = wire_get_u32(info);
    bool given = count != SCM_NO_CHANGE;
    if (given && count > SCM_FAILURE_ACTIONS_MAX)
        return ERROR_INVALID_PARAMETER;
    stored.count = given ? count : 0;
    for (uint32_t i = 0; i < stored.count; i++) {
        stored.action[i][0] = wire_get_u32(info);
        stored.action[i][1] = wire_get_u32(info);
        if (stored.action[i][0] > SC_ACTION_RUN_COMMAND)
            return ERROR_INVALID_PARAMETER;
    }
    if (!wire_done(info))
        return ERROR_INVALID_PARAMETER;
    DWORD error = ERROR_SUCCESS;
    // Without actions the reset period goes, too (SERVICE_FAILURE_ACTIONS, cActions).
    if (given && !stored.count) {
        error = (DWORD)RegDeleteValueW(key, L"FailureActions");
        if (error == ERROR_FILE_NOT_FOUND)
            error = ERROR_SUCCESS;
    } else if (given)
        error =
            RegSetValueExW(key, L"FailureActions", 0, REG_BINARY, (const BYTE *)&stored,
                           (DWORD)(STORED_ACTIONS_HEAD + stored.count * sizeof(stored.action[0])));
    if (error == ERROR_SUCCESS && message.s)
        error = registry_set_text(key, L"RebootMessage", REG_SZ, message, true);
    if (error == ERROR_SUCCESS && command.s)
        error = registry_set_text(key, L"FailureCommand", REG_SZ, command, true);
    return error;
}

static DWORD set_preferred_node(HKEY key, uint32_t node)
{
    ULONG highest = 0;
    if (node == SCM_NO_NODE) {
        DWORD error = RegDeleteValueW(key, L"PreferredNode");
        return error == ERROR_FILE_NOT_FOUND ? ERROR_SUCCESS : error;
    }
    if (!GetNumaHighestNodeNumber(&highest) || node > highest)
        return ERROR_INVALID_PARAMETER;
    return registry_set_number(key, L"PreferredNode", node);
}

// The values that the levels which are one number may have.
static bool number_valid(uint32_t level, DWORD *number)
{
    switch (level) {
    case SCM_INFO_DELAYED_AUTO_START:
    case SCM_INFO_FAILURE_ACTIONS_FLAG:
        *number = *number != 0;
        return true;
    case SCM_INFO_SID: // none, unrestricted, restricted
        return *number == 0 || *number == 1 || *number == 3;
    case SCM_INFO_LAUNCH_PROTECTED: // none, three kinds
        return *number <= 3;
    default:
        return true;
    }
}

// The levels that are one number, with what they are where nothing is stored.
static bool number_level(uint32_t level, const wchar_t **value, DWORD *unset)
{
    switch (level) {
    case SCM_INFO_DELAYED_AUTO_START:
        *value = L"DelayedAutoStart", *unset = 0;
        return true;
    case SCM_INFO_FAILURE_ACTIONS_FLAG:
        *value = L"FailureActionsOnNonCrashFailures", *unset = 0;
        return true;
    case SCM_INFO_SID:
        *value = L"ServiceSidType", *unset = 0;
        return true;
    case SCM_INFO_PRESHUTDOWN:
        *value = L"PreshutdownTimeout", *unset = 180000;
        return true;
    case SCM_INFO_LAUNCH_PROTECTED:
        *value = L"LaunchProtected", *unset = 0;
        return true;
    default:
        return false;
    }
}

DWORD db_put_info(const wchar_t *name, uint32_t level, struct wire_writer *info)
{
    HKEY key;
    DWORD error = open_key(name, KEY_QUERY_VALUE, &key), number;
    if (error != ERROR_SUCCESS)
        return error;
    const wchar_t *value;
    if (level == SCM_INFO_DESCRIPTION || level == SCM_INFO_REQUIRED_PRIVILEGES) {
        bool list = level == SCM_INFO_REQUIRED_PRIVILEGES;
        size_t len = 0;
        wchar_t *text = list ? registry_text(key, L"RequiredPrivileges", &len)
                             : registry_shown_text(key, L"Description");
        if (text && !list)
            len = wcslen(text);
        wire_put_str16_opt(info, text ? (struct str16){(uint16_t *)text, len} : (struct str16){0});
        free(text);
    } else if (level == SCM_INFO_FAILURE_ACTIONS) {
        put_failure_actions(key, info);
    } else if (level == SCM_INFO_TRIGGERS) {
        triggers_put(key, info);
    } else if (level == SCM_INFO_PREFERRED_NODE) {
        // Where there is none, that is said with this error.
        if (registry_number(key, L"PreferredNode", &number))
            wire_put_u32(info, number);
        else
            error = ERROR_INVALID_PARAMETER;
    } else if (number_level(level, &value, &number)) {
        registry_number(key, value, &number);
        wire_put_u32(info, number);
    } else {
        error = ERROR_INVALID_LEVEL;
    }
    RegCloseKey(key);
    return error;
}

DWORD db_set_info(const wchar_t *name, uint32_t level, struct wire_reader *info)
{
    HKEY key;
    REGSAM access = level == SCM_INFO_TRIGGERS ? KEY_READ | KEY_WRITE | DELETE : KEY_SET_VALUE;
    DWORD error = open_key(name, access, &key), number;
    if (error != ERROR_SUCCESS)
        return error;
    const wchar_t *value;
    if (level == SCM_INFO_DESCRIPTION || level == SCM_INFO_REQUIRED_PRIVILEGES) {
        bool list = level == SCM_INFO_REQUIRED_PRIVILEGES;
        struct str16 text = wire_get_str16_opt(info);
        if (!wire_done(info))
            error = ERROR_INVALID_PARAMETER;
        else if (text.s)
            error = registry_set_text(key, list ? L"RequiredPrivileges" : L"Description",
                                      list ? REG_MULTI_SZ : REG_SZ, text, true);
    } else if (level == SCM_INFO_FAILURE_ACTIONS) {
        error = set_failure_actions(key, info);
    } else if (level == SCM_INFO_TRIGGERS) {
        error = triggers_set(key, info);
    } else if (level == SCM_INFO_PREFERRED_NODE) {
        number = wire_get_u32(info);
        error = wire_done(info) ? set_preferred_node(key, number) : ERROR_INVALID_PARAMETER;
    } else if (number_level(level, &value, &number)) {
        number = wire_get_u32(info);
        error = wire_done(info) && number_valid(level, &number)
                    ? registry_set_number(key, value, number)
                    : ERROR_INVALID_PARAMETER;
    } else {
        error = ERROR_INVALID_LEVEL;
    }
    RegCloseKey(key);
    return error;
}

wchar_t *db_required_privileges(const wchar_t *name, size_t *len)
{
    HKEY key;
    if (open_key(name, KEY_QUERY_VALUE, &key) != ERROR_SUCCESS)
        return NULL;
    wchar_t *list = registry_text(key, L"RequiredPrivileges", len);
    RegCloseKey(key);
    return list;
}

struct db_triggers db_triggers(const wchar_t *name)
{
    struct db_triggers found = {0};
    HKEY key;
    if (open_key(name, KEY_QUERY_VALUE, &key) != ERROR_SUCCESS)
        return found;
    found = triggers_find(key, name);
    RegCloseKey(key);
    return found;
}

DWORD db_security(const wchar_t *name, SECURITY_DESCRIPTOR **descriptor)
{
    HKEY service, key;
    DWORD error = open_key(name, KEY_QUERY_VALUE, &service);
    if (error != ERROR_SUCCESS)
        return error;
    *descriptor = NULL;
    if (RegOpenKeyExW(service, L"Security", 0, KEY_QUERY_VALUE, &key) == ERROR_SUCCESS) {
        DWORD type, bytes = 0;
        if (RegQueryValueExW(key, L"Security", NULL, &type, NULL, &bytes) == ERROR_SUCCESS &&
            type == REG_BINARY && bytes >= SECURITY_DESCRIPTOR_MIN_LENGTH &&
            bytes <= SCM_MESSAGE_MAX / 2) {
            SECURITY_DESCRIPTOR *stored = LocalAlloc(LPTR, bytes);
            if (stored &&
                RegQueryValueExW(key, L"Security", NULL, NULL, (BYTE *)stored, &bytes) ==
                    ERROR_SUCCESS &&
                security_valid(stored, bytes))
                *descriptor = stored;
            else
                LocalFree(stored);
        }
        RegCloseKey(key);
    }
    RegCloseKey(service);
    if (*descriptor)
        return ERROR_SUCCESS;
    // What the documentation names as a service's default: all to administrators, start and query
    // to the system, query to interactive users and to services.
    PSECURITY_DESCRIPTOR made;
    if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(
            L"O:SYG:SYD:(A;;CCLCSWRPWPDTLOCRRC;;;SY)(A;;CCDCLCSWRPWPDTLOCRSDRCWDWO;;;BA)"
            L"(A;;CCLCSWLOCRRC;;;IU)(A;;CCLCSWLOCRRC;;;SU)",
            SDDL_REVISION_1, &made, NULL))
        return GetLastError();
    *descriptor = made;
    return ERROR_SUCCESS;
}

DWORD db_set_security(const wchar_t *name, SECURITY_DESCRIPTOR *descriptor)
{
    HKEY service, key;
    DWORD error = open_key(name, KEY_CREATE_SUB_KEY, &service);
    if (error != ERROR_SUCCESS)
        return error;
    error = RegCreateKeyExW(service, L"Security", 0, NULL, 0, KEY_SET_VALUE, NULL, &key, NULL);
    if (error == ERROR_SUCCESS) {
        error = RegSetValueExW(key, L"Security", 0, REG_BINARY, (const BYTE *)descriptor,
                               GetSecurityDescriptorLength(descriptor));
        RegCloseKey(key);
    }
    RegCloseKey(service);
    return error;
}

DWORD db_pipe_timeout(void)
{
    DWORD timeout = 0;
    HKEY key;
    if (RegOpenKeyExW(HKEY_LOCAL_MACHINE, L"SYSTEM\\CurrentControlSet\\Control", 0, KEY_QUERY_VALUE,
                      &key) == ERROR_SUCCESS) {
        registry_number(key, L"ServicesPipeTimeout", &timeout);
        RegCloseKey(key);
    }
    // The timers take up to 24 days; no one means more than an hour.
    return timeout && timeout <= 3600000 ? timeout : 30000;
}
