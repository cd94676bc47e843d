#include "layer/changes.h"
#include "layer/file_lower.h"
#include "layer/file_name.h"
#include "layer/folder.h"
#include "layer/merge.h"
#include "layer/pipe.h"
#include "layer/store.h"

// Listing folders. One that only one layer has anything of is listed by the system alone; of
// another both layers are read once, merged, and handed out from memory. Which of the two a listing
// is, is decided when it begins and when it is begun anew: in between, the folder may change.
//
// Patterns are matched by the system, which does it while it reads a layer. So they mean what they
// mean to it, 8.3 names included.

struct listing {
    enum { NOT_BEGUN, BY_SYSTEM, MERGED } by;
    bool answered;        // the program has had a first answer
    bool system_answered; // the system has, on this handle
    uint16_t *pattern;    // of the first call, for good
    size_t pattern_len;   // units, 0 for all
    struct merge merge;
    size_t at; // in merge.order
};

void listing_free(struct listing *listing)
{
    if (!listing)
        return;
    merge_forget(&listing->merge);
    layer_free(listing->pattern);
    layer_free(listing);
}

/* A folder that is listed, as it is now. */
struct subject {
    uint16_t *memory; // of the name; layer_alloc()'s
    struct str16 canon;
    HANDLE handle;
    bool own; // is on the VM's own
};

static void forget_subject(struct subject *subject)
{
    layer_free(subject->memory);
}
#define layer_cleanup_subject __attribute__((cleanup(forget_subject)))

/* Any process of the VM may have renamed the VM's own; a handle from before the copy leads there
 * too. */
static NTSTATUS find_subject(HANDLE handle, const struct handle_record *record,
                             struct subject *subject)
{
    HANDLE current = file_lower_current(handle);
    *subject = (struct subject){.canon = record->canon, .handle = current};
    if (record->lower && current == handle)
        return STATUS_SUCCESS;
    return file_name_of_handle(current, &subject->memory, &subject->canon, &subject->own);
}

/* What the VM sees of a folder, in a class that has the members of `class`. */
static NTSTATUS read_layers(const struct subject *subject, uint32_t class,
                            const struct listing *listing, struct merge *merge)
{
    UNICODE_STRING pattern =
        unicode_of_str16((struct str16){listing->pattern, listing->pattern_len});
    return merge_read(subject->canon, subject->handle, subject->own,
                      listing->pattern_len ? &pattern : NULL, dirlist_source(class), merge);
}

static NTSTATUS read_anew(const struct subject *subject, uint32_t class, struct listing *listing)
{
    listing->at = 0;
    return read_layers(subject, class, listing, &listing->merge);
}

/* Reads the layers again, in a class that has what is asked for now, and goes on where the listing
 * was. */
static NTSTATUS read_richer(const struct subject *subject, uint32_t class, struct listing *listing)
{
    struct merge merge = {0};
    size_t at = 0;
    NTSTATUS status = read_layers(subject, class, listing, &merge);
    if (status) {
        merge_forget(&merge);
        return status;
    }
    while (listing->at && at < merge.count &&
           dirlist_compare(merge.order[at], listing->merge.order[listing->at - 1]) <= 0)
        at++;
    merge_forget(&listing->merge);
    listing->merge = merge;
    listing->at = at;
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
    layer_cleanup_free uint16_t *memory =
        store_child_name(record->canon, ntpath_leaf(store), &child);
    return memory && !store_owns(child);
}

/* Whether the system's listing of the VM's own folder through this handle is all that the VM sees.
 */
static NTSTATUS same_as_own(HANDLE handle, const struct subject *subject, bool *same)
{
    struct store_view view;
    struct str16 parent;

    *same = false;
    if (!subject->own || subject->handle != handle || !ntpath_parent(subject->canon, &parent))
        return STATUS_SUCCESS;
    NTSTATUS status = store_look(subject->canon, &view);
    // Nothing of the host's, or no folder at all: which is for the system to refuse.
    *same = !status && (!view.lower || !(view.upper & FILE_ATTRIBUTE_DIRECTORY));
    return status;
}

