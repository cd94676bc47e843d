// The times of a log: in 100 ns since 1970-01-01 UTC.
#ifndef PLUME_CORE_LOG_TIME_H
#define PLUME_CORE_LOG_TIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/str16.h"

#define LOG_TIME_SECOND UINT64_C(10000000)

enum { LOG_TIME_TEXT = 29 }; // bytes of a time's text, terminator included

/* "2026-11-23T06:00:00.1234567Z" and back, years 1970 to 9999. */
void log_time_write(uint64_t time, char out[LOG_TIME_TEXT]);
bool log_time_read(uint64_t *time, const char *text, size_t len);

/* A moment as `docker logs --since` takes it:
 *   2026-11-23T06:00:00.5Z, ...+01:00, or without a zone, then that of the caller, `zone` minutes
 *     east of UTC; also without the fraction, the seconds, the time
 *   90m, 1h30m, 1.5h, 300ms: so long before `now` (units h, m, s, ms, us, ns)
 *   1732341600, 1732341600.5: seconds since 1970
 * False, with *time as it was, for what is none of these. */
bool log_time_parse(uint64_t *time, struct str16 text, uint64_t now, int zone);

#endif
