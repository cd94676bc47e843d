#include "layer/guard.h"
#include "layer/members.h"
#include "layer/trace.h"

// Processes and threads by their numbers: those of another VM or of the host do not exist.

enum {
    THREAD_BASIC_INFORMATION_CLASS = 0,
    THREAD_QUERY = 0x0040,         // THREAD_QUERY_INFORMATION
    THREAD_QUERY_LIMITED = 0x0800, // THREAD_QUERY_LIMITED_INFORMATION, since NT 6.0
    PROCESS_QUERY_LIMITED = 0x1000,
};

/* The monitor and the commands are no programs of the VM's, though they have its layer. */
static bool sees_all(void)
{
    return layer_state.entered;
}

/* Records that a process which is not the VM's was asked for. */
static NTSTATUS not_seen(const char *call, uintptr_t number, NTSTATUS status)
{
    const struct trace_what what = {TRACE_PROCESS, TRACE_ABSENT, call, status, 0};
    uint16_t units[10];
    struct str16_buf text = {.s = units, .cap = sizeof units / sizeof *units};
    if (!trace_wants(TRACE_ABSENT, status))
        return status;
    str16_put_u32(&text, (uint32_t)number);
    trace_put(&what, (struct str16){0}, str16_view(&text));
    return status;
}

NTSTATUS NTAPI layer_NtOpenProcess(HANDLE *process, ACCESS_MASK access,
                                   const OBJECT_ATTRIBUTES *attributes, const CLIENT_ID *id)
{
    layer_cleanup_handle HANDLE held = NULL;

    layer_wake();
    if (sees_all() || !guard_readable(id, sizeof *id))
        return real.NtOpenProcess(process, access, attributes, id);
    CLIENT_ID client = *id;
    uintptr_t number = (uintptr_t)client.UniqueProcess;
    // The system's own are answered for as they are: a number is all that a program learns.
    if (number != layer_process_id() && number > 4 && member_find(number, &held) != MEMBER_OWN) {
        client.UniqueProcess = MEMBER_NONE;
        client.UniqueThread = client.UniqueThread ? MEMBER_NONE : NULL;
        return not_seen(TRACE_CALL, number,
                        real.NtOpenProcess(process, access, attributes, &client));
    }
    return real.NtOpenProcess(process, access, attributes, &client);
}

/* Which process a thread belongs to, 0 for none; *held, to be closed, keeps it from ending. */
static uintptr_t process_of_thread(const CLIENT_ID *id, HANDLE *held)
{
    static const ACCESS_MASK accesses[] = {THREAD_QUERY, THREAD_QUERY_LIMITED};
    OBJECT_ATTRIBUTES attributes = {.Length = sizeof attributes};
    struct nt_thread_basic_information basic;
    NTSTATUS status = STATUS_ACCESS_DENIED;

    *held = NULL;
    for (size_t i = 0; status == STATUS_ACCESS_DENIED && i < sizeof accesses / sizeof *accesses;
         i++)
        status = real.NtOpenThread(held, accesses[i], &attributes, id);
    if (!status)
        status = real.NtQueryInformationThread(
            *held, (THREADINFOCLASS)THREAD_BASIC_INFORMATION_CLASS, &basic, sizeof basic, NULL);
    return status ? 0 : (uintptr_t)basic.id.UniqueProcess;
}

bool member_thread(uintptr_t id)
{
    layer_cleanup_handle HANDLE held = NULL;
    CLIENT_ID client = {NULL, (HANDLE)id};
    uintptr_t number = process_of_thread(&client, &held);
    return number == layer_process_id() || (number && member_find(number, NULL) == MEMBER_OWN);
}

NTSTATUS NTAPI layer_NtOpenThread(HANDLE *thread, ACCESS_MASK access,
                                  const OBJECT_ATTRIBUTES *attributes, const CLIENT_ID *id)
{
    layer_cleanup_handle HANDLE held = NULL;

    layer_wake();
    if (sees_all() || !guard_readable(id, sizeof *id))
        return real.NtOpenThread(thread, access, attributes, id);
    CLIENT_ID client = *id;
    uintptr_t number = process_of_thread(&client, &held);
    if (number != layer_process_id() && (!number || member_find(number, NULL) != MEMBER_OWN)) {
        client.UniqueThread = MEMBER_NONE;
        client.UniqueProcess = client.UniqueProcess ? MEMBER_NONE : NULL;
    }
    return real.NtOpenThread(thread, access, attributes, &client);
}

static uintptr_t id_of(HANDLE process)
{
    PROCESS_BASIC_INFORMATION basic;
    return real.NtQueryInformationProcess(process, ProcessBasicInformation, &basic, sizeof basic,
                                          NULL)
               ? 0
               : basic.UniqueProcessId;
}

/* The system's list goes on from any process, so a foreign one is only passed over. */
NTSTATUS NTAPI layer_NtGetNextProcess(HANDLE process, ACCESS_MASK access, ULONG attributes,
                                      ULONG flags, HANDLE *next)
{
    layer_wake();
    if (sees_all() || !guard_writable(next, sizeof *next))
        return real.NtGetNextProcess(process, access, attributes, flags, next);
    // A handle that cannot be asked would say nothing of whose the process is.
    bool more = !(access & (MAXIMUM_ALLOWED | GENERIC_READ | PROCESS_QUERY_LIMITED));
    for (HANDLE at = process, found = NULL;; at = found) {
        NTSTATUS status = real.NtGetNextProcess(at, more ? access | PROCESS_QUERY_LIMITED : access,
                                                attributes, flags, &found);
        if (at != process)
            real.NtClose(at);
        if (status)
            return status;
        if (!member_is(found, id_of(found)))
            continue;
        if (more) {
            HANDLE narrow = NULL;
            status = real.NtDuplicateObject(NtCurrentProcess(), found, NtCurrentProcess(), &narrow,
                                            access, attributes, 0);
            real.NtClose(found);
            found = narrow;
        }
        if (!status)
            *next = found;
        return status;
    }
}
