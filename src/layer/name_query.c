#include "layer/file_lower.h"
#include "layer/file_name.h"
#include "layer/host.h"
#include "layer/store.h"

// Names read back from handles: the VM's, never the store's.

static const char pipe_device[] = "\\Device\\NamedPipe";

/* Replaces the host's name `host` by the VM's, if it is one that the layer made. *memory is
 * layer_alloc()'s. */
static NTSTATUS translate(struct str16 host, uint16_t **memory, struct str16 *name,
                          bool *translated)
{
    struct str16 objects = str16_of(layer_config.objects), pipes = str16_of(layer_config.pipes),
                 rest, parent, folder;
    struct str16 keys = str16_of(layer_config.keys),
                 store_tail = str16_skip(str16_of(layer_config.folder), sizeof "\\??\\C:" - 1);
    size_t cap = host.len + 64;

    *translated = false;
    *memory = layer_alloc(cap * sizeof **memory);
    if (!*memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    struct str16_buf out = {.s = *memory, .cap = cap};
    if (ntpath_below(host, objects, &rest)) {
        if (str16_equal_ascii(str16_first(rest, 4), "Root") &&
            (rest.len == 4 || rest.s[4] == '\\')) {
            str16_put(&out, str16_skip(rest, 4));
        } else {
            ntpath_parent(objects, &parent);
            str16_put(&out, parent);
            if (rest.len)
                str16_put_unit(&out, '\\');
            str16_put(&out, rest);
        }
    } else if (ntpath_below(host, pipes, &rest) && str16_starts_ascii(rest, "pipe\\")) {
        str16_put_ascii(&out, pipe_device);
        str16_put(&out, str16_skip(rest, 4));
    } else if (ntpath_below(host, keys, &rest) && str16_starts_ascii(rest, "upper\\")) {
        str16_put_ascii(&out, "\\REGISTRY\\");
        str16_put(&out, str16_skip(rest, 6));
    } else {
        // A file: the volume as the host calls it stays before its name in the store.
        for (size_t at = 0; at + store_tail.len < host.len; at++) {
            if (host.s[at] != '\\' || !ntpath_below(str16_skip(host, at), store_tail, &folder))
                continue;
            if (!str16_starts_ascii(folder, "files\\"))
                return STATUS_SUCCESS;
            struct str16 canon = str16_skip(folder, 6);
            if (str16_starts_ascii(host, "\\Device\\") && canon.len >= 1 &&
                (canon.len == 1 || canon.s[1] == '\\') && canon.s[0] >= 'A' && canon.s[0] <= 'Z') {
                str16_put(&out, str16_of(layer_config.drives[canon.s[0] - 'A']));
                str16_put(&out, str16_skip(canon, 1));
            } else {
                ntpath_lower(canon, &out);
            }
            break;
        }
    }
    if (out.overflow)
        return STATUS_NAME_TOO_LONG;
    *name = str16_view(&out);
    *translated = out.len != 0;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI layer_NtQueryObject(HANDLE handle, OBJECT_INFORMATION_CLASS class, void *info,
                                   ULONG length, ULONG *returned)
{
    layer_wake();
    if ((int)class != 1 /* ObjectNameInformation */)
        return real.NtQueryObject(handle, class, info, length, returned);
    layer_cleanup_free uint16_t *host_memory = NULL, *memory = NULL;
    struct str16 host, name;
    bool translated = false;
    NTSTATUS status = host_name_of(handle, &host_memory, &host);
    if (!status)
        status = translate(host, &memory, &name, &translated);
    if (status || !translated)
        return real.NtQueryObject(handle, class, info, length, returned);

    ULONG size = (ULONG)(name.len * sizeof(WCHAR)),
          needed = (ULONG)sizeof(UNICODE_STRING) + size + sizeof(WCHAR);
    if (returned)
        *returned = needed;
    if (length < sizeof(UNICODE_STRING))
        return STATUS_INFO_LENGTH_MISMATCH;
    if (length < needed)
        return STATUS_BUFFER_OVERFLOW;
    OBJECT_NAME_INFORMATION *out = info;
    out->Name.Length = (USHORT)size;
    out->Name.MaximumLength = (USHORT)(size + sizeof(WCHAR));
    out->Name.Buffer = (WCHAR *)(out + 1);
    memcpy(out->Name.Buffer, name.s, size);
    out->Name.Buffer[name.len] = 0;
    return STATUS_SUCCESS;
}

/* Where the name lies in the classes that have one; -1 for the others. */
static int name_offset(FILE_INFORMATION_CLASS class)
{
    switch ((int)class) {
    case FileNameInformation:
    case FileNormalizedNameInformation:
        return 0;
    case FileAllInformation:
        return 96; // after basic, standard, internal, EA, access, position, mode and alignment
    }
    return -1;
}

/* Whether a name without its volume may be one that the layer made. */
static bool is_suspect(struct str16 name)
{
    struct str16 tail = str16_skip(str16_of(layer_config.folder), sizeof "\\??\\C:" - 1);
    struct str16 pipes = str16_skip(str16_of(layer_config.pipes), sizeof pipe_device - 1);
    size_t compared = name.len < tail.len ? name.len : tail.len,
           pipes_compared = name.len < pipes.len ? name.len : pipes.len;
    return str16_equal_nocase(str16_first(name, compared), str16_first(tail, compared)) ||
           str16_equal_nocase(str16_first(name, pipes_compared),
                              str16_first(pipes, pipes_compared));
}

NTSTATUS NTAPI layer_NtQueryInformationFile(HANDLE handle, IO_STATUS_BLOCK *io, void *info,
                                            ULONG length, FILE_INFORMATION_CLASS class)
{
    layer_wake();
    handle = file_lower_current(handle);
    NTSTATUS status = real.NtQueryInformationFile(handle, io, info, length, class);
    int offset = name_offset(class);
    if (offset < 0 || (status && status != STATUS_BUFFER_OVERFLOW) ||
        length < (ULONG)offset + sizeof(ULONG))
        return status;
    struct nt_file_name_information *given = (void *)((char *)info + offset);
    ULONG room = length - (ULONG)offset - sizeof(ULONG),
          have = given->length < room ? given->length : room;
    if (!is_suspect((struct str16){(const uint16_t *)given->name, have / sizeof(WCHAR)}))
        return status;

    layer_cleanup_free uint16_t *host_memory = NULL, *memory = NULL;
    struct str16 host, name;
    bool translated;
    if (host_name_of(handle, &host_memory, &host) || translate(host, &memory, &name, &translated) ||
        !translated)
        return status;
    // What the volume is called does not belong to this form of a name.
    if (str16_starts_ascii(name, pipe_device)) {
        name = str16_skip(name, sizeof pipe_device - 1);
    } else {
        for (unsigned i = 0; i < 26; i++) {
            struct str16 link = str16_of(layer_config.drives[i]);
            if (link.len && str16_starts_nocase(name, link) && name.len > link.len &&
                name.s[link.len] == '\\') {
                name = str16_skip(name, link.len);
                break;
            }
        }
        if (str16_starts_ascii(name, "\\??\\"))
            name = str16_skip(name, sizeof "\\??\\C:" - 1);
    }
    ULONG size = (ULONG)(name.len * sizeof(WCHAR)), fits = size < room ? size : room;
    given->length = size;
    memcpy(given->name, name.s, fits);
    io->Information = (ULONG_PTR)offset + sizeof(ULONG) + fits;
    status = size > room ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
    io->Status = status;
    return status;
}
