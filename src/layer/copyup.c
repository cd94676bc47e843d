#include "core/ntpath.h"
#include "layer/copyup.h"
#include "layer/shares.h"
#include "layer/changes.h"
#include "layer/store.h"
#include "layer/trace.h"
#include "layer/view.h"

// Copy-up: bringing a file of the host's into the VM's store before it is changed.
//
// Of what a file has, a copy lacks: its other hard links (the VM's copy is a file of its own, and
// what is written through one name is not seen through another), its file id and object id, its
// short name where the system makes another, and what its file system has and the store's does not.

enum {
    // What NtSetInformationFile can set; the rest is made by other calls.
    SETTABLE = FILE_ATTRIBUTE_READONLY | FILE_ATTRIBUTE_HIDDEN | FILE_ATTRIBUTE_SYSTEM |
               FILE_ATTRIBUTE_ARCHIVE | FILE_ATTRIBUTE_NOT_CONTENT_INDEXED |
               FILE_ATTRIBUTE_TEMPORARY | FILE_ATTRIBUTE_OFFLINE,
    WORK_ACCESS = GENERIC_READ | GENERIC_WRITE | DELETE | WRITE_DAC | WRITE_OWNER,
};

NTSTATUS copyup_make_work(ACCESS_MASK access, ULONG options, ULONG attributes, uint16_t *units,
                          struct str16_buf *name, HANDLE *handle)
{
    static LONG counter;
    NTSTATUS status;

