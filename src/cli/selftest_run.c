#include "selftest_run.h"

#include <stdlib.h>
#include "core/cmdline.h"
#include "launch.h"
#include "vm/handle_list.h"

static wchar_t *line_of(const wchar_t *program, const wchar_t *const *words, size_t count)
{
    size_t cap = 16 + 2 * wcslen(program);
    for (size_t i = 0; i < count; i++)
        cap += 2 * wcslen(words[i]) + 8;
    wchar_t *line = malloc(cap * sizeof(*line));
    if (!line)
        return NULL;
    struct str16_buf buf = {.s = line, .cap = cap};
    cmdline_put(&buf, str16_of(program));
    for (size_t i = 0; i < count; i++)
        cmdline_put(&buf, str16_of(words[i]));
    str16_put_nul(&buf);
    return line;
}

static HANDLE open_for_child(const wchar_t *path, DWORD access, DWORD how)
{
    SECURITY_ATTRIBUTES inherit = {.nLength = sizeof(inherit), .bInheritHandle = TRUE};
    return CreateFileW(path, access, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                       &inherit, how, FILE_ATTRIBUTE_NORMAL, NULL);
}

bool selftest_begin(struct selftest_run *run, const wchar_t *program, const wchar_t *const *words,
                    size_t count, const wchar_t *folder, const wchar_t *output,
                    struct plume_error *error)
{
    wchar_t self[VM_PATH_MAX];
    PROCESS_INFORMATION made;
    DWORD len = GetModuleFileNameW(NULL, self, ARRAYSIZE(self));
    if (!program)
        program = self;
    wcsncpy(run->output, output, ARRAYSIZE(run->output) - 1);
    wchar_t *line = len && len < ARRAYSIZE(self) ? line_of(program, words, count) : NULL;
    if (!line)
        return error_win32_code(error, ERROR_NOT_ENOUGH_MEMORY, L"cannot run", program, NULL);
    HANDLE handles[] = {open_for_child(L"NUL", GENERIC_READ, OPEN_EXISTING),
                        open_for_child(output, GENERIC_READ | GENERIC_WRITE, CREATE_ALWAYS)};
    // Only these two: not what this process was given by whoever waits for its end.
    struct handle_list list = handle_list_on(handles, ARRAYSIZE(handles));
    struct startup_with_list startup = {
        .info = {.cb = list.attributes ? sizeof(startup) : sizeof(startup.info),
                 .dwFlags = STARTF_USESTDHANDLES,
                 .hStdInput = handles[0],
                 .hStdOutput = handles[1],
                 .hStdError = handles[1]},
        .attributes = list.attributes};
    bool ok =
        handles[1] != INVALID_HANDLE_VALUE || error_win32(error, L"cannot write", output, NULL);
    if (ok && !CreateProcessW(program, line, NULL, NULL, TRUE,
                              list.attributes ? EXTENDED_STARTUPINFO_PRESENT : 0, NULL, folder,
                              &startup.info, &made))
        ok = error_win32(error, L"cannot run", program, NULL);
    handle_list_free(&list);
    free(line);
    for (size_t i = 0; i < ARRAYSIZE(handles); i++)
        if (handles[i] != INVALID_HANDLE_VALUE)
            CloseHandle(handles[i]);
    if (!ok)
        return false;
    CloseHandle(made.hThread);
    run->process = made.hProcess;
    run->id = made.dwProcessId;
    run->started = GetTickCount();
    return true;
}

bool selftest_finish(struct selftest_run *run, DWORD seconds, struct selftest_outcome *outcome,
                     struct plume_error *error)
{
    enum { POLL_MS = 100, KILLED = 124 };
    *outcome = (struct selftest_outcome){0};
    while (WaitForSingleObject(run->process, POLL_MS) == WAIT_TIMEOUT) {
        if (GetTickCount() - run->started < seconds * 1000 && !ctrl_c_seen())
            continue;
        outcome->late = !ctrl_c_seen();
        TerminateProcess(run->process, KILLED);
        WaitForSingleObject(run->process, INFINITE);
        break;
    }
    outcome->ms = GetTickCount() - run->started;
    GetExitCodeProcess(run->process, &outcome->status);
    CloseHandle(run->process);
    run->process = NULL;
    if (!text_load(&outcome->said, run->output, error))
        return false;
    if (outcome->said.len && outcome->said.bytes[outcome->said.len - 1] != '\n')
        text_put(&outcome->said, "\n", 1);
    if (outcome->late)
        text_format(&outcome->said, "it had not ended after %lu s\n", seconds);
    else
        text_format(&outcome->said, "exit status %lu\n", outcome->status);
    return true;
}
