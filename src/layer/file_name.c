#include "layer/file_name.h"
#include "layer/alias.h"
#include "layer/changes.h"
#include "layer/copyup.h"
#include "layer/drives.h"
#include "layer/file_lower.h"
#include "layer/guard.h"
#include "layer/handles.h"
#include "layer/host.h"
#include "layer/redirected.h"
#include "layer/store.h"

void file_name_free(struct file_name *name)
{
    layer_free(name->memory);
    layer_free(name->stream_memory);
}

/* Whether the name of what is open follows when a folder is renamed through another handle, as on
 * Windows: Wine 8's stays (server/fd.c, set_fd_name). Tried once, on a folder of the layer's own.
 */
static bool names_follow(void)
{
    static LONG known; // 1 no, 2 yes
    if (!__atomic_load_n(&known, __ATOMIC_ACQUIRE)) {
        layer_cleanup_handle HANDLE folder = NULL, other = NULL;
        layer_cleanup_free uint16_t *memory = NULL;
        struct str16_buf name;
        struct str16 told = {0};
        uint16_t units[COPYUP_WORK_NAME_MAX + 1];
        NTSTATUS status =
            copyup_make_work(DELETE | SYNCHRONIZE, FILE_DIRECTORY_FILE, 0, units, &name, &folder);
        if (!status)
            status = host_open(str16_view(&name), FILE_READ_ATTRIBUTES, FILE_OPEN, 0, 0, &other);
        name.cap = COPYUP_WORK_NAME_MAX + 1;
        str16_put_unit(&name, 'r');
        if (!status)
            status = host_rename(folder, str16_view(&name), false);
        if (!status)
            status = host_name_of(other, &memory, &told);
        if (folder)
            host_delete(folder);
        bool follows =
            !status && str16_equal_nocase(ntpath_leaf(told), ntpath_leaf(str16_view(&name)));
        __atomic_store_n(&known, follows ? 2 : 1, __ATOMIC_RELEASE);
    }
    return known == 2;
}

/* Replaces the name that the kernel has for an open file of the VM's own, if that lies elsewhere by
 * now: a folder above it, or it itself, was renamed through another handle. What does not exist any
 * more keeps its name. */
static void find_again(HANDLE handle, uint16_t **memory, struct str16 *canon)
{
    const struct file_lower_open open = {FILE_READ_ATTRIBUTES,
                                         FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, 0};
    layer_cleanup_handle HANDLE found = NULL;
    layer_cleanup_free uint16_t *host_memory = NULL, *new_memory = NULL;
    struct str16 host, now;
    bool own;
    uint64_t id = host_id_of(handle);
    if (!id || file_lower_open_copy(*canon, id, &open, &found) ||
        host_name_of(found, &host_memory, &host) ||
        store_canon_of_host(host, &new_memory, &now, &own) || !own)
        return;
    layer_free(*memory);
    *memory = new_memory;
    *canon = now;
    new_memory = NULL;
}

NTSTATUS file_name_of_handle(HANDLE handle, uint16_t **memory, struct str16 *canon, bool *own)
{
    layer_cleanup_free uint16_t *host_memory = NULL;
    struct str16 host;

    *memory = NULL;
    handle = file_lower_current(handle); // a folder that was copied may have been renamed since
    layer_cleanup_record struct handle_record *record = handles_get(handle, HANDLE_FOLDER);
    if (record && record->lower) {
        *memory = layer_alloc((record->canon.len + 1) * sizeof **memory);
        if (!*memory)
            return STATUS_INSUFFICIENT_RESOURCES;
        memcpy(*memory, record->canon.s, record->canon.len * sizeof **memory);
        *canon = (struct str16){*memory, record->canon.len};
        *own = false;
        return STATUS_SUCCESS;
    }
    NTSTATUS status = host_name_of(handle, &host_memory, &host);
    if (!status)
        status = store_canon_of_host(host, memory, canon, own);
    if (!status && *own && change_index_count(layer_changes, CHANGE_FOLDER_RENAMED) &&
        !names_follow())
        find_again(handle, memory, canon);
    return status;
}

