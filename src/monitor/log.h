// The monitor's log: one line an event, with the time, in UTF-8. The file is opened before the VM
// is entered and written through its handle, because the VM cannot name it.
#ifndef PLUME_MONITOR_LOG_H
#define PLUME_MONITOR_LOG_H

#include <windows.h>

/* Takes the handle over; without one, log_line() does nothing. */
void log_to(HANDLE file);

/* Appends "2026-01-31T12:00:00.123Z text\n". The format is wide printf's; a line is cut at 1000
 * units. Losing a line (a full disk) is no reason to fail. */
void log_line(const wchar_t *format, ...);

#endif
