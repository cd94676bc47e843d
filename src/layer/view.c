#include "layer/view.h"
#include "layer/changes.h"
#include "layer/file_lower.h"
#include "layer/guard.h"
#include "layer/handed.h"
#include "layer/handles.h"
#include "layer/mapped.h"
#include "layer/modules.h"
#include "layer/store.h"

// Which sections and views there are, and who is told of copies.

enum {
    PATIENCE = 50000000, // how long a process is waited for: 5 s, in units of 100 ns
    STACK = 64 * 1024,
};

static struct view_section *sections;
static struct view *views;
static struct layer_lock lock; // for both lists and what is in them; held while views are exchanged
static uint32_t counter;

static LONGLONG now(void)
{
    LARGE_INTEGER time = {.QuadPart = 0};
    NtQuerySystemTime(&time);
    return time.QuadPart;
}

// The table: an entry for each section, which tells this process of the copy, and another while
// the process is one that is to be waited for.

static uint32_t note(struct view_section *section, struct share_open *open, uint32_t kind)
{
    *open =
        (struct share_open){layer_process_id(), __atomic_add_fetch(&counter, 1, __ATOMIC_RELAXED),
                            0, SHARES_VIEW | kind, 0};
    return share_add(layer_shares, section->name, open);
}

static void forget(struct view_section *section)
{
    share_remove(layer_shares, section->entry, section->name, &section->noted);
    share_remove(layer_shares, section->awaited, section->name, &section->thread);
    section->entry = section->awaited = 0;
}

/* A section of the host's `canon`, which has one reference; NULL where there is no memory. */
static struct view_section *make_section(struct str16 canon)
{
    struct view_section *section = layer_alloc(sizeof *section + canon.len * sizeof *canon.s);
    if (!section)
        return NULL;
    uint16_t *units = (uint16_t *)(section + 1);
    memcpy(units, canon.s, canon.len * sizeof *units);
    section->canon = (struct str16){units, canon.len};
    section->references = 1;
    section->name = shares_name(canon);
    section->kind = SEC_COMMIT;
    return section;
}

/* With the lock: takes it among those whose copies are looked for. */
static void enter(struct view_section *section)
{
    section->entry = note(section, &section->noted, 0);
    section->next = sections;
    section->link = &sections;
    if (sections)
        sections->link = &section->next;
    sections = section;
    // That a copy is told of relies on the entry being there when it is.
    shares_look_for_copy(section->canon);
}

void view_note_section(HANDLE handle, HANDLE file, const LARGE_INTEGER *size, ULONG protection,
                       ULONG kind)
{
    enum { WRITES = PAGE_READWRITE | PAGE_EXECUTE_READWRITE };
    layer_cleanup_record struct handle_record *record = handles_get_lower(file);
    // An image nobody can write while it is mapped.
    if (!record || kind & SEC_IMAGE || protection & WRITES)
        return;
    const struct file_lower_open *open = file_lower_opened(record->file);
    struct view_section *section = make_section(record->canon);
    if (!section)
        return;
    section->access = open->access & ~(ACCESS_MASK)DELETE;
    section->shared = open->share & FILE_SHARE_WRITE;
    section->size = size ? *size : section->size;
    section->protection = protection;
    section->kind = kind;
    layer_lock(&lock);
    enter(section);
    layer_unlock(&lock);
    handles_add_section(handle, section);
}

void view_section_hold(struct view_section *section)
{
    __atomic_add_fetch(&section->references, 1, __ATOMIC_RELAXED);
}

/* With the lock. */
static void drop(struct view_section *section)
{
    if (__atomic_sub_fetch(&section->references, 1, __ATOMIC_ACQ_REL))
        return;
    if (section->next)
        section->next->link = section->link;
    *section->link = section->next;
    forget(section);
    if (section->current)
        real.NtClose(section->current);
    layer_free(section);
}

void view_section_drop(struct view_section *section)
{
    layer_lock(&lock);
    drop(section);
    layer_unlock(&lock);
}

/* With the lock: exchanges the views of one section if there is a copy. */
static void settle(struct view_section *section)
{
    layer_cleanup_handle HANDLE copy = NULL, host = NULL;
    uint64_t id = share_copied(layer_shares, section->entry, section->name);
    if (!id || section->settled)
        return;
    NTSTATUS status = view_make_sections(section, id, &copy, &host);
    for (const struct view *view = views; view && !status; view = view->next)
        if (view->section == section)
            status = view_exchange(view, copy, host);
    if (!status) {
        section->current = copy;
        copy = NULL;
    }
    section->settled = true;
    forget(section);
}