/* The name relative to an open folder, device or pipe. */
static NTSTATUS read_relative(HANDLE root, struct str16 rest, struct file_name *name)
{
    layer_cleanup_free uint16_t *root_memory = NULL;
    struct str16 folder;
    bool own;
    NTSTATUS status = file_name_of_handle(root, &root_memory, &folder, &own);
    if (status == STATUS_OBJECT_TYPE_MISMATCH) {
        // Below a device: the pipes' one counts, the others have their own names.
        layer_cleanup_free uint16_t *host_memory = NULL;
        struct str16 host;
        if ((status = host_name_of(root, &host_memory, &host)))
            return status;
        size_t cap = host.len + rest.len + 16;
        name->memory = layer_alloc(cap * sizeof *name->memory);
        layer_cleanup_free uint16_t *whole = layer_alloc(cap * sizeof *whole);
        if (!name->memory || !whole)
            return STATUS_INSUFFICIENT_RESOURCES;
        struct str16_buf text = {.s = whole, .cap = cap}, canon = {.s = name->memory, .cap = cap};
        str16_put(&text, host);
        if (host.len && host.s[host.len - 1] != '\\' && rest.len)
            str16_put_unit(&text, '\\');
        str16_put(&text, rest);
        if (!ntpath_parse(str16_view(&text), layer_drives(), &canon, &name->path))
            return STATUS_NAME_TOO_LONG;
        if (name->path.kind == NTPATH_PIPE ||
            name->path.kind == NTPATH_MAILSLOT) { // the name may still lie in `whole`
            canon.len = 0;
            canon.overflow = false;
            str16_put(&canon, name->path.canon);
            name->path.canon = str16_view(&canon);
        }
        return STATUS_SUCCESS;
    }
    if (status)
        return status;
    if (rest.len && rest.s[0] == '\\') // refused below
        folder.len = 0;
    size_t cap = folder.len + 1 + rest.len;
    name->memory = layer_alloc((cap + 1) * sizeof *name->memory);
    if (!name->memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    struct str16_buf canon = {.s = name->memory, .cap = cap};
    str16_put(&canon, folder);
    name->path.kind = NTPATH_FILE;
    while (rest.len && rest.s[rest.len - 1] == '\\') {
        name->path.trailing = true;
        rest.len--;
    }
    if (rest.len && rest.s[0] != ':') // a stream of the folder itself
        str16_put_unit(&canon, '\\');
    str16_put(&canon, rest);
    name->path.canon = str16_view(&canon);
    return STATUS_SUCCESS;
}

NTSTATUS file_name_resolve(struct file_name *name, bool whole)
{
    if (name->stream.len && !name->stream_memory) {
        // It lies behind the name in the same memory, which may be given up now.
        uint16_t *memory = layer_alloc((name->path.canon.len + 1) * sizeof *memory);
        if (!memory)
            return STATUS_INSUFFICIENT_RESOURCES;
        memcpy(memory, name->path.canon.s, name->path.canon.len * sizeof *memory);
        name->stream_memory = name->memory;
        name->path.canon.s = memory;
        name->memory = memory;
    }
    return whole ? alias_resolve_whole(&name->memory, &name->path.canon)
                 : alias_resolve(&name->memory, &name->path.canon);
}

/* What the host says of a name that it is expected to refuse. One that it takes all the same
 * (Wine's unix\ knows `.` and `..`) is read again as the kernel has it. */
static NTSTATUS refusal(const OBJECT_ATTRIBUTES *attributes, struct file_name *name)
{
    layer_cleanup_handle HANDLE handle = NULL;
    IO_STATUS_BLOCK io;
    bool own;
    NTSTATUS status = real.NtOpenFile(
        &handle, FILE_READ_ATTRIBUTES, (OBJECT_ATTRIBUTES *)attributes, &io,
        FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, FILE_OPEN_FOR_BACKUP_INTENT);
    if (status)
        return status;
    layer_free(name->memory);
    return file_name_of_handle(handle, &name->memory, &name->path.canon, &own);
}

NTSTATUS file_name_read(const OBJECT_ATTRIBUTES *attributes, struct file_name *name)
{
    *name = (struct file_name){.path.kind = NTPATH_DEVICE};
    if (!guard_attributes(attributes) || !attributes || !attributes->ObjectName)
        return STATUS_SUCCESS; // nothing to translate: the system says what is wrong with it
    struct str16 text = str16_of_unicode(attributes->ObjectName);
    NTSTATUS status = STATUS_SUCCESS;
    if (attributes->RootDirectory) {
        status = read_relative(attributes->RootDirectory, text, name);
    } else {
        size_t cap = text.len + 8;
        name->memory = layer_alloc(cap * sizeof *name->memory);
        if (!name->memory)
            return STATUS_INSUFFICIENT_RESOURCES;
        struct str16_buf canon = {.s = name->memory, .cap = cap};
        if (!ntpath_parse(text, layer_drives(), &canon, &name->path))
            return STATUS_NAME_TOO_LONG;
    }
    if (!status && name->path.kind == NTPATH_DENIED)
        return STATUS_OBJECT_PATH_NOT_FOUND; // as where the driver is not loaded
    if (status || name->path.kind != NTPATH_FILE)
        return status;
    // What this host does not take for a volume, as which Windows would, and what it does not take
    // for a name, it refuses itself.
    if ((!attributes->RootDirectory &&
         !alias_is_volume(str16_first(text, (size_t)(name->path.below - text.s)))) ||
        !ntpath_is_plain(name->path.canon))
        if ((status = refusal(attributes, name)))
            return status;
    // The system leads names by a drive's letter elsewhere, and those below its own folders.
    size_t root = 0;
    if (attributes->RootDirectory && text.len < name->path.canon.len)
        root = name->path.canon.len + (name->path.trailing ? 1 : 0) - text.len - 1;
    if ((root || str16_starts_ascii(text, "\\??\\")) &&
        (status = redirected_name(&name->memory, &name->path.canon, root)))
        return status;
    name->path.canon = ntpath_without_stream(name->path.canon, &name->stream);
    if ((status = file_name_resolve(name, false)))
        return status;
    return store_owns(name->path.canon) ? STATUS_OBJECT_NAME_NOT_FOUND : STATUS_SUCCESS;
}
