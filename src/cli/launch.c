#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include "launch.h"
#include "plume_layer.h"
#include "vm/job_limits.h"

/* ---- Ctrl-C ---- */

static volatile LONG ctrl_c;

static BOOL WINAPI on_control(DWORD event)
{
    if (event == CTRL_C_EVENT || event == CTRL_BREAK_EVENT) {
        InterlockedExchange(&ctrl_c, 1);
        return TRUE;
    }
    // Closed, logged off, shut down: the program is told too, and this process ends with it, not
    // before.
    Sleep(INFINITE);
    return TRUE;
}

void ctrl_c_hold(void)
{
    SetConsoleCtrlHandler(on_control, TRUE);
}

bool ctrl_c_seen(void)
{
    return InterlockedCompareExchange(&ctrl_c, 0, 0) != 0;
}

/* ---- entering ---- */

/* Sees to it that the user's desktop is there. On Wine the first process that needs its window
 * starts explorer.exe to make it, past the layer (dlls/win32u/winstation.c, get_desktop_window):
 * that is to be this process, while it is outside, not one of the VM's. As long as it waits for the
 * program, the desktop stays. */
static void need_user_desktop(void)
{
    HMODULE user32 = LoadLibraryW(L"user32.dll");
    __typeof__(&GetDesktopWindow) desktop_window =
        user32 ? (__typeof__(desktop_window))(void *)GetProcAddress(user32, "GetDesktopWindow")
               : NULL;
    if (desktop_window)
        desktop_window();
}

static bool enter(const struct vm *vm, bool interactive, struct plume_error *error)
{
    struct layer_config *config = calloc(1, sizeof(*config));
    const char *what = "";
    if (!config)
        return error_win32_code(error, ERROR_NOT_ENOUGH_MEMORY, L"cannot enter the VM", vm->name,
                                NULL);
    bool ok = vm_layer_config(vm, config, error);
    config->interactive = interactive;
    if (interactive)
        need_user_desktop();
    if (ok) {
        NTSTATUS status = plume_layer_enter(config, &what);
        if (status < 0) {
            wchar_t step[96];
            _snwprintf(step, ARRAYSIZE(step), L"cannot enter the VM (%hs)", what ? what : "");
            step[ARRAYSIZE(step) - 1] = 0;
            ok = error_ntstatus(error, (uint32_t)status, step, vm->name, NULL);
        }
    }
    free(config);
    return ok;
}

/* The VM's job, which is there while it runs. */
static HANDLE open_job(const struct vm *vm, struct plume_error *error)
{
    HANDLE job = OpenJobObjectW(JOB_OBJECT_ASSIGN_PROCESS | JOB_OBJECT_QUERY, FALSE, vm->job_name);
    if (!job && GetLastError() == ERROR_FILE_NOT_FOUND)
        error_plain(error, L"the VM is not running:", vm->name, L"", L"'plume start' starts it");
    else if (!job)
        error_win32(error, L"cannot open the job of the VM", vm->name, NULL);
    if (job && vm_is_paused(vm)) {
        error_plain(error, L"the VM is paused:", vm->name, L"", L"'plume unpause' lets it go on");
        CloseHandle(job);
        return NULL;
    }
    return job;
}

bool vm_enter(const struct vm *vm, struct plume_error *error)
{
    HANDLE job = open_job(vm, error);
    if (!job)
        return false;
    CloseHandle(job);
    return enter(vm, false, error);
}

/* ---- finding the program ---- */

static bool is_program_file(const wchar_t *path)
{
    DWORD attributes = GetFileAttributesW(path);
    return attributes != INVALID_FILE_ATTRIBUTES && !(attributes & FILE_ATTRIBUTE_DIRECTORY);
}

/* The folders that a program given by its name alone is looked for in: CreateProcess's own, without
 * the folder of this program, which is not the caller's. To be freed. */
static wchar_t *search_folders(void)
{
    DWORD path_len = GetEnvironmentVariableW(L"PATH", NULL, 0);
    size_t cap = path_len + 3 * MAX_PATH + 8;
    wchar_t *folders = malloc(cap * sizeof(*folders)), one[MAX_PATH];
    if (!folders)
        return NULL;
    wcscpy(folders, L".");
    UINT len = GetSystemDirectoryW(one, ARRAYSIZE(one));
    if (len && len < ARRAYSIZE(one))
        wcscat(wcscat(folders, L";"), one);
    len = GetWindowsDirectoryW(one, ARRAYSIZE(one));
    if (len && len < ARRAYSIZE(one))
        wcscat(wcscat(folders, L";"), one);
    if (path_len) {
        wcscat(folders, L";");
        size_t used = wcslen(folders);
        DWORD got = GetEnvironmentVariableW(L"PATH", folders + used, (DWORD)(cap - used));
        if (got >= cap - used)
            folders[used] = 0;
    }
    return folders;
}

