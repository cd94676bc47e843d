#include "service_show.h"

#include <stdlib.h>
#include "output.h"
#include "service_act.h"

enum { DELAYED_AUTO_START = 3 }; // SERVICE_CONFIG_DELAYED_AUTO_START_INFO, from NT 6.0

static const wchar_t *state_text(DWORD state)
{
    static const wchar_t *const texts[] = {L"stopped",  L"starting", L"stopping", L"running",
                                           L"resuming", L"pausing",  L"paused"};
    return state >= SERVICE_STOPPED && state <= SERVICE_PAUSED ? texts[state - SERVICE_STOPPED]
                                                               : L"unknown";
}

static void put_json(struct json_writer *json, const wchar_t *name, const wchar_t *display,
                     const SERVICE_STATUS_PROCESS *status)
{
    json_begin_object(json);
    json_key(json, "name");
    json_wide(json, name);
    json_key(json, "display_name");
    json_wide(json, display);
    json_key(json, "state");
    json_wide(json, state_text(status->dwCurrentState));
    json_key(json, "pid");
    json_u64(json, status->dwProcessId);
    json_key(json, "exit_code");
    json_u64(json, status->dwWin32ExitCode);
    json_key(json, "service_exit_code");
    json_u64(json, status->dwServiceSpecificExitCode);
    json_end_object(json);
}

int services_list(SC_HANDLE scm, bool json_format)
{
    static const wchar_t *const headings[] = {L"NAME", L"STATE", L"PID", L"DISPLAY NAME"};
    struct plume_error error;
    struct listing listing;
    DWORD size = 65536, needed = 0, count = 0, resume = 0;
    BYTE *bytes = malloc(size);
    BOOL more;
    listing = listing_begin(json_format, ARRAYSIZE(headings), headings);
    do {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        BOOL ok = bytes &&
                  EnumServicesStatusExW(scm, SC_ENUM_PROCESS_INFO, SERVICE_WIN32, SERVICE_STATE_ALL,
                                        bytes, size, &needed, &count, &resume, NULL);
        more = !ok && GetLastError() == ERROR_MORE_DATA;
        if (!ok && !more) {
            error_win32(&error, L"cannot list the services", NULL, NULL);
            free(bytes);
            return fail(&error);
        }
        const ENUM_SERVICE_STATUS_PROCESSW *services =
            (const ENUM_SERVICE_STATUS_PROCESSW *)(void *)bytes;
        for (DWORD i = 0; i < count; i++) {
            const SERVICE_STATUS_PROCESS *status = &services[i].ServiceStatusProcess;
            if (json_format) {
                put_json(&listing.json, services[i].lpServiceName, services[i].lpDisplayName,
                         status);
                continue;
            }
            table_put(&listing.table, services[i].lpServiceName);
            table_put(&listing.table, state_text(status->dwCurrentState));
            if (status->dwProcessId)
                table_put_u32(&listing.table, status->dwProcessId);
            else
                table_put(&listing.table, L"-");
            table_put(&listing.table, services[i].lpDisplayName);
        }
        if (more && count == 0) { // one service that is larger than all the room
            BYTE *larger = needed > size ? realloc(bytes, size += needed) : NULL;
            if (!larger) {
                free(bytes);
                bytes = NULL;
            } else {
                bytes = larger;
            }
        }
    } while (more);
    free(bytes);
    listing_end(&listing);
    return out_end();
}

bool service_show_status(SC_HANDLE scm, SC_HANDLE service, const wchar_t *name, bool json_format,
                         struct plume_error *error)
{
    static const wchar_t *const headings[] = {L"NAME", L"STATE", L"PID", L"EXIT", L"DISPLAY NAME"};
    SERVICE_STATUS_PROCESS status;
    wchar_t display[512] = L"";
    DWORD len = ARRAYSIZE(display);
    if (!service_status(service, &status))
        return error_win32(error, L"cannot query the service", name, NULL);
    if (!GetServiceDisplayNameW(scm, name, display, &len))
        display[0] = 0;
    if (json_format) {
        struct json_writer json = out_json();
        put_json(&json, name, display, &status);
        json_end(&json);
        return true;
    }
    struct table table = table_begin(ARRAYSIZE(headings), headings);
    table_put(&table, name);
    table_put(&table, state_text(status.dwCurrentState));
    if (status.dwProcessId)
        table_put_u32(&table, status.dwProcessId);
    else
        table_put(&table, L"-");
    table_put_u32(&table, status.dwWin32ExitCode == ERROR_SERVICE_SPECIFIC_ERROR
                              ? status.dwServiceSpecificExitCode
                              : status.dwWin32ExitCode);
    table_put(&table, display);
    table_end(&table);
    return true;
}

