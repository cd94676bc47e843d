#include "layer/guard.h"
#include "layer/members.h"
#include "layer/name_query.h"

// The system's lists of processes, threads and handles. Each is taken whole and cut down to the
// VM's own; toolhelp, psapi, WTS and the performance counters all ask here.

enum { // SYSTEM_INFORMATION_CLASS, phnt's ntexapi.h
    SYSTEM_PROCESSES = 5,
    SYSTEM_HANDLES = 16,
    SYSTEM_SESSION_PROCESSES = 53,
    SYSTEM_EXTENDED_PROCESSES = 57,
    SYSTEM_EXTENDED_HANDLES = 64,
    SYSTEM_PROCESS_ID_NAME = 88,
    SYSTEM_FULL_PROCESSES = 148,
};

enum {
    LIST_FIRST = 0x10000, // bytes
    LIST_MAX = 0x8000000,
    SPARE = 0x1000, // for what is new by the next time
};

struct session_list { // SYSTEM_SESSION_PROCESS_INFORMATION
    ULONG session, size;
    void *buffer;
};

/* The ids, from both sides of the moment in which the list is made. */
struct question {
    struct proclist_ids ids;
    uintptr_t *before, *after;
    uint8_t *list;
    ULONG length;
};

static void question_free(struct question *question)
{
    layer_free(question->before);
    layer_free(question->after);
    layer_free(question->list);
}

/* The system's whole list. `session` is NULL but for the class that asks for one. */
static NTSTATUS take(struct question *question, ULONG class, const struct session_list *session)
{
    for (ULONG size = LIST_FIRST; size <= LIST_MAX;) {
        ULONG needed = 0;
        question->list = layer_alloc(size);
        if (!question->list)
            return STATUS_INSUFFICIENT_RESOURCES;
        struct session_list inner = {session ? session->session : 0, size, question->list};
        NTSTATUS status = session ? real.NtQuerySystemInformation((SYSTEM_INFORMATION_CLASS) class,
                                                                  &inner, sizeof inner, &needed)
                                  : real.NtQuerySystemInformation((SYSTEM_INFORMATION_CLASS) class,
                                                                  question->list, size, &needed);
        if (!status) {
            question->length = needed <= size ? needed : size;
            return status;
        }
        layer_free(question->list);
        question->list = NULL;
        if (status != STATUS_INFO_LENGTH_MISMATCH)
            return status;
        size = needed > size ? needed + SPARE : size * 2;
    }
    return STATUS_INSUFFICIENT_RESOURCES;
}

static NTSTATUS ask(struct question *question, ULONG class, const struct session_list *session)
{
    struct proclist_ids *ids = &question->ids;
    ids->self = layer_process_id();
    NTSTATUS status = member_list(&question->before, &ids->count);
    if (!status)
        status = take(question, class, session);
    if (!status)
        status = member_list(&question->after, &ids->count_after);
    ids->ids = question->before;
    ids->ids_after = question->after;
    return status;
}

/* The names in this class are whole paths, of files that may be the VM's. A VM's name of a file is
 * shorter than the store's. */
static void translate_names(uint8_t *list, size_t length, void *target)
{
    size_t at = 0;
    for (uint8_t *entry; (entry = proclist_next(list, length, &at));) {
        SYSTEM_PROCESS_INFORMATION *info = (SYSTEM_PROCESS_INFORMATION *)entry;
        UNICODE_STRING *name = &info->ImageName;
        layer_cleanup_free uint16_t *memory = NULL;
        struct str16 text;
        bool translated = false;
        if (!name->Buffer || !name->Length)
            continue;
        uint8_t *here = list + ((uint8_t *)name->Buffer - (uint8_t *)target);
        if (name_translate((struct str16){(const uint16_t *)here, name->Length / sizeof(WCHAR)},
                           &memory, &text, &translated) ||
            !translated || text.len * sizeof(WCHAR) > name->Length)
            continue;
        memcpy(here, text.s, text.len * sizeof(WCHAR));
        memset(here + text.len * sizeof(WCHAR), 0, name->Length - text.len * sizeof(WCHAR));
        name->Length = (USHORT)(text.len * sizeof(WCHAR));
    }
}

