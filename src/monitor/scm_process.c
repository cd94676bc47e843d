#include "monitor/scm.h"

#include <stdio.h>
#include <stdlib.h>
#include <userenv.h>
#include "layer/plume_layer.h"
#include "monitor/log.h"
#include "monitor/scm_account.h"
#include "monitor/output.h"
#include "vm/handle_list.h"
#include "vm/job_limits.h"

enum {
    CONTROL_TIMEOUT = 30000, // ms that a handler may take before ControlService() gives up
    START_HINT = 2000,       // ms: the wait hint of a service that has not said anything yet
    QUEUE_MAX = 256,         // events that wait for a process's dispatcher
};

/* Something to be sent to a process's dispatcher, or that it is working at. */
struct event {
    struct event *next;
    uint32_t sequence;
    uint32_t kind, control, type;
    struct service *service; // held; NULL for SCM_EVENT_EXIT
    uint32_t launch;         // the service's, when this was queued
    uint8_t *arguments;
    size_t arguments_len;
    scm_done *done;
    void *context;
    struct loop_timer timer;
};

struct service_process {
    struct service_process *next;
    HANDLE process;
    DWORD pid;
    wchar_t *command; // as started; services of the same one share the process
    bool share;
    bool leaving;     // the last service has stopped: it is told to go and gets no new one
    void *dispatcher; // its connection
    bool asks;        // the dispatcher's NEXT is to be answered
    struct event *current;
    struct event *queue, **queue_end;
    unsigned queued;
    unsigned services; // not stopped
    uint32_t sequence;
    struct loop_timer connect; // until the dispatcher connects
    struct loop_wait exit;
};

static struct service_process *processes;
static HANDLE job;

void scm_set_job(HANDLE handle)
{
    job = handle;
}

static void end_event(struct event *event, DWORD error)
{
    loop_timer_clear(&event->timer);
    scm_done *done = event->done;
    event->done = NULL;
    if (done)
        done(event->context, error);
}

static void free_event(struct event *event)
{
    loop_timer_clear(&event->timer);
    if (event->service)
        scm_release(event->service);
    free(event->arguments);
    free(event);
}

// A start that its dispatcher does not take. A process that runs other services goes on with them.
static void start_late(struct event *event)
{
    struct service *service = event->service;
    struct service_process *process = service->process;
    uint32_t launch = event->launch;
    scm_hold(service); // end_event() may let it go
    end_event(event, ERROR_SERVICE_REQUEST_TIMEOUT);
    if (process && service->process == process && service->launch == launch) {
        if (process->services == 1) {
            log_line(L"process %lu does not start its service in its time and is ended: %s",
                     process->pid, process->command);
            TerminateProcess(process->process, ERROR_SERVICE_REQUEST_TIMEOUT);
        } else {
            struct service_status stopped = {.state = SVC_STOPPED,
                                             .exit_code = ERROR_SERVICE_REQUEST_TIMEOUT};
            scm_report(service, &stopped);
        }
    }
    scm_release(service);
}

// Only events of a service have a time.
static void event_late(struct loop_timer *timer)
{
    struct event *event = CONTAINING_RECORD(timer, struct event, timer);
    if (!event->service)
        return;
    log_line(L"service %s: does not answer", event->service->name);
    // It stays the current one until the dispatcher answers; only nobody waits for it any more.
    if (event->kind == SCM_EVENT_START)
        start_late(event);
    else
        end_event(event, ERROR_SERVICE_REQUEST_TIMEOUT);
}

static void deliver(struct service_process *process)
{
    if (!process->asks || process->current || !process->queue)
        return;
    struct event *event = process->queue;
    process->queue = event->next;
    if (!process->queue)
        process->queue_end = &process->queue;
    process->queued--;
    process->current = event;
    event->sequence = ++process->sequence;
    _Alignas(4) static uint8_t buffer[SCM_MESSAGE_MAX];
    struct wire_writer w = wire_writer_on(buffer, sizeof(buffer));
    wire_put_u32(&w, ERROR_SUCCESS);
    wire_put_u32(&w, event->sequence);
    wire_put_u32(&w, event->kind);
    if (event->service)
        wire_put_str16(&w, str16_of((const uint16_t *)event->service->name));
    if (event->kind == SCM_EVENT_START) {
        wire_put_u32(&w, event->type);
        if (event->arguments_len && w.len + event->arguments_len <= sizeof(buffer)) {
            memcpy(buffer + w.len, event->arguments, event->arguments_len);
            w.len += event->arguments_len;
        } else {
            wire_put_u32(&w, 0);
        }
    } else if (event->kind == SCM_EVENT_CONTROL) {
        wire_put_u32(&w, event->control);
        wire_put_u32(&w, 0);
        wire_put_blob(&w, NULL, 0);
    }
    process->asks = false;
    scm_server_send_event(process->dispatcher, buffer, w.len);
}

