// Objects that are to outlast the handles on them. The system's permanent objects would outlast the
// VM, and stay on the host: in a VM the monitor has a handle on each instead, so that they go with
// it, however it ends.
#ifndef PLUME_LAYER_KEEP_H
#define PLUME_LAYER_KEEP_H

#include "layer/layer.h"

enum { KEEP_MAX = 1024 };

/* What the VM's processes know of it, in the memory that they share: zeroed, nothing. */
struct keep_table {
    uint32_t monitor; // its process id
    uint32_t padding;
    struct keep_entry {
        uint64_t name;   // a hash; 0: free
        uint64_t handle; // the monitor's; 0 while it is being made or closed
    } entries[KEEP_MAX];
};

extern struct keep_table *layer_kept; // layer/shared.h

/* Keeps what the handle is on, which has a name, until keep_drop() or the VM's end. */
NTSTATUS keep(HANDLE handle);

/* Lets go of what has this name, as the kernel tells it; nothing when it is not kept. */
void keep_drop(struct str16 name);

/* STATUS_PRIVILEGE_NOT_HELD where the system would not let this thread make anything permanent. */
NTSTATUS keep_check(void);

#endif
