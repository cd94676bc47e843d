#include "core/ntpath.h"
#include "layer/key_journal.h"
#include "layer/key_time.h"
#include "layer/key_store.h"

// What a VM's start does with the keys that it has: what was to end with the VM's last run is
// removed, and the rest is entered into the change index.

enum { WALK_PATH = 32768, WALK_BUFFER = 34 * 1024 }; // for the longest name of a value

struct walk {
    struct str16_buf path; // canonical
    uint8_t *buffer;
    bool has_security; // some key may have been given a descriptor
    bool has_volatile; // some key may be noted to end with the VM
    void (*each)(struct walk *walk, HANDLE key);
};

static bool has_value(struct walk *walk, HANDLE key, const uint16_t *value)
{
    UNICODE_STRING name = unicode_of_str16(str16_of(value));
    ULONG len;
    return real.NtQueryValueKey(key, &name, NT_KEY_VALUE_BASIC_INFORMATION, walk->buffer,
                                WALK_BUFFER, &len) != STATUS_OBJECT_NAME_NOT_FOUND;
}

static void announce_upper(struct walk *walk, HANDLE key)
{
    key_announce(str16_view(&walk->path));
    if (walk->has_security && has_value(walk, key, KEYNAME_RESERVED u"security"))
        change_index_add(layer_changes, CHANGE_KEY_SECURITY, str16_view(&walk->path));
}

/* The name of a value, in the walk's buffer; its `s` is NULL when there is none of that index. */
static struct str16 next_value(struct walk *walk, HANDLE key, ULONG index)
{
    const struct nt_key_value_basic_information *info = (void *)walk->buffer;
    ULONG len;
    NTSTATUS status = real.NtEnumerateValueKey(key, index, NT_KEY_VALUE_BASIC_INFORMATION,
                                               walk->buffer, WALK_BUFFER, &len);
    return status ? (struct str16){0}
                  : (struct str16){(const uint16_t *)info->name, info->name_length / sizeof(WCHAR)};
}

static void announce_hidden(struct walk *walk, HANDLE key)
{
    struct str16 canon = str16_view(&walk->path), name;
    for (ULONG i = 0; name = next_value(walk, key, i), name.s; i++) {
        change_index_add(layer_changes, CHANGE_KEY_LISTING, canon);
        change_index_add_leaf(layer_changes, CHANGE_KEY_HIDDEN, canon, name);
    }
}

static void announce_no_value(struct walk *walk, HANDLE key)
{
    struct str16 canon = str16_view(&walk->path), name;
    change_index_add(layer_changes, CHANGE_KEY_NO_VALUE, canon);
    for (ULONG i = 0; name = next_value(walk, key, i), name.s; i++)
        change_index_add_leaf(layer_changes, CHANGE_KEY_VALUE_HIDDEN, canon, name);
}

static void announce_times(struct walk *walk, HANDLE key)
{
    struct str16 canon = str16_view(&walk->path), name;
    for (ULONG i = 0; name = next_value(walk, key, i), name.s; i++)
        key_time_announce(canon, name);
}

/* Removes a key and what is below it. */
static bool remove_below(HANDLE above, struct str16 leaf)
{
    layer_cleanup_handle HANDLE key = NULL;
    UNICODE_STRING text;
    OBJECT_ATTRIBUTES attributes = key_attributes(&text, leaf);
    attributes.RootDirectory = above;
    attributes.Attributes |= OBJ_OPENLINK;
    if (real.NtOpenKey(&key, KEYNAME_ALL | KEYNAME_WOW64_64KEY, &attributes)) {
        key = NULL;
        return false;
    }
    return !key_delete_tree(key);
}

/* Removes what processes that were killed while they tried something have left. */
static void remove_scratch(HANDLE store, uint8_t *buffer)
{
    const struct nt_key_basic_information *info = (void *)buffer;
    ULONG len;
    for (ULONG i = 0;
         !real.NtEnumerateKey(store, i, NT_KEY_BASIC_INFORMATION, buffer, WALK_BUFFER, &len); i++) {
        struct str16 name = {(const uint16_t *)info->name, info->name_length / sizeof(WCHAR)};
        if (str16_starts_ascii(name, KEY_SCRATCH_PREFIX) && remove_below(store, name))
            i--;
    }
}

