#include "layer/handed.h"
#include "layer/file_lower.h"
#include "layer/handles.h"
#include "layer/host.h"
#include "layer/shares.h"
#include "layer/store.h"

static uint32_t taken; // share_handed_over() when the table was last looked through

extern uint8_t __ImageBase; // the linker's: where this image begins

struct list {
    struct entry {
        uint64_t name;
        struct share_open open;
    } * entries; // NULL: only counted
    size_t count, room;
};

/* The name under which a section is in the table: no file's, and not the same for all. */
static uint64_t section_name(uint32_t process, HANDLE handle)
{
    const uint64_t name = (uint64_t)process << 32 | (uint32_t)(ULONG_PTR)handle;
    return name * UINT64_C(0x9e3779b97f4a7c15) | 1;
}

static void append(void *context, const struct handle_record *record)
{
    struct list *list = context;
    size_t at = list->count++;
    if (!list->entries || at >= list->room)
        return;
    struct entry *entry = &list->entries[at];
    *entry = (struct entry){.open.share = SHARES_SECTION};
    if (record->file)
        entry->open = *file_lower_noted(record->file, &entry->name);
    entry->open.handle = (uint32_t)(ULONG_PTR)record->handle;
}

static bool is_inheritable(HANDLE handle)
{
    enum { HANDLE_FLAGS = 4 }; // ObjectHandleFlagInformation
    struct {
        BOOLEAN inherit, protect;
    } flags = {0};
    return !real.NtQueryObject(handle, (OBJECT_INFORMATION_CLASS)HANDLE_FLAGS, &flags, sizeof flags,
                               NULL) &&
           flags.inherit;
}

/* The number of a process, by a handle that need not allow to be asked for it; 0 if it cannot be
 * found out. */
static uint32_t id_of(HANDLE process)
{
    enum { QUERY = 0x400 }; // PROCESS_QUERY_INFORMATION: the newer, limited right is part of it
    layer_cleanup_handle HANDLE other = NULL;
    PROCESS_BASIC_INFORMATION basic;
    if (process == NtCurrentProcess())
        return layer_process_id();
    NTSTATUS status = real.NtQueryInformationProcess(process, ProcessBasicInformation, &basic,
                                                     sizeof basic, NULL);
    if (status == STATUS_ACCESS_DENIED &&
        !real.NtDuplicateObject(NtCurrentProcess(), process, NtCurrentProcess(), &other, QUERY, 0,
                                0))
        status = real.NtQueryInformationProcess(other, ProcessBasicInformation, &basic,
                                                sizeof basic, NULL);
    return status ? 0 : (uint32_t)basic.UniqueProcessId;
}

/* Enters a handle of another process. */
static void hand_over(uint32_t process, HANDLE handle, uint64_t name, struct share_open open)
{
    open.process = process;
    open.handle = (uint32_t)(ULONG_PTR)handle;
    if (open.share & SHARES_SECTION)
        name = section_name(process, handle);
    share_add(layer_shares, name, &open);
}

void handed_to_child(HANDLE process, uint8_t *base)
{
    struct list list = {0};
    const bool any = true;
    uint32_t id = 0;
    handles_each_lower(append, &list);
    if (!list.count)
        return;
    list.room = list.count;
    list.count = 0;
    layer_cleanup_free struct entry *entries = list.entries =
        layer_alloc(list.room * sizeof *entries);
    if (!entries)
        return;
    handles_each_lower(append, &list);
    for (size_t i = 0; i < list.count && i < list.room; i++) {
        HANDLE handle = (HANDLE)(ULONG_PTR)entries[i].open.handle;
        if (!is_inheritable(handle) || !(id || (id = id_of(process))))
            continue;
        hand_over(id, handle, entries[i].name, entries[i].open);
    }
    if (id && base)
        real.NtWriteVirtualMemory(process, base + ((uint8_t *)&layer_state.handed - &__ImageBase),
                                  (void *)&any, sizeof any, NULL);
}

