#include <stdio.h>
#include <stdlib.h>
#include "core/ipalloc.h"
#include "remove.h"
#include "store.h"

static const wchar_t advice_home[] = L"set PLUME_HOME to a folder that you can write to";

/* Makes a folder and those above it, where they are not there. `path` is a \\?\ path. */
static bool make_folders(const wchar_t *path, const wchar_t *shown, struct plume_error *error)
{
    wchar_t part[VM_PATH_MAX + 64];
    DWORD attributes = GetFileAttributesW(path);
    if (attributes != INVALID_FILE_ATTRIBUTES && attributes & FILE_ATTRIBUTE_DIRECTORY)
        return true;
    size_t len = wcslen(path);
    wcscpy(part, path);
    for (size_t i = 4; i <= len; i++) { // behind the prefix
        if (path[i] != L'\\' && path[i])
            continue;
        part[i] = 0;
        // Above the folder that is missing there may be some that this user can only pass through.
        if (!CreateDirectoryW(part, NULL) && i == len) {
            DWORD code = GetLastError();
            attributes = GetFileAttributesW(path);
            if (attributes == INVALID_FILE_ATTRIBUTES)
                return error_win32_code(error, code, L"cannot make the folder", shown, advice_home);
            if (!(attributes & FILE_ATTRIBUTE_DIRECTORY))
                return error_plain(error, L"cannot use the folder", shown, L"it is a file",
                                   advice_home);
        }
        part[i] = path[i];
    }
    return true;
}

/* Removes what killed commands have left. What cannot be removed now is left for the next time. */
static void sweep(const wchar_t *vms)
{
    wchar_t path[VM_PATH_MAX + 300];
    WIN32_FIND_DATAW entry;
    _snwprintf(path, ARRAYSIZE(path), L"%ls\\.*", vms);
    HANDLE search = FindFirstFileW(path, &entry);
    if (search == INVALID_HANDLE_VALUE)
        return;
    do {
        struct plume_error ignored;
        if (entry.cFileName[0] != L'.' || !entry.cFileName[1] ||
            wcscmp(entry.cFileName, L"..") == 0)
            continue;
        _snwprintf(path, ARRAYSIZE(path), L"%ls\\%ls", vms, entry.cFileName);
        remove_folder(path, &ignored);
    } while (FindNextFileW(search, &entry));
    FindClose(search);
}

bool store_lock(struct store_lock *lock, const struct vm_store *store, struct plume_error *error)
{
    wchar_t vms[VM_PATH_MAX + 64], shown[VM_PATH_MAX + 64], file[VM_PATH_MAX + 64];
    if (!vm_path(vms, ARRAYSIZE(vms), store->path, L"vms", error) ||
        !vm_path(shown, ARRAYSIZE(shown), store->shown, L"vms", error) ||
        !vm_path(file, ARRAYSIZE(file), store->path, L"lock", error) ||
        !make_folders(vms, shown, error))
        return false;
    lock->file = CreateFileW(file, GENERIC_READ | GENERIC_WRITE,
                             FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                             OPEN_ALWAYS, 0, NULL);
    if (lock->file == INVALID_HANDLE_VALUE)
        return error_win32(error, L"cannot write to the store", store->shown, advice_home);
    OVERLAPPED at = {0};
    if (!LockFileEx(lock->file, LOCKFILE_EXCLUSIVE_LOCK, 0, 1, 0, &at)) {
        error_win32(error, L"cannot lock the store", store->shown, NULL);
        CloseHandle(lock->file);
        return false;
    }
    sweep(vms);
    return true;
}

void store_unlock(struct store_lock *lock)
{
    CloseHandle(lock->file); // which releases the lock
}

static int compare_names(const void *a, const void *b)
{
    return _wcsicmp(a, b);
}

bool store_list(const struct vm_store *store, struct store_names *names, struct plume_error *error)
{
    wchar_t pattern[VM_PATH_MAX + 64];
    WIN32_FIND_DATAW entry;
    size_t room = 0;
    *names = (struct store_names){0};
    if (!vm_path(pattern, ARRAYSIZE(pattern), store->path, L"vms\\*", error))
        return false;
    HANDLE search = FindFirstFileW(pattern, &entry);
    if (search == INVALID_HANDLE_VALUE) {
        DWORD code = GetLastError();
        return code == ERROR_FILE_NOT_FOUND || code == ERROR_PATH_NOT_FOUND ||
               error_win32_code(error, code, L"cannot read the store", store->shown, NULL);
    }
    bool ok = true;
    do {
        if (!(entry.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) ||
            vmname_check(str16_of(entry.cFileName)) != VMNAME_OK)
            continue;
        if (names->count == room) {
            room = 2 * room + 16;
            void *more = realloc(names->names, room * sizeof(*names->names));
            if (!more) {
                ok = error_win32_code(error, ERROR_NOT_ENOUGH_MEMORY, L"cannot read the store",
                                      store->shown, NULL);
                break;
            }
            names->names = more;
        }
        wcscpy(names->names[names->count++], entry.cFileName);
    } while (FindNextFileW(search, &entry));
    FindClose(search);
    if (!ok)
        store_names_free(names);
    else if (names->count)
        qsort(names->names, names->count, sizeof(*names->names), compare_names);
    return ok;
}

void store_names_free(struct store_names *names)
{
    free(names->names);
    *names = (struct store_names){0};
}

