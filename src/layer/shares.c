#include "layer/shares.h"
#include "layer/changes.h"
#include "layer/copyup.h"
#include "layer/store.h"
#include "layer/view.h"

uint64_t shares_name(struct str16 canon)
{
    uint64_t name = str16_hash_nocase(STR16_HASH_SEED, canon);
    return name ? name : 1;
}

/* The handle that an entry speaks of, in this process. */
static NTSTATUS duplicate(const struct share_open *open, HANDLE *theirs)
{
    layer_cleanup_handle HANDLE process = NULL;
    CLIENT_ID id = {(HANDLE)(ULONG_PTR)open->process, NULL};
    OBJECT_ATTRIBUTES attributes = {.Length = sizeof attributes};
    *theirs = NULL;
    NTSTATUS status = real.NtOpenProcess(&process, PROCESS_DUP_HANDLE, &attributes, &id);
    return status ? status
                  : real.NtDuplicateObject(process, (HANDLE)(ULONG_PTR)open->handle,
                                           NtCurrentProcess(), theirs, 0, 0, DUPLICATE_SAME_ACCESS);
}

/* Whether an entry says the truth: its process has at that handle the host's file. When that cannot
 * be found out, it is believed. */
static bool is_true(const struct share_open *open, struct str16 canon)
{
    layer_cleanup_handle HANDLE theirs = NULL, file = NULL;
    struct str16_buf lower;
    NTSTATUS status = duplicate(open, &theirs);
    if (status == STATUS_INVALID_CID || status == STATUS_INVALID_PARAMETER ||
        status == STATUS_INVALID_HANDLE || status == STATUS_PROCESS_IS_TERMINATING)
        return false;
    layer_cleanup_free uint16_t *memory = store_lower_name(canon, 0, &lower);
    if (status || !memory ||
        host_open(str16_view(&lower), FILE_READ_ATTRIBUTES, FILE_OPEN, 0, 0, &file))
        return true;
    return host_id_of(theirs) == host_id_of(file);
}

static bool may_read(HANDLE handle)
{
    PUBLIC_OBJECT_BASIC_INFORMATION info;
    return !real.NtQueryObject(handle, ObjectBasicInformation, &info, sizeof info, NULL) &&
           info.GrantedAccess & FILE_READ_DATA;
}

HANDLE shares_borrow(struct str16 canon)
{
    struct share_table *table = layer_shares;
    struct share_open open;
    HANDLE theirs;
    for (uint32_t at = 0; share_next(table, shares_name(canon), &at, &open);) {
        if (open.share & SHARES_VIEW || !is_true(&open, canon) || duplicate(&open, &theirs))
            continue;
        if (may_read(theirs))
            return theirs;
        real.NtClose(theirs);
    }
    return NULL;
}

bool shares_exclude(struct str16 canon, ACCESS_MASK access, ULONG share)
{
    struct share_table *table = layer_shares;
    struct share_open open;
    uint64_t name = shares_name(canon);
    for (uint32_t at = 0; share_next(table, name, &at, &open);) {
        if (!share_conflict(access, share, open.access, open.share))
            continue;
        if (is_true(&open, canon))
            return true;
        share_remove(table, at, name, &open);
    }
    return false;
}

/* What the system makes of a file that is to be deleted: enum shares_pending. Tried once, on a file
 * of the layer's own. */
static unsigned system_pending(void)
{
    enum { KNOWN = 0x100 };
    static LONG found;
    LONG pending = __atomic_load_n(&found, __ATOMIC_ACQUIRE);
    if (!pending) {
        layer_cleanup_handle HANDLE file = NULL, again = NULL;
        struct nt_file_standard_information info = {0};
        IO_STATUS_BLOCK io;
        struct str16_buf name;
        uint16_t units[COPYUP_WORK_NAME_MAX];
        NTSTATUS status = copyup_make_work(GENERIC_READ | GENERIC_WRITE | DELETE,
                                           FILE_NON_DIRECTORY_FILE, 0, units, &name, &file);
        if (!status)
            status = host_delete(file);
        if (!status &&
            !real.NtQueryInformationFile(file, &io, &info, sizeof info, FileStandardInformation) &&
            info.delete_pending)
            pending |= SHARES_PENDING_SHOWN;
        if (!status)
            status = host_open(str16_view(&name), FILE_READ_ATTRIBUTES, FILE_OPEN, 0, 0, &again);
        if (status == STATUS_DELETE_PENDING)
            pending |= SHARES_PENDING_REFUSED;
        pending |= KNOWN;
        __atomic_store_n(&found, pending, __ATOMIC_RELEASE);
    }
    return (unsigned)pending;
}

bool shares_pending_is(enum shares_pending what)
{
    return system_pending() & what;
}

bool shares_delete_pending(struct str16 canon)
{
    struct share_table *table = layer_shares;
    struct share_open open;
    uint64_t name = shares_name(canon);
    for (uint32_t at = 0; share_next(table, name, &at, &open);) {
        uint32_t doom = share_doom(table, at);
        if (doom == SHARES_STAYS)
            continue;
        if (is_true(&open, canon)) {
            if (doom == SHARES_PENDING)
                return shares_pending_is(SHARES_PENDING_REFUSED);
            continue;
        }
        // Who was to delete it has ended in a way that the layer did not see.
        if (store_hide(canon))
            return false;
        share_remove(table, at, name, &open);
    }
    return false;
}

void shares_tell_copied(struct str16 canon, HANDLE copy)
{
    struct share_table *table = layer_shares;
    struct share_open open;
    uint64_t name = shares_name(canon);
    uint32_t at = 0;
    if (share_next(table, name, &at, &open) && share_tell_copied(table, name, host_id_of(copy)))
        view_settle_all(canon);
}

void shares_tell_rest(struct str16 canon, HANDLE copy)
{
    if (!layer_changed(CHANGE_FILE_COPIED, canon))
        return;
    if (share_untold(layer_shares, shares_name(canon)))
        shares_tell_copied(canon, copy);
    else if (view_exists(canon))
        view_settle_all(canon);
}

void shares_look_for_copy(struct str16 canon)
{
    struct store_view view;
    struct str16_buf upper;
    layer_cleanup_handle HANDLE copy = NULL;
    if (!layer_changed(CHANGE_FILE_COPIED, canon) || store_look(canon, &view) || !view.upper ||
        view.lower_hidden)
        return;
    layer_cleanup_free uint16_t *memory = store_upper_name(canon, 0, &upper);
    if (memory && !host_open(str16_view(&upper), FILE_READ_ATTRIBUTES, FILE_OPEN, 0, 0, &copy))
        share_tell_copied(layer_shares, shares_name(canon), host_id_of(copy));
}
