#include "layer/pipe_trigger.h"
#include "layer/keep.h"
#include "layer/service_call.h"

enum {
    PAUSE_MS = 10,
    ASK_EACH = 50,     // tries, whether the service is still to be waited for
    TRIES_MAX = 3000,  // 30 s: it may run, and never make the pipe
    REQUEST_MAX = 1024 // bytes: names of pipes are shorter than 256 units
};

void pipe_trigger_expect(uint32_t count)
{
    __atomic_store_n(layer_expected_pipes, count, __ATOMIC_RELAXED);
}

static DWORD ask(struct str16 name, bool again)
{
    HANDLE manager;
    DWORD error = service_connect(&manager);
    if (error != ERROR_SUCCESS)
        return error;
    service_cleanup_call struct service_call call;
    service_call_begin(&call, SCM_PIPE_OPENED, REQUEST_MAX, SERVICE_CALL_SMALL);
    wire_put_u32(&call.w, SCM_VERSION);
    wire_put_str16(&call.w, name);
    wire_put_u32(&call.w, again);
    error = service_call_send(&call, manager);
    real.NtClose(manager);
    return error;
}

bool pipe_trigger_wait(struct str16 name, unsigned *tries)
{
    // The monitor is who would have to answer.
    if (!__atomic_load_n(layer_expected_pipes, __ATOMIC_RELAXED) ||
        layer_kept->monitor == layer_process_id() || *tries == TRIES_MAX)
        return false;
    if (*tries % ASK_EACH == 0) {
        DWORD error = ask(name, *tries > 0);
        if (error == ERROR_SERVICE_ALREADY_RUNNING) { // it may have made the pipe just now
            *tries = TRIES_MAX;
            return true;
        }
        if (error != ERROR_SUCCESS)
            return false;
    }
    ++*tries;
    LARGE_INTEGER pause = {.QuadPart = -10000 * (LONGLONG)PAUSE_MS};
    real.NtDelayExecution(FALSE, &pause);
    return true;
}
