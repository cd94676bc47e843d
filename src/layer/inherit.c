#include "layer/inherit.h"
#include "layer/file_lower.h"
#include "layer/handles.h"
#include "layer/host.h"
#include "layer/store.h"

struct inherited {
    HANDLE handle; // NULL: none after all
    struct file_lower_open open;
    uint32_t size; // of this entry with its name, 0 after the last
    uint32_t len;
    uint16_t canon[];
};

struct list {
    uint8_t *bytes; // NULL: only measured
    size_t size, cap;
};

extern uint8_t __ImageBase; // the linker's: where this image begins

static void append(void *context, const struct handle_record *record)
{
    const size_t align = sizeof(void *) - 1;
    struct list *list = context;
    size_t size =
        (offsetof(struct inherited, canon) + record->canon.len * sizeof(uint16_t) + align) & ~align;
    size_t at = list->size;
    list->size += size;
    if (!list->bytes || list->size > list->cap)
        return;
    struct inherited *entry = (struct inherited *)(list->bytes + at);
    *entry = (struct inherited){.handle = record->handle,
                                .open = *file_lower_opened(record->file),
                                .size = (uint32_t)size,
                                .len = (uint32_t)record->canon.len};
    // What is to become of the file is this process's to see to.
    entry->open.access &= ~(ACCESS_MASK)DELETE;
    entry->open.options &= ~(ULONG)FILE_DELETE_ON_CLOSE;
    memcpy(entry->canon, record->canon.s, record->canon.len * sizeof *entry->canon);
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

/* The next entry of a list, NULL after the last. */
static struct inherited *next_of(struct inherited *entry)
{
    entry = (struct inherited *)((uint8_t *)entry + entry->size);
    return entry->size ? entry : NULL;
}

void inherit_tell(HANDLE process, uint8_t *base)
{
    struct list list = {0};
    bool any = false;
    handles_each_lower(append, &list);
    if (!list.size)
        return;
    list.cap = list.size;
    list.size = 0;
    layer_cleanup_free uint8_t *bytes = list.bytes =
        layer_alloc(list.cap + sizeof(struct inherited)); // zeroed: the end
    if (!bytes)
        return;
    handles_each_lower(append, &list);
    for (struct inherited *entry = (void *)bytes; entry; entry = next_of(entry)) {
        if (!entry->size)
            return; // nothing is left
        if (is_inheritable(entry->handle))
            any = true;
        else
            entry->handle = NULL;
    }
    void *theirs = NULL;
    SIZE_T size = list.cap + sizeof(struct inherited);
    if (!any || real.NtAllocateVirtualMemory(process, &theirs, 0, &size, MEM_RESERVE | MEM_COMMIT,
                                             PAGE_READWRITE))
        return;
    if (!real.NtWriteVirtualMemory(process, theirs, bytes, list.cap + sizeof(struct inherited),
                                   NULL))
        real.NtWriteVirtualMemory(process,
                                  base + ((uint8_t *)&layer_state.inherited - &__ImageBase),
                                  &theirs, sizeof theirs, NULL);
}

/* Whether a handle is what the parent said: it may have come to be another's. */
static bool is_on(HANDLE handle, struct str16 canon)
{
    layer_cleanup_free uint16_t *host_memory = NULL, *memory = NULL;
    struct str16 host, found;
    bool own;
    return !host_name_of(handle, &host_memory, &host) &&
           !store_canon_of_host(host, &memory, &found, &own) && !own &&
           str16_equal_nocase(found, canon);
}

void inherit_note(void)
{
    void *list = layer_state.inherited;
    SIZE_T size = 0;
    layer_state.inherited = NULL;
    if (!list)
        return;
    for (struct inherited *entry = list; entry; entry = next_of(entry)) {
        struct str16 canon = {entry->canon, entry->len};
        if (!entry->handle || !is_on(entry->handle, canon))
            continue;
        file_lower_note(entry->handle, canon, &entry->open);
        shares_look_for_copy(canon);
    }
    real.NtFreeVirtualMemory(NtCurrentProcess(), &list, &size, MEM_RELEASE);
}
