#include "layer/key_store.h"
#include "layer/trace.h"
#include "core/ntpath.h"
#include "core/overlay.h"
#include "layer/key_journal.h"
#include "layer/key_time.h"
#include "layer/lock.h"

static const char upper_tree[] = KEY_UPPER_TREE, hidden_tree[] = KEY_HIDDEN_TREE,
                  no_value_tree[] = KEY_NO_VALUE_TREE, times_tree[] = KEY_TIMES_TREE;

static NTSTATUS open_name(struct str16 name, ACCESS_MASK access, HANDLE *handle)
{
    UNICODE_STRING text;
    *handle = NULL;
    if (name.len * sizeof(WCHAR) > 0xfffe)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    OBJECT_ATTRIBUTES attributes = key_attributes(&text, name);
    NTSTATUS status = real.NtOpenKey(
        handle, (access & ~(ACCESS_MASK)KEYNAME_WOW64_32KEY) | KEYNAME_WOW64_64KEY, &attributes);
    if (!NT_SUCCESS(status))
        *handle = NULL;
    return NT_SUCCESS(status) ? STATUS_SUCCESS : status;
}

NTSTATUS key_open_in_tree(const char *tree, struct str16 canon, ACCESS_MASK access, HANDLE *handle)
{
    struct str16_buf name;
    layer_cleanup_free uint16_t *memory = key_name_in_tree(tree, canon, &name);
    *handle = NULL;
    return memory ? open_name(str16_view(&name), access, handle) : STATUS_INSUFFICIENT_RESOURCES;
}

NTSTATUS key_open_upper(struct str16 canon, ACCESS_MASK access, HANDLE *handle)
{
    *handle = NULL;
    if (!layer_changed(CHANGE_KEY_UPPER, canon))
        return STATUS_OBJECT_NAME_NOT_FOUND;
    return key_open_in_tree(upper_tree, canon, access, handle);
}