struct call {
    HANDLE handle;
    HANDLE event;
    PIO_APC_ROUTINE apc;
    void *apc_context;
    IO_STATUS_BLOCK *io;
    void *buffer;
    ULONG length, class, flags;
    UNICODE_STRING *pattern;
    bool extended; // NtQueryDirectoryFileEx
};

enum { RESTART_SCAN = 1, SINGLE_ENTRY = 2, NO_CURSOR_UPDATE = 0x10 };

static NTSTATUS ask_system(const struct call *call, UNICODE_STRING *pattern)
{
    return call->extended
               ? real.NtQueryDirectoryFileEx(call->handle, call->event, call->apc,
                                             call->apc_context, call->io, call->buffer,
                                             call->length, call->class, call->flags, pattern)
               : real.NtQueryDirectoryFile(call->handle, call->event, call->apc, call->apc_context,
                                           call->io, call->buffer, call->length, call->class,
                                           call->flags & SINGLE_ENTRY ? TRUE : FALSE, pattern,
                                           call->flags & RESTART_SCAN ? TRUE : FALSE);
}

/* What the system says to a listing with an event or an APC: not every one takes them (Wine 8:
 * dlls/ntdll/unix/file.c, NtQueryDirectoryFile). Asked once, on a handle of the layer's own. */
static NTSTATUS ask_for_events(struct str16 name)
{
    static NTSTATUS known;
    static bool asked;
    layer_cleanup_handle HANDLE folder = NULL, event = NULL;
    IO_STATUS_BLOCK io;
    uint8_t buffer[1024];

    if (__atomic_load_n(&asked, __ATOMIC_ACQUIRE))
        return known;
    if (host_open(name, FILE_LIST_DIRECTORY, FILE_OPEN, FILE_DIRECTORY_FILE, 0, &folder) ||
        real.NtCreateEvent(&event, EVENT_ALL_ACCESS, NULL, 1 /* SynchronizationEvent */, FALSE))
        return STATUS_SUCCESS;
    NTSTATUS status = real.NtQueryDirectoryFile(folder, event, NULL, NULL, &io, buffer,
                                                sizeof buffer, DIRLIST_NAMES, TRUE, NULL, TRUE);
    known = status == STATUS_NOT_IMPLEMENTED ? status : STATUS_SUCCESS;
    __atomic_store_n(&asked, true, __ATOMIC_RELEASE);
    return known;
}

/* Whether the handle may list. */
static NTSTATUS check_access(HANDLE handle)
{
    struct {
        ULONG attributes, access, counts_and_sizes[12];
    } info;
    NTSTATUS status = real.NtQueryObject(
        handle, (OBJECT_INFORMATION_CLASS)0 /* ObjectBasicInformation */, &info, sizeof info, NULL);
    return status                              ? status
           : info.access & FILE_LIST_DIRECTORY ? STATUS_SUCCESS
                                               : STATUS_ACCESS_DENIED;
}

static NTSTATUS note_pattern(struct listing *listing, const UNICODE_STRING *pattern)
{
    if (!pattern || pattern->Length < sizeof(WCHAR))
        return STATUS_SUCCESS;
    listing->pattern = layer_alloc(pattern->Length);
    if (!listing->pattern)
        return STATUS_INSUFFICIENT_RESOURCES;
    memcpy(listing->pattern, pattern->Buffer, pattern->Length);
    listing->pattern_len = pattern->Length / sizeof(WCHAR);
    return STATUS_SUCCESS;
}

/* Decides who lists, and reads the layers if it is the layer. */
static NTSTATUS begin(const struct call *call, const struct handle_record *record,
                      struct listing *listing)
{
    layer_cleanup_subject struct subject subject = {0};
    bool same = same_as_host(record);
    NTSTATUS status = STATUS_SUCCESS;