static DWORD enqueue(struct service_process *process, const struct scm_sending *event)
{
    if (process->queued >= QUEUE_MAX)
        return ERROR_SERVICE_REQUEST_TIMEOUT;
    struct event *e = calloc(1, sizeof(*e));
    if (!e)
        return ERROR_NOT_ENOUGH_MEMORY;
    if (event->arguments.len) {
        e->arguments = malloc(event->arguments.len);
        if (!e->arguments) {
            free(e);
            return ERROR_NOT_ENOUGH_MEMORY;
        }
        memcpy(e->arguments, event->arguments.data, event->arguments.len);
        e->arguments_len = event->arguments.len;
    }
    e->kind = event->kind;
    e->control = event->control;
    e->type = event->type;
    e->service = event->service;
    e->done = event->done;
    e->context = event->context;
    if (e->service) {
        e->launch = e->service->launch;
        scm_hold(e->service);
    }
    e->timer.fire = event_late;
    if (e->kind == SCM_EVENT_CONTROL)
        loop_timer_set(&e->timer, CONTROL_TIMEOUT);
    else if (e->kind == SCM_EVENT_START && process->dispatcher)
        loop_timer_set(&e->timer, db_pipe_timeout());
    *process->queue_end = e;
    process->queue_end = &e->next;
    process->queued++;
    deliver(process);
    return ERROR_SUCCESS;
}

DWORD scm_send(const struct scm_sending *event)
{
    struct service_process *process = event->service->process;
    if (!process || !process->dispatcher)
        return ERROR_SERVICE_CANNOT_ACCEPT_CTRL;
    return enqueue(process, event);
}

void scm_send_forget(void *context)
{
    for (struct service_process *p = processes; p; p = p->next) {
        if (p->current && p->current->context == context)
            p->current->done = NULL;
        for (struct event *e = p->queue; e; e = e->next) {
            if (e->context == context)
                e->done = NULL;
        }
    }
}

// Ends what is under way and what waits, each with `error`.
static void fail_events(struct service_process *process, DWORD error)
{
    struct event *current = process->current, *queue = process->queue;
    process->current = NULL;
    process->queue = NULL;
    process->queue_end = &process->queue;
    process->queued = 0;
    if (current) {
        current->next = queue;
        queue = current;
    }
    while (queue) {
        struct event *event = queue;
        queue = event->next;
        end_event(event, error);
        free_event(event);
    }
}

// Every service that still runs in the process has stopped, with this exit code.
static void stop_services(struct service_process *process, DWORD exit_code, bool crashed)
{
    for (struct service *s = scm_known(); s;) {
        if (s->process == process) {
            struct service_status stopped = {.state = SVC_STOPPED, .exit_code = exit_code};
            scm_hold(s);
            scm_report(s, &stopped);
            if (crashed)
                scm_failure_stopped(s, true);
            scm_release(s);
            s = scm_known(); // it may have been deleted
        } else {
            s = s->next;
        }
    }
}

void scm_process_leave(struct service *service)
{
    struct service_process *process = service->process;
    output_drain(process->pid); // before anyone is told that it has stopped
    service->process = NULL;
    if (--process->services == 0 && !process->leaving) {
        process->leaving = true;
        struct scm_sending leave = {.kind = SCM_EVENT_EXIT};
        if (process->dispatcher)
            enqueue(process, &leave);
    }
}

