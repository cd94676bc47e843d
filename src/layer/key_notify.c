#include "layer/key_change.h"

// NtNotifyChangeKey and NtNotifyChangeMultipleKeys.
//
// What a key is in the VM can change on two sides, and the VM's own is the one that its programs
// write. So a watch is set on both: on the VM's own key, which is made when there is none, and on
// the host's. The one of the two that the program has no handle on is opened for it, and kept with
// its handle.
//
// The system writes the two watches' I/O status somewhere that is always there: after one of the
// two has told, the program thinks that it is over, but the other is still waiting.

//
// A program that is told by an APC is told once, too: the layer has both watches queue an APC of
// its own, and the first of the two calls the program's. (Wine 8 queues none for keys:
// dlls/ntdll/unix/registry.c, NtNotifyChangeMultipleKeys.)

static IO_STATUS_BLOCK nowhere;

/* An APC that a program waits for. Both watches queue theirs to the thread that set them, so no two
 * threads ever look at it. */
struct told_by_apc {
    PIO_APC_ROUTINE apc;
    void *context;
    IO_STATUS_BLOCK *io; // the program's; NULL: none
    bool told;
    unsigned waiting; // watches that have not told yet
    IO_STATUS_BLOCK sides[2];
};

struct watching {
    HANDLE event;
    struct told_by_apc *by_apc; // NULL: by the event alone
    ULONG filter;
    BOOLEAN subtree;
    // Of NtNotifyChangeMultipleKeys, among the VM's own keys and among the host's; NULL: none.
    OBJECT_ATTRIBUTES *second, *second_lower;
};

static void NTAPI on_apc(void *context, IO_STATUS_BLOCK *io, ULONG reserved)
{
    struct told_by_apc *by_apc = context;
    const struct told_by_apc to = *by_apc;
    const IO_STATUS_BLOCK result = *io;
    // First: what is called may watch again, or never return.
    by_apc->told = true;
    if (!--by_apc->waiting)
        layer_free(by_apc);
    if (to.told)
        return;
    if (to.io)
        *to.io = result;
    to.apc(to.context, to.io, reserved);
}

static NTSTATUS start(HANDLE key, OBJECT_ATTRIBUTES *second, const struct watching *watching)
{
    struct told_by_apc *by_apc = watching->by_apc;
    PIO_APC_ROUTINE apc = by_apc ? on_apc : NULL;
    IO_STATUS_BLOCK *io = by_apc ? &by_apc->sides[by_apc->waiting] : &nowhere;
    NTSTATUS status =
        second ? real.NtNotifyChangeMultipleKeys(key, 1, second, watching->event, apc, by_apc, io,
                                                 watching->filter, watching->subtree, NULL, 0, TRUE)
               : real.NtNotifyChangeKey(key, watching->event, apc, by_apc, io, watching->filter,
                                        watching->subtree, NULL, 0, TRUE);
    if (by_apc && NT_SUCCESS(status))
        by_apc->waiting++;
    return status;
}

/* The handle on the other side, NULL when there is none. */
static NTSTATUS open_other(const struct key_handle *key, HANDLE *other)
{
    bool hidden;
    *other = NULL;
    if (key->lower) {
        NTSTATUS status = key_own(key, true, other);
        return status == STATUS_OBJECT_NAME_NOT_FOUND ? STATUS_KEY_DELETED : status;
    }
    struct key_listing *listing = key_listing_lock(key);
    if (!listing)
        return STATUS_INSUFFICIENT_RESOURCES;
    *other = listing->watch;
    key_listing_done(key);
    if (*other)
        return STATUS_SUCCESS;

    NTSTATUS status = key_is_hidden(key->canon, &hidden);
    if (status || hidden)
        return status;
    if (key_open_lower(key->canon, KEYNAME_NOTIFY, other)) {
        *other = NULL;
        return STATUS_SUCCESS;
    }
    listing = key_listing_lock(key);
    if (listing->watch) { // another thread was faster
        real.NtClose(*other);
        *other = listing->watch;
    }
    listing->watch = *other;
    key_listing_done(key);
    return STATUS_SUCCESS;
}

static NTSTATUS watch(const struct key_handle *key, const struct watching *watching)
{
    HANDLE other;
    NTSTATUS status = open_other(key, &other);
    if (status == STATUS_KEY_DELETED)
        return status;
    if (status || !other)
        return start(key->handle, watching->second, watching);
    // The VM's last: each start resets the event, and a change by the VM must not be lost by that.
    status = start(key->lower ? key->handle : other, watching->second_lower, watching);
    return NT_SUCCESS(status) ? start(key->lower ? other : key->handle, watching->second, watching)
                              : status;
}

/* Prepares to tell by `apc`, if there is one. */
static NTSTATUS start_told_by_apc(struct watching *watching, PIO_APC_ROUTINE apc, void *context,
                                  IO_STATUS_BLOCK *io)
{
    if (!apc)
        return STATUS_SUCCESS;
    watching->by_apc = layer_alloc(sizeof *watching->by_apc);
    if (!watching->by_apc)
        return STATUS_INSUFFICIENT_RESOURCES;
    *watching->by_apc = (struct told_by_apc){.apc = apc, .context = context, .io = io};
    return STATUS_SUCCESS;
}

