// The VM's services by the system's own service API: in a process that has entered the VM, that is
// the VM's SCM.
#include <stdio.h>
#include <stdlib.h>
#include "cli.h"
#include "launch.h"
#include "output.h"

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

static int list(SC_HANDLE scm, bool json_format)
{
    static const wchar_t *const headings[] = {L"NAME", L"STATE", L"PID", L"DISPLAY NAME"};
    struct plume_error error;
    struct json_writer json = out_json();
    struct table table = {0};
    DWORD size = 65536, needed = 0, count = 0, resume = 0;
    BYTE *bytes = malloc(size);
    BOOL more;
    if (json_format)
        json_begin_array(&json);
    else
        table = table_begin(ARRAYSIZE(headings), headings);
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
                put_json(&json, services[i].lpServiceName, services[i].lpDisplayName, status);
                continue;
            }
            table_put(&table, services[i].lpServiceName);
            table_put(&table, state_text(status->dwCurrentState));
            if (status->dwProcessId)
                table_put_u32(&table, status->dwProcessId);
            else
                table_put(&table, L"-");
            table_put(&table, services[i].lpDisplayName);
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
    if (json_format) {
        json_end_array(&json);
        json_end(&json);
    } else {
        table_end(&table);
    }
    return out_end();
}

static bool query(SC_HANDLE service, SERVICE_STATUS_PROCESS *status)
{
    DWORD needed;
    return QueryServiceStatusEx(service, SC_STATUS_PROCESS_INFO, (BYTE *)status, sizeof(*status),
                                &needed);
}

/* Waits while the service is in `passing`: as long as it makes progress, as the service API
 * documents it (dwCheckPoint moves within dwWaitHint, here of at least 30 s). */
static bool wait_while(SC_HANDLE service, DWORD passing, SERVICE_STATUS_PROCESS *status)
{
    DWORD begun = GetTickCount(), check_point = 0;
    while (query(service, status)) {
        if (status->dwCurrentState != passing)
            return true;
        if (status->dwCheckPoint != check_point) {
            check_point = status->dwCheckPoint;
            begun = GetTickCount();
        }
        DWORD patience = status->dwWaitHint > 30000 ? status->dwWaitHint : 30000;
        if (GetTickCount() - begun > patience) {
            SetLastError(ERROR_SERVICE_REQUEST_TIMEOUT);
            return false;
        }
        Sleep(20);
    }
    return false;
}

static bool start(SC_HANDLE service, const wchar_t *name, struct plume_error *error)
{
    SERVICE_STATUS_PROCESS status;
    if (!StartServiceW(service, 0, NULL) || !wait_while(service, SERVICE_START_PENDING, &status))
        return error_win32(error, L"cannot start the service", name, NULL);
    if (status.dwCurrentState == SERVICE_RUNNING)
        return true;
    if (status.dwWin32ExitCode == ERROR_SERVICE_SPECIFIC_ERROR) {
        wchar_t message[64];
        _snwprintf(message, ARRAYSIZE(message), L"it ended with its own error %u",
                   (unsigned)status.dwServiceSpecificExitCode);
        return error_plain(error, L"cannot start the service", name, message, NULL);
    }
    return error_win32_code(error,
                            status.dwWin32ExitCode ? status.dwWin32ExitCode : ERROR_PROCESS_ABORTED,
                            L"the service ended while it started:", name, NULL);
}

static bool stop(SC_HANDLE service, const wchar_t *name, struct plume_error *error)
{
    SERVICE_STATUS_PROCESS status;
    SERVICE_STATUS ignored;
    if (!ControlService(service, SERVICE_CONTROL_STOP, &ignored) ||
        !wait_while(service, SERVICE_STOP_PENDING, &status))
        return error_win32(error, L"cannot stop the service", name, NULL);
    return status.dwCurrentState == SERVICE_STOPPED ||
           error_plain(error, L"cannot stop the service", name, L"it goes on running", NULL);
}

