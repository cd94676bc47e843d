#include "trace_reader.h"

#include <stdlib.h>
#include "processes.h"

enum { BUSY_MS = 500 }; // how long writing a record may take before its writer counts as gone

bool trace_reader_open(struct trace_reader *reader, const struct vm *vm, struct plume_error *error)
{
    struct layer_config *config = calloc(1, sizeof(*config));
    *reader = (struct trace_reader){.place = -1};
    if (!config)
        return error_win32_code(error, ERROR_NOT_ENOUGH_MEMORY, L"cannot trace the VM", vm->name,
                                NULL);
    bool ok = vm_layer_config(vm, config, error);
    if (ok) {
        NTSTATUS status = plume_layer_trace_open(config, &reader->traced);
        if (status == (NTSTATUS)0xC0000034 || status == (NTSTATUS)0xC000003A) // no such name
            ok = error_plain(error, L"the VM is not running:", vm->name, L"",
                             L"'plume start' starts it");
        else if (status < 0)
            ok = error_ntstatus(error, (uint32_t)status, L"cannot trace the VM", vm->name, NULL);
    }
    free(config);
    return ok;
}

static bool is_alive(uint32_t id)
{
    HANDLE process = OpenProcess(SYNCHRONIZE, FALSE, id);
    bool alive = process ? WaitForSingleObject(process, 0) == WAIT_TIMEOUT
                         : GetLastError() == ERROR_ACCESS_DENIED;
    if (process)
        CloseHandle(process);
    return alive;
}

bool trace_reader_begin(struct trace_reader *reader, const struct vm *vm, struct plume_error *error)
{
    reader->cursor = trace_cursor_on(reader->traced.all, TRACE_ORDER, false);
    reader->place = trace_attach(reader->traced.readers, GetCurrentProcessId(),
                                 reader->cursor.position, is_alive);
    return reader->place >= 0 ||
           error_plain(error, L"cannot trace the VM", vm->name,
                       L"as many others as there can be trace it already", NULL);
}

bool trace_reader_next(struct trace_reader *reader, struct trace_record *record, bool last)
{
    for (;;) {
        enum trace_read read = trace_next(&reader->cursor, record);
        trace_progress(reader->traced.readers, reader->place, reader->cursor.position);
        if (read == TRACE_READ_ONE) {
            reader->busy_from = 0;
            return true;
        }
        if (read == TRACE_READ_NONE)
            return false;
        DWORD now = GetTickCount() | 1; // never 0
        if (!reader->busy_from)
            reader->busy_from = now;
        if (!last && now - reader->busy_from < BUSY_MS)
            return false;
        trace_skip_busy(&reader->cursor);
        reader->busy_from = 0;
    }
}

void trace_reader_close(struct trace_reader *reader)
{
    if (reader->place >= 0)
        trace_detach(reader->traced.readers, reader->place);
    reader->place = -1;
}

static uint64_t time_of(const struct trace_record *record)
{
    return (uint64_t)record->time_high << 32 | record->time_low;
}

static bool is_name(const struct trace_record *record, const wchar_t *name)
{
    return str16_equal_nocase((struct str16){record->name, record->name_units}, str16_of(name));
}

/* The next record from `since` on. */
static bool next_since(struct trace_cursor *cursor, uint64_t since, struct trace_record *record)
{
    for (enum trace_read read; (read = trace_next(cursor, record)) != TRACE_READ_NONE;) {
        if (read == TRACE_READ_BUSY)
            trace_skip_busy(cursor);
        else if (time_of(record) >= since)
            return true;
    }
    return false;
}

static bool has(const uint32_t *processes, size_t count, uint32_t process)
{
    for (size_t i = 0; i < count; i++)
        if (processes[i] == process)
            return true;
    return false;
}

void trace_reader_refused(const struct trace_reader *reader, const wchar_t *service, uint64_t since,
                          void (*each)(void *context, const struct trace_record *record,
                                       bool child),
                          void *context)
{
    // The records' clock goes on in steps of up to 16 ms, and Wine's a little more.
    const uint64_t step = 500000;
    enum { PROCESSES_MAX = 64 };
    uint32_t processes[PROCESSES_MAX]; // the service's, and its children
    size_t count = 0;
    struct trace_record record;
    since -= step;
    struct trace_cursor services =
        trace_cursor_on(reader->traced.services, TRACE_SERVICES_ORDER, true);
    struct trace_cursor starts = trace_cursor_on(reader->traced.starts, TRACE_STARTS_ORDER, true);
    struct trace_cursor refused =
        trace_cursor_on(reader->traced.refused, TRACE_REFUSED_ORDER, true);
    while (next_since(&services, since, &record)) {
        if (is_name(&record, service)) {
            processes[0] = record.subject;
            count = 1;
        }
    }
    while (next_since(&starts, since, &record)) {
        if (count < PROCESSES_MAX && has(processes, count, record.process) &&
            !has(processes, count, record.subject))
            processes[count++] = record.subject;
    }
    while (next_since(&refused, since, &record)) {
        if (has(processes, count, record.process))
            each(context, &record, record.process != processes[0]);
    }
}

