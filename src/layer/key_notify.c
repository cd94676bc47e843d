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

static IO_STATUS_BLOCK nowhere;

struct watching {
    HANDLE event;
    ULONG filter;
    BOOLEAN subtree;
    // Of NtNotifyChangeMultipleKeys, among the VM's own keys and among the host's; NULL: none.
    OBJECT_ATTRIBUTES *second, *second_lower;
};

static NTSTATUS start(HANDLE key, OBJECT_ATTRIBUTES *second, const struct watching *watching)
{
    if (!second)
        return real.NtNotifyChangeKey(key, watching->event, NULL, NULL, &nowhere, watching->filter,
                                      watching->subtree, NULL, 0, TRUE);
    return real.NtNotifyChangeMultipleKeys(key, 1, second, watching->event, NULL, NULL, &nowhere,
                                           watching->filter, watching->subtree, NULL, 0, TRUE);
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

/* Both of them, but for the system's answer to what is not the VM's. */
static NTSTATUS notify(const struct key_handle *key, OBJECT_ATTRIBUTES *second,
                       OBJECT_ATTRIBUTES *second_lower, HANDLE event, PIO_APC_ROUTINE apc,
                       void *context, IO_STATUS_BLOCK *io, ULONG filter, BOOLEAN subtree,
                       void *buffer, ULONG length, BOOLEAN asynchronous)
{
    if (!(key->access & KEYNAME_NOTIFY))
        return STATUS_ACCESS_DENIED;
    if (key->dead)
        return STATUS_KEY_DELETED;
    if (asynchronous && (apc || !event)) {
        // Told by an APC: by one side only, or it would come twice.
        HANDLE other;
        NTSTATUS status = open_other(key, &other);
        if (status == STATUS_KEY_DELETED)
            return status;
        HANDLE own = key->lower && other ? other : key->handle;
        return second
                   ? real.NtNotifyChangeMultipleKeys(own, 1, second, event, apc, context, io,
                                                     filter, subtree, buffer, length, asynchronous)
                   : real.NtNotifyChangeKey(own, event, apc, context, io, filter, subtree, buffer,
                                            length, asynchronous);
    }
    struct watching watching = {event, filter, subtree, second, second_lower};
    if (asynchronous) {
        NTSTATUS status = watch(key, &watching);
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
    return notify(&key, NULL, NULL, event, apc, context, io, filter, subtree, buffer, length,
                  asynchronous);
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
        return notify(&key, NULL, NULL, event, apc, context, io, filter, subtree, buffer, length,
                      asynchronous);
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
        return notify(&key, others, others, event, apc, context, io, filter, subtree, buffer,
                      length, asynchronous);
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
                  subtree, buffer, length, asynchronous);
}