static void exited(struct loop_wait *wait)
{
    struct service_process *process = CONTAINING_RECORD(wait, struct service_process, exit);
    for (struct service_process **at = &processes; *at; at = &(*at)->next) {
        if (*at == process) {
            *at = process->next;
            break;
        }
    }
    DWORD code = 0;
    GetExitCodeProcess(process->process, &code);
    bool connected = process->dispatcher || process->sequence;
    output_drain(process->pid);
    log_line(L"process %lu ended with %lu%s: %s", process->pid, code,
             connected ? L"" : L" before it became a service", process->command);
    loop_timer_clear(&process->connect);
    if (process->dispatcher)
        scm_server_detach(process->dispatcher);
    process->dispatcher = NULL;
    process->asks = false;
    process->leaving = true;
    // A service that never connected is one that "did not respond"; a later end is an abort.
    DWORD error = connected ? ERROR_PROCESS_ABORTED : ERROR_SERVICE_REQUEST_TIMEOUT;
    fail_events(process, error);
    stop_services(process, error, connected);
    CloseHandle(process->process);
    free(process->command);
    free(process);
    scm_shutdown_process_ended();
}

static void no_dispatcher(struct loop_timer *timer)
{
    struct service_process *process = CONTAINING_RECORD(timer, struct service_process, connect);
    log_line(L"process %lu does not become a service in its time and is ended: %s", process->pid,
             process->command);
    TerminateProcess(process->process, ERROR_SERVICE_REQUEST_TIMEOUT); // exited() does the rest
}

// The program of a 32-bit service on a 64-bit system lies where the installer's "System32" was.
static void redirect_wow64(wchar_t *command, size_t cap)
{
    wchar_t system[MAX_PATH], wow64[MAX_PATH];
    UINT len = GetSystemDirectoryW(system, MAX_PATH),
         to = GetSystemWow64DirectoryW(wow64, MAX_PATH);
    size_t quote = command[0] == L'"';
    if (!len || len >= MAX_PATH || !to || to >= MAX_PATH ||
        _wcsnicmp(command + quote, system, len) != 0 || command[quote + len] != L'\\' ||
        wcslen(command) - len + to >= cap)
        return;
    memmove(command + quote + to, command + quote + len,
            (wcslen(command + quote + len) + 1) * sizeof(wchar_t));
    memcpy(command + quote, wow64, to * sizeof(wchar_t));
}

/* `service`: whose the process's output is. */
static DWORD create(const wchar_t *command, const wchar_t *service, PROCESS_INFORMATION *made)
{
    struct output_ends ends = output_make(service);
    HANDLE handles[] = {ends.standard, ends.error};
    bool connected = ends.standard && ends.error;
    struct handle_list list = {0};
    struct startup_with_list startup = {.info = {.cb = sizeof(startup.info)}};
    DWORD flags = CREATE_SUSPENDED | DETACHED_PROCESS | CREATE_UNICODE_ENVIRONMENT;
    if (connected) {
        startup.info.dwFlags = STARTF_USESTDHANDLES;
        startup.info.hStdOutput = ends.standard;
        startup.info.hStdError = ends.error;
        list = handle_list_on(handles, 2);
    }
    if (list.attributes) {
        startup.info.cb = sizeof(startup);
        startup.attributes = list.attributes;
        flags |= EXTENDED_STARTUPINFO_PRESENT;
    }
    void *environment = NULL;
    HANDLE token;
    if (OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY | TOKEN_DUPLICATE | TOKEN_IMPERSONATE,
                         &token)) {
        // A service has the machine's and its user's environment, not that of whoever started the
        // VM.
        if (!CreateEnvironmentBlock(&environment, token, FALSE))
            environment = NULL;
        CloseHandle(token);
    }
    wchar_t *writable = _wcsdup(command);
    wchar_t directory[MAX_PATH];
    UINT len = GetSystemDirectoryW(directory, MAX_PATH);
    DWORD error = ERROR_SUCCESS;
    if (!writable)
        error = ERROR_NOT_ENOUGH_MEMORY;
    else if (!CreateProcessW(NULL, writable, NULL, NULL, connected, flags, environment,
                             len && len < MAX_PATH ? directory : NULL, &startup.info, made))
        error = GetLastError();
    handle_list_free(&list);
    free(writable);
    if (environment)
        DestroyEnvironmentBlock(environment);
    if (error == ERROR_SUCCESS && job &&
        (error = job_limits_add(job, made->hProcess)) != ERROR_SUCCESS) {
        CloseHandle(made->hThread);
        CloseHandle(made->hProcess);
    }
    output_made(&ends, error == ERROR_SUCCESS ? made->dwProcessId : 0);
    return error;
}

