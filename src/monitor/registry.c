#include "monitor/registry.h"

#include <stdlib.h>

// A text value of any kind, terminated three times; most are short and take one call.
static wchar_t *read_text(HKEY key, const wchar_t *value, DWORD *type, DWORD *bytes)
{
    enum { FIRST_TRY = 512, TERMINATORS = 3 * sizeof(wchar_t) };
    DWORD room = FIRST_TRY;
    for (;;) {
        BYTE *data = malloc(room + TERMINATORS);
        if (!data)
            return NULL;
        *bytes = room;
        LONG error = RegQueryValueExW(key, value, NULL, type, data, bytes);
        if (error == ERROR_SUCCESS &&
            (*type == REG_SZ || *type == REG_EXPAND_SZ || *type == REG_MULTI_SZ)) {
            memset(data + *bytes, 0, TERMINATORS);
            return (wchar_t *)(void *)data;
        }
        free(data);
        // Should it have become longer in between, the next round sees to that.
        if (error != ERROR_MORE_DATA || *bytes <= room ||
            *bytes > REGISTRY_TEXT_MAX * sizeof(wchar_t))
            return NULL;
        room = *bytes;
    }
}

wchar_t *registry_text(HKEY key, const wchar_t *value, size_t *len)
{
    DWORD type, bytes;
    wchar_t *text = read_text(key, value, &type, &bytes);
    if (!text)
        return NULL;
    // What is stored need not be terminated, nor be a whole number of units.
    size_t units = bytes / sizeof(wchar_t);
    text[units] = 0;
    if (type != REG_MULTI_SZ)
        units = wcslen(text);
    else
        while (units && !text[units - 1] && (units == 1 || !text[units - 2]))
            units--;
    if (len)
        *len = units;
    return text;
}

static wchar_t *expand(wchar_t *text)
{
    DWORD room = ExpandEnvironmentStringsW(text, NULL, 0);
    wchar_t *expanded =
        room && room <= REGISTRY_TEXT_MAX ? calloc(room + 2, sizeof(wchar_t)) : NULL;
    if (!expanded || !ExpandEnvironmentStringsW(text, expanded, room)) {
        free(expanded);
        return text;
    }
    free(text);
    return expanded;
}

static wchar_t *resource_text(HKEY key, const wchar_t *value)
{
    typedef LONG WINAPI load_mui_string(HKEY, const wchar_t *, wchar_t *, DWORD, DWORD *, DWORD,
                                        const wchar_t *);
    static load_mui_string *load;
    if (!load)
        load = (load_mui_string *)(void *)GetProcAddress(GetModuleHandleW(L"advapi32.dll"),
                                                         "RegLoadMUIStringW");
    wchar_t text[1024];
    DWORD bytes;
    if (!load || load(key, value, text, sizeof(text), &bytes, 0, NULL) != ERROR_SUCCESS || !*text)
        return NULL;
    return _wcsdup(text);
}

wchar_t *registry_shown_text(HKEY key, const wchar_t *value)
{
    DWORD type, bytes;
    wchar_t *text = read_text(key, value, &type, &bytes);
    if (!text)
        return NULL;
    text[bytes / sizeof(wchar_t)] = 0;
    if (text[0] == L'@') {
        wchar_t *meant = resource_text(key, value);
        if (meant) {
            free(text);
            return meant;
        }
    }
    return type == REG_EXPAND_SZ ? expand(text) : text;
}

bool registry_number(HKEY key, const wchar_t *value, DWORD *number)
{
    DWORD type, bytes = sizeof(*number), got;
    if (RegQueryValueExW(key, value, NULL, &type, (BYTE *)&got, &bytes) != ERROR_SUCCESS ||
        type != REG_DWORD || bytes != sizeof(got))
        return false;
    *number = got;
    return true;
}

DWORD registry_set_text(HKEY key, const wchar_t *value, DWORD type, struct str16 text,
                        bool empty_deletes)
{
    if (text.len == 0 && empty_deletes) {
        DWORD error = RegDeleteValueW(key, value);
        return error == ERROR_FILE_NOT_FOUND ? ERROR_SUCCESS : error;
    }
    wchar_t *terminated = calloc(text.len + 1, sizeof(wchar_t));
    if (!terminated)
        return ERROR_NOT_ENOUGH_MEMORY;
    if (text.len)
        memcpy(terminated, text.s, text.len * sizeof(wchar_t));
    DWORD error = RegSetValueExW(key, value, 0, type, (const BYTE *)terminated,
                                 (DWORD)((text.len + 1) * sizeof(wchar_t)));
    free(terminated);
    return error;
}

DWORD registry_set_number(HKEY key, const wchar_t *value, DWORD number)
{
    return RegSetValueExW(key, value, 0, REG_DWORD, (const BYTE *)&number, sizeof(number));
}

DWORD registry_delete_tree(HKEY parent, const wchar_t *name)
{
    HKEY key;
    DWORD error = RegOpenKeyExW(parent, name, 0, KEY_ENUMERATE_SUB_KEYS | DELETE, &key);
    if (error != ERROR_SUCCESS)
        return error;
    for (;;) {
        wchar_t child[256];
        DWORD len = sizeof(child) / sizeof(*child);
        error = RegEnumKeyExW(key, 0, child, &len, NULL, NULL, NULL, NULL);
        if (error == ERROR_SUCCESS)
            error = registry_delete_tree(key, child);
        if (error != ERROR_SUCCESS)
            break;
    }
    RegCloseKey(key);
    return error == ERROR_NO_MORE_ITEMS ? (DWORD)RegDeleteKeyW(parent, name) : error;
}
