#include "core/ntpath.h"
#include "layer/file_name.h"
#include "layer/key_change.h"
#include "layer/key_journal.h"
#include "layer/store.h"

// Hives: files that the system makes of keys, and keys of.
//
// A key that is saved is first brought together in the VM's place, and that is saved. A file that
// is loaded is the VM's own copy, for the system writes to it, and it is loaded where only the VM
// sees it, if the system allows that: Wine does at any place, Windows directly below
// \REGISTRY\MACHINE and \REGISTRY\USER alone, and says so. Hives that a program loads for itself
// (\REGISTRY\A) go where they are asked for.

enum { PATH = 32768 };

/* Copies what the VM sees of the key at `path` below the open key `to`. */
static NTSTATUS copy_merged(struct str16_buf *path, HANDLE to)
{
    layer_cleanup_key_view struct key_view view = {0};
    layer_cleanup_key_names struct key_names names = {0};
    struct str16 canon = str16_view(path);

    NTSTATUS status = key_view_open(canon, KEYNAME_READ, &view);
    if (!status)
        status = key_names_read(canon, view.upper, view.lower, true, &names);
    for (size_t i = 0; !status && i < names.count; i++) {
        UNICODE_STRING name = unicode_of_str16(names.entries[i].name);
        status = key_copy_value(names.entries[i].from & KEYMERGE_UPPER ? view.upper : view.lower,
                                to, &name);
        if (status == STATUS_OBJECT_NAME_NOT_FOUND) // gone meanwhile
            status = STATUS_SUCCESS;
    }
    key_names_free(&names);
    if (!status)
        status = key_names_read(canon, view.upper, view.lower, false, &names);
    key_view_close(&view);
    for (size_t i = 0; !status && i < names.count; i++) {
        layer_cleanup_handle HANDLE child = NULL;
        UNICODE_STRING text, class_name = unicode_of_str16(names.entries[i].class_name);
        OBJECT_ATTRIBUTES attributes = key_attributes(&text, names.entries[i].name);
        attributes.RootDirectory = to;
        status = real.NtCreateKey(&child, KEYNAME_ALL | KEYNAME_WOW64_64KEY, &attributes, 0,
                                  class_name.Length ? &class_name : NULL, 0, NULL);
        if (status) {
            child = NULL;
            break;
        }
        size_t len = path->len;
        str16_put_unit(path, '\\');
        str16_put(path, names.entries[i].name);
        status = path->overflow ? STATUS_OBJECT_NAME_INVALID : copy_merged(path, child);
        path->len = len;
        if (status == STATUS_KEY_DELETED) // meanwhile
            status = key_delete_tree(child);
    }
    return status;
}

static void delete_tree_at(HANDLE *key)
{
    if (*key) {
        key_delete_tree(*key);
        real.NtClose(*key);
    }
}
#define layer_cleanup_tree __attribute__((cleanup(delete_tree_at)))