/* The program's full path; false with GetLastError() when there is none. */
static bool find_program(const wchar_t *name, wchar_t *out, DWORD cap)
{
    static const wchar_t *const endings[] = {L"", L".com", L".exe", L".bat", L".cmd"};
    const wchar_t *leaf = name + wcslen(name);
    while (leaf > name && leaf[-1] != L'\\' && leaf[-1] != L'/' && leaf[-1] != L':')
        leaf--;
    bool is_path = leaf != name, found = false, has_ending = wcschr(leaf, L'.') != NULL;
    size_t len = wcslen(name);
    wchar_t *tried = malloc((len + 8) * sizeof(*tried)),
            *folders = is_path ? NULL : search_folders();
    // A name without an ending is a program's without .exe first; a file of just this name is none.
    for (size_t i = has_ending ? 0 : 1;
         *leaf && tried && (is_path || folders) && !found && i < ARRAYSIZE(endings); i++) {
        wcscat(wcscpy(tried, name), endings[i]);
        DWORD got = is_path ? GetFullPathNameW(tried, cap, out, NULL)
                            : SearchPathW(folders, tried, NULL, cap, out, NULL);
        found = got && got < cap && is_program_file(out);
    }
    if (!found && is_path && !has_ending &&
        tried) { // as CreateProcess: a path may be meant as it is
        DWORD got = GetFullPathNameW(name, cap, out, NULL);
        found = got && got < cap && is_program_file(out);
    }
    free(tried);
    free(folders);
    if (!found)
        SetLastError(ERROR_FILE_NOT_FOUND);
    return found;
}

/* ---- running it ---- */

static bool set_variables(const struct text_list *variables, struct plume_error *error)
{
    wchar_t computer[MAX_COMPUTERNAME_LENGTH + 1];
    DWORD len_of_name = ARRAYSIZE(computer);
    SetEnvironmentVariableW(L"PLUME_HOME", NULL); // no VM can name the store
    if (GetComputerNameW(computer, &len_of_name)) // the VM's, by now
        SetEnvironmentVariableW(L"COMPUTERNAME", computer);
    for (size_t i = 0; i < variables->count; i++) {
        const wchar_t *text = variables->items[i], *equals = wcschr(text, L'=');
        size_t len = equals ? (size_t)(equals - text) : wcslen(text);
        wchar_t *name = malloc((len + 1) * sizeof(*name));
        if (!name)
            return error_win32_code(error, ERROR_NOT_ENOUGH_MEMORY, L"cannot set the variable",
                                    text, NULL);
        memcpy(name, text, len * sizeof(*name));
        name[len] = 0;
        bool ok = !equals || SetEnvironmentVariableW(name, equals + 1) ||
                  error_win32(error, L"cannot set the variable", name, NULL);
        free(name);
        if (!ok)
            return false;
    }
    return true;
}

/* The current folder as the VM has it: this process's own is a handle from outside. */
static bool set_folder(const wchar_t *folder, struct plume_error *error)
{
    wchar_t here[1024], windows[MAX_PATH];
    if (folder)
        return SetCurrentDirectoryW(folder) ||
               error_win32(error, L"cannot run the program in the folder", folder, NULL);
    DWORD len = GetCurrentDirectoryW(ARRAYSIZE(here), here);
    if (len && len < ARRAYSIZE(here) && SetCurrentDirectoryW(here))
        return true;
    len = GetWindowsDirectoryW(windows, ARRAYSIZE(windows));
    if (len >= 3 && len < ARRAYSIZE(windows)) {
        windows[3] = 0;
        SetCurrentDirectoryW(windows);
    }
    return true;
}

/* Which exit status says that CreateProcess failed with this. */
static int status_of(DWORD code)
{
    switch (code) {
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
        return EXIT_NO_PROGRAM;
    case ERROR_BAD_EXE_FORMAT:
    case ERROR_EXE_MACHINE_TYPE_MISMATCH:
    case ERROR_ACCESS_DENIED:
    case 740: // ERROR_ELEVATION_REQUIRED, which the headers know from NT 6.0 on
    case ERROR_NOT_SUPPORTED:
    case ERROR_SHARING_VIOLATION:
        return EXIT_CANNOT_RUN;
    default:
        return EXIT_PLUME;
    }
}

enum { EXTENDED_STARTUPINFO = 0x00080000 }; // EXTENDED_STARTUPINFO_PRESENT, since NT 6.0