void view_settle(void)
{
    if (!__atomic_load_n(&sections, __ATOMIC_RELAXED))
        return;
    layer_lock(&lock);
    for (struct view_section *section = sections; section; section = section->next)
        settle(section);
    layer_unlock(&lock);
}

// The thread

/* Opens or makes the event that the thread of a process waits for. */
static NTSTATUS process_event(uint32_t process, bool make, HANDLE *event)
{
    uint16_t units[LAYER_PATH_MAX + 16];
    struct str16_buf name = {.s = units, .cap = LAYER_PATH_MAX + 16};
    *event = NULL;
    // Beside the VM's object directory, where no program of the VM can name it.
    str16_put(&name, str16_of(layer_config.objects));
    str16_put_ascii(&name, ".view.");
    str16_put_hex32(&name, process);
    UNICODE_STRING text = unicode_of_str16(str16_view(&name));
    OBJECT_ATTRIBUTES attributes = nt_named(&text);
    return make ? real.NtCreateEvent(event, EVENT_ALL_ACCESS, &attributes,
                                     1 /* SynchronizationEvent */, FALSE)
                : real.NtOpenEvent(event, EVENT_MODIFY_STATE, &attributes);
}

static DWORD WINAPI serve(void *event)
{
    for (;;) {
        real.NtWaitForSingleObject(event, FALSE, NULL);
        view_settle();
    }
    return 0;
}

/* With the lock: whether there is a thread that answers. */
static bool has_thread(void)
{
    static bool tried, runs;
    HANDLE event, thread;
    if (tried)
        return runs;
    tried = true;
    if (process_event(layer_process_id(), true, &event))
        return false;
    runs = !RtlCreateUserThread(NtCurrentProcess(), NULL, FALSE, 0, STACK, 0, serve, event, &thread,
                                NULL);
    real.NtClose(runs ? thread : event);
    return runs;
}

/* Wakes those who have a view of `name` still; whether there is any to wait for. With `give_up`
 * nobody waits for them any more. */
static bool wake(uint64_t name, bool give_up)
{
    struct share_open open;
    bool any = false;
    for (uint32_t at = 0; share_next(layer_shares, name, &at, &open);) {
        layer_cleanup_handle HANDLE event = NULL;
        if (!(open.share & SHARES_AWAITED) || open.process == layer_process_id())
            continue;
        NTSTATUS status = process_event(open.process, false, &event);
        if (!status) {
            real.NtSetEvent(event, NULL);
            any = true;
        }
        if (give_up || host_is_absent(status)) // or its process has ended
            share_remove(layer_shares, at, name, &open);
    }
    return any;
}

void view_settle_all(struct str16 canon)
{
    const uint64_t name = shares_name(canon);
    LARGE_INTEGER tick = {.QuadPart = -10000};
    view_settle();
    LONGLONG until = 0;
    while (wake(name, false)) {
        LONGLONG time = now();
        if (!until)
            until = time + PATIENCE;
        if (time >= until) {
            wake(name, true);
            return;
        }
        real.NtDelayExecution(FALSE, &tick);
    }
}

bool view_exists(struct str16 canon)
{
    struct share_open open;
    for (uint32_t at = 0; share_next(layer_shares, shares_name(canon), &at, &open);)
        if (open.share & SHARES_VIEW)
            return true;
    return false;
}

// The calls

/* With the lock: notes a view that was just made. */
static void note_view(struct view_section *section, const struct view *made)
{
    struct view *view = layer_alloc(sizeof *view);
    if (!view)
        return;
    *view = *made;
    view->section = section;
    view->next = views;
    views = view;
    view_section_hold(section);
    if (section->settled)
        return;
    if (section->shared && !section->awaited && has_thread())
        section->awaited = note(section, &section->thread, SHARES_AWAITED);
    // Who made a copy before that entry was there did not wait.
    settle(section);
}

/* With the lock: finds out by the first view of a section, whose handle this process has from
 * elsewhere, what the section is of. */
static void learn(struct handle_record *record, const struct view *view)
{
    enum { EXECUTABLE = PAGE_EXECUTE | PAGE_EXECUTE_READ | PAGE_EXECUTE_WRITECOPY };
    layer_cleanup_free uint16_t *memory = NULL;
    struct str16 canon;
    if (!mapped_host_file(view->base, &memory, &canon)) {
        handles_remove(record->handle);
        return;
    }
    struct view_section *section = make_section(canon);
    if (!section)
        return;
    // How the file was opened nobody tells. Of the copy, the VM's programs may read everything.
    bool executes = view->protection & EXECUTABLE;
    section->access = FILE_GENERIC_READ | (executes ? FILE_EXECUTE : 0);
    section->protection = executes ? PAGE_EXECUTE_WRITECOPY : PAGE_WRITECOPY;
    section->shared = true;
    enter(section);
    record->section = section;
}

