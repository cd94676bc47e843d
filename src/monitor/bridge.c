#include "monitor/bridge.h"

#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>
#include "layer/nt.h"
#include "monitor/log.h"
#include "monitor/scm_server.h"
#include "vm/handle_list.h"

enum {
    REPLY_MS = 60000, // a bridge that says nothing for so long is ended
    OTHER_IMAGE = sizeof(void *) == 8 ? 1 : 0,
};

static const struct layer_config *config;
static struct {
    struct bridge *shared;
    HANDLE section, request, reply, process; // process: NULL while there is no bridge
} bridge;

/* The bridge lies beside the layer for its bitness: plume-layer32.dll, plume-bridge32.exe. */
static bool find_program(wchar_t path[LAYER_PATH_MAX])
{
    static const wchar_t layer[] = L"plume-layer", own[] = L"plume-bridge";
    const wchar_t *image = config->images[OTHER_IMAGE], *leaf = wcsrchr(image, L'\\');
    if (!leaf || _wcsnicmp(leaf + 1, layer, wcslen(layer)) != 0)
        return false;
    // \??\C:\x, \??\UNC\server\x: Win32's prefix for both is \\?\.
    int len = _snwprintf(path, LAYER_PATH_MAX, L"\\\\?\\%.*ls%ls%ls", (int)(leaf + 1 - (image + 4)),
                         image + 4, own, leaf + 1 + wcslen(layer));
    if (len <= 0 || len >= LAYER_PATH_MAX || len < 4)
        return false;
    wcscpy(path + len - 4, L".exe");
    return true;
}

/* Whether what the VM sees by that name is the host's file: what it had made itself must not be run
 * outside of it. */
static bool is_the_hosts(const wchar_t *path)
{
    BY_HANDLE_FILE_INFORMATION seen, own;
    wchar_t name[LAYER_PATH_MAX];
    const DWORD share = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
    HANDLE file = CreateFileW(path, FILE_READ_ATTRIBUTES, share, NULL, OPEN_EXISTING, 0, NULL),
           outside = NULL;
    wcscpy(name, path);
    wcsncpy(name, L"\\??\\", 4);
    UNICODE_STRING text = {(USHORT)(wcslen(name) * sizeof(*name)),
                           (USHORT)(wcslen(name) * sizeof(*name)), name};
    OBJECT_ATTRIBUTES attributes = nt_named(&text);
    IO_STATUS_BLOCK io;
    bool same =
        file != INVALID_HANDLE_VALUE &&
        !plume_layer_outside()->open_file(&outside, FILE_READ_ATTRIBUTES | SYNCHRONIZE, &attributes,
                                          &io, share, FILE_SYNCHRONOUS_IO_NONALERT) &&
        GetFileInformationByHandle(file, &seen) && GetFileInformationByHandle(outside, &own) &&
        seen.dwVolumeSerialNumber == own.dwVolumeSerialNumber &&
        seen.nFileIndexHigh == own.nFileIndexHigh && seen.nFileIndexLow == own.nFileIndexLow;
    if (file != INVALID_HANDLE_VALUE)
        CloseHandle(file);
    if (outside)
        CloseHandle(outside);
    return same;
}

static bool make_shared(void)
{
    SECURITY_ATTRIBUTES inherited = {sizeof(inherited), NULL, TRUE};
    if (bridge.shared)
        return true;
    if (!bridge.section)
        bridge.section = CreateFileMappingW(INVALID_HANDLE_VALUE, &inherited, PAGE_READWRITE, 0,
                                            sizeof(struct bridge), NULL);
    if (!bridge.request)
        bridge.request = CreateEventW(&inherited, FALSE, FALSE, NULL);
    if (!bridge.reply)
        bridge.reply = CreateEventW(&inherited, FALSE, FALSE, NULL);
    if (!bridge.section || !bridge.request || !bridge.reply)
        return false;
    bridge.shared = MapViewOfFile(bridge.section, FILE_MAP_READ | FILE_MAP_WRITE, 0, 0, 0);
    if (bridge.shared)
        bridge.shared->config = *config;
    return bridge.shared;
}

static bool start(void)
{
    wchar_t path[LAYER_PATH_MAX], command[LAYER_PATH_MAX + 64], folder[MAX_PATH];
    HANDLE self = NULL;
    PROCESS_INFORMATION made;
    if (!make_shared() || !find_program(path) || !is_the_hosts(path))
        return false;
    UINT len = GetSystemDirectoryW(folder, MAX_PATH);
    if (!DuplicateHandle(GetCurrentProcess(), GetCurrentProcess(), GetCurrentProcess(), &self,
                         SYNCHRONIZE, TRUE, 0))
        return false;
    HANDLE handles[] = {bridge.section, bridge.request, bridge.reply, self};
    struct handle_list list = handle_list_on(handles, ARRAYSIZE(handles));
    struct startup_with_list startup = {.info = {.cb = sizeof(startup.info)}};
    DWORD flags = DETACHED_PROCESS;
    if (list.attributes) {
        startup.info.cb = sizeof(startup);
        startup.attributes = list.attributes;
        flags |= EXTENDED_STARTUPINFO_PRESENT;
    }
    _snwprintf(command, ARRAYSIZE(command), L"plume-bridge 0x%lx 0x%lx 0x%lx 0x%lx",
               HandleToULong(handles[0]), HandleToULong(handles[1]), HandleToULong(handles[2]),
               HandleToULong(handles[3]));
    command[ARRAYSIZE(command) - 1] = 0;
    const struct layer_outside *outside = plume_layer_outside();
    outside->start_outside(true);
    bool started = CreateProcessW(path, command, NULL, NULL, TRUE, flags, NULL,
                                  len && len < MAX_PATH ? folder : NULL, &startup.info, &made);
    DWORD error = started ? 0 : GetLastError();
    outside->start_outside(false);
    handle_list_free(&list);
    CloseHandle(self);
    if (!started) {
        log_line(L"%s cannot be started: error %lu", path, error);
        return false;
    }
    CloseHandle(made.hThread);
    bridge.process = made.hProcess;
    return true;
}

