#include "layer/key_change.h"

// NtQueryValueKey, NtEnumerateValueKey, NtQueryMultipleValueKey: reading values.

static bool is_found(NTSTATUS status)
{
    return status != STATUS_OBJECT_NAME_NOT_FOUND;
}

/* The host's value, when the VM has none of its own. */
static NTSTATUS query_lower(const struct key_handle *key, UNICODE_STRING *name, ULONG class,
                            void *info, ULONG length, ULONG *result)
{
    bool hidden;
    NTSTATUS status = key_value_is_hidden(key->canon, name, &hidden);
    if (status)
        return status;
    if (hidden)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    if (key->lower)
        return real.NtQueryValueKey(key->handle, name, class, info, length, result);
    struct key_listing *listing = key_listing_lock(key);
    if (!listing)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = key_listing_lower(key, listing);
    if (!status) {
        status = real.NtQueryValueKey(listing->view.lower, name, class, info, length, result);
        if (status == STATUS_KEY_DELETED) { // there may be another
            status = key_listing_reopen_lower(key, listing);
            if (!status)
                status =
                    real.NtQueryValueKey(listing->view.lower, name, class, info, length, result);
        }
    }
    key_listing_done(key);
    return status == STATUS_OBJECT_PATH_NOT_FOUND ? STATUS_OBJECT_NAME_NOT_FOUND : status;
}

static NTSTATUS query_value(const struct key_handle *key, UNICODE_STRING *name, ULONG class,
                            void *info, ULONG length, ULONG *result)
{
    HANDLE own = key->handle;
    bool hidden;

    if (name && keyname_is_reserved(str16_of_unicode(name)))
        return STATUS_OBJECT_NAME_NOT_FOUND;
    if (key->clean || (key->lower && key_values_untouched(key->canon)))
        return real.NtQueryValueKey(key->handle, name, class, info, length, result);
    NTSTATUS status = key->lower ? key_own(key, false, &own) : STATUS_SUCCESS;
    bool has_upper = !status;
    if (has_upper) {
        status = real.NtQueryValueKey(own, name, class, info, length, result);
        if (is_found(status))
            return status;
    } else if (is_found(status)) {
        return status;
    }
    status = key_is_hidden(key->canon, &hidden);
    if (status)
        return status;
    if (hidden)
        return has_upper ? STATUS_OBJECT_NAME_NOT_FOUND : STATUS_KEY_DELETED;
    return query_lower(key, name, class, info, length, result);
}

bool key_value_is_below(const struct key_handle *key, UNICODE_STRING *name)
{
    struct nt_key_value_partial_information info;
    HANDLE own = key->handle;
    ULONG len = 0;
    bool hidden;

    if (!key->lower && key->record->alone)
        return false;
    NTSTATUS status = key->lower ? key_own(key, false, &own) : STATUS_SUCCESS;
    if (!status && real.NtQueryValueKey(own, name, NT_KEY_VALUE_PARTIAL_INFORMATION, NULL, 0,
                                        &len) != STATUS_OBJECT_NAME_NOT_FOUND)
        return false;
    if (key_is_hidden(key->canon, &hidden) || hidden)
        return false;
    status = query_lower(key, name, NT_KEY_VALUE_PARTIAL_INFORMATION, &info, sizeof info, &len);
    return !status || status == STATUS_BUFFER_OVERFLOW;
}

/* Reads the name of a value, by its number or, with `name`, by its name. */
static bool read_name(HANDLE key, const UNICODE_STRING *name, ULONG index,
                      struct nt_key_value_basic_information *info, ULONG size, struct str16 *out)
{
    ULONG len;
    NTSTATUS status = name ? real.NtQueryValueKey(key, (UNICODE_STRING *)name,
                                                  NT_KEY_VALUE_BASIC_INFORMATION, info, size, &len)
                           : real.NtEnumerateValueKey(key, index, NT_KEY_VALUE_BASIC_INFORMATION,
                                                      info, size, &len);
    if (status)
        return false;
    *out = (struct str16){(const uint16_t *)info->name, info->name_length / sizeof(WCHAR)};
    return true;
}

