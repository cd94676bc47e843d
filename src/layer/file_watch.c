#include "core/pe.h"
#include "layer/file_name.h"
#include "layer/store.h"
#include "layer/watch.h"

// NtNotifyChangeDirectoryFile, and taking such a call back.
//
// A folder that only the VM has is watched by the system alone, through the program's own handle.
// Of another, both layers are watched: see watch.h.

enum { LARGEST_QUEUE = 1024 * 1024, LEAST_QUEUE = 4096 };

struct call {
    HANDLE handle, event;
    PIO_APC_ROUTINE apc;
    void *apc_context;
    IO_STATUS_BLOCK *io;
    void *buffer;
    ULONG length, filter;
    BOOLEAN subtree;
    ULONG class;
    bool extended; // NtNotifyChangeDirectoryFileEx
};

static NTSTATUS ask_system(const struct call *call)
{
    return call->extended
               ? real.NtNotifyChangeDirectoryFileEx(
                     call->handle, call->event, call->apc, call->apc_context, call->io,
                     call->buffer, call->length, call->filter, call->subtree, call->class)
               : real.NtNotifyChangeDirectoryFile(call->handle, call->event, call->apc,
                                                  call->apc_context, call->io, call->buffer,
                                                  call->length, call->filter, call->subtree);
}

void watch_release(struct watch *watch)
{
    if (__atomic_sub_fetch(&watch->references, 1, __ATOMIC_ACQ_REL))
        return;
    for (unsigned side = 0; side < WATCH_SIDES; side++)
        layer_free(watch->sources[side].buffer);
    layer_free(watch->queue.bytes);
    layer_free(watch);
}

static void free_request(struct watch_request *request)
{
    const HANDLE handles[] = {request->to.event, request->to.thread, request->to.port};
    for (size_t i = 0; i < sizeof handles / sizeof *handles; i++)
        if (handles[i])
            real.NtClose(handles[i]);
    layer_free(request);
}

void watch_complete(struct watch *watch, struct watch_request *request, NTSTATUS status,
                    ULONG_PTR information)
{
    HANDLE wake = request->wake;
    folder_complete(&request->to, status, information);
    if (request->signals)
        watch_signal(watch);
    free_request(request);
    if (wake) // its caller closes it
        real.NtSetEvent(wake, NULL);
}

void watch_serve(struct watch *watch)
{
    for (;;) {
        layer_lock(&watch->lock);
        struct watch_request *request = watch->requests;
        size_t size = 0;
        if (request && dirwatch_any(&watch->queue)) {
            watch->requests = request->next;
            size = dirwatch_take(&watch->queue, request->buffer,
                                 request->buffer ? request->length : 0);
        } else {
            request = NULL;
        }
        layer_unlock(&watch->lock);
        if (!request)
            return;
        watch_complete(watch, request, size ? STATUS_SUCCESS : STATUS_NOTIFY_ENUM_DIR, size);
    }
}

/* Takes the calls of a watch that `thread` (NULL: any) made with `io` (NULL: any), and completes
 * them. Returns whether there were some. */
static bool take_back(struct watch *watch, HANDLE thread, const IO_STATUS_BLOCK *io,
                      NTSTATUS status)
{
    struct watch_request *taken = NULL, **last = &taken;
    layer_lock(&watch->lock);
    for (struct watch_request **at = &watch->requests; *at;) {
        struct watch_request *request = *at;
        if ((thread && request->thread != thread) || (io && request->to.io != io)) {
            at = &request->next;
            continue;
        }
        *at = request->next;
        request->next = NULL;
        *last = request;
        last = &request->next;
    }
    layer_unlock(&watch->lock);
    bool any = taken != NULL;
    for (struct watch_request *next; taken; taken = next) {
        next = taken->next;
        watch_complete(watch, taken, status, 0);
    }
    return any;
}

void watch_close(struct watch *watch)
{
    layer_lock(&watch->lock);
    watch->closed = true;
    layer_unlock(&watch->lock);
    take_back(watch, NULL, NULL, STATUS_NOTIFY_CLEANUP);
    if (watch->self)
        real.NtClose(watch->self);
    watch->self = NULL;
    watch_end(watch);
    watch_release(watch);
}

static NTSTATUS open_source(struct str16 name, HANDLE *folder)
{
    UNICODE_STRING text = unicode_of_str16(name);
    OBJECT_ATTRIBUTES attributes = nt_named(&text);
    IO_STATUS_BLOCK io;
    *folder = NULL;
    return real.NtCreateFile(folder, FILE_LIST_DIRECTORY | SYNCHRONIZE, &attributes, &io, NULL, 0,
                             FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, FILE_OPEN,
                             FILE_DIRECTORY_FILE | FILE_OPEN_FOR_BACKUP_INTENT, NULL, 0);
}