static void end(void)
{
    TerminateProcess(bridge.process, EXIT_FAILURE);
    CloseHandle(bridge.process);
    bridge.process = NULL;
    ResetEvent(bridge.request);
    ResetEvent(bridge.reply);
}

static NTSTATUS said(NTSTATUS status, const char *what)
{
    if (status)
        log_line(L"a program of the other bitness cannot be brought into the VM: %hs (0x%lx)", what,
                 (unsigned long)status);
    return status;
}

/* A process of the other bitness than the monitor's. */
static NTSTATUS give(HANDLE process, uint32_t child)
{
    HANDLE theirs;
    if (bridge.process && WaitForSingleObject(bridge.process, 0) == WAIT_OBJECT_0)
        end();
    if (!bridge.process && !start())
        return STATUS_NOT_SUPPORTED;
    if (!DuplicateHandle(GetCurrentProcess(), process, bridge.process, &theirs, 0, FALSE,
                         DUPLICATE_SAME_ACCESS))
        return STATUS_INVALID_HANDLE;
    bridge.shared->process = (uint32_t)HandleToULong(theirs);
    bridge.shared->child = child;
    SetEvent(bridge.request);
    HANDLE waited[] = {bridge.reply, bridge.process};
    DWORD said_first = WaitForMultipleObjects(2, waited, FALSE, REPLY_MS);
    if (said_first != WAIT_OBJECT_0) {
        log_line(L"the process that sees to programs of the other bitness does not answer");
        end();
        // A host that does not run that bitness may start such a program all the same, which ends
        // at once (a Wine without its 32-bit half).
        return said_first == WAIT_OBJECT_0 + 1 ? STATUS_NOT_SUPPORTED : STATUS_UNSUCCESSFUL;
    }
    bridge.shared->what[BRIDGE_WHAT_MAX - 1] = 0;
    return said((NTSTATUS)bridge.shared->status, bridge.shared->what);
}

/* One of the other bitness than its parent's, which may be the monitor's own. */
static NTSTATUS give_any(HANDLE process, uint32_t child)
{
    BOOL theirs = FALSE, ours = FALSE;
    const char *what = "";
    if (!IsWow64Process(process, &theirs) || !IsWow64Process(GetCurrentProcess(), &ours))
        return STATUS_INVALID_HANDLE;
    if (!theirs != !ours)
        return give(process, child);
    NTSTATUS status = plume_layer_give(config, process, child, &what);
    return said(status, what);
}

void bridge_open(const struct layer_config *of_vm)
{
    config = of_vm;
    plume_layer_outside()->set_other_bitness(give);
}

/* The caller's process, as it is in the system: a command is none that the VM sees. */
static HANDLE open_caller(uint32_t pid)
{
    HANDLE process = NULL;
    OBJECT_ATTRIBUTES attributes = {.Length = sizeof(attributes)};
    CLIENT_ID id = {(HANDLE)(ULONG_PTR)pid, NULL};
    return plume_layer_outside()->open_process(&process, PROCESS_DUP_HANDLE, &attributes, &id)
               ? NULL
               : process;
}

void bridge_request(struct pipe_connection *connection, struct wire_reader *r)
{
    uint32_t claimed = wire_get_u32(r), pid = pipe_client(connection);
    uint64_t number = wire_get_u64(r);
    uint32_t child = wire_get_u32(r);
    NTSTATUS status = STATUS_ACCESS_DENIED;
    HANDLE process = NULL;
    if (!wire_done(r)) {
        scm_reply_error(connection, ERROR_INVALID_PARAMETER);
        return;
    }
    // What it has made it has all access to: a handle that has less leads nowhere.
    HANDLE caller = open_caller(pid ? pid : claimed);
    if (caller && DuplicateHandle(caller, (HANDLE)(ULONG_PTR)number, GetCurrentProcess(), &process,
                                  0, FALSE, DUPLICATE_SAME_ACCESS)) {
        status = give_any(process, child);
        CloseHandle(process);
    }
    if (caller)
        CloseHandle(caller);
    struct wire_writer w = scm_reply_begin(ERROR_SUCCESS);
    wire_put_u32(&w, (uint32_t)status);
    scm_reply_end(connection, &w);
}
