// NotifyServiceStatusChange: the callback is an asynchronous procedure call to the thread that
// asked. One thread of the process, which is made with the first request, waits for all of them:
// it is called back itself when one ends, and calls the other only when there is something to tell.
#include "layer/lock.h"
#include "layer/service_api.h"
#include "layer/service_pack.h"
#include "layer/service_watch.h"

#include <string.h>

/* SERVICE_NOTIFY; version 1 ends before `triggered`. */
struct notify_buffer {
    DWORD version;
    void(CALLBACK *callback)(void *buffer);
    void *context;
    DWORD error;
    SERVICE_STATUS_PROCESS status;
    DWORD triggered;
    void *names;
};

typedef HANDLE WINAPI create_thread(SECURITY_ATTRIBUTES *, SIZE_T, LPTHREAD_START_ROUTINE, void *,
                                    DWORD, DWORD *);

/* A request under way. */
struct pending {
    struct pending *next;
    HANDLE owner;  // the service's or the manager's handle; NULL once that is closed
    HANDLE thread; // to be called back
    struct service_watch *watch;
    struct notify_buffer *buffer;
    bool ansi;
};

static struct layer_lock pending_lock;
static struct pending *all_pending;
static struct layer_lock waiter_lock;
static HANDLE waiter; // the thread that waits

static void forget(struct pending *pending)
{
    layer_lock(&pending_lock);
    for (struct pending **at = &all_pending; *at; at = &(*at)->next) {
        if (*at == pending) {
            *at = pending->next;
            break;
        }
    }
    layer_unlock(&pending_lock);
}

static void free_pending(struct pending *pending)
{
    if (pending->watch)
        service_watch_close(pending->watch);
    if (pending->thread)
        real.NtClose(pending->thread);
    layer_free(pending);
}

// The list of names in memory that the callback frees with LocalFree().
static void *copy_names(struct str16 names, bool ansi)
{
    typedef void *WINAPI local_alloc(UINT, SIZE_T);
    local_alloc *allocate = (local_alloc *)service_import(L"kernel32.dll", "LocalAlloc");
    struct service_pack count = {.ansi = ansi};
    service_pack_list(&count, names);
    void *out = allocate ? allocate(0, count.at) : NULL;
    struct service_pack pack = {.ansi = ansi, .out = out};
    if (out)
        service_pack_list(&pack, names);
    return out;
}

// In the thread that asked.
static void NTAPI deliver(void *context, IO_STATUS_BLOCK *unused_1, ULONG unused_2)
{
    struct pending *pending = context;
    struct notify_buffer *buffer = pending->buffer;
    struct service_change change;
    (void)unused_1, (void)unused_2;
    forget(pending);
    bool told = pending->owner && service_watch_got(pending->watch, &change) == ERROR_SUCCESS;
    if (told) {
        buffer->error = change.error;
        memset(&buffer->status, 0, sizeof(buffer->status));
        memcpy(&buffer->status, &change.status.status, sizeof(change.status.status));
        buffer->status.dwProcessId = change.status.pid;
        buffer->status.dwServiceFlags = change.status.flags;
        if (buffer->version >= 2) {
            buffer->triggered = change.changes;
            buffer->names = change.names.len ? copy_names(change.names, pending->ansi) : NULL;
        }
    }
    free_pending(pending);
    if (told)
        buffer->callback(buffer);
}

// In the thread that waits: a request has ended.
static void NTAPI ended(void *context, IO_STATUS_BLOCK *io, ULONG reserved)
{
    struct pending *pending = context;
    struct service_change change;
    (void)io, (void)reserved;
    if (pending->owner && service_watch_got(pending->watch, &change) == ERROR_SUCCESS &&
        NT_SUCCESS(real.NtQueueApcThread(pending->thread, deliver, pending, NULL, NULL)))
        return;
    forget(pending);
    free_pending(pending);
}

static void NTAPI ask(void *context, IO_STATUS_BLOCK *unused_1, ULONG unused_2)
{
    struct pending *pending = context;
    (void)unused_1, (void)unused_2;
    if (service_watch_ask(pending->watch, NULL, ended, pending) != ERROR_SUCCESS) {
        forget(pending);
        free_pending(pending);
    }
}

static DWORD WINAPI wait_for_all(void *parameter)
{
    (void)parameter;
    for (;;) {
        LARGE_INTEGER day = {.QuadPart = -864000000000LL};
        real.NtDelayExecution(TRUE, &day);
    }
    return 0;
}

static HANDLE waiting_thread(void)
{
    layer_lock(&waiter_lock);
    create_thread *make_thread =
        waiter ? NULL : (create_thread *)service_import(L"kernel32.dll", "CreateThread");
    if (make_thread)
        waiter = make_thread(NULL, 0, wait_for_all, NULL, 0, NULL);
    HANDLE thread = waiter;
    layer_unlock(&waiter_lock);
    return thread;
}

static DWORD notify(SC_HANDLE handle, DWORD mask, struct notify_buffer *buffer, bool ansi)
{
    if (!handle)
        return ERROR_INVALID_HANDLE;
    if (!buffer || !buffer->callback)
        return ERROR_INVALID_PARAMETER;
    if (buffer->version != 1 && buffer->version != 2)
        return ERROR_INVALID_LEVEL;
    if (mask & SCM_CHANGE_OF_CONFIG) // the manager's own
        return ERROR_INVALID_PARAMETER;
    struct pending *pending = layer_alloc(sizeof(*pending));
    if (!pending)
        return ERROR_NOT_ENOUGH_MEMORY;
    DWORD error = service_watch_open(handle, mask, 0, &pending->watch);
    HANDLE thread = error == ERROR_SUCCESS ? waiting_thread() : NULL;
    if (error == ERROR_SUCCESS && !thread)
        error = ERROR_NOT_ENOUGH_MEMORY;
    if (error == ERROR_SUCCESS)
        error = service_error_of(real.NtDuplicateObject(NtCurrentProcess(), NtCurrentThread(),
                                                        NtCurrentProcess(), &pending->thread, 0, 0,
                                                        DUPLICATE_SAME_ACCESS));
    if (error != ERROR_SUCCESS) {
        free_pending(pending);
        return error;
    }
    pending->owner = handle;
    pending->buffer = buffer;
    pending->ansi = ansi;
    layer_lock(&pending_lock);
    pending->next = all_pending;
    all_pending = pending;
    layer_unlock(&pending_lock);
    NTSTATUS status = real.NtQueueApcThread(thread, ask, pending, NULL, NULL);
    if (!NT_SUCCESS(status)) {
        forget(pending);
        free_pending(pending);
    }
    return service_error_of(status);
}

void service_notify_closing(HANDLE owner)
{
    // The manager ends the connections of the handle's watches, and with them what waits.
    layer_lock(&pending_lock);
    for (struct pending *p = all_pending; p; p = p->next) {
        if (p->owner == owner)
            p->owner = NULL;
    }
    layer_unlock(&pending_lock);
}

DWORD WINAPI service_NotifyServiceStatusChangeW(SC_HANDLE handle, DWORD mask, void *buffer)
{
    return notify(handle, mask, buffer, false);
}

DWORD WINAPI service_NotifyServiceStatusChangeA(SC_HANDLE handle, DWORD mask, void *buffer)
{
    return notify(handle, mask, buffer, true);
}
