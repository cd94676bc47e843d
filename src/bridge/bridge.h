// The bridge is a process of the other bitness than the monitor, started by it when it is first
// needed and in no VM. It gives the layer to processes of its own bitness, which those of the other
// cannot reach into, and ends with the monitor.
//
//   plume-bridge.exe SECTION REQUEST REPLY MONITOR
//
// are handles that it inherits: a section that holds struct bridge, two events that reset
// themselves, and the monitor's process. Handles have the same numbers on both sides.
#ifndef PLUME_BRIDGE_BRIDGE_H
#define PLUME_BRIDGE_BRIDGE_H

#include "layer/plume_layer.h"

enum { BRIDGE_WHAT_MAX = 128 };

/* The same in both bitnesses. */
struct bridge {
    struct layer_config config; // written before the bridge is started
    uint32_t process;           // a request: the bridge's own handle, which it closes
    uint32_t child;             // enum layer_child
    uint32_t status;            // its reply: an NTSTATUS
    char what[BRIDGE_WHAT_MAX]; // the step that failed, ASCII with terminator
};

#endif
