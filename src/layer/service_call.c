#include "layer/service_call.h"

#include <rpc.h>

NTSYSAPI void NTAPI RtlSetLastWin32Error(ULONG);
NTSYSAPI NTSTATUS NTAPI RtlMultiByteToUnicodeN(WCHAR *, ULONG, ULONG *, const char *, ULONG);
NTSYSAPI NTSTATUS NTAPI RtlMultiByteToUnicodeSize(ULONG *, const char *, ULONG);

enum {
    BUSY_PAUSE_MS = 5,     // between attempts while all of the manager's instances are taken
    BUSY_TRIES = 6000,     // 30 s
    NAME_MAX_BYTES = 1024, // of a pipe's name, more than any of ours has
    UNREAD_TRIES = 20,     // while an answer lies there that another thread is about to read
};

static const char scm_leaf[] = "\\scm";

BOOL service_result(DWORD error)
{
    if (error != ERROR_SUCCESS)
        RtlSetLastWin32Error(error);
    return error == ERROR_SUCCESS;
}

void *service_import(const WCHAR *dll, const char *name)
{
    UNICODE_STRING dll_name;
    ANSI_STRING function_name;
    void *module, *function;
    RtlInitUnicodeString(&dll_name, dll);
    RtlInitAnsiString(&function_name, name);
    if (!NT_SUCCESS(LdrGetDllHandle(NULL, NULL, &dll_name, &module)) ||
        !NT_SUCCESS(LdrGetProcedureAddress(module, &function_name, 0, &function)))
        return NULL;
    return function;
}

static void pause_ms(unsigned ms)
{
    LARGE_INTEGER time = {.QuadPart = -10000 * (LONGLONG)ms};
    real.NtDelayExecution(FALSE, &time);
}

void service_call_begin(struct service_call *call, uint32_t op, size_t request_cap,
                        size_t reply_cap)
{
    call->memory = layer_alloc(request_cap + reply_cap);
    call->reply_cap = reply_cap;
    call->w = wire_writer_on(call->memory, call->memory ? request_cap : 0);
    call->r = wire_reader_on(NULL, 0);
    wire_put_u32(&call->w, op);
}

void service_call_end(struct service_call *call)
{
    layer_free(call->memory);
    call->memory = NULL;
}

static uint16_t lower(uint16_t unit)
{
    return unit >= 'A' && unit <= 'Z' ? unit + ('a' - 'A') : unit;
}

bool service_is_handle(HANDLE handle)
{
    // The name that a pipe tells is that below \Device\NamedPipe.
    struct str16 device = {0}, pipes = str16_of(layer_config.pipes);
    static const char root[] = "\\Device\\NamedPipe";
    if (!handle || pipes.len < sizeof(root) - 1)
        return false;
    device = str16_skip(pipes, sizeof(root) - 1);
    struct nt_file_name_information *info = layer_alloc(NAME_MAX_BYTES);
    if (!info)
        return false;
    IO_STATUS_BLOCK io;
    bool same = false;
    if (NT_SUCCESS(
            real.NtQueryInformationFile(handle, &io, info, NAME_MAX_BYTES, FileNameInformation))) {
        struct str16 name = {(uint16_t *)info->name, info->length / sizeof(WCHAR)};
        struct str16 head = str16_first(name, name.len < device.len ? name.len : device.len);
        struct str16 tail = str16_skip(name, head.len);
        same = str16_equal_nocase(head, device) && tail.len == sizeof(scm_leaf) - 1;
        for (size_t i = 0; same && i < tail.len; i++)
            same = lower(tail.s[i]) == (uint16_t)scm_leaf[i];
    }
    layer_free(info);
    return same;
}

DWORD service_error_of(NTSTATUS status)
{
    switch ((ULONG)status) {
    case 0xC0000008: // STATUS_INVALID_HANDLE
    case 0xC0000024: // STATUS_OBJECT_TYPE_MISMATCH
    case 0xC0000010: // STATUS_INVALID_DEVICE_REQUEST
        return ERROR_INVALID_HANDLE;
    case 0xC0000034: // STATUS_OBJECT_NAME_NOT_FOUND
    case 0xC000003A: // STATUS_OBJECT_PATH_NOT_FOUND
    case 0xC000014B: // STATUS_PIPE_BROKEN
    case 0xC00000B0: // STATUS_PIPE_DISCONNECTED
    case 0xC00000B1: // STATUS_PIPE_CLOSING
        return RPC_S_SERVER_UNAVAILABLE;
    case 0xC000009A: // STATUS_INSUFFICIENT_RESOURCES
    case 0xC0000017: // STATUS_NO_MEMORY
        return ERROR_NOT_ENOUGH_MEMORY;
    default:
        return RtlNtStatusToDosError(status);
    }
}

// One exchange. The pipe is busy while there is an answer for another thread that uses the handle.
static NTSTATUS transceive(HANDLE handle, const void *request, size_t request_len, void *reply,
                           size_t reply_cap, size_t *reply_len)
{
    for (unsigned i = 0;; i++) {
        IO_STATUS_BLOCK io = {0};
        NTSTATUS status =
            real.NtFsControlFile(handle, NULL, NULL, NULL, &io, FSCTL_PIPE_TRANSCEIVE_CODE,
                                 (void *)request, (ULONG)request_len, reply, (ULONG)reply_cap);
        if (status == STATUS_PENDING) {
            real.NtWaitForSingleObject(handle, FALSE, NULL);
            status = io.Status;
        }
        if ((ULONG)status == 0xC00000AE && i < UNREAD_TRIES) { // STATUS_PIPE_BUSY
            pause_ms(BUSY_PAUSE_MS);
            continue;
        }
        *reply_len = io.Information;
        return status;
    }
}

