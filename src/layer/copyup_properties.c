#include "layer/copyup.h"

// What a file has besides its data.

enum { LABEL = 0x10 }; // LABEL_SECURITY_INFORMATION, from NT 6.0

NTSTATUS copyup_read_security(HANDLE file, SECURITY_INFORMATION what, void **memory)
{
    for (ULONG size = 512;;) {
        ULONG needed = 0;
        *memory = layer_alloc(size);
        if (!*memory)
            return STATUS_INSUFFICIENT_RESOURCES;
        NTSTATUS status = real.NtQuerySecurityObject(file, what, *memory, size, &needed);
        if (!status)
            return status;
        layer_free(*memory);
        *memory = NULL;
        if (status != STATUS_BUFFER_TOO_SMALL || needed <= size)
            return status;
        size = needed;
    }
}

/* Whether somebody without privileges may be refused this: to make another the owner, or a label
 * that is above his own. */
static bool is_refused(NTSTATUS status)
{
    return status == STATUS_INVALID_OWNER || status == STATUS_INVALID_PRIMARY_GROUP ||
           status == STATUS_PRIVILEGE_NOT_HELD || status == STATUS_ACCESS_DENIED ||
           status == STATUS_INVALID_LABEL;
}

/* Who may audit has the audit list copied too. */
static void copy_audit(struct str16 from_name, struct str16 to_name)
{
    layer_cleanup_handle HANDLE from = NULL, to = NULL;
    layer_cleanup_free void *security = NULL;
    if (!host_open(from_name, ACCESS_SYSTEM_SECURITY, FILE_OPEN, 0, 0, &from) &&
        !host_open(to_name, ACCESS_SYSTEM_SECURITY, FILE_OPEN, 0, 0, &to) &&
        !copyup_read_security(from, SACL_SECURITY_INFORMATION, &security))
        real.NtSetSecurityObject(to, SACL_SECURITY_INFORMATION, security);
}

NTSTATUS copyup_security(HANDLE from, struct str16 from_name, HANDLE to, struct str16 to_name)
{
    layer_cleanup_free void *security = NULL, *label = NULL;
    SECURITY_INFORMATION who = OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION;
    NTSTATUS status = copyup_read_security(from, who | DACL_SECURITY_INFORMATION, &security);
    if (status)
        return copyup_is_lacking(status) ? STATUS_SUCCESS : status;
    // What was inherited remains so only if that is asked for.
    USHORT *flags = &((SECURITY_DESCRIPTOR_RELATIVE *)security)->Control;
    if (*flags & SE_DACL_AUTO_INHERITED)
        *flags |= SE_DACL_AUTO_INHERIT_REQ;
    copy_audit(from_name, to_name);
    if (!copyup_read_security(from, LABEL, &label))
        real.NtSetSecurityObject(to, LABEL, label);
    status = real.NtSetSecurityObject(to, who, security);
    if (!status || is_refused(status) || copyup_is_lacking(status))
        status = real.NtSetSecurityObject(to, DACL_SECURITY_INFORMATION, security);
    return copyup_is_lacking(status) ? STATUS_SUCCESS : status;
}

struct extended_attribute { // FILE_FULL_EA_INFORMATION
    ULONG next;
    UCHAR flags, name_length;
    USHORT value_length;
    char name[1];
};

/* Those that the kernel keeps for itself and that nobody else may set. */
static bool is_kernels(const struct extended_attribute *attribute)
{
    static const char prefix[] = "$KERNEL.";
    for (size_t i = 0; i < sizeof prefix - 1; i++)
        if (i >= attribute->name_length ||
            str16_upcase((unsigned char)attribute->name[i]) != (uint16_t)prefix[i])
            return false;
    return true;
}

