#include "layer/file_lower.h"
#include "layer/watch.h"

// NtCancelIoFile, NtCancelIoFileEx: of the calls on a handle some may be the layer's to end (a
// folder that is watched in both layers), and some may have been begun on the host's file before
// there was a copy.

static NTSTATUS done(bool any, IO_STATUS_BLOCK *io, NTSTATUS status)
{
    if (!any || (NT_ERROR(status) && status != STATUS_NOT_FOUND))
        return status;
    io->Status = STATUS_SUCCESS;
    io->Information = 0;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI layer_NtCancelIoFile(HANDLE handle, IO_STATUS_BLOCK *io)
{
    bool any = watch_cancel(handle, ((void **)NtCurrentTeb())[9] /* ClientId.UniqueThread */, NULL);
    HANDLE current = file_lower_current(handle);
    if (current != handle)
        real.NtCancelIoFile(handle, io);
    return done(any, io, real.NtCancelIoFile(current, io));
}

NTSTATUS NTAPI layer_NtCancelIoFileEx(HANDLE handle, IO_STATUS_BLOCK *of, IO_STATUS_BLOCK *io)
{
    bool any = watch_cancel(handle, NULL, of);
    HANDLE current = file_lower_current(handle);
    NTSTATUS status = real.NtCancelIoFileEx(current, of, io);
    if (current != handle && status == STATUS_NOT_FOUND)
        status = real.NtCancelIoFileEx(handle, of, io);
    return done(any, io, status);
}