static NTSTATUS list_processes(ULONG class, const struct session_list *session, void *buffer,
                               ULONG length, ULONG *needed)
{
    __attribute__((cleanup(question_free))) struct question question = {.length = 0};
    NTSTATUS status = ask(&question, class, session);
    if (status)
        return status;
    size_t size = proclist_cut(question.list, question.length, &question.ids, layer_state.orphan,
                               (uintptr_t)buffer);
    *needed = (ULONG)size;
    if (!size)
        return STATUS_UNSUCCESSFUL;
    if (size > length)
        return STATUS_INFO_LENGTH_MISMATCH;
    if (class == SYSTEM_FULL_PROCESSES)
        translate_names(question.list, size, buffer);
    memcpy(buffer, question.list, size);
    return STATUS_SUCCESS;
}

static NTSTATUS list_handles(ULONG class, void *buffer, ULONG length, ULONG *needed)
{
    __attribute__((cleanup(question_free))) struct question question = {.length = 0};
    NTSTATUS status = ask(&question, SYSTEM_EXTENDED_HANDLES, NULL);
    if (status)
        return status;
    struct proclist_handles *list = (struct proclist_handles *)question.list;
    size_t room = (question.length - sizeof *list) / sizeof *list->handles;
    if (question.length < sizeof *list || list->count > room)
        return STATUS_UNSUCCESSFUL;
    size_t count = proclist_cut_handles(list, &question.ids);
    struct proclist_short_handles *few = buffer;
    *needed = (ULONG)(class == SYSTEM_HANDLES ? sizeof *few + count * sizeof *few->handles
                                              : sizeof *list + count * sizeof *list->handles);
    if (*needed > length)
        return STATUS_INFO_LENGTH_MISMATCH;
    if (class == SYSTEM_HANDLES)
        proclist_shorten(list, few, count);
    else
        memcpy(buffer, list, *needed);
    return STATUS_SUCCESS;
}

/* An id that is not the VM's is asked for as one that does not exist. */
static NTSTATUS name_by_id(struct process_id_information *info, ULONG length, ULONG *returned)
{
    layer_cleanup_handle HANDLE held = NULL;
    HANDLE id = info->process;
    uintptr_t number = (uintptr_t)id;
    if (number <= 4 || number == layer_process_id() || member_find(number, &held) == MEMBER_OWN)
        return name_of_process_id(info, length, returned);
    info->process = MEMBER_NONE;
    NTSTATUS status = name_of_process_id(info, length, returned);
    info->process = id;
    return status;
}

static bool is_list(ULONG class)
{
    return class == SYSTEM_PROCESSES || class == SYSTEM_HANDLES ||
           class == SYSTEM_SESSION_PROCESSES || class == SYSTEM_EXTENDED_PROCESSES ||
           class == SYSTEM_EXTENDED_HANDLES || class == SYSTEM_FULL_PROCESSES;
}

NTSTATUS NTAPI layer_NtQuerySystemInformation(SYSTEM_INFORMATION_CLASS class, void *info,
                                              ULONG length, ULONG *returned)
{
    const struct session_list *session = info;
    ULONG needed = 0;
    NTSTATUS status;

    if ((int)class == SYSTEM_PROCESS_ID_NAME && info &&
        length >= sizeof(struct process_id_information)) {
        layer_wake();
        return layer_state.entered ? name_of_process_id(info, length, returned)
                                   : name_by_id(info, length, returned);
    }
    if (!is_list((ULONG) class) || layer_state.entered)
        return real.NtQuerySystemInformation(class, info, length, returned);
    layer_wake();
    if (!guard_writable(info, length) || (returned && !guard_writable(returned, sizeof *returned)))
        return STATUS_ACCESS_VIOLATION;
    if ((int)class == SYSTEM_SESSION_PROCESSES) {
        if (length < sizeof *session) // its own answer
            return real.NtQuerySystemInformation(class, info, length, returned);
        if (!guard_writable(session->buffer, session->size))
            return STATUS_ACCESS_VIOLATION;
        status = list_processes((ULONG) class, session, session->buffer, session->size, &needed);
    } else if ((int)class == SYSTEM_HANDLES || (int)class == SYSTEM_EXTENDED_HANDLES) {
        status = list_handles((ULONG) class, info, length, &needed);
    } else {
        status = list_processes((ULONG) class, NULL, info, length, &needed);
    }
    if (returned && (needed || status != STATUS_SUCCESS))
        *returned = needed;
    return status;
}
