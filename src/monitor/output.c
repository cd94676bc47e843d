#include "monitor/output.h"

#include <stdlib.h>
#include "core/log_lines.h"
#include "layer/plume_layer.h"
#include "monitor/log.h"
#include "monitor/loop.h"

enum {
    READ_BYTES = 4096,
    PIPE_BYTES = 65536,
    DRAIN_MAX = 256, // reads at a time: who goes on writing does not hold up the monitor
};

struct output {
    struct output *next;
    struct loop_io io;
    HANDLE pipe;
    bool pending;  // a read has been started and its end not been delivered
    bool consumed; // what it read is in the log already
    enum log_stream stream;
    DWORD pid;
    wchar_t service[LOG_NAME_MAX + 1];
    struct log_lines lines;
    uint8_t bytes[READ_BYTES];
};

static struct output *outputs;
static wchar_t pipes[VM_PATH_MAX + 32];
static HANDLE drained; // an event for reads that the loop does not hear of

void output_open(const struct vm *vm)
{
    wcscpy(pipes, vm->pipes);
    wcscat(pipes, L"\\output-");
    drained = CreateEventW(NULL, TRUE, FALSE, NULL);
}

/* ---- into the log ---- */

static void put_line(void *context, const uint8_t *line, size_t len, bool partial)
{
    const struct output *output = context;
    static wchar_t text[LOG_LINES_ROOM];
    // What is not UTF-8 is taken for the system's own code page, which C runtimes write.
    UINT page = log_is_utf8(line, len) ? CP_UTF8 : CP_ACP;
    int units =
        len ? MultiByteToWideChar(page, 0, (const char *)line, (int)len, text, LOG_LINES_ROOM) : 0;
    struct log_entry entry = {.stream = output->stream,
                              .service = str16_of((const uint16_t *)output->service),
                              .pid = output->pid,
                              .text = {(const uint16_t *)text, (size_t)units},
                              .partial = partial};
    log_put(&entry);
}

static void take(struct output *output, const uint8_t *bytes, size_t len)
{
    log_lines_feed(&output->lines, bytes, len, put_line, output);
}

static void close_output(struct output *output)
{
    for (struct output **at = &outputs; *at; at = &(*at)->next) {
        if (*at == output) {
            *at = output->next;
            break;
        }
    }
    log_lines_end(&output->lines, put_line, output);
    CloseHandle(output->pipe);
    free(output);
}

static void start_read(struct output *output);

static void read_done(struct loop_io *io, DWORD error, DWORD bytes)
{
    struct output *output = CONTAINING_RECORD(io, struct output, io);
    output->pending = false;
    if (!output->consumed && (error == ERROR_SUCCESS || error == ERROR_MORE_DATA))
        take(output, output->bytes, bytes);
    output->consumed = false;
    if (error == ERROR_SUCCESS || error == ERROR_MORE_DATA)
        start_read(output);
    else // nobody has the other end any more
        close_output(output);
}

static void start_read(struct output *output)
{
    memset(&output->io.overlapped, 0, sizeof(output->io.overlapped));
    output->io.done = read_done;
    // What has ended at once is delivered, too.
    if (ReadFile(output->pipe, output->bytes, READ_BYTES, NULL, &output->io.overlapped) ||
        GetLastError() == ERROR_IO_PENDING)
        output->pending = true;
    else
        close_output(output);
}

/* ---- making them ---- */