DWORD service_call_send(struct service_call *call, HANDLE handle)
{
    if (!call->memory)
        return ERROR_NOT_ENOUGH_MEMORY;
    if (call->w.failed) // longer than the manager takes
        return ERROR_INVALID_PARAMETER;
    if (!service_is_handle(handle))
        return ERROR_INVALID_HANDLE;
    uint8_t *reply = call->memory + call->w.cap;
    size_t len = 0;
    NTSTATUS status = transceive(handle, call->w.data, call->w.len, reply, call->reply_cap, &len);
    if (status != STATUS_SUCCESS)
        return service_error_of(status);
    call->r = wire_reader_on(reply, len);
    uint32_t error = wire_get_u32(&call->r);
    return call->r.failed ? ERROR_INVALID_DATA : error;
}

static NTSTATUS open_pipe(HANDLE *handle, bool overlapped)
{
    enum { ROOM = LAYER_PATH_MAX + 8 };
    const FILE_INFORMATION_CLASS pipe_information = 23; // FilePipeInformation
    uint16_t *path = layer_alloc(ROOM * sizeof(*path));
    if (!path)
        return STATUS_INSUFFICIENT_RESOURCES;
    struct str16_buf out = {.s = path, .cap = ROOM};
    str16_put(&out, str16_of(layer_config.pipes));
    str16_put_ascii(&out, scm_leaf);
    UNICODE_STRING name = unicode_of_str16(str16_view(&out));
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    IO_STATUS_BLOCK io;
    NTSTATUS status = STATUS_SUCCESS;
    for (unsigned i = 0; i < BUSY_TRIES; i++) {
        status = real.NtOpenFile(handle, GENERIC_READ | GENERIC_WRITE | SYNCHRONIZE, &attributes,
                                 &io, FILE_SHARE_READ | FILE_SHARE_WRITE,
                                 FILE_NON_DIRECTORY_FILE |
                                     (overlapped ? 0 : FILE_SYNCHRONOUS_IO_NONALERT));
        if ((ULONG)status != 0xC00000AC) // STATUS_PIPE_NOT_AVAILABLE
            break;
        pause_ms(BUSY_PAUSE_MS);
    }
    layer_free(path);
    if (!NT_SUCCESS(status))
        return status;
    struct {
        ULONG read_mode, completion_mode;
    } mode = {1, 0}; // messages, waiting
    status = real.NtSetInformationFile(*handle, &io, &mode, sizeof(mode), pipe_information);
    if (!NT_SUCCESS(status))
        real.NtClose(*handle);
    return status;
}

DWORD service_connect(HANDLE *handle)
{
    NTSTATUS status = open_pipe(handle, false);
    return NT_SUCCESS(status) ? ERROR_SUCCESS : service_error_of(status);
}

static DWORD adopt(uint64_t ticket, HANDLE *handle, bool overlapped)
{
    NTSTATUS status = open_pipe(handle, overlapped);
    DWORD error = NT_SUCCESS(status) ? ERROR_SUCCESS : service_error_of(status);
    if (error != ERROR_SUCCESS)
        return error;
    service_cleanup_call struct service_call call;
    service_call_begin(&call, SCM_ADOPT, SERVICE_CALL_SMALL, SERVICE_CALL_SMALL);
    wire_put_u32(&call.w, SCM_VERSION);
    wire_put_u64(&call.w, ticket);
    error = service_call_send(&call, *handle);
    if (error != ERROR_SUCCESS)
        real.NtClose(*handle);
    return error;
}

DWORD service_adopt(uint64_t ticket, HANDLE *handle)
{
    return adopt(ticket, handle, false);
}

DWORD service_adopt_overlapped(uint64_t ticket, HANDLE *handle)
{
    return adopt(ticket, handle, true);
}

static uint16_t *wide(const char *text, size_t len, bool *ok)
{
    ULONG bytes = 0;
    RtlMultiByteToUnicodeSize(&bytes, text, (ULONG)len);
    uint16_t *out = layer_alloc(bytes + 2 * sizeof(*out)); // zeroed: terminated twice
    if (!out)
        *ok = false;
    else
        RtlMultiByteToUnicodeN((WCHAR *)out, bytes, NULL, text, (ULONG)len);
    return out;
}

uint16_t *service_wide(const char *text, bool *ok)
{
    if (!text)
        return NULL;
    size_t len = 0;
    while (text[len])
        len++;
    return wide(text, len, ok);
}

uint16_t *service_wide_list(const char *list, bool *ok)
{
    if (!list)
        return NULL;
    size_t len = 0;
    while (list[len]) {
        while (list[len])
            len++;
        len++;
    }
    return wide(list, len, ok);
}

struct str16 service_text(const uint16_t *text)
{
    return text ? str16_of(text) : (struct str16){0};
}

struct str16 service_list(const uint16_t *list)
{
    if (!list)
        return (struct str16){0};
    size_t len = 0;
    while (list[len]) {
        while (list[len])
            len++;
        len++;
    }
    return (struct str16){list, len};
}

void service_close(HANDLE handle)
{
    service_cleanup_call struct service_call call;
    service_call_begin(&call, SCM_CLOSE, SERVICE_CALL_SMALL, SERVICE_CALL_SMALL);
    service_call_send(&call, handle); // without an answer the end of the pipe does the same, later
    real.NtClose(handle);
}
