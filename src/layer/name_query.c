#include "layer/name_query.h"
#include "layer/file_lower.h"
#include "layer/file_name.h"
#include "layer/handles.h"
#include "layer/host.h"
#include "layer/store.h"

// Names read back from handles: the VM's, never the store's.

static const char pipe_device[] = "\\Device\\NamedPipe";

/* A file's name in the form that `host`, its name in the store, has. */
static void put_file_name(struct str16 host, struct str16 canon, struct str16_buf *out)
{
    bool on_drive = canon.len && (canon.len == 1 || canon.s[1] == '\\') && canon.s[0] >= 'A' &&
                    canon.s[0] <= 'Z';
    if (str16_starts_ascii(host, "\\Device\\") && on_drive) {
        str16_put(out, str16_of(layer_config.drives[canon.s[0] - 'A']));
        str16_put(out, str16_skip(canon, 1));
        if (canon.len == 1)
            str16_put_unit(out, '\\');
        return;
    }
    size_t start = out->len;
    ntpath_lower(canon, out);
    if (str16_starts_ascii(host, "\\") || !str16_starts_ascii(str16_view(out), "\\??\\"))
        return;
    // As Win32 has it: C:\x, \\server\share\x.
    size_t prefix = sizeof "\\??\\" - 1;
    if (str16_starts_ascii(canon, "UNC\\")) {
        prefix += sizeof "UNC" - 2;
        out->s[start + prefix] = '\\';
    }
    memmove(out->s + start, out->s + start + prefix, (out->len - start - prefix) * sizeof *out->s);
    out->len -= prefix;
}

NTSTATUS name_translate(struct str16 host, uint16_t **memory, struct str16 *name, bool *translated)
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
            put_file_name(host, str16_skip(folder, 6), &out);
            break;
        }
    }
    if (out.overflow)
        return STATUS_NAME_TOO_LONG;
    *name = str16_view(&out);
    *translated = out.len != 0;
    return STATUS_SUCCESS;
}

/* Puts the VM's name where a longer one is, with a terminator if that one had room for it. */
static void put_back(UNICODE_STRING *given, struct str16 name)
{
    USHORT size = (USHORT)(name.len * sizeof(WCHAR)), behind = given->MaximumLength - given->Length;
    memcpy(given->Buffer, name.s, size);
    if (behind >= sizeof(WCHAR))
        given->Buffer[name.len] = 0;
    given->Length = size;
    given->MaximumLength = size + behind;
}

/* Asks again, with a buffer that is large enough. */
static NTSTATUS ask_all(const struct name_question *question, ULONG needed, void **info,
                        ULONG *returned)
{
    enum { LARGEST = 0x11000 }; // no counted string with its header is longer
    for (ULONG size = needed > 1024 ? needed : 1024; size <= LARGEST; size *= 2) {
        *info = layer_alloc(size);
        if (!*info)
            return STATUS_INSUFFICIENT_RESOURCES;
        NTSTATUS status = question->ask(question, *info, size, returned);
        if (!status)
            return status;
        layer_free(*info);
        *info = NULL;
    }
    return STATUS_UNSUCCESSFUL;
}

NTSTATUS name_answer(const struct name_question *question, void *info, ULONG length,
                     ULONG *returned)
{
    layer_cleanup_free void *whole = NULL;
    layer_cleanup_free uint16_t *memory = NULL;
    struct str16 name;
    bool translated = false;
    ULONG needed = 0;

    NTSTATUS status = question->ask(question, info, length, returned);
    UNICODE_STRING *given = info;
    if (status) {
        if ((status != STATUS_BUFFER_OVERFLOW && status != STATUS_INFO_LENGTH_MISMATCH &&
             status != STATUS_BUFFER_TOO_SMALL) ||
            ask_all(question, *returned, &whole, &needed))
            return status;
        given = whole;
    } else {
        needed = *returned;
    }
    if (name_translate(str16_of_unicode(given), &memory, &name, &translated) || !translated ||
        name.len * sizeof(WCHAR) > given->Length)
        return status;
    needed -= given->Length - (ULONG)(name.len * sizeof(WCHAR));
    put_back(given, name);
    if (status && length >= needed) { // the VM's name fits, the longer one did not
        UNICODE_STRING *out = info;
        *out = *given;
        out->Buffer = (WCHAR *)(out + 1);
        memcpy(out->Buffer, given->Buffer, needed - sizeof *out);
        status = STATUS_SUCCESS;
    }
    *returned = needed;
    return status;
}

static NTSTATUS ask_object(const struct name_question *question, void *info, ULONG length,
                           ULONG *returned)
{
    return real.NtQueryObject(question->handle, (OBJECT_INFORMATION_CLASS)question->class, info,
                              length, returned);
}

/* The access that a handle was opened for and that the layer keeps instead of the system. */
static ACCESS_MASK access_beyond(HANDLE handle)
{
    layer_cleanup_record struct handle_record *key = handles_get(handle, HANDLE_KEY);
    if (!key || !key->lower)
        return file_lower_shows(handle).access;
    GENERIC_MAPPING generic = {KEY_READ, KEY_WRITE, KEY_EXECUTE, KEY_ALL_ACCESS};
    ACCESS_MASK access = key->access & MAXIMUM_ALLOWED ? KEY_ALL_ACCESS : key->access;
    RtlMapGenericMask(&access, &generic);
    return access & KEY_ALL_ACCESS;
}

