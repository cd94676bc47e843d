#include "layer/alias.h"
#include "layer/changes.h"
#include "layer/file_lower.h"
#include "layer/file_name.h"
#include "layer/folder.h"
#include "layer/guard.h"
#include "layer/handles.h"
#include "layer/links.h"
#include "layer/mapped.h"
#include "layer/store.h"

// Renaming, linking and deleting through a handle.

/* Whether the handle was opened with the right. */
static bool has_right(HANDLE handle, ACCESS_MASK right)
{
    PUBLIC_OBJECT_BASIC_INFORMATION info;
    return !real.NtQueryObject(handle, ObjectBasicInformation, &info, sizeof info, NULL) &&
           info.GrantedAccess & right;
}

/* Before the VM's own file goes away, the host's of the same name must be hidden. Done first, so
 * that no instant shows the host's; should the deletion then fail, the VM's own is still before it.
 * *memory is layer_alloc()'s; *marked is the name in it of a folder that the VM has made, which was
 * hidden from the first (open_changed() in file_open.c), else empty. */
static NTSTATUS prepare_deletion(HANDLE handle, uint16_t **memory, struct str16 *marked)
{
    struct str16 canon;
    struct store_view view;
    bool own;
    NTSTATUS status = file_name_of_handle(handle, memory, &canon, &own);
    if (status == STATUS_OBJECT_TYPE_MISMATCH)
        return STATUS_SUCCESS; // no file
    if (status)
        return status;
    if (!own)
        return STATUS_ACCESS_DENIED; // a handle on the host's never has the right to delete
    if (!has_right(handle, DELETE))
        return STATUS_SUCCESS; // the system refuses it
    status = store_look(canon, &view);
    if (!status && view.lower_hidden && view.upper & FILE_ATTRIBUTE_DIRECTORY)
        *marked = canon;
    if (status || !view.lower)
        return status;
    if (view.lower & FILE_ATTRIBUTE_DIRECTORY && (status = store_check_lower_empty(canon)))
        return status;
    return store_hide(canon);
}

static NTSTATUS set_deletion(HANDLE handle, IO_STATUS_BLOCK *io, void *info, ULONG length,
                             FILE_INFORMATION_CLASS class)
{
    layer_cleanup_free uint16_t *memory = NULL;
    struct str16 marked = {0};
    NTSTATUS status = prepare_deletion(handle, &memory, &marked);
    if (!status)
        status = real.NtSetInformationFile(handle, io, info, length, class);
    // What hid nothing must not pile up: programs make and delete folders by the thousand.
    if (!status && marked.len)
        store_forget_hidden(marked);
    return status;
}

/* Times and attributes, which Wine (8, dlls/ntdll/unix/file.c, NtSetInformationFile) sets through
 * any handle, and its SetFileAttributes through one that was opened for no access at all. The
 * host's file is copied, and the system asked to do it through a like handle on the copy: Windows
 * refuses. */