/* What a process of services is made from. */
struct process_plan {
    wchar_t *command; // the process's own from then on
    bool share;
    const struct service *service; // that it is made for
    const wchar_t *privileges;     // those that it needs, as a list; NULL: nothing is said of them
    size_t privileges_len;
};

static DWORD make_process(const struct process_plan *plan, struct service_process **made)
{
    wchar_t *command = plan->command;
    struct service_process *process = calloc(1, sizeof(*process));
    if (!process)
        return ERROR_NOT_ENOUGH_MEMORY;
    PROCESS_INFORMATION info;
    DWORD error = create(command, plan->service->name, &info);
    if (error != ERROR_SUCCESS) {
        log_line(L"cannot start: %s: Win32 error %lu", command, error);
        free(process);
        return error;
    }
    process->process = info.hProcess;
    process->pid = info.dwProcessId;
    process->share = plan->share;
    process->queue_end = &process->queue;
    process->connect.fire = no_dispatcher;
    process->exit.fire = exited;
    if (plan->privileges) {
        DWORD limited = scm_account_limit(info.hProcess, plan->privileges, plan->privileges_len);
        if (limited != ERROR_SUCCESS)
            log_line(L"process %lu keeps privileges that it does not need: Win32 error %lu",
                     process->pid, limited);
    }
    plume_layer_trace_service((const uint16_t *)plan->service->name, process->pid);
    if (!loop_wait_for(&process->exit, process->process) ||
        ResumeThread(info.hThread) == (DWORD)-1) {
        error = GetLastError();
        TerminateProcess(process->process, error);
        CloseHandle(info.hThread);
        if (process->exit.registration)
            UnregisterWaitEx(process->exit.registration, INVALID_HANDLE_VALUE);
        CloseHandle(process->process);
        free(process);
        return error;
    }
    CloseHandle(info.hThread);
    process->command = command;
    loop_timer_set(&process->connect, db_pipe_timeout());
    process->next = processes;
    processes = process;
    log_line(L"process %lu: %s", process->pid, command);
    *made = process;
    return ERROR_SUCCESS;
}

DWORD scm_run_command(const wchar_t *service, const wchar_t *command)
{
    PROCESS_INFORMATION made;
    DWORD error = create(command, service, &made);
    if (error != ERROR_SUCCESS)
        return error;
    if (ResumeThread(made.hThread) == (DWORD)-1) {
        error = GetLastError();
        TerminateProcess(made.hProcess, error);
    }
    CloseHandle(made.hThread);
    CloseHandle(made.hProcess);
    return error;
}

static DWORD driver_refused(const struct service *service)
{
    log_line(L"service %s: is a driver: a VM has no kernel of its own to load it into",
             service->name);
    return ERROR_NOT_SUPPORTED;
}

