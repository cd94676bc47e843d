#include "layer/file_lower.h"
#include "layer/changes.h"
#include "layer/copyup.h"
#include "layer/file_name.h"
#include "layer/guard.h"
#include "layer/handed.h"
#include "layer/handles.h"
#include "layer/mapped.h"
#include "layer/store.h"
#include "layer/view.h"

struct held_lock {
    struct held_lock *next;
    LARGE_INTEGER offset, length;
    ULONG key;
    BOOLEAN exclusive;
};

struct completion { // FILE_COMPLETION_INFORMATION
    HANDLE port;
    void *key;
};

struct file_lower {
    struct file_lower *next, **link; // of all
    LONG references;
    uint32_t entry; // in the table
    uint64_t name;
    struct share_open noted;
    struct file_lower_open open;
    uint32_t doom; // enum shares_doom
    bool counted;  // in file_lower_state.moved
    bool lost;     // there is no way to the copy
    bool used;     // the last call that may be waited for was made on the shadow
    struct layer_lock lock;
    HANDLE shadow;
    struct completion completion; // port: the layer's own handle on it
    struct held_lock *locks;
    struct str16 canon; // in this block
};

struct file_lower_state file_lower_state;
static struct file_lower *all;
static struct layer_lock all_lock; // for `all`, the entries in it, and file_lower_state

enum {
    SYNCHRONOUS = 0x10 | 0x20, // FILE_SYNCHRONOUS_IO_*
    // Of a handle's options those that are still of use for a second one: write-through,
    // sequential, unbuffered, synchronous, (not) a folder, random access, for backup.
    KEPT_OPTIONS = 0x1 | 0x2 | 0x4 | 0x8 | SYNCHRONOUS | 0x40 | 0x800 | 0x4000,
};

void file_lower_begin(void)
{
    __atomic_store_n(&file_lower_state.table, layer_shares, __ATOMIC_RELEASE);
}

void file_lower_note(HANDLE handle, struct str16 canon, const struct file_lower_open *open,
                     uint32_t entry)
{
    struct share_table *table = layer_shares;
    struct file_lower *file = layer_alloc(sizeof *file + canon.len * sizeof *canon.s);
    if (!file)
        return;
    uint16_t *units = (uint16_t *)(file + 1);
    memcpy(units, canon.s, canon.len * sizeof *units);
    file->canon = (struct str16){units, canon.len};
    file->references = 1;
    file->open = *open;
    file->name = shares_name(canon);
    file->noted = (struct share_open){layer_process_id(), (uint32_t)(ULONG_PTR)handle, open->access,
                                      open->share, open->options & KEPT_OPTIONS};
    if (open->options & FILE_DELETE_ON_CLOSE)
        file->doom = SHARES_ON_CLOSE;
    layer_lock(&all_lock);
    file->entry = entry ? entry : share_add(table, file->name, &file->noted);
    if (file->doom)
        share_set_doom(table, file->entry, file->doom);
    file->next = all;
    file->link = &all;
    if (all)
        all->link = &file->next;
    all = file;
    __atomic_store_n(&file_lower_state.table, table, __ATOMIC_RELEASE);
    layer_unlock(&all_lock);
    handles_add_lower(handle, open->options & FILE_DIRECTORY_FILE ? HANDLE_FOLDER : HANDLE_FILE,
                      canon, open->access, file);
}

void file_lower_hold(struct file_lower *file)
{
    __atomic_add_fetch(&file->references, 1, __ATOMIC_RELAXED);
}

static HANDLE shadow_of(struct file_lower *file, HANDLE handle);

void file_lower_drop(struct file_lower *file)
{
    if (__atomic_sub_fetch(&file->references, 1, __ATOMIC_ACQ_REL))
        return;
    // The host's is hidden first, so that no instant shows it.
    if (file->doom && !store_hide(file->canon) && shadow_of(file, NULL))
        host_delete(file->shadow);
    layer_lock(&all_lock);
    if (file->next)
        file->next->link = file->link;
    *file->link = file->next;
    if (file->counted)
        file_lower_state.moved--;
    layer_unlock(&all_lock);
    share_remove(file_lower_state.table, file->entry, file->name, &file->noted);
    if (file->shadow)
        real.NtClose(file->shadow);
    if (file->completion.port)
        real.NtClose(file->completion.port);
    for (struct held_lock *lock = file->locks, *next; lock; lock = next) {
        next = lock->next;
        layer_free(lock);
    }
    layer_free(file);
}

