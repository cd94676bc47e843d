#include "core/overlay.h"
#include "layer/changes.h"
#include "layer/file_lower.h"
#include "layer/file_name.h"
#include "layer/guard.h"
#include "layer/handles.h"
#include "layer/links.h"
#include "layer/mapped.h"
#include "layer/pipe.h"
#include "layer/pipe_trigger.h"
#include "layer/store.h"
#include "layer/trace.h"

// NtCreateFile, NtOpenFile, NtDeleteFile and the queries by name.

struct open_call {
    HANDLE *handle;
    ACCESS_MASK access;
    OBJECT_ATTRIBUTES *attributes;
    IO_STATUS_BLOCK *io;
    LARGE_INTEGER *allocation;
    ULONG file_attributes, share, disposition, options;
    void *ea;
    ULONG ea_length;
    const char *name;            // of the call
    enum trace_outcome *outcome; // what became of the file's name
};

enum { // FILE_OPEN_REQUIRING_OPLOCK, FILE_RESERVE_OPFILTER: for whom the file is opened, not to
       // look
    OPLOCK_OPTIONS = 0x10000 | 0x100000,
};

static NTSTATUS call_real(const struct open_call *call, OBJECT_ATTRIBUTES *attributes,
                          ULONG disposition)
{
    return real.NtCreateFile(call->handle, call->access, attributes, call->io, call->allocation,
                             call->file_attributes, call->share, disposition, call->options,
                             call->ea, call->ea_length);
}

static enum overlay_what what_of(ULONG attributes)
{
    return !attributes                             ? OVERLAY_NOTHING
           : attributes & FILE_ATTRIBUTE_DIRECTORY ? OVERLAY_FOLDER
                                                   : OVERLAY_FILE;
}

/* Whether a stream beside the file's data is named. */
static bool is_stream(const struct file_name *name)
{
    return name->stream.len && !str16_equal_ascii(name->stream, "::$DATA");
}

/* Whether the VM's own processes that have the host's file open exclude the call. */
static bool is_excluded(const struct open_call *call, const struct file_name *name,
                        ACCESS_MASK implied)
{
    return !is_stream(name) &&
           shares_exclude(name->path.canon, call->access | implied, call->share);
}