static void pass_handle(DWORD which, HANDLE *out)
{
    *out = GetStdHandle(which);
    if (*out && *out != INVALID_HANDLE_VALUE)
        SetHandleInformation(*out, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
}

/* Of all that this process could hand on, only these: what else it was given by whoever started it
 * would lead the program out of the VM. Windows before NT 6.0 cannot choose. */
struct passed {
    HANDLE handles[3];
    unsigned count;
    void *list; // LPPROC_THREAD_ATTRIBUTE_LIST; NULL where there is none
};

static void pass_only(struct passed *passed, HANDLE handle)
{
    // The console's handles of NT 6.1 are numbers that no kernel knows; they go with the console.
    if (!handle || handle == INVALID_HANDLE_VALUE || (ULONG_PTR)handle & 3)
        return;
    for (unsigned i = 0; i < passed->count; i++)
        if (passed->handles[i] == handle)
            return;
    passed->handles[passed->count++] = handle;
}

static void make_list(struct passed *passed)
{
    enum { HANDLE_LIST = 0x00020002 }; // PROC_THREAD_ATTRIBUTE_HANDLE_LIST
    typedef BOOL(WINAPI * initialize_function)(void *, DWORD, DWORD, SIZE_T *);
    typedef BOOL(WINAPI * update_function)(void *, DWORD, DWORD_PTR, void *, SIZE_T, void *,
                                           SIZE_T *);
    HMODULE kernel = GetModuleHandleW(L"kernel32.dll");
    initialize_function initialize =
        (initialize_function)(void *)GetProcAddress(kernel, "InitializeProcThreadAttributeList");
    update_function update =
        (update_function)(void *)GetProcAddress(kernel, "UpdateProcThreadAttribute");
    SIZE_T size = 0;
    if (!initialize || !update || !passed->count)
        return;
    initialize(NULL, 1, 0, &size);
    passed->list = malloc(size);
    if (passed->list && initialize(passed->list, 1, 0, &size) &&
        update(passed->list, 0, HANDLE_LIST, passed->handles,
               passed->count * sizeof *passed->handles, NULL, NULL))
        return;
    free(passed->list);
    passed->list = NULL;
}

/* Puts a process that has not run yet into the VM; ends it and returns a Win32 error where that
 * fails. `outside`: this process has not entered, so that the layer has to be given. */
static DWORD bring_in(const struct layer_config *outside, HANDLE job, HANDLE process)
{
    const char *what;
    if (!outside)
        return job_limits_add(job, process);
    DWORD error = ERROR_SUCCESS;
    if (plume_layer_give(outside, process, LAYER_CHILD_ORPHAN, &what) < 0)
        error = ERROR_NOT_SUPPORTED;
    else if (!AssignProcessToJobObject(job, process))
        error = GetLastError();
    if (error != ERROR_SUCCESS)
        TerminateProcess(process, error);
    return error;
}

/* A process of the program, suspended and in the VM's job, or NULL. `outside` as bring_in(). */
static bool start_in_job(const wchar_t *path, const struct launch *launch, HANDLE job,
                         const struct layer_config *outside, PROCESS_INFORMATION *made, int *status)
{
    struct plume_error error;
    struct {
        STARTUPINFOW info;
        void *list;
    } startup = {.info = {.dwFlags = STARTF_USESTDHANDLES}};
    struct passed passed = {.count = 0};
    wchar_t *line = _wcsdup(launch->line); // CreateProcessW may write to it
    pass_handle(STD_INPUT_HANDLE, &startup.info.hStdInput);
    pass_handle(STD_OUTPUT_HANDLE, &startup.info.hStdOutput);
    pass_handle(STD_ERROR_HANDLE, &startup.info.hStdError);
    pass_only(&passed, startup.info.hStdInput);
    pass_only(&passed, startup.info.hStdOutput);
    pass_only(&passed, startup.info.hStdError);
    make_list(&passed);
    startup.list = passed.list;
    startup.info.cb = passed.list ? sizeof startup : sizeof startup.info;
    DWORD flags = CREATE_SUSPENDED | (passed.list ? EXTENDED_STARTUPINFO : 0),
          code = ERROR_NOT_ENOUGH_MEMORY;
    // Before NT 6.2 a process is in one job only: if this one is in one, its child must leave that.
    for (int round = 0; line && round < 2; round++, flags |= CREATE_BREAKAWAY_FROM_JOB) {
        if (!CreateProcessW(path, line, NULL, NULL, TRUE, flags, NULL, NULL, &startup.info, made)) {
            code = GetLastError();
            break;
        }
        code = bring_in(outside, job, made->hProcess);
        if (code == ERROR_SUCCESS) {
            free(line);
            free(passed.list);
            return true;
        }
        CloseHandle(made->hThread);
        CloseHandle(made->hProcess);
        if (code != ERROR_ACCESS_DENIED)
            break;
    }
    *status = line ? status_of(code) : EXIT_PLUME;
    free(line);
    free(passed.list);
    // What the layer answers for a program that it cannot be brought into.
    const wchar_t *advice =
        code == ERROR_NOT_SUPPORTED
            ? L"this host, or this installation of Plume, has no part for programs of its bitness"
        : code == ERROR_NOT_ENOUGH_QUOTA ? L"the VM has as many processes as --pids lets it"
                                         : NULL;
    error_win32_code(&error, code, L"cannot run", launch->program, advice);
    fail(&error);
    return false;
}

/* Runs the program and waits for it: its exit status, or why it was not run. The job's handle is
 * closed. */
static int run_in_job(const wchar_t *path, const struct launch *launch, HANDLE job,
                      const struct layer_config *outside)
{
    struct plume_error error;
    PROCESS_INFORMATION made;
    DWORD code = EXIT_PLUME;
    int status = EXIT_PLUME;
    bool started = start_in_job(path, launch, job, outside, &made, &status);
    // Held any longer, this handle would keep the VM's processes alive when its monitor dies.
    CloseHandle(job);
    if (!started)
        return status;
    if (ResumeThread(made.hThread) == (DWORD)-1) {
        error_win32(&error, L"cannot run", launch->program, NULL);
        TerminateProcess(made.hProcess, EXIT_PLUME);
        return fail(&error);
    }
    CloseHandle(made.hThread);
    if (WaitForSingleObject(made.hProcess, INFINITE) != WAIT_OBJECT_0 ||
        !GetExitCodeProcess(made.hProcess, &code)) {
        error_win32(&error, L"cannot wait for", launch->program, NULL);
        return fail(&error);
    }
    CloseHandle(made.hProcess);
    return (int)code;
}

int launch(const struct vm *vm, const struct launch *launch)
{
    struct plume_error error;
    wchar_t path[2048];
    HANDLE job = open_job(vm, &error);
    if (!job || !enter(vm, launch->interactive, &error) ||
        !set_variables(&launch->variables, &error) || !set_folder(launch->folder, &error))
        return fail(&error);
    if (!find_program(launch->program, path, ARRAYSIZE(path))) {
        error_plain(&error, L"there is no program", launch->program, L"", NULL);
        fail(&error);
        return EXIT_NO_PROGRAM;
    }
    ctrl_c_hold();
    return run_in_job(path, launch, job, NULL);
}

/* ---- running it in a VM that is new ---- */

/* Whether the file is a program of this one's bitness. */
static bool is_own_bitness(const wchar_t *path)
{
    union {
        unsigned char bytes[4096];
        IMAGE_DOS_HEADER dos;
    } head;
    DWORD got = 0;
    HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL,
                              OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return false;
    bool ok = ReadFile(file, head.bytes, sizeof(head), &got, NULL);
    CloseHandle(file);
    const DWORD size = offsetof(IMAGE_NT_HEADERS, OptionalHeader);
    if (!ok || got < sizeof(head.dos) || head.dos.e_magic != IMAGE_DOS_SIGNATURE ||
        head.dos.e_lfanew < 0 || (DWORD)head.dos.e_lfanew > got ||
        got - (DWORD)head.dos.e_lfanew < size)
        return false;
    IMAGE_NT_HEADERS headers;
    memcpy(&headers, head.bytes + head.dos.e_lfanew, size);
#ifdef _WIN64
    const WORD own = IMAGE_FILE_MACHINE_AMD64;
#else
    const WORD own = IMAGE_FILE_MACHINE_I386;
#endif
    return headers.Signature == IMAGE_NT_SIGNATURE && headers.FileHeader.Machine == own;
}

bool launch_in_new(const struct vm *vm, const struct launch *launch, int *status)
{
    struct plume_error error;
    wchar_t path[2048];
    const struct limits *limits = &vm->config.limits;
    size_t store = wcslen(vm->store.shown);
    // What has to be looked up, counted or set up in the VM is done there.
    if (launch->folder || launch->interactive || launch->variables.count ||
        launch->env_files.count || limits->pids ||
        !find_program(launch->program, path, ARRAYSIZE(path)) ||
        _wcsnicmp(path, vm->store.shown, store) == 0 || !is_own_bitness(path))
        return false;
    struct layer_config *config = calloc(1, sizeof(*config));
    HANDLE job = config && vm_layer_config(vm, config, &error) ? open_job(vm, &error) : NULL;
    if (job) {
        SetEnvironmentVariableW(L"PLUME_HOME", NULL); // no VM can name the store
        SetEnvironmentVariableW(L"COMPUTERNAME", config->machine[1]);
        *status = run_in_job(path, launch, job, config);
    }
    free(config);
    return job != NULL;
}
