#include "monitor/control_server.h"

#include <stdlib.h>
#include "core/wire.h"
#include "monitor/limits.h"
#include "monitor/log.h"
#include "monitor/loop.h"
#include "monitor/pause.h"
#include "monitor/pipe.h"
#include "monitor/publish.h"
#include "monitor/scm.h"
#include "vm/control.h"

enum {
    LISTENERS = 2,
    CONNECTIONS_MAX = 32,
    SECONDS_MAX = 1000000, // 11 days: within what a timer can hold
    POLL_MS = 10,          // how often to look whether the job is empty
    POLLS_MAX = 500,
    FAREWELL_MS = 2000, // what a client may take to fetch its answer
};

/* A connection's state. */
struct control_connection {
    bool stopping; // waits for the VM's end
};

static HANDLE the_job;
static struct pipe_connection *waiting[CONNECTIONS_MAX];
static unsigned waiting_count;
static struct loop_timer poll_timer = {.awake = true}, farewell = {.awake = true};
static bool ending;
static unsigned polls;
_Alignas(8) static uint8_t answer[CONTROL_MESSAGE_MAX];
static size_t answer_len;

static void bye(struct loop_timer *timer)
{
    (void)timer;
    loop_end();
}

// The job is empty, or will not be: everyone who waits is told.
static void tell(void)
{
    log_line(L"the VM has stopped");
    farewell.fire = bye;
    loop_timer_set(&farewell, FAREWELL_MS);
    if (!waiting_count)
        loop_end();
    unsigned count = waiting_count;
    for (unsigned i = count; i-- > 0;) {
        if (i < waiting_count)
            pipe_reply(waiting[i], answer, answer_len);
    }
}

static void poll_job(struct loop_timer *timer)
{
    JOBOBJECT_BASIC_ACCOUNTING_INFORMATION counts = {0};
    if (QueryInformationJobObject(the_job, JobObjectBasicAccountingInformation, &counts,
                                  sizeof(counts), NULL) &&
        counts.ActiveProcesses && ++polls < POLLS_MAX) {
        loop_timer_set(timer, POLL_MS);
        return;
    }
    tell();
}

static void stopped(const wchar_t *const *names, unsigned count)
{
    struct wire_writer w = wire_writer_on(answer, sizeof(answer));
    wire_put_u32(&w, CONTROL_VERSION);
    wire_put_u32(&w, ERROR_SUCCESS);
    wire_put_u32(&w, GetCurrentProcessId());
    size_t at = w.len;
    wire_put_u32(&w, 0);
    uint32_t put = 0;
    for (unsigned i = 0; i < count; i++) {
        struct wire_writer before = w;
        wire_put_str16(&w, str16_of((const uint16_t *)names[i]));
        if (w.failed) {
            w = before; // as many as fit
            break;
        }
        put++;
    }
    wire_patch_u32(&w, at, put);
    answer_len = w.len;
    if (!TerminateJobObject(the_job, ERROR_PROCESS_ABORTED))
        log_line(L"cannot end the job: Win32 error %lu", GetLastError());
    poll_timer.fire = poll_job;
    loop_timer_set(&poll_timer, 0);
}

void control_stop(DWORD milliseconds)
{
    ending = true;
    if (milliseconds)
        pause_end(); // services are asked
    else
        pause_abandon();
    scm_shutdown(milliseconds, stopped);
}

static void reply_error(struct pipe_connection *c, DWORD error)
{
    _Alignas(8) uint8_t buffer[8];
    struct wire_writer w = wire_writer_on(buffer, sizeof(buffer));
    wire_put_u32(&w, CONTROL_VERSION);
    wire_put_u32(&w, error);
    pipe_reply(c, buffer, w.len);
}

static void status(struct pipe_connection *c)
{
    _Alignas(8) uint8_t buffer[12];
    struct wire_writer w = wire_writer_on(buffer, sizeof(buffer));
    wire_put_u32(&w, CONTROL_VERSION);
    wire_put_u32(&w, ERROR_SUCCESS);
    wire_put_u32(&w, GetCurrentProcessId());
    pipe_reply(c, buffer, w.len);
}