/* Makes a key that holds what the VM sees of `key`, with its name and class. */
static NTSTATUS make_merged(const struct key_handle *key, HANDLE *above, HANDLE *copy)
{
    struct str16_buf path = {.cap = PATH};
    layer_cleanup_free uint16_t *memory = path.s = layer_alloc(PATH * sizeof *memory);
    UNICODE_STRING text;
    if (!memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = key_make_lasting_scratch(above);
    if (status)
        return status;
    OBJECT_ATTRIBUTES attributes = key_attributes(&text, ntpath_leaf(key->canon));
    attributes.RootDirectory = *above;
    status =
        real.NtCreateKey(copy, KEYNAME_ALL | KEYNAME_WOW64_64KEY, &attributes, 0, NULL, 0, NULL);
    if (status) {
        *copy = NULL;
        return status;
    }
    str16_put(&path, key->canon);
    return copy_merged(&path, *copy);
}

struct saving {
    enum { SAVE, SAVE_EX } call;
    HANDLE file;
    ULONG format;
};

static NTSTATUS save_real(const struct saving *saving, HANDLE key)
{
    return saving->call == SAVE ? real.NtSaveKey(key, saving->file)
                                : real.NtSaveKeyEx(key, saving->file, saving->format);
}

static NTSTATUS save(const struct saving *saving, HANDLE handle)
{
    layer_cleanup_key_handle struct key_handle key;
    layer_cleanup_tree HANDLE above = NULL;
    layer_cleanup_handle HANDLE copy = NULL;
    layer_wake();
    NTSTATUS status = key_handle_read(handle, &key);
    if (status)
        return status;
    // What is changed below a key changes the listing of the key itself.
    if (key.shared || (key.lower && key_untouched(key.canon) && key_listing_untouched(key.canon) &&
                       key_values_untouched(key.canon)))
        return save_real(saving, handle);
    if (key.dead)
        return STATUS_KEY_DELETED;
    status = make_merged(&key, &above, &copy);
    return status ? status : save_real(saving, copy);
}

NTSTATUS NTAPI layer_NtSaveKey(HANDLE key, HANDLE file)
{
    struct saving saving = {.call = SAVE, .file = file};
    return save(&saving, key);
}

NTSTATUS NTAPI layer_NtSaveKeyEx(HANDLE key, HANDLE file, ULONG format)
{
    struct saving saving = {.call = SAVE_EX, .file = file, .format = format};
    return save(&saving, key);
}

NTSTATUS NTAPI layer_NtSaveMergedKeys(HANDLE high, HANDLE low, HANDLE file)
{
    layer_cleanup_tree HANDLE above_high = NULL;
    layer_cleanup_tree HANDLE above_low = NULL;
    layer_cleanup_handle HANDLE copy_high = NULL, copy_low = NULL;
    layer_cleanup_key_handle struct key_handle first;
    layer_cleanup_key_handle struct key_handle second = {0};
    layer_wake();
    NTSTATUS status = key_handle_read(high, &first);
    if (!status)
        status = key_handle_read(low, &second);
    if (status)
        return status;
    if (first.dead || second.dead)
        return STATUS_KEY_DELETED;
    if (!first.shared)
        status = make_merged(&first, &above_high, &copy_high);
    if (!status && !second.shared)
        status = make_merged(&second, &above_low, &copy_low);
    return status ? status
                  : real.NtSaveMergedKeys(copy_high ? copy_high : high, copy_low ? copy_low : low,
                                          file);
}

struct loading {
    enum { LOAD, LOAD_2, LOAD_EX, LOAD_3 } call;
    ULONG flags;
    HANDLE trust, event;
    ACCESS_MASK access;
    HANDLE *root;
    IO_STATUS_BLOCK *io;
    void *parameters, *reserved; // of NtLoadKey3
    ULONG parameter_count;
};

static NTSTATUS load_real(const struct loading *loading, OBJECT_ATTRIBUTES *key,
                          OBJECT_ATTRIBUTES *file)
{
    switch (loading->call) {
    case LOAD:
        return real.NtLoadKey(key, file);
    case LOAD_2:
        return real.NtLoadKey2(key, file, loading->flags);
    case LOAD_3:
        return real.NtLoadKey3(key, file, loading->flags, loading->parameters,
                               loading->parameter_count, loading->access, loading->root,
                               loading->reserved);
    case LOAD_EX:
        break;
    }
    return real.NtLoadKeyEx(key, file, loading->flags, loading->trust, loading->event,
                            loading->access, loading->root, loading->io);
}

/* The call with the name of the VM's own file, which is made of the host's: the system writes to
 * it. */
static NTSTATUS load_with_file(const struct loading *loading, OBJECT_ATTRIBUTES *key,
                               OBJECT_ATTRIBUTES *file)
{
    layer_cleanup_file_name struct file_name name;
    struct str16_buf upper;
    UNICODE_STRING text;
    if (!file)
        return load_real(loading, key, file);
    NTSTATUS status = file_name_read(file, &name);
    if (status)
        return status;
    if (name.path.kind != NTPATH_FILE)
        return load_real(loading, key, file);
    status = store_copy_up(name.path.canon, false);
    if (status && status != STATUS_OBJECT_NAME_NOT_FOUND && status != STATUS_OBJECT_PATH_NOT_FOUND)
        return status;
    layer_cleanup_free uint16_t *memory = store_upper_name(name.path.canon, 0, &upper);
    if (!memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    OBJECT_ATTRIBUTES attributes = file_attributes_for(file, &text, str16_view(&upper));
    return load_real(loading, key, &attributes);
}

static NTSTATUS load(const struct loading *loading, OBJECT_ATTRIBUTES *key, OBJECT_ATTRIBUTES *file)
{
    layer_cleanup_key_name struct key_name name;
    layer_cleanup_handle HANDLE made = NULL;
    struct str16_buf upper;
    struct str16 parent;
    UNICODE_STRING text;
    bool exists;
    layer_wake();
    NTSTATUS status = key_name_read(key, KEYNAME_WOW64_64KEY, false, &name);
    if (status)
        return status;
    if (!name.registry || (name.shared && name.canon.len))
        return load_with_file(loading, key, file);
    if (!ntpath_parent(name.canon, &parent))
        return STATUS_PRIVILEGE_NOT_HELD;
    // Where there is a key already, the system is to see that.
    status = key_exists(name.canon, &exists);
    if (!status)
        status = key_make_upper(exists ? name.canon : parent, KEYNAME_QUERY_VALUE, &made);
    layer_cleanup_free uint16_t *memory = key_name_in_tree("\\upper", name.canon, &upper);
    if (!status && !memory)
        status = STATUS_INSUFFICIENT_RESOURCES;
    if (status)
        return status;
    key_announce(name.canon);
    OBJECT_ATTRIBUTES attributes = key_attributes(&text, str16_view(&upper));
    status = load_with_file(loading, &attributes, file);
    if (!status)
        status = key_announce_below(name.canon);
    key_changed(KEY_CHANGE_OTHER, name.canon, (struct str16){0});
    return status;
}

NTSTATUS NTAPI layer_NtLoadKey(OBJECT_ATTRIBUTES *key, OBJECT_ATTRIBUTES *file)
{
    struct loading loading = {.call = LOAD};
    return load(&loading, key, file);
}

NTSTATUS NTAPI layer_NtLoadKey2(OBJECT_ATTRIBUTES *key, OBJECT_ATTRIBUTES *file, ULONG flags)
{
    struct loading loading = {.call = LOAD_2, .flags = flags};
    return load(&loading, key, file);
}

NTSTATUS NTAPI layer_NtLoadKeyEx(OBJECT_ATTRIBUTES *key, OBJECT_ATTRIBUTES *file, ULONG flags,
                                 HANDLE trust, HANDLE event, ACCESS_MASK access, HANDLE *root,
                                 IO_STATUS_BLOCK *io)
{
    struct loading loading = {.call = LOAD_EX,
                              .flags = flags,
                              .trust = trust,
                              .event = event,
                              .access = access,
                              .root = root,
                              .io = io};
    return load(&loading, key, file);
}

NTSTATUS NTAPI layer_NtLoadKey3(OBJECT_ATTRIBUTES *key, OBJECT_ATTRIBUTES *file, ULONG flags,
                                void *parameters, ULONG count, ACCESS_MASK access, HANDLE *root,
                                void *reserved)
{
    struct loading loading = {.call = LOAD_3,
                              .flags = flags,
                              .access = access,
                              .root = root,
                              .parameters = parameters,
                              .parameter_count = count,
                              .reserved = reserved};
    return load(&loading, key, file);
}

struct unloading {
    enum { UNLOAD, UNLOAD_2, UNLOAD_EX } call;
    ULONG flags;
    HANDLE event;
};

static NTSTATUS unload_real(const struct unloading *unloading, OBJECT_ATTRIBUTES *key)
{
    switch (unloading->call) {
    case UNLOAD:
        return real.NtUnloadKey(key);
    case UNLOAD_2:
        return real.NtUnloadKey2(key, unloading->flags);
    case UNLOAD_EX:
        break;
    }
    return real.NtUnloadKeyEx(key, unloading->event);
}

static NTSTATUS unload(const struct unloading *unloading, OBJECT_ATTRIBUTES *key)
{
    layer_cleanup_key_name struct key_name name;
    layer_cleanup_key_view struct key_view view = {0};
    struct str16_buf upper;
    UNICODE_STRING text;
    layer_wake();
    NTSTATUS status = key_name_read(key, KEYNAME_WOW64_64KEY, false, &name);
    if (status)
        return status;
    if (!name.registry || (name.shared && name.canon.len))
        return unload_real(unloading, key);
    status = key_view_open(name.canon, KEYNAME_QUERY_VALUE, &view);
    if (status)
        return status;
    if (view.lower) // the host's hive
        return STATUS_PRIVILEGE_NOT_HELD;
    key_view_close(&view); // an open handle would keep it loaded
    layer_cleanup_free uint16_t *memory = key_name_in_tree("\\upper", name.canon, &upper);
    if (!memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    OBJECT_ATTRIBUTES attributes = key_attributes(&text, str16_view(&upper));
    change_index_add(layer_changes, CHANGE_KEY_DELETED, name.canon);
    status = unload_real(unloading, &attributes);
    key_changed(KEY_CHANGE_OTHER, name.canon, (struct str16){0});
    return status;
}

NTSTATUS NTAPI layer_NtUnloadKey(OBJECT_ATTRIBUTES *key)
{
    struct unloading unloading = {.call = UNLOAD};
    return unload(&unloading, key);
}

NTSTATUS NTAPI layer_NtUnloadKey2(OBJECT_ATTRIBUTES *key, ULONG flags)
{
    struct unloading unloading = {.call = UNLOAD_2, .flags = flags};
    return unload(&unloading, key);
}

NTSTATUS NTAPI layer_NtUnloadKeyEx(OBJECT_ATTRIBUTES *key, HANDLE event)
{
    struct unloading unloading = {.call = UNLOAD_EX, .event = event};
    return unload(&unloading, key);
}

/* Replacing is for the root of a hive, by a file that becomes the hive's: those are the host's. The
 * system says what is wrong with any other key. */
NTSTATUS NTAPI layer_NtReplaceKey(OBJECT_ATTRIBUTES *file, HANDLE handle,
                                  OBJECT_ATTRIBUTES *old_file)
{
    layer_cleanup_key_handle struct key_handle key;
    layer_cleanup_scratch HANDLE scratch = NULL;
    layer_wake();
    NTSTATUS status = key_handle_read(handle, &key);
    if (!status && !key.shared)
        status = key_make_scratch(NULL, NULL, KEYNAME_ALL, &scratch);
    return status ? status : real.NtReplaceKey(file, scratch ? scratch : handle, old_file);
}

/* Whether the key has anything. */
static bool is_empty(HANDLE key)
{
    struct nt_key_full_information info;
    ULONG len;
    NTSTATUS status = real.NtQueryKey(key, NT_KEY_FULL_INFORMATION, &info, sizeof info, &len);
    return (!status || status == STATUS_BUFFER_OVERFLOW) && !info.sub_keys && !info.values;
}

NTSTATUS NTAPI layer_NtRestoreKey(HANDLE handle, HANDLE file, ULONG flags)
{
    layer_cleanup_key_handle struct key_handle key;
    layer_cleanup_tree HANDLE scratch = NULL;
    HANDLE upper;
    layer_wake();
    NTSTATUS status = key_handle_read(handle, &key);
    if (status)
        return status;
    if (key.shared)
        return real.NtRestoreKey(handle, file, flags);
    // Tried first where it does no harm. Wine 8 says that it is done, and does nothing.
    status = key_make_lasting_scratch(&scratch);
    if (!status)
        status = real.NtRestoreKey(scratch, file, flags);
    if (status || is_empty(scratch))
        return status;
    status = key_upper_for_write(&key, KEYNAME_SET_VALUE | KEYNAME_CREATE_SUB_KEY, &upper);
    if (!status)
        status = real.NtRestoreKey(upper, file, flags);
    if (!status)
        status = key_announce_below(key.canon);
    if (!status) // of the host's, nothing is left
        status = key_hide(key.canon, key.canon);
    key_changed(KEY_CHANGE_OTHER, key.canon, (struct str16){0});
    return status;
}
