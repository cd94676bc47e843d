#include <stdio.h>
#include <stdlib.h>
#include "core/cmdline.h"
#include "start.h"
#include "vm/handle_list.h"

enum {
    READY_MS = 60000, // how long a VM may take to become ready
    READY_BYTES = 2048,
};

/* ---- which handles the monitor gets ---- */

/* Without a list: what this process was given to pass on must not be held open by a monitor that
 * lives on (whoever reads our standard output waits for all who can write to it). */
static void keep_standard_handles(void)
{
    static const DWORD which[] = {STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE};
    for (size_t i = 0; i < ARRAYSIZE(which); i++) {
        HANDLE handle = GetStdHandle(which[i]);
        if (handle && handle != INVALID_HANDLE_VALUE)
            SetHandleInformation(handle, HANDLE_FLAG_INHERIT, 0);
    }
}

/* ---- the process ---- */

/* "C:\...\plume-monitor.exe" --vm FOLDER --ready HANDLE */
static bool command_line(const struct vm *vm, HANDLE ready, wchar_t *program, wchar_t *line,
                         size_t cap, struct plume_error *error)
{
    DWORD len = GetModuleFileNameW(NULL, program, VM_PATH_MAX);
    wchar_t *leaf = len && len < VM_PATH_MAX ? wcsrchr(program, L'\\') : NULL;
    static const wchar_t name[] = L"\\plume-monitor.exe";
    if (!leaf || (size_t)(leaf - program) + ARRAYSIZE(name) > VM_PATH_MAX)
        return error_plain(error, L"cannot find the monitor", NULL,
                           L"the program's path is too long", NULL);
    wcscpy(leaf, name);
    wchar_t number[24];
    _snwprintf(number, ARRAYSIZE(number), L"%u",
               (unsigned)(UINT_PTR)ready); // handles fit into 32 bits
    struct str16_buf buf = {.s = line, .cap = cap};
    const wchar_t *const arguments[] = {program, L"--vm", vm->shown, L"--ready", number};
    for (size_t i = 0; i < ARRAYSIZE(arguments); i++)
        cmdline_put(&buf, str16_of(arguments[i]));
    str16_put_nul(&buf);
    return !buf.overflow ||
           error_plain(error, L"cannot start the VM", vm->name, L"its path is too long", NULL);
}

/* Starts the monitor detached; *ready is where its one line will come from. */
static bool spawn(const struct vm *vm, HANDLE *ready, HANDLE *process, struct plume_error *error)
{
    wchar_t program[VM_PATH_MAX], line[4 * VM_PATH_MAX], folder[MAX_PATH];
    SECURITY_ATTRIBUTES inherit = {.nLength = sizeof(inherit), .bInheritHandle = TRUE};
    HANDLE write_end, null;
    PROCESS_INFORMATION made;
    if (!CreatePipe(ready, &write_end, &inherit, 0))
        return error_win32(error, L"cannot start the VM", vm->name, NULL);
    SetHandleInformation(*ready, HANDLE_FLAG_INHERIT, 0);
    null = CreateFileW(L"NUL", GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE,
                       &inherit, OPEN_EXISTING, 0, NULL);
    bool ok =
        null != INVALID_HANDLE_VALUE || error_win32(error, L"cannot start the VM", vm->name, NULL);
    ok = ok && command_line(vm, write_end, program, line, ARRAYSIZE(line), error);
    if (ok) {
        HANDLE handles[] = {write_end, null};
        struct handle_list list = handle_list_on(handles, ARRAYSIZE(handles));
        struct startup_with_list startup = {
            .info = {.cb = list.attributes ? sizeof(startup) : sizeof(startup.info),
                     .dwFlags = STARTF_USESTDHANDLES,
                     .hStdInput = null,
                     .hStdOutput = null,
                     .hStdError = null},
            .attributes = list.attributes};
        DWORD flags = DETACHED_PROCESS | CREATE_NEW_PROCESS_GROUP |
                      (list.attributes ? EXTENDED_STARTUPINFO_PRESENT : 0);
        if (!list.attributes)
            keep_standard_handles();
        // In the system's folder: a current folder cannot be removed, and this process's may have
        // to be.
        UINT len = GetSystemDirectoryW(folder, ARRAYSIZE(folder));
        ok = CreateProcessW(program, line, NULL, NULL, TRUE, flags, NULL,
                            len && len < ARRAYSIZE(folder) ? folder : NULL, &startup.info, &made);
        if (!ok)
            error_win32(error, L"cannot start the monitor", program, L"is Plume installed whole?");
        handle_list_free(&list);
    }
    if (null != INVALID_HANDLE_VALUE)
        CloseHandle(null);
    CloseHandle(write_end);
    if (!ok) {
        CloseHandle(*ready);
        return false;
    }
    CloseHandle(made.hThread);
    *process = made.hProcess;
    return true;
}