    listing->by = BY_SYSTEM;
    if (!same) {
        status = find_subject(call->handle, record, &subject);
        if (!status)
            status = same_as_own(call->handle, &subject, &same);
    }
    if (same || status)
        return status;
    status = check_access(call->handle);
    if (!status && !listing->answered)
        status = note_pattern(listing, call->pattern);
    if (!status)
        status = read_anew(&subject, call->class, listing);
    listing->by = status ? NOT_BEGUN : MERGED;
    return status;
}

static NTSTATUS hand_out(struct listing *listing, const struct call *call, ULONG_PTR *information)
{
    size_t fixed = dirlist_fixed_size(call->class), length = call->length, at = 0, last = 0;
    size_t begin = listing->at;
    bool first = !listing->answered;
    uint8_t *buffer = call->buffer;
    NTSTATUS status = STATUS_SUCCESS;

    listing->answered = true;
    *information = 0;
    if (listing->at >= listing->merge.count)
        return first ? STATUS_NO_SUCH_FILE : STATUS_NO_MORE_FILES;
    for (bool any = false; listing->at < listing->merge.count; any = true) {
        const struct dirlist_entry *entry = listing->merge.order[listing->at];
        size_t whole = fixed + entry->name.len * sizeof(uint16_t);
        if (any && (at > length || whole > length - at))
            break;
        dirlist_write(call->class, entry, buffer + at, length - at);
        if (any) {
            uint32_t offset = (uint32_t)(at - last);
            memcpy(buffer + last, &offset, sizeof offset);
        }
        listing->at++;
        *information = at + (whole < length - at ? whole : length - at);
        if (whole > length - at) { // only the first: its name is cut
            status = STATUS_BUFFER_OVERFLOW;
            break;
        }
        last = at;
        at = (at + whole + 7) & ~(size_t)7;
        if (call->flags & SINGLE_ENTRY)
            break;
    }
    if (call->flags & NO_CURSOR_UPDATE)
        listing->at = begin;
    return status;
}

/* A pattern, once given, is the handle's: the system keeps it for what it lists, the layer for what
 * it does. */
static NTSTATUS list_by_system(const struct call *call, struct listing *listing)
{
    UNICODE_STRING text = unicode_of_str16((struct str16){listing->pattern, listing->pattern_len});
    NTSTATUS status = ask_system(call, listing->answered && !listing->system_answered
                                           ? (listing->pattern_len ? &text : NULL)
                                           : call->pattern);
    if (!NT_ERROR(status) || status == STATUS_NO_SUCH_FILE) {
        if (!listing->answered)
            note_pattern(listing, call->pattern);
        listing->answered = listing->system_answered = true;
    } else if (!listing->answered) {
        listing->by = NOT_BEGUN;
    }
    return status;
}

static NTSTATUS list_merged(const struct call *call, const struct handle_record *record,
                            struct folder *folder)
{
    struct listing *listing = folder->listing;
    ULONG_PTR information = 0;
    NTSTATUS status = STATUS_SUCCESS;
    if (call->event || call->apc) {
        struct str16_buf name;
        layer_cleanup_free uint16_t *memory = record->lower
                                                  ? store_lower_name(record->canon, 0, &name)
                                                  : store_upper_name(record->canon, 0, &name);
        status = memory ? ask_for_events(str16_view(&name)) : STATUS_INSUFFICIENT_RESOURCES;
        if (status)
            return status;
        if (call->event)
            real.NtResetEvent(call->event, NULL);
    }
    if (!dirlist_covers(listing->merge.source, call->class)) {
        layer_cleanup_subject struct subject subject = {0};
        status = find_subject(call->handle, record, &subject);
        if (!status)
            status = read_richer(&subject, call->class, listing);
    }
    if (status)
        return status;
    status = hand_out(listing, call, &information);
    struct folder_completion to = folder_completion_now(call->handle, folder, call->io, call->event,
                                                        call->apc, call->apc_context);
    // A call that fails at once tells nobody.
    if (!NT_ERROR(status))
        folder_complete(&to, status, information);
    return status;
}

