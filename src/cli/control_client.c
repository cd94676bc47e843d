#include <stdio.h>
#include <stdlib.h>
#include "cli.h"
#include "control_client.h"
#include "core/wire.h"
#include "vm/control.h"

enum {
    ANSWER_MS = 15000, // a monitor that has nothing to wait for answers in this time
    CONNECT_MS = 5000,
};

/* A connection to the monitor. ERROR_FILE_NOT_FOUND in error->code where there is none. */
static HANDLE connect_to(const struct vm *vm, struct plume_error *error)
{
    DWORD begun = GetTickCount();
    for (;;) {
        HANDLE pipe = CreateFileW(
            vm->control_pipe, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
            FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION, NULL);
        if (pipe != INVALID_HANDLE_VALUE) {
            DWORD mode = PIPE_READMODE_MESSAGE;
            if (SetNamedPipeHandleState(pipe, &mode, NULL, NULL))
                return pipe;
            error_win32(error, L"cannot talk to the monitor of the VM", vm->name, NULL);
            CloseHandle(pipe);
            return NULL;
        }
        DWORD code = GetLastError();
        if (code != ERROR_PIPE_BUSY || GetTickCount() - begun > CONNECT_MS) {
            error_win32_code(error, code, L"cannot talk to the monitor of the VM", vm->name, NULL);
            return NULL;
        }
        WaitNamedPipeW(vm->control_pipe, 200);
    }
}

/* Waits for an overlapped operation; cancels it when the time is over. */
static bool finish(HANDLE pipe, OVERLAPPED *operation, BOOL done, DWORD ms, DWORD *bytes)
{
    if (!done && GetLastError() != ERROR_IO_PENDING)
        return false;
    if (WaitForSingleObject(operation->hEvent, ms) != WAIT_OBJECT_0) {
        CancelIo(pipe);
        GetOverlappedResult(pipe, operation, bytes, TRUE);
        SetLastError(ERROR_TIMEOUT);
        return false;
    }
    return GetOverlappedResult(pipe, operation, bytes, FALSE);
}

/* One request, one reply. */
static bool transact(const struct vm *vm, HANDLE pipe, const struct wire_writer *request, DWORD ms,
                     void *reply, DWORD *reply_len, struct plume_error *error)
{
    DWORD written;
    OVERLAPPED operation = {.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL)};
    if (!operation.hEvent)
        return error_win32(error, L"cannot talk to the monitor of the VM", vm->name, NULL);
    bool ok = finish(pipe, &operation,
                     WriteFile(pipe, request->data, (DWORD)request->len, NULL, &operation),
                     ANSWER_MS, &written) &&
              ResetEvent(operation.hEvent) &&
              finish(pipe, &operation, ReadFile(pipe, reply, CONTROL_MESSAGE_MAX, NULL, &operation),
                     ms, reply_len);
    if (!ok)
        error_win32(error, L"the monitor does not answer for the VM", vm->name,
                    L"'plume rm -f' ends and removes it");
    CloseHandle(operation.hEvent);
    return ok;
}

/* The reader stands behind what all replies begin with. */
static bool begin_reply(const struct vm *vm, struct wire_reader *reply, struct plume_error *error)
{
    if (wire_get_u32(reply) != CONTROL_VERSION || reply->failed)
        return error_plain(error, L"cannot talk to the monitor of the VM", vm->name,
                           L"it is of another version of Plume", L"end its process");
    uint32_t code = wire_get_u32(reply);
    if (code)
        return error_win32_code(error, code, L"the monitor refuses what was asked for the VM",
                                vm->name, NULL);
    return true;
}

static bool bad_reply(const struct vm *vm, struct plume_error *error)
{
    return error_plain(error, L"cannot talk to the monitor of the VM", vm->name,
                       L"its answer makes no sense", NULL);
}