/* The same where a file tells it, and whether it is to be deleted. */
static void show_beyond(HANDLE handle, void *info, FILE_INFORMATION_CLASS class)
{
    // In FileAllInformation after basic information, and after internal and EA.
    enum { STANDARD = 40, ACCESS = 76 };
    struct file_lower_shown shown = file_lower_shows(handle);
    char *at = info;
    struct nt_file_standard_information *standard = class == FileStandardInformation ? info
                                                    : class == FileAllInformation
                                                        ? (void *)(at + STANDARD)
                                                        : NULL;
    ACCESS_MASK *access = class == FileAccessInformation ? info
                          : class == FileAllInformation  ? (void *)(at + ACCESS)
                                                         : NULL;
    if (standard && shown.pending && shares_pending_is(SHARES_PENDING_SHOWN))
        standard->delete_pending = TRUE;
    if (access)
        *access |= shown.access;
}

NTSTATUS NTAPI layer_NtQueryObject(HANDLE handle, OBJECT_INFORMATION_CLASS class, void *info,
                                   ULONG length, ULONG *returned)
{
    layer_wake();
    if (class == ObjectBasicInformation) {
        NTSTATUS status = real.NtQueryObject(handle, class, info, length, returned);
        if (!status)
            ((PUBLIC_OBJECT_BASIC_INFORMATION *)info)->GrantedAccess |= access_beyond(handle);
        return status;
    }
    if ((int)class != 1 /* ObjectNameInformation */)
        return real.NtQueryObject(handle, class, info, length, returned);
    struct name_question question = {ask_object, handle, NULL, (ULONG) class};
    ULONG size = 0;
    NTSTATUS status = name_answer(&question, info, length, &size);
    if (returned && size)
        *returned = size;
    return status;
}

/* Where the name lies in the classes that have one; -1 for the others. */
static int name_offset(FILE_INFORMATION_CLASS class)
{
    switch ((int)class) {
    case FileNameInformation:
    case FileNormalizedNameInformation:
    case NT_FILE_VOLUME_NAME_INFORMATION:
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

/* A file's name as the classes with a name have it, without its volume; or the volume's, which is
 * the one that the store is on. */
static NTSTATUS name_for_class(HANDLE handle, FILE_INFORMATION_CLASS class, uint16_t **memory,
                               struct str16 *name)
{
    layer_cleanup_free uint16_t *host_memory = NULL;
    struct str16 host;
    bool translated = false, volume = (int)class == NT_FILE_VOLUME_NAME_INFORMATION;
    NTSTATUS status = host_name_of(handle, &host_memory, &host);
    if (!status)
        status = name_translate(host, memory, name, &translated);
    if (status || !translated)
        return status ? status : STATUS_OBJECT_NAME_NOT_FOUND;
    if (str16_starts_ascii(*name, pipe_device)) {
        *name = str16_skip(*name, sizeof pipe_device - 1);
        return volume ? STATUS_OBJECT_NAME_NOT_FOUND : STATUS_SUCCESS;
    }
    struct str16 rest = *name;
    for (unsigned i = 0; i < 26; i++) {
        struct str16 link = str16_of(layer_config.drives[i]);
        if (link.len && str16_starts_nocase(*name, link) && name->len > link.len &&
            name->s[link.len] == '\\') {
            rest = str16_skip(*name, link.len);
            break;
        }
    }
    if (volume) {
        *name = str16_first(*name, name->len - rest.len);
        return name->len ? STATUS_SUCCESS : STATUS_OBJECT_NAME_NOT_FOUND;
    }
    if (str16_starts_ascii(rest, "\\??\\UNC\\"))
        rest = str16_skip(rest, sizeof "\\??\\UNC" - 1);
    else if (str16_starts_ascii(rest, "\\??\\"))
        rest = str16_skip(rest, sizeof "\\??\\C:" - 1);
    *name = rest;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI layer_NtQueryInformationFile(HANDLE handle, IO_STATUS_BLOCK *io, void *info,
                                            ULONG length, FILE_INFORMATION_CLASS class)
{
    layer_wake();
    handle = file_lower_current(handle);
    NTSTATUS status = real.NtQueryInformationFile(handle, io, info, length, class);
    if (!NT_ERROR(status) && (class == FileStandardInformation || class == FileAllInformation ||
                              class == FileAccessInformation))
        show_beyond(handle, info, class);
    int offset = name_offset(class);
    if (offset < 0 || (status && status != STATUS_BUFFER_OVERFLOW) ||
        length < (ULONG)offset + sizeof(ULONG))
        return status;
    struct nt_file_name_information *given = (void *)((char *)info + offset);
    ULONG room = length - (ULONG)offset - sizeof(ULONG),
          have = given->length < room ? given->length : room;
    if ((int)class != NT_FILE_VOLUME_NAME_INFORMATION &&
        !is_suspect((struct str16){(const uint16_t *)given->name, have / sizeof(WCHAR)}))
        return status;

    layer_cleanup_free uint16_t *memory = NULL;
    struct str16 name;
    if (name_for_class(handle, class, &memory, &name))
        return status;
    ULONG size = (ULONG)(name.len * sizeof(WCHAR)), fits = size < room ? size : room;
    given->length = size;
    memcpy(given->name, name.s, fits);
    io->Information = (ULONG_PTR)offset + sizeof(ULONG) + fits;
    status = size > room ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
    io->Status = status;
    return status;
}
