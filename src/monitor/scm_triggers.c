#include "monitor/scm_triggers.h"

#include <stdio.h>
#include "core/service_order.h"
#include "monitor/registry.h"
#include "monitor/scm_pipe_triggers.h"

// One trigger is a key below TriggerInfo, called by its number, with Type, Action, GUID, and for
// its data DataType0, Data0 and so on.
static void put_trigger(HKEY key, struct wire_writer *info)
{
    DWORD type = 0, action = 0, kind, items = 0;
    uint8_t bytes[SCM_TRIGGER_DATA_MAX];
    wchar_t name[16];
    registry_number(key, L"Type", &type);
    registry_number(key, L"Action", &action);
    wire_put_u32(info, type);
    wire_put_u32(info, action);
    DWORD len = SCM_GUID_SIZE;
    bool guid = RegQueryValueExW(key, L"GUID", NULL, &kind, bytes, &len) == ERROR_SUCCESS &&
                kind == REG_BINARY && len == SCM_GUID_SIZE;
    wire_put_blob(info, bytes, guid ? SCM_GUID_SIZE : 0);
    size_t count_at = info->len;
    wire_put_u32(info, 0);
    for (; items < SCM_TRIGGER_ITEMS_MAX; items++) {
        _snwprintf(name, 16, L"DataType%lu", items);
        if (!registry_number(key, name, &type))
            break;
        _snwprintf(name, 16, L"Data%lu", items);
        len = sizeof(bytes);
        if (RegQueryValueExW(key, name, NULL, NULL, bytes, &len) != ERROR_SUCCESS)
            len = 0;
        wire_put_u32(info, type);
        wire_put_blob(info, bytes, len);
    }
    wire_patch_u32(info, count_at, items);
}

void triggers_put(HKEY service, struct wire_writer *info)
{
    size_t count_at = info->len;
    DWORD count = 0;
    wire_put_u32(info, 0);
    for (; count < SCM_TRIGGERS_MAX; count++) {
        wchar_t name[32];
        HKEY key;
        _snwprintf(name, 32, L"TriggerInfo\\%lu", count);
        if (RegOpenKeyExW(service, name, 0, KEY_QUERY_VALUE, &key) != ERROR_SUCCESS)
            break;
        put_trigger(key, info);
        RegCloseKey(key);
    }
    wire_patch_u32(info, count_at, count);
}

static DWORD set_trigger(HKEY key, struct wire_reader *info)
{
    wchar_t name[16];
    DWORD error = registry_set_number(key, L"Type", wire_get_u32(info));
    if (error == ERROR_SUCCESS)
        error = registry_set_number(key, L"Action", wire_get_u32(info));
    struct wire_blob guid = wire_get_blob(info);
    if (error == ERROR_SUCCESS && guid.len)
        error = RegSetValueExW(key, L"GUID", 0, REG_BINARY, guid.data, (DWORD)guid.len);
    uint32_t items = wire_get_u32(info);
    for (uint32_t i = 0; error == ERROR_SUCCESS && i < items; i++) {
        _snwprintf(name, 16, L"DataType%u", i);
        error = registry_set_number(key, name, wire_get_u32(info));
        struct wire_blob data = wire_get_blob(info);
        _snwprintf(name, 16, L"Data%u", i);
        if (error == ERROR_SUCCESS)
            error = RegSetValueExW(key, name, 0, REG_BINARY, data.data, (DWORD)data.len);
    }
    return error;
}

static bool triggers_valid(struct wire_reader info)
{
    uint32_t count = wire_get_u32(&info);
    if (count > SCM_TRIGGERS_MAX)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t type = wire_get_u32(&info), action = wire_get_u32(&info);
        struct wire_blob guid = wire_get_blob(&info);
        uint32_t items = wire_get_u32(&info);
        // Actions: start, stop. The kind of trigger that a program defines needs a provider.
        if (info.failed || !type || !action || action > 2 || items > SCM_TRIGGER_ITEMS_MAX ||
            (guid.len && guid.len != SCM_GUID_SIZE))
            return false;
        for (uint32_t j = 0; j < items; j++) {
            uint32_t kind = wire_get_u32(&info);
            struct wire_blob data = wire_get_blob(&info);
            if (info.failed || !kind || data.len > SCM_TRIGGER_DATA_MAX)
                return false;
        }
    }
    return wire_done(&info);
}

