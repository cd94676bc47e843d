#include "layer/host.h"

NTSTATUS host_open(struct str16 name, ACCESS_MASK access, ULONG disposition, ULONG options,
                   ULONG attributes, HANDLE *handle)
{
    UNICODE_STRING text = unicode_of_str16(name);
    OBJECT_ATTRIBUTES object = nt_named(&text);
    IO_STATUS_BLOCK io;

    *handle = NULL;
    if (name.len * sizeof(WCHAR) > 0xfffe)
        return STATUS_NAME_TOO_LONG;
    return real.NtCreateFile(handle, access | SYNCHRONIZE, &object, &io, NULL,
                             attributes ? attributes : FILE_ATTRIBUTE_NORMAL,
                             FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, disposition,
                             options | FILE_SYNCHRONOUS_IO_NONALERT | FILE_OPEN_FOR_BACKUP_INTENT,
                             NULL, 0);
}

NTSTATUS host_attributes(struct str16 name, ULONG *attributes)
{
    UNICODE_STRING text = unicode_of_str16(name);
    OBJECT_ATTRIBUTES object = nt_named(&text);
    struct nt_file_basic_information info;

    *attributes = 0;
    if (name.len * sizeof(WCHAR) > 0xfffe)
        return STATUS_SUCCESS; // cannot exist
    NTSTATUS status = real.NtQueryAttributesFile(&object, &info);
    if (!status)
        *attributes = info.attributes ? info.attributes : FILE_ATTRIBUTE_NORMAL;
    // A name that the file system does not take does not exist either.
    return host_is_absent(status) || status == STATUS_OBJECT_NAME_INVALID ||
                   status == STATUS_OBJECT_PATH_SYNTAX_BAD || status == STATUS_NAME_TOO_LONG ||
                   status == STATUS_NOT_A_DIRECTORY
               ? STATUS_SUCCESS
               : status;
}

uint64_t host_id_of(HANDLE file)
{
    LARGE_INTEGER id;
    IO_STATUS_BLOCK io;
    return real.NtQueryInformationFile(file, &io, &id, sizeof id, FileInternalInformation)
               ? 0
               : (uint64_t)id.QuadPart;
}

NTSTATUS host_rename(HANDLE handle, struct str16 to, bool replace)
{
    size_t size = sizeof(struct nt_file_rename_information) + to.len * sizeof(WCHAR);
    layer_cleanup_free struct nt_file_rename_information *info = layer_alloc(size);
    IO_STATUS_BLOCK io;

    if (!info)
        return STATUS_INSUFFICIENT_RESOURCES;
    info->replace_if_exists = replace;
    info->name_length = (ULONG)(to.len * sizeof(WCHAR));
    memcpy(info->name, to.s, info->name_length);
    return real.NtSetInformationFile(handle, &io, info, (ULONG)size, FileRenameInformation);
}

NTSTATUS host_delete(HANDLE handle)
{
    BOOLEAN yes = TRUE;
    IO_STATUS_BLOCK io;
    return real.NtSetInformationFile(handle, &io, &yes, sizeof yes, FileDispositionInformation);
}

NTSTATUS host_list(HANDLE folder,
                   NTSTATUS (*each)(void *context, struct str16 name, ULONG attributes),
                   void *context)
{
    enum { SIZE = 16 * 1024 };
    layer_cleanup_free uint8_t *buffer = layer_alloc(SIZE);
    BOOLEAN restart = TRUE;

    if (!buffer)
        return STATUS_INSUFFICIENT_RESOURCES;
    for (;; restart = FALSE) {
        IO_STATUS_BLOCK io;
        NTSTATUS status = real.NtQueryDirectoryFile(folder, NULL, NULL, NULL, &io, buffer, SIZE,
                                                    FileDirectoryInformation, FALSE, NULL, restart);
        if (status == STATUS_NO_MORE_FILES || status == STATUS_NO_SUCH_FILE)
            return STATUS_SUCCESS;
        if (status)
            return status;
        for (const FILE_DIRECTORY_INFORMATION *entry = (void *)buffer;;
             entry = (const void *)((const uint8_t *)entry + entry->NextEntryOffset)) {
            struct str16 name = {(const uint16_t *)entry->FileName,
                                 entry->FileNameLength / sizeof(WCHAR)};
            if (!str16_equal_ascii(name, ".") && !str16_equal_ascii(name, "..") &&
                (status = each(context, name, entry->FileAttributes)))
                return status;
            if (!entry->NextEntryOffset)
                break;
        }
    }
}

NTSTATUS host_name_of(HANDLE handle, uint16_t **memory, struct str16 *name)
{
    for (ULONG size = 1024;;) {
        OBJECT_NAME_INFORMATION *info = layer_alloc(size);
        ULONG needed = 0;
        if (!info)
            return STATUS_INSUFFICIENT_RESOURCES;
        NTSTATUS status = real.NtQueryObject(
            handle, (OBJECT_INFORMATION_CLASS)1 /* ObjectNameInformation */, info, size, &needed);
        if (!status) {
            *name = str16_of_unicode(&info->Name);
            *memory = (uint16_t *)info;
            return STATUS_SUCCESS;
        }
        layer_free(info);
        if (needed <= size ||
            (status != STATUS_BUFFER_OVERFLOW && status != STATUS_INFO_LENGTH_MISMATCH &&
             status != STATUS_BUFFER_TOO_SMALL))
            return status;
        size = needed;
    }
}
