#include "child.h"

#include <stdlib.h>
#include "core/cmdline.h"

/* The line of the `plume exec`. To be freed. */
static wchar_t *exec_line(const wchar_t *self, const struct vm *vm, const struct launch *what)
{
    size_t cap = 64 + wcslen(self) + wcslen(vm->name) + wcslen(what->line);
    cap += what->folder ? 2 * wcslen(what->folder) + 8 : 0;
    for (size_t i = 0; i < what->variables.count; i++)
        cap += 2 * wcslen(what->variables.items[i]) + 8;
    for (size_t i = 0; i < what->env_files.count; i++)
        cap += 2 * wcslen(what->env_files.items[i]) + 16;
    wchar_t *line = malloc(cap * sizeof(*line));
    if (!line)
        return NULL;
    struct str16_buf buf = {.s = line, .cap = cap};
    cmdline_put(&buf, str16_of(self));
    cmdline_put(&buf, str16_of(L"exec"));
    for (size_t i = 0; i < what->variables.count; i++) {
        cmdline_put(&buf, str16_of(L"-e"));
        cmdline_put(&buf, str16_of(what->variables.items[i]));
    }
    for (size_t i = 0; i < what->env_files.count; i++) {
        cmdline_put(&buf, str16_of(L"--env-file"));
        cmdline_put(&buf, str16_of(what->env_files.items[i]));
    }
    if (what->folder) {
        cmdline_put(&buf, str16_of(L"-w"));
        cmdline_put(&buf, str16_of(what->folder));
    }
    if (what->interactive)
        cmdline_put(&buf, str16_of(L"--interactive"));
    cmdline_put(&buf, str16_of(vm->name));
    str16_put_ascii(&buf, " ");
    str16_put(&buf, str16_of(what->line)); // as it was typed
    str16_put_nul(&buf);
    return line;
}

HANDLE child_exec(const struct vm *vm, const struct launch *what, DWORD *id,
                  struct plume_error *error)
{
    wchar_t self[VM_PATH_MAX];
    STARTUPINFOW startup = {.cb = sizeof(startup)};
    PROCESS_INFORMATION made;
    DWORD len = GetModuleFileNameW(NULL, self, ARRAYSIZE(self));
    wchar_t *line = len && len < ARRAYSIZE(self) ? exec_line(self, vm, what) : NULL;
    SetLastError(ERROR_NOT_ENOUGH_MEMORY);
    if (!line || !CreateProcessW(self, line, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &made)) {
        error_win32(error, L"cannot run", what->program, NULL);
        free(line);
        return NULL;
    }
    free(line);
    CloseHandle(made.hThread);
    *id = made.dwProcessId;
    return made.hProcess;
}

/* Reads until nobody can write any more; what is beyond 64 KiB is thrown away. */
static wchar_t *read_all(HANDLE pipe)
{
    enum { MOST = 65536 };
    char *bytes = malloc(MOST), rest[512];
    DWORD len = 0, got = 0;
    while (ReadFile(pipe, bytes && len < MOST ? bytes + len : rest,
                    bytes && len < MOST ? MOST - len : sizeof(rest), &got, NULL) &&
           got)
        len += bytes && len < MOST ? got : 0;
    int units = len ? MultiByteToWideChar(CP_UTF8, 0, bytes, (int)len, NULL, 0) : 0;
    wchar_t *text = calloc((size_t)units + 1, sizeof(*text));
    if (text && units)
        MultiByteToWideChar(CP_UTF8, 0, bytes, (int)len, text, units);
    free(bytes);
    return text;
}

bool child_run(const wchar_t *const *words, size_t count, DWORD *status, wchar_t **output,
               struct plume_error *error)
{
    wchar_t self[VM_PATH_MAX];
    SECURITY_ATTRIBUTES inherit = {.nLength = sizeof(inherit), .bInheritHandle = TRUE};
    PROCESS_INFORMATION made;
    HANDLE read_end, write_end;
    DWORD len = GetModuleFileNameW(NULL, self, ARRAYSIZE(self));
    size_t cap = 16 + 2 * wcslen(self);
    for (size_t i = 0; i < count; i++)
        cap += 2 * wcslen(words[i]) + 8;
    wchar_t *line = len && len < ARRAYSIZE(self) ? malloc(cap * sizeof(*line)) : NULL;
    *output = NULL;
    if (!line)
        return error_win32_code(error, ERROR_NOT_ENOUGH_MEMORY, L"cannot run", self, NULL);
    struct str16_buf buf = {.s = line, .cap = cap};
    cmdline_put(&buf, str16_of(self));
    for (size_t i = 0; i < count; i++)
        cmdline_put(&buf, str16_of(words[i]));
    str16_put_nul(&buf);
    if (!CreatePipe(&read_end, &write_end, &inherit, 0)) {
        free(line);
        return error_win32(error, L"cannot run", self, NULL);
    }
    SetHandleInformation(read_end, HANDLE_FLAG_INHERIT, 0);
    STARTUPINFOW startup = {.cb = sizeof(startup),
                            .dwFlags = STARTF_USESTDHANDLES,
                            .hStdInput = GetStdHandle(STD_INPUT_HANDLE),
                            .hStdOutput = write_end,
                            .hStdError = write_end};
    BOOL ok = CreateProcessW(self, line, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &made);
    if (!ok)
        error_win32(error, L"cannot run", self, NULL);
    free(line);
    CloseHandle(write_end);
    if (ok) {
        CloseHandle(made.hThread);
        *output = read_all(read_end);
        WaitForSingleObject(made.hProcess, INFINITE);
        ok = *output && GetExitCodeProcess(made.hProcess, status);
        if (!ok)
            error_win32_code(error, ERROR_NOT_ENOUGH_MEMORY, L"cannot run", self, NULL);
        CloseHandle(made.hProcess);
    }
    CloseHandle(read_end);
    return ok;
}