/* What the table says of a handle of a process. */
static bool find(uint32_t process, HANDLE handle, uint64_t *name, struct share_open *open)
{
    for (uint32_t at = 0; share_next_of(layer_shares, process, &at, name, open);)
        if (open->handle == (uint32_t)(ULONG_PTR)handle && !(open->share & SHARES_VIEW))
            return true;
    return false;
}

/* Whether a handle is on a file of the host's, and which. */
static bool name_of(HANDLE handle, uint16_t **memory, struct str16 *canon)
{
    layer_cleanup_free uint16_t *host_memory = NULL;
    struct str16 host;
    bool own;
    return !host_name_of(handle, &host_memory, &host) &&
           !store_canon_of_host(host, memory, canon, &own) && !own;
}

/* Notes a handle that is on a section of a file, as far as it lets itself be asked. */
static void note_section(HANDLE handle)
{
    struct nt_section_basic_information info;
    layer_cleanup_record struct handle_record *known = handles_get(handle, HANDLE_SECTION);
    if (known)
        return;
    NTSTATUS status = NtQuerySection(handle, NT_SECTION_BASIC, &info, sizeof info, NULL);
    bool file = !status && info.attributes & SEC_FILE && !(info.attributes & SEC_IMAGE);
    if (file || status == STATUS_ACCESS_DENIED)
        handles_add_section(handle, NULL);
}

/* Notes a handle of this process that the table knows of. */
static void note(uint32_t entry, uint64_t name, const struct share_open *open)
{
    HANDLE handle = (HANDLE)(ULONG_PTR)open->handle;
    layer_cleanup_free uint16_t *memory = NULL;
    struct str16 canon;
    layer_cleanup_record struct handle_record *known = handles_get_lower(handle);
    if (known)
        return;
    // It may have been closed since, and be another's.
    if (!name_of(handle, &memory, &canon) || shares_name(canon) != name) {
        share_remove(layer_shares, entry, name, open);
        return;
    }
    file_lower_note(handle, canon,
                    &(struct file_lower_open){open->access, open->share, open->options}, entry);
    shares_look_for_copy(canon);
}

void handed_take(void)
{
    static struct layer_lock lock;
    struct share_open open;
    uint64_t name;
    uint32_t now = share_handed_over(layer_shares);
    if (__atomic_load_n(&taken, __ATOMIC_ACQUIRE) == now)
        return;
    layer_lock(&lock);
    for (uint32_t at = 0; share_next_of(layer_shares, layer_process_id(), &at, &name, &open);)
        if (open.share & SHARES_SECTION) {
            share_remove(layer_shares, at, name, &open);
            note_section((HANDLE)(ULONG_PTR)open.handle);
        } else if (!(open.share & SHARES_VIEW)) {
            note(at, name, &open);
        }
    __atomic_store_n(&taken, now, __ATOMIC_RELEASE);
    layer_unlock(&lock);
}

void handed_begin(void)
{
    uint32_t now = share_handed_over(layer_shares);
    bool any = layer_state.handed || layer_state.handed_over != (uint16_t)now;
    taken = now - (any ? 1 : 0);
    file_lower_begin();
    if (layer_state.handed)
        handed_take();
}

void handed_look(HANDLE process, HANDLE handle, struct handed *handed)
{
    *handed = (struct handed){0};
    if (process != NtCurrentProcess()) {
        handed->any = true;
        // Of another's sections nothing is known: who gets the handle looks what it is on.
        if (!find(id_of(process), handle, &handed->name, &handed->open))
            handed->open = (struct share_open){.share = SHARES_SECTION};
        return;
    }
    layer_cleanup_record struct handle_record *file = handles_get_lower(handle),
                                              *section = handles_get(handle, HANDLE_SECTION);
    handed->any = file || section;
    if (file)
        handed->open = *file_lower_noted(file->file, &handed->name);
    else if (section)
        handed->open.share = SHARES_SECTION;
}

void handed_give(const struct handed *handed, HANDLE process, HANDLE handle, ACCESS_MASK access,
                 bool same_access)
{
    struct share_open open = handed->open;
    uint32_t to = handed->any ? id_of(process) : 0;
    if (!to)
        return;
    if (!same_access)
        open.access = access;
    hand_over(to, handle, handed->name, open);
    share_hand_over(layer_shares);
}
