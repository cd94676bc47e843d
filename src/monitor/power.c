#include "monitor/power.h"

#include "monitor/control_server.h"
#include "monitor/log.h"
#include "monitor/loop.h"

enum {
    SECONDS_MAX = 1000000,   // 11 days: within what a timer can hold
    SERVICES_MS = 10 * 1000, // what `plume stop` gives them
    // The caller still gets its answer, and goes on for a moment, as on a machine.
    REPLY_MS = 100,
};

static struct loop_timer timer;
static bool under_way;

static void fire(struct loop_timer *fired)
{
    (void)fired;
    under_way = true;
    control_stop(SERVICES_MS);
}

DWORD power_shut_down(DWORD seconds)
{
    if (timer.set || under_way)
        return ERROR_SHUTDOWN_IN_PROGRESS;
    log_line(L"a program shuts the VM down, in %lu s", seconds);
    timer.fire = fire;
    loop_timer_set(&timer,
                   seconds ? (seconds > SECONDS_MAX ? SECONDS_MAX : seconds) * 1000 : REPLY_MS);
    return ERROR_SUCCESS;
}

DWORD power_abort(void)
{
    if (!timer.set)
        return ERROR_NO_SHUTDOWN_IN_PROGRESS;
    loop_timer_clear(&timer);
    log_line(L"a program has called the shutting down off");
    return ERROR_SUCCESS;
}
