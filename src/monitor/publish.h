// `-p`: ports of the VM that are reached at the host's. The host's ports are taken before the
// monitor enters the VM, and what arrives there is passed on from within it, to 127.0.0.1, so that
// it reaches whatever the VM has there. One thread and one completion port of its own, so that
// traffic does not keep services waiting.
#ifndef PLUME_MONITOR_PUBLISH_H
#define PLUME_MONITOR_PUBLISH_H

#include <windows.h>
#include <stdbool.h>
#include "vm/vm.h"

/* Takes the host's ports that the VM's configuration asks for. Fails where one is taken. */
bool publish_open(const struct vm *vm, struct plume_error *error);

/* Begins to pass on; after the VM was entered. */
bool publish_start(void);

/* A port that is published. */
struct published {
    uint32_t address; // of the host, host byte order; 0: all
    uint16_t host_port;
    uint16_t vm_port;
    bool udp;
};

/* All, in the order of the configuration. */
const struct published *publish_list(size_t *count);

#endif
