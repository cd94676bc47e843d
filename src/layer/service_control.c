// Starting services, sending them controls, asking for their status.
#include "layer/service_api.h"
#include "layer/service_pack.h"

#include <string.h>

_Static_assert(sizeof(struct service_status) == sizeof(SERVICE_STATUS), "the same seven numbers");

static DWORD start_begin(struct service_call *call, DWORD count, const void *arguments)
{
    service_call_begin(call, SCM_START, SERVICE_CALL_LARGE, SERVICE_CALL_SMALL);
    if (count && !arguments)
        return ERROR_INVALID_ADDRESS;
    wire_put_u32(&call->w, count);
    return ERROR_SUCCESS;
}

BOOL WINAPI service_StartServiceW(SC_HANDLE service, DWORD count, LPCWSTR *arguments)
{
    service_cleanup_call struct service_call call;
    DWORD error = start_begin(&call, count, arguments);
    for (DWORD i = 0; error == ERROR_SUCCESS && i < count && !call.w.failed; i++) {
        if (arguments[i])
            wire_put_str16(&call.w, str16_of((const uint16_t *)arguments[i]));
        else
            error = ERROR_INVALID_ADDRESS;
    }
    return service_result(error == ERROR_SUCCESS ? service_call_send(&call, service) : error);
}

BOOL WINAPI service_StartServiceA(SC_HANDLE service, DWORD count, LPCSTR *arguments)
{
    service_cleanup_call struct service_call call;
    DWORD error = start_begin(&call, count, arguments);
    for (DWORD i = 0; error == ERROR_SUCCESS && i < count && !call.w.failed; i++) {
        bool ok = true;
        layer_cleanup_free uint16_t *argument = service_wide(arguments[i], &ok);
        if (argument)
            wire_put_str16(&call.w, str16_of(argument));
        else
            error = ok ? ERROR_INVALID_ADDRESS : ERROR_NOT_ENOUGH_MEMORY;
    }
    return service_result(error == ERROR_SUCCESS ? service_call_send(&call, service) : error);
}

// The status is told with these, as documented, and with success.
static bool tells_status(DWORD error)
{
    return error == ERROR_SUCCESS || error == ERROR_SERVICE_NOT_ACTIVE ||
           error == ERROR_SERVICE_CANNOT_ACCEPT_CTRL || error == ERROR_INVALID_SERVICE_CONTROL;
}

// Why a service is told to stop.
struct reason {
    uint32_t code; // 0: none is given
    struct str16 comment;
};

static DWORD control(SC_HANDLE service, DWORD code, struct reason reason,
                     struct scm_process_status *status, bool *told)
{
    service_cleanup_call struct service_call call;
    service_call_begin(&call, SCM_CONTROL, SERVICE_CALL_LARGE, SERVICE_CALL_SMALL);
    wire_put_u32(&call.w, code);
    wire_put_u32(&call.w, reason.code);
    wire_put_str16_opt(&call.w, reason.comment);
    DWORD error = service_call_send(&call, service);
    *told = tells_status(error);
    if (*told)
        *status = scm_get_process_status(&call.r);
    *told = *told && !call.r.failed;
    return error;
}

BOOL WINAPI service_ControlService(SC_HANDLE service, DWORD code, LPSERVICE_STATUS status)
{
    struct scm_process_status process_status;
    bool told;
    if (!service)
        return service_result(ERROR_INVALID_HANDLE);
    if (!status)
        return service_result(ERROR_INVALID_ADDRESS);
    DWORD error = control(service, code, (struct reason){0}, &process_status, &told);
    if (told)
        memcpy(status, &process_status.status, sizeof(*status));
    return service_result(error);
}

// SERVICE_CONTROL_STATUS_REASON_PARAMS, the comment in either character set.
struct control_reason {
    DWORD reason;
    const void *comment;
    SERVICE_STATUS_PROCESS status;
};

enum { COMMENT_MAX = 127 }; // characters: less than 128 with the terminator

