#include "core/ntpath.h"
#include "layer/key_list.h"
#include "layer/key_time.h"

// NtQueryKey, NtEnumerateKey: what there is to know of a key.

/* Puts what is merged over the system's answer, which knows one side only. */
static void patch_counts(ULONG class, void *info, ULONG length, struct key_names *keys,
                         struct key_names *values)
{
    key_names_measure(keys);
    key_names_measure(values);
    if (class == NT_KEY_FULL_INFORMATION &&
        length >= offsetof(struct nt_key_full_information, class_name)) {
        struct nt_key_full_information *full = info;
        full->sub_keys = (ULONG)keys->count;
        full->max_name_length = keys->max_name;
        full->max_class_length = keys->max_class;
        full->values = (ULONG)values->count;
        full->max_value_name_length = values->max_name;
        full->max_value_data_length = values->max_data;
    } else if (class == NT_KEY_CACHED_INFORMATION &&
               length >= offsetof(struct nt_key_cached_information, name_length)) {
        struct nt_key_cached_information *cached = info;
        cached->sub_keys = (ULONG)keys->count;
        cached->max_name_length = keys->max_name;
        cached->values = (ULONG)values->count;
        cached->max_value_name_length = values->max_name;
        cached->max_value_data_length = values->max_data;
    }
}

/* Puts the time that the VM sees over that of one side. */
static void patch_time(struct str16 canon, const struct key_view *view, ULONG class, void *info,
                       ULONG length)
{
    int64_t time, lower;
    if (length < sizeof time || class == NT_KEY_NAME_INFORMATION ||
        class > NT_KEY_CACHED_INFORMATION || !view->upper)
        return;
    memcpy(&time, info, sizeof time); // first in all of these classes
    time = key_time_shown(canon, time);
    lower = view->lower ? key_time_of(view->lower) : 0;
    if (time < lower)
        time = lower;
    memcpy(info, &time, sizeof time);
}

/* NtQueryKey of what is not counted, through the program's own handle where it can be: that knows
 * what may be asked with it. */
static NTSTATUS query_plain(const struct key_handle *key, ULONG class, void *info, ULONG length,
                            ULONG *result)
{
    layer_cleanup_key_view struct key_view view = {0};
    HANDLE own = key->handle;
    NTSTATUS status = key->lower ? key_own(key, false, &own) : STATUS_SUCCESS;
    bool has_own = !status;
    if (status && status != STATUS_OBJECT_NAME_NOT_FOUND)
        return status;
    status = key_view_open_lower(key->canon, KEYNAME_QUERY_VALUE, &view);
    if (status)
        return status;
    if (!has_own && !view.lower)
        return STATUS_KEY_DELETED;
    status = real.NtQueryKey(has_own ? own : key->handle, class, info, length, result);
    if (has_own && (!status || status == STATUS_BUFFER_OVERFLOW)) {
        view.upper = own; // only looked at
        patch_time(key->canon, &view, class, info, length);
        view.upper = NULL;
    }
    return status;
}

static bool has_counts(ULONG class)
{
    return class == NT_KEY_FULL_INFORMATION || class == NT_KEY_CACHED_INFORMATION;
}

