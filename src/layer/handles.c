#include "layer/handles.h"
#include "layer/folder.h"
#include "layer/handed.h"
#include "layer/file_lower.h"
#include "layer/view.h"

enum { BUCKETS = 1024 };

static struct handle_record *buckets[BUCKETS];
static struct layer_lock lock;

static struct handle_record **bucket_of(HANDLE handle)
{
    return &buckets[((ULONG_PTR)handle >> 2) % BUCKETS];
}

void handles_release(struct handle_record *record)
{
    if (__atomic_sub_fetch(&record->references, 1, __ATOMIC_ACQ_REL))
        return;
    if (record->listing)
        record->free_listing(record->listing);
    if (record->file)
        file_lower_drop(record->file);
    if (record->section)
        view_section_drop(record->section);
    layer_free(record);
}

void handles_remove(HANDLE handle)
{
    struct handle_record *record = NULL;
    // Most handles have none; a look without the lock is enough to see an empty bucket, because
    // whoever closes a handle got it from the call that noted it.
    if (!__atomic_load_n(bucket_of(handle), __ATOMIC_ACQUIRE))
        return;
    layer_lock(&lock);
    for (struct handle_record **at = bucket_of(handle); *at; at = &(*at)->next) {
        if ((*at)->handle == handle) {
            record = *at;
            *at = record->next;
            break;
        }
    }
    layer_unlock(&lock);
    if (record)
        handles_release(record);
}

static void add(HANDLE handle, enum handle_kind kind, struct str16 canon, bool lower,
                ACCESS_MASK access, struct file_lower *file, struct view_section *section)
{
    handles_remove(handle); // one that was closed in a way that the layer did not see
    struct handle_record *record = layer_alloc(sizeof *record + canon.len * sizeof *canon.s);
    if (!record) {
        if (file)
            file_lower_drop(file);
        if (section)
            view_section_drop(section);
        return;
    }
    record->file = file;
    record->section = section;
    record->handle = handle;
    record->kind = kind;
    record->references = 1;
    record->lower = lower;
    record->access = access;
    uint16_t *units = (uint16_t *)(record + 1);
    memcpy(units, canon.s, canon.len * sizeof *units);
    record->canon = (struct str16){units, canon.len};
    layer_lock(&lock);
    struct handle_record **bucket = bucket_of(handle);
    record->next = *bucket;
    __atomic_store_n(bucket, record, __ATOMIC_RELEASE);
    layer_unlock(&lock);
}

void handles_add(HANDLE handle, enum handle_kind kind, struct str16 canon, bool lower,
                 ACCESS_MASK access)
{
    add(handle, kind, canon, lower, access, NULL, NULL);
}

void handles_add_lower(HANDLE handle, enum handle_kind kind, struct str16 canon, ACCESS_MASK access,
                       struct file_lower *file)
{
    add(handle, kind, canon, true, access, file, NULL);
}

void handles_add_section(HANDLE handle, struct view_section *section)
{
    add(handle, HANDLE_SECTION, (struct str16){0}, true, 0, NULL, section);
}

static bool is_lower(const struct handle_record *record, enum handle_kind kind)
{
    (void)kind;
    return record->file;
}

static bool is_of_kind(const struct handle_record *record, enum handle_kind kind)
{
    return record->kind == kind;
}

static struct handle_record *get(HANDLE handle,
                                 bool (*fits)(const struct handle_record *, enum handle_kind),
                                 enum handle_kind kind)
{
    if (!__atomic_load_n(bucket_of(handle), __ATOMIC_ACQUIRE))
        return NULL;
    layer_lock(&lock);
    struct handle_record *record = *bucket_of(handle);
    while (record && (record->handle != handle || !fits(record, kind)))
        record = record->next;
    if (record)
        __atomic_add_fetch(&record->references, 1, __ATOMIC_RELAXED);
    layer_unlock(&lock);
    return record;
}

struct handle_record *handles_get(HANDLE handle, enum handle_kind kind)
{
    return get(handle, is_of_kind, kind);
}

struct handle_record *handles_get_lower(HANDLE handle)
{
    return get(handle, is_lower, HANDLE_FILE);
}

void handles_each_lower(void (*each)(void *context, const struct handle_record *record),
                        void *context)
{
    layer_lock(&lock);
    for (size_t i = 0; i < BUCKETS; i++)
        for (const struct handle_record *record = buckets[i]; record; record = record->next)
            if (record->file || record->kind == HANDLE_SECTION)
                each(context, record);
    layer_unlock(&lock);
}

struct handle_record *handles_get_as_folder(HANDLE handle)
{
    struct handle_record *record = handles_get_lower(handle);
    if (record) {
        layer_lock(&lock);
        record->kind = HANDLE_FOLDER;
        layer_unlock(&lock);
    }
    return record;
}

void handles_copy(HANDLE handle, HANDLE copy, ACCESS_MASK access, bool same_access)
{
    for (unsigned kind = HANDLE_FILE; kind <= HANDLE_SECTION; kind++) {
        layer_cleanup_record struct handle_record *record = handles_get(handle, kind);
        if (!record)
            continue;
        if (record->file)
            file_lower_hold(record->file);
        if (record->section)
            view_section_hold(record->section);
        add(copy, kind, record->canon, record->lower, same_access ? record->access : access,
            record->file, record->section);
        layer_cleanup_record struct handle_record *added =
            kind == HANDLE_FOLDER ? handles_get(copy, kind) : NULL;
        if (added)
            folder_share(record, added);
        if (kind == HANDLE_KEY)
            key_handle_copied(handle, copy);
    }
}

NTSTATUS NTAPI layer_NtClose(HANDLE handle)
{
    handles_remove(handle);
    return real.NtClose(handle);
}

NTSTATUS NTAPI layer_NtDuplicateObject(HANDLE source_process, HANDLE source, HANDLE target_process,
                                       HANDLE *target, ACCESS_MASK access, ULONG attributes,
                                       ULONG options)
{
    layer_wake();
    bool here = source_process == NtCurrentProcess();
    // Another process gets a handle on the copy right away: it knows nothing of the first one.
    HANDLE current =
        here && target_process != NtCurrentProcess() ? file_lower_current(source) : source;
    NTSTATUS status =
        real.NtDuplicateObject(source_process, current, target_process, target, access, attributes,
                               current == source ? options : options & ~DUPLICATE_CLOSE_SOURCE);
    if (current != source && options & DUPLICATE_CLOSE_SOURCE)
        real.NtClose(source);
    if (!status && target) {
        bool same_access = options & DUPLICATE_SAME_ACCESS;
        if (here && target_process == NtCurrentProcess())
            handles_copy(source, *target, access, same_access);
        else if (current == source)
            handed_duplicate(source_process, source, target_process, *target, access, same_access);
    }
    if (here && options & DUPLICATE_CLOSE_SOURCE)
        handles_remove(source);
    return status;
}
