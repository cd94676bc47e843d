#include "layer/key_time.h"
#include "core/ntpath.h"

struct note {
    int64_t own, shown;
};

int64_t key_time_of(HANDLE key)
{
    // Longer than the longest name of a key.
    struct {
        struct nt_key_basic_information info;
        WCHAR rest[260];
    } data;
    ULONG len;
    NTSTATUS status = real.NtQueryKey(key, NT_KEY_BASIC_INFORMATION, &data, sizeof data, &len);
    return status ? 0 : data.info.last_write_time.QuadPart;
}

/* The name that the notes for the sub-keys of `canon`'s parent lie at. A root's lie in the tree's
 * own. */
static struct str16 parent_of(struct str16 canon)
{
    struct str16 parent = {canon.s, 0};
    return ntpath_parent(canon, &parent) ? parent : str16_first(canon, 0);
}

void key_time_announce(struct str16 parent, struct str16 leaf)
{
    change_index_add(layer_changes, CHANGE_KEY_TIMES_BELOW, parent);
    if (parent.len)
        change_index_add_leaf(layer_changes, CHANGE_KEY_TIME, parent, leaf);
    else
        change_index_add(layer_changes, CHANGE_KEY_TIME, leaf);
}

HANDLE key_time_notes(struct str16 canon)
{
    HANDLE notes = NULL;
    if (!layer_changed(CHANGE_KEY_TIMES_BELOW, canon) ||
        key_open_times(canon, false, KEYNAME_QUERY_VALUE, &notes))
        return NULL;
    return notes;
}

int64_t key_time_noted(HANDLE notes, struct str16 leaf, int64_t time)
{
    struct {
        struct nt_key_value_partial_information info;
        uint8_t rest[sizeof(struct note)];
    } data;
    UNICODE_STRING name = unicode_of_str16(leaf);
    struct note note;
    ULONG len;
    if (!notes ||
        real.NtQueryValueKey(notes, &name, NT_KEY_VALUE_PARTIAL_INFORMATION, &data, sizeof data,
                             &len) ||
        data.info.data_length != sizeof note)
        return time;
    memcpy(&note, data.info.data, sizeof note);
    return note.own == time ? note.shown : time;
}

int64_t key_time_shown(struct str16 canon, int64_t time)
{
    if (!layer_changed(CHANGE_KEY_TIME, canon))
        return time;
    layer_cleanup_handle HANDLE notes = key_time_notes(parent_of(canon));
    return key_time_noted(notes, ntpath_leaf(canon), time);
}

void key_time_keep(struct str16 canon, HANDLE upper, int64_t time)
{
    layer_cleanup_handle HANDLE notes = NULL;
    LARGE_INTEGER information = {.QuadPart = time}; // KEY_WRITE_TIME_INFORMATION
    UNICODE_STRING name = unicode_of_str16(ntpath_leaf(canon));
    struct note note = {.shown = time};

    if (!time)
        return;
    real.NtSetInformationKey(upper, KeyWriteTimeInformation, &information, sizeof information);
    note.own = key_time_of(upper);
    if (!note.own || note.own == time)
        return;
    key_time_announce(parent_of(canon), ntpath_leaf(canon));
    if (!key_open_times(parent_of(canon), true, KEYNAME_SET_VALUE, &notes))
        real.NtSetValueKey(notes, &name, 0, REG_BINARY, &note, sizeof note);
}

void key_time_copy(struct str16 from, struct str16 to)
{
    layer_cleanup_handle HANDLE notes = key_time_notes(parent_of(from)), more = NULL;
    UNICODE_STRING name = unicode_of_str16(ntpath_leaf(from)),
                   leaf = unicode_of_str16(ntpath_leaf(to));
    struct {
        struct nt_key_value_partial_information info;
        uint8_t rest[sizeof(struct note)];
    } data;
    ULONG len;
    if (!notes || real.NtQueryValueKey(notes, &name, NT_KEY_VALUE_PARTIAL_INFORMATION, &data,
                                       sizeof data, &len))
        return;
    key_time_announce(parent_of(to), ntpath_leaf(to));
    if (!key_open_times(parent_of(to), true, KEYNAME_SET_VALUE, &more))
        real.NtSetValueKey(more, &leaf, 0, REG_BINARY, data.info.data, data.info.data_length);
}