/* Opens the places where changes of the folder come from: the VM's own are made for it. */
static NTSTATUS open_sources(struct watch *watch)
{
    struct str16_buf own, marks, host;
    layer_cleanup_free uint16_t *own_memory = store_upper_name(watch->canon, 0, &own);
    layer_cleanup_free uint16_t *marks_memory = store_marks_name(watch->canon, &marks);
    layer_cleanup_free uint16_t *host_memory = store_lower_name(watch->canon, 0, &host);
    if (!own_memory || !marks_memory || !host_memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = open_source(str16_view(&host), &watch->sources[WATCH_HOST].folder);
    if (!status)
        status = store_make_folder(watch->canon);
    if (!status)
        status = open_source(str16_view(&own), &watch->sources[WATCH_OWN].folder);
    if (!status)
        status = store_make_marks_folder(watch->canon);
    if (!status)
        status = open_source(str16_view(&marks), &watch->sources[WATCH_MARKS].folder);
    return status;
}

static NTSTATUS make_watch(const struct call *call, struct str16 canon, struct watch **made)
{
    struct watch *watch = layer_alloc(sizeof *watch + canon.len * sizeof *canon.s);
    if (!watch)
        return STATUS_INSUFFICIENT_RESOURCES;
    uint16_t *units = (uint16_t *)(watch + 1);
    memcpy(units, canon.s, canon.len * sizeof *units);
    watch->canon = (struct str16){units, canon.len};
    watch->references = 1;
    watch->class = call->class;
    watch->filter = call->filter;
    watch->subtree = call->subtree;
    // As much is kept as the first call has room for.
    watch->queue.cap = call->length < LEAST_QUEUE     ? LEAST_QUEUE
                       : call->length > LARGEST_QUEUE ? LARGEST_QUEUE
                                                      : call->length;
    watch->queue.bytes = layer_alloc(watch->queue.cap);
    NTSTATUS status = watch->queue.bytes ? open_sources(watch) : STATUS_INSUFFICIENT_RESOURCES;
    if (!status)
        status = real.NtDuplicateObject(NtCurrentProcess(), call->handle, NtCurrentProcess(),
                                        &watch->self, 0, 0, DUPLICATE_SAME_ACCESS);
    if (!status)
        status = watch_begin(watch);
    if (NT_ERROR(status)) {
        watch_close(watch);
        return status;
    }
    *made = watch;
    return STATUS_SUCCESS;
}

/* Whether the system's own watch sees all that the VM does: of what is no file system's folder, of
 * a folder that the host has nothing of, and of a handle that may not be watched. */
static bool is_for_system(const struct call *call, uint16_t **memory, struct str16 *canon)
{
    struct {
        ULONG attributes, access, counts_and_sizes[12];
    } info;
    struct store_view view;
    bool own;
    if (!call->io || !call->filter || !dirwatch_knows(call->class) ||
        real.NtQueryObject(call->handle, (OBJECT_INFORMATION_CLASS)0 /* ObjectBasicInformation */,
                           &info, sizeof info, NULL) ||
        !(info.access & FILE_LIST_DIRECTORY) ||
        file_name_of_handle(call->handle, memory, canon, &own) || store_look(*canon, &view))
        return true;
    return !(view.lower & FILE_ATTRIBUTE_DIRECTORY) || !(view.effective & FILE_ATTRIBUTE_DIRECTORY);
}

/* Whether a call on this handle returns only when it is done. Wine's never does, whatever the
 * handle (dlls/ntdll/unix/file.c, NtNotifyChangeDirectoryFile), and its kernelbase counts on that.
 */
static bool is_synchronous(HANDLE handle)
{
    enum { SYNCHRONOUS = 0x30 }; // FILE_SYNCHRONOUS_IO_ALERT, _NONALERT
    struct pe_header header;
    IO_STATUS_BLOCK io;
    ULONG mode = 0;
    return pe_read_header(layer_state.ntdll, 0x1000, &header) &&
           !pe_find_export(layer_state.ntdll, &header, "wine_get_version") &&
           !real.NtQueryInformationFile(handle, &io, &mode, sizeof mode, FileModeInformation) &&
           mode & SYNCHRONOUS;
}

static NTSTATUS duplicate(HANDLE handle, HANDLE *copy)
{
    return handle ? real.NtDuplicateObject(NtCurrentProcess(), handle, NtCurrentProcess(), copy, 0,
                                           0, DUPLICATE_SAME_ACCESS)
                  : STATUS_SUCCESS;
}

static NTSTATUS make_request(const struct call *call, const struct folder *folder,
                             struct watch_request **made)
{
    struct watch_request *request = layer_alloc(sizeof *request);
    if (!request)
        return STATUS_INSUFFICIENT_RESOURCES;
    request->to.io = call->io;
    request->to.apc = call->apc;
    request->to.apc_context = call->apc_context;
    request->to.port_key = folder->port_key;
    request->buffer = call->buffer;
    request->length = call->length;
    request->thread = ((void **)NtCurrentTeb())[9]; // ClientId.UniqueThread
    NTSTATUS status = duplicate(call->event, &request->to.event);
    if (!status && call->apc)
        status = duplicate(NtCurrentThread(), &request->to.thread);
    if (!status && folder->port && call->apc_context && !call->apc)
        status = duplicate(folder->port, &request->to.port);
    request->signals = !call->event && !call->apc && !request->to.port;
    if (status)
        free_request(request);
    else
        *made = request;
    return status;
}

static NTSTATUS enqueue(struct watch *watch, struct watch_request *request, bool *waiting)
{
    NTSTATUS status = STATUS_SUCCESS;
    if (request->to.event)
        real.NtResetEvent(request->to.event, NULL);
    layer_lock(&watch->lock);
    *waiting = !dirwatch_any(&watch->queue);
    layer_unlock(&watch->lock);
    if (*waiting && request->signals)
        watch_unsignal(watch);
    else
        request->signals = false;
    layer_lock(&watch->lock);
    struct watch_request **at = &watch->requests;
    while (*at)
        at = &(*at)->next;
    if (watch->closed)
        status = (NTSTATUS)STATUS_INVALID_HANDLE;
    else
        *at = request;
    layer_unlock(&watch->lock);
    if (!status)
        watch_serve(watch);
    return status;
}

static NTSTATUS watch_folder(const struct call *call, struct folder *folder, struct str16 canon,
                             struct watch **held, HANDLE *wake)
{
    struct watch_request *request;
    NTSTATUS status = STATUS_SUCCESS;
    bool waiting;

    layer_lock(&folder->lock);
    if (!folder->watch)
        status = make_watch(call, canon, &folder->watch);
    if (!status)
        status = make_request(call, folder, &request);
    struct watch *watch = folder->watch;
    if (!status)
        __atomic_add_fetch(&watch->references, 1, __ATOMIC_RELAXED);
    layer_unlock(&folder->lock);
    if (status)
        return status;
    *held = watch;
    if (is_synchronous(call->handle)) {
        status = real.NtCreateEvent(wake, EVENT_ALL_ACCESS, NULL, 0 /* NotificationEvent */, FALSE);
        request->wake = *wake;
        request->signals = false;
    }
    if (!status)
        status = enqueue(watch, request, &waiting);
    if (status)
        free_request(request);
    return status;
}

static NTSTATUS notify(const struct call *call)
{
    layer_cleanup_free uint16_t *memory = NULL;
    struct watch *watch = NULL;
    struct str16 canon;
    HANDLE wake = NULL;

    layer_wake();
    if (is_for_system(call, &memory, &canon))
        return ask_system(call);
    struct handle_record *record = folder_record(call->handle);
    struct folder *folder = record ? folder_of(record) : NULL;
    NTSTATUS status =
        folder ? watch_folder(call, folder, canon, &watch, &wake) : STATUS_INSUFFICIENT_RESOURCES;
    if (record) // not held while waiting: closing the handle ends the wait
        handles_release(record);
    if (!status && wake) {
        real.NtWaitForSingleObject(wake, FALSE, NULL);
        status = call->io->Status;
    } else if (!status) {
        status = STATUS_PENDING;
    }
    if (wake)
        real.NtClose(wake);
    if (watch)
        watch_release(watch);
    return status;
}

NTSTATUS NTAPI layer_NtNotifyChangeDirectoryFile(HANDLE handle, HANDLE event, PIO_APC_ROUTINE apc,
                                                 void *apc_context, IO_STATUS_BLOCK *io,
                                                 void *buffer, ULONG length, ULONG filter,
                                                 BOOLEAN subtree)
{
    struct call call = {handle, event,  apc,     apc_context,    io,   buffer,
                        length, filter, subtree, DIRWATCH_PLAIN, false};
    return notify(&call);
}

NTSTATUS NTAPI layer_NtNotifyChangeDirectoryFileEx(HANDLE handle, HANDLE event, PIO_APC_ROUTINE apc,
                                                   void *apc_context, IO_STATUS_BLOCK *io,
                                                   void *buffer, ULONG length, ULONG filter,
                                                   BOOLEAN subtree, ULONG class)
{
    struct call call = {handle, event,  apc,     apc_context, io,  buffer,
                        length, filter, subtree, class,       true};
    return notify(&call);
}

bool watch_cancel(HANDLE handle, HANDLE thread, const IO_STATUS_BLOCK *io)
{
    layer_cleanup_record struct handle_record *record = handles_get(handle, HANDLE_FOLDER);
    if (!record || !record->listing)
        return false;
    struct folder *folder = folder_of(record);
    layer_lock(&folder->lock);
    struct watch *watch = folder->watch;
    if (watch)
        __atomic_add_fetch(&watch->references, 1, __ATOMIC_RELAXED);
    layer_unlock(&folder->lock);
    bool any = watch && take_back(watch, thread, io, STATUS_CANCELLED);
    if (watch)
        watch_release(watch);
    return any;
}