static void ports(struct pipe_connection *c)
{
    _Alignas(8) static uint8_t buffer[CONTROL_MESSAGE_MAX];
    struct wire_writer w = wire_writer_on(buffer, sizeof(buffer));
    size_t count;
    const struct published *list = publish_list(&count);
    wire_put_u32(&w, CONTROL_VERSION);
    wire_put_u32(&w, ERROR_SUCCESS);
    wire_put_u32(&w, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        wire_put_u32(&w, list[i].address);
        wire_put_u32(&w, list[i].host_port);
        wire_put_u32(&w, list[i].vm_port);
        wire_put_u32(&w, list[i].udp);
    }
    pipe_reply(c, buffer, w.len);
}

static void limit(struct pipe_connection *c, struct wire_reader *r)
{
    _Alignas(8) uint8_t buffer[16];
    struct wire_writer w = wire_writer_on(buffer, sizeof(buffer));
    struct limits limits = {.memory = wire_get_u64(r)};
    limits.cpus = wire_get_u32(r);
    limits.pids = wire_get_u32(r);
    if (!wire_done(r)) {
        reply_error(c, ERROR_INVALID_PARAMETER);
        return;
    }
    wire_put_u32(&w, CONTROL_VERSION);
    wire_put_u32(&w, ERROR_SUCCESS);
    wire_put_u32(&w, limits_apply(the_job, &limits));
    pipe_reply(c, buffer, w.len);
}

static void pause_or_resume(struct pipe_connection *c, bool resume)
{
    _Alignas(8) uint8_t buffer[16];
    struct wire_writer w = wire_writer_on(buffer, sizeof(buffer));
    uint32_t held = 0;
    DWORD error = ending ? ERROR_SHUTDOWN_IN_PROGRESS : resume ? pause_end() : pause_begin(&held);
    if (error) {
        reply_error(c, error);
        return;
    }
    wire_put_u32(&w, CONTROL_VERSION);
    wire_put_u32(&w, ERROR_SUCCESS);
    if (!resume)
        wire_put_u32(&w, held);
    pipe_reply(c, buffer, w.len);
}

static void request(struct pipe_connection *c, const void *data, size_t len)
{
    struct control_connection *s = pipe_state(c);
    struct wire_reader r = wire_reader_on(data, len);
    if (wire_get_u32(&r) != CONTROL_VERSION) {
        reply_error(c, ERROR_REVISION_MISMATCH);
        return;
    }
    uint32_t what = wire_get_u32(&r);
    if (what == CONTROL_STATUS && wire_done(&r)) {
        status(c);
        return;
    }
    if (what == CONTROL_PORTS && wire_done(&r)) {
        ports(c);
        return;
    }
    if (what == CONTROL_LIMITS) {
        limit(c, &r);
        return;
    }
    if ((what == CONTROL_PAUSE || what == CONTROL_RESUME) && wire_done(&r)) {
        pause_or_resume(c, what == CONTROL_RESUME);
        return;
    }
    uint32_t seconds = wire_get_u32(&r);
    if (what != CONTROL_STOP || !wire_done(&r) || s->stopping) {
        reply_error(c, ERROR_INVALID_PARAMETER);
        return;
    }
    s->stopping = true;
    waiting[waiting_count++] = c;
    log_line(L"the VM is to stop, in %lu s", (unsigned long)seconds);
    control_stop((seconds > SECONDS_MAX ? SECONDS_MAX : seconds) * 1000);
}

static void closed(struct pipe_connection *c)
{
    for (unsigned i = 0; i < waiting_count; i++) {
        if (waiting[i] == c) {
            waiting[i] = waiting[--waiting_count];
            break;
        }
    }
    if (!waiting_count && farewell.set) // the last one has its answer
        loop_end();
}

NTSTATUS control_serve(const wchar_t *pipe, HANDLE job)
{
    static struct pipe_server server = {
        .message_max = CONTROL_MESSAGE_MAX,
        .listeners = LISTENERS,
        .connections_max = CONNECTIONS_MAX,
        .state_size = sizeof(struct control_connection),
        .request = request,
        .closed = closed,
    };
    the_job = job;
    server.name = pipe;
    return pipe_serve(&server, true);
}
