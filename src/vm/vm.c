#include <windows.h>
#include <winternl.h>
#include <stdarg.h>
#include <stdio.h>
#include "vm/true_path.h"
#include "vm/vm.h"

WCHAR NTAPI RtlUpcaseUnicodeChar(WCHAR unit); // declared by no header

/* core compares names the way the system does. */
uint16_t str16_upcase(uint16_t unit)
{
    return RtlUpcaseUnicodeChar(unit);
}

uint64_t vm_now(void)
{
    FILETIME now;
    GetSystemTimeAsFileTime(&now);
    uint64_t ticks = (uint64_t)now.dwHighDateTime << 32 | now.dwLowDateTime;
    return ticks / 10000000 - UINT64_C(11644473600); // 100 ns since 1601 -> s since 1970
}

/* Puts the texts up to a NULL one after the other; false when they do not fit, and `out` is then
 * empty. */
static bool join(wchar_t *out, size_t cap, ...)
{
    va_list texts;
    size_t len = 0;
    bool fits = true;
    va_start(texts, cap);
    for (const wchar_t *text; fits && (text = va_arg(texts, const wchar_t *));) {
        size_t more = wcslen(text);
        fits = more < cap - len;
        if (fits) {
            memcpy(out + len, text, more * sizeof(wchar_t));
            len += more;
        }
    }
    va_end(texts);
    out[fits ? len : 0] = 0;
    return fits;
}

bool vm_path(wchar_t *out, size_t cap, const wchar_t *folder, const wchar_t *leaf,
             struct plume_error *error)
{
    if (join(out, cap, folder, L"\\", leaf, NULL))
        return true;
    return error_plain(error, L"cannot use the path", folder, L"it is too long",
                       L"choose a shorter PLUME_HOME");
}

static bool too_long(struct plume_error *error, const wchar_t *path)
{
    return error_plain(error, L"cannot use the path", path, L"it is too long",
                       L"choose a shorter PLUME_HOME");
}

/* The three forms of one absolute path. `shown` may be `path`'s source. */
static bool path_forms(const wchar_t *full, wchar_t *shown, wchar_t *nt, wchar_t *path,
                       struct plume_error *error)
{
    UNICODE_STRING name;
    if (!RtlDosPathNameToNtPathName_U(full, &name, NULL, NULL))
        return error_plain(error, L"cannot use the path", full, L"it is not the path of a folder",
                           NULL);
    size_t len = name.Length / sizeof(wchar_t);
    bool fits = len < VM_PATH_MAX && wcslen(full) < VM_PATH_MAX;
    if (fits) {
        memcpy(nt, name.Buffer, len * sizeof(wchar_t));
        while (len && nt[len - 1] == L'\\')
            len--;
        nt[len] = 0;
    }
    RtlFreeUnicodeString(&name);
    if (!fits)
        return too_long(error, full);
    if (wcsncmp(nt, L"\\??\\", 4) != 0)
        return error_plain(error, L"cannot use the path", full, L"it is not the path of a folder",
                           NULL);
    join(path, VM_PATH_MAX, L"\\\\?\\", nt + 4, NULL);
    join(shown, VM_PATH_MAX, full, NULL);
    for (len = wcslen(shown); len > 3 && shown[len - 1] == L'\\';)
        shown[--len] = 0;
    return true;
}

/* An environment variable that is set and not empty. */
static bool get_variable(const wchar_t *name, wchar_t *out, DWORD cap, bool *fits)
{
    DWORD len = GetEnvironmentVariableW(name, out, cap);
    *fits = len < cap;
    return len > 0;
}

bool vm_store_locate(struct vm_store *store, struct plume_error *error)
{
    wchar_t chosen[VM_PATH_MAX], full[VM_PATH_MAX];
    bool fits;
    if (get_variable(L"PLUME_HOME", chosen, ARRAYSIZE(chosen), &fits)) {
        if (!fits)
            return too_long(error, L"PLUME_HOME");
    } else {
        wchar_t local[VM_PATH_MAX];
        if (!get_variable(L"LOCALAPPDATA", local, ARRAYSIZE(local), &fits))
            return error_plain(error, L"cannot find the store", NULL,
                               L"neither PLUME_HOME nor LOCALAPPDATA is set",
                               L"set PLUME_HOME to a folder");
        if (!fits || !join(chosen, ARRAYSIZE(chosen), local, L"\\plume", NULL))
            return too_long(error, L"LOCALAPPDATA");
    }
    DWORD len = GetFullPathNameW(chosen, ARRAYSIZE(full), full, NULL);
    if (len == 0)
        return error_win32(error, L"cannot use the path", chosen, NULL);
    // One store has one name, however it is reached: the VMs' identities come from it, and by it
    // the layer knows what no VM may see. A VM's folder adds \vms\NAME, and what is in it needs
    // room too.
    if (len >= VM_PATH_MAX || !vm_true_path(full, ARRAYSIZE(full)) ||
        wcslen(full) >= VM_PATH_MAX - 2 * VM_NAME_MAX)
        return too_long(error, chosen);
    if (!path_forms(full, store->shown, store->nt, store->path, error))
        return false;
    if (wcslen(store->nt) <= wcslen(L"\\??\\C:"))
        return error_plain(error, L"cannot use the path", full,
                           L"the store cannot be the root of a drive",
                           L"set PLUME_HOME to a folder");
    return true;
}