    do {
        *name = (struct str16_buf){.s = units, .cap = COPYUP_WORK_NAME_MAX};
        str16_put(name, str16_of(layer_config.folder));
        str16_put_ascii(name, "\\work\\");
        str16_put_hex32(name, layer_process_id());
        str16_put_unit(name, '-');
        str16_put_hex32(name, (uint32_t)__atomic_add_fetch(&counter, 1, __ATOMIC_RELAXED));
        status = host_open(str16_view(name), access, FILE_CREATE, options, attributes, handle);
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

/* What of a file's attributes can be set again as it is. Not 0, which means "as they are" on
 * Windows but "none" on Wine 10 (dlls/ntdll/unix/file.c, fd_set_file_info). */
static ULONG settable(ULONG attributes)
{
    attributes &= SETTABLE;
    return attributes ? attributes : FILE_ATTRIBUTE_NORMAL;
}

/* The folder that a copy is moved into keeps its times: for the VM nothing was made in it. */
struct folder_times {
    HANDLE folder; // NULL: nothing is known
    struct nt_file_basic_information info;
};

static void keep_times(struct folder_times *times, struct str16 below)
{
    struct str16 above;
    IO_STATUS_BLOCK io;
    times->folder = NULL;
    if (!ntpath_parent(below, &above) ||
        host_open(above, FILE_READ_ATTRIBUTES | FILE_WRITE_ATTRIBUTES, FILE_OPEN,
                  FILE_DIRECTORY_FILE, 0, &times->folder))
        return;
    if (real.NtQueryInformationFile(times->folder, &io, &times->info, sizeof times->info,
                                    FileBasicInformation)) {
        real.NtClose(times->folder);
        times->folder = NULL;
        return;
    }
    times->info.creation_time.QuadPart = 0; // 0: as it is
    times->info.attributes = settable(times->info.attributes);
}

static void restore_times(const struct folder_times *times)
{
    IO_STATUS_BLOCK io;
    if (!times->folder)
        return;
    real.NtSetInformationFile(times->folder, &io, (void *)&times->info, sizeof times->info,
                              FileBasicInformation);
    real.NtClose(times->folder);
}

/* Gives the finished copy `to` in work\ the attributes and times `info` and moves it to `upper`. */
static NTSTATUS put_in_place(HANDLE to, struct str16 upper,
                             const struct nt_file_basic_information *info)
{
    struct nt_file_basic_information set = *info;
    struct folder_times times;
    IO_STATUS_BLOCK io;
    set.attributes = settable(set.attributes);
    // Last, because writing changes the times.
    NTSTATUS status = real.NtSetInformationFile(to, &io, &set, sizeof set, FileBasicInformation);
    if (status)
        return status;
    keep_times(&times, upper);
    status = host_rename(to, upper, false);
    restore_times(&times);
    if (!status) { // to be renamed is a change
        set = (struct nt_file_basic_information){.change_time = info->change_time,
                                                 .attributes = set.attributes};
        real.NtSetInformationFile(to, &io, &set, sizeof set, FileBasicInformation);
    }
    return status;
}

/* Opens a file to copy it. One that is read without sharing that can still have its attributes set
 * or be renamed; then *lender is a handle to read it through, and *from tells the rest. */
static NTSTATUS open_to_copy(struct str16 canon, struct str16 lower, bool empty, HANDLE *from,
                             HANDLE *lender)
{
    ULONG options = FILE_NON_DIRECTORY_FILE | FILE_SEQUENTIAL_ONLY;
    ACCESS_MASK beside_data = FILE_READ_ATTRIBUTES | FILE_READ_EA | READ_CONTROL;
    NTSTATUS status = host_open(lower, empty ? FILE_READ_ATTRIBUTES | READ_CONTROL : GENERIC_READ,
                                FILE_OPEN, options, 0, from);
    if (status != STATUS_SHARING_VIOLATION)
        return status;
    *lender = shares_borrow(canon);
    return *lender ? host_open(lower, beside_data, FILE_OPEN, options, 0, from) : status;
}

/* Puts a copy, which was made with `status`, in place as the VM's `canon`, or takes it away. */
static NTSTATUS finish(NTSTATUS status, struct str16 canon, HANDLE to, struct str16 upper,
                       const struct nt_file_basic_information *info)
{
    if (!status)
        status = put_in_place(to, upper, info);
    if (status)
        discard(to);
    else
        shares_tell_copied(canon, to);
    // Another thread was first, with the same content.
    return status == STATUS_OBJECT_NAME_COLLISION ? STATUS_SUCCESS : status;
}

static NTSTATUS copy_file(struct str16 canon, struct str16 lower, struct str16 upper, bool empty)
{
    layer_cleanup_handle HANDLE from = NULL, lender = NULL, to = NULL;
    struct nt_file_basic_information info;
    uint16_t units[COPYUP_WORK_NAME_MAX];
    struct str16_buf work;
    IO_STATUS_BLOCK io;

    NTSTATUS status = open_to_copy(canon, lower, empty, &from, &lender);
    if (!status)
        status = real.NtQueryInformationFile(from, &io, &info, sizeof info, FileBasicInformation);
    if (status)
        return status;
    // Only at its creation can a file be made an encrypted one without its key leaving the system.
    ULONG encrypted = info.attributes & FILE_ATTRIBUTE_ENCRYPTED;
    status = copyup_make_work(WORK_ACCESS, FILE_NON_DIRECTORY_FILE, encrypted, units, &work, &to);
    if (status && encrypted)
        status = copyup_make_work(WORK_ACCESS, FILE_NON_DIRECTORY_FILE, 0, units, &work, &to);
    if (status)
        return status;
    if (empty) {
        status = copyup_security(from, lower, to, str16_view(&work));
    } else {
        status = lender ? copyup_mapped(lender, to) : copyup_data(from, to, info.attributes);
        if (!status)
            status = copyup_properties(from, lower, to, str16_view(&work), info.attributes);
    }
    return finish(status, canon, to, upper, &info);
}

/* A folder's copy gets the security of the host's unless the layer could then not work in it: one
 * may be allowed to write a file but not to make another beside it, where its copy is to be made.
 */
static NTSTATUS folder_properties(HANDLE from, struct str16 lower, HANDLE to, struct str16 work,
                                  ULONG attributes)
{
    layer_cleanup_free void *before = NULL;
    layer_cleanup_handle HANDLE again = NULL;
    NTSTATUS readable = copyup_read_security(to, DACL_SECURITY_INFORMATION, &before);
    NTSTATUS status = copyup_properties(from, lower, to, work, attributes);
    if (!status && !readable &&
        host_open(work, FILE_ADD_FILE | FILE_ADD_SUBDIRECTORY | FILE_DELETE_CHILD | DELETE,
                  FILE_OPEN, FILE_DIRECTORY_FILE, 0, &again) == STATUS_ACCESS_DENIED)
        status = real.NtSetSecurityObject(to, DACL_SECURITY_INFORMATION, before);
    return status;
}

NTSTATUS copyup_folder(struct str16 canon, struct str16 lower, struct str16 upper)
{
    layer_cleanup_handle HANDLE from = NULL, to = NULL;
    struct nt_file_basic_information info;
    uint16_t units[COPYUP_WORK_NAME_MAX];
    struct str16_buf work;
    IO_STATUS_BLOCK io;

    NTSTATUS status = host_open(lower, FILE_READ_ATTRIBUTES | FILE_READ_EA | READ_CONTROL,
                                FILE_OPEN, FILE_DIRECTORY_FILE, 0, &from);
    if (!status)
        status = real.NtQueryInformationFile(from, &io, &info, sizeof info, FileBasicInformation);
    if (!status)
        status = copyup_make_work(WORK_ACCESS, FILE_DIRECTORY_FILE, 0, units, &work, &to);
    if (status)
        return status;
    status = folder_properties(from, lower, to, str16_view(&work), info.attributes);
    return finish(status, canon, to, upper, &info);
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
        return trace_changed(TRACE_FILE, canon, TRACE_COPIED, store_make_folder(canon));
    if (ntpath_parent(canon, &parent) && (status = store_make_folder(parent)))
        return status;
    store_announce(canon);
    change_index_add(layer_changes, CHANGE_FILE_COPIED, canon);
    store_spell_as_host(canon, &upper);
    // To throw away the data of what is mapped the system refuses: it has to see it.
    status = copy_file(canon, str16_view(&lower), str16_view(&upper), empty && !view_exists(canon));
    return trace_changed(TRACE_FILE, canon, TRACE_COPIED, status);
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

static NTSTATUS copy_entry(void *context, struct str16 name, ULONG attributes)
{
    const struct str16 *folder = context;
    struct str16 canon;
    layer_cleanup_free uint16_t *memory = store_child_name(*folder, name, &canon);
    struct store_view view;

    if (!memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = store_look(canon, &view);
    if (status || view.lower_hidden || (view.upper && !(attributes & FILE_ATTRIBUTE_DIRECTORY)))
        return status;
    return attributes & FILE_ATTRIBUTE_DIRECTORY ? store_copy_up_tree(canon)
                                                 : store_copy_up(canon, false);
}

NTSTATUS store_copy_up_tree(struct str16 canon)
{
    struct str16_buf lower;
    layer_cleanup_free uint16_t *memory = store_lower_name(canon, 0, &lower);
    layer_cleanup_handle HANDLE folder = NULL;

    if (!memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = store_make_folder(canon);
    if (!status)
        status = host_open(str16_view(&lower), FILE_LIST_DIRECTORY, FILE_OPEN, FILE_DIRECTORY_FILE,
                           0, &folder);
    return status ? status : host_list(folder, copy_entry, &canon);
}
