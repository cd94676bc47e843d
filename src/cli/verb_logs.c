#include "cli.h"
#include "output.h"
#include "vm/vm.h"

static int run(struct command *command)
{
    struct plume_error error;
    struct vm_store store;
    struct vm vm;
    wchar_t path[VM_PATH_MAX + 64];
    if (!options_parse(command, NULL, 0, OPTIONS_ANYWHERE, 1, 1))
        return EXIT_PLUME;
    if (!vm_store_locate(&store, &error) || !vm_open(&vm, &store, command->args[0], &error) ||
        !vm_path(path, ARRAYSIZE(path), vm.path, L"log\\monitor.log", &error))
        return fail(&error);
    HANDLE file =
        CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                    NULL, OPEN_EXISTING, FILE_FLAG_SEQUENTIAL_SCAN, NULL);
    if (file == INVALID_HANDLE_VALUE) {
        if (GetLastError() == ERROR_FILE_NOT_FOUND) // it has never been started
            return out_end();
        error_win32(&error, L"cannot read the log of the VM", vm.name, NULL);
        return fail(&error);
    }
    char bytes[16384];
    DWORD len = 0;
    BOOL ok;
    while ((ok = ReadFile(file, bytes, sizeof(bytes), &len, NULL)) && len)
        out_bytes(bytes, len);
    if (!ok)
        error_win32(&error, L"cannot read the log of the VM", vm.name, NULL);
    CloseHandle(file);
    int written = out_end();
    return ok ? written : fail(&error);
}

const struct verb verb_logs = {
    .name = L"logs",
    .usage = L"NAME",
    .summary = L"Show what the monitor of a VM has logged",
    .details = L"All of it, since the VM was created: starts and stops of the VM and its services, "
               L"and what failed.\n",
    .run = run,
};
