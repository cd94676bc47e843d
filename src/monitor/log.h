// The VM's log: what its monitor has to say, what its services write to standard output and error,
// and the events that are reported. The files are opened before the VM is entered and written
// through their handles, because the VM cannot name them.
#ifndef PLUME_MONITOR_LOG_H
#define PLUME_MONITOR_LOG_H

#include <windows.h>
#include <stdint.h>
#include "core/log_entry.h"
#include "vm/log_files.h"

/* Takes the files over, each of which may become as long as `file_max` bytes; without them nothing
 * is logged. Goes on where the last writer has ended, however that was. */
void log_to(HANDLE files[LOG_FILES], uint64_t file_max);

/* Appends an entry of the monitor's own. The format is wide printf's; it is cut at 1000 units.
 * Losing an entry (a full disk) is no reason to fail. */
void log_line(const wchar_t *format, ...);

/* Appends the entry; its time is set. */
void log_put(const struct log_entry *entry);

#endif