/* KeyNameInformation with the VM's name for the key. */
static NTSTATUS give_name(struct str16 canon, void *info, ULONG length, ULONG *result)
{
    const ULONG fixed = offsetof(struct nt_key_name_information, name);
    ULONG bytes = (ULONG)((KEY_REGISTRY_LEN + canon.len) * sizeof(WCHAR));
    struct nt_key_name_information *name = info;

    *result = fixed + bytes;
    if (length < fixed)
        return STATUS_BUFFER_TOO_SMALL;
    name->name_length = bytes;
    size_t units = (length - fixed) / sizeof(WCHAR);
    struct str16_buf out = {.s = (uint16_t *)name->name, .cap = units};
    str16_put_ascii(&out, KEY_REGISTRY_PREFIX);
    str16_put(&out, str16_first(canon, units - out.len));
    return length < *result ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

NTSTATUS NTAPI layer_NtQueryKey(HANDLE handle, ULONG class, void *info, ULONG length, ULONG *result)
{
    layer_cleanup_key_handle struct key_handle key;
    layer_wake();
    NTSTATUS status = key_handle_read(handle, &key);
    if (status)
        return status;
    if (key.shared || key.clean ||
        (key.lower && key_untouched(key.canon) &&
         (!has_counts(class) ||
          (key_listing_untouched(key.canon) && key_values_untouched(key.canon)))))
        return real.NtQueryKey(handle, class, info, length, result);
    if (key.dead)
        return STATUS_KEY_DELETED;
    if (!has_counts(class)) {
        if (class == NT_KEY_NAME_INFORMATION) {
            layer_cleanup_free uint16_t *memory = NULL;
            struct str16 canon;
            status = key_name_of_handle(handle, &memory, &canon);
            bool exists = true;
            if (!status && key.lower)
                status = key_exists(key.canon, &exists);
            if (status)
                return status;
            return exists ? give_name(canon, info, length, result) : STATUS_KEY_DELETED;
        }
        return query_plain(&key, class, info, length, result);
    }
    if (key_is_alone(&key, true, 0))
        return real.NtQueryKey(handle, class, info, length, result);

    struct key_listing *listing;
    status = key_listing_get_both(&key, &listing);
    if (status)
        return status;
    HANDLE from = listing->view.upper ? listing->view.upper : listing->view.lower;
    status = real.NtQueryKey(from, class, info, length, result);
    if (!status || status == STATUS_BUFFER_OVERFLOW)
        patch_counts(class, info, length, &listing->part[0].names, &listing->part[1].names);
    if (!status || status == STATUS_BUFFER_OVERFLOW)
        patch_time(key.canon, &listing->view, class, info, length);
    key_listing_done(&key);
    return status;
}

/* Information on a sub-key that is in no open handle's record. */
static NTSTATUS query_by_name(struct str16 parent, const struct keymerge_entry *entry, ULONG class,
                              void *info, ULONG length, ULONG *result)
{
    size_t cap = parent.len + 1 + entry->name.len;
    struct str16_buf canon = {.cap = cap};
    layer_cleanup_free uint16_t *memory = canon.s = layer_alloc(cap * sizeof *memory);
    layer_cleanup_key_view struct key_view view = {0};
    if (!memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    str16_put(&canon, parent);
    str16_put_unit(&canon, '\\');
    str16_put(&canon, entry->name);
    NTSTATUS status = key_view_open(str16_view(&canon), KEYNAME_READ, &view);
    if (status)
        return status;
    if (!view.upper && !view.lower)
        return STATUS_NO_MORE_ENTRIES; // gone since the listing
    status = real.NtQueryKey(view.upper ? view.upper : view.lower, class, info, length, result);
    if ((!status || status == STATUS_BUFFER_OVERFLOW) && has_counts(class)) {
        layer_cleanup_key_names struct key_names keys = {0}, values = {0};
        NTSTATUS merged = key_names_read(str16_view(&canon), view.upper, view.lower, false, &keys);
        if (!merged)
            merged = key_names_read(str16_view(&canon), view.upper, view.lower, true, &values);
        if (merged)
            return merged;
        patch_counts(class, info, length, &keys, &values);
    }
    if (!status || status == STATUS_BUFFER_OVERFLOW)
        patch_time(str16_view(&canon), &view, class, info, length);
    return status;
}

static void copy_part(void *info, ULONG length, ULONG at, struct str16 text)
{
    size_t bytes = text.len * sizeof(WCHAR);
    if (at < length && bytes)
        memcpy((uint8_t *)info + at, text.s, bytes < length - at ? bytes : length - at);
}

/* KeyBasicInformation and KeyNodeInformation from the listing. */
static NTSTATUS give_entry(const struct keymerge_entry *entry, ULONG class, void *info,
                           ULONG length, ULONG *result)
{
    ULONG name = (ULONG)(entry->name.len * sizeof(WCHAR)), fixed;
    if (class == NT_KEY_BASIC_INFORMATION) {
        struct nt_key_basic_information basic = {{.QuadPart = entry->time}, 0, name, {0}};
        fixed = offsetof(struct nt_key_basic_information, name);
        *result = fixed + name;
        memcpy(info, &basic, length < fixed ? length : fixed);
    } else {
        ULONG class_name = (ULONG)(entry->class_name.len * sizeof(WCHAR));
        fixed = offsetof(struct nt_key_node_information, name);
        struct nt_key_node_information node = {{.QuadPart = entry->time},
                                               0,
                                               class_name ? fixed + name : (ULONG)-1,
                                               class_name,
                                               name,
                                               {0}};
        *result = fixed + name + class_name;
        memcpy(info, &node, length < fixed ? length : fixed);
        copy_part(info, length, fixed + name, entry->class_name);
    }
    copy_part(info, length, fixed, entry->name);
    return length < fixed     ? STATUS_BUFFER_TOO_SMALL
           : length < *result ? STATUS_BUFFER_OVERFLOW
                              : STATUS_SUCCESS;
}

NTSTATUS NTAPI layer_NtEnumerateKey(HANDLE handle, ULONG index, ULONG class, void *info,
                                    ULONG length, ULONG *result)
{
    layer_cleanup_key_handle struct key_handle key;
    layer_wake();
    NTSTATUS status = key_handle_read(handle, &key);
    if (status)
        return status;
    if (key.shared)
        return real.NtEnumerateKey(handle, index, class, info, length, result);
    if (!(key.access & KEYNAME_ENUMERATE))
        return STATUS_ACCESS_DENIED;
    if (key.dead)
        return STATUS_KEY_DELETED;
    // A sub-key's values are counted without those that the layer keeps.
    if (key.clean || (key.lower && key_listing_untouched(key.canon)) ||
        (!has_counts(class) && key_is_alone(&key, false, index)))
        return real.NtEnumerateKey(handle, index, class, info, length, result);

    struct key_listing *listing;
    status = key_listing_get(&key, false, index, &listing);
    if (status)
        return status;
    const struct key_names *names = &listing->part[0].names;
    if (index >= names->count)
        status = STATUS_NO_MORE_ENTRIES;
    else if ((class == NT_KEY_BASIC_INFORMATION || class == NT_KEY_NODE_INFORMATION) &&
             !listing->times_old)
        status = give_entry(&names->entries[index], class, info, length, result);
    else
        status = query_by_name(key.canon, &names->entries[index], class, info, length, result);
    key_listing_done(&key);
    return status;
}