/* The reader stands behind what all replies begin with. */
static bool ask_with(const struct vm *vm, const struct wire_writer *request,
                     uint8_t reply_bytes[CONTROL_MESSAGE_MAX], struct wire_reader *reply,
                     struct plume_error *error)
{
    DWORD len = 0;
    HANDLE pipe = connect_to(vm, error);
    if (!pipe)
        return false;
    bool ok = transact(vm, pipe, request, ANSWER_MS, reply_bytes, &len, error);
    CloseHandle(pipe);
    *reply = wire_reader_on(reply_bytes, len);
    return ok && begin_reply(vm, reply, error);
}

/* A request of nothing but its number. */
static bool ask(const struct vm *vm, uint32_t what, uint8_t reply_bytes[CONTROL_MESSAGE_MAX],
                struct wire_reader *reply, struct plume_error *error)
{
    _Alignas(8) unsigned char request_bytes[16];
    struct wire_writer request = wire_writer_on(request_bytes, sizeof(request_bytes));
    wire_put_u32(&request, CONTROL_VERSION);
    wire_put_u32(&request, what);
    return ask_with(vm, &request, reply_bytes, reply, error);
}

bool control_limits(const struct vm *vm, struct plume_error *error)
{
    _Alignas(8) uint8_t bytes[CONTROL_MESSAGE_MAX], request_bytes[32];
    struct wire_writer request = wire_writer_on(request_bytes, sizeof(request_bytes));
    struct wire_reader reply;
    wire_put_u32(&request, CONTROL_VERSION);
    wire_put_u32(&request, CONTROL_LIMITS);
    wire_put_u64(&request, vm->config.limits.memory);
    wire_put_u32(&request, vm->config.limits.cpus);
    wire_put_u32(&request, vm->config.limits.pids);
    if (!ask_with(vm, &request, bytes, &reply, error))
        return false;
    wire_get_u32(&reply); // what the host does not keep: limits_warn() says it
    return wire_done(&reply) || bad_reply(vm, error);
}

bool control_pause(const struct vm *vm, bool resume, struct plume_error *error)
{
    _Alignas(8) uint8_t bytes[CONTROL_MESSAGE_MAX];
    struct wire_reader reply;
    if (!ask(vm, resume ? CONTROL_RESUME : CONTROL_PAUSE, bytes, &reply, error))
        return false;
    if (!resume)
        wire_get_u32(&reply); // how many processes are held
    return wire_done(&reply) || bad_reply(vm, error);
}

bool control_status(const struct vm *vm, uint32_t *monitor, struct plume_error *error)
{
    _Alignas(8) uint8_t bytes[CONTROL_MESSAGE_MAX];
    struct wire_reader reply;
    if (!ask(vm, CONTROL_STATUS, bytes, &reply, error))
        return false;
    *monitor = wire_get_u32(&reply);
    return wire_done(&reply) || bad_reply(vm, error);
}

bool control_ports(const struct vm *vm, struct control_port **ports, size_t *count,
                   struct plume_error *error)
{
    _Alignas(8) uint8_t bytes[CONTROL_MESSAGE_MAX];
    struct wire_reader reply;
    *ports = NULL;
    if (!ask(vm, CONTROL_PORTS, bytes, &reply, error))
        return false;
    *count = wire_get_u32(&reply);
    if (*count > PUBLISH_PORTS_MAX)
        return bad_reply(vm, error);
    struct control_port *list = calloc(*count + 1, sizeof(*list));
    if (!list)
        return error_win32_code(error, ERROR_NOT_ENOUGH_MEMORY, L"cannot list the ports of the VM",
                                vm->name, NULL);
    for (size_t i = 0; i < *count; i++) {
        list[i].address = wire_get_u32(&reply);
        list[i].host_port = wire_get_u32(&reply);
        list[i].vm_port = wire_get_u32(&reply);
        list[i].udp = wire_get_u32(&reply) != 0;
    }
    if (!wire_done(&reply)) {
        free(list);
        return bad_reply(vm, error);
    }
    *ports = list;
    return true;
}