UNICODE_STRING key_value_spelling(struct str16 canon, const UNICODE_STRING *name, void **memory)
{
    enum { SIZE = sizeof(struct nt_key_value_basic_information) + 0x10000 };
    layer_cleanup_handle HANDLE lower = NULL;
    struct nt_key_full_information full;
    struct str16 wanted = str16_of_unicode(name), found;
    ULONG len = 0;
    struct nt_key_value_basic_information *info = *memory = layer_alloc(SIZE);
    if (!info || key_open_lower(canon, KEYNAME_QUERY_VALUE, &lower)) {
        lower = NULL;
        return *name;
    }
    // Windows gives the name as it is kept, Wine (8, dlls/ntdll/unix/registry.c) as it was asked
    // for; but Wine keeps values in order.
    if (!read_name(lower, name, 0, info, SIZE, &found))
        return *name;
    if (!str16_equal(found, wanted))
        return unicode_of_str16(found);
    if (key_order_of_values() != KEYMERGE_BY_LOWER_CASE ||
        (real.NtQueryKey(lower, NT_KEY_FULL_INFORMATION, &full, sizeof full, &len) &&
         len < sizeof full))
        return *name;
    for (ULONG low = 0, high = full.values; low < high;) {
        ULONG middle = low + (high - low) / 2;
        if (!read_name(lower, NULL, middle, info, SIZE, &found))
            break;
        int order = keymerge_compare_lower_case(found, wanted);
        if (!order)
            return unicode_of_str16(found);
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return *name;
}

NTSTATUS NTAPI layer_NtQueryValueKey(HANDLE handle, UNICODE_STRING *name, ULONG class, void *info,
                                     ULONG length, ULONG *result)
{
    layer_cleanup_key_handle struct key_handle key;
    layer_wake();
    NTSTATUS status = key_handle_read(handle, &key);
    if (status)
        return status;
    if (key.shared || !name)
        return real.NtQueryValueKey(handle, name, class, info, length, result);
    if (!(key.access & KEYNAME_QUERY_VALUE))
        return STATUS_ACCESS_DENIED;
    if (key.dead)
        return STATUS_KEY_DELETED;
    return query_value(&key, name, class, info, length, result);
}

/* A value by its number. If it is not where it was, its name in *gone, in memory of
 * layer_alloc()'s. */
static NTSTATUS give_entry(const struct key_names *names, const struct key_view *view, ULONG index,
                           ULONG class, void *info, ULONG length, ULONG *result,
                           UNICODE_STRING *gone)
{
    if (index >= names->count)
        return STATUS_NO_MORE_ENTRIES;
    const struct keymerge_entry *entry = &names->entries[index];
    HANDLE from = entry->from & KEYMERGE_UPPER ? view->upper : view->lower;
    UNICODE_STRING name = unicode_of_str16(entry->name);
    NTSTATUS status = from ? real.NtQueryValueKey(from, &name, class, info, length, result)
                           : STATUS_OBJECT_NAME_NOT_FOUND;
    if (!is_found(status)) {
        gone->Buffer = layer_alloc(name.Length + sizeof(WCHAR));
        if (!gone->Buffer)
            return STATUS_INSUFFICIENT_RESOURCES;
        memcpy(gone->Buffer, name.Buffer, name.Length);
        gone->Length = gone->MaximumLength = name.Length;
    }
    // For a buffer that does not hold the fixed part, systems differ between the two calls: this
    // one's answer is asked for.
    uint8_t none[sizeof(struct nt_key_value_full_information)];
    ULONG ignored;
    if (status == STATUS_BUFFER_TOO_SMALL && length < sizeof none &&
        real.NtEnumerateValueKey(from, 0, class, none, length, &ignored) == STATUS_BUFFER_OVERFLOW)
        status = STATUS_BUFFER_OVERFLOW;
    return status;
}

NTSTATUS NTAPI layer_NtEnumerateValueKey(HANDLE handle, ULONG index, ULONG class, void *info,
                                         ULONG length, ULONG *result)
{
    layer_cleanup_key_handle struct key_handle key;
    layer_wake();
    NTSTATUS status = key_handle_read(handle, &key);
    if (status)
        return status;
    if (key.shared)
        return real.NtEnumerateValueKey(handle, index, class, info, length, result);
    if (!(key.access & KEYNAME_QUERY_VALUE))
        return STATUS_ACCESS_DENIED;
    if (key.dead)
        return STATUS_KEY_DELETED;
    if (key.clean || (key.lower && key_values_untouched(key.canon)) ||
        key_is_alone(&key, true, index))
        return real.NtEnumerateValueKey(handle, index, class, info, length, result);

    struct key_listing *listing;
    UNICODE_STRING gone = {0};
    status = key_listing_get(&key, true, index, &listing);
    if (status)
        return status;
    status = give_entry(&listing->part[1].names, &listing->view, index, class, info, length, result,
                        &gone);
    key_listing_done(&key);
    if (gone.Buffer) {
        // Gone since the listing, or come over to the VM's side.
        status = query_value(&key, &gone, class, info, length, result);
        layer_free(gone.Buffer);
    }
    return is_found(status) ? status : STATUS_NO_MORE_ENTRIES;
}

/* Whether this system reads several values at once. Wine 8 says so of anything, and reads none
 * (NtQueryMultipleValueKey() in its dlls/ntdll/unix/registry.c). */
static bool reads_multiple(void)
{
    enum { UNKNOWN, NO, YES };
    static LONG known;
    layer_cleanup_scratch HANDLE key = NULL;
    LONG answer = __atomic_load_n(&known, __ATOMIC_RELAXED);
    WCHAR absent[] = L"absent";
    UNICODE_STRING name = {sizeof absent - sizeof *absent, sizeof absent - sizeof *absent, absent};
    KEY_VALUE_ENTRY entry = {.ValueName = &name};
    uint8_t buffer[16];
    ULONG length = sizeof buffer, needed = 0;
    if (answer == UNKNOWN && !key_make_scratch(NULL, NULL, KEYNAME_ALL, &key)) {
        answer = real.NtQueryMultipleValueKey(key, &entry, 1, buffer, &length, &needed) ? YES : NO;
        __atomic_store_n(&known, answer, __ATOMIC_RELAXED);
    }
    return answer != NO;
}

NTSTATUS NTAPI layer_NtQueryMultipleValueKey(HANDLE handle, PKEY_VALUE_ENTRY entries, ULONG count,
                                             void *buffer, ULONG *length, ULONG *needed)
{
    enum { FIXED = offsetof(struct nt_key_value_partial_information, data) };
    layer_cleanup_key_handle struct key_handle key;
    layer_wake();
    NTSTATUS status = key_handle_read(handle, &key);
    if (status)
        return status;
    if (key.shared || (key.lower && key_values_untouched(key.canon)) || !entries || !length ||
        !reads_multiple())
        return real.NtQueryMultipleValueKey(handle, entries, count, buffer, length, needed);
    if (!(key.access & KEYNAME_QUERY_VALUE))
        return STATUS_ACCESS_DENIED;
    if (key.dead)
        return STATUS_KEY_DELETED;

    ULONG used = 0, room = *length, size = 512;
    layer_cleanup_free struct nt_key_value_partial_information *info = layer_alloc(size);
    bool fits = true;
    for (ULONG i = 0; i < count; i++) {
        ULONG len = 0;
        if (!info)
            return STATUS_INSUFFICIENT_RESOURCES;
        status = query_value(&key, entries[i].ValueName, NT_KEY_VALUE_PARTIAL_INFORMATION, info,
                             size, &len);
        if ((status == STATUS_BUFFER_OVERFLOW || status == STATUS_BUFFER_TOO_SMALL) && len > size) {
            layer_free(info);
            info = layer_alloc(size = len);
            i--;
            continue;
        }
        if (status)
            return status;
        used = (used + 3) & ~(ULONG)3;
        entries[i].Type = info->type;
        entries[i].DataLength = info->data_length;
        entries[i].DataOffset = used;
        fits = fits && used <= room && info->data_length <= room - used;
        if (fits && info->data_length)
            memcpy((uint8_t *)buffer + used, (uint8_t *)info + FIXED, info->data_length);
        used += info->data_length;
    }
    if (needed)
        *needed = used;
    if (fits)
        *length = used;
    return fits ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
}