NTSTATUS NTAPI RtlFormatCurrentUserKeyPath(UNICODE_STRING *path); // WDK; in no header

/* The user's SID as text, S-1-5-... It is the end of the name of the user's key, which ntdll alone
 * can tell. */
static bool user_sid(wchar_t *out, size_t cap, struct plume_error *error)
{
    UNICODE_STRING path;
    NTSTATUS status = RtlFormatCurrentUserKeyPath(&path);
    if (status < 0)
        return error_ntstatus(error, (uint32_t)status, L"cannot read the user's SID", NULL, NULL);
    size_t end = path.Length / sizeof(wchar_t), start = end;
    while (start && path.Buffer[start - 1] != L'\\')
        start--;
    bool ok = end - start < cap;
    if (ok) {
        memcpy(out, path.Buffer + start, (end - start) * sizeof(wchar_t));
        out[end - start] = 0;
    } else {
        error_plain(error, L"cannot read the user's SID", NULL, L"it is too long", NULL);
    }
    RtlFreeUnicodeString(&path);
    return ok;
}

bool vm_names(struct vm *vm, const struct vm_store *store, const wchar_t *name,
              struct plume_error *error)
{
    enum vmname_fault fault = vmname_check(str16_of(name));
    if (fault != VMNAME_OK) {
        wchar_t message[128];
        _snwprintf(message, ARRAYSIZE(message), L"%hs", vmname_fault_text(fault));
        message[ARRAYSIZE(message) - 1] = 0;
        return error_plain(error, L"no VM can have the name", name, message, NULL);
    }
    *vm = (struct vm){.store = *store};
    join(vm->name, ARRAYSIZE(vm->name), name, NULL);
    if (!join(vm->shown, VM_PATH_MAX, store->shown, L"\\vms\\", name, NULL) ||
        !join(vm->nt, VM_PATH_MAX, store->nt, L"\\vms\\", name, NULL) ||
        !join(vm->path, VM_PATH_MAX, store->path, L"\\vms\\", name, NULL))
        return too_long(error, store->shown);

    struct str16_buf id = {.s = vm->id, .cap = VM_ID_MAX};
    vm_id(&id, str16_of(name), str16_of(vm->nt));

    wchar_t sid[192], session[48] = L"";
    DWORD number;
    if (!ProcessIdToSessionId(GetCurrentProcessId(), &number))
        return error_win32(error, L"cannot find out the session", NULL, NULL);
    if (number) // session 0 has its named objects in the root
        _snwprintf(session, ARRAYSIZE(session), L"\\Sessions\\%u", (unsigned)number);
    if (!user_sid(sid, ARRAYSIZE(sid), error))
        return false;
    bool fits =
        join(vm->objects, VM_PATH_MAX, session, L"\\BaseNamedObjects\\plume-", vm->id, NULL) &&
        join(vm->job_name, VM_PATH_MAX, L"Local\\plume-", vm->id, L".job", NULL) &&
        join(vm->paused_name, VM_PATH_MAX, L"Local\\plume-", vm->id, L".paused", NULL) &&
        join(vm->pipes, VM_PATH_MAX, L"\\Device\\NamedPipe\\plume-", vm->id, NULL) &&
        join(vm->control_pipe, VM_PATH_MAX, L"\\\\.\\pipe\\plume-", vm->id, L"\\control", NULL) &&
        join(vm->scm_pipe, VM_PATH_MAX, L"\\\\.\\pipe\\plume-", vm->id, L"\\scm", NULL) &&
        join(vm->user_keys, VM_PATH_MAX, L"Software\\Plume\\vms\\", vm->id, NULL) &&
        join(vm->keys, VM_PATH_MAX, L"\\REGISTRY\\USER\\", sid, L"\\", vm->user_keys, NULL);
    return fits || too_long(error, vm->shown);
}

