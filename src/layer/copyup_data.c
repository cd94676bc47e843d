#include "layer/copyup.h"

// The data of a copy, as cheap as the host allows.

enum {
    BUFFER = 1024 * 1024,
    CLONE_SMALLEST = 64 * 1024, // below it asking costs more than copying
    CLONE_MOST = 1 << 30,       // of one request: less than 4 GiB (WDK)
};

struct allocated_range { // FILE_ALLOCATED_RANGE_BUFFER
    LARGE_INTEGER offset, length;
};

struct duplicate_extents { // DUPLICATE_EXTENTS_DATA
    HANDLE file;
    LARGE_INTEGER source, target, count;
};

bool copyup_is_lacking(NTSTATUS status)
{
    return status == STATUS_NOT_SUPPORTED || status == STATUS_NOT_IMPLEMENTED ||
           status == STATUS_INVALID_DEVICE_REQUEST || status == STATUS_INVALID_INFO_CLASS;
}

static NTSTATUS control(HANDLE file, ULONG code, const void *in, size_t in_size, void *out,
                        size_t out_size, ULONG_PTR *returned)
{
    IO_STATUS_BLOCK io = {0};
    NTSTATUS status = real.NtFsControlFile(file, NULL, NULL, NULL, &io, code, (void *)in,
                                           (ULONG)in_size, out, (ULONG)out_size);
    if (returned)
        *returned = io.Information;
    return status;
}

static NTSTATUS set_end(HANDLE file, LONGLONG size)
{
    LARGE_INTEGER end = {.QuadPart = size};
    IO_STATUS_BLOCK io;
    return real.NtSetInformationFile(file, &io, &end, sizeof end, FileEndOfFileInformation);
}

/* What another has locked cannot be read, but it can be mapped. */
static NTSTATUS copy_mapped(HANDLE from, HANDLE to, LONGLONG at, LONGLONG end, ULONG *copied)
{
    layer_cleanup_handle HANDLE section = NULL;
    LARGE_INTEGER offset = {.QuadPart = at & ~(LONGLONG)0xffff}, place = {.QuadPart = at};
    SIZE_T size = end - offset.QuadPart > BUFFER ? BUFFER : (SIZE_T)(end - offset.QuadPart);
    void *view = NULL;
    IO_STATUS_BLOCK io = {0};
    NTSTATUS status = real.NtCreateSection(&section, SECTION_MAP_READ, NULL, NULL, PAGE_READONLY,
                                           SEC_COMMIT, from);
    ULONG skipped = (ULONG)(at - offset.QuadPart), length = (ULONG)size - skipped;
    if (!status)
        status = real.NtMapViewOfSection(section, NtCurrentProcess(), &view, 0, 0, &offset, &size,
                                         2 /* ViewUnmap */, 0, PAGE_READONLY);
    if (status)
        return status;
    status = real.NtWriteFile(to, NULL, NULL, NULL, &io, (uint8_t *)view + skipped, length, &place,
                              NULL);
    real.NtUnmapViewOfSection(NtCurrentProcess(), view);
    *copied = (ULONG)io.Information;
    return status ? status : *copied == length ? STATUS_SUCCESS : STATUS_DISK_FULL;
}

/* Copies from `at` to `end` or to where the file ends, if it has become shorter. */
static NTSTATUS copy_range(HANDLE from, HANDLE to, uint8_t *buffer, LONGLONG at, LONGLONG end)
{
    while (at < end) {
        LARGE_INTEGER place = {.QuadPart = at};
        ULONG wanted = end - at > BUFFER ? BUFFER : (ULONG)(end - at), got = 0;
        IO_STATUS_BLOCK io = {0};
        NTSTATUS status =
            real.NtReadFile(from, NULL, NULL, NULL, &io, buffer, wanted, &place, NULL);
        if (status == STATUS_END_OF_FILE)
            return STATUS_SUCCESS;
        if (status == STATUS_FILE_LOCK_CONFLICT) {
            status = copy_mapped(from, to, at, end, &got);
        } else if (!status) {
            got = (ULONG)io.Information;
            if (!got)
                return STATUS_SUCCESS;
            status = real.NtWriteFile(to, NULL, NULL, NULL, &io, buffer, got, &place, NULL);
            if (!status && io.Information != got)
                status = STATUS_DISK_FULL;
        }
        if (status)
            return status;
        at += got;
    }
    return STATUS_SUCCESS;
}