/* ---- its answer ---- */

struct answer {
    HANDLE pipe;
    char text[READY_BYTES];
    DWORD len;
};

/* Reads up to the line's end; ends too when the monitor does, because then the pipe breaks. */
static DWORD WINAPI read_answer(void *context)
{
    struct answer *answer = context;
    DWORD got;
    while (answer->len < READY_BYTES - 1 && !memchr(answer->text, '\n', answer->len) &&
           ReadFile(answer->pipe, answer->text + answer->len, READY_BYTES - 1 - answer->len, &got,
                    NULL) &&
           got)
        answer->len += got;
    return 0;
}

static bool judge(const struct vm *vm, struct answer *answer, HANDLE process,
                  struct plume_error *error)
{
    wchar_t text[512], log[VM_PATH_MAX + 32] = L"";
    DWORD code = 0;
    char *end = memchr(answer->text, '\n', answer->len);
    answer->text[end ? end - answer->text : (ptrdiff_t)answer->len] = 0;
    if (end && strcmp(answer->text, "ok") == 0)
        return true;
    _snwprintf(log, ARRAYSIZE(log) - 1, L"'plume logs %ls' may tell more", vm->name);
    if (end) { // UTF-8, one line
        text[0] = 0;
        MultiByteToWideChar(CP_UTF8, 0, answer->text, -1, text, ARRAYSIZE(text));
        text[ARRAYSIZE(text) - 1] = 0;
    } else if (WaitForSingleObject(process, 1000) == WAIT_OBJECT_0 &&
               GetExitCodeProcess(process, &code)) {
        _snwprintf(text, ARRAYSIZE(text), L"its monitor ended at once with status %u",
                   (unsigned)code);
    } else {
        _snwprintf(text, ARRAYSIZE(text), L"its monitor closed its line without a word");
    }
    return error_plain(error, L"cannot start the VM", vm->name, text, log);
}

static bool wait_until_ready(const struct vm *vm, HANDLE ready, HANDLE process,
                             struct plume_error *error)
{
    struct answer *answer = calloc(1, sizeof(*answer));
    if (!answer)
        return error_win32_code(error, ERROR_NOT_ENOUGH_MEMORY, L"cannot start the VM", vm->name,
                                NULL);
    answer->pipe = ready;
    HANDLE reader = CreateThread(NULL, 0, read_answer, answer, 0, NULL);
    bool ok;
    if (!reader) {
        ok = error_win32(error, L"cannot start the VM", vm->name, NULL);
    } else if (WaitForSingleObject(reader, READY_MS) == WAIT_OBJECT_0) {
        ok = judge(vm, answer, process, error);
    } else {
        ok = error_plain(error, L"cannot start the VM", vm->name, L"it was not ready after 60 s",
                         NULL);
    }
    if (!ok) // a monitor that failed ends by itself, one that hangs does not; without it the reader
             // ends
        TerminateProcess(process, 1);
    if (reader) {
        WaitForSingleObject(reader, INFINITE);
        CloseHandle(reader);
    }
    free(answer);
    return ok;
}

bool vm_start(struct vm *vm, struct plume_error *error)
{
    HANDLE ready = NULL, process = NULL;
    struct vm_config before = vm->config;
    if (vm_is_running(vm))
        return error_plain(error, L"cannot start the VM", vm->name, L"it is running already", NULL);
    // Recorded first: a store that cannot be written must not have a VM running in it.
    vm->config.started = vm_now();
    if (!vm_save(vm, vm->path, error))
        return false;
    bool ok = spawn(vm, &ready, &process, error);
    if (ok) {
        ok = wait_until_ready(vm, ready, process, error);
        CloseHandle(ready);
        CloseHandle(process);
    }
    if (!ok) {
        struct plume_error ignored;
        vm->config = before;
        vm_save(vm, vm->path, &ignored);
    }
    return ok;
}