DWORD triggers_set(HKEY service, struct wire_reader *info)
{
    if (!triggers_valid(*info))
        return ERROR_INVALID_PARAMETER;
    DWORD error = registry_delete_tree(service, L"TriggerInfo");
    if (error == ERROR_FILE_NOT_FOUND)
        error = ERROR_SUCCESS;
    uint32_t count = wire_get_u32(info);
    for (uint32_t i = 0; error == ERROR_SUCCESS && i < count; i++) {
        wchar_t name[32];
        HKEY key;
        _snwprintf(name, 32, L"TriggerInfo\\%u", i);
        error = RegCreateKeyExW(service, name, 0, NULL, 0, KEY_SET_VALUE, NULL, &key, NULL);
        if (error == ERROR_SUCCESS) {
            error = set_trigger(key, info);
            RegCloseKey(key);
        }
    }
    return error;
}

// The names are text, one or several.
static bool find_pipes(HKEY trigger, const wchar_t *service)
{
    enum { TEXT = 2 }; // SERVICE_TRIGGER_DATA_TYPE_STRING
    uint16_t text[SCM_TRIGGER_DATA_MAX / sizeof(uint16_t)];
    bool any = false;
    for (DWORD i = 0; i < SCM_TRIGGER_ITEMS_MAX; i++) {
        wchar_t value[16];
        DWORD type, bytes = sizeof text;
        _snwprintf(value, 16, L"DataType%lu", i);
        if (!registry_number(trigger, value, &type))
            break;
        _snwprintf(value, 16, L"Data%lu", i);
        if (type != TEXT || RegQueryValueExW(trigger, value, NULL, NULL, (BYTE *)text, &bytes))
            continue;
        struct str16 list = {text, bytes / sizeof *text}, pipe;
        for (size_t at = 0; service_list_next(list, &at, &pipe);)
            any |= pipe_triggers_add(service, pipe);
    }
    return any;
}

struct db_triggers triggers_find(HKEY key, const wchar_t *service)
{
    struct db_triggers found = {0};
    HKEY triggers;
    pipe_triggers_forget(service);
    if (RegOpenKeyExW(key, L"TriggerInfo", 0, KEY_ENUMERATE_SUB_KEYS, &triggers) != ERROR_SUCCESS)
        return found;
    wchar_t number[16];
    DWORD len = 16;
    for (DWORD i = 0;
         RegEnumKeyExW(triggers, i, number, &len, NULL, NULL, NULL, NULL) == ERROR_SUCCESS;
         i++, len = 16) {
        HKEY trigger;
        found.any = true;
        if (RegOpenKeyExW(triggers, number, 0, KEY_QUERY_VALUE, &trigger) != ERROR_SUCCESS)
            continue;
        DWORD type, action, kind;
        uint8_t guid[SCM_GUID_SIZE];
        DWORD bytes = sizeof guid;
        if (registry_number(trigger, L"Type", &type) &&
            registry_number(trigger, L"Action", &action) &&
            RegQueryValueExW(trigger, L"GUID", NULL, &kind, guid, &bytes) == ERROR_SUCCESS &&
            kind == REG_BINARY && bytes == sizeof guid) {
            enum service_trigger what = service_trigger(type, action, guid);
            found.at_start |= what == TRIGGER_AT_START;
            found.pipe |= what == TRIGGER_PIPE && find_pipes(trigger, service);
        }
        RegCloseKey(trigger);
    }
    RegCloseKey(triggers);
    return found;
}
