// Answers the command line: src/vm/control.h says what it may ask.
#ifndef PLUME_MONITOR_CONTROL_SERVER_H
#define PLUME_MONITOR_CONTROL_SERVER_H

#include <windows.h>

/* `job` is terminated when the VM is to stop; the loop ends after that has been answered. */
NTSTATUS control_serve(const wchar_t *pipe, HANDLE job);

/* Stops the VM as a command would; its services have this long. */
void control_stop(DWORD milliseconds);

#endif
