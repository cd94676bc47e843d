#include "monitor/scm_triggers.h"

#include <stdio.h>
#include "monitor/registry.h"

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