bool store_has(const struct vm *vm)
{
    DWORD attributes = GetFileAttributesW(vm->path);
    return attributes != INVALID_FILE_ATTRIBUTES && attributes & FILE_ATTRIBUTE_DIRECTORY;
}

/* Tells the store's folder from those that have the same path elsewhere on the machine: each Wine
 * prefix has a drive C: of its own, and all share the loopback addresses. 0 if it cannot be asked.
 */
static uint64_t folder_id(const struct vm_store *store)
{
    BY_HANDLE_FILE_INFORMATION info = {0};
    HANDLE folder = CreateFileW(store->path, 0, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                                OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
    if (folder == INVALID_HANDLE_VALUE)
        return 0;
    GetFileInformationByHandle(folder, &info);
    CloseHandle(folder);
    return (((uint64_t)info.nFileIndexHigh << 32) | info.nFileIndexLow) ^
           ((uint64_t)info.dwVolumeSerialNumber << 32);
}

/* An address that no other VM of the store has, and hardly one of another store; damaged VMs do not
 * count. 0 with *error where there is none. */
static uint32_t pick_address(const struct vm_store *store, const struct vm *vm,
                             struct plume_error *error)
{
    struct store_names names;
    if (!store_list(store, &names, error))
        return 0;
    uint32_t *taken = malloc((names.count + 1) * sizeof(*taken)), ipv4 = 0;
    size_t count = 0;
    if (!taken) {
        error_win32_code(error, ERROR_NOT_ENOUGH_MEMORY, L"cannot create the VM", vm->name, NULL);
    } else {
        for (size_t i = 0; i < names.count; i++) {
            struct vm other;
            struct plume_error ignored;
            if (vm_open(&other, store, names.names[i], &ignored))
                taken[count++] = other.config.ipv4;
        }
        uint64_t seed = STR16_HASH_SEED ^ folder_id(store);
        ipv4 = ipalloc_pick(str16_hash_nocase(seed, str16_of(vm->nt)), taken, count);
        if (!ipv4)
            error_plain(error, L"cannot create the VM", vm->name, L"all addresses are taken", NULL);
    }
    free(taken);
    store_names_free(&names);
    return ipv4;
}

/* The temporary folder's contents: what a VM has from the beginning. */
static bool fill_folder(const struct vm *vm, const wchar_t *folder, struct plume_error *error)
{
    static const wchar_t *const folders[] = {L"files", L"hidden", L"log"};
    wchar_t path[VM_PATH_MAX + 64];
    if (!CreateDirectoryW(folder, NULL))
        return error_win32(error, L"cannot create the VM", vm->name, advice_home);
    for (size_t i = 0; i < ARRAYSIZE(folders); i++) {
        if (!vm_path(path, ARRAYSIZE(path), folder, folders[i], error))
            return false;
        if (!CreateDirectoryW(path, NULL))
            return error_win32(error, L"cannot create the VM", vm->name, advice_home);
    }
    return vm_save(vm, folder, error);
}

static bool temporary_folder(const struct vm_store *store, const wchar_t *what, wchar_t *path,
                             struct plume_error *error)
{
    wchar_t leaf[64];
    _snwprintf(leaf, ARRAYSIZE(leaf), L"vms\\.%ls-%u-%u", what, (unsigned)GetCurrentProcessId(),
               (unsigned)GetTickCount());
    return vm_path(path, VM_PATH_MAX + 64, store->path, leaf, error);
}

bool store_create(const struct vm_store *store, const wchar_t *name, const struct vm_config *wanted,
                  struct vm *vm, struct plume_error *error)
{
    wchar_t made[VM_PATH_MAX + 64];
    if (!vm_names(vm, store, name, error))
        return false;
    if (GetFileAttributesW(vm->path) != INVALID_FILE_ATTRIBUTES)
        return error_plain(error, L"cannot create the VM", name,
                           L"there is one of this name already", L"'plume rm' removes it");
    vm->config = *wanted;
    vm->config.version = VM_CONFIG_VERSION;
    vm->config.created = vm_now();
    memcpy(vm->config.name, vm->name, sizeof(vm->config.name));
    vm->config.ipv4 = pick_address(store, vm, error);
    // A removal that was killed half-way has left its registry, and it would come back to life
    // here.
    if (!vm->config.ipv4 || !temporary_folder(store, L"new", made, error) ||
        !remove_key(vm->keys, error))
        return false;
    bool ok = fill_folder(vm, made, error);
    if (ok && !MoveFileExW(made, vm->path, MOVEFILE_WRITE_THROUGH))
        ok = error_win32(error, L"cannot create the VM", name, NULL);
    if (!ok) {
        struct plume_error ignored;
        remove_folder(made, &ignored);
    }
    return ok;
}

bool store_delete(const struct vm *vm, struct plume_error *error)
{
    wchar_t moved[VM_PATH_MAX + 64];
    if (!temporary_folder(&vm->store, L"rm", moved, error))
        return false;
    // After this one step the VM is no more, whatever happens to the rest.
    if (!MoveFileExW(vm->path, moved, MOVEFILE_WRITE_THROUGH))
        return error_win32(error, L"cannot remove the VM", vm->name,
                           L"a program may be using its folder");
    return remove_key(vm->keys, error) && remove_folder(moved, error);
}