DWORD scm_launch(struct service *service, struct wire_blob arguments, scm_done *done, void *context)
{
    if (scm_is_stopping())
        return ERROR_SHUTDOWN_IN_PROGRESS;
    if (service->delete_marked)
        return ERROR_SERVICE_MARKED_FOR_DELETE;
    if (service->status.state != SVC_STOPPED)
        return ERROR_SERVICE_ALREADY_RUNNING;
    struct db_config config;
    DWORD error = db_load(service->name, &config);
    if (error != ERROR_SUCCESS)
        return error;
    enum { COMMAND_MAX = 32768 };
    wchar_t *command = NULL;
    if (config.start == SVC_DISABLED)
        error = ERROR_SERVICE_DISABLED;
    else if (config.type & SVC_DRIVER)
        error = driver_refused(service);
    else
        error = scm_account_check(service->name, config.account);
    if (error != ERROR_SUCCESS)
        ;
    else if (!config.image_path || !*config.image_path)
        error = ERROR_PATH_NOT_FOUND;
    else if (!(command = malloc(COMMAND_MAX * sizeof(wchar_t))))
        error = ERROR_NOT_ENOUGH_MEMORY;
    uint32_t type = config.type;
    if (error == ERROR_SUCCESS) {
        _snwprintf(command, COMMAND_MAX, L"%s", config.image_path);
        command[COMMAND_MAX - 1] = 0;
        if (config.wow64)
            redirect_wow64(command, COMMAND_MAX);
    }
    db_free(&config);
    struct service_process *process = NULL;
    bool share = type & SVC_WIN32_SHARE_PROCESS;
    for (struct service_process *p = processes; error == ERROR_SUCCESS && share && p; p = p->next) {
        if (p->share && !p->leaving && _wcsicmp(p->command, command) == 0)
            process = p;
    }
    if (process) {
        plume_layer_trace_service((const uint16_t *)service->name, process->pid);
        free(command);
    } else if (error == ERROR_SUCCESS) {
        struct process_plan plan = {.command = command, .share = share, .service = service};
        // A shared one may be joined by services that need more.
        wchar_t *privileges =
            share ? NULL : db_required_privileges(service->name, &plan.privileges_len);
        plan.privileges = privileges;
        error = make_process(&plan, &process);
        free(privileges);
    }
    if (!process) {
        free(command);
        return error != ERROR_SUCCESS ? error : ERROR_PROCESS_ABORTED;
    }
    if (error != ERROR_SUCCESS)
        return error;
    service->launch++;
    service->process = process;
    process->services++;
    service->status =
        (struct service_status){.type = type, .state = SVC_START_PENDING, .wait_hint = START_HINT};
    log_line(L"service %s: starting in process %lu", service->name, process->pid);
    scm_watch_status(service);
    if (type & SVC_INTERACTIVE_PROCESS)
        log_line(L"service %s: is configured to interact with the desktop, which no service does",
                 service->name);
    struct scm_sending start = {.service = service,
                                .kind = SCM_EVENT_START,
                                .type = type,
                                .arguments = arguments,
                                .done = done,
                                .context = context};
    error = enqueue(process, &start);
    if (error != ERROR_SUCCESS) {
        struct service_status stopped = {.state = SVC_STOPPED, .exit_code = error};
        scm_report(service, &stopped);
        if (!process->services && !process->dispatcher)
            TerminateProcess(process->process, error);
    }
    return error;
}

struct service_process *scm_process_by_pid(DWORD pid)
{
    struct service_process *p = processes;
    while (p && p->pid != pid)
        p = p->next;
    return p;
}

bool scm_process_any_leaving(void)
{
    struct service_process *p = processes;
    while (p && !p->leaving)
        p = p->next;
    return p != NULL;
}

DWORD scm_process_pid(const struct service_process *process)
{
    return process->pid;
}

struct service *scm_process_service(struct service_process *process, struct str16 name)
{
    for (struct service *s = scm_known(); s; s = s->next) {
        if (s->process == process &&
            (!process->share || str16_equal_nocase(str16_of((const uint16_t *)s->name), name)))
            return s;
    }
    return NULL;
}

DWORD scm_dispatcher_attach(struct service_process *process, void *connection)
{
    if (process->dispatcher)
        return ERROR_SERVICE_ALREADY_RUNNING;
    loop_timer_clear(&process->connect);
    process->dispatcher = connection;
    // What waited for this has its own time from now on.
    for (struct event *event = process->queue; event; event = event->next) {
        if (event->kind == SCM_EVENT_START)
            loop_timer_set(&event->timer, db_pipe_timeout());
    }
    return ERROR_SUCCESS;
}

void scm_dispatcher_next(struct service_process *process, uint32_t sequence, DWORD error)
{
    process->asks = true;
    struct event *event = process->current;
    if (event && event->sequence == sequence) {
        process->current = NULL;
        struct service *service = event->service;
        // Without a thread of its own the service has not begun to run.
        if (event->kind == SCM_EVENT_START && error != ERROR_SUCCESS &&
            service->process == process && service->launch == event->launch) {
            struct service_status stopped = {.state = SVC_STOPPED, .exit_code = error};
            scm_report(service, &stopped);
        }
        end_event(event, event->kind == SCM_EVENT_START ? error : ERROR_SUCCESS);
        free_event(event);
    }
    deliver(process);
}

void scm_dispatcher_gone(struct service_process *process)
{
    process->dispatcher = NULL;
    process->asks = false;
    fail_events(process, ERROR_PROCESS_ABORTED);
}
