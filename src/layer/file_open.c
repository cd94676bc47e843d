#include "core/overlay.h"
#include "layer/changes.h"
#include "layer/file_name.h"
#include "layer/handles.h"
#include "layer/pipe.h"
#include "layer/store.h"

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
};

static NTSTATUS call_real(const struct open_call *call, OBJECT_ATTRIBUTES *attributes,
                          ULONG disposition, ULONG options)
{
    return real.NtCreateFile(call->handle, call->access, attributes, call->io, call->allocation,
                             call->file_attributes, call->share, disposition, options, call->ea,
                             call->ea_length);
}

static enum overlay_what what_of(ULONG attributes)
{
    return !attributes                             ? OVERLAY_NOTHING
           : attributes & FILE_ATTRIBUTE_DIRECTORY ? OVERLAY_FOLDER
                                                   : OVERLAY_FILE;
}

/* The call on the host's file, which it cannot change. */
static NTSTATUS open_lower(const struct open_call *call, const struct file_name *name)
{
    // As the program gave it: nothing to rewrite, and the system's own answer to every oddity of
    // it; but a handle on a folder of the VM's own leads to the VM's layer only.
    layer_cleanup_free uint16_t *memory = NULL;
    OBJECT_ATTRIBUTES attributes = *call->attributes;
    UNICODE_STRING text;
    if (attributes.RootDirectory) {
        struct str16_buf lower;
        memory = store_lower_name(name->path.canon, name->stream.len + 1, &lower);
        if (!memory)
            return STATUS_INSUFFICIENT_RESOURCES;
        str16_put(&lower, name->stream);
        if (name->path.trailing && lower.s[lower.len - 1] != '\\')
            str16_put_unit(&lower, '\\');
        attributes = file_attributes_for(call->attributes, &text, str16_view(&lower));
    }
    NTSTATUS status = call_real(call, &attributes, FILE_OPEN, call->options);
    if (!status && call->options & FILE_DIRECTORY_FILE)
        handles_add(*call->handle, HANDLE_FOLDER, name->path.canon, true, call->access);
    return status;
}