/* Both of them, but for the system's answer to what is not the VM's. The calls' buffers, which are
 * reserved, are not handed on. */
static NTSTATUS notify(const struct key_handle *key, OBJECT_ATTRIBUTES *second,
                       OBJECT_ATTRIBUTES *second_lower, HANDLE event, PIO_APC_ROUTINE apc,
                       void *context, IO_STATUS_BLOCK *io, ULONG filter, BOOLEAN subtree,
                       BOOLEAN asynchronous)
{
    if (!(key->access & KEYNAME_NOTIFY))
        return STATUS_ACCESS_DENIED;
    if (key->dead)
        return STATUS_KEY_DELETED;
    struct watching watching = {event, NULL, filter, subtree, second, second_lower};
    if (asynchronous) {
        NTSTATUS status = start_told_by_apc(&watching, apc, context, io);
        if (status)
            return status;
        status = watch(key, &watching);
        if (watching.by_apc && !NT_SUCCESS(status))
            watching.by_apc->told = true; // the one that did start tells nobody
        if (watching.by_apc && !watching.by_apc->waiting)
            layer_free(watching.by_apc);
        if (NT_SUCCESS(status) && io) {
            io->Status = STATUS_SUCCESS;
            io->Information = 0;
        }
        return status;
    }
    layer_cleanup_handle HANDLE own = NULL;
    NTSTATUS status =
        real.NtCreateEvent(&own, EVENT_ALL_ACCESS, NULL, 1 /* SynchronizationEvent */, FALSE);
    if (status) {
        own = NULL;
        return status;
    }
    watching.event = own;
    status = watch(key, &watching);
    if (status == STATUS_PENDING)
        status = real.NtWaitForSingleObject(own, FALSE, NULL);
    if (NT_SUCCESS(status) && io) {
        io->Status = status;
        io->Information = 0;
    }
    return status;
}

NTSTATUS NTAPI layer_NtNotifyChangeKey(HANDLE handle, HANDLE event, PIO_APC_ROUTINE apc,
                                       void *context, IO_STATUS_BLOCK *io, ULONG filter,
                                       BOOLEAN subtree, void *buffer, ULONG length,
                                       BOOLEAN asynchronous)
{
    layer_cleanup_key_handle struct key_handle key;
    layer_wake();
    NTSTATUS status = key_handle_read(handle, &key);
    if (status)
        return status;
    if (key.shared)
        return real.NtNotifyChangeKey(handle, event, apc, context, io, filter, subtree, buffer,
                                      length, asynchronous);
    return notify(&key, NULL, NULL, event, apc, context, io, filter, subtree, asynchronous);
}

NTSTATUS NTAPI layer_NtNotifyChangeMultipleKeys(HANDLE handle, ULONG count,
                                                OBJECT_ATTRIBUTES *others, HANDLE event,
                                                PIO_APC_ROUTINE apc, void *context,
                                                IO_STATUS_BLOCK *io, ULONG filter, BOOLEAN subtree,
                                                void *buffer, ULONG length, BOOLEAN asynchronous)
{
    layer_cleanup_key_handle struct key_handle key;
    layer_wake();
    NTSTATUS status = key_handle_read(handle, &key);
    if (status)
        return status;
    if (key.shared || count > 1 || (count && !others))
        return real.NtNotifyChangeMultipleKeys(handle, count, others, event, apc, context, io,
                                               filter, subtree, buffer, length, asynchronous);
    if (!count)
        return notify(&key, NULL, NULL, event, apc, context, io, filter, subtree, asynchronous);
    // The second key has to be named to the system, once for each side.
    layer_cleanup_key_name struct key_name name;
    layer_cleanup_handle HANDLE upper = NULL, lower = NULL;
    struct str16_buf path;
    UNICODE_STRING text, itself = {0};
    bool hidden;
    status = key_name_read(others, KEYNAME_NOTIFY, false, &name);
    if (status)
        return status;
    if (!name.registry || name.shared)
        return notify(&key, others, others, event, apc, context, io, filter, subtree, asynchronous);
    status = key_make_upper(name.canon, KEYNAME_NOTIFY, &upper);
    layer_cleanup_free uint16_t *memory = key_name_in_tree("\\upper", name.canon, &path);
    if (!status && !memory)
        status = STATUS_INSUFFICIENT_RESOURCES;
    if (status)
        return status;
    OBJECT_ATTRIBUTES second = key_attributes(&text, str16_view(&path)),
                      second_lower = nt_named(&itself);
    // Where the host has none that the VM sees, there is one to watch on the VM's side alone.
    if (!key_is_hidden(name.canon, &hidden) && !hidden &&
        key_open_lower(name.canon, KEYNAME_NOTIFY, &lower))
        lower = NULL;
    second_lower.RootDirectory = lower;
    return notify(&key, &second, lower ? &second_lower : NULL, event, apc, context, io, filter,
                  subtree, asynchronous);
}
