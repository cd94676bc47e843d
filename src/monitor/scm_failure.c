// What follows when a service fails: a restart, a command, the end of the VM, after a delay.
//
// What is known of a service's failures is kept by its name: a pending action holds no handle of
// the service, so it neither keeps it from being deleted nor finds one that is gone.
#include "monitor/scm.h"

#include <stdlib.h>
#include "core/failure.h"
#include "monitor/log.h"
#include "monitor/power.h"

struct recovery {
    struct recovery *next;
    wchar_t name[SERVICE_NAME_MAX + 1];
    struct failure_count failures;
    uint32_t action;
    struct loop_timer timer; // until the action
};

/* What a service's configuration says; the texts are slices of `memory`. */
struct actions {
    uint32_t reset_period, count;
    uint32_t action[SCM_FAILURE_ACTIONS_MAX][2]; // type, delay in milliseconds
    struct str16 message, command;
    _Alignas(4) uint8_t memory[SCM_MESSAGE_MAX];
};

static struct recovery *recoveries;

static bool load(const wchar_t *name, struct actions *actions)
{
    struct wire_writer w = wire_writer_on(actions->memory, sizeof actions->memory);
    if (db_put_info(name, SCM_INFO_FAILURE_ACTIONS, &w) != ERROR_SUCCESS)
        return false;
    struct wire_reader r = wire_reader_on(actions->memory, w.len);
    actions->reset_period = wire_get_u32(&r);
    actions->message = wire_get_str16_opt(&r);
    actions->command = wire_get_str16_opt(&r);
    actions->count = wire_get_u32(&r);
    if (actions->count > SCM_FAILURE_ACTIONS_MAX)
        return false; // none were ever given
    for (uint32_t i = 0; i < actions->count; i++) {
        actions->action[i][0] = wire_get_u32(&r);
        actions->action[i][1] = wire_get_u32(&r);
    }
    return wire_done(&r);
}

static bool counts_errors(const wchar_t *name)
{
    _Alignas(4) uint8_t info[8];
    struct wire_writer w = wire_writer_on(info, sizeof info);
    if (db_put_info(name, SCM_INFO_FAILURE_ACTIONS_FLAG, &w) != ERROR_SUCCESS)
        return false;
    struct wire_reader r = wire_reader_on(info, w.len);
    return wire_get_u32(&r);
}

static void restarted(void *context, DWORD error)
{
    // The name alone: the recovery may be gone by now.
    wchar_t *name = context;
    if (error != ERROR_SUCCESS)
        log_line(L"service %s: cannot be started again after its failure: Win32 error %lu", name,
                 error);
    free(name);
}

static void restart(const wchar_t *name)
{
    struct service *service;
    wchar_t *copy = _wcsdup(name);
    DWORD error = copy ? scm_find(str16_of((const uint16_t *)name), &service)
                       : (DWORD)ERROR_NOT_ENOUGH_MEMORY;
    if (error == ERROR_SUCCESS) {
        service->start_reason = SVC_START_REASON_RESTART_ON_FAILURE;
        error = scm_start(service, (struct wire_blob){0}, restarted, copy);
    }
    if (error == ERROR_SUCCESS)
        return;
    if (error != ERROR_SERVICE_ALREADY_RUNNING) // somebody was quicker
        log_line(L"service %s: cannot be started again after its failure: Win32 error %lu", name,
                 error);
    free(copy);
}

static void run_command(const wchar_t *name, uint32_t failures)
{
    enum { COMMAND_MAX = 32768 }; // CreateProcess' own limit
    struct actions *actions = malloc(sizeof *actions);
    wchar_t *command = malloc(COMMAND_MAX * sizeof(wchar_t));
    struct str16_buf text = {.s = (uint16_t *)command, .cap = command ? COMMAND_MAX : 0};
    DWORD error = ERROR_NOT_ENOUGH_MEMORY;
    if (actions && command) {
        // What it is by now: a person may have mended it while the delay ran.
        error = ERROR_PATH_NOT_FOUND;
        if (load(name, actions) && actions->command.len) {
            failure_command(actions->command, failures, &text);
            str16_put_nul(&text);
            error = text.overflow ? ERROR_FILENAME_EXCED_RANGE : scm_run_command(name, command);
        }
    }
    if (error == ERROR_SUCCESS)
        log_line(L"service %s: run after its failure: %s", name, command);
    else
        log_line(L"service %s: the command cannot be run after its failure: Win32 error %lu", name,
                 error);
    free(command);
    free(actions);
}

static void act(struct loop_timer *timer)
{
    struct recovery *recovery = CONTAINING_RECORD(timer, struct recovery, timer);
    if (scm_is_stopping())
        return;
    switch (recovery->action) {
    case FAILURE_RESTART:
        restart(recovery->name);
        break;
    case FAILURE_RUN_COMMAND:
        run_command(recovery->name, recovery->failures.count);
        break;
    case FAILURE_REBOOT:
        log_line(L"service %s: its failure stops the VM", recovery->name);
        power_shut_down(0);
        break;
    default:
        break;
    }
}

static struct recovery **place_of(const wchar_t *name)
{
    struct recovery **at = &recoveries;
    while (*at && _wcsicmp((*at)->name, name) != 0)
        at = &(*at)->next;
    return at;
}

static void failed(const struct service *service, const struct actions *actions)
{
    static const wchar_t *const names[] = {L"nothing follows", L"it is started again",
                                           L"the VM is stopped", L"a command is run"};
    struct recovery **at = place_of(service->name), *recovery = *at;
    if (!recovery) {
        recovery = calloc(1, sizeof *recovery);
        if (!recovery)
            return;
        wcscpy(recovery->name, service->name);
        recovery->timer.fire = act;
        *at = recovery;
    }
    size_t index =
        failure_next(&recovery->failures, loop_time(), actions->reset_period, actions->count);
    uint32_t action = actions->action[index][0], delay = actions->action[index][1];
    if (action > FAILURE_RUN_COMMAND)
        return; // written into the registry by hand
    log_line(L"service %s: failed, time %lu: %s%s", service->name,
             (unsigned long)recovery->failures.count, names[action],
             action != FAILURE_NONE && delay ? L", later" : L"");
    recovery->action = action;
    if (action == FAILURE_REBOOT && actions->message.len)
        log_line(L"service %s: %.*s", service->name, (int)actions->message.len,
                 (const wchar_t *)actions->message.s);
    if (action != FAILURE_NONE) {
        enum { TIMER_MAX = 0x7fffffff }; // 24 days
        loop_timer_set(&recovery->timer, delay < TIMER_MAX ? delay : TIMER_MAX);
    }
}

void scm_failure_stopped(const struct service *service, bool crashed)
{
    uint32_t code = service->status.exit_code;
    bool on_error = !crashed && code && counts_errors(service->name); // only where it matters
    if (scm_is_stopping() || service->delete_marked || !failure_counts(crashed, code, on_error))
        return;
    struct actions *actions = malloc(sizeof *actions);
    if (actions && load(service->name, actions) && actions->count)
        failed(service, actions);
    free(actions);
}

void scm_failure_forget(const wchar_t *name)
{
    struct recovery **at = place_of(name), *recovery = *at;
    if (!recovery)
        return;
    loop_timer_clear(&recovery->timer);
    *at = recovery->next;
    free(recovery);
}
