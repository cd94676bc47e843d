#include "service_act.h"

#include <stdio.h>
#include <stdlib.h>
#include "output.h"

enum {
    POLL_MS = 20,
    PATIENCE_MS = 30000, // at least, without progress
    TELL_MS = 2000,      // from when on it is told that something takes long
};

bool service_status(SC_HANDLE service, SERVICE_STATUS_PROCESS *status)
{
    DWORD needed;
    return QueryServiceStatusEx(service, SC_STATUS_PROCESS_INFO, (BYTE *)status, sizeof(*status),
                                &needed);
}

/* Tells on a terminal, in one line that is written again, what is waited for; NULL: wipes it. */
static void tell(const wchar_t *doing, const wchar_t *name, DWORD ms, DWORD step)
{
    static size_t shown;
    wchar_t line[400], text[480];
    DWORD mode;
    HANDLE terminal = GetStdHandle(STD_ERROR_HANDLE);
    if ((!doing && !shown) || !GetConsoleMode(terminal, &mode))
        return;
    line[0] = 0;
    if (doing)
        _snwprintf(line, ARRAYSIZE(line) - 1, L"%ls '%.256ls': %lu s, step %lu", doing, name,
                   (unsigned long)ms / 1000, (unsigned long)step);
    line[ARRAYSIZE(line) - 1] = 0;
    size_t len = wcslen(line);
    _snwprintf(text, ARRAYSIZE(text) - 1, L"\r%-*ls%ls", (int)(shown > len ? shown : len), line,
               doing ? L"" : L"\r");
    text[ARRAYSIZE(text) - 1] = 0;
    shown = len;
    write_text(terminal, text);
}

/* Waits while the service is in `passing`: as long as dwCheckPoint moves within dwWaitHint, here of
 * at least 30 s. */
static bool wait_while(SC_HANDLE service, DWORD passing, const wchar_t *doing, const wchar_t *name,
                       SERVICE_STATUS_PROCESS *status)
{
    DWORD first = GetTickCount(), begun = first, told = first, check_point = 0;
    bool ok = false;
    while (service_status(service, status)) {
        DWORD now = GetTickCount();
        if (status->dwCurrentState != passing) {
            ok = true;
            break;
        }
        if (status->dwCheckPoint != check_point) {
            check_point = status->dwCheckPoint;
            begun = now;
        }
        if (now - first >= TELL_MS && now - told >= TELL_MS / 2) {
            tell(doing, name, now - first, check_point);
            told = now;
        }
        DWORD patience = status->dwWaitHint > PATIENCE_MS ? status->dwWaitHint : PATIENCE_MS;
        if (now - begun > patience) {
            SetLastError(ERROR_SERVICE_REQUEST_TIMEOUT);
            break;
        }
        Sleep(POLL_MS);
    }
    DWORD error = GetLastError();
    tell(NULL, NULL, 0, 0);
    SetLastError(error);
    return ok;
}