static NTSTATUS open_upper(const struct open_call *call, const struct file_name *name,
                           const struct store_view *view)
{
    struct str16_buf upper;
    layer_cleanup_free uint16_t *memory =
        store_upper_name(name->path.canon, name->stream.len + 1, &upper);
    UNICODE_STRING text;

    if (!memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    str16_put(&upper, name->stream);
    if (name->path.trailing)
        str16_put_unit(&upper, '\\');
    OBJECT_ATTRIBUTES attributes = file_attributes_for(call->attributes, &text, str16_view(&upper));
    // A folder that is not empty stays when the handle is closed; of what the host has in it, the
    // system that closes the handle knows nothing.
    bool on_close = call->options & FILE_DELETE_ON_CLOSE;
    ULONG options = call->options;
    if (on_close && view->lower & FILE_ATTRIBUTE_DIRECTORY &&
        store_check_lower_empty(name->path.canon)) {
        on_close = false;
        if (call->access & DELETE) // without it the system refuses the option
            options &= ~(ULONG)FILE_DELETE_ON_CLOSE;
    }
    NTSTATUS status = call_real(call, &attributes, call->disposition, options);
    if (!status && on_close && (view->lower || !view->lower_hidden)) {
        status = store_hide(name->path.canon);
        if (status)
            real.NtClose(*call->handle);
    }
    return status;
}

static NTSTATUS open_file(const struct open_call *call, const struct file_name *name)
{
    struct str16 canon = name->path.canon;
    bool writes = overlay_file_access_writes(call->access) || call->options & FILE_DELETE_ON_CLOSE;
    if (call->options & FILE_OPEN_BY_FILE_ID)
        return writes ? STATUS_NOT_SUPPORTED
                      : call_real(call, call->attributes, call->disposition, call->options);
    if (!writes && call->disposition == FILE_OPEN && store_untouched(canon)) {
        NTSTATUS status = open_lower(call, name);
        // What the folder above is, the host need not know.
        return status == STATUS_OBJECT_PATH_NOT_FOUND ? store_absent_status(canon) : status;
    }

    struct store_view view, above;
    struct str16 parent;
    NTSTATUS status = store_look(canon, &view);
    if (status)
        return status;
    enum overlay_action action = overlay_open(what_of(view.upper), what_of(view.lower),
                                              (enum overlay_disposition)call->disposition, writes);
    switch (action) {
    case OVERLAY_USE_UPPER:
        break;
    case OVERLAY_USE_LOWER:
        return open_lower(call, name);
    case OVERLAY_COPY_UP:
    case OVERLAY_COPY_UP_EMPTY:
        // What the system refuses is not to be copied for it.
        if (name->path.trailing && !(view.lower & FILE_ATTRIBUTE_DIRECTORY))
            return STATUS_OBJECT_NAME_INVALID;
        if (call->options & FILE_DELETE_ON_CLOSE && !(call->access & (DELETE | GENERIC_ALL)))
            return STATUS_INVALID_PARAMETER;
        if (call->options & FILE_DIRECTORY_FILE && call->disposition != FILE_OPEN &&
            call->disposition != FILE_OPEN_IF)
            return STATUS_INVALID_PARAMETER;
        if (call->options & FILE_DIRECTORY_FILE && !(view.lower & FILE_ATTRIBUTE_DIRECTORY))
            return STATUS_NOT_A_DIRECTORY;
        if (call->options & FILE_NON_DIRECTORY_FILE && view.lower & FILE_ATTRIBUTE_DIRECTORY)
            return STATUS_FILE_IS_A_DIRECTORY;
        // Wine (8, server/fd.c, open_fd) throws nothing away through a handle that cannot write.
        if (!(call->access & (FILE_WRITE_DATA | GENERIC_WRITE | GENERIC_ALL)))
            action = OVERLAY_COPY_UP;
        status = store_copy_up(canon, action == OVERLAY_COPY_UP_EMPTY);
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
        break;
    case OVERLAY_COLLIDE:
        return STATUS_OBJECT_NAME_COLLISION;
    case OVERLAY_ABSENT:
        return store_absent_status(canon);
    }
    if (status)
        return status;
    status = open_upper(call, name, &view);
    // What the call would have thrown away is still there when it was refused.
    if (status && action == OVERLAY_COPY_UP_EMPTY)
        store_discard(canon);
    return status;
}

static NTSTATUS open_named(struct open_call *call)
{
    layer_cleanup_file_name struct file_name name = {0};
    layer_wake();
    NTSTATUS status = file_name_read(call->attributes, &name);
    if (status)
        return status;
    switch (name.path.kind) {
    case NTPATH_FILE:
        // A link that is to be listed or changed through stands for what it leads to.
        if ((call->options & FILE_DIRECTORY_FILE || call->disposition != FILE_OPEN ||
             overlay_file_access_writes(call->access)) &&
            !(call->options & FILE_OPEN_REPARSE_POINT) && (status = file_name_resolve(&name, true)))
            return status;
        return open_file(call, &name);
    case NTPATH_PIPE:
    case NTPATH_MAILSLOT: {
        layer_cleanup_free uint16_t *memory = NULL;
        UNICODE_STRING text;
        OBJECT_ATTRIBUTES attributes;
        status = pipe_rewrite(call->attributes, &name, &memory, &text, &attributes);
        return status ? status : call_real(call, &attributes, call->disposition, call->options);
    }
    case NTPATH_DEVICE:
        break;
    }
    return call_real(call, call->attributes, call->disposition, call->options);
}

NTSTATUS NTAPI layer_NtCreateFile(HANDLE *handle, ACCESS_MASK access, OBJECT_ATTRIBUTES *attributes,
                                  IO_STATUS_BLOCK *io, LARGE_INTEGER *allocation,
                                  ULONG file_attributes, ULONG share, ULONG disposition,
                                  ULONG options, void *ea, ULONG ea_length)
{
    struct open_call call = {handle, access,      attributes, io, allocation, file_attributes,
                             share,  disposition, options,    ea, ea_length};
    return open_named(&call);
}

NTSTATUS NTAPI layer_NtOpenFile(HANDLE *handle, ACCESS_MASK access, OBJECT_ATTRIBUTES *attributes,
                                IO_STATUS_BLOCK *io, ULONG share, ULONG options)
{
    struct open_call call = {handle, access,    attributes, io,   NULL, 0,
                             share,  FILE_OPEN, options,    NULL, 0};
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
        status = store_look(name->path.canon, &view);
        if (status)
            return status;
        if (!view.effective)
            return store_absent_status(name->path.canon);
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
    if (!attributes)                                                                               \
        return real.call(attributes, info);                                                        \
    NTSTATUS status = find_for_query(attributes, &memory, &text, &found, &on_host, &name);         \
    if (status)                                                                                    \
        return status;                                                                             \
    status = real.call(&found, info);                                                              \
    if (status == STATUS_OBJECT_PATH_NOT_FOUND && on_host && name.path.kind == NTPATH_FILE)        \
        return store_absent_status(name.path.canon);                                               \
    return status

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
