// Shutting the VM down from inside, as a program shuts a machine down.
#ifndef PLUME_MONITOR_POWER_H
#define PLUME_MONITOR_POWER_H

#include <windows.h>

/* Stops the VM in so many seconds, its services first. Returns at once: 0, or
 * ERROR_SHUTDOWN_IN_PROGRESS. */
DWORD power_shut_down(DWORD seconds);

/* While the seconds last: 0, or ERROR_NO_SHUTDOWN_IN_PROGRESS. */
DWORD power_abort(void);

#endif