/* ---- configuration ---- */

static const wchar_t *start_text(DWORD start, bool delayed)
{
    static const wchar_t *const texts[] = {L"boot", L"system", L"auto", L"manual", L"disabled"};
    if (start == SERVICE_AUTO_START && delayed)
        return L"delayed";
    return start < ARRAYSIZE(texts) ? texts[start] : L"unknown";
}

static const wchar_t *type_text(DWORD type)
{
    return type & SERVICE_WIN32_SHARE_PROCESS ? L"shared"
           : type & SERVICE_WIN32_OWN_PROCESS ? L"own"
                                              : L"driver";
}

/* malloc()ed; NULL with the last error. */
static void *query_config(SC_HANDLE service, DWORD level)
{
    DWORD size = 1024, needed = 0;
    for (int tries = 0; tries < 8; tries++) {
        BYTE *bytes = calloc(1, size);
        if (!bytes) {
            SetLastError(ERROR_NOT_ENOUGH_MEMORY);
            return NULL;
        }
        if (level ? QueryServiceConfig2W(service, level, bytes, size, &needed)
                  : QueryServiceConfigW(service, (QUERY_SERVICE_CONFIGW *)(void *)bytes, size,
                                        &needed))
            return bytes;
        DWORD error = GetLastError();
        free(bytes);
        SetLastError(error);
        if (error != ERROR_INSUFFICIENT_BUFFER)
            return NULL;
        size = needed;
    }
    return NULL;
}

static void line(const wchar_t *key, const wchar_t *value)
{
    out_format(L"%-14ls", key);
    out_text(value && *value ? value : L"-");
    out_text(L"\n");
}

static void member(struct json_writer *json, const char *key, const wchar_t *value)
{
    json_key(json, key);
    json_wide(json, value ? value : L"");
}

static void config_json(const wchar_t *name, const QUERY_SERVICE_CONFIGW *config, bool delayed,
                        const wchar_t *description)
{
    struct json_writer json = out_json();
    json_begin_object(&json);
    member(&json, "name", name);
    member(&json, "display_name", config->lpDisplayName);
    member(&json, "description", description);
    member(&json, "start", start_text(config->dwStartType, delayed));
    member(&json, "process", type_text(config->dwServiceType));
    member(&json, "command", config->lpBinaryPathName);
    member(&json, "account", config->lpServiceStartName);
    member(&json, "group", config->lpLoadOrderGroup);
    json_key(&json, "depends_on");
    json_begin_array(&json);
    for (const wchar_t *d = config->lpDependencies; d && *d; d += wcslen(d) + 1)
        json_wide(&json, d);
    json_end_array(&json);
    json_end_object(&json);
    json_end(&json);
}

static void config_text(const wchar_t *name, const QUERY_SERVICE_CONFIGW *config, bool delayed,
                        const wchar_t *description)
{
    line(L"name", name);
    line(L"display name", config->lpDisplayName);
    line(L"description", description);
    line(L"start", start_text(config->dwStartType, delayed));
    line(L"process", type_text(config->dwServiceType));
    line(L"command", config->lpBinaryPathName);
    line(L"account", config->lpServiceStartName);
    line(L"group", config->lpLoadOrderGroup);
    const wchar_t *d = config->lpDependencies;
    line(L"depends on", d);
    for (d = d && *d ? d + wcslen(d) + 1 : NULL; d && *d; d += wcslen(d) + 1)
        line(L"", d);
}

bool service_show_config(SC_HANDLE service, const wchar_t *name, bool json_format,
                         struct plume_error *error)
{
    QUERY_SERVICE_CONFIGW *config = query_config(service, 0);
    if (!config)
        return error_win32(error, L"cannot query the service", name, NULL);
    SERVICE_DESCRIPTIONW *description = query_config(service, SERVICE_CONFIG_DESCRIPTION);
    const BOOL *delayed = query_config(service, DELAYED_AUTO_START);
    (json_format ? config_json : config_text)(name, config, delayed && *delayed,
                                              description ? description->lpDescription : NULL);
    free((void *)delayed);
    free(description);
    free(config);
    return true;
}
