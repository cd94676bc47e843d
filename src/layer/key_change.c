#include "layer/key_change.h"
#include "core/ntpath.h"
#include "layer/key_journal.h"

// Setting and deleting values, deleting keys.

NTSTATUS key_upper_for_write(const struct key_handle *key, ACCESS_MASK access, HANDLE *handle)
{
    *handle = key->handle;
    if ((key->access & access) != access)
        return STATUS_ACCESS_DENIED;
    if (key->dead)
        return STATUS_KEY_DELETED;
    if (!key->lower)
        return STATUS_SUCCESS;
    NTSTATUS status = key_own(key, true, handle);
    return status == STATUS_OBJECT_NAME_NOT_FOUND ? STATUS_KEY_DELETED : status;
}

/* The target of a link of the VM's own, as the kernel is to follow it: in the VM's keys, where the
 * target is made to be if the VM sees it. *units is layer_alloc()'s; NULL for a target that is no
 * key. */
static NTSTATUS translate_link(const void *data, ULONG size, uint16_t **units, ULONG *bytes)
{
    layer_cleanup_key_name struct key_name name;
    layer_cleanup_handle HANDLE target = NULL;
    struct str16_buf path;

    *units = NULL;
    layer_cleanup_free uint16_t *copy = layer_alloc(size + sizeof *copy);
    if (!copy)
        return STATUS_INSUFFICIENT_RESOURCES;
    memcpy(copy, data, size);
    NTSTATUS status = key_name_parse((struct str16){copy, size / sizeof *copy}, KEYNAME_WOW64_64KEY,
                                     false, &name);
    if (status || !name.registry || name.shared)
        return status;
    status = key_make_upper(name.canon, KEYNAME_QUERY_VALUE, &target);
    if (status && status != STATUS_OBJECT_NAME_NOT_FOUND)
        return status;
    *units = key_name_in_tree("\\upper", name.canon, &path);
    *bytes = (ULONG)(path.len * sizeof *path.s);
    return *units ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

NTSTATUS NTAPI layer_NtSetValueKey(HANDLE handle, UNICODE_STRING *name, ULONG title, ULONG type,
                                   void *data, ULONG size)
{
    layer_cleanup_key_handle struct key_handle key;
    layer_cleanup_free uint16_t *link = NULL;
    HANDLE upper;
    layer_wake();
    NTSTATUS status = key_handle_read_quickly(handle, &key);
    if (status)
        return status;
    if (key.shared || !name)
        return real.NtSetValueKey(handle, name, title, type, data, size);
    if (keyname_is_reserved(str16_of_unicode(name)))
        return STATUS_ACCESS_DENIED;
    if (!(key.access & KEYNAME_SET_VALUE))
        return STATUS_ACCESS_DENIED;
    if (key.dead)
        return STATUS_KEY_DELETED;
    bool below = type != REG_LINK && key_value_is_below(&key, name);
    status = key_upper_for_write(&key, KEYNAME_SET_VALUE, &upper);
    if (status)
        return status;
    if (type == REG_LINK && data &&
        str16_equal_ascii(str16_of_unicode(name), "SymbolicLinkValue")) {
        status = translate_link(data, size, &link, &size);
        if (status)
            return status;
        if (link)
            data = link;
    }
    // A value keeps the spelling that it was made with.
    layer_cleanup_free void *memory = NULL;
    UNICODE_STRING spelled = below ? key_value_spelling(key.canon, name, &memory) : *name;
    status = real.NtSetValueKey(upper, &spelled, title, type, data, size);
    key_changed(status ? KEY_CHANGE_OTHER : KEY_CHANGE_VALUE_SET, key.canon,
                str16_of_unicode(name));
    return status;
}

NTSTATUS key_copy_value(HANDLE from, HANDLE to, UNICODE_STRING *name)
{
    for (ULONG size = 512;;) {
        layer_cleanup_free struct nt_key_value_partial_information *info = layer_alloc(size);
        ULONG len = 0;
        if (!info)
            return STATUS_INSUFFICIENT_RESOURCES;
        NTSTATUS status =
            real.NtQueryValueKey(from, name, NT_KEY_VALUE_PARTIAL_INFORMATION, info, size, &len);
        if (!status)
            return real.NtSetValueKey(to, name, 0, info->type, info->data, info->data_length);
        if ((status != STATUS_BUFFER_OVERFLOW && status != STATUS_BUFFER_TOO_SMALL) || len <= size)
            return status;
        size = len;
    }
}

NTSTATUS NTAPI layer_NtDeleteValueKey(HANDLE handle, UNICODE_STRING *name)
{
    layer_cleanup_key_handle struct key_handle key;
    layer_cleanup_key_view struct key_view view = {0};
    struct nt_key_value_partial_information info;
    ULONG len;
    HANDLE upper;
    bool marked = false;
    layer_wake();
    NTSTATUS status = key_handle_read(handle, &key);
    if (status)
        return status;
    if (key.shared || !name)
        return real.NtDeleteValueKey(handle, name);
    if (!(key.access & KEYNAME_SET_VALUE))
        return STATUS_ACCESS_DENIED;
    if (key.dead)
        return STATUS_KEY_DELETED;
    if (keyname_is_reserved(str16_of_unicode(name)))
        return STATUS_OBJECT_NAME_NOT_FOUND;
    status = key.lower ? key_view_open(key.canon, KEYNAME_QUERY_VALUE, &view)
                       : key_view_open_lower(key.canon, KEYNAME_QUERY_VALUE, &view);
    if (status)
        return status;
    if (key.lower && !view.upper && !view.lower)
        return STATUS_KEY_DELETED;
    bool has_lower = view.lower &&
                     real.NtQueryValueKey(view.lower, name, NT_KEY_VALUE_PARTIAL_INFORMATION, &info,
                                          sizeof info, &len) != STATUS_OBJECT_NAME_NOT_FOUND;
    if (has_lower && (status = key_value_is_hidden(key.canon, name, &marked)))
        return status;
    if (!has_lower || marked) {
        if (key.lower && !view.upper)
            return STATUS_OBJECT_NAME_NOT_FOUND;
        status = key_upper_for_write(&key, KEYNAME_SET_VALUE, &upper);
        if (!status)
            status = real.NtDeleteValueKey(upper, name);
        key_changed(status ? KEY_CHANGE_OTHER : KEY_CHANGE_VALUE_REMOVED, key.canon,
                    str16_of_unicode(name));
        return status;
    }
    // The VM's own first, equal to the host's, so that the last step is a deletion, which whoever
    // watches the key is told of.
    status = key_upper_for_write(&key, KEYNAME_SET_VALUE, &upper);
    HANDLE own = view.upper;
    if (!status && !own)
        status = key_own(&key, false, &own);
    if (!status && real.NtQueryValueKey(own, name, NT_KEY_VALUE_PARTIAL_INFORMATION, &info,
                                        sizeof info, &len) == STATUS_OBJECT_NAME_NOT_FOUND)
        status = key_copy_value(view.lower, upper, name);
    if (!status)
        status = key_hide_value(key.canon, name);
    if (!status)
        status = real.NtDeleteValueKey(upper, name);
    key_changed(status ? KEY_CHANGE_OTHER : KEY_CHANGE_VALUE_REMOVED, key.canon,
                str16_of_unicode(name));
    return status;
}

NTSTATUS key_status_of_not_empty(void)
{
    static NTSTATUS known;
    layer_cleanup_scratch HANDLE key = NULL, child = NULL;
    if (known)
        return known;
    if (key_make_scratch(NULL, NULL, KEYNAME_ALL, &key) ||
        key_make_scratch(key, NULL, KEYNAME_ALL, &child))
        return STATUS_CANNOT_DELETE;
    NTSTATUS status = real.NtDeleteKey(key);
    if (status)
        known = status;
    return status ? status : STATUS_CANNOT_DELETE;
}

/* Gives the VM's own key all that it still has from the host's, so that hiding that changes
 * nothing. */
static NTSTATUS copy_values(struct str16 canon, const struct key_view *view)
{
    layer_cleanup_key_names struct key_names names = {0};
    layer_cleanup_handle HANDLE upper = NULL;
    if (!view->lower)
        return STATUS_SUCCESS;
    NTSTATUS status = key_names_read(canon, view->upper, view->lower, true, &names);
    if (!status && names.count)
        status = key_open_upper(canon, KEYNAME_SET_VALUE, &upper);
    for (size_t i = 0; !status && i < names.count; i++) {
        if (names.entries[i].from & KEYMERGE_UPPER)
            continue;
        UNICODE_STRING name = unicode_of_str16(names.entries[i].name);
        status = key_copy_value(view->lower, upper, &name);
    }
    return status;
}

NTSTATUS NTAPI layer_NtDeleteKey(HANDLE handle)
{
    layer_cleanup_key_handle struct key_handle key;
    layer_cleanup_key_view struct key_view view = {0};
    layer_cleanup_key_names struct key_names names = {0};
    struct str16 parent;
    HANDLE upper;
    layer_wake();
    NTSTATUS status = key_handle_read_quickly(handle, &key);
    if (status)
        return status;
    if (key.shared)
        return real.NtDeleteKey(handle);
    if (!(key.access & KEYNAME_DELETE) || !ntpath_parent(key.canon, &parent))
        return STATUS_ACCESS_DENIED;
    if (key.dead)
        return STATUS_SUCCESS;
    if (key.lower)
        status = key_view_open(key.canon, KEYNAME_READ, &view);
    else if (!key_was_absent(key.canon))
        status = key_view_open_lower(key.canon, KEYNAME_READ, &view);
    if (status)
        return status;
    if (key.lower && !view.upper && !view.lower) // already
        return STATUS_SUCCESS;
    if (!view.lower) // else the mark says as much
        change_index_add(layer_changes, CHANGE_KEY_DELETED, key.canon);
    if (!key.lower && (!view.lower || key_handle_is_dead(&key))) {
        // The system finds what is wrong with it.
        status = real.NtDeleteKey(handle);
        key_changed(status ? KEY_CHANGE_OTHER : KEY_CHANGE_REMOVED, parent, ntpath_leaf(key.canon));
        return status;
    }
    if (!key.lower)
        status = key_open_upper(key.canon, KEYNAME_READ, &view.upper);
    if (status)
        return status;
    status = key_names_read(key.canon, view.upper, view.lower, false, &names);
    if (!status && names.count)
        status = key_status_of_not_empty();
    if (status)
        return status;
    // By way of a key of the VM's own also where there was none: the last step is a deletion, which
    // whoever watches the key above is told of, and the only one that changes what the VM sees.
    status = key_upper_for_write(&key, KEYNAME_DELETE, &upper);
    if (!status && !view.hidden)
        status = copy_values(key.canon, &view);
    if (!status && !view.hidden)
        status = key_hide(key.canon, (struct str16){0});
    if (!status)
        status = real.NtDeleteKey(upper);
    key_changed(status ? KEY_CHANGE_OTHER : KEY_CHANGE_REMOVED, parent, ntpath_leaf(key.canon));
    return status;
}

NTSTATUS NTAPI layer_NtSetInformationKey(HANDLE handle, KEY_SET_INFORMATION_CLASS class, void *info,
                                         ULONG size)
{
    layer_cleanup_key_handle struct key_handle key;
    HANDLE upper;
    layer_wake();
    NTSTATUS status = key_handle_read(handle, &key);
    if (status)
        return status;
    // The other classes are the handle's own business.
    if (key.shared || class != KeyWriteTimeInformation)
        return real.NtSetInformationKey(handle, class, info, size);
    status = key_upper_for_write(&key, KEYNAME_SET_VALUE, &upper);
    if (!status)
        status = real.NtSetInformationKey(upper, class, info, size);
    key_changed(status ? KEY_CHANGE_OTHER : KEY_CHANGE_VALUE_SET, key.canon, (struct str16){0});
    return status;
}

NTSTATUS NTAPI layer_NtFlushKey(HANDLE handle)
{
    layer_cleanup_key_handle struct key_handle key;
    HANDLE own;
    layer_wake();
    NTSTATUS status = key_handle_read(handle, &key);
    if (status)
        return status;
    if (key.dead)
        return STATUS_KEY_DELETED;
    // Of the host's key there is nothing that the VM could lose.
    if (!key.shared && key.lower && !key_own(&key, false, &own))
        return real.NtFlushKey(own);
    return real.NtFlushKey(handle);
}
