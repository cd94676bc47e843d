#include "layer/file_lower.h"
#include "layer/guard.h"

// Waiting for a file: an overlapped call without an event signals the file that it was made on,
// which may be the copy.

/* The handle that tells when the last call on `handle` is done. */
static HANDLE signalled(HANDLE handle)
{
    return __atomic_load_n(&file_lower_state.moved, __ATOMIC_RELAXED) ? file_lower_signalled(handle)
                                                                      : handle;
}

NTSTATUS NTAPI layer_NtWaitForSingleObject(HANDLE handle, BOOLEAN alertable, LARGE_INTEGER *timeout)
{
    return real.NtWaitForSingleObject(signalled(handle), alertable, timeout);
}

NTSTATUS NTAPI layer_NtSignalAndWaitForSingleObject(HANDLE signal, HANDLE handle, BOOLEAN alertable,
                                                    const LARGE_INTEGER *timeout)
{
    return real.NtSignalAndWaitForSingleObject(signal, signalled(handle), alertable, timeout);
}

NTSTATUS NTAPI layer_NtWaitForMultipleObjects(ULONG count, const HANDLE *handles, ULONG kind,
                                              BOOLEAN alertable, const LARGE_INTEGER *timeout)
{
    HANDLE current[MAXIMUM_WAIT_OBJECTS];
    if (!__atomic_load_n(&file_lower_state.moved, __ATOMIC_RELAXED) ||
        count > MAXIMUM_WAIT_OBJECTS || !guard_readable(handles, count * sizeof *handles))
        return real.NtWaitForMultipleObjects(count, handles, kind, alertable, timeout);
    for (ULONG i = 0; i < count; i++)
        current[i] = file_lower_signalled(handles[i]);
    return real.NtWaitForMultipleObjects(count, current, kind, alertable, timeout);
}