static NTSTATUS walk_key(struct walk *walk, HANDLE key)
{
    const struct nt_key_basic_information *info = (void *)walk->buffer;
    size_t path = walk->path.len;
    ULONG len;

    if (path)
        walk->each(walk, key);
    for (ULONG i = 0;; i++) {
        layer_cleanup_handle HANDLE child = NULL;
        NTSTATUS status =
            real.NtEnumerateKey(key, i, NT_KEY_BASIC_INFORMATION, walk->buffer, WALK_BUFFER, &len);
        if (status)
            return status == STATUS_NO_MORE_ENTRIES ? STATUS_SUCCESS : status;
        if (path)
            str16_put_unit(&walk->path, '\\');
        size_t leaf = walk->path.len;
        str16_put(&walk->path,
                  (struct str16){(const uint16_t *)info->name, info->name_length / sizeof(WCHAR)});
        if (walk->path.overflow)
            return STATUS_NAME_TOO_LONG;
        UNICODE_STRING text;
        OBJECT_ATTRIBUTES attributes =
            key_attributes(&text, str16_skip(str16_view(&walk->path), leaf));
        attributes.RootDirectory = key;
        attributes.Attributes |= OBJ_OPENLINK;
        status = real.NtOpenKey(&child, KEYNAME_READ | KEYNAME_WOW64_64KEY, &attributes);
        if (status)
            child = NULL;
        else if (walk->has_volatile && has_value(walk, child, KEYNAME_RESERVED u"volatile") &&
                 remove_below(key, str16_skip(str16_view(&walk->path), leaf)))
            i--; // the next has its number
        else
            status = walk_key(walk, child);
        if (status)
            return status;
        walk->path.len = path;
    }
}

NTSTATUS key_announce_below(struct str16 canon)
{
    layer_cleanup_free uint16_t *path = layer_alloc(WALK_PATH * sizeof *path);
    layer_cleanup_free uint8_t *buffer = layer_alloc(WALK_BUFFER);
    layer_cleanup_handle HANDLE root = NULL;
    struct walk walk = {
        .path = {.s = path, .cap = WALK_PATH}, .buffer = buffer, .each = announce_upper};
    if (!path || !buffer)
        return STATUS_INSUFFICIENT_RESOURCES;
    str16_put(&walk.path, canon);
    NTSTATUS status = key_open_in_tree(KEY_UPPER_TREE, canon, KEYNAME_READ, &root);
    return status ? status : walk_key(&walk, root);
}

/* Whether the VM's place has a value of this name: that it has something rare. */
static bool has_flag(HANDLE store, const uint16_t *name)
{
    uint8_t info[64];
    ULONG len;
    UNICODE_STRING value = unicode_of_str16(str16_of(name));
    return real.NtQueryValueKey(store, &value, NT_KEY_VALUE_BASIC_INFORMATION, info, sizeof info,
                                &len) != STATUS_OBJECT_NAME_NOT_FOUND;
}

NTSTATUS key_prepare(void)
{
    static const struct {
        const char *tree;
        void (*each)(struct walk *walk, HANDLE key);
    } trees[] = {{KEY_UPPER_TREE, announce_upper},
                 {KEY_HIDDEN_TREE, announce_hidden},
                 {KEY_NO_VALUE_TREE, announce_no_value},
                 {KEY_TIMES_TREE, announce_times}};
    layer_cleanup_free uint16_t *path = layer_alloc(WALK_PATH * sizeof *path);
    layer_cleanup_free uint8_t *buffer = layer_alloc(WALK_BUFFER);
    struct walk walk = {.path = {.s = path, .cap = WALK_PATH}, .buffer = buffer};
    struct str16 parent = {0}, leaf;
    NTSTATUS status = STATUS_SUCCESS;

    if (!path || !buffer)
        return STATUS_INSUFFICIENT_RESOURCES;
    key_name_store(&parent, &leaf); // is left out of its parent's listing
    change_index_add(layer_changes, CHANGE_KEY_LISTING, parent);
    layer_cleanup_handle HANDLE store = NULL;
    if (!key_open_store(KEYNAME_READ, &store)) {
        if (has_flag(store, u"links"))
            change_index_add(layer_changes, CHANGE_KEY_UPPER, str16_of(KEY_LINKS_FLAG));
        remove_scratch(store, buffer);
        walk.has_volatile = has_flag(store, KEY_VOLATILE_FLAG);
        walk.has_security = has_flag(store, u"security");
        if (walk.has_security)
            change_index_add(layer_changes, CHANGE_KEY_SECURITY, (struct str16){0});
    }
    for (size_t i = 0; i < sizeof trees / sizeof *trees && !status; i++) {
        layer_cleanup_handle HANDLE root = NULL;
        status = key_open_in_tree(trees[i].tree, (struct str16){path, 0}, KEYNAME_READ, &root);
        walk.each = trees[i].each;
        walk.path.len = 0;
        if (!status && walk.each == announce_times)
            announce_times(&walk, root); // of the roots themselves
        status = status == STATUS_OBJECT_NAME_NOT_FOUND ? STATUS_SUCCESS
                 : status                               ? status
                                                        : walk_key(&walk, root);
        walk.has_volatile = false; // elsewhere, names of values are others' names
    }
    key_changed(KEY_CHANGE_OTHER, (struct str16){0}, (struct str16){0});
    return status;
}