/* ---- whose records are wanted ---- */

static struct trace_process *find(struct trace_processes *processes, uint32_t id)
{
    for (size_t i = processes->count; i-- > 0;) // the newest are asked for most
        if (processes->items[i].id == id)
            return &processes->items[i];
    return NULL;
}

/* The process's entry, made if need be; NULL without memory, and then nothing of it is wanted. */
static struct trace_process *entry(struct trace_processes *processes, uint32_t id)
{
    enum { MOST = 65536 }; // what a hostile process can make of it
    struct trace_process *found = find(processes, id);
    if (found)
        return found;
    if (processes->count == processes->room) {
        size_t room = processes->room ? 2 * processes->room : 64;
        struct trace_process *more =
            room > MOST ? NULL : realloc(processes->items, room * sizeof(*more));
        if (!more)
            return NULL;
        processes->items = more;
        processes->room = room;
    }
    processes->items[processes->count] = (struct trace_process){.id = id};
    return &processes->items[processes->count++];
}

static void set_service(struct trace_processes *processes, const struct trace_record *record)
{
    struct trace_process *process = entry(processes, record->subject);
    if (!process)
        return;
    struct str16_buf name = {.s = process->service, .cap = ARRAYSIZE(process->service) - 1};
    str16_put(&name, str16_first((struct str16){record->name, record->name_units}, name.cap));
    process->service[name.len] = 0;
    if (processes->service && is_name(record, processes->service))
        process->wanted = true;
}

bool trace_processes_begin(struct trace_processes *processes, const struct trace_reader *reader,
                           const struct vm *vm, struct plume_error *error)
{
    struct trace_record record;
    HANDLE job = job_open(vm, error);
    JOBOBJECT_BASIC_PROCESS_ID_LIST *ids = job ? job_processes(vm, job, error) : NULL;
    struct system_process *list = ids ? system_processes(error) : NULL;
    if (job)
        CloseHandle(job);
    if (!list) {
        free(ids);
        return false;
    }
    struct trace_cursor starts =
        trace_cursor_on(reader->traced.services, TRACE_SERVICES_ORDER, true);
    for (enum trace_read read; (read = trace_next(&starts, &record)) != TRACE_READ_NONE;) {
        if (read == TRACE_READ_BUSY)
            trace_skip_busy(&starts);
        else if (job_has(ids, record.subject))
            set_service(processes, &record);
    }
    // Their descendants: until a round finds no more.
    for (bool more = true; more;) {
        more = false;
        for (const struct system_process *p = list; p; p = system_process_next(p)) {
            struct trace_process *parent =
                job_has(ids, p->id) ? find(processes, (uint32_t)p->parent) : NULL;
            if (!parent || find(processes, (uint32_t)p->id))
                continue;
            struct trace_process known = *parent, *child = entry(processes, (uint32_t)p->id);
            if (!child)
                break;
            *child = known;
            child->id = (uint32_t)p->id;
            more = true;
        }
    }
    free(list);
    free(ids);
    return true;
}

void trace_processes_want(struct trace_processes *processes, uint32_t id)
{
    struct trace_process *process = entry(processes, id);
    if (process)
        process->wanted = true;
}

bool trace_processes_see(struct trace_processes *processes, const struct trace_record *record,
                         struct str16 *service)
{
    struct trace_process *process = find(processes, record->process);
    struct trace_process own = process ? *process : (struct trace_process){0};
    *service = process ? str16_of(process->service) : (struct str16){0};
    if (record->outcome == TRACE_STARTED && record->kind == TRACE_SERVICE) {
        set_service(processes, record);
        return processes->all || (processes->service && is_name(record, processes->service));
    }
    if (record->outcome == TRACE_STARTED && record->subject) {
        // A number that another process had before means a new one now.
        struct trace_process *child = entry(processes, record->subject);
        if (child) {
            own.id = record->subject;
            *child = own;
            process = find(processes, record->process);
            *service = process ? str16_of(process->service) : (struct str16){0};
        }
    }
    return processes->all || own.wanted;
}

void trace_processes_free(struct trace_processes *processes)
{
    free(processes->items);
    processes->items = NULL;
    processes->count = processes->room = 0;
}
