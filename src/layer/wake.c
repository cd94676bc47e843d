#include "layer/guard.h"
#include "layer/handed.h"
#include "layer/lock.h"
#include "layer/modules.h"
#include "layer/shared.h"

void layer_wake(void)
{
    static struct layer_lock lock;
    static bool done;

    if (__atomic_load_n(&done, __ATOMIC_ACQUIRE))
        return;
    if (!__atomic_load_n(&layer_changes, __ATOMIC_ACQUIRE)) {
        layer_lock(&lock);
        NTSTATUS status = layer_changes ? STATUS_SUCCESS : shared_map();
        layer_unlock(&lock);
        // Without it nothing can be told from the host's: the VM has ended, and with it this
        // process is about to.
        if (status)
            real.NtTerminateProcess(NtCurrentProcess(), status);
    }
    // The loader is asked only when it is able to answer.
    const PEB *peb = NtCurrentTeb()->ProcessEnvironmentBlock;
    if (!peb->Ldr || !peb->Reserved4[1] /* ProcessHeap */)
        return;
    if (!__atomic_exchange_n(&done, true, __ATOMIC_ACQ_REL)) {
        guard_start();
        handed_begin();
        layer_watch_modules();
    }
}
