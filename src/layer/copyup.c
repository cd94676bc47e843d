#include "core/ntpath.h"
#include "layer/changes.h"
#include "layer/store.h"

// Copy-up: bringing a file of the host's into the VM's store before it is changed.

enum { BUFFER = 256 * 1024 };

static NTSTATUS copy_data(HANDLE from, HANDLE to)
{
    layer_cleanup_free uint8_t *buffer = layer_alloc(BUFFER);
    IO_STATUS_BLOCK io;

    if (!buffer)
        return STATUS_INSUFFICIENT_RESOURCES;
    for (;;) {
        NTSTATUS status = real.NtReadFile(from, NULL, NULL, NULL, &io, buffer, BUFFER, NULL, NULL);
        if (status == (NTSTATUS)0xC0000011 /* STATUS_END_OF_FILE */)
            return STATUS_SUCCESS;
        if (status)
            return status;
        ULONG len = (ULONG)io.Information;
        if (!len)
            return STATUS_SUCCESS;
        status = real.NtWriteFile(to, NULL, NULL, NULL, &io, buffer, len, NULL, NULL);
        if (status)
            return status;
        if (io.Information != len)
            return STATUS_DISK_FULL;
    }
}

/* A new file in work\, of a name that no other process takes. */
static NTSTATUS make_work_file(HANDLE *handle)
{
    static LONG counter;
    struct str16 folder = str16_of(layer_config.folder);
    uint16_t units[LAYER_PATH_MAX + 48];
    NTSTATUS status;

    do {
        struct str16_buf name = {.s = units, .cap = LAYER_PATH_MAX + 48};
        str16_put(&name, folder);
        str16_put_ascii(&name, "\\work\\");
        str16_put_hex32(
            &name, (uint32_t)(ULONG_PTR)((void **)NtCurrentTeb())[8] /* ClientId.UniqueProcess */);
        str16_put_unit(&name, '-');
        str16_put_hex32(&name, (uint32_t)__atomic_add_fetch(&counter, 1, __ATOMIC_RELAXED));
        status = host_open(str16_view(&name), GENERIC_READ | GENERIC_WRITE | DELETE, FILE_CREATE,
                           FILE_NON_DIRECTORY_FILE, 0, handle);
    } while (status == STATUS_OBJECT_NAME_COLLISION);
    return status;
}

/* Deletes an open file, which may be read-only. */
static void discard(HANDLE file)
{
    struct nt_file_basic_information normal = {.attributes = FILE_ATTRIBUTE_NORMAL};
    IO_STATUS_BLOCK io;
    real.NtSetInformationFile(file, &io, &normal, sizeof normal, FileBasicInformation);
    host_delete(file);
}

static NTSTATUS copy_file(struct str16 lower, struct str16 upper, bool empty)
{
    layer_cleanup_handle HANDLE from = NULL, to = NULL;
    struct nt_file_basic_information info;
    IO_STATUS_BLOCK io;

    NTSTATUS status = host_open(lower, GENERIC_READ, FILE_OPEN, FILE_NON_DIRECTORY_FILE, 0, &from);
    if (!status)
        status = real.NtQueryInformationFile(from, &io, &info, sizeof info, FileBasicInformation);
    if (!status)
        status = make_work_file(&to);
    if (status)
        return status;
    if (!empty)
        status = copy_data(from, to);
    // Before the times, which a write would change.
    if (!status) {
        info.attributes &= FILE_ATTRIBUTE_READONLY | FILE_ATTRIBUTE_HIDDEN | FILE_ATTRIBUTE_SYSTEM |
                           FILE_ATTRIBUTE_ARCHIVE | FILE_ATTRIBUTE_NOT_CONTENT_INDEXED |
                           FILE_ATTRIBUTE_TEMPORARY;
        if (!info.attributes)
            info.attributes = FILE_ATTRIBUTE_NORMAL;
        status = real.NtSetInformationFile(to, &io, &info, sizeof info, FileBasicInformation);
    }
    if (!status)
        status = host_rename(to, upper, false);
    if (status)
        discard(to);
    // Another thread was first, with the same content.
    return status == STATUS_OBJECT_NAME_COLLISION ? STATUS_SUCCESS : status;
}

NTSTATUS store_copy_up(struct str16 canon, bool empty)
{
    struct str16_buf lower, upper;
    layer_cleanup_free uint16_t *lower_memory = store_lower_name(canon, 0, &lower);
    layer_cleanup_free uint16_t *upper_memory = store_upper_name(canon, 0, &upper);
    ULONG attributes;
    struct str16 parent;

    if (!lower_memory || !upper_memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = host_attributes(str16_view(&lower), &attributes);
    if (status)
        return status;
    if (!attributes)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    if (attributes & FILE_ATTRIBUTE_DIRECTORY)
        return store_make_folder(canon);
    if (ntpath_parent(canon, &parent) && (status = store_make_folder(parent)))
        return status;
    store_announce(canon);
    change_index_add(layer_changes, CHANGE_FILE_COPIED, canon);
    return copy_file(str16_view(&lower), str16_view(&upper), empty);
}

void store_discard(struct str16 canon)
{
    struct str16_buf upper;
    layer_cleanup_free uint16_t *memory = store_upper_name(canon, 0, &upper);
    layer_cleanup_handle HANDLE file = NULL;
    if (memory && !host_open(str16_view(&upper), DELETE | FILE_WRITE_ATTRIBUTES, FILE_OPEN,
                             FILE_NON_DIRECTORY_FILE, 0, &file))
        discard(file);
}

struct tree {
    struct str16 folder;
};

static NTSTATUS copy_entry(void *context, struct str16 name, ULONG attributes)
{
    const struct tree *tree = context;
    size_t cap = tree->folder.len + 1 + name.len;
    layer_cleanup_free uint16_t *memory = layer_alloc(cap * sizeof *memory);
    struct str16_buf canon = {.s = memory, .cap = cap};
    struct store_view view;

    if (!memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    str16_put(&canon, tree->folder);
    str16_put_unit(&canon, '\\');
    str16_put(&canon, name);
    NTSTATUS status = store_look(str16_view(&canon), &view);
    if (status || view.lower_hidden || (view.upper && !(attributes & FILE_ATTRIBUTE_DIRECTORY)))
        return status;
    return attributes & FILE_ATTRIBUTE_DIRECTORY ? store_copy_up_tree(str16_view(&canon))
                                                 : store_copy_up(str16_view(&canon), false);
}

NTSTATUS store_copy_up_tree(struct str16 canon)
{
    struct str16_buf lower;
    layer_cleanup_free uint16_t *memory = store_lower_name(canon, 0, &lower);
    layer_cleanup_handle HANDLE folder = NULL;
    struct tree tree = {canon};

    if (!memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = store_make_folder(canon);
    if (!status)
        status = host_open(str16_view(&lower), FILE_LIST_DIRECTORY, FILE_OPEN, FILE_DIRECTORY_FILE,
                           0, &folder);
    return status ? status : host_list(folder, copy_entry, &tree);
}