static struct output *make(const wchar_t *service, enum log_stream stream, HANDLE *end)
{
    static unsigned made;
    const struct layer_outside *outside = plume_layer_outside();
    struct output *output = calloc(1, sizeof(*output));
    wchar_t path[VM_PATH_MAX + 64], number[12];
    UNICODE_STRING name;
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK io;
    LARGE_INTEGER timeout = {.QuadPart = -500000};
    *end = NULL;
    if (!output)
        return NULL;
    wcscpy(path, pipes);
    _ultow(++made, number, 10);
    wcscat(path, number);
    RtlInitUnicodeString(&name, path);
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    // One instance, bytes, and only towards here.
    NTSTATUS status = outside->create_named_pipe_file(
        &output->pipe, GENERIC_READ | FILE_WRITE_ATTRIBUTES | SYNCHRONIZE, &attributes, &io,
        FILE_SHARE_WRITE, FILE_CREATE, 0, 0, 0, 0, 1, PIPE_BYTES, PIPE_BYTES, &timeout);
    if (!NT_SUCCESS(status)) {
        free(output);
        return NULL;
    }
    attributes.Attributes |= OBJ_INHERIT;
    status = outside->open_file(end, GENERIC_WRITE | FILE_READ_ATTRIBUTES | SYNCHRONIZE,
                                &attributes, &io, FILE_SHARE_READ | FILE_SHARE_WRITE,
                                FILE_SYNCHRONOUS_IO_NONALERT | FILE_NON_DIRECTORY_FILE);
    if (!NT_SUCCESS(status) || !loop_attach(output->pipe)) {
        if (NT_SUCCESS(status))
            CloseHandle(*end);
        *end = NULL;
        CloseHandle(output->pipe);
        free(output);
        return NULL;
    }
    wcsncpy(output->service, service, LOG_NAME_MAX);
    output->stream = stream;
    output->next = outputs;
    outputs = output;
    return output;
}

struct output_ends output_make(const wchar_t *service)
{
    struct output_ends ends = {0};
    ends.readers[0] = make(service, LOG_STDOUT, &ends.standard);
    ends.readers[1] = make(service, LOG_STDERR, &ends.error);
    return ends;
}

void output_made(struct output_ends *ends, DWORD pid)
{
    if (ends->standard)
        CloseHandle(ends->standard);
    if (ends->error)
        CloseHandle(ends->error);
    for (int i = 0; i < 2; i++) {
        if (!ends->readers[i])
            continue;
        ends->readers[i]->pid = pid;
        if (pid)
            start_read(ends->readers[i]);
        else
            close_output(ends->readers[i]);
    }
    *ends = (struct output_ends){0};
}

/* ---- what is there already ---- */

static void drain(struct output *output)
{
    if (output->pending && !output->consumed) {
        if (!HasOverlappedIoCompleted(&output->io.overlapped))
            return; // it takes what comes next
        if (output->io.overlapped.Internal)
            return; // an error: there is nothing
        take(output, output->bytes, output->io.overlapped.InternalHigh);
        output->consumed = true;
    }
    DWORD there = 0;
    for (int i = 0; i < DRAIN_MAX && drained; i++) {
        static uint8_t bytes[READ_BYTES];
        DWORD got = 0;
        // An event with its lowest bit set: the completion port is not told.
        OVERLAPPED now = {.hEvent = (HANDLE)((ULONG_PTR)drained | 1)};
        if (!PeekNamedPipe(output->pipe, NULL, 0, NULL, &there, NULL) || !there)
            return;
        if (!ReadFile(output->pipe, bytes, there < READ_BYTES ? there : READ_BYTES, NULL, &now) &&
            GetLastError() != ERROR_IO_PENDING)
            return;
        WaitForSingleObject(drained, INFINITE); // there is something: it has ended, or is about to
        if (!GetOverlappedResult(output->pipe, &now, &got, FALSE))
            return;
        take(output, bytes, got);
    }
}

void output_drain(DWORD pid)
{
    // On Wine the end of a read shows when its thread has waited for something, if only for nothing
    // (dlls/ntdll/unix/server.c, server_select).
    if (drained)
        WaitForSingleObject(drained, 0);
    for (struct output *output = outputs; output; output = output->next) {
        if (output->pid == pid)
            drain(output);
    }
}

void output_end(void)
{
    if (drained)
        WaitForSingleObject(drained, 0);
    for (struct output *output = outputs; output; output = output->next) {
        drain(output);
        log_lines_end(&output->lines, put_line, output);
    }
}
