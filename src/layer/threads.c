#include "layer/threads.h"

enum { THREADS_MAX = 8192 };

struct thread_held {
    HANDLE thread, id;
};

static bool is_held(const struct threads_held *held, HANDLE id)
{
    for (size_t i = 0; i < held->count; i++)
        if (held->threads[i].id == id)
            return true;
    return false;
}

/* Suspends one, which *thread is then no longer the caller's to close; *any if it was running. */
static NTSTATUS hold(struct threads_held *held, HANDLE *thread, bool *any)
{
    struct nt_thread_basic_information basic;
    LARGE_INTEGER at_once = {.QuadPart = 0};
    CONTEXT context;
    NTSTATUS status =
        real.NtQueryInformationThread(*thread, (THREADINFOCLASS)0, &basic, sizeof basic, NULL);
    if (status)
        return status;
    if (basic.id.UniqueThread == ((void **)NtCurrentTeb())[9] /* ClientId.UniqueThread */ ||
        is_held(held, basic.id.UniqueThread))
        return STATUS_SUCCESS;
    if (held->count == THREADS_MAX)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = real.NtSuspendThread(*thread, NULL);
    if (status) // one that has ended, or is about to and runs nothing of the program's any more
        return status == STATUS_THREAD_IS_TERMINATING ||
                       !real.NtWaitForSingleObject(*thread, FALSE, &at_once)
                   ? STATUS_SUCCESS
                   : status;
    // To suspend is to ask for it; who can tell where a thread is knows that it has stopped.
    context.ContextFlags = CONTEXT_CONTROL;
    real.NtGetContextThread(*thread, &context);
    held->threads[held->count++] = (struct thread_held){*thread, basic.id.UniqueThread};
    *thread = NULL;
    *any = true;
    return STATUS_SUCCESS;
}

static NTSTATUS hold_all(struct threads_held *held, bool *any)
{
    HANDLE last = NULL, next;
    bool closes = false;
    NTSTATUS status;
    for (;;) {
        next = NULL;
        status = real.NtGetNextThread(NtCurrentProcess(), last,
                                      THREAD_SUSPEND_RESUME | THREAD_GET_CONTEXT |
                                          THREAD_QUERY_INFORMATION | SYNCHRONIZE,
                                      0, 0, &next);
        if (closes)
            real.NtClose(last);
        if (status)
            return status == STATUS_NO_MORE_ENTRIES ? STATUS_SUCCESS : status;
        last = next;
        status = hold(held, &next, any);
        closes = next;
        if (status) {
            real.NtClose(last);
            return status;
        }
    }
}

void threads_release(struct threads_held *held)
{
    void *memory = held->threads;
    SIZE_T size = 0;
    for (size_t i = 0; i < held->count; i++) {
        real.NtResumeThread(held->threads[i].thread, NULL);
        real.NtClose(held->threads[i].thread);
    }
    real.NtFreeVirtualMemory(NtCurrentProcess(), &memory, &size, MEM_RELEASE);
}

NTSTATUS threads_hold(struct threads_held *held)
{
    void *memory = NULL;
    SIZE_T size = THREADS_MAX * sizeof *held->threads;
    bool any;
    if (!real.NtGetNextThread)
        return STATUS_NOT_SUPPORTED;
    NTSTATUS status = real.NtAllocateVirtualMemory(NtCurrentProcess(), &memory, 0, &size,
                                                   MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    if (status)
        return status;
    *held = (struct threads_held){memory, 0};
    do { // one that was not stopped yet may have made another
        any = false;
        status = hold_all(held, &any);
    } while (!status && any);
    if (status)
        threads_release(held);
    return status;
}
