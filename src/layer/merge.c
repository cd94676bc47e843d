#include "layer/merge.h"
#include "core/ntpath.h"
#include "layer/changes.h"
#include "layer/store.h"

enum { FIRST_BLOCK = 4 * 1024, BLOCK = 256 * 1024 };

struct merge_block {
    struct merge_block *next;
    uint8_t bytes[];
};

static void free_entries(struct merge_entries *entries)
{
    for (struct merge_block *block = entries->blocks, *next; block; block = next) {
        next = block->next;
        layer_free(block);
    }
    layer_free(entries->list);
    *entries = (struct merge_entries){0};
}

void merge_forget(struct merge *merge)
{
    free_entries(&merge->entries);
    layer_free(merge->order);
    *merge = (struct merge){0};
}

static NTSTATUS add_entry(struct merge_entries *entries, const struct dirlist_entry *entry)
{
    if (entries->count == entries->capacity) {
        size_t capacity = entries->capacity ? 2 * entries->capacity : 64;
        struct dirlist_entry *list = layer_alloc(capacity * sizeof *list);
        if (!list)
            return STATUS_INSUFFICIENT_RESOURCES;
        if (entries->count)
            memcpy(list, entries->list, entries->count * sizeof *list);
        layer_free(entries->list);
        entries->list = list;
        entries->capacity = capacity;
    }
    entries->list[entries->count++] = *entry;
    return STATUS_SUCCESS;
}

/* One call, waited for: the handle may be the program's. */
static NTSTATUS list(HANDLE handle, void *buffer, ULONG size, uint32_t class,
                     UNICODE_STRING *pattern, BOOLEAN restart)
{
    IO_STATUS_BLOCK io;
    NTSTATUS status = real.NtQueryDirectoryFile(handle, NULL, NULL, NULL, &io, buffer, size, class,
                                                FALSE, pattern, restart);
    if (status == STATUS_PENDING) {
        real.NtWaitForSingleObject(handle, FALSE, NULL);
        status = io.Status;
    }
    return status;
}

/* Adds what a folder of the host's or the store's has. One that is not there adds nothing. `open`
 * (or NULL) is a handle on it, for when it shares the folder with nobody. */
static NTSTATUS read_folder(struct merge_entries *entries, struct str16 folder, HANDLE open,
                            UNICODE_STRING *pattern, uint32_t class)
{
    layer_cleanup_handle HANDLE own = NULL;
    BOOLEAN restart = TRUE;
    ULONG size = FIRST_BLOCK;
    NTSTATUS status =
        host_open(folder, FILE_LIST_DIRECTORY, FILE_OPEN, FILE_DIRECTORY_FILE, 0, &own);
    HANDLE handle = own;
    if (status == STATUS_SHARING_VIOLATION && open) {
        handle = open;
        status = STATUS_SUCCESS;
    }
    if (host_is_absent(status) || status == STATUS_NOT_A_DIRECTORY)
        return STATUS_SUCCESS;
    while (!status) {
        struct merge_block *block = layer_alloc(sizeof *block + size);
        if (!block)
            return STATUS_INSUFFICIENT_RESOURCES;
        block->next = entries->blocks;
        entries->blocks = block;
        status = list(handle, block->bytes, size, class, pattern, restart);
        restart = FALSE;
        for (uint32_t at = 0, next = 1; !status && next; at += next) {
            struct dirlist_entry entry;
            if (!dirlist_read(class, block->bytes + at, size - at, &entry, &next))
                return STATUS_UNSUCCESSFUL;
            status = add_entry(entries, &entry);
        }
        size = BLOCK;
    }
    return status == STATUS_NO_MORE_FILES || status == STATUS_NO_SUCH_FILE ? STATUS_SUCCESS
                                                                           : status;
}

enum { ONE_BY_ONE = 16 };

/* The marks on what lies in one folder: looked at one by one until they are many, then read
 * together. */
struct marks {
    struct str16 folder; // canonical
    size_t looked;       // one by one
    struct merge_entries entries;
    struct dirlist_entry **order; // sorted
};

