#include "layer/service_watch.h"

DWORD service_watch_open(HANDLE handle, uint32_t mask, uint32_t flags, struct service_watch **watch)
{
    service_cleanup_call struct service_call call;
    service_call_begin(&call, SCM_WATCH, SERVICE_CALL_SMALL, SERVICE_CALL_SMALL);
    wire_put_u32(&call.w, mask);
    wire_put_u32(&call.w, flags);
    DWORD error = service_call_send(&call, handle);
    if (error != ERROR_SUCCESS)
        return error;
    struct service_watch *made = layer_alloc(sizeof(*made));
    if (!made) // the ticket is the manager's to take back
        return ERROR_NOT_ENOUGH_MEMORY;
    error = service_adopt_overlapped(wire_get_u64(&call.r), &made->connection);
    if (error != ERROR_SUCCESS) {
        layer_free(made);
        return error;
    }
    *watch = made;
    return ERROR_SUCCESS;
}

DWORD service_watch_ask(struct service_watch *watch, HANDLE event, PIO_APC_ROUTINE routine,
                        void *context)
{
    watch->request = SCM_NEXT_CHANGE;
    watch->io.Status = STATUS_PENDING;
    NTSTATUS status = real.NtFsControlFile(
        watch->connection, event, routine, context, &watch->io, FSCTL_PIPE_TRANSCEIVE_CODE,
        &watch->request, sizeof(watch->request), watch->reply, sizeof(watch->reply));
    return NT_SUCCESS(status) ? ERROR_SUCCESS : service_error_of(status);
}

DWORD service_watch_got(struct service_watch *watch, struct service_change *change)
{
    if (watch->io.Status != STATUS_SUCCESS)
        return service_error_of(watch->io.Status);
    struct wire_reader r = wire_reader_on(watch->reply, watch->io.Information);
    uint32_t error = wire_get_u32(&r);
    if (error != ERROR_SUCCESS)
        return error;
    change->error = wire_get_u32(&r);
    change->status = scm_get_process_status(&r);
    change->changes = wire_get_u32(&r);
    change->names = wire_get_str16(&r);
    return wire_done(&r) ? ERROR_SUCCESS : ERROR_INVALID_DATA;
}

DWORD service_watch_wait(struct service_watch *watch, HANDLE stop, const LARGE_INTEGER *timeout,
                         struct service_change *change)
{
    HANDLE wait[2] = {NULL, stop};
    NTSTATUS status =
        real.NtCreateEvent(&wait[0], EVENT_ALL_ACCESS, NULL, 1 /* SynchronizationEvent */, FALSE);
    if (!NT_SUCCESS(status))
        return service_error_of(status);
    DWORD error = service_watch_ask(watch, wait[0], NULL, NULL);
    if (error == ERROR_SUCCESS) {
        status = real.NtWaitForMultipleObjects(stop ? 2 : 1, wait, 1 /* WaitAny */, FALSE,
                                               (LARGE_INTEGER *)timeout);
        if (status == STATUS_WAIT_0) {
            error = service_watch_got(watch, change);
        } else {
            // The system writes to the watch until it says that it has ended.
            IO_STATUS_BLOCK io;
            real.NtCancelIoFile(watch->connection, &io);
            real.NtWaitForSingleObject(wait[0], FALSE, NULL);
            error = status == STATUS_WAIT_0 + 1 ? ERROR_CANCELLED
                    : status == STATUS_TIMEOUT  ? ERROR_TIMEOUT
                                                : service_error_of(status);
        }
    }
    real.NtClose(wait[0]);
    return error;
}

void service_watch_close(struct service_watch *watch)
{
    if (watch->connection)
        real.NtClose(watch->connection);
    layer_free(watch);
}