/* The host's name for what is opened, in *text; *memory is layer_alloc()'s. */
static NTSTATUS lower_attributes(const struct open_call *call, const struct file_name *name,
                                 uint16_t **memory, UNICODE_STRING *text,
                                 OBJECT_ATTRIBUTES *attributes)
{
    struct str16_buf lower;
    *memory = store_lower_name(name->path.canon, name->stream.len + 1, &lower);
    if (!*memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    str16_put(&lower, name->stream);
    if (name->path.trailing && lower.s[lower.len - 1] != '\\')
        str16_put_unit(&lower, '\\');
    *attributes = file_attributes_for(call->attributes, text, str16_view(&lower));
    return STATUS_SUCCESS;
}

/* The call on the host's file, which it cannot change: the right to delete, if asked for, is the
 * layer's to remember. STATUS_RETRY when the VM has got a copy meanwhile. */
static NTSTATUS open_lower(const struct open_call *call, const struct file_name *name)
{
    // As the program gave it: nothing to rewrite, and the system's own answer to every oddity of
    // it; but a handle on a folder of the VM's own leads to the VM's layer only.
    layer_cleanup_free uint16_t *memory = NULL;
    OBJECT_ATTRIBUTES attributes = *call->attributes;
    UNICODE_STRING text;
    struct open_call lower = *call;
    if (attributes.RootDirectory) {
        NTSTATUS status = lower_attributes(call, name, &memory, &text, &attributes);
        if (status)
            return status;
    }
    lower.access &= ~(ACCESS_MASK)DELETE;
    *call->outcome = TRACE_HOSTS;
    if (!lower.access)
        lower.access = FILE_READ_ATTRIBUTES;
    lower.options &= ~(ULONG)FILE_DELETE_ON_CLOSE;
    // Who lets others write but not read would keep the layer from making their copy, and so who
    // opens to rename from making his own; who does not let others read a folder, from listing it
    // to merge it. That nobody may read is then for the table to know, and for others to look up
    // there.
    if (!(lower.share & FILE_SHARE_READ) &&
        (lower.share & FILE_SHARE_WRITE || call->access & DELETE ||
         call->options & FILE_DIRECTORY_FILE)) {
        change_index_add(layer_changes, CHANGE_FILE_UPPER, name->path.canon);
        if (is_excluded(call, name, 0))
            return STATUS_SHARING_VIOLATION;
        lower.share |= FILE_SHARE_READ;
    }
    NTSTATUS status = call_real(&lower, &attributes, FILE_OPEN);
    if (status)
        return status;
    if (is_stream(name)) // its sharing and its data are not the file's
        return STATUS_SUCCESS;
    const struct file_lower_open open = {call->access, call->share, call->options};
    file_lower_note(*call->handle, name->path.canon, &open, 0);
    // From here on who makes a copy tells this handle; who made one before it was noted did not.
    if (!layer_changed(CHANGE_FILE_UPPER, name->path.canon))
        return STATUS_SUCCESS;
    struct store_view view;
    status = store_look(name->path.canon, &view);
    if (!status && !view.upper)
        return STATUS_SUCCESS;
    layer_NtClose(*call->handle);
    return status ? status : STATUS_RETRY;
}

static NTSTATUS open_upper(const struct open_call *call, const struct file_name *name,
                           const struct store_view *view)
{
    struct str16_buf upper;
    layer_cleanup_free uint16_t *memory =
        store_upper_name(name->path.canon, name->stream.len + 1, &upper);
    UNICODE_STRING text;

    *call->outcome = TRACE_OWN;
    if (!memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    str16_put(&upper, name->stream);
    if (name->path.trailing)
        str16_put_unit(&upper, '\\');
    OBJECT_ATTRIBUTES attributes = file_attributes_for(call->attributes, &text, str16_view(&upper));
    struct open_call upper_call = *call;
    bool deletes = call->options & FILE_DELETE_ON_CLOSE;
    // The system checks sharing among those who have the VM's own open; some may have the host's.
    // What it refuses before that, it is left to refuse.
    bool wrong = deletes && !(call->access & (DELETE | GENERIC_ALL));
    if (call->disposition != FILE_CREATE && !wrong && is_excluded(call, name, 0))
        return STATUS_SHARING_VIOLATION;
    if (deletes && view->lower & FILE_ATTRIBUTE_DIRECTORY) {
        // A folder that is not empty stays, without a word. The system sees what is the VM's in it.
        NTSTATUS empty = store_check_lower_empty(name->path.canon);
        if (empty && empty != STATUS_DIRECTORY_NOT_EMPTY)
            return empty;
        if (empty) {
            deletes = false;
            if (call->access & (DELETE | GENERIC_ALL)) // without it the system refuses the option
                upper_call.options &= ~(ULONG)FILE_DELETE_ON_CLOSE;
        }
    }
    NTSTATUS status = call_real(&upper_call, &attributes, call->disposition);
    if (!status && view->upper && !view->lower_hidden && !is_stream(name) &&
        overlay_file_access_writes(call->access))
        shares_tell_rest(name->path.canon, *call->handle);
    if (!status && deletes && (view->lower || !view->lower_hidden)) {
        status = store_hide(name->path.canon);
        if (status)
            real.NtClose(*call->handle);
    }
    return status;
}

/* Whether the system would let this program open the host's file like this, asked of the system
 * itself: read-only files, access lists, privileges. The handle is closed at once. Who has the file
 * open on the host is of no matter to the VM; but that the VM runs it as an image is. */
static NTSTATUS check_access(const struct open_call *call, const struct file_name *name,
                             ACCESS_MASK implied)
{
    layer_cleanup_free uint16_t *memory = NULL;
    layer_cleanup_handle HANDLE handle = NULL;
    IO_STATUS_BLOCK io;
    OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING text;
    struct open_call asked = *call;
    NTSTATUS status = lower_attributes(call, name, &memory, &text, &attributes);
    if (status)
        return status;
    attributes.SecurityDescriptor = NULL;
    asked.handle = &handle;
    asked.io = &io;
    asked.access |= implied;
    asked.allocation = NULL;
    asked.ea = NULL;
    asked.ea_length = 0;
    asked.share = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
    asked.options &= ~(ULONG)(FILE_DELETE_ON_CLOSE | FILE_OPEN_BY_FILE_ID | OPLOCK_OPTIONS);
    // Not to wait for whoever has the file on an oplock.
    asked.options |= FILE_COMPLETE_IF_OPLOCKED;
    status = call_real(&asked, &attributes, FILE_OPEN);
    if (status)
        handle = NULL;
    if (status == STATUS_SHARING_VIOLATION &&
        asked.access & (FILE_WRITE_DATA | GENERIC_WRITE | GENERIC_ALL) &&
        mapped_is_image(name->path.canon))
        return status;
    return status == STATUS_ACCESS_DENIED || status == STATUS_PRIVILEGE_NOT_HELD ? status
                                                                                 : STATUS_SUCCESS;
}

/* What can be said without a copy of the host's file. */
static NTSTATUS check_lower(const struct open_call *call, const struct file_name *name,
                            const struct store_view *view, bool overwrites)
{
    bool folder = view->lower & FILE_ATTRIBUTE_DIRECTORY;
    // What is wrong with the call itself comes before what is wrong with the name.
    if (call->options & FILE_DELETE_ON_CLOSE && !(call->access & (DELETE | GENERIC_ALL)))
        return STATUS_INVALID_PARAMETER;
    if (call->options & FILE_DIRECTORY_FILE && overwrites)
        return STATUS_INVALID_PARAMETER;
    if (name->path.trailing && !folder)
        return STATUS_OBJECT_NAME_INVALID;
    if (call->options & FILE_DIRECTORY_FILE && !folder)
        return STATUS_NOT_A_DIRECTORY;
    if (call->options & FILE_NON_DIRECTORY_FILE && folder)
        return STATUS_FILE_IS_A_DIRECTORY;
    // For the other dispositions the systems differ: the call on the copy will tell.
    if (call->options & FILE_DELETE_ON_CLOSE && call->disposition == FILE_OPEN &&
        view->lower & FILE_ATTRIBUTE_READONLY)
        return STATUS_CANNOT_DELETE;
    // What an overwriting does it must be allowed to do (WDK, NtCreateFile).
    ACCESS_MASK implied = !overwrites                           ? 0
                          : call->disposition == FILE_SUPERSEDE ? DELETE
                                                                : (ACCESS_MASK)FILE_WRITE_DATA;
    NTSTATUS status = check_access(call, name, implied);
    if (status)
        return status;
    if (is_excluded(call, name, implied))
        return STATUS_SHARING_VIOLATION;
    return call->options & FILE_DELETE_ON_CLOSE && !folder && !is_stream(name) &&
                   mapped_is_image(name->path.canon)
               ? STATUS_CANNOT_DELETE
               : STATUS_SUCCESS;
}

/* Opens what the VM has of its own already, which need not be looked for first. STATUS_RETRY when
 * it is not that simple: nothing was done. */
static NTSTATUS open_upper_if_there(const struct open_call *call, const struct file_name *name)
{
    struct store_view view = {.upper = FILE_ATTRIBUTE_NORMAL};
    if (call->disposition != FILE_OPEN || call->options & FILE_DELETE_ON_CLOSE ||
        !layer_changed(CHANGE_FILE_UPPER, name->path.canon))
        return STATUS_RETRY;
    // Who only reads has nothing to tell those who have the host's open.
    if (overlay_file_access_writes(call->access) &&
        store_is_hidden(name->path.canon, &view.lower_hidden))
        return STATUS_RETRY;
    return open_upper(call, name, &view) ? STATUS_RETRY : STATUS_SUCCESS;
}

static NTSTATUS open_changed(const struct open_call *call, const struct file_name *name)
{
    struct str16 canon = name->path.canon, parent;
    struct store_view view, above;
    bool empty = false, makes_folder = false;
    if (layer_changed(CHANGE_FILE_UPPER, canon) && shares_delete_pending(canon))
        return STATUS_DELETE_PENDING;
    NTSTATUS status = open_upper_if_there(call, name);
    if (status != STATUS_RETRY)
        return status;
    *call->outcome = TRACE_HOSTS;
    status = store_look(canon, &view);
    if (status)
        return status;
    bool deletes_file = call->disposition == FILE_OPEN && !is_stream(name) &&
                        what_of(view.lower) == OVERLAY_FILE &&
                        overlay_file_access_only_deletes(call->access);
    bool writes = !deletes_file && (overlay_file_access_writes(call->access) ||
                                    call->options & FILE_DELETE_ON_CLOSE);
    enum overlay_action action = overlay_open(what_of(view.upper), what_of(view.lower),
                                              (enum overlay_disposition)call->disposition, writes);
    switch (action) {
    case OVERLAY_USE_UPPER:
        break;
    case OVERLAY_USE_LOWER:
        if (deletes_file) {
            status = check_lower(call, name, &view, false);
            // Those who open it from now on must look at what this handle does not share.
            change_index_add(layer_changes, CHANGE_FILE_UPPER, canon);
        } else if (is_excluded(call, name, 0)) {
            status = STATUS_SHARING_VIOLATION;
        }
        return status ? status : open_lower(call, name);
    case OVERLAY_COPY_UP:
    case OVERLAY_COPY_UP_EMPTY:
        status = check_lower(call, name, &view, action == OVERLAY_COPY_UP_EMPTY);
        // What is thrown away is the stream that is named; and Wine 8 throws nothing away through a
        // handle that may not write (server/fd.c, open_fd).
        empty = action == OVERLAY_COPY_UP_EMPTY && !is_stream(name) &&
                call->access & (FILE_WRITE_DATA | GENERIC_WRITE | GENERIC_ALL);
        if (!status)
            status = store_copy_up(canon, empty);
        break;
    case OVERLAY_MAKE:
        if (!ntpath_parent(canon, &parent))
            return STATUS_OBJECT_PATH_NOT_FOUND;
        status = store_look(parent, &above);
        if (!status && !(above.effective & FILE_ATTRIBUTE_DIRECTORY))
            return STATUS_OBJECT_PATH_NOT_FOUND;
        if (!status)
            status = store_make_folder(parent);
        store_announce(canon);
        makes_folder = call->options & FILE_DIRECTORY_FILE && !view.lower_hidden;
        break;
    case OVERLAY_COLLIDE:
        return STATUS_OBJECT_NAME_COLLISION;
    case OVERLAY_ABSENT:
        *call->outcome = TRACE_ABSENT;
        return store_absent_status(canon, name->path.trailing);
    }
    if (status)
        return status;
    status = open_upper(call, name, &view);
    // What the call would have thrown away is still there when it was refused.
    if (status && empty)
        store_discard(canon);
    // A folder that the VM has made has in it what the VM puts there, also when the host comes to
    // have one of that name. Killed before the mark is made, or with no room for it, there is a
    // folder that shows both.
    if (!status && makes_folder && call->io->Information == FILE_CREATED)
        store_hide(canon);
    return status;
}

static NTSTATUS open_file(const struct open_call *call, const struct file_name *name)
{
    struct str16 canon = name->path.canon;
    bool reads = !overlay_file_access_writes(call->access) &&
                 !(call->options & FILE_DELETE_ON_CLOSE) && call->disposition == FILE_OPEN;
    NTSTATUS status;
    do {
        if (!reads || !store_untouched(canon)) {
            status = open_changed(call, name);
            continue;
        }
        status = open_lower(call, name);
        // What the folder above is, the host need not know.
        if (status == STATUS_OBJECT_PATH_NOT_FOUND)
            return store_absent_status(canon, name->path.trailing);
    } while (status == STATUS_RETRY);
    return status;
}

/* Records what became of the name that a call was made with. */
static NTSTATUS traced(const char *call, const OBJECT_ATTRIBUTES *attributes,
                       const struct file_name *name, enum trace_outcome outcome, NTSTATUS status)
{
    static const enum trace_kind kinds[] = {[NTPATH_FILE] = TRACE_FILE,
                                            [NTPATH_PIPE] = TRACE_PIPE,
                                            [NTPATH_MAILSLOT] = TRACE_MAILSLOT,
                                            [NTPATH_DEVICE] = TRACE_DEVICE};
    struct trace_what what = {kinds[name->path.kind], outcome, call, status, 0};
    if (!trace_wants(outcome, status))
        return status;
    if (what.kind != TRACE_FILE)
        what.outcome = what.kind == TRACE_DEVICE ? TRACE_SHARED : TRACE_PRIVATE;
    else if (status < 0 && host_is_absent(status) && outcome == TRACE_HOSTS)
        what.outcome = TRACE_ABSENT;
    if (what.kind != TRACE_DEVICE) {
        if (name->path.canon.len || what.kind != TRACE_FILE)
            trace_put(&what, name->path.canon, name->stream);
    } else if (attributes && guard_attributes(attributes) && attributes->ObjectName &&
               (attributes->ObjectName->Length || attributes->RootDirectory)) {
        trace_object(&what, attributes);
    }
    return status;
}

/* Whether the call was refused because it named the VM's store, which the system would not say. */
static bool names_store(const struct file_name *name, NTSTATUS status)
{
    return status == STATUS_OBJECT_NAME_NOT_FOUND && name->path.kind == NTPATH_FILE &&
           name->path.canon.len && store_owns(name->path.canon);
}

/* By its number on the volume: its name is found, and gone on with. (That is more calls than the
 * program makes, also for what is not changed: a number says nothing to the index of changes.) */
static NTSTATUS open_by_id(const struct open_call *call)
{
    layer_cleanup_free uint16_t *host_memory = NULL, *memory = NULL;
    layer_cleanup_handle HANDLE found = NULL;
    struct str16 host, canon;
    struct open_call by_name = *call;
    IO_STATUS_BLOCK io;
    UNICODE_STRING text;
    bool own;
    const struct open_call find = {
        .handle = &found,
        .access = FILE_READ_ATTRIBUTES | SYNCHRONIZE,
        .io = &io,
        .share = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
        .options = FILE_OPEN_BY_FILE_ID | FILE_SYNCHRONOUS_IO_NONALERT |
                   (call->options & (FILE_OPEN_REPARSE_POINT | FILE_OPEN_FOR_BACKUP_INTENT))};
    NTSTATUS status = call_real(&find, call->attributes, FILE_OPEN);
    if (status) {
        found = NULL;
        return status;
    }
    status = host_name_of(found, &host_memory, &host);
    if (!status)
        status = store_canon_of_host(host, &memory, &canon, &own);
    if (status)
        return status == STATUS_OBJECT_TYPE_MISMATCH ? STATUS_INVALID_PARAMETER : status;
    OBJECT_ATTRIBUTES attributes = file_attributes_for(call->attributes, &text, canon);
    struct file_name name = {.path = {NTPATH_FILE, canon, false}};
    by_name.attributes = &attributes;
    by_name.options &= ~(ULONG)FILE_OPEN_BY_FILE_ID;
    struct str16_buf lower;
    layer_cleanup_free uint16_t *lower_memory = store_lower_name(canon, 0, &lower);
    if (!lower_memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    text = unicode_of_str16(str16_view(&lower));
    status = open_file(&by_name, &name);
    return traced(call->name, &attributes, &name, *call->outcome, status);
}

static NTSTATUS open_followed(const struct open_call *call, struct file_name *name)
{
    if (!call->attributes || !guard_attributes(call->attributes)) // the system says so
        return call_real(call, call->attributes, call->disposition);
    if (call->options & FILE_OPEN_BY_FILE_ID && call->attributes->ObjectName)
        return open_by_id(call);
    NTSTATUS status = file_name_read(call->attributes, name);
    if (status) {
        if (names_store(name, status))
            *call->outcome = TRACE_DENIED;
        return status;
    }
    switch (name->path.kind) {
    case NTPATH_FILE:
        // A link that is to be listed or changed through stands for what it leads to; one of the
        // VM's own always, since the system would follow it on the host.
        if ((call->options & FILE_DIRECTORY_FILE || call->disposition != FILE_OPEN ||
             overlay_file_access_writes(call->access) || !store_untouched(name->path.canon)) &&
            !(call->options & FILE_OPEN_REPARSE_POINT) && (status = file_name_resolve(name, true)))
            return status;
        return open_file(call, name);
    case NTPATH_PIPE:
    case NTPATH_MAILSLOT: {
        layer_cleanup_free uint16_t *memory = NULL;
        UNICODE_STRING text;
        OBJECT_ATTRIBUTES attributes;
        unsigned tries = 0;
        status = pipe_rewrite(call->attributes, name, &memory, &text, &attributes);
        if (status)
            return status;
        do {
            status = call_real(call, &attributes, call->disposition);
        } while (status == STATUS_OBJECT_NAME_NOT_FOUND && name->path.kind == NTPATH_PIPE &&
                 pipe_trigger_wait(name->path.canon, &tries));
        return status;
    }
    case NTPATH_DEVICE:
    case NTPATH_DENIED: // was answered above
        break;
    }
    return call_real(call, call->attributes, call->disposition);
}

static NTSTATUS open_named(struct open_call *call)
{
    layer_cleanup_file_name struct file_name name = {0};
    layer_cleanup_links_name struct links_name link;
    enum trace_outcome outcome = TRACE_HOSTS;
    layer_wake();
    NTSTATUS status = links_follow(&call->attributes, &link);
    if (status)
        return status;
    call->outcome = &outcome;
    status = open_followed(call, &name);
    call->outcome = NULL;
    return traced(call->name, call->attributes, &name, outcome, status);
}

NTSTATUS NTAPI layer_NtCreateFile(HANDLE *handle, ACCESS_MASK access, OBJECT_ATTRIBUTES *attributes,
                                  IO_STATUS_BLOCK *io, LARGE_INTEGER *allocation,
                                  ULONG file_attributes, ULONG share, ULONG disposition,
                                  ULONG options, void *ea, ULONG ea_length)
{
    struct open_call call = {handle,          access,     attributes,  io,      allocation,
                             file_attributes, share,      disposition, options, ea,
                             ea_length,       TRACE_CALL, NULL};
    return open_named(&call);
}

NTSTATUS NTAPI layer_NtOpenFile(HANDLE *handle, ACCESS_MASK access, OBJECT_ATTRIBUTES *attributes,
                                IO_STATUS_BLOCK *io, ULONG share, ULONG options)
{
    struct open_call call = {handle,    access,  attributes, io, NULL,       0,   share,
                             FILE_OPEN, options, NULL,       0,  TRACE_CALL, NULL};
    return open_named(&call);
}

NTSTATUS NTAPI layer_NtDeleteFile(OBJECT_ATTRIBUTES *attributes)
{
    HANDLE handle = NULL;
    IO_STATUS_BLOCK io;
    BOOLEAN yes = TRUE;
    NTSTATUS status = layer_NtOpenFile(&handle, DELETE, attributes, &io,
                                       FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                                       FILE_OPEN_FOR_BACKUP_INTENT);
    if (status)
        return status;
    status = layer_NtSetInformationFile(handle, &io, &yes, sizeof yes, FileDispositionInformation);
    NTSTATUS closed = layer_NtClose(handle);
    return status ? status : closed;
}

/* Finds the name that a query by name is to be made with: the VM's own in *text, or the program's.
 * STATUS_SUCCESS with *rewritten false: the program's. */
static NTSTATUS find_for_query(const OBJECT_ATTRIBUTES *attributes, uint16_t **memory,
                               UNICODE_STRING *text, OBJECT_ATTRIBUTES *found, bool *on_host,
                               struct file_name *name)
{
    struct store_view view;
    layer_wake();
    *found = *attributes;
    *on_host = true;
    NTSTATUS status = file_name_read(attributes, name);
    if (status || name->path.kind == NTPATH_DEVICE)
        return status;
    if (name->path.kind != NTPATH_FILE)
        return pipe_rewrite(attributes, name, memory, text, found);
    bool untouched = store_untouched(name->path.canon);
    if (untouched && !attributes->RootDirectory)
        return STATUS_SUCCESS;
    if (!untouched) {
        if (layer_changed(CHANGE_FILE_UPPER, name->path.canon) &&
            shares_delete_pending(name->path.canon))
            return STATUS_DELETE_PENDING;
        status = store_look(name->path.canon, &view);
        if (status)
            return status;
        if (!view.effective)
            return store_absent_status(name->path.canon, name->path.trailing);
        *on_host = !view.upper;
    }
    struct str16_buf path;
    *memory = *on_host ? store_lower_name(name->path.canon, name->stream.len + 1, &path)
                       : store_upper_name(name->path.canon, name->stream.len + 1, &path);
    if (!*memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    str16_put(&path, name->stream);
    if (name->path.trailing && path.s[path.len - 1] != '\\')
        str16_put_unit(&path, '\\');
    *found = file_attributes_for(attributes, text, str16_view(&path));
    return STATUS_SUCCESS;
}

#define QUERY_BY_NAME(call)                                                                        \
    layer_cleanup_free uint16_t *memory = NULL;                                                    \
    layer_cleanup_file_name struct file_name name = {0};                                           \
    UNICODE_STRING text;                                                                           \
    OBJECT_ATTRIBUTES found;                                                                       \
    bool on_host = true;                                                                           \
    layer_cleanup_links_name struct links_name link;                                               \
    layer_wake();                                                                                  \
    NTSTATUS status = links_follow((OBJECT_ATTRIBUTES **)&attributes, &link);                      \
    if (status)                                                                                    \
        return status;                                                                             \
    if (!attributes || !guard_attributes(attributes))                                              \
        return real.call(attributes, info);                                                        \
    status = find_for_query(attributes, &memory, &text, &found, &on_host, &name);                  \
    if (status)                                                                                    \
        return traced(#call, attributes, &name,                                                    \
                      names_store(&name, status) ? TRACE_DENIED : TRACE_ABSENT, status);           \
    status = real.call(&found, info);                                                              \
    if (status == STATUS_OBJECT_PATH_NOT_FOUND && on_host && name.path.kind == NTPATH_FILE)        \
        status = store_absent_status(name.path.canon, name.path.trailing);                         \
    return traced(#call, attributes, &name, on_host ? TRACE_HOSTS : TRACE_OWN, status)

NTSTATUS NTAPI layer_NtQueryAttributesFile(const OBJECT_ATTRIBUTES *attributes,
                                           struct nt_file_basic_information *info)
{
    QUERY_BY_NAME(NtQueryAttributesFile);
}

NTSTATUS NTAPI layer_NtQueryFullAttributesFile(const OBJECT_ATTRIBUTES *attributes,
                                               struct nt_file_network_open_information *info)
{
    QUERY_BY_NAME(NtQueryFullAttributesFile);
}