static NTSTATUS read_marks(struct marks *marks)
{
    struct str16_buf name;
    layer_cleanup_free uint16_t *memory = store_marks_name(marks->folder, &name);
    if (!memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = read_folder(&marks->entries, str16_view(&name), NULL, NULL, DIRLIST_NAMES);
    size_t count = marks->entries.count, kept = 0;
    layer_cleanup_free struct dirlist_entry **spare =
        layer_alloc((count + 1) * sizeof(struct dirlist_entry *));
    marks->order = layer_alloc((count + 1) * sizeof(struct dirlist_entry *));
    if (!spare || !marks->order)
        return STATUS_INSUFFICIENT_RESOURCES;
    for (size_t i = 0; i < count; i++) {
        struct dirlist_entry *entry = &marks->entries.list[i];
        if (store_marked_name(entry->name, &entry->name))
            marks->order[kept++] = entry;
    }
    marks->entries.count = kept;
    dirlist_sort(marks->order, spare, kept);
    return status;
}

/* Whether a mark hides the host's entry of this name. */
static NTSTATUS is_marked(struct marks *marks, struct str16 child,
                          const struct dirlist_entry *entry, bool *marked)
{
    *marked = false;
    if (!layer_changed(CHANGE_FILE_HIDDEN, child))
        return STATUS_SUCCESS;
    // The mark on a long name lies deeper (STORE_MARK_UNITS).
    if (marks->looked < ONE_BY_ONE || entry->name.len > STORE_MARK_UNITS) {
        marks->looked++;
        return store_is_hidden(child, marked);
    }
    if (!marks->order) {
        NTSTATUS status = read_marks(marks);
        if (status)
            return status;
    }
    size_t low = 0, high = marks->entries.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int difference = dirlist_compare(marks->order[middle], entry);
        if (!difference) {
            *marked = true;
            break;
        }
        if (difference < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return STATUS_SUCCESS;
}

/* Whether the VM has a file of its own of this name, which its pattern did not let through. */
static NTSTATUS is_covered(struct str16 child, bool *covered)
{
    struct str16_buf upper;
    ULONG attributes = 0;
    *covered = false;
    if (!layer_changed(CHANGE_FILE_UPPER, child))
        return STATUS_SUCCESS;
    layer_cleanup_free uint16_t *memory = store_upper_name(child, 0, &upper);
    if (!memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = host_attributes(str16_view(&upper), &attributes);
    *covered = attributes != 0;
    return status;
}

/* Whether the VM sees an entry of the host's which it has none of its own of. */
static NTSTATUS is_visible(struct marks *marks, const struct dirlist_entry *entry, bool pattern,
                           struct str16_buf *child, bool *visible)
{
    child->len = marks->folder.len + 1; // what is before the name stays
    child->overflow = false;
    str16_put(child, entry->name);
    bool away = child->overflow;
    NTSTATUS status = STATUS_SUCCESS;
    if (!away)
        away = store_owns(str16_view(child));
    if (!away)
        status = is_marked(marks, str16_view(child), entry, &away);
    if (!away && !status && pattern)
        status = is_covered(str16_view(child), &away);
    *visible = !away;
    return status;
}

static bool is_dots(struct str16 name)
{
    return str16_equal_ascii(name, ".") || str16_equal_ascii(name, "..");
}

/* Of what both layers have of a name, the VM's own stays; of what only the host has, what the VM
 * sees. The first `from_upper` entries are the VM's. */
static NTSTATUS keep_visible(struct merge *merge, struct str16 canon, size_t from_upper,
                             bool pattern)
{
    enum { LONGEST = 512 }; // units, of a name in a folder: the file systems' limit is 255
    size_t kept = 0, total = merge->entries.count;
    struct marks marks = {.folder = canon};
    struct str16 parent;
    bool root = !ntpath_parent(canon, &parent), lower_dots = false;
    struct str16_buf child = {.cap = canon.len + 1 + LONGEST};
    layer_cleanup_free uint16_t *memory = child.s = layer_alloc(child.cap * sizeof *child.s);
    NTSTATUS status = memory ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;

    if (!status) {
        str16_put(&child, canon);
        str16_put_unit(&child, '\\');
    }
    for (size_t i = 0; i < total && !status; i++) {
        struct dirlist_entry *entry = merge->order[i];
        bool visible = true, dots = is_dots(entry->name);
        if (entry < merge->entries.list + from_upper) {
            merge->order[kept++] = entry;
            continue;
        }
        lower_dots |= dots;
        struct dirlist_entry *above = kept ? merge->order[kept - 1] : NULL;
        if (above && dirlist_compare(above, entry) == 0) {
            // Spelled as the host does, unless the VM has spelled it otherwise: then the host's is
            // hidden.
            if (!dots && !str16_equal(above->name, entry->name)) {
                status = is_visible(&marks, entry, false, &child, &visible);
                if (visible)
                    above->name = entry->name;
            }
            continue;
        }
        if (!dots)
            status = is_visible(&marks, entry, pattern, &child, &visible);
        if (visible)
            merge->order[kept++] = entry;
    }
    // A volume's root folder has no dots, but for where the system gives it some.
    if (root && !lower_dots) {
        size_t first = 0;
        while (first < kept && is_dots(merge->order[first]->name))
            first++;
        kept -= first;
        memmove(merge->order, merge->order + first, kept * sizeof(struct dirlist_entry *));
    }
    merge->count = kept;
    free_entries(&marks.entries);
    layer_free(marks.order);
    return status;
}

NTSTATUS merge_read(struct str16 canon, HANDLE handle, bool own, UNICODE_STRING *pattern,
                    uint32_t source, struct merge *merge)
{
    struct str16_buf upper, lower;
    layer_cleanup_free uint16_t *upper_memory = store_upper_name(canon, 0, &upper);
    layer_cleanup_free uint16_t *lower_memory = store_lower_name(canon, 0, &lower);
    bool hidden = false;

    merge_forget(merge);
    merge->source = source;
    if (!upper_memory || !lower_memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status =
        read_folder(&merge->entries, str16_view(&upper), own ? handle : NULL, pattern, source);
    size_t from_upper = merge->entries.count;
    if (!status)
        status = store_is_hidden(canon, &hidden);
    if (!status && !hidden)
        status =
            read_folder(&merge->entries, str16_view(&lower), own ? NULL : handle, pattern, source);
    size_t count = merge->entries.count;
    if (status || !count)
        return status;

    layer_cleanup_free struct dirlist_entry **spare =
        layer_alloc(count * sizeof(struct dirlist_entry *));
    merge->order = layer_alloc(count * sizeof(struct dirlist_entry *));
    if (!spare || !merge->order)
        return STATUS_INSUFFICIENT_RESOURCES;
    for (size_t i = 0; i < count; i++)
        merge->order[i] = &merge->entries.list[i];
    dirlist_sort(merge->order, spare, count); // stable: of two alike the upper comes first
    return keep_visible(merge, canon, from_upper, pattern != NULL);
}