static NTSTATUS set_basic(HANDLE handle, IO_STATUS_BLOCK *io, void *info, ULONG length)
{
    layer_cleanup_free uint16_t *memory = NULL;
    layer_cleanup_free uint16_t *upper_memory = NULL;
    layer_cleanup_handle HANDLE copy = NULL;
    PUBLIC_OBJECT_BASIC_INFORMATION object;
    struct str16 canon;
    struct str16_buf upper;
    bool own;

    if (file_name_of_handle(handle, &memory, &canon, &own) || own)
        return real.NtSetInformationFile(handle, io, info, length, FileBasicInformation);
    NTSTATUS status =
        real.NtQueryObject(handle, ObjectBasicInformation, &object, sizeof object, NULL);
    if (!status)
        status = store_copy_up(canon, false);
    if (status)
        return status;
    upper_memory = store_upper_name(canon, 0, &upper);
    if (!upper_memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = host_open(str16_view(&upper), object.GrantedAccess, FILE_OPEN, 0, 0, &copy);
    return status ? status
                  : real.NtSetInformationFile(copy, io, info, length, FileBasicInformation);
}

static bool same_volume(struct str16 a, struct str16 b)
{
    size_t i = 0, j = 0;
    while (i < a.len && a.s[i] != '\\')
        i++;
    while (j < b.len && b.s[j] != '\\')
        j++;
    return str16_equal_nocase(str16_first(a, i), str16_first(b, j));
}

/* Whether the handle is one on a folder. Asked of it, not of its name: Wine (8, server/fd.c) leaves
 * the names of what is open below a renamed folder as they were. */
static NTSTATUS is_folder(HANDLE handle, bool *folder)
{
    struct nt_file_standard_information standard;
    IO_STATUS_BLOCK io;
    NTSTATUS status = real.NtQueryInformationFile(handle, &io, &standard, sizeof standard,
                                                  FileStandardInformation);
    *folder = !status && standard.directory;
    return status;
}

/* What a rename or link names: relative to a folder, absolute, or a name beside the file's own. */
static NTSTATUS read_target(const struct nt_file_rename_information *info, struct str16 source,
                            struct file_name *target)
{
    UNICODE_STRING text = {(USHORT)info->name_length, (USHORT)info->name_length,
                           (WCHAR *)info->name};
    struct str16 name = str16_of_unicode(&text), parent;
    if (!name.len)
        return STATUS_INVALID_PARAMETER;
    if (info->root_directory || name.s[0] == '\\') {
        OBJECT_ATTRIBUTES attributes = nt_named(&text);
        layer_cleanup_links_name struct links_name link;
        OBJECT_ATTRIBUTES *followed = &attributes;
        attributes.RootDirectory = info->root_directory;
        NTSTATUS status = links_follow(&followed, &link);
        return status ? status : file_name_read(followed, target);
    }
    if (!ntpath_parent(source, &parent))
        return STATUS_ACCESS_DENIED; // a volume's root
    size_t cap = parent.len + 1 + name.len;
    target->memory = layer_alloc(cap * sizeof *target->memory);
    if (!target->memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    struct str16_buf canon = {.s = target->memory, .cap = cap};
    str16_put(&canon, parent);
    str16_put_unit(&canon, '\\');
    str16_put(&canon, name);
    target->path = (struct ntpath){.kind = NTPATH_FILE, .canon = str16_view(&canon)};
    return store_owns(target->path.canon) ? STATUS_ACCESS_DENIED : STATUS_SUCCESS;
}

/* Checks what is at the target, as the file system would if both layers were one. `folder`: whether
 * the source is one. */
static NTSTATUS check_target(struct str16 source, struct str16 target, bool replace, bool folder,
                             bool link)
{
    struct store_view view;
    struct str16 parent;
    if (!same_volume(source, target))
        return STATUS_NOT_SAME_DEVICE;
    if (!ntpath_parent(target, &parent))
        return STATUS_ACCESS_DENIED;
    NTSTATUS status = store_look(parent, &view);
    if (status)
        return status;
    if (!(view.effective & FILE_ATTRIBUTE_DIRECTORY))
        return STATUS_OBJECT_PATH_NOT_FOUND;
    if (folder && link)
        return STATUS_FILE_IS_A_DIRECTORY;
    if (str16_equal_nocase(source, target))
        return STATUS_SUCCESS; // only its spelling changes
    status = store_look(target, &view);
    if (status || !view.effective)
        return status;
    if (!replace) // of the VM's own the system says it: it may be the same file under both names
        return view.upper && !folder ? STATUS_SUCCESS : STATUS_OBJECT_NAME_COLLISION;
    // Nor is a file that somebody has open; who of the VM has the host's open the system does not
    // see.
    if (view.effective & FILE_ATTRIBUTE_DIRECTORY ||
        shares_exclude(target, FILE_READ_DATA | FILE_WRITE_DATA | DELETE, 0) ||
        (!view.upper && mapped_keeps(target)))
        return STATUS_ACCESS_DENIED;
    // Whether a read-only file may be replaced is the system's to say: Wine (8, server/fd.c,
    // set_fd_name) replaces it. And before a folder takes the place of a file, that is marked,
    // which must not lose it if the system then refuses.
    return view.upper || !(folder || view.lower & FILE_ATTRIBUTE_READONLY)
               ? STATUS_SUCCESS
               : store_copy_up(target, false);
}

static NTSTATUS rename_or_link(HANDLE handle, IO_STATUS_BLOCK *io,
                               const struct nt_file_rename_information *info, ULONG length,
                               FILE_INFORMATION_CLASS class)
{
    bool extended =
        (int)class == NT_FILE_RENAME_INFORMATION_EX || (int)class == NT_FILE_LINK_INFORMATION_EX;
    bool link = class == FileLinkInformation || (int)class == NT_FILE_LINK_INFORMATION_EX;
    layer_cleanup_free uint16_t *memory = NULL;
    layer_cleanup_file_name struct file_name target = {0};
    struct str16 source, parent;
    struct store_view view;
    bool own, folder;

    if (!info || length < FIELD_OFFSET(struct nt_file_rename_information, name) ||
        !info->name_length ||
        info->name_length > length - FIELD_OFFSET(struct nt_file_rename_information, name))
        return real.NtSetInformationFile(handle, io, (void *)info, length, class);
    NTSTATUS status;
    if (length < sizeof *info) {
        // Wine asks for the whole structure, padding included, before it looks at the handle.
        status = real.NtSetInformationFile(NULL, io, (void *)info, length, class);
        if (status == STATUS_INVALID_PARAMETER_3)
            return status;
    }
    status = file_name_of_handle(handle, &memory, &source, &own);
    if (status)
        return status == STATUS_OBJECT_TYPE_MISMATCH
                   ? real.NtSetInformationFile(handle, io, (void *)info, length, class)
                   : status;
    if (info->name_length >= sizeof(WCHAR) && info->name[0] == ':') // a stream within its file
        return real.NtSetInformationFile(handle, io, (void *)info, length, class);
    if (!own && !link)
        return STATUS_ACCESS_DENIED;
    status = store_look(source, &view);
    if (!status)
        status = is_folder(handle, &folder);
    if (status)
        return status;
    if (!own && (status = store_copy_up(source, false)))
        return status;
    status = read_target(info, source, &target);
    if (status)
        return status;
    if (target.path.kind != NTPATH_FILE)
        return STATUS_NOT_SAME_DEVICE;
    bool replace = extended ? info->flags & 1 : info->replace_if_exists;
    bool respelled = str16_equal_nocase(source, target.path.canon);
    status = check_target(source, target.path.canon, replace, folder, link);
    if (status)
        return status;

    // Everything of the folder that the VM sees goes with it, and nothing of the host's shows
    // through at its new place: the mark there also says that what is below may be the VM's.
    if (folder && view.lower)
        status = store_copy_up_tree(source);
    if (!status && ntpath_parent(target.path.canon, &parent))
        status = store_make_folder(parent);
    store_announce(target.path.canon);
    if (!status && folder && !respelled)
        status = store_hide(target.path.canon);
    if (!status && folder)
        change_index_note(layer_changes, CHANGE_FOLDER_RENAMED);
    // Also when only its spelling changes: from then on the VM's counts.
    if (!status && view.lower && !link)
        status = store_hide(source);
    if (status)
        return status;

    struct str16_buf upper;
    layer_cleanup_free uint16_t *upper_memory = store_upper_name(target.path.canon, 1, &upper);
    // A file keeps the spelling of what it replaces: on Wine (8, ntdll/unix/file.c) it does.
    struct store_view replaced = {0};
    if (upper_memory && !respelled && !(status = store_look(target.path.canon, &replaced)) &&
        replaced.lower && !replaced.upper)
        store_spell_as_host(target.path.canon, &upper);
    if (status)
        return status;
    if (upper_memory && target.path.trailing)
        str16_put_unit(&upper, '\\');
    size_t size = sizeof *info + upper.len * sizeof(WCHAR);
    layer_cleanup_free struct nt_file_rename_information *rewritten = layer_alloc(size);
    if (!upper_memory || !rewritten)
        return STATUS_INSUFFICIENT_RESOURCES;
    rewritten->flags = extended ? info->flags : (ULONG)replace;
    rewritten->name_length = (ULONG)(upper.len * sizeof(WCHAR));
    memcpy(rewritten->name, upper.s, rewritten->name_length);
    if (own) {
        // A name beside the file's own means the same in the store, and not every host takes it.
        bool beside = !info->root_directory && info->name[0] != '\\';
        status = real.NtSetInformationFile(handle, io, beside ? (void *)info : rewritten,
                                           beside ? length : (ULONG)size, class);
        if (status)
            return status;
        if (view.upper & FILE_ATTRIBUTE_REPARSE_POINT)
            alias_link_changed(target.path.canon);
        // A file that is to be deleted when it is closed goes without a word; what it has replaced
        // must not be seen again.
        if (replaced.lower && !link)
            store_hide(target.path.canon);
        return status;
    }
    // A link to a file of the host's: to its copy, which this handle is not on.
    struct str16_buf copy;
    layer_cleanup_free uint16_t *copy_memory = store_upper_name(source, 0, &copy);
    layer_cleanup_handle HANDLE copied = NULL;
    if (!copy_memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = host_open(str16_view(&copy), FILE_WRITE_ATTRIBUTES, FILE_OPEN, 0, 0, &copied);
    return status ? status : real.NtSetInformationFile(copied, io, rewritten, (ULONG)size, class);
}

NTSTATUS NTAPI layer_NtSetInformationFile(HANDLE handle, IO_STATUS_BLOCK *io, void *info,
                                          ULONG length, FILE_INFORMATION_CLASS class)
{
    NTSTATUS status;
    layer_wake();
    if (!guard_readable(info, length)) // the system says so
        return real.NtSetInformationFile(handle, io, info, length, class);
    if (file_lower_set(&handle, io, info, length, class, &status))
        return status;
    switch ((int)class) {
    case FileBasicInformation:
        return set_basic(handle, io, info, length);
    case FileDispositionInformation:
        if (info && length >= sizeof(BOOLEAN) && *(BOOLEAN *)info)
            return set_deletion(handle, io, info, length, class);
        break;
    case NT_FILE_DISPOSITION_INFORMATION_EX:
        if (info && length >= sizeof(ULONG) && *(ULONG *)info & 1)
            return set_deletion(handle, io, info, length, class);
        break;
    case FileCompletionInformation:
        status = real.NtSetInformationFile(handle, io, info, length, class);
        if (!status)
            folder_note_port(handle, info);
        return status;
    case FileRenameInformation:
    case NT_FILE_RENAME_INFORMATION_EX:
    case FileLinkInformation:
    case NT_FILE_LINK_INFORMATION_EX:
        return rename_or_link(handle, io, info, length, class);
    }
    return real.NtSetInformationFile(handle, io, info, length, class);
}
