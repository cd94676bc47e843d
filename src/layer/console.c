#include "layer/console.h"

#include "layer/guard.h"
#include "layer/members.h"

// Which process is meant is told to the console's server in requests that differ from one Windows
// to the next, so it is the functions that are replaced.

typedef BOOL WINAPI attach_fn(DWORD process);
typedef DWORD WINAPI list_fn(DWORD *ids, DWORD count);

static attach_fn *attach_original;
static list_fn *list_original;

/* One that is not the VM's is asked for as one that does not exist. */
static BOOL WINAPI console_attach(DWORD process)
{
    bool parent = process == (DWORD)-1; // ATTACH_PARENT_PROCESS: whose console this process has
    if (!parent && !layer_state.entered && process != layer_process_id() &&
        member_find(process, NULL) != MEMBER_OWN)
        process = (DWORD)(ULONG_PTR)MEMBER_NONE;
    return attach_original(process);
}

static DWORD WINAPI console_list(DWORD *ids, DWORD count)
{
    enum { MOST = 4096 };
    layer_cleanup_free DWORD *all = NULL;
    layer_cleanup_free uintptr_t *members = NULL;
    size_t members_count;
    if (layer_state.entered || !ids || !count || count > MOST ||
        !guard_writable(ids, count * sizeof *ids) || member_list(&members, &members_count))
        return list_original(ids, count);
    all = layer_alloc(MOST * sizeof *all);
    DWORD found = all ? list_original(all, MOST) : 0, own = 0;
    if (!found || found > MOST)
        return list_original(ids, count);
    for (DWORD i = 0; i < found; i++)
        for (size_t m = 0; m < members_count; m++)
            if (members[m] == all[i]) {
                all[own++] = all[i];
                break;
            }
    if (own <= count) // else nothing is stored, and the caller asks again
        memcpy(ids, all, own * sizeof *ids);
    return own;
}

const struct layer_export_patch console_exports[] = {
    {"AttachConsole", (void *)console_attach, (void **)&attach_original},
    {"GetConsoleProcessList", (void *)console_list, (void **)&list_original},
};
const size_t console_exports_count = sizeof console_exports / sizeof *console_exports;
