// NotifyServiceStatusChange: the callback is an asynchronous procedure call to the thread that
// asked, which here the system itself makes when the request for the next change ends.
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

/* A request under way. The one who waits for it frees it, when it has ended. */
struct pending {
    struct pending *next;
    HANDLE owner; // the service's or the manager's handle; NULL once that is closed
    struct service_watch *watch;
    struct notify_buffer *buffer;
    bool ansi;
};

static struct layer_lock pending_lock;
static struct pending *all_pending;

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
    service_watch_close(pending->watch);
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

static void NTAPI changed(void *context, IO_STATUS_BLOCK *io, ULONG reserved)
{
    struct pending *pending = context;
    struct notify_buffer *buffer = pending->buffer;
    struct service_change change;
    (void)io, (void)reserved;
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
    if (error != ERROR_SUCCESS) {
        layer_free(pending);
        return error;
    }
    pending->owner = handle;
    pending->buffer = buffer;
    pending->ansi = ansi;
    layer_lock(&pending_lock);
    pending->next = all_pending;
    all_pending = pending;
    layer_unlock(&pending_lock);
    error = service_watch_ask(pending->watch, NULL, changed, pending);
    if (error != ERROR_SUCCESS) {
        forget(pending);
        free_pending(pending);
    }
    return error;
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
