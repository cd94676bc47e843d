#include "monitor/pause.h"

#include <stddef.h>
#include <stdlib.h>
#include <winternl.h>
#include "monitor/log.h"
#include "monitor/loop.h"

NTSTATUS NTAPI NtSuspendProcess(HANDLE process); // since NT 5.1
NTSTATUS NTAPI NtResumeProcess(HANDLE process);

enum {
    AGAIN_MS = 50, // how often newcomers are looked for
    PASSES_MAX = 1000,
};

struct held_process {
    HANDLE process; // open, so that its id stays its own
    DWORD id;
    bool suspended;
};

static HANDLE the_job, paused_event;
static bool paused;
static struct held_process *list;
static size_t count, room;
static struct loop_timer newcomers = {.awake = true};

bool pause_open(const struct vm *vm, HANDLE job, struct plume_error *error)
{
    the_job = job;
    paused_event = CreateEventW(NULL, TRUE, FALSE, vm->paused_name);
    return paused_event ||
           error_win32(error, L"cannot make the event of the VM", vm->paused_name, NULL);
}

static bool is_held(DWORD id)
{
    for (size_t i = 0; i < count; i++)
        if (list[i].id == id)
            return true;
    return false;
}

static bool make_room(void)
{
    if (count < room)
        return true;
    size_t wanted = 2 * room + 16;
    struct held_process *more = realloc(list, wanted * sizeof *more);
    if (!more)
        return false;
    list = more;
    room = wanted;
    return true;
}

/* Holds one; false when it has gone. One that may not be held is remembered all the same, so that
 * it is tried once. */
static bool hold(DWORD id)
{
    if (!make_room())
        return false;
    HANDLE process = OpenProcess(PROCESS_SUSPEND_RESUME, FALSE, id);
    if (!process && GetLastError() != ERROR_ACCESS_DENIED)
        return false;
    struct held_process *held = &list[count++];
    *held = (struct held_process){.process = process, .id = id};
    NTSTATUS status = process ? NtSuspendProcess(process) : (NTSTATUS)0xC0000022;
    held->suspended = status >= 0;
    if (status < 0)
        log_line(L"cannot hold process %lu: NTSTATUS 0x%08lX", id, (unsigned long)status);
    return true;
}

/* Holds those of the job that are not held yet; whether there were any. */
static bool hold_new(void)
{
    static JOBOBJECT_BASIC_PROCESS_ID_LIST *ids;
    static DWORD ids_room;
    for (;;) {
        DWORD size = (DWORD)(offsetof(JOBOBJECT_BASIC_PROCESS_ID_LIST, ProcessIdList) +
                             ids_room * sizeof(ULONG_PTR));
        BOOL ok =
            ids && QueryInformationJobObject(the_job, JobObjectBasicProcessIdList, ids, size, NULL);
        if (ok && ids->NumberOfProcessIdsInList >= ids->NumberOfAssignedProcesses)
            break;
        if (!ok && ids && GetLastError() != ERROR_MORE_DATA)
            return false;
        ids_room = 2 * ids_room + 64;
        free(ids);
        ids = calloc(1, offsetof(JOBOBJECT_BASIC_PROCESS_ID_LIST, ProcessIdList) +
                            ids_room * sizeof(ULONG_PTR));
        if (!ids) {
            ids_room = 0;
            return false;
        }
    }
    bool any = false;
    for (DWORD i = 0; i < ids->NumberOfProcessIdsInList; i++) {
        DWORD id = (DWORD)ids->ProcessIdList[i];
        if (!is_held(id) && hold(id))
            any = true;
    }
    return any;
}

// A thread that was in the system when its process was held may still come back with a child, and a
// command may just be starting a program.
static void look_again(struct loop_timer *timer)
{
    for (int i = 0; i < PASSES_MAX && hold_new(); i++)
        ;
    loop_timer_set(timer, AGAIN_MS);
}

DWORD pause_begin(uint32_t *held)
{
    if (paused)
        return ERROR_INVALID_STATE;
    paused = true;
    loop_hold();
    newcomers.fire = look_again;
    look_again(&newcomers);
    SetEvent(paused_event);
    *held = (uint32_t)count;
    log_line(L"the VM is paused: %lu processes", (unsigned long)count);
    return ERROR_SUCCESS;
}

static void end(bool resume)
{
    paused = false;
    loop_timer_clear(&newcomers);
    for (size_t i = 0; i < count; i++) {
        if (resume && list[i].suspended)
            NtResumeProcess(list[i].process);
        if (list[i].process)
            CloseHandle(list[i].process);
    }
    count = 0;
    ResetEvent(paused_event);
    loop_release();
}

DWORD pause_end(void)
{
    if (!paused)
        return ERROR_INVALID_STATE;
    end(true);
    log_line(L"the VM goes on");
    return ERROR_SUCCESS;
}

void pause_abandon(void)
{
    if (paused)
        end(false);
}