static bool show(SC_HANDLE scm, SC_HANDLE service, const wchar_t *name, bool json_format,
                 struct plume_error *error)
{
    static const wchar_t *const headings[] = {L"NAME", L"STATE", L"PID", L"EXIT", L"DISPLAY NAME"};
    SERVICE_STATUS_PROCESS status;
    wchar_t display[512] = L"";
    DWORD len = ARRAYSIZE(display);
    if (!query(service, &status))
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

enum action { ACTION_LIST, ACTION_START, ACTION_STOP, ACTION_STATUS };

static const struct {
    const wchar_t *word;
    DWORD access;
} actions[] = {
    [ACTION_LIST] = {L"ls", 0},
    [ACTION_START] = {L"start", SERVICE_START | SERVICE_QUERY_STATUS},
    [ACTION_STOP] = {L"stop", SERVICE_STOP | SERVICE_QUERY_STATUS},
    [ACTION_STATUS] = {L"status", SERVICE_QUERY_STATUS},
};

static int act(enum action action, const wchar_t *name, bool json_format)
{
    struct plume_error error;
    SC_HANDLE scm = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT | SC_MANAGER_ENUMERATE_SERVICE);
    if (!scm) {
        error_win32(&error, L"cannot reach the VM's services", NULL, NULL);
        return fail(&error);
    }
    if (action == ACTION_LIST || !name) {
        int status = list(scm, json_format);
        CloseServiceHandle(scm);
        return status;
    }
    SC_HANDLE service = OpenServiceW(scm, name, actions[action].access);
    bool ok = service || error_win32(&error, L"cannot open the service", name, NULL);
    if (ok && action == ACTION_START)
        ok = start(service, name, &error);
    else if (ok && action == ACTION_STOP)
        ok = stop(service, name, &error);
    else if (ok)
        ok = show(scm, service, name, json_format, &error);
    if (service)
        CloseServiceHandle(service);
    CloseServiceHandle(scm);
    int written = out_end();
    return ok ? written : fail(&error);
}

static int run(struct command *command)
{
    bool json_format = false;
    const struct option options[] = {{0, L"format", OPTION_FORMAT, &json_format}};
    struct plume_error error;
    struct vm_store store;
    struct vm vm;
    size_t action = 0;
    if (!options_parse(command, options, ARRAYSIZE(options), OPTIONS_ANYWHERE, 2, 3))
        return EXIT_PLUME;
    while (action < ARRAYSIZE(actions) && wcscmp(actions[action].word, command->args[1]) != 0)
        action++;
    if (action == ARRAYSIZE(actions))
        return fail_usage(command, L"the actions are ls, start, stop and status, not",
                          command->args[1]);
    const wchar_t *name = command->count > 2 ? command->args[2] : NULL;
    if (action == ACTION_LIST && name)
        return fail_usage(command, L"this is one operand too many:", name);
    if ((action == ACTION_START || action == ACTION_STOP) && !name)
        return fail_usage(command, L"the name of a service is missing after", command->args[1]);
    if (!vm_store_locate(&store, &error) || !vm_open(&vm, &store, command->args[0], &error) ||
        !vm_enter(&vm, &error))
        return fail(&error);
    return act((enum action)action, name, json_format);
}

const struct verb verb_service = {
    .name = L"service",
    .usage = L"[--format json] NAME ls|start|stop|status [SERVICE]",
    .summary = L"List, start, stop and query the services of a VM",
    .details = L"ls                 all services that the VM has, those of the host that it sees "
               L"included\n"
               L"start SERVICE      start the VM's own instance, and wait until it runs\n"
               L"stop SERVICE       stop it, and wait until it has stopped\n"
               L"status [SERVICE]   its state; without SERVICE the same as ls\n"
               L"Only the VM's services are concerned, never the host's. Inside the VM the "
               L"system's own tools\n"
               L"(sc, net) do the same.\n",
    .run = run,
};