/* vm.json of the folder at `path`, into vm->config. `shown` is for messages. */
static bool load_config(struct vm_config *config, const wchar_t *path, const wchar_t *name,
                        struct plume_error *error)
{
    static const wchar_t advice[] =
        L"what the VM holds is still in its folder; 'plume rm' removes it";
    wchar_t file_path[VM_PATH_MAX + 64];
    char text[VM_CONFIG_TEXT_MAX + 1];
    DWORD len;
    if (!vm_path(file_path, ARRAYSIZE(file_path), path, L"vm.json", error))
        return false;
    HANDLE file =
        CreateFileW(file_path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                    NULL, OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE) {
        if (GetLastError() == ERROR_FILE_NOT_FOUND)
            return error_plain(error, L"the VM is damaged:", name, L"its folder has no vm.json",
                               advice);
        return error_win32(error, L"cannot read vm.json of the VM", name, NULL);
    }
    bool ok = ReadFile(file, text, sizeof(text), &len, NULL);
    if (!ok)
        error_win32(error, L"cannot read vm.json of the VM", name, NULL);
    CloseHandle(file);
    if (!ok)
        return false;
    enum vm_config_fault fault = vm_config_parse(config, text, len);
    if (fault != VM_CONFIG_OK) {
        wchar_t message[128];
        _snwprintf(message, ARRAYSIZE(message), L"%hs", vm_config_fault_text(fault));
        message[ARRAYSIZE(message) - 1] = 0;
        return error_plain(error, L"cannot use the VM", name, message,
                           fault == VM_CONFIG_NEWER ? NULL : advice);
    }
    return true;
}

bool vm_open(struct vm *vm, const struct vm_store *store, const wchar_t *name,
             struct plume_error *error)
{
    if (!vm_names(vm, store, name, error))
        return false;
    DWORD attributes = GetFileAttributesW(vm->path);
    if (attributes == INVALID_FILE_ATTRIBUTES && GetLastError() != ERROR_FILE_NOT_FOUND &&
        GetLastError() != ERROR_PATH_NOT_FOUND)
        return error_win32(error, L"cannot open the VM", name, NULL);
    if (attributes == INVALID_FILE_ATTRIBUTES || !(attributes & FILE_ATTRIBUTE_DIRECTORY)) {
        error_plain(error, L"there is no VM", name, L"", L"'plume ps -a' lists all");
        error->code = ERROR_FILE_NOT_FOUND;
        return false;
    }
    struct vm_config config;
    if (!load_config(&config, vm->path, name, error))
        return false;
    // Folder names have no case: the VM's own spelling of its name is the one that counts.
    if (!str16_equal_nocase(str16_of(config.name), str16_of(name)))
        return error_plain(error, L"cannot use the VM", name,
                           L"vm.json is damaged: it is another VM's", NULL);
    if (!vm_names(vm, store, config.name, error))
        return false;
    vm->config = config;
    return true;
}

bool vm_open_folder(struct vm *vm, const wchar_t *folder, struct plume_error *error)
{
    struct vm_store store;
    wchar_t full[VM_PATH_MAX];
    DWORD len = GetFullPathNameW(folder, ARRAYSIZE(full), full, NULL);
    if (len == 0)
        return error_win32(error, L"cannot use the path", folder, NULL);
    if (len >= ARRAYSIZE(full))
        return too_long(error, folder);
    wchar_t *name = wcsrchr(full, L'\\');
    if (name)
        *name++ = 0;
    wchar_t *vms = wcsrchr(full, L'\\');
    if (!name || !vms || _wcsicmp(vms, L"\\vms") != 0)
        return error_plain(error, L"cannot use the path", folder, L"it is not the folder of a VM",
                           NULL);
    *vms = 0;
    return path_forms(full, store.shown, store.nt, store.path, error) &&
           vm_open(vm, &store, name, error);
}

bool vm_save(const struct vm *vm, const wchar_t *folder, struct plume_error *error)
{
    wchar_t made[VM_PATH_MAX + 64], final[VM_PATH_MAX + 64];
    char text[VM_CONFIG_TEXT_MAX];
    DWORD written = 0, len = (DWORD)vm_config_write(&vm->config, text, sizeof(text));
    if (len == 0)
        return error_plain(error, L"cannot write vm.json of the VM", vm->name, L"it is too long",
                           NULL);
    if (!vm_path(made, ARRAYSIZE(made), folder, L"vm.json.new", error) ||
        !vm_path(final, ARRAYSIZE(final), folder, L"vm.json", error))
        return false;
    HANDLE file = CreateFileW(made, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return error_win32(error, L"cannot write vm.json of the VM", vm->name, NULL);
    bool ok = WriteFile(file, text, len, &written, NULL) && FlushFileBuffers(file);
    if (ok && written != len) {
        SetLastError(ERROR_DISK_FULL);
        ok = false;
    }
    if (!ok)
        error_win32(error, L"cannot write vm.json of the VM", vm->name, NULL);
    CloseHandle(file);
    if (ok && !MoveFileExW(made, final, MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH))
        ok = error_win32(error, L"cannot write vm.json of the VM", vm->name, NULL);
    if (!ok)
        DeleteFileW(made);
    return ok;
}

bool vm_is_paused(const struct vm *vm)
{
    HANDLE event = OpenEventW(SYNCHRONIZE, FALSE, vm->paused_name);
    bool paused = event && WaitForSingleObject(event, 0) == WAIT_OBJECT_0;
    if (event)
        CloseHandle(event);
    return paused;
}

bool vm_is_running(const struct vm *vm)
{
    // The shortest wait there is (0 means the pipe's own default); a busy pipe is one that exists.
    return WaitNamedPipeW(vm->control_pipe, 1) || GetLastError() == ERROR_SEM_TIMEOUT;
}