void file_lower_end(void)
{
    for (const struct file_lower *file = all; file; file = file->next)
        if (!file->doom)
            share_remove(file_lower_state.table, file->entry, file->name, &file->noted);
}

/* Counts those that there is a copy for by now. */
static void settle(void)
{
    layer_lock(&all_lock);
    uint32_t news = share_news(file_lower_state.table);
    for (struct file_lower *file = all; file; file = file->next) {
        if (file->counted || !share_copied(file_lower_state.table, file->entry, file->name))
            continue;
        file->counted = true;
        file_lower_state.moved++;
    }
    __atomic_store_n(&file_lower_state.settled, news, __ATOMIC_RELEASE);
    layer_unlock(&all_lock);
}

const struct share_open *file_lower_noted(const struct file_lower *file, uint64_t *name)
{
    *name = file->name;
    return &file->noted;
}

const struct file_lower_open *file_lower_opened(const struct file_lower *file)
{
    return &file->open;
}

static NTSTATUS open_shadow(const struct file_lower_open *open, OBJECT_ATTRIBUTES *attributes,
                            ULONG options, HANDLE *shadow)
{
    IO_STATUS_BLOCK io;
    return real.NtCreateFile(shadow, open->access, attributes, &io, NULL, 0, open->share, FILE_OPEN,
                             (open->options & KEPT_OPTIONS) | options, NULL, 0);
}

