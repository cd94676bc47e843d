// The monitor's event loop: one thread, one completion port. Whatever waits for something is a
// struct with a callback; nothing in a callback may block.
#ifndef PLUME_MONITOR_LOOP_H
#define PLUME_MONITOR_LOOP_H

#include <windows.h>
#include <stdbool.h>
#include <stdint.h>

/* An overlapped operation under way. `done` is called once for each operation that was started,
 * with a Win32 error and the number of bytes. The struct must live until then. */
struct loop_io {
    OVERLAPPED overlapped;
    void (*done)(struct loop_io *io, DWORD error, DWORD bytes);
};

/* A moment to be called at. Zero-initialised: not set. */
struct loop_timer {
    void (*fire)(struct loop_timer *timer);
    DWORD due; // GetTickCount() time
    bool set;
    bool awake; // goes on while time is held
    struct loop_timer *next;
};

/* A handle (a process) whose becoming signalled is waited for. */
struct loop_wait {
    void (*fire)(struct loop_wait *wait);
    HANDLE registration;
};

bool loop_start(void); // false: GetLastError()
/* Has the completions of an overlapped handle delivered here. */
bool loop_attach(HANDLE handle);

/* Sets the timer, also when it is set already, to `milliseconds` from now (up to 24 days). */
void loop_timer_set(struct loop_timer *timer, DWORD milliseconds);
void loop_timer_clear(struct loop_timer *timer);

/* Milliseconds since some moment before the monitor's start; unlike GetTickCount() they do not
 * wrap. */
uint64_t loop_time(void);

/* Between the two, time stands still for all timers but those that are awake. */
void loop_hold(void);
void loop_release(void);

/* Calls wait->fire once in the loop's thread when `handle` is signalled; the wait is then over. */
bool loop_wait_for(struct loop_wait *wait, HANDLE handle);

/* Runs until loop_end(). */
void loop_run(void);
void loop_end(void);

#endif
