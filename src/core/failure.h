// What follows when a service fails, as SERVICE_FAILURE_ACTIONS documents it: which of the
// configured actions, by how often it has failed.
#ifndef PLUME_CORE_FAILURE_H
#define PLUME_CORE_FAILURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/str16.h"

enum failure_action { // SC_ACTION_TYPE
    FAILURE_NONE = 0,
    FAILURE_RESTART = 1,
    FAILURE_REBOOT = 2,
    FAILURE_RUN_COMMAND = 3,
};

enum { FAILURE_NEVER_RESET = 0xffffffff }; // INFINITE, as a reset period

/* How often a service has failed. Zero-initialised: never. */
struct failure_count {
    uint32_t count;
    uint64_t last; // when, in milliseconds
};

/* Whether a service that is now stopped has failed: its process ended before it said that it had
 * stopped (`crashed`), or it said so with an error, and its configuration wants that to count
 * (`on_error`: FailureActionsOnNonCrashFailures). */
bool failure_counts(bool crashed, uint32_t exit_code, bool on_error);

/* Counts a failure at `now` (milliseconds, of any beginning) and returns the index of the action
 * that follows: the N-th failure's is the N-th, or the last one. What is farther back than
 * `reset_period` seconds is not counted any more. `actions` is not 0. */
size_t failure_next(struct failure_count *failures, uint64_t now, uint32_t reset_period,
                    size_t actions);

/* The command to run, with the number of failures for each "%1%". False: it does not fit. */
bool failure_command(struct str16 command, uint32_t count, struct str16_buf *out);

#endif
