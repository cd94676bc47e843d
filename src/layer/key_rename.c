#include "layer/key_change.h"
#include "layer/key_security.h"
#include "layer/key_time.h"
#include "core/ntpath.h"
#include "layer/key_journal.h"

// NtRenameKey. The VM gets a copy of its own of all that it sees of the key, which changes nothing
// of what it sees; then the host's is hidden, and the copy renamed by the system in one step.

enum { COMPONENT_MAX = 256 };

struct renaming {
    struct str16_buf path; // canonical name of the key that is being copied
    size_t old_len;        // of the one that is renamed, at the path's head
    struct str16 new_name; // canonical
};

/* Notes what has to be known of a key of the copy by the name that it is going to have: in memory
 * that it is below the new name, or when it was written. */
static NTSTATUS note_new(const struct renaming *renaming, bool time)
{
    struct str16 rest = str16_skip(str16_view(&renaming->path), renaming->old_len);
    struct str16_buf name = {.cap = renaming->new_name.len + rest.len};
    layer_cleanup_free uint16_t *memory = name.s = layer_alloc((name.cap + 1) * sizeof *memory);
    if (!memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    str16_put(&name, renaming->new_name);
    str16_put(&name, rest);
    if (time) {
        key_time_copy(str16_view(&renaming->path), str16_view(&name));
        return STATUS_SUCCESS;
    }
    key_announce(str16_view(&name));
    if (layer_changed(CHANGE_KEY_SECURITY, (struct str16){0}))
        key_security_announce(str16_view(&name));
    return STATUS_SUCCESS;
}

static NTSTATUS copy_tree(struct renaming *renaming)
{
    layer_cleanup_key_view struct key_view view = {0};
    layer_cleanup_key_names struct key_names names = {0};
    layer_cleanup_handle HANDLE upper = NULL;
    struct str16 canon = str16_view(&renaming->path);
    int64_t time = 0;

    NTSTATUS status = note_new(renaming, false);
    if (!status)
        status = key_make_upper(canon, KEYNAME_READ | KEYNAME_SET_VALUE, &upper);
    if (!status)
        status = key_view_open(canon, KEYNAME_READ, &view);
    if (!status && view.lower)
        status = key_names_read(canon, view.upper, view.lower, true, &names);
    if (!status) {
        time = key_time_shown(canon, key_time_of(upper));
        int64_t lower = view.lower ? key_time_of(view.lower) : 0;
        time = time < lower ? lower : time;
    }
    for (size_t i = 0; !status && i < names.count; i++) {
        if (names.entries[i].from & KEYMERGE_UPPER)
            continue;
        UNICODE_STRING name = unicode_of_str16(names.entries[i].name);
        status = key_copy_value(view.lower, upper, &name);
    }
    if (!status && view.lower)
        status = key_security_keep(canon, upper, view.lower);
    key_names_free(&names);
    if (!status)
        status = key_names_read(canon, view.upper, view.lower, false, &names);
    key_view_close(&view);
    for (size_t i = 0; !status && i < names.count; i++) {
        size_t len = renaming->path.len;
        str16_put_unit(&renaming->path, '\\');
        str16_put(&renaming->path, names.entries[i].name);
        status = renaming->path.overflow ? STATUS_OBJECT_NAME_INVALID : copy_tree(renaming);
        renaming->path.len = len;
    }
    if (!status) { // it was copied, not written
        key_time_keep(str16_view(&renaming->path), upper, time);
        status = note_new(renaming, true);
    }
    return status;
}

/* Renames `upper`, the VM's own key `old`, to the last component of `to`.
 *
 * Wine 8's server damages its list of keys when a key moves by less than two places down it
 * (rename_key() in its server/registry.c), and later crashes. There, for as long as it takes,
 * another key stands between: one that not even a crash of this process can make last, for it is
 * volatile. */
static NTSTATUS rename_upper(HANDLE upper, struct str16 old, UNICODE_STRING *to)
{
    layer_cleanup_handle HANDLE above = NULL, between = NULL;
    struct str16 parent, leaf = ntpath_leaf(old);
    int64_t time = 0;
    if (str16_compare_nocase(leaf, str16_of_unicode(to)) < 0 && leaf.len < COMPONENT_MAX &&
        ntpath_parent(old, &parent) && key_status_of_not_empty() == STATUS_ACCESS_DENIED) {
        uint16_t units[COMPONENT_MAX];
        struct str16_buf name = {.s = units, .cap = COMPONENT_MAX};
        UNICODE_STRING text;
        str16_put(&name, leaf);
        str16_put_unit(&name, 1); // next after the old name, in any order
        OBJECT_ATTRIBUTES attributes = key_attributes(&text, str16_view(&name));
        NTSTATUS status =
            key_open_upper(parent, KEYNAME_CREATE_SUB_KEY | KEYNAME_QUERY_VALUE, &above);
        attributes.RootDirectory = above;
        if (!status)
            time = key_time_shown(parent, key_time_of(above));
        if (!status)
            status =
                real.NtCreateKey(&between, KEYNAME_DELETE | KEYNAME_SET_VALUE | KEYNAME_WOW64_64KEY,
                                 &attributes, 0, NULL, REG_OPTION_VOLATILE, NULL);
        if (status) {
            between = NULL;
            return status;
        }
        key_note_volatile(between);
    }
    NTSTATUS status = real.NtRenameKey(upper, to);
    if (between) {
        real.NtDeleteKey(between);
        key_time_keep(parent, above, time);
    }
    return status;
}

NTSTATUS NTAPI layer_NtRenameKey(HANDLE handle, UNICODE_STRING *to)
{
    enum { PATH = 32768 };
    layer_cleanup_key_handle struct key_handle key;
    layer_cleanup_handle HANDLE upper = NULL;
    layer_cleanup_key_view struct key_view view = {0};
    struct str16 parent;
    bool exists;
    layer_wake();
    NTSTATUS status = key_handle_read(handle, &key);
    if (status)
        return status;
    if (key.shared || !to || !to->Buffer || !to->Length)
        return real.NtRenameKey(handle, to);
    if ((key.access & KEYNAME_WRITE) != KEYNAME_WRITE)
        return STATUS_ACCESS_DENIED;
    if (key.dead)
        return STATUS_KEY_DELETED;
    struct str16 leaf = str16_of_unicode(to);
    for (size_t i = 0; i < leaf.len; i++)
        if (leaf.s[i] == '\\')
            return STATUS_INVALID_PARAMETER;
    if (leaf.len > COMPONENT_MAX)
        return STATUS_INVALID_PARAMETER;
    if (!ntpath_parent(key.canon, &parent))
        return STATUS_CANNOT_DELETE;

    struct str16_buf name = {.cap = parent.len + 1 + leaf.len};
    layer_cleanup_free uint16_t *name_memory = name.s = layer_alloc(name.cap * sizeof *name_memory);
    struct renaming renaming = {.path = {.cap = PATH}, .old_len = key.canon.len};
    layer_cleanup_free uint16_t *path_memory = renaming.path.s =
        layer_alloc(PATH * sizeof *path_memory);
    if (!name_memory || !path_memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    str16_put(&name, parent);
    str16_put_unit(&name, '\\');
    str16_put(&name, leaf);
    renaming.new_name = str16_view(&name);
    str16_put(&renaming.path, key.canon);
    status = key_exists(key.canon, &exists);
    if (!status && !exists)
        status = STATUS_KEY_DELETED;
    if (!status)
        status = key_exists(renaming.new_name, &exists);
    if (!status && exists)
        status = STATUS_CANNOT_DELETE;
    if (!status)
        status = copy_tree(&renaming);
    if (!status)
        status = key_view_open(key.canon, KEYNAME_QUERY_VALUE, &view);
    // All that the key has comes along, and nothing of what the host may have at the new name, now
    // or later. A mark that leads on from there is none any more.
    if (!status)
        status = key_hide(renaming.new_name, (struct str16){0});
    // Also where the host has nothing, so that a handle is led on that was led here.
    if (!status)
        status = key_hide(key.canon, renaming.new_name);
    if (!status)
        status = key_open_upper(key.canon, KEYNAME_ALL, &upper);
    if (!status)
        status = rename_upper(upper, key.canon, to);
    key_rename_note();
    if (!status && key.lower)
        key_handle_renamed(&key, renaming.new_name, &upper);
    key_changed(KEY_CHANGE_OTHER, key.canon, leaf);
    return status;
}
