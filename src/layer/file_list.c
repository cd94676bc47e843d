#include "core/dirlist.h"
#include "layer/changes.h"
#include "layer/file_name.h"
#include "layer/handles.h"
#include "layer/store.h"

// Listing folders: one that the VM has not changed is listed by the system alone; of another both
// layers are read once, merged, and handed out from memory.

enum { BLOCK = 64 * 1024 };

struct block {
    struct block *next;
    uint8_t bytes[BLOCK];
};

struct listing {
    struct block *blocks;
    struct dirlist_entry *entries; // count of them
    struct dirlist_entry **order;
    size_t count, capacity, at;
    bool started; // something was asked of it
};

static void free_listing(void *memory)
{
    struct listing *listing = memory;
    for (struct block *block = listing->blocks, *next; block; block = next) {
        next = block->next;
        layer_free(block);
    }
    layer_free(listing->entries);
    layer_free(listing->order);
    layer_free(listing);
}

static NTSTATUS add_entry(struct listing *listing, const struct dirlist_entry *entry)
{
    if (listing->count == listing->capacity) {
        size_t capacity = listing->capacity ? 2 * listing->capacity : 64;
        struct dirlist_entry *entries = layer_alloc(capacity * sizeof *entries);
        if (!entries)
            return STATUS_INSUFFICIENT_RESOURCES;
        if (listing->count)
            memcpy(entries, listing->entries, listing->count * sizeof *entries);
        layer_free(listing->entries);
        listing->entries = entries;
        listing->capacity = capacity;
    }
    listing->entries[listing->count++] = *entry;
    return STATUS_SUCCESS;
}

/* Adds what one layer has. A folder that is not there adds nothing. */
static NTSTATUS read_layer(struct listing *listing, struct str16 folder, UNICODE_STRING *pattern)
{
    layer_cleanup_handle HANDLE handle = NULL;
    BOOLEAN restart = TRUE;
    NTSTATUS status =
        host_open(folder, FILE_LIST_DIRECTORY, FILE_OPEN, FILE_DIRECTORY_FILE, 0, &handle);
    if (host_is_absent(status) || status == STATUS_NOT_A_DIRECTORY)
        return STATUS_SUCCESS;
    while (!status) {
        struct block *block = layer_alloc(sizeof *block);
        IO_STATUS_BLOCK io;
        if (!block)
            return STATUS_INSUFFICIENT_RESOURCES;
        block->next = listing->blocks;
        listing->blocks = block;
        status = real.NtQueryDirectoryFile(handle, NULL, NULL, NULL, &io, block->bytes, BLOCK,
                                           DIRLIST_ID_BOTH, FALSE, pattern, restart);
        restart = FALSE;
        for (uint32_t at = 0, next = 1; !status && next; at += next) {
            struct dirlist_entry entry;
            if (!dirlist_read(block->bytes + at, BLOCK - at, &entry, &next))
                return STATUS_UNSUCCESSFUL;
            status = add_entry(listing, &entry);
        }
    }
    return status == STATUS_NO_MORE_FILES || status == STATUS_NO_SUCH_FILE ? STATUS_SUCCESS
                                                                           : status;
}

/* The canonical name of an entry of `folder`, in memory of layer_alloc()'s. */
static uint16_t *child_name(struct str16 folder, struct str16 name, struct str16 *child)
{
    uint16_t *memory = layer_alloc((folder.len + 1 + name.len) * sizeof *memory);
    struct str16_buf buf = {.s = memory, .cap = folder.len + 1 + name.len};
    if (memory) {
        str16_put(&buf, folder);
        str16_put_unit(&buf, '\\');
        str16_put(&buf, name);
        *child = str16_view(&buf);
    }
    return memory;
}

