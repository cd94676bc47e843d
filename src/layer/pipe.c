#include "layer/pipe.h"
#include "layer/guard.h"
#include "layer/host.h"
#include "layer/links.h"
#include "layer/trace.h"

// A VM's pipe NAME is the host's plume-ID\pipe\NAME; the monitor's own lie beside, not below,
// pipe\.

static void put_private(struct str16_buf *out, enum ntpath_kind kind, struct str16 name)
{
    struct str16 pipes = str16_of(layer_config.pipes);
    if (kind == NTPATH_MAILSLOT) {
        static const char device[] = "\\Device\\NamedPipe";
        str16_put_ascii(out, "\\??\\mailslot");
        str16_put(out, str16_skip(pipes, sizeof device - 1));
        str16_put_ascii(out, "\\mailslot");
    } else {
        str16_put(out, pipes);
        str16_put_ascii(out, "\\pipe");
    }
    str16_put_unit(out, '\\');
    str16_put(out, name);
}

NTSTATUS pipe_rewrite(const OBJECT_ATTRIBUTES *like, const struct file_name *name,
                      uint16_t **memory, UNICODE_STRING *text, OBJECT_ATTRIBUTES *attributes)
{
    *attributes = *like;
    if (!name->path.canon.len) { // the device itself, to wait for a pipe or to list them
        static const uint16_t pipes[] = u"\\Device\\NamedPipe\\", slots[] = u"\\Device\\Mailslot\\";
        bool pipe = name->path.kind == NTPATH_PIPE;
        if (name->path.by_machine)
            *attributes = file_attributes_for(
                like, text,
                str16_first(str16_of(pipe ? pipes : slots),
                            (pipe ? sizeof pipes : sizeof slots) / sizeof *pipes - 1 -
                                !name->path.trailing));
        return STATUS_SUCCESS;
    }
    size_t cap = LAYER_PATH_MAX + 32 + name->path.canon.len;
    *memory = layer_alloc(cap * sizeof **memory);
    if (!*memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    struct str16_buf out = {.s = *memory, .cap = cap};
    put_private(&out, name->path.kind, name->path.canon);
    *attributes = file_attributes_for(like, text, str16_view(&out));
    return STATUS_SUCCESS;
}

/* Records the name that was made. */
static NTSTATUS made(const char *call, const struct file_name *name, NTSTATUS status)
{
    const struct trace_what what = {name->path.kind == NTPATH_MAILSLOT ? TRACE_MAILSLOT
                                                                       : TRACE_PIPE,
                                    TRACE_PRIVATE, call, status, 0};
    if (trace_wants(TRACE_PRIVATE, status) && name->path.kind != NTPATH_FILE)
        trace_put(&what, (struct str16){0}, name->path.canon);
    return status;
}

NTSTATUS NTAPI layer_NtCreateNamedPipeFile(HANDLE *handle, ULONG access,
                                           OBJECT_ATTRIBUTES *attributes, IO_STATUS_BLOCK *io,
                                           ULONG share, ULONG disposition, ULONG options,
                                           ULONG type, ULONG read_mode, ULONG completion_mode,
                                           ULONG instances, ULONG inbound, ULONG outbound,
                                           LARGE_INTEGER *timeout)
{
    layer_cleanup_free uint16_t *memory = NULL;
    layer_cleanup_file_name struct file_name name = {0};
    UNICODE_STRING text;
    OBJECT_ATTRIBUTES rewritten;
    layer_cleanup_links_name struct links_name link;
    layer_wake();
    NTSTATUS status = links_follow(&attributes, &link);
    if (!status)
        status = file_name_read(attributes, &name);
    if (!status && name.path.kind == NTPATH_PIPE && name.path.canon.len && !name.path.by_machine) {
        status = pipe_rewrite(attributes, &name, &memory, &text, &rewritten);
        attributes = &rewritten;
    }
    if (!status)
        status = real.NtCreateNamedPipeFile(handle, access, attributes, io, share, disposition,
                                            options, type, read_mode, completion_mode, instances,
                                            inbound, outbound, timeout);
    return made(TRACE_CALL, &name, status);
}

NTSTATUS NTAPI layer_NtCreateMailslotFile(HANDLE *handle, ULONG access,
                                          OBJECT_ATTRIBUTES *attributes, IO_STATUS_BLOCK *io,
                                          ULONG options, ULONG quota, ULONG message_size,
                                          LARGE_INTEGER *timeout)
{
    layer_cleanup_free uint16_t *memory = NULL;
    layer_cleanup_file_name struct file_name name = {0};
    UNICODE_STRING text;
    OBJECT_ATTRIBUTES rewritten;
    layer_cleanup_links_name struct links_name link;
    layer_wake();
    NTSTATUS status = links_follow(&attributes, &link);
    if (!status)
        status = file_name_read(attributes, &name);
    if (!status && name.path.kind == NTPATH_MAILSLOT && name.path.canon.len &&
        !name.path.by_machine) {
        status = pipe_rewrite(attributes, &name, &memory, &text, &rewritten);
        attributes = &rewritten;
    }
    if (!status)
        status = real.NtCreateMailslotFile(handle, access, attributes, io, options, quota,
                                           message_size, timeout);
    return made(TRACE_CALL, &name, status);
}

bool pipe_list_pattern(HANDLE handle, const UNICODE_STRING *given, uint16_t **memory,
                       UNICODE_STRING *pattern, struct str16 *prefix)
{
    layer_cleanup_free uint16_t *host_memory = NULL;
    struct str16 host, all = {u"*", 1}, asked = given ? str16_of_unicode(given) : all;
    *memory = NULL;
    if (host_name_of(handle, &host_memory, &host))
        return false;
    if (host.len && host.s[host.len - 1] == '\\')
        host.len--;
    bool pipe = str16_equal_ascii(host, "\\Device\\NamedPipe");
    if (!pipe && !str16_equal_ascii(host, "\\Device\\Mailslot"))
        return false;
    struct str16_buf out = {.cap = LAYER_PATH_MAX + 32 + asked.len};
    *memory = out.s = layer_alloc(out.cap * sizeof *out.s);
    if (!out.s)
        return false;
    put_private(&out, pipe ? NTPATH_PIPE : NTPATH_MAILSLOT, (struct str16){0});
    size_t device = pipe ? sizeof "\\Device\\NamedPipe" : sizeof "\\??\\mailslot";
    *prefix = str16_skip(str16_view(&out), device);
    str16_put(&out, asked.len ? asked : all);
    *pattern = unicode_of_str16(str16_skip(str16_view(&out), device));
    return true;
}

NTSTATUS pipe_rewrite_wait(void **in, ULONG *in_length, void **memory)
{
    static const char device[] = "\\Device\\NamedPipe\\";
    const struct nt_pipe_wait *wait = *in;
    if (!wait || !guard_readable(wait, *in_length) ||
        *in_length < FIELD_OFFSET(struct nt_pipe_wait, name) ||
        wait->name_length > *in_length - FIELD_OFFSET(struct nt_pipe_wait, name))
        return STATUS_SUCCESS; // for the system to refuse
    size_t cap = LAYER_PATH_MAX + 32 + wait->name_length / sizeof(WCHAR);
    layer_cleanup_free uint16_t *name_memory = layer_alloc(cap * sizeof *name_memory);
    struct nt_pipe_wait *rewritten = layer_alloc(sizeof *rewritten + cap * sizeof(WCHAR));
    *memory = rewritten;
    if (!name_memory || !rewritten)
        return STATUS_INSUFFICIENT_RESOURCES;
    struct str16_buf name = {.s = name_memory, .cap = cap};
    put_private(&name, NTPATH_PIPE,
                (struct str16){(const uint16_t *)wait->name, wait->name_length / sizeof(WCHAR)});
    struct str16 relative = str16_skip(str16_view(&name), sizeof device - 1);
    *rewritten = (struct nt_pipe_wait){
        wait->timeout, (ULONG)(relative.len * sizeof(WCHAR)), wait->timeout_specified, {0}};
    memcpy(rewritten->name, relative.s, relative.len * sizeof(WCHAR));
    *in = rewritten;
    *in_length = (ULONG)(FIELD_OFFSET(struct nt_pipe_wait, name) + relative.len * sizeof(WCHAR));
    return STATUS_SUCCESS;
}
