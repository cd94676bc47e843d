// Holding all other threads of the process still.
#ifndef PLUME_LAYER_THREADS_H
#define PLUME_LAYER_THREADS_H

#include "layer/layer.h"

struct threads_held {
    struct thread_held *threads;
    size_t count;
};

/* Suspends all threads of the process but the calling one, each where it is in the program or on
 * its way back from the system. One of them may have any lock of the process, the layer's included:
 * until threads_release() only system calls may be made. On failure nothing is held:
 * STATUS_NOT_SUPPORTED where the system cannot enumerate them one by one (NT 5.2). */
NTSTATUS threads_hold(struct threads_held *held);
void threads_release(struct threads_held *held);

#endif
