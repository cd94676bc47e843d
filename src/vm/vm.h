// A virtual machine as its store and its host names describe it: what the command line and the
// monitor both need before either has entered the VM. Nothing here works after plume_layer_enter(),
// because no VM can name the store.
#ifndef PLUME_VM_H
#define PLUME_VM_H

#include <windows.h>
#include <stdbool.h>
#include "core/vmconfig.h"
#include "vm/error.h"

struct layer_config;

enum {
    VM_PATH_MAX = 512, // units, terminator included; a little under LAYER_PATH_MAX
    VM_ID_MAX = 80,    // units, terminator included: a name (63), '-', 8 digits
    VM_NAME_MAX = 64,  // units, terminator included
};

/* Where all VMs are kept. Every path is absolute, terminated and without a trailing backslash. */
struct vm_store {
    wchar_t shown[VM_PATH_MAX]; // as a person writes it: C:\Users\x\AppData\Local\plume
    wchar_t nt[VM_PATH_MAX];    // \??\C:\...: what the layer is told
    wchar_t path[VM_PATH_MAX];  // \\?\C:\...: what Win32 calls are given; has no length limit of
                                // MAX_PATH
};

/* One VM. All names are settled when it is opened and stay as they are while it exists. */
struct vm {
    struct vm_store store;
    struct vm_config config;    // vm.json as it was read
    wchar_t name[VM_NAME_MAX];  // = config.name
    wchar_t id[VM_ID_MAX];      // NAME-xxxxxxxx, unique on the machine: core/vmname.h
    wchar_t shown[VM_PATH_MAX]; // the folder, in the same three forms as the store's
    wchar_t nt[VM_PATH_MAX];
    wchar_t path[VM_PATH_MAX];
    wchar_t objects[VM_PATH_MAX];      // NT path of its object directory:
                                       // [\Sessions\N]\BaseNamedObjects\plume-ID
    wchar_t job_name[VM_PATH_MAX];     // Win32 name of its job: Local\plume-ID.job
    wchar_t paused_name[VM_PATH_MAX];  // Win32 name of an event that is set while it is paused:
                                       // Local\plume-ID.paused
    wchar_t pipes[VM_PATH_MAX];        // NT prefix of its pipes: \Device\NamedPipe\plume-ID
    wchar_t control_pipe[VM_PATH_MAX]; // Win32 name: \\.\pipe\plume-ID\control
    wchar_t scm_pipe[VM_PATH_MAX];     // Win32 name: \\.\pipe\plume-ID\scm
    wchar_t keys[VM_PATH_MAX]; // NT path of its registry: \REGISTRY\USER\SID\Software\Plume\vms\ID
    wchar_t user_keys[VM_PATH_MAX]; // the same below HKEY_CURRENT_USER: Software\Plume\vms\ID
};

/* Finds the store: %PLUME_HOME%, else %LOCALAPPDATA%\plume. Creates nothing; it need not exist. */
bool vm_store_locate(struct vm_store *store, struct plume_error *error);

/* The VM called `name` in the store: settles its names and reads its vm.json. Fails with
 * ERROR_FILE_NOT_FOUND as a Win32 error where there is no such VM, and plainly where vm.json is
 * damaged. */
bool vm_open(struct vm *vm, const struct vm_store *store, const wchar_t *name,
             struct plume_error *error);

/* The same from a VM's folder (any Win32 path): the store is the folder's parent's parent. */
bool vm_open_folder(struct vm *vm, const wchar_t *folder, struct plume_error *error);

/* Settles the names of a VM without reading anything, for VMs that are being made or are damaged.
 */
bool vm_names(struct vm *vm, const struct vm_store *store, const wchar_t *name,
              struct plume_error *error);

/* Writes vm.json from vm->config so that a reader, or a power failure, finds the old or the new
 * one, never a part. `folder` is where (vm->path, or the temporary folder of a VM in the making).
 */
bool vm_save(const struct vm *vm, const wchar_t *folder, struct plume_error *error);

/* folder + '\' + leaf in `out` (VM_PATH_MAX + 64 units); leaf such as L"log\\monitor.log". */
bool vm_path(wchar_t *out, size_t cap, const wchar_t *folder, const wchar_t *leaf,
             struct plume_error *error);

/* All that plume_layer_enter() needs. The images are looked for beside the calling program:
 * plume-layer.dll for its own architecture; for the other plume-layer64.dll or plume-layer32.dll
 * beside it, or plume-layer.dll in the sibling folder of the other architecture (a build tree). An
 * image that is not there is left empty: the layer then refuses to start programs of that
 * architecture. */
bool vm_layer_config(const struct vm *vm, struct layer_config *config, struct plume_error *error);

/* Whether the VM has a monitor now: its control pipe exists. */
bool vm_is_running(const struct vm *vm);

/* Whether the VM runs and is paused. */
bool vm_is_paused(const struct vm *vm);

/* Seconds since 1970-01-01 UTC, now. */
uint64_t vm_now(void);

#endif
