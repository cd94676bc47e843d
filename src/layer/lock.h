// A lock that needs no initialisation, no heap and no loader: the layer runs before all of them.
#ifndef PLUME_LAYER_LOCK_H
#define PLUME_LAYER_LOCK_H

#include "layer/calls.h"

struct layer_lock {
    LONG held;
};

static inline void layer_lock(struct layer_lock *lock)
{
    for (unsigned spins = 0; __atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE); spins++) {
        if (spins < 100) {
            __builtin_ia32_pause();
        } else if (spins < 1000) {
            real.NtYieldExecution();
        } else { // the holder may be a thread of lower priority: give it a whole tick
            LARGE_INTEGER tick = {.QuadPart = -10000};
            real.NtDelayExecution(FALSE, &tick);
        }
    }
}

static inline void layer_unlock(struct layer_lock *lock)
{
    __atomic_store_n(&lock->held, 0, __ATOMIC_RELEASE);
}

#endif
