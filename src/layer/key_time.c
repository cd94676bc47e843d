#include "layer/key_time.h"
#include "core/ntpath.h"
#include "layer/lock.h"

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

/* What notes were found to say: a key whose own time was `note.own` shows `note.shown`. That is so
 * for ever, since a later note is for a later time. */
enum { KNOWN_NOTES = 256 };
static struct {
    uint64_t key;
    struct note note;
} known_notes[KNOWN_NOTES];
static struct layer_lock known_notes_lock;

static uint64_t hash_of(struct str16 canon, struct str16 leaf)
{
    static const uint16_t separator = '\\';
    uint64_t hash = STR16_HASH_SEED;
    if (canon.len) {
        hash = str16_hash_nocase(hash, canon);
        hash = str16_hash_nocase(hash, (struct str16){&separator, 1});
    }
    return str16_hash_nocase(hash, leaf);
}

static bool find_known(uint64_t key, struct note *note)
{
    layer_lock(&known_notes_lock);
    bool known = known_notes[key % KNOWN_NOTES].key == key &&
                 known_notes[key % KNOWN_NOTES].note.own == note->own;
    if (known)
        *note = known_notes[key % KNOWN_NOTES].note;
    layer_unlock(&known_notes_lock);
    return known;
}

static void keep_known(uint64_t key, struct note note)
{
    layer_lock(&known_notes_lock);
    known_notes[key % KNOWN_NOTES].key = key;
    known_notes[key % KNOWN_NOTES].note = note;
    layer_unlock(&known_notes_lock);
}

/* Reads the note for a key whose own time is `note->own`; false when there is none. */
static bool read_note(HANDLE notes, struct str16 leaf, struct note *note)
{
    struct {
        struct nt_key_value_partial_information info;
        uint8_t rest[sizeof(struct note)];
    } data;
    UNICODE_STRING name = unicode_of_str16(leaf);
    struct note found;
    ULONG len;
    if (!notes ||
        real.NtQueryValueKey(notes, &name, NT_KEY_VALUE_PARTIAL_INFORMATION, &data, sizeof data,
                             &len) ||
        data.info.data_length != sizeof found)
        return false;
    memcpy(&found, data.info.data, sizeof found);
    if (found.own != note->own)
        return false;
    *note = found;
    return true;
}

int64_t key_time_noted(HANDLE notes, struct str16 canon, struct str16 leaf, int64_t time)
{
    struct note note = {.own = time, .shown = time};
    if (!(canon.len ? change_index_has_leaf(layer_changes, CHANGE_KEY_TIME, canon, leaf)
                    : layer_changed(CHANGE_KEY_TIME, leaf)))
        return time;
    uint64_t key = hash_of(canon, leaf);
    if (!find_known(key, &note) && read_note(notes, leaf, &note))
        keep_known(key, note);
    return note.shown;
}

int64_t key_time_shown(struct str16 canon, int64_t time)
{
    struct str16 parent = parent_of(canon), leaf = ntpath_leaf(canon);
    struct note note = {.own = time};
    if (!layer_changed(CHANGE_KEY_TIME, canon))
        return time;
    if (find_known(hash_of(parent, leaf), &note))
        return note.shown;
    layer_cleanup_handle HANDLE notes = key_time_notes(parent);
    return key_time_noted(notes, parent, leaf, time);
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
