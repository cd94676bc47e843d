// Asking a running VM's monitor: the client's side of vm/control.h.
#ifndef PLUME_CLI_CONTROL_CLIENT_H
#define PLUME_CLI_CONTROL_CLIENT_H

#include "vm/vm.h"

/* The process id of the VM's monitor. */
bool control_status(const struct vm *vm, uint32_t *monitor, struct plume_error *error);

/* A published port of a running VM. */
struct control_port {
    uint32_t address; // of the host, host byte order; 0: all
    uint32_t host_port, vm_port;
    bool udp;
};

/* What the VM's monitor has published, to be freed; *ports is NULL where there is nothing. */
bool control_ports(const struct vm *vm, struct control_port **ports, size_t *count,
                   struct plume_error *error);

/* Gives a running VM the limits that its configuration has. */
bool control_limits(const struct vm *vm, struct plume_error *error);

/* Holds a running VM's processes, or lets them go on. */
bool control_pause(const struct vm *vm, bool resume, struct plume_error *error);

/* Stops a VM: its services are asked to stop and have `seconds` for it, then all its processes are
 * ended. Returns when the monitor has gone too. Says on standard error which services had to be
 * ended, and records the time in vm.json. That the VM does not run is no failure. With `force` a
 * monitor that does not answer is ended, and the VM with it. */
bool vm_stop(struct vm *vm, uint32_t seconds, bool force, struct plume_error *error);

#endif