NTSTATUS key_open_lower(struct str16 canon, ACCESS_MASK access, HANDLE *handle)
{
    size_t cap = canon.len + KEY_REGISTRY_LEN;
    struct str16_buf name = {.cap = cap};
    layer_cleanup_free uint16_t *memory = name.s = layer_alloc(cap * sizeof *memory);
    *handle = NULL;
    if (!memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    str16_put_ascii(&name, KEY_REGISTRY_PREFIX);
    str16_put(&name, canon);
    return open_name(str16_view(&name), overlay_key_access_reading(access), handle);
}

NTSTATUS key_open_marks(struct str16 canon, bool values, HANDLE *handle)
{
    *handle = NULL;
    if (!layer_changed(values ? CHANGE_KEY_NO_VALUE : CHANGE_KEY_LISTING, canon))
        return STATUS_OBJECT_NAME_NOT_FOUND;
    return key_open_in_tree(values ? no_value_tree : hidden_tree, canon, KEYNAME_QUERY_VALUE,
                            handle);
}

/* Marks that this process has seen. None is ever removed, so they need not be looked up again. */
enum { SEEN_MARKS = 256 };
static uint64_t seen_marks[SEEN_MARKS];
static struct layer_lock seen_marks_lock;

static uint64_t hash_of_mark(struct str16 canon, bool values, const UNICODE_STRING *value)
{
    const uint16_t kind = values ? 1 : 2; // neither is part of a name
    uint64_t hash = str16_hash_nocase(STR16_HASH_SEED, canon);
    hash = str16_hash_nocase(hash, (struct str16){&kind, 1});
    return str16_hash_nocase(hash, str16_of_unicode(value));
}

static bool is_seen(uint64_t hash)
{
    layer_lock(&seen_marks_lock);
    bool seen = seen_marks[hash % SEEN_MARKS] == hash;
    layer_unlock(&seen_marks_lock);
    return seen;
}

static void note_seen(uint64_t hash)
{
    layer_lock(&seen_marks_lock);
    seen_marks[hash % SEEN_MARKS] = hash;
    layer_unlock(&seen_marks_lock);
}

/* Whether there is a mark for the sub-key (`values`: the value) of this name. */
static NTSTATUS has_mark(struct str16 canon, bool values, const UNICODE_STRING *value, bool *marked)
{
    layer_cleanup_handle HANDLE marks = NULL;
    struct nt_key_value_partial_information info;
    ULONG len;

    *marked =
        change_index_has_leaf(layer_changes, values ? CHANGE_KEY_VALUE_HIDDEN : CHANGE_KEY_HIDDEN,
                              canon, str16_of_unicode(value));
    if (!*marked)
        return STATUS_SUCCESS;
    uint64_t hash = hash_of_mark(canon, values, value);
    if (is_seen(hash))
        return STATUS_SUCCESS;
    NTSTATUS status = key_open_marks(canon, values, &marks);
    if (!status)
        status = real.NtQueryValueKey(marks, (UNICODE_STRING *)value,
                                      NT_KEY_VALUE_PARTIAL_INFORMATION, &info, sizeof info, &len);
    *marked = !status || status == STATUS_BUFFER_OVERFLOW || status == STATUS_BUFFER_TOO_SMALL;
    if (*marked)
        note_seen(hash);
    return *marked || status == STATUS_OBJECT_NAME_NOT_FOUND ? STATUS_SUCCESS : status;
}

NTSTATUS key_value_is_hidden(struct str16 canon, const UNICODE_STRING *value, bool *hidden)
{
    return has_mark(canon, true, value, hidden);
}

NTSTATUS key_is_hidden(struct str16 canon, bool *hidden)
{
    *hidden = false;
    if (!change_index_has_above(layer_changes, CHANGE_KEY_HIDDEN, canon))
        return STATUS_SUCCESS;
    for (struct str16 name = canon, parent; ntpath_parent(name, &parent); name = parent) {
        if (!layer_changed(CHANGE_KEY_HIDDEN, name))
            continue;
        UNICODE_STRING leaf = unicode_of_str16(ntpath_leaf(name));
        NTSTATUS status = has_mark(parent, false, &leaf, hidden);
        if (status || *hidden)
            return status;
    }
    return STATUS_SUCCESS;
}

/* Appends what follows the renamed key's old name to its new one, which the mark holds. */
static NTSTATUS read_renamed(struct str16 parent, struct str16 leaf, struct str16 rest,
                             uint16_t **memory, struct str16 *name)
{
    enum { SIZE_MAX_NAME = 0x10000 };
    layer_cleanup_handle HANDLE marks = NULL;
    UNICODE_STRING value = unicode_of_str16(leaf);
    ULONG len;
    layer_cleanup_free struct nt_key_value_partial_information *info = layer_alloc(SIZE_MAX_NAME);
    if (!info)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = key_open_marks(parent, false, &marks);
    if (!status)
        status = real.NtQueryValueKey(marks, &value, NT_KEY_VALUE_PARTIAL_INFORMATION, info,
                                      SIZE_MAX_NAME, &len);
    if (status)
        return status;
    if (!info->data_length)
        return STATUS_KEY_DELETED;
    struct str16_buf out = {.cap = info->data_length / sizeof *out.s + rest.len};
    *memory = out.s = layer_alloc(out.cap * sizeof *out.s);
    if (!out.s)
        return STATUS_INSUFFICIENT_RESOURCES;
    out.len = info->data_length / sizeof *out.s;
    memcpy(out.s, info->data, out.len * sizeof *out.s);
    str16_put(&out, rest);
    *name = str16_view(&out);
    return STATUS_SUCCESS;
}

static NTSTATUS renamed_once(struct str16 canon, uint16_t **memory, struct str16 *to)
{
    *memory = NULL;
    for (struct str16 name = canon, parent; ntpath_parent(name, &parent); name = parent) {
        bool hidden = false;
        UNICODE_STRING leaf = unicode_of_str16(ntpath_leaf(name));
        if (!layer_changed(CHANGE_KEY_HIDDEN, name))
            continue;
        NTSTATUS status = has_mark(parent, false, &leaf, &hidden);
        if (status)
            return status;
        if (hidden)
            return read_renamed(parent, ntpath_leaf(name), str16_skip(canon, name.len), memory, to);
    }
    return STATUS_KEY_DELETED;
}

NTSTATUS key_renamed_to(struct str16 canon, uint16_t **memory, struct str16 *to)
{
    enum { RENAMINGS_MAX = 1000 };
    NTSTATUS status = renamed_once(canon, memory, to);
    for (unsigned i = 0; !status && i < RENAMINGS_MAX; i++) { // again, since then?
        uint16_t *next = NULL;
        struct str16 name;
        if (renamed_once(*to, &next, &name))
            break;
        if (str16_equal(*to, name)) {
            layer_free(next);
            break;
        }
        layer_free(*memory);
        *memory = next;
        *to = name;
    }
    return status;
}

enum { ABSENTS = 64, TICKS_PER_SECOND = 10000000 };

/* Keys that the host was found without: the hash of the name, and when. */
static struct {
    uint64_t hash;
    int64_t time;
} absents[ABSENTS];
static struct layer_lock absents_lock;

/* The time since the system was started, in 100 ns; 0 while the system writes it. */
static int64_t interrupt_time(void)
{
    // KUSER_SHARED_DATA.InterruptTime, on every Windows and in Wine.
    const volatile struct {
        ULONG low;
        LONG high1, high2;
    } *now = (const volatile void *)0x7ffe0008;
    LONG high = now->high1;
    ULONG low = now->low;
    return high == now->high2 ? (int64_t)high << 32 | low : 0;
}

static void note_absent(struct str16 canon)
{
    uint64_t hash = str16_hash_nocase(STR16_HASH_SEED, canon);
    int64_t time = interrupt_time();
    layer_lock(&absents_lock);
    absents[hash % ABSENTS].hash = hash;
    absents[hash % ABSENTS].time = time;
    layer_unlock(&absents_lock);
}

bool key_was_absent(struct str16 canon)
{
    uint64_t hash = str16_hash_nocase(STR16_HASH_SEED, canon);
    int64_t time = interrupt_time();
    layer_lock(&absents_lock);
    int64_t then = absents[hash % ABSENTS].hash == hash ? absents[hash % ABSENTS].time : 0;
    layer_unlock(&absents_lock);
    return then && time >= then && time - then < TICKS_PER_SECOND;
}

void key_view_close(struct key_view *view)
{
    layer_close_at(&view->upper);
    layer_close_at(&view->lower);
    *view = (struct key_view){0};
}

static NTSTATUS none_is_success(NTSTATUS status)
{
    return status == STATUS_OBJECT_NAME_NOT_FOUND || status == STATUS_OBJECT_PATH_NOT_FOUND
               ? STATUS_SUCCESS
               : status;
}

NTSTATUS key_view_open_lower(struct str16 canon, ACCESS_MASK access, struct key_view *view)
{
    *view = (struct key_view){0};
    NTSTATUS status = key_is_hidden(canon, &view->hidden);
    if (status || view->hidden || key_name_is_store(canon))
        return status;
    status = key_open_lower(canon, access, &view->lower);
    if (status != STATUS_OBJECT_NAME_NOT_FOUND)
        return none_is_success(status);
    note_absent(canon);
    return STATUS_SUCCESS;
}

NTSTATUS key_view_open(struct str16 canon, ACCESS_MASK access, struct key_view *view)
{
    *view = (struct key_view){0};
    // First the VM's own: who deletes a key hides the host's before that.
    HANDLE upper;
    NTSTATUS status = none_is_success(key_open_upper(canon, access, &upper));
    if (status)
        upper = NULL;
    else
        status = key_view_open_lower(canon, access, view);
    view->upper = upper;
    if (status)
        key_view_close(view);
    return status;
}

NTSTATUS key_exists(struct str16 canon, bool *exists)
{
    layer_cleanup_handle HANDLE handle = NULL;
    bool hidden;

    *exists = true;
    NTSTATUS status = key_open_upper(canon, KEYNAME_QUERY_VALUE, &handle);
    if (!status)
        return status;
    *exists = false;
    if (none_is_success(status))
        return status;
    status = key_is_hidden(canon, &hidden);
    if (status || hidden || key_name_is_store(canon))
        return status;
    status = key_open_lower(canon, KEYNAME_QUERY_VALUE, &handle);
    *exists = !status || status == STATUS_ACCESS_DENIED;
    return *exists ? STATUS_SUCCESS : none_is_success(status);
}

void key_announce(struct str16 canon)
{
    change_index_add(layer_changes, CHANGE_KEY_UPPER, canon);
    for (struct str16 name = canon, parent; ntpath_parent(name, &parent); name = parent) {
        if (layer_changed(CHANGE_KEY_UPPER, parent) && layer_changed(CHANGE_KEY_LISTING, parent))
            break; // and so are those above
        change_index_add(layer_changes, CHANGE_KEY_UPPER, parent);
        change_index_add(layer_changes, CHANGE_KEY_LISTING, parent);
    }
}

/* Makes one key, unless it is there, below one that is. */
static NTSTATUS create_name(struct str16 name, UNICODE_STRING *class_name, ULONG options,
                            ACCESS_MASK access, HANDLE *handle)
{
    UNICODE_STRING text;
    *handle = NULL;
    if (name.len * sizeof(WCHAR) > 0xfffe)
        return STATUS_OBJECT_NAME_INVALID;
    OBJECT_ATTRIBUTES attributes = key_attributes(&text, name);
    NTSTATUS status = real.NtCreateKey(handle, access | KEYNAME_WOW64_64KEY, &attributes, 0,
                                       class_name, options, NULL);
    if (status)
        *handle = NULL;
    return status;
}

/* Makes a key of the store and those above it, from the user's own on. */
static NTSTATUS make_path(struct str16 name, ACCESS_MASK access, HANDLE *handle)
{
    enum { USER_DEPTH = 3 };
    NTSTATUS status = create_name(name, NULL, 0, access, handle);
    if (status != STATUS_OBJECT_NAME_NOT_FOUND)
        return status;
    for (size_t at = 1, depth = 0; at <= name.len; at++) {
        if (at < name.len && name.s[at] != '\\')
            continue;
        if (++depth <= USER_DEPTH) // \REGISTRY\USER\S-... is there
            continue;
        layer_close_at(handle);
        status = create_name(str16_first(name, at), NULL, 0, access, handle);
        if (status)
            return status;
    }
    return STATUS_SUCCESS;
}

/* Whether the host's key is volatile. NT 5.2 and Wine 8 do not say it of any (enumerate_key() in
 * Wine's dlls/ntdll/unix/registry.c does not know the class): there, only that one is taken for it
 * which is volatile on every Windows, and the copy of another is a lasting one. */
static bool is_volatile(HANDLE key, struct str16 canon)
{
    static const char hardware[] = "MACHINE\\HARDWARE";
    enum { LEN = sizeof hardware - 1, FLAG_VOLATILE = 1 };
    struct {
        ULONG wow64, key, control; // KEY_FLAGS_INFORMATION since Windows Vista
    } flags = {0};
    ULONG len = 0;
    if (!real.NtQueryKey(key, NT_KEY_FLAGS_INFORMATION, &flags, sizeof flags, &len) &&
        len == sizeof flags)
        return flags.key & FLAG_VOLATILE;
    return str16_starts_ascii(canon, hardware) && (canon.len == LEN || canon.s[LEN] == '\\');
}

bool key_has_volatile(void)
{
    return layer_changed(CHANGE_KEY_UPPER, str16_of(u"*volatile*"));
}

void key_note_volatile(HANDLE key)
{
    static const uint16_t name[] = KEYNAME_RESERVED u"volatile";
    UNICODE_STRING value = unicode_of_str16(str16_of(name)),
                   flag = unicode_of_str16(str16_of(KEY_VOLATILE_FLAG));
    layer_cleanup_handle HANDLE store = NULL;
    if (!key_has_volatile()) {
        if (key_open_store(KEYNAME_SET_VALUE, &store) ||
            real.NtSetValueKey(store, &flag, 0, REG_NONE, NULL, 0))
            return;
        change_index_add(layer_changes, CHANGE_KEY_UPPER, str16_of(u"*volatile*"));
    }
    real.NtSetValueKey(key, &value, 0, REG_NONE, NULL, 0);
}

/* Makes one key of upper for the host's, with its class and its spelling, which replaces the end of
 * `name`. *time gets when the host's was last written. */
static NTSTATUS mirror(struct str16_buf *name, size_t canon_start, ACCESS_MASK access,
                       HANDLE *handle, int64_t *time)
{
    enum { SIZE = 1024 };
    struct str16 canon = str16_skip(str16_view(name), canon_start);
    layer_cleanup_handle HANDLE lower = NULL;
    UNICODE_STRING class_name = {0};
    bool hidden;

    *handle = NULL;
    *time = 0;
    layer_cleanup_free uint8_t *buffer = layer_alloc(SIZE);
    if (!buffer)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = key_is_hidden(canon, &hidden);
    if (!status)
        status = hidden ? STATUS_OBJECT_NAME_NOT_FOUND
                        : key_open_lower(canon, KEYNAME_QUERY_VALUE, &lower);
    if (status && status != STATUS_ACCESS_DENIED) // what may not be read is there all the same
        return status;
    ULONG len = 0;
    const struct nt_key_node_information *node = (void *)buffer;
    if (!status && !real.NtQueryKey(lower, NT_KEY_NODE_INFORMATION, buffer, SIZE, &len)) {
        struct str16 leaf = {(const uint16_t *)node->name, node->name_length / sizeof(WCHAR)};
        *time = node->last_write_time.QuadPart;
        if (str16_equal_nocase(leaf, ntpath_leaf(canon)))
            memcpy(name->s + name->len - leaf.len, leaf.s, leaf.len * sizeof *leaf.s);
        if (node->class_length && node->class_offset < SIZE &&
            node->class_length <= SIZE - node->class_offset) {
            class_name.Buffer = (WCHAR *)(buffer + node->class_offset);
            class_name.Length = class_name.MaximumLength = (USHORT)node->class_length;
        }
    }
    UNICODE_STRING *class_given = class_name.Length ? &class_name : NULL;
    ULONG options = lower && is_volatile(lower, canon) ? REG_OPTION_VOLATILE : 0;
    status = create_name(str16_view(name), class_given, options, access, handle);
    if (status == STATUS_OBJECT_NAME_NOT_FOUND) { // the root of upper is missing
        layer_cleanup_handle HANDLE root = NULL;
        status = make_path(str16_first(str16_view(name), canon_start - 1), KEYNAME_READ, &root);
        if (!status)
            status = create_name(str16_view(name), class_given, options, access, handle);
    }
    if (status == STATUS_CHILD_MUST_BE_VOLATILE) { // the VM's own above it is, not the host's
        options = REG_OPTION_VOLATILE;
        status = create_name(str16_view(name), class_given, options, access, handle);
    }
    if (!status && options)
        key_note_volatile(*handle);
    return status;
}

NTSTATUS key_make_upper(struct str16 canon, ACCESS_MASK access, HANDLE *handle)
{
    struct str16_buf name;
    NTSTATUS status = key_open_upper(canon, access, handle);
    if (status != STATUS_OBJECT_NAME_NOT_FOUND)
        return status;
    layer_cleanup_free uint16_t *memory = key_name_in_tree(upper_tree, canon, &name);
    if (!memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    key_announce(canon);
    // Up to the nearest that is there, then down.
    size_t start = name.len - canon.len, there = canon.len;
    for (struct str16 parent = canon; ntpath_parent(parent, &parent);) {
        there = parent.len;
        layer_cleanup_handle HANDLE above = NULL;
        status = key_open_in_tree(upper_tree, parent, KEYNAME_QUERY_VALUE, &above);
        if (!status)
            break;
        if (status != STATUS_OBJECT_NAME_NOT_FOUND)
            return status;
        there = 0;
    }
    if (there == canon.len)
        there = 0; // a root, which has none above it
    layer_cleanup_handle HANDLE above = NULL;
    if (there)
        key_open_in_tree(upper_tree, str16_first(canon, there), KEYNAME_READ | KEYNAME_SET_VALUE,
                         &above);
    struct str16 above_name = str16_first(canon, there);
    for (size_t at = there ? there + 1 : 1; at <= canon.len; at++) {
        if (at < canon.len && canon.s[at] != '\\')
            continue;
        layer_cleanup_handle HANDLE made = NULL;
        int64_t time, time_above = above ? key_time_of(above) : 0;
        name.len = start + at;
        status = mirror(&name, start, KEYNAME_ALL, &made, &time);
        if (status)
            break;
        // That there is a key of the VM's now is no writing for its programs.
        if (time_above)
            key_time_keep(above_name, above, key_time_shown(above_name, time_above));
        key_time_keep(str16_first(canon, at), made, time);
        layer_close_at(&above);
        above = made;
        made = NULL;
        above_name = str16_first(canon, at);
    }
    if (!status)
        status = key_open_upper(canon, access, handle);
    return trace_changed(TRACE_KEY, canon, TRACE_COPIED, status);
}

static NTSTATUS set_mark(const char *tree, struct str16 canon, const UNICODE_STRING *value,
                         struct str16 data)
{
    layer_cleanup_handle HANDLE marks = NULL;
    struct str16_buf name;
    layer_cleanup_free uint16_t *memory = key_name_in_tree(tree, canon, &name);
    if (!memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = make_path(str16_view(&name), KEYNAME_SET_VALUE, &marks);
    if (!status)
        status = real.NtSetValueKey(marks, (UNICODE_STRING *)value, 0, REG_NONE, (void *)data.s,
                                    (ULONG)(data.len * sizeof *data.s));
    return status;
}

NTSTATUS key_hide(struct str16 canon, struct str16 renamed)
{
    struct str16 parent;
    if (!ntpath_parent(canon, &parent))
        return STATUS_ACCESS_DENIED;
    change_index_add(layer_changes, CHANGE_KEY_HIDDEN, canon);
    change_index_add(layer_changes, CHANGE_KEY_LISTING, parent);
    UNICODE_STRING leaf = unicode_of_str16(ntpath_leaf(canon));
    return trace_changed(TRACE_KEY, canon, TRACE_HIDDEN,
                         set_mark(hidden_tree, parent, &leaf, renamed));
}

NTSTATUS key_hide_value(struct str16 canon, const UNICODE_STRING *value)
{
    change_index_add(layer_changes, CHANGE_KEY_NO_VALUE, canon);
    change_index_add_leaf(layer_changes, CHANGE_KEY_VALUE_HIDDEN, canon, str16_of_unicode(value));
    return set_mark(no_value_tree, canon, value, (struct str16){0});
}

NTSTATUS key_open_times(struct str16 canon, bool make, ACCESS_MASK access, HANDLE *handle)
{
    struct str16_buf name;
    NTSTATUS status = key_open_in_tree(times_tree, canon, access, handle);
    if (!make || status != STATUS_OBJECT_NAME_NOT_FOUND)
        return status;
    layer_cleanup_free uint16_t *memory = key_name_in_tree(times_tree, canon, &name);
    return memory ? make_path(str16_view(&name), access, handle) : STATUS_INSUFFICIENT_RESOURCES;
}

NTSTATUS key_open_store(ACCESS_MASK access, HANDLE *handle)
{
    return open_name(str16_of(layer_config.keys), access, handle);
}

static uint32_t process_id(void)
{
    // TEB.ClientId.UniqueProcess
    return (uint32_t) * (ULONG_PTR *)((uint8_t *)NtCurrentTeb() + 8 * sizeof(void *));
}

static NTSTATUS make_scratch(HANDLE above, PSECURITY_DESCRIPTOR descriptor, ACCESS_MASK access,
                             ULONG options, HANDLE *key)
{
    static LONG counter;
    layer_cleanup_handle HANDLE store = NULL;
    uint16_t units[40];
    UNICODE_STRING text;
    NTSTATUS status = STATUS_SUCCESS;

    *key = NULL;
    if (!above)
        status = make_path(str16_of(layer_config.keys), KEYNAME_CREATE_SUB_KEY, &store);
    for (unsigned tries = 0; !status && tries < 16; tries++) {
        struct str16_buf name = {.s = units, .cap = sizeof units / sizeof *units};
        ULONG disposition = 0;
        str16_put_ascii(&name, KEY_SCRATCH_PREFIX);
        str16_put_hex32(&name, process_id());
        str16_put_hex32(&name, (uint32_t)__atomic_add_fetch(&counter, 1, __ATOMIC_RELAXED));
        OBJECT_ATTRIBUTES attributes = key_attributes(&text, str16_view(&name));
        attributes.RootDirectory = above ? above : store;
        attributes.SecurityDescriptor = descriptor;
        status = real.NtCreateKey(key, access | KEYNAME_WOW64_64KEY, &attributes, 0, NULL, options,
                                  &disposition);
        if (status)
            *key = NULL;
        else if (disposition == REG_CREATED_NEW_KEY)
            break;
        else // left over from a process that was killed
            layer_close_at(key);
    }
    return status || *key ? status : STATUS_INSUFFICIENT_RESOURCES;
}

NTSTATUS key_make_scratch(HANDLE above, PSECURITY_DESCRIPTOR descriptor, ACCESS_MASK access,
                          HANDLE *key)
{
    return make_scratch(above, descriptor, access, REG_OPTION_VOLATILE, key);
}

NTSTATUS key_make_lasting_scratch(HANDLE *key)
{
    return make_scratch(NULL, NULL, KEYNAME_ALL, 0, key);
}

/* Deletes what lies below the key. */
static void delete_below(HANDLE key)
{
    struct {
        struct nt_key_basic_information info;
        WCHAR rest[260];
    } data;
    ULONG len;
    for (ULONG kept = 0;
         !real.NtEnumerateKey(key, kept, NT_KEY_BASIC_INFORMATION, &data, sizeof data, &len);) {
        HANDLE child;
        UNICODE_STRING text;
        OBJECT_ATTRIBUTES attributes =
            key_attributes(&text, (struct str16){(const uint16_t *)data.info.name,
                                                 data.info.name_length / sizeof(WCHAR)});
        attributes.RootDirectory = key;
        attributes.Attributes |= OBJ_OPENLINK;
        if (real.NtOpenKey(&child, KEYNAME_ALL | KEYNAME_WOW64_64KEY, &attributes)) {
            kept++;
            continue;
        }
        kept += key_delete_tree(child) != STATUS_SUCCESS;
        real.NtClose(child);
    }
}

NTSTATUS key_delete_tree(HANDLE key)
{
    delete_below(key);
    return real.NtDeleteKey(key);
}

void key_delete_scratch(HANDLE *key)
{
    if (*key) {
        real.NtDeleteKey(*key);
        real.NtClose(*key);
    }
    *key = NULL;
}
