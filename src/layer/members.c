#include "layer/members.h"

// The job's name is the VM's object directory's with this at the end: see vm_names() in vm/vm.c.
#define SUFFIX ".job"

enum {
    BASIC_ACCOUNTING = 1, // JOBOBJECTINFOCLASS
    BASIC_PROCESS_ID_LIST = 3,
    QUERY = 0x0004,  // JOB_OBJECT_QUERY
    ASSIGN = 0x0001, // JOB_OBJECT_ASSIGN_PROCESS
    QUERY_INFORMATION = 0x0400,
    QUERY_LIMITED_INFORMATION = 0x1000, // since NT 6.0
    LIST_FIRST = 128,                   // ids
    LIST_MAX = 1 << 20,
};

struct accounting { // JOBOBJECT_BASIC_ACCOUNTING_INFORMATION
    LARGE_INTEGER user, kernel, user_period, kernel_period;
    ULONG page_faults, processes, active, terminated;
};

struct id_list { // JOBOBJECT_BASIC_PROCESS_ID_LIST
    ULONG assigned, listed;
    uintptr_t ids[];
};

static NTSTATUS open_named(ACCESS_MASK access, HANDLE *job)
{
    uint16_t units[LAYER_PATH_MAX + 8];
    struct str16_buf text = {.s = units, .cap = LAYER_PATH_MAX + 8};
    str16_put(&text, str16_of(layer_config.objects));
    str16_put_ascii(&text, SUFFIX);
    UNICODE_STRING name = unicode_of_str16(str16_view(&text));
    OBJECT_ATTRIBUTES attributes = nt_named(&name);
    return real.NtOpenJobObject(job, access, &attributes);
}

/* The same as the process, for a thread that acts as somebody else. */
static NTSTATUS open_as_process(ACCESS_MASK access, HANDLE *job)
{
    enum { IMPERSONATION_TOKEN = 5 }; // ThreadImpersonationToken
    const THREADINFOCLASS class = (THREADINFOCLASS)IMPERSONATION_TOKEN;
    layer_cleanup_handle HANDLE token = NULL;
    HANDLE none = NULL;
    if (real.NtOpenThreadToken(NtCurrentThread(), TOKEN_IMPERSONATE, TRUE, &token) ||
        real.NtSetInformationThread(NtCurrentThread(), class, &none, sizeof none))
        return STATUS_ACCESS_DENIED;
    NTSTATUS status = open_named(access, job);
    NTSTATUS back = real.NtSetInformationThread(NtCurrentThread(), class, &token, sizeof token);
    if (back) // it must not go on with rights that it had given up
        real.NtTerminateProcess(NtCurrentProcess(), back);
    return status;
}

static NTSTATUS open_job(ACCESS_MASK access, HANDLE *job)
{
    NTSTATUS status = open_named(access, job);
    return status == STATUS_ACCESS_DENIED ? open_as_process(access, job) : status;
}

NTSTATUS member_count(uint32_t *count)
{
    layer_cleanup_handle HANDLE job = NULL;
    struct accounting accounting = {.active = 0};
    NTSTATUS status = open_job(QUERY, &job);
    if (!status)
        status = real.NtQueryInformationJobObject(job, BASIC_ACCOUNTING, &accounting,
                                                  sizeof accounting, NULL);
    *count = accounting.active;
    return status;
}

NTSTATUS member_list(uintptr_t **ids, size_t *count)
{
    layer_cleanup_handle HANDLE job = NULL;
    NTSTATUS status = open_job(QUERY, &job);
    *ids = NULL;
    *count = 0;
    for (ULONG room = LIST_FIRST; !status && room <= LIST_MAX; room *= 2) {
        ULONG size = (ULONG)(sizeof(struct id_list) + room * sizeof(uintptr_t));
        layer_cleanup_free struct id_list *list = layer_alloc(size);
        if (!list)
            return STATUS_INSUFFICIENT_RESOURCES;
        status = real.NtQueryInformationJobObject(job, BASIC_PROCESS_ID_LIST, list, size, NULL);
        // Too small: Windows says so with the one status, Wine with the other.
        if (status == STATUS_BUFFER_OVERFLOW || status == STATUS_MORE_ENTRIES ||
            (!status && list->listed < list->assigned && list->listed == room)) {
            status = STATUS_SUCCESS;
            continue;
        }
        if (status)
            return status;
        *count = list->listed < room ? list->listed : room;
        memmove(list, list->ids, *count * sizeof(uintptr_t));
        *ids = (uintptr_t *)list;
        list = NULL;
        return STATUS_SUCCESS;
    }
    return status ? status : STATUS_INSUFFICIENT_RESOURCES;
}

/* For a process that may not be asked: whether the job has one with its id now. Its id is its own
 * as long as there is a handle of it. */
static bool is_listed(uintptr_t id)
{
    layer_cleanup_free uintptr_t *ids = NULL;
    size_t count;
    if (member_list(&ids, &count))
        return false;
    for (size_t i = 0; i < count; i++)
        if (ids[i] == (id & ~(uintptr_t)3)) // the lowest bits of an id do not count
            return true;
    return false;
}

bool member_is(HANDLE process, uintptr_t id)
{
    layer_cleanup_handle HANDLE job = NULL;
    if (open_job(QUERY, &job))
        return false; // the VM has ended
    NTSTATUS status = real.NtIsProcessInJob(process, job);
    return status == STATUS_PROCESS_IN_JOB || (status == STATUS_ACCESS_DENIED && is_listed(id));
}

enum member member_find(uintptr_t id, HANDLE *held)
{
    static const ACCESS_MASK accesses[] = {QUERY_INFORMATION, QUERY_LIMITED_INFORMATION};
    const CLIENT_ID client = {.UniqueProcess = (HANDLE)id};
    OBJECT_ATTRIBUTES attributes = {.Length = sizeof attributes};
    HANDLE process = NULL;
    NTSTATUS status = STATUS_ACCESS_DENIED;

    for (size_t i = 0; status == STATUS_ACCESS_DENIED && i < sizeof accesses / sizeof *accesses;
         i++)
        status = real.NtOpenProcess(&process, accesses[i], &attributes, &client);
    if (held)
        *held = NULL;
    if (status == STATUS_ACCESS_DENIED)
        return is_listed(id) ? MEMBER_OWN : MEMBER_FOREIGN;
    if (status)
        return MEMBER_ABSENT;
    enum member member = member_is(process, id) ? MEMBER_OWN : MEMBER_FOREIGN;
    if (held)
        *held = process;
    else
        real.NtClose(process);
    return member;
}

NTSTATUS member_add(HANDLE process)
{
    layer_cleanup_handle HANDLE job = NULL;
    NTSTATUS status = open_job(QUERY | ASSIGN, &job);
    if (status || real.NtIsProcessInJob(process, job) == STATUS_PROCESS_IN_JOB)
        return status;
    return real.NtAssignProcessToJobObject(job, process);
}
