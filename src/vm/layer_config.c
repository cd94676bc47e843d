#include <windows.h>
#include "vm/vm.h"
#include "core/hostname.h"
#include "core/ipalloc.h"
#include "plume_layer.h"

_Static_assert((int)VM_PATH_MAX <= (int)LAYER_PATH_MAX && (int)VM_ID_MAX <= (int)LAYER_ID_MAX,
               "what vm_names() made fits into the layer's configuration");

static bool is_file(const wchar_t *path)
{
    DWORD attributes = GetFileAttributesW(path);
    return attributes != INVALID_FILE_ATTRIBUTES && !(attributes & FILE_ATTRIBUTE_DIRECTORY);
}

/* The first of the files that is there, as an NT path; empty when none is. `folder` is a Win32
 * path. */
static void find_image(uint16_t *out, const wchar_t *folder, const wchar_t *const leaves[],
                       size_t count)
{
    static const wchar_t nt_prefix[] = L"\\??\\";
    out[0] = 0;
    for (size_t i = 0; i < count; i++) {
        wchar_t joined[LAYER_PATH_MAX], full[LAYER_PATH_MAX - 4];
        if (wcslen(folder) + wcslen(leaves[i]) + 2 > ARRAYSIZE(joined))
            continue;
        wcscpy(joined, folder);
        wcscat(joined, L"\\");
        wcscat(joined, leaves[i]);
        DWORD len = GetFullPathNameW(joined, ARRAYSIZE(full), full, NULL);
        if (len == 0 || len >= ARRAYSIZE(full) || !is_file(full))
            continue;
        // A program is started from a drive (C:\...), from a share (\\server\...) or from a
        // \\?\ path.
        wcscpy(out, nt_prefix);
        if (wcsncmp(full, L"\\\\?\\", 4) == 0) {
            wcscat(out, full + 4);
        } else if (wcsncmp(full, L"\\\\", 2) == 0) {
            if (len + 4 >= ARRAYSIZE(full))
                out[0] = 0;
            else
                wcscat(wcscat(out, L"UNC\\"), full + 2);
        } else {
            wcscat(out, full);
        }
        if (out[0])
            return;
    }
}

bool vm_layer_config(const struct vm *vm, struct layer_config *config, struct plume_error *error)
{
    static const wchar_t *const images64[] = {
#ifdef _WIN64
        L"plume-layer.dll",
#endif
        L"plume-layer64.dll", L"..\\x86_64\\plume-layer.dll"};
    static const wchar_t *const images32[] = {
#ifndef _WIN64
        L"plume-layer.dll",
#endif
        L"plume-layer32.dll", L"..\\i686\\plume-layer.dll"};
    wchar_t folder[LAYER_PATH_MAX];

    *config = (struct layer_config){
        .version = LAYER_CONFIG_VERSION,
        .ipv4 = __builtin_bswap32(vm_config_address(&vm->config)), // both architectures: little
        .twin = __builtin_bswap32(ipalloc_twin(vm->config.ipv4)),  // endian
        .no_network = vm->config.no_network};
    wchar_t emulated[8];
    DWORD emulated_len =
        GetEnvironmentVariableW(L"PLUME_EMULATE_NT", emulated, ARRAYSIZE(emulated));
    if (emulated_len && (emulated_len >= ARRAYSIZE(emulated) || wcscmp(emulated, L"5.2") != 0))
        return error_plain(error, L"cannot emulate the Windows that PLUME_EMULATE_NT names", NULL,
                           L"it may be 5.2 only", NULL);
    config->emulate_nt = emulated_len ? 0x0502 : 0;
    wcscpy(config->id, vm->id);
    wcscpy(config->folder, vm->nt);
    wcscpy(config->store, vm->store.nt);
    wcscpy(config->objects, vm->objects);
    wcscpy(config->pipes, vm->pipes);
    wcscpy(config->keys, vm->keys);

    DWORD size = LAYER_MACHINE_MAX;
    _Static_assert((int)HOSTNAME_MAX < (int)LAYER_MACHINE_MAX, "a name of the machine's fits");
    vm_config_hostname(&vm->config, config->machine[0]);
    hostname_to_netbios(str16_of(config->machine[0]), config->machine[1]);
    // Who means the host by its name over the network is not to come by its pipes either.
    if (!GetComputerNameW(config->machine[2], &size))
        config->machine[2][0] = 0;

    DWORD len = GetModuleFileNameW(NULL, folder, ARRAYSIZE(folder));
    if (len == 0)
        return error_win32(error, L"cannot find the program's own folder", NULL, NULL);
    wchar_t *leaf = len < ARRAYSIZE(folder) ? wcsrchr(folder, L'\\') : NULL;
    if (!leaf)
        return error_plain(error, L"cannot find the program's own folder", NULL,
                           L"its path is too long", NULL);
    *leaf = 0;
    find_image(config->images[0], folder, images64, ARRAYSIZE(images64));
    find_image(config->images[1], folder, images32, ARRAYSIZE(images32));

    for (int drive = 0; drive < 26; drive++) {
        wchar_t name[] = {(wchar_t)(L'A' + drive), L':', 0}, target[1024];
        // The first of possibly several texts is the mapping that is in force.
        if (QueryDosDeviceW(name, target, ARRAYSIZE(target)) && wcslen(target) < LAYER_DEVICE_MAX)
            wcscpy(config->drives[drive], target);
    }
    return true;
}