/* Whether an entry of the host's is hidden by a mark on it, or is the store. */
static NTSTATUS entry_hidden(struct str16 folder, struct str16 name, bool *hidden)
{
    struct str16 child;
    layer_cleanup_free uint16_t *memory = child_name(folder, name, &child);
    if (!memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (store_owns(child)) {
        *hidden = true;
        return STATUS_SUCCESS;
    }
    return store_is_hidden(child, hidden);
}

static NTSTATUS merge(struct str16 canon, UNICODE_STRING *pattern, struct listing *listing)
{
    struct str16_buf upper, lower;
    layer_cleanup_free uint16_t *upper_memory = store_upper_name(canon, 0, &upper);
    layer_cleanup_free uint16_t *lower_memory = store_lower_name(canon, 0, &lower);
    bool hidden = false;

    if (!upper_memory || !lower_memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = read_layer(listing, str16_view(&upper), pattern);
    size_t from_upper = listing->count;
    if (!status)
        status = store_is_hidden(canon, &hidden);
    if (!status && !hidden)
        status = read_layer(listing, str16_view(&lower), pattern);
    if (status || !listing->count)
        return status;

    layer_cleanup_free struct dirlist_entry **spare =
        layer_alloc(listing->count * sizeof(struct dirlist_entry *));
    listing->order = layer_alloc(listing->count * sizeof(struct dirlist_entry *));
    if (!spare || !listing->order)
        return STATUS_INSUFFICIENT_RESOURCES;
    for (size_t i = 0; i < listing->count; i++)
        listing->order[i] = &listing->entries[i];
    dirlist_sort(listing->order, spare,
                 listing->count); // stable: of two alike the upper comes first

    size_t kept = 0;
    for (size_t i = 0; i < listing->count; i++) {
        struct dirlist_entry *entry = listing->order[i];
        if (entry < listing->entries + from_upper) {
            listing->order[kept++] = entry;
            continue;
        }
        if ((status = entry_hidden(canon, entry->name, &hidden)))
            return status;
        if (hidden)
            continue;
        if (kept && dirlist_compare(listing->order[kept - 1], entry) == 0)
            listing->order[kept - 1]->name = entry->name; // spelled as the host does
        else
            listing->order[kept++] = entry;
    }
    listing->count = kept;
    return STATUS_SUCCESS;
}

/* Whether the system's own listing through this handle is the VM's too. */
static bool same_as_host(const struct handle_record *record)
{
    struct str16 store = str16_of(layer_config.store), above, child;
    if (!record->lower || layer_changed(CHANGE_FILE_LISTING, record->canon) ||
        change_index_has_above(layer_changes, CHANGE_FILE_HIDDEN, record->canon))
        return false;
    // The folder that the store lies in shows it to everybody else.
    if (!ntpath_parent(store, &above) ||
        !str16_equal_nocase(ntpath_leaf(above), ntpath_leaf(record->canon)))
        return true;
    layer_cleanup_free uint16_t *memory = child_name(record->canon, ntpath_leaf(store), &child);
    return memory && !store_owns(child);
}

/* The record of a folder's handle, made from the kernel's name for it if there is none. */
static struct handle_record *record_of(HANDLE handle)
{
    struct handle_record *record = handles_get(handle, HANDLE_FOLDER);
    layer_cleanup_free uint16_t *host_memory = NULL, *memory = NULL;
    struct str16 host, canon;
    bool own;

    if (record || host_name_of(handle, &host_memory, &host) ||
        store_canon_of_host(host, &memory, &canon, &own))
        return record;
    handles_add(handle, HANDLE_FOLDER, canon, !own, 0);
    return handles_get(handle, HANDLE_FOLDER);
}

static NTSTATUS hand_out(struct listing *listing, IO_STATUS_BLOCK *io, uint8_t *buffer,
                         ULONG length, uint32_t class, bool single)
{
    size_t fixed = dirlist_fixed_size(class), at = 0, last = 0, end = 0;
    bool first = !listing->started;

    if (!fixed)
        return STATUS_INVALID_INFO_CLASS;
    if (length < fixed)
        return STATUS_INFO_LENGTH_MISMATCH;
    listing->started = true;
    if (listing->at >= listing->count)
        return first ? STATUS_NO_SUCH_FILE : STATUS_NO_MORE_FILES;
    NTSTATUS status = STATUS_SUCCESS;
    for (bool any = false; listing->at < listing->count; any = true) {
        const struct dirlist_entry *entry = listing->order[listing->at];
        size_t whole = fixed + entry->name.len * sizeof(uint16_t);
        if (any && (at > length || whole > length - at))
            break;
        dirlist_write(class, entry, buffer + at, length - at);
        if (any) {
            uint32_t offset = (uint32_t)(at - last);
            memcpy(buffer + last, &offset, sizeof offset);
        }
        listing->at++;
        end = at + (whole < length - at ? whole : length - at);
        if (whole > length - at) { // only the first: its name is cut
            status = STATUS_BUFFER_OVERFLOW;
            break;
        }
        last = at;
        at = (at + whole + 7) & ~(size_t)7;
        if (single)
            break;
    }
    io->Information = end;
    return status;
}

static NTSTATUS list(struct handle_record *record, HANDLE event, IO_STATUS_BLOCK *io, void *buffer,
                     ULONG length, ULONG class, bool single, UNICODE_STRING *pattern, bool restart)
{
    NTSTATUS status = STATUS_SUCCESS;
    layer_lock(&record->lock);
    struct listing *listing = record->listing;
    bool started = listing && listing->started;
    if (restart && listing) {
        free_listing(listing);
        record->listing = listing = NULL;
    }
    if (!listing) {
        record->listing = listing = layer_alloc(sizeof *listing);
        record->free_listing = free_listing;
        status = listing
                     ? merge(record->canon, pattern && pattern->Length ? pattern : NULL, listing)
                     : STATUS_INSUFFICIENT_RESOURCES;
        if (listing)
            listing->started = started && !restart;
        if (status && listing) {
            free_listing(listing);
            record->listing = NULL;
        }
    }
    if (!status)
        status = hand_out(listing, io, buffer, length, class, single);
    layer_unlock(&record->lock);
    if (NT_SUCCESS(status) || status == STATUS_BUFFER_OVERFLOW || status == STATUS_NO_MORE_FILES ||
        status == STATUS_NO_SUCH_FILE) {
        io->Status = status;
        if (status == STATUS_NO_MORE_FILES || status == STATUS_NO_SUCH_FILE)
            io->Information = 0;
        if (event)
            real.NtSetEvent(event, NULL);
    }
    return status;
}

NTSTATUS NTAPI layer_NtQueryDirectoryFile(HANDLE handle, HANDLE event, PIO_APC_ROUTINE apc,
                                          void *apc_context, IO_STATUS_BLOCK *io, void *buffer,
                                          ULONG length, ULONG class, BOOLEAN single,
                                          UNICODE_STRING *pattern, BOOLEAN restart)
{
    layer_wake();
    layer_cleanup_record struct handle_record *record = record_of(handle);
    if (!record || (!record->listing && same_as_host(record)))
        return real.NtQueryDirectoryFile(handle, event, apc, apc_context, io, buffer, length, class,
                                         single, pattern, restart);
    return list(record, event, io, buffer, length, class, single, pattern, restart);
}

NTSTATUS NTAPI layer_NtQueryDirectoryFileEx(HANDLE handle, HANDLE event, PIO_APC_ROUTINE apc,
                                            void *apc_context, IO_STATUS_BLOCK *io, void *buffer,
                                            ULONG length, ULONG class, ULONG flags,
                                            UNICODE_STRING *pattern)
{
    enum { RESTART_SCAN = 1, SINGLE_ENTRY = 2 };
    layer_wake();
    layer_cleanup_record struct handle_record *record = record_of(handle);
    if (!record || (!record->listing && same_as_host(record)))
        return real.NtQueryDirectoryFileEx(handle, event, apc, apc_context, io, buffer, length,
                                           class, flags, pattern);
    return list(record, event, io, buffer, length, class, flags & SINGLE_ENTRY, pattern,
                flags & RESTART_SCAN);
}