static BOOL control_ex(SC_HANDLE service, DWORD code, DWORD level, struct control_reason *reason,
                       bool ansi)
{
    enum { STATUS_REASON_INFO = 1 };
    struct scm_process_status status;
    struct reason why = {0};
    bool told, ok = true;
    layer_cleanup_free uint16_t *wide = NULL;
    if (level != STATUS_REASON_INFO)
        return service_result(ERROR_INVALID_LEVEL);
    if (!service)
        return service_result(ERROR_INVALID_HANDLE);
    if (!reason)
        return service_result(ERROR_INVALID_PARAMETER);
    // With any other control the reason is not looked at.
    if (code == SERVICE_CONTROL_STOP) {
        if (ansi)
            wide = service_wide(reason->comment, &ok);
        if (!ok)
            return service_result(ERROR_NOT_ENOUGH_MEMORY);
        why.code = reason->reason;
        why.comment = service_text(ansi ? wide : (const uint16_t *)reason->comment);
        if (!service_stop_reason_valid(why.code) || why.comment.len > COMMENT_MAX)
            return service_result(ERROR_INVALID_PARAMETER);
    }
    DWORD error = control(service, code, why, &status, &told);
    if (told) {
        memcpy(&reason->status, &status.status, sizeof(status.status));
        reason->status.dwProcessId = status.pid;
        reason->status.dwServiceFlags = status.flags;
    }
    return service_result(error);
}

BOOL WINAPI service_ControlServiceExW(SC_HANDLE service, DWORD code, DWORD level, PVOID parameters)
{
    return control_ex(service, code, level, parameters, false);
}

BOOL WINAPI service_ControlServiceExA(SC_HANDLE service, DWORD code, DWORD level, PVOID parameters)
{
    return control_ex(service, code, level, parameters, true);
}

static DWORD query_status(SC_HANDLE service, struct scm_process_status *status)
{
    service_cleanup_call struct service_call call;
    service_call_begin(&call, SCM_QUERY_STATUS, SERVICE_CALL_SMALL, SERVICE_CALL_SMALL);
    DWORD error = service_call_send(&call, service);
    if (error == ERROR_SUCCESS)
        *status = scm_get_process_status(&call.r);
    return error;
}

BOOL WINAPI service_QueryServiceStatus(SC_HANDLE service, LPSERVICE_STATUS out)
{
    struct scm_process_status status;
    if (!service)
        return service_result(ERROR_INVALID_HANDLE);
    if (!out)
        return service_result(ERROR_INVALID_ADDRESS);
    DWORD error = query_status(service, &status);
    if (error == ERROR_SUCCESS)
        memcpy(out, &status.status, sizeof(*out));
    return service_result(error);
}

BOOL WINAPI service_QueryServiceStatusEx(SC_HANDLE service, SC_STATUS_TYPE level, LPBYTE out,
                                         DWORD size, LPDWORD needed)
{
    struct scm_process_status status;
    if (level != SC_STATUS_PROCESS_INFO)
        return service_result(ERROR_INVALID_LEVEL);
    if (!service)
        return service_result(ERROR_INVALID_HANDLE);
    if (!needed)
        return service_result(ERROR_INVALID_ADDRESS);
    // The room comes first: also who has no right to the answer is told how much it takes.
    *needed = sizeof(SERVICE_STATUS_PROCESS);
    if (size < sizeof(SERVICE_STATUS_PROCESS))
        return service_result(ERROR_INSUFFICIENT_BUFFER);
    if (!out)
        return service_result(ERROR_INVALID_ADDRESS);
    DWORD error = query_status(service, &status);
    if (error != ERROR_SUCCESS)
        return service_result(error);
    SERVICE_STATUS_PROCESS *to = (SERVICE_STATUS_PROCESS *)(void *)out;
    memcpy(to, &status.status, sizeof(status.status));
    to->dwProcessId = status.pid;
    to->dwServiceFlags = status.flags;
    return TRUE;
}
