// The VM's window station and desktop: made when its first program with windows asks, and held as
// long as the monitor runs, so that what lies on the clipboard and which atoms there are outlive
// the programs.
#ifndef PLUME_MONITOR_STATION_H
#define PLUME_MONITOR_STATION_H

#include <windows.h>
#include "core/station.h"
#include "vm/vm.h"

/* Says whose station it is to be. */
void station_name(const struct vm *vm);

/* Makes them if there are none yet. Returns 0 and their names on the host, which stay; or a Win32
 * error. */
DWORD station_open(struct station_names *names);

#endif