/* The copy may have been renamed or replaced since it was made: it is the one with this number. */
NTSTATUS file_lower_open_copy(struct str16 canon, uint64_t id, const struct file_lower_open *open,
                              HANDLE *shadow)
{
    layer_cleanup_handle HANDLE folder = NULL;
    struct str16_buf upper;
    layer_cleanup_free uint16_t *memory = store_upper_name(canon, 0, &upper);
    UNICODE_STRING text;
    struct str16 files;
    if (!memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    text = unicode_of_str16(str16_view(&upper));
    OBJECT_ATTRIBUTES attributes = nt_named(&text);
    NTSTATUS status = open_shadow(open, &attributes, 0, shadow);
    if (!status && host_id_of(*shadow) == id)
        return STATUS_SUCCESS;
    if (!status)
        real.NtClose(*shadow);
    *shadow = NULL;
    files = str16_first(str16_view(&upper), upper.len - canon.len - 1);
    status = host_open(files, FILE_LIST_DIRECTORY, FILE_OPEN, FILE_DIRECTORY_FILE, 0, &folder);
    if (status)
        return status;
    text = (UNICODE_STRING){sizeof id, sizeof id, (WCHAR *)&id};
    attributes = nt_named(&text);
    attributes.RootDirectory = folder;
    return open_shadow(open, &attributes, FILE_OPEN_BY_FILE_ID, shadow);
}

/* Gives the shadow what the handle has. */
static void take_over(const struct file_lower *file, HANDLE handle, HANDLE shadow)
{
    LARGE_INTEGER position;
    IO_STATUS_BLOCK io;
    if (file->open.options & SYNCHRONOUS &&
        !real.NtQueryInformationFile(handle, &io, &position, sizeof position,
                                     FilePositionInformation) &&
        position.QuadPart)
        real.NtSetInformationFile(shadow, &io, &position, sizeof position, FilePositionInformation);
    if (file->completion.port)
        real.NtSetInformationFile(shadow, &io, (void *)&file->completion, sizeof file->completion,
                                  FileCompletionInformation);
    for (struct held_lock *held = file->locks; held; held = held->next) {
        NTSTATUS status = real.NtLockFile(shadow, NULL, NULL, NULL, &io, &held->offset,
                                          &held->length, held->key, TRUE, held->exclusive);
        // Wine 8 (ntdll/unix/file.c, NtLockFile) takes neither a status block nor a key.
        if (status == STATUS_NOT_IMPLEMENTED)
            real.NtLockFile(shadow, NULL, NULL, NULL, NULL, &held->offset, &held->length, 0, TRUE,
                            held->exclusive);
    }
}

/* The handle on the copy, opened if need be; NULL when there is no copy, or no way to it. */
static HANDLE shadow_of(struct file_lower *file, HANDLE handle)
{
    HANDLE shadow = __atomic_load_n(&file->shadow, __ATOMIC_ACQUIRE);
    if (shadow)
        return shadow;
    uint64_t id = share_copied(file_lower_state.table, file->entry, file->name);
    if (!id || file->lost)
        return NULL;
    layer_lock(&file->lock);
    if (!file->shadow && !file->lost) {
        NTSTATUS status = file_lower_open_copy(file->canon, id, &file->open, &shadow);
        if (!status) {
            take_over(file, handle, shadow);
            __atomic_store_n(&file->shadow, shadow, __ATOMIC_RELEASE);
        } else if (status != STATUS_SHARING_VIOLATION) { // that may pass
            file->lost = true;
        }
    }
    layer_unlock(&file->lock);
    return file->shadow;
}

HANDLE file_lower_find(HANDLE handle)
{
    if (share_news(file_lower_state.table) !=
        __atomic_load_n(&file_lower_state.settled, __ATOMIC_ACQUIRE)) {
        handed_take();
        settle();
        view_settle();
    }
    if (!__atomic_load_n(&file_lower_state.moved, __ATOMIC_RELAXED))
        return handle;
    layer_cleanup_record struct handle_record *record = handles_get_lower(handle);
    HANDLE shadow = record ? shadow_of(record->file, handle) : NULL;
    return shadow ? shadow : handle;
}

NTSTATUS file_lower_own(HANDLE *handle)
{
    layer_cleanup_record struct handle_record *record = handles_get_lower(*handle);
    if (!record)
        return STATUS_SUCCESS;
    HANDLE shadow = shadow_of(record->file, *handle);
    if (!shadow) {
        NTSTATUS status = store_copy_up(record->canon, false);
        if (status)
            return status;
        shadow = shadow_of(record->file, *handle);
    }
    if (!shadow)
        return STATUS_ACCESS_DENIED;
    *handle = shadow;
    return STATUS_SUCCESS;
}

struct file_lower_shown file_lower_shows(HANDLE handle)
{
    layer_cleanup_record struct handle_record *record = handles_get_lower(handle);
    if (!record || !record->file)
        return (struct file_lower_shown){0, false};
    return (struct file_lower_shown){record->file->open.access & DELETE,
                                     record->file->doom == SHARES_PENDING};
}

/* FileDispositionInformation and its newer form, on a handle that may delete. */
static NTSTATUS set_disposition(struct file_lower *file, HANDLE handle, IO_STATUS_BLOCK *io,
                                const void *info, ULONG length, ULONG class)
{
    enum { DELETES = 1, POSIX = 2, ON_CLOSE = 8, IGNORE_READONLY = 0x10 };
    if (!guard_writable(io, sizeof *io))
        return real.NtSetInformationFile(handle, io, (void *)info, length,
                                         (FILE_INFORMATION_CLASS) class);
    bool extended = class == NT_FILE_DISPOSITION_INFORMATION_EX;
    struct nt_file_basic_information basic;
    IO_STATUS_BLOCK ignored;
    ULONG flags = extended ? *(const ULONG *)info : *(const BOOLEAN *)info ? DELETES : 0;
    // Whether the system has the class, and takes these flags: the handle lacks the right, so
    // nothing comes of it.
    NTSTATUS status = real.NtSetInformationFile(handle, &ignored, (void *)info, length,
                                                (FILE_INFORMATION_CLASS) class);
    if (status && status != STATUS_ACCESS_DENIED)
        return status;
    status =
        real.NtQueryInformationFile(handle, &ignored, &basic, sizeof basic, FileBasicInformation);
    if (!status && flags & DELETES && !(flags & IGNORE_READONLY) &&
        basic.attributes & FILE_ATTRIBUTE_READONLY)
        return STATUS_CANNOT_DELETE;
    if (!status && flags & DELETES && mapped_keeps(file->canon))
        return STATUS_CANNOT_DELETE;
    // Who opens it from now on has to look.
    change_index_add(layer_changes, CHANGE_FILE_UPPER, file->canon);
    file->doom = !(flags & DELETES) ? SHARES_STAYS
                 : flags & ON_CLOSE ? SHARES_ON_CLOSE
                                    : SHARES_PENDING;
    // A handle that was opened to delete when it is closed does so whatever is said later, but for
    // the newer form.
    if (!extended && file->open.options & FILE_DELETE_ON_CLOSE)
        file->doom = SHARES_ON_CLOSE;
    share_set_doom(file_lower_state.table, file->entry, file->doom);
    if (flags & DELETES && flags & POSIX && (status = store_hide(file->canon)))
        return status;
    io->Status = STATUS_SUCCESS;
    io->Information = 0;
    return STATUS_SUCCESS;
}

static void remember_completion(struct file_lower *file, const struct completion *completion)
{
    HANDLE port = NULL;
    if (real.NtDuplicateObject(NtCurrentProcess(), completion->port, NtCurrentProcess(), &port, 0,
                               0, DUPLICATE_SAME_ACCESS))
        return;
    layer_lock(&file->lock);
    HANDLE before = file->completion.port;
    file->completion = (struct completion){port, completion->key};
    layer_unlock(&file->lock);
    if (before)
        real.NtClose(before);
}

/* Whether a handle that nothing is known of is one on the host's file, which it may not change. */
static bool refuse_lower(HANDLE handle, NTSTATUS *status)
{
    layer_cleanup_free uint16_t *memory = NULL;
    struct str16 canon;
    bool own;
    *status = STATUS_ACCESS_DENIED;
    return !file_name_of_handle(handle, &memory, &canon, &own) && !own;
}

/* Whether the system renames only through a handle that has the right to delete, as Windows does:
 * Wine 8 asks for none (server/fd.c, set_fd_name_info). Tried once, on a file of the layer's own.
 */
static bool system_asks_for_right(void)
{
    static LONG known; // 1 no, 2 yes
    if (!__atomic_load_n(&known, __ATOMIC_ACQUIRE)) {
        layer_cleanup_handle HANDLE file = NULL, weak = NULL;
        struct str16_buf name;
        uint16_t units[COPYUP_WORK_NAME_MAX + 1];
        NTSTATUS status = copyup_make_work(DELETE, FILE_NON_DIRECTORY_FILE, 0, units, &name, &file);
        if (!status)
            status = host_open(str16_view(&name), FILE_READ_ATTRIBUTES, FILE_OPEN, 0, 0, &weak);
        name.cap = COPYUP_WORK_NAME_MAX + 1;
        str16_put_unit(&name, 'r');
        if (!status)
            status = host_rename(weak, str16_view(&name), false);
        if (weak)
            host_delete(status ? file : weak);
        __atomic_store_n(&known, status ? 2 : 1, __ATOMIC_RELEASE);
    }
    return known == 2;
}

bool file_lower_set(HANDLE *handle, IO_STATUS_BLOCK *io, void *info, ULONG length, ULONG class,
                    NTSTATUS *status)
{
    layer_cleanup_record struct handle_record *record = handles_get_lower(*handle);
    if (!record)
        return class == FileBasicInformation && refuse_lower(*handle, status);
    struct file_lower *file = record->file;
    bool deletes = file->open.access & DELETE;
    HANDLE shadow = shadow_of(file, *handle);
    if (shadow) {
        *handle = shadow;
        return false;
    }
    switch (class) {
    case FileDispositionInformation:
    case NT_FILE_DISPOSITION_INFORMATION_EX:
        if (!deletes || !info ||
            length < (class == FileDispositionInformation ? sizeof(BOOLEAN) : sizeof(ULONG)))
            return false;
        *status = set_disposition(file, *handle, io, info, length, class);
        return true;
    case FileRenameInformation:
    case NT_FILE_RENAME_INFORMATION_EX:
        if (!deletes && system_asks_for_right())
            return false;
        *status = file_lower_own(handle);
        return *status != STATUS_SUCCESS;
    case FileBasicInformation:
        // Windows refuses it, as the handle has no right to; Wine 8 does not (ntdll/unix/file.c,
        // NtSetInformationFile), and its SetFileAttributes counts on that.
        *status = file_lower_own(handle);
        return *status != STATUS_SUCCESS;
    case FileCompletionInformation:
        if (info && length >= sizeof(struct completion))
            remember_completion(file, info);
        return false;
    }
    return false;
}

// The calls that a handle on the host's file may be given to.

/* For a call that may be waited for with the handle itself. */
static HANDLE current_to_wait_for(HANDLE handle)
{
    HANDLE current = file_lower_current(handle);
    if (current != handle) {
        layer_cleanup_record struct handle_record *record = handles_get_lower(handle);
        if (record)
            __atomic_store_n(&record->file->used, true, __ATOMIC_RELEASE);
    }
    return current;
}

NTSTATUS NTAPI layer_NtReadFile(HANDLE handle, HANDLE event, PIO_APC_ROUTINE apc, void *apc_context,
                                IO_STATUS_BLOCK *io, void *buffer, ULONG length,
                                LARGE_INTEGER *offset, ULONG *key)
{
    return real.NtReadFile(current_to_wait_for(handle), event, apc, apc_context, io, buffer, length,
                           offset, key);
}

NTSTATUS NTAPI layer_NtReadFileScatter(HANDLE handle, HANDLE event, PIO_APC_ROUTINE apc,
                                       void *apc_context, IO_STATUS_BLOCK *io,
                                       FILE_SEGMENT_ELEMENT *segments, ULONG length,
                                       LARGE_INTEGER *offset, ULONG *key)
{
    return real.NtReadFileScatter(current_to_wait_for(handle), event, apc, apc_context, io,
                                  segments, length, offset, key);
}

NTSTATUS NTAPI layer_NtQueryEaFile(HANDLE handle, IO_STATUS_BLOCK *io, void *buffer, ULONG length,
                                   BOOLEAN single, void *names, ULONG names_length, ULONG *index,
                                   BOOLEAN restart)
{
    return real.NtQueryEaFile(file_lower_current(handle), io, buffer, length, single, names,
                              names_length, index, restart);
}

HANDLE file_lower_signalled(HANDLE handle)
{
    layer_cleanup_record struct handle_record *record = handles_get_lower(handle);
    return record && __atomic_load_n(&record->file->used, __ATOMIC_ACQUIRE) ? record->file->shadow
                                                                            : handle;
}

NTSTATUS NTAPI layer_NtLockFile(HANDLE handle, HANDLE event, PIO_APC_ROUTINE apc, void *apc_context,
                                IO_STATUS_BLOCK *io, LARGE_INTEGER *offset, LARGE_INTEGER *length,
                                ULONG_PTR key, BOOLEAN immediately, BOOLEAN exclusive)
{
    HANDLE current = current_to_wait_for(handle);
    NTSTATUS status = real.NtLockFile(current, event, apc, apc_context, io, offset, length, key,
                                      immediately, exclusive);
    layer_cleanup_record struct handle_record *record =
        status >= 0 && current == handle ? handles_get_lower(handle) : NULL;
    struct held_lock *held = record ? layer_alloc(sizeof *held) : NULL;
    if (held) {
        *held = (struct held_lock){NULL, *offset, *length, (ULONG)key, exclusive};
        layer_lock(&record->file->lock);
        held->next = record->file->locks;
        record->file->locks = held;
        layer_unlock(&record->file->lock);
    }
    return status;
}

NTSTATUS NTAPI layer_NtUnlockFile(HANDLE handle, IO_STATUS_BLOCK *io, LARGE_INTEGER *offset,
                                  LARGE_INTEGER *length, ULONG_PTR key)
{
    HANDLE current = file_lower_current(handle);
    NTSTATUS status = real.NtUnlockFile(current, io, offset, length, key);
    layer_cleanup_record struct handle_record *record = !status ? handles_get_lower(handle) : NULL;
    struct held_lock *found = NULL;
    if (!record)
        return status;
    layer_lock(&record->file->lock);
    for (struct held_lock **at = &record->file->locks; *at; at = &(*at)->next) {
        if ((*at)->offset.QuadPart != offset->QuadPart ||
            (*at)->length.QuadPart != length->QuadPart || (*at)->key != (ULONG)key)
            continue;
        found = *at;
        *at = found->next;
        break;
    }
    layer_unlock(&record->file->lock);
    layer_free(found);
    return status;
}