static NTSTATUS copy_extended_attributes(HANDLE from, HANDLE to)
{
    enum { MOST = 0x10000 + 256 }; // of one file: 64 KiB
    ULONG size = 0;
    IO_STATUS_BLOCK io = {0};
    if (real.NtQueryInformationFile(from, &io, &size, sizeof size, FileEaInformation) || !size)
        return STATUS_SUCCESS;
    layer_cleanup_free uint8_t *buffer = layer_alloc(MOST);
    if (!buffer)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = real.NtQueryEaFile(from, &io, buffer, MOST, FALSE, NULL, 0, NULL, TRUE);
    if (status == STATUS_NO_EAS_ON_FILE || status == STATUS_EAS_NOT_SUPPORTED ||
        copyup_is_lacking(status))
        return STATUS_SUCCESS;
    struct extended_attribute *attribute = (void *)buffer;
    for (ULONG next = 1; !status && next; attribute = (void *)((uint8_t *)attribute + next)) {
        next = attribute->next;
        attribute->next = 0;
        if (is_kernels(attribute))
            continue;
        status = real.NtSetEaFile(to, &io, attribute,
                                  (ULONG)(FIELD_OFFSET(struct extended_attribute, name) + 1 +
                                          attribute->name_length + attribute->value_length));
        if (status == STATUS_EAS_NOT_SUPPORTED || copyup_is_lacking(status))
            return STATUS_SUCCESS;
    }
    return status;
}

struct stream { // FILE_STREAM_INFORMATION
    ULONG next, name_length;
    LARGE_INTEGER size, allocated;
    WCHAR name[1];
};

/* The absolute name of a file's stream, in memory of layer_alloc()'s. */
static uint16_t *stream_name(struct str16 file, struct str16 stream, struct str16_buf *name)
{
    *name = (struct str16_buf){.cap = file.len + stream.len};
    name->s = layer_alloc(name->cap * sizeof *name->s + 1);
    if (name->s) {
        str16_put(name, file);
        str16_put(name, stream);
    }
    return name->s;
}

static NTSTATUS copy_stream(struct str16 from_name, struct str16 to_name, struct str16 stream,
                            ULONG attributes)
{
    struct str16_buf from_text, to_text;
    layer_cleanup_free uint16_t *from_memory = stream_name(from_name, stream, &from_text);
    layer_cleanup_free uint16_t *to_memory = stream_name(to_name, stream, &to_text);
    layer_cleanup_handle HANDLE from = NULL, to = NULL;
    if (!from_memory || !to_memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = host_open(str16_view(&from_text), GENERIC_READ, FILE_OPEN, 0, 0, &from);
    if (!status)
        status =
            host_open(str16_view(&to_text), GENERIC_READ | GENERIC_WRITE, FILE_CREATE, 0, 0, &to);
    return status ? status : copyup_data(from, to, attributes);
}

static NTSTATUS copy_streams(HANDLE from, struct str16 from_name, struct str16 to_name,
                             ULONG attributes)
{
    NTSTATUS status = STATUS_BUFFER_OVERFLOW;
    layer_cleanup_free uint8_t *buffer = NULL;
    IO_STATUS_BLOCK io = {0};
    for (ULONG size = 2048; status == STATUS_BUFFER_OVERFLOW || status == STATUS_BUFFER_TOO_SMALL;
         size *= 4) {
        layer_free(buffer);
        buffer = layer_alloc(size);
        if (!buffer)
            return STATUS_INSUFFICIENT_RESOURCES;
        status = real.NtQueryInformationFile(from, &io, buffer, size,
                                             (FILE_INFORMATION_CLASS)22 /* streams */);
    }
    // FAT refuses the class as a wrong parameter.
    if (copyup_is_lacking(status) || status == STATUS_INVALID_PARAMETER || !io.Information)
        return STATUS_SUCCESS;
    const struct stream *stream = (const void *)buffer;
    for (ULONG next = 1; !status && next; stream = (const void *)((const uint8_t *)stream + next)) {
        struct str16 name = {(const uint16_t *)stream->name, stream->name_length / sizeof(WCHAR)};
        next = stream->next;
        if (name.len && !str16_equal_ascii(name, "::$DATA"))
            status = copy_stream(from_name, to_name, name,
                                 attributes & ~(ULONG)FILE_ATTRIBUTE_COMPRESSED);
    }
    return copyup_is_lacking(status) ? STATUS_SUCCESS : status;
}

NTSTATUS copyup_properties(HANDLE from, struct str16 from_name, HANDLE to, struct str16 to_name,
                           ULONG attributes)
{
    NTSTATUS status = copy_streams(from, from_name, to_name, attributes);
    if (!status)
        status = copy_extended_attributes(from, to);
    // Last: it may forbid what was done before.
    return status ? status : copyup_security(from, from_name, to, to_name);
}