/* With the lock: notes a view of this process's. */
static void made_view(struct handle_record *record, const struct view *view)
{
    if (!record->section)
        learn(record, view);
    if (record->section && !record->section->settled)
        note_view(record->section, view);
}

/* With the lock: the section that is to be mapped in place of the record's. */
static HANDLE current_section(const struct handle_record *record)
{
    struct view_section *section = record->section;
    if (section)
        settle(section);
    return section && section->current ? section->current : record->handle;
}

NTSTATUS NTAPI layer_NtMapViewOfSection(HANDLE handle, HANDLE process, void **base, ULONG_PTR zeros,
                                        SIZE_T commit, LARGE_INTEGER *offset, SIZE_T *size,
                                        ULONG inherit, ULONG kind, ULONG protection)
{
    handed_take();
    layer_cleanup_record struct handle_record *record = handles_get(handle, HANDLE_SECTION);
    if (!record) {
        NTSTATUS mapped = real.NtMapViewOfSection(handle, process, base, zeros, commit, offset,
                                                  size, inherit, kind, protection);
        if (mapped >= 0 && process == NtCurrentProcess())
            layer_view_mapped(*base, *size, mapped);
        return mapped;
    }
    layer_lock(&lock);
    NTSTATUS status = real.NtMapViewOfSection(current_section(record), process, base, zeros, commit,
                                              offset, size, inherit, kind, protection);
    if (status >= 0 && process == NtCurrentProcess()) {
        struct view view = {.base = *base,
                            .size = *size,
                            .inherit = inherit,
                            .kind = kind,
                            .protection = protection};
        if (offset)
            view.offset = *offset;
        made_view(record, &view);
    }
    layer_unlock(&lock);
    if (status >= 0 && process == NtCurrentProcess())
        layer_view_mapped(*base, *size, status);
    return status;
}

NTSTATUS NTAPI layer_NtMapViewOfSectionEx(HANDLE handle, HANDLE process, void **base,
                                          LARGE_INTEGER *offset, SIZE_T *size, ULONG kind,
                                          ULONG protection, void *extended, ULONG count)
{
    handed_take();
    layer_cleanup_record struct handle_record *record = handles_get(handle, HANDLE_SECTION);
    if (!record)
        return real.NtMapViewOfSectionEx(handle, process, base, offset, size, kind, protection,
                                         extended, count);
    layer_lock(&lock);
    NTSTATUS status = real.NtMapViewOfSectionEx(current_section(record), process, base, offset,
                                                size, kind, protection, extended, count);
    // What else it may ask for, another call would have to ask for, too.
    if (status >= 0 && process == NtCurrentProcess() && !kind && !count) {
        struct view view = {
            .base = *base, .size = *size, .inherit = 2 /* ViewUnmap */, .protection = protection};
        if (offset)
            view.offset = *offset;
        made_view(record, &view);
    }
    layer_unlock(&lock);
    return status;
}

/* Unmaps with the lock on views, so that none is exchanged while it goes. */
static NTSTATUS unmap(HANDLE process, void *address, ULONG flags, bool extended)
{
    bool known = process == NtCurrentProcess() && __atomic_load_n(&views, __ATOMIC_RELAXED);
    struct view **at = &views;
    if (known)
        layer_lock(&lock);
    while (known && *at &&
           ((uint8_t *)address < (*at)->base || (uint8_t *)address >= (*at)->base + (*at)->size))
        at = &(*at)->next;
    NTSTATUS status = extended ? real.NtUnmapViewOfSectionEx(process, address, flags)
                               : real.NtUnmapViewOfSection(process, address);
    if (known && *at && status >= 0) {
        struct view *view = *at;
        *at = view->next;
        drop(view->section);
        layer_free(view);
    }
    if (known)
        layer_unlock(&lock);
    return status;
}

NTSTATUS NTAPI layer_NtUnmapViewOfSection(HANDLE process, void *address)
{
    return unmap(process, address, 0, false);
}

NTSTATUS NTAPI layer_NtUnmapViewOfSectionEx(HANDLE process, void *address, ULONG flags)
{
    return unmap(process, address, flags, true);
}

/* A process that ends takes its entries out of the table: they would only go when somebody meets
 * them. Of other threads there are none any more when the last call comes, and what locks they had
 * they keep; the lists can be followed at any moment, and an entry that is another's by now is left
 * alone. */
NTSTATUS NTAPI layer_NtTerminateProcess(HANDLE process, NTSTATUS status)
{
    if (process == NtCurrentProcess()) {
        for (struct view_section *section = sections; section; section = section->next)
            forget(section);
        file_lower_end();
    }
    return real.NtTerminateProcess(process, status);
}