/* What is no folder of a file system: of the pipes and the mailslots, the VM's own. (Wine 8 lists
 * neither.) */
static NTSTATUS list_device(const struct call *given)
{
    layer_cleanup_free uint16_t *memory = NULL;
    UNICODE_STRING pattern;
    struct str16 prefix;
    struct call call = *given;
    if (!call.buffer || !call.io || !dirlist_fixed_size(call.class) ||
        !pipe_list_pattern(call.handle, call.pattern, &memory, &pattern, &prefix))
        return ask_system(&call, call.pattern);
    for (;; call.flags &= ~(ULONG)RESTART_SCAN) {
        NTSTATUS status = ask_system(&call, &pattern);
        if (status == STATUS_PENDING) {
            real.NtWaitForSingleObject(call.event ? call.event : call.handle, FALSE, NULL);
            status = call.io->Status;
        }
        if (NT_ERROR(status) || status == STATUS_NO_MORE_FILES)
            return status;
        size_t size = dirlist_strip(call.class, call.buffer, call.io->Information, prefix);
        call.io->Information = size;
        if (size || status)
            return status;
    }
}

static NTSTATUS list(const struct call *call)
{
    layer_wake();
    layer_cleanup_record struct handle_record *record = NULL;
    // What the system refuses without a look at the folder, it refuses itself.
    if (call->buffer && call->io && dirlist_fixed_size(call->class) &&
        call->length >= dirlist_least_size(call->class))
        record = folder_record(call->handle);
    if (!record)
        return list_device(call);

    struct folder *folder = folder_of(record);
    NTSTATUS status = STATUS_SUCCESS;
    if (!folder)
        return STATUS_INSUFFICIENT_RESOURCES;
    layer_lock(&folder->lock);
    if (!folder->listing)
        folder->listing = layer_alloc(sizeof *folder->listing);
    struct listing *listing = folder->listing;
    if (!listing)
        status = STATUS_INSUFFICIENT_RESOURCES;
    else if (listing->by == NOT_BEGUN || call->flags & RESTART_SCAN)
        status = begin(call, record, listing);
    bool merged = !status && listing->by == MERGED;
    if (merged)
        status = list_merged(call, record, folder);
    layer_unlock(&folder->lock);
    return status || merged ? status : list_by_system(call, listing);
}

NTSTATUS NTAPI layer_NtQueryDirectoryFile(HANDLE handle, HANDLE event, PIO_APC_ROUTINE apc,
                                          void *apc_context, IO_STATUS_BLOCK *io, void *buffer,
                                          ULONG length, ULONG class, BOOLEAN single,
                                          UNICODE_STRING *pattern, BOOLEAN restart)
{
    struct call call = {.handle = handle,
                        .event = event,
                        .apc = apc,
                        .apc_context = apc_context,
                        .io = io,
                        .buffer = buffer,
                        .length = length,
                        .class = class,
                        .flags = (single ? SINGLE_ENTRY : 0) | (restart ? RESTART_SCAN : 0),
                        .pattern = pattern};
    return list(&call);
}

NTSTATUS NTAPI layer_NtQueryDirectoryFileEx(HANDLE handle, HANDLE event, PIO_APC_ROUTINE apc,
                                            void *apc_context, IO_STATUS_BLOCK *io, void *buffer,
                                            ULONG length, ULONG class, ULONG flags,
                                            UNICODE_STRING *pattern)
{
    struct call call = {.handle = handle,
                        .event = event,
                        .apc = apc,
                        .apc_context = apc_context,
                        .io = io,
                        .buffer = buffer,
                        .length = length,
                        .class = class,
                        .flags = flags,
                        .pattern = pattern,
                        .extended = true};
    return list(&call);
}