bool service_start(SC_HANDLE service, const wchar_t *name, DWORD count, const wchar_t **arguments,
                   struct plume_error *error)
{
    SERVICE_STATUS_PROCESS status;
    if (!StartServiceW(service, count, arguments) ||
        !wait_while(service, SERVICE_START_PENDING, L"starting the service", name, &status))
        return error_win32(error, L"cannot start the service", name, NULL);
    if (status.dwCurrentState == SERVICE_RUNNING || status.dwCurrentState == SERVICE_PAUSED)
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

static bool stop_one(SC_HANDLE service, const wchar_t *name, struct plume_error *error)
{
    SERVICE_STATUS_PROCESS status;
    SERVICE_STATUS ignored;
    if (!ControlService(service, SERVICE_CONTROL_STOP, &ignored) ||
        !wait_while(service, SERVICE_STOP_PENDING, L"stopping the service", name, &status))
        return error_win32(error, L"cannot stop the service", name,
                           GetLastError() == ERROR_DEPENDENT_SERVICES_RUNNING
                               ? L"'--force' stops those, too"
                               : NULL);
    return status.dwCurrentState == SERVICE_STOPPED ||
           error_plain(error, L"cannot stop the service", name, L"it goes on running", NULL);
}

/* Those that depend on the service and are not stopped, in the order to stop them in; malloc()ed.
 */
static ENUM_SERVICE_STATUSW *dependents(SC_HANDLE service, const wchar_t *name, DWORD *count,
                                        struct plume_error *error)
{
    DWORD size = 4096, needed;
    for (int tries = 0; tries < 8; tries++) {
        ENUM_SERVICE_STATUSW *list = malloc(size);
        if (list && EnumDependentServicesW(service, SERVICE_ACTIVE, list, size, &needed, count))
            return list;
        DWORD code = list ? GetLastError() : ERROR_NOT_ENOUGH_MEMORY;
        free(list);
        SetLastError(code);
        if (code != ERROR_MORE_DATA)
            break;
        size = needed + size;
    }
    error_win32(error, L"cannot list what depends on the service", name, NULL);
    return NULL;
}

static bool act_by_name(SC_HANDLE scm, const wchar_t *name, bool start, struct plume_error *error)
{
    SC_HANDLE service = OpenServiceW(scm, name, SERVICE_ACT_ACCESS);
    if (!service)
        return error_win32(error, L"cannot open the service", name, NULL);
    bool ok = start ? service_start(service, name, 0, NULL, error) : stop_one(service, name, error);
    CloseServiceHandle(service);
    return ok;
}

bool service_stop(SC_HANDLE scm, SC_HANDLE service, const wchar_t *name, bool with_dependents,
                  struct plume_error *error)
{
    DWORD count = 0;
    if (with_dependents) {
        ENUM_SERVICE_STATUSW *list = dependents(service, name, &count, error);
        bool ok = list != NULL;
        for (DWORD i = 0; ok && i < count; i++)
            ok = act_by_name(scm, list[i].lpServiceName, false, error);
        free(list);
        if (!ok)
            return false;
    }
    return stop_one(service, name, error);
}

bool service_restart(SC_HANDLE scm, SC_HANDLE service, const wchar_t *name, bool with_dependents,
                     struct plume_error *error)
{
    SERVICE_STATUS_PROCESS status;
    ENUM_SERVICE_STATUSW *list = NULL;
    DWORD count = 0;
    if (!service_status(service, &status))
        return error_win32(error, L"cannot query the service", name, NULL);
    bool ok = true;
    if (status.dwCurrentState != SERVICE_STOPPED) {
        if (with_dependents) {
            list = dependents(service, name, &count, error);
            ok = list != NULL;
        }
        ok = ok && service_stop(scm, service, name, with_dependents, error);
    }
    ok = ok && service_start(service, name, 0, NULL, error);
    for (DWORD i = count; ok && i > 0; i--) // the other way round
        ok = act_by_name(scm, list[i - 1].lpServiceName, true, error);
    free(list);
    return ok;
}

bool service_pause(SC_HANDLE service, const wchar_t *name, bool resume, struct plume_error *error)
{
    const wchar_t *cannot = resume ? L"cannot continue the service" : L"cannot pause the service";
    SERVICE_STATUS_PROCESS status;
    SERVICE_STATUS ignored;
    if (!ControlService(service, resume ? SERVICE_CONTROL_CONTINUE : SERVICE_CONTROL_PAUSE,
                        &ignored) ||
        !wait_while(service, resume ? SERVICE_CONTINUE_PENDING : SERVICE_PAUSE_PENDING,
                    resume ? L"continuing the service" : L"pausing the service", name, &status))
        return error_win32(error, cannot, name, NULL);
    return status.dwCurrentState == (resume ? SERVICE_RUNNING : SERVICE_PAUSED) ||
           error_plain(error, cannot, name, resume ? L"it has not gone on" : L"it has not paused",
                       NULL);
}