/* Copies the ranges of a sparse file that hold anything; `size` is set before. */
static NTSTATUS copy_allocated(HANDLE from, HANDLE to, uint8_t *buffer, LONGLONG size)
{
    struct allocated_range ranges[64], query = {{.QuadPart = 0}, {.QuadPart = size}};
    for (;;) {
        ULONG_PTR returned = 0;
        NTSTATUS status = control(from, FSCTL_QUERY_ALLOCATED_RANGES, &query, sizeof query, ranges,
                                  sizeof ranges, &returned);
        bool more = status == STATUS_BUFFER_OVERFLOW;
        if (status && !more)
            return status;
        size_t count = returned / sizeof *ranges;
        for (size_t i = 0; i < count; i++) {
            LONGLONG start = ranges[i].offset.QuadPart, end = start + ranges[i].length.QuadPart;
            status = copy_range(from, to, buffer, start, end < size ? end : size);
            if (status)
                return status;
            query.offset.QuadPart = end;
        }
        if (!more || !count)
            return STATUS_SUCCESS;
        query.length.QuadPart = size - query.offset.QuadPart;
    }
}

/* Whether the file's volume can share blocks between files. */
static bool can_clone(HANDLE file)
{
    struct { // FILE_FS_ATTRIBUTE_INFORMATION
        ULONG attributes;
        LONG longest_component;
        ULONG name_length;
        WCHAR name[32];
    } volume;
    IO_STATUS_BLOCK io;
    NTSTATUS status =
        real.NtQueryVolumeInformationFile(file, &io, &volume, sizeof volume,
                                          (FS_INFORMATION_CLASS)5 /* FileFsAttributeInformation */);
    return (!status || status == STATUS_BUFFER_OVERFLOW) &&
           volume.attributes & 0x08000000 /* FILE_SUPPORTS_BLOCK_REFCOUNTING */;
}

/* Makes `to` share the blocks of `from`: false when it does not (another volume, other block
 * sizes), with nothing lost but time. */
static bool clone(HANDLE from, HANDLE to, LONGLONG size)
{
    enum { WHOLE = 64 * 1024 }; // a multiple of every cluster that such a file system has (ReFS)
    for (LONGLONG at = 0; at < size; at += CLONE_MOST) {
        LONGLONG count = size - at > CLONE_MOST ? CLONE_MOST : size - at;
        struct duplicate_extents data = {
            from,
            {.QuadPart = at},
            {.QuadPart = at},
            {.QuadPart = (count + WHOLE - 1) & ~(LONGLONG)(WHOLE - 1)}};
        if (control(to, 0x98344 /* FSCTL_DUPLICATE_EXTENTS_TO_FILE */, &data, sizeof data, NULL, 0,
                    NULL))
            return false;
    }
    return true;
}

NTSTATUS copyup_data(HANDLE from, HANDLE to, ULONG attributes)
{
    struct nt_file_standard_information standard;
    IO_STATUS_BLOCK io;
    NTSTATUS status =
        real.NtQueryInformationFile(from, &io, &standard, sizeof standard, FileStandardInformation);
    if (status)
        return status;
    LONGLONG size = standard.end_of_file.QuadPart;
    bool sparse = attributes & FILE_ATTRIBUTE_SPARSE_FILE &&
                  !control(to, FSCTL_SET_SPARSE, NULL, 0, NULL, 0, NULL);
    if (attributes & FILE_ATTRIBUTE_COMPRESSED) {
        USHORT format = 1; // COMPRESSION_FORMAT_DEFAULT
        status = control(to, FSCTL_SET_COMPRESSION, &format, sizeof format, NULL, 0, NULL);
        if (status && !copyup_is_lacking(status))
            return status;
    }
    if (!size)
        return STATUS_SUCCESS;
    bool cloned = false;
    if (sparse || (size >= CLONE_SMALLEST && can_clone(from))) {
        status = set_end(to, size);
        cloned = !status && size >= CLONE_SMALLEST && can_clone(to) && clone(from, to, size);
    }
    if (status || cloned)
        return status;
    layer_cleanup_free uint8_t *buffer = layer_alloc(BUFFER);
    if (!buffer)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (sparse) {
        status = copy_allocated(from, to, buffer, size);
        if (!copyup_is_lacking(status))
            return status;
    }
    return copy_range(from, to, buffer, 0, size);
}

NTSTATUS copyup_mapped(HANDLE from, HANDLE to)
{
    struct nt_file_standard_information standard;
    IO_STATUS_BLOCK io;
    NTSTATUS status =
        real.NtQueryInformationFile(from, &io, &standard, sizeof standard, FileStandardInformation);
    ULONG copied = 0;
    for (LONGLONG at = 0; !status && at < standard.end_of_file.QuadPart; at += copied)
        status = copy_mapped(from, to, at, standard.end_of_file.QuadPart, &copied);
    return status;
}
