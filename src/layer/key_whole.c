#include "layer/key_store.h"

// What acts on whole hives, or on all of them: those are the host's, the VM's own keys lying in one
// of them. So they are refused as the system refuses them to a program without the privileges that
// they take. Wine 8 exports none of these calls.

NTSTATUS NTAPI layer_NtCompactKeys(ULONG count, HANDLE *keys)
{
    (void)count;
    (void)keys;
    return STATUS_PRIVILEGE_NOT_HELD;
}

NTSTATUS NTAPI layer_NtCompressKey(HANDLE key)
{
    (void)key;
    return STATUS_PRIVILEGE_NOT_HELD;
}

NTSTATUS NTAPI layer_NtLockRegistryKey(HANDLE key)
{
    (void)key;
    return STATUS_PRIVILEGE_NOT_HELD;
}

NTSTATUS NTAPI layer_NtFreezeRegistry(ULONG seconds)
{
    (void)seconds;
    return STATUS_PRIVILEGE_NOT_HELD;
}

NTSTATUS NTAPI layer_NtThawRegistry(void)
{
    return STATUS_PRIVILEGE_NOT_HELD;
}

/* The start of the system says with this how far it is, and that the last start was a good one:
 * afterwards it is done, and the system says this. */
NTSTATUS NTAPI layer_NtInitializeRegistry(USHORT condition)
{
    (void)condition;
    return STATUS_ACCESS_DENIED;
}

/* How many keys below the root of a hive are open: for a hive of the VM's, of that. */
NTSTATUS NTAPI layer_NtQueryOpenSubKeys(OBJECT_ATTRIBUTES *key, ULONG *count)
{
    layer_cleanup_key_name struct key_name name;
    layer_cleanup_handle HANDLE upper = NULL;
    struct str16_buf path;
    UNICODE_STRING text;
    bool hidden;
    layer_wake();
    NTSTATUS status = key_name_read(key, KEYNAME_WOW64_64KEY, false, &name);
    if (status)
        return status;
    if (!name.registry || name.shared || key_untouched(name.canon))
        return real.NtQueryOpenSubKeys(key, count);
    status = key_open_upper(name.canon, KEYNAME_QUERY_VALUE, &upper);
    if (status == STATUS_OBJECT_NAME_NOT_FOUND) {
        status = key_is_hidden(name.canon, &hidden);
        return status   ? status
               : hidden ? STATUS_OBJECT_NAME_NOT_FOUND
                        : real.NtQueryOpenSubKeys(key, count);
    }
    layer_cleanup_free uint16_t *memory =
        status ? NULL : key_name_in_tree(KEY_UPPER_TREE, name.canon, &path);
    if (!memory)
        return status ? status : STATUS_INSUFFICIENT_RESOURCES;
    layer_close_at(&upper); // it would be counted
    upper = NULL;
    OBJECT_ATTRIBUTES attributes = key_attributes(&text, str16_view(&path));
    return real.NtQueryOpenSubKeys(&attributes, count);
}

/* Names the host's processes that have keys open. */
NTSTATUS NTAPI layer_NtQueryOpenSubKeysEx(OBJECT_ATTRIBUTES *key, ULONG size, void *buffer,
                                          ULONG *needed)
{
    (void)key;
    (void)size;
    (void)buffer;
    (void)needed;
    return STATUS_PRIVILEGE_NOT_HELD;
}
