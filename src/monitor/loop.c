#include "monitor/loop.h"

#include <stddef.h>

enum { KEY_IO = 0, KEY_WAIT = 1 };

static HANDLE port;
static struct loop_timer *timers;
static bool ended, held;
static DWORD held_since;

bool loop_start(void)
{
    port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
    return port != NULL;
}

bool loop_attach(HANDLE handle)
{
    return CreateIoCompletionPort(handle, port, KEY_IO, 0) != NULL;
}

/* What the time is for the timer. */
static DWORD time_of(const struct loop_timer *timer)
{
    return held && !timer->awake ? held_since : GetTickCount();
}

void loop_hold(void)
{
    held_since = GetTickCount();
    held = true;
}

void loop_release(void)
{
    DWORD passed = GetTickCount() - held_since;
    if (!held)
        return;
    held = false;
    for (struct loop_timer *t = timers; t; t = t->next)
        if (!t->awake)
            t->due += passed;
}

void loop_timer_set(struct loop_timer *timer, DWORD milliseconds)
{
    timer->due = time_of(timer) + milliseconds;
    if (!timer->set) {
        timer->set = true;
        timer->next = timers;
        timers = timer;
    }
}

void loop_timer_clear(struct loop_timer *timer)
{
    if (!timer->set)
        return;
    timer->set = false;
    for (struct loop_timer **at = &timers; *at; at = &(*at)->next) {
        if (*at == timer) {
            *at = timer->next;
            return;
        }
    }
}

uint64_t loop_time(void)
{
    LARGE_INTEGER now, rate;
    QueryPerformanceCounter(&now);
    QueryPerformanceFrequency(&rate);
    // In two steps: the count times 1000 could be more than 64 bits hold.
    return (uint64_t)(now.QuadPart / rate.QuadPart * 1000 +
                      now.QuadPart % rate.QuadPart * 1000 / rate.QuadPart);
}

// Called on a thread of the system's; it only hands over.
static void CALLBACK signalled(void *context, BOOLEAN timed_out)
{
    (void)timed_out;
    PostQueuedCompletionStatus(port, 0, KEY_WAIT, context);
}

bool loop_wait_for(struct loop_wait *wait, HANDLE handle)
{
    return RegisterWaitForSingleObject(&wait->registration, handle, signalled, wait, INFINITE,
                                       WT_EXECUTEONLYONCE | WT_EXECUTEINWAITTHREAD);
}

// The difference is signed, so that the count's wrapping every 49 days does not matter.
static LONG until(const struct loop_timer *timer, DWORD now)
{
    return (LONG)(timer->due - now);
}

// Fires what is due and returns how long to wait for the next.
static DWORD run_timers(void)
{
    for (;;) {
        DWORD now = GetTickCount();
        struct loop_timer *first = NULL;
        for (struct loop_timer *t = timers; t; t = t->next) {
            if (held && !t->awake)
                continue;
            if (!first || until(t, now) < until(first, now))
                first = t;
        }
        if (!first)
            return INFINITE;
        if (until(first, now) > 0)
            return (DWORD)until(first, now);
        loop_timer_clear(first);
        first->fire(first);
    }
}

void loop_run(void)
{
    while (!ended) {
        DWORD timeout = run_timers();
        if (ended)
            break;
        DWORD bytes = 0;
        ULONG_PTR key = 0;
        OVERLAPPED *done = NULL;
        DWORD error = ERROR_SUCCESS;
        if (!GetQueuedCompletionStatus(port, &bytes, &key, &done, timeout))
            error = GetLastError();
        if (!done)
            continue;
        if (key == KEY_WAIT) {
            struct loop_wait *wait = (struct loop_wait *)(void *)done;
            UnregisterWaitEx(wait->registration, INVALID_HANDLE_VALUE);
            wait->registration = NULL;
            wait->fire(wait);
        } else {
            struct loop_io *io = CONTAINING_RECORD(done, struct loop_io, overlapped);
            io->done(io, error, bytes);
        }
    }
}

void loop_end(void)
{
    ended = true;
}