/* What the monitor told of the stop. */
static bool read_stop_reply(const struct vm *vm, const void *bytes, DWORD len, uint32_t seconds,
                            DWORD *monitor, struct plume_error *error)
{
    struct wire_reader reply = wire_reader_on(bytes, len);
    if (!begin_reply(vm, &reply, error))
        return false;
    *monitor = wire_get_u32(&reply);
    uint32_t hung = wire_get_u32(&reply);
    for (uint32_t i = 0; i < hung && !reply.failed; i++) {
        struct str16 name = wire_get_str16(&reply);
        if (!reply.failed)
            note(L"the service '%.*ls' of the VM '%ls' had not stopped after %u s and was ended",
                 (int)name.len, name.s, vm->name, (unsigned)seconds);
    }
    return wire_done(&reply) || bad_reply(vm, error);
}

/* A monitor that answered has ended everything of the VM, and ends itself. */
static void wait_for_end(const struct vm *vm, DWORD monitor)
{
    HANDLE process = monitor ? OpenProcess(SYNCHRONIZE, FALSE, monitor) : NULL;
    if (process) {
        WaitForSingleObject(process, ANSWER_MS);
        CloseHandle(process);
    }
    for (int i = 0; i < 300 && vm_is_running(vm); i++)
        Sleep(10);
}

/* Whose pipe it is; 0 where that cannot be told: only since NT 6.0 does a pipe tell. */
static DWORD server_of(HANDLE pipe)
{
    typedef BOOL(WINAPI * server_id_function)(HANDLE, ULONG *);
    server_id_function server_id = (server_id_function)(void (*)(void))GetProcAddress(
        GetModuleHandleW(L"kernel32.dll"), "GetNamedPipeServerProcessId");
    ULONG process = 0;
    return server_id && server_id(pipe, &process) ? process : 0;
}

/* Ends a monitor that does not answer. The job goes with it, and everything in the job. */
static bool end_monitor(const struct vm *vm, DWORD monitor, struct plume_error *error)
{
    HANDLE process = monitor ? OpenProcess(PROCESS_TERMINATE | SYNCHRONIZE, FALSE, monitor) : NULL;
    if (!process)
        return error_plain(error, L"cannot end the VM", vm->name, L"its monitor cannot be found",
                           L"end its process");
    bool ok = TerminateProcess(process, EXIT_PLUME) &&
              WaitForSingleObject(process, ANSWER_MS) == WAIT_OBJECT_0;
    if (!ok)
        error_win32(error, L"cannot end the monitor of the VM", vm->name, NULL);
    CloseHandle(process);
    return ok;
}

bool vm_stop(struct vm *vm, uint32_t seconds, bool force, struct plume_error *error)
{
    _Alignas(8) unsigned char request_bytes[16], reply_bytes[CONTROL_MESSAGE_MAX];
    struct wire_writer request = wire_writer_on(request_bytes, sizeof(request_bytes));
    DWORD len = 0, monitor = 0;
    wire_put_u32(&request, CONTROL_VERSION);
    wire_put_u32(&request, CONTROL_STOP);
    wire_put_u32(&request, seconds);
    HANDLE pipe = connect_to(vm, error);
    if (!pipe)
        return error->code == ERROR_FILE_NOT_FOUND;
    DWORD server = server_of(pipe);
    bool ok = transact(vm, pipe, &request, seconds * 1000 + ANSWER_MS, reply_bytes, &len, error) &&
              read_stop_reply(vm, reply_bytes, len, seconds, &monitor, error);
    CloseHandle(pipe);
    // A VM that ended at that very moment, or was killed, has stopped too.
    if (!ok && vm_is_running(vm) && !(force && end_monitor(vm, server, error)))
        return false;
    wait_for_end(vm, monitor);
    if (vm_is_running(vm))
        return error_plain(error, L"cannot stop the VM", vm->name, L"its monitor does not end",
                           L"end its process");
    vm->config.stopped = vm_now();
    return vm->config.version == 0 ||
           vm_save(vm, vm->path, error); // 0: the VM's vm.json could not be read
}
