#include "layer/key_name.h"
#include "core/ntpath.h"
#include "layer/changes.h"
#include "layer/key_list.h"
#include "layer/key_store.h"
#include "layer/lock.h"

enum { LINK_MAX = 256 };

struct known_link {
    bool read, is_link;
    uint16_t name[LINK_MAX], target[LINK_MAX]; // canonical
    size_t name_len, target_len;
};

static struct layer_lock links_lock;

static void read_target(struct known_link *link)
{
    layer_cleanup_handle HANDLE key = NULL;
    uint16_t units[LINK_MAX + KEY_REGISTRY_LEN];
    struct str16_buf text = {.s = units, .cap = LINK_MAX + KEY_REGISTRY_LEN};
    str16_put_ascii(&text, KEY_REGISTRY_PREFIX);
    str16_put(&text, (struct str16){link->name, link->name_len});
    UNICODE_STRING name, value = {34, 34, (WCHAR *)L"SymbolicLinkValue"};
    OBJECT_ATTRIBUTES attributes = key_attributes(&name, str16_view(&text));
    attributes.Attributes |= OBJ_OPENLINK;
    struct {
        struct nt_key_value_partial_information info;
        uint16_t rest[LINK_MAX];
    } data;
    ULONG len;
    struct str16 canon;

    if (real.NtOpenKey(&key, KEYNAME_QUERY_VALUE | KEYNAME_WOW64_64KEY, &attributes)) {
        key = NULL;
        return;
    }
    if (real.NtQueryValueKey(key, &value, NT_KEY_VALUE_PARTIAL_INFORMATION, &data, sizeof data,
                             &len) ||
        data.info.type != REG_LINK)
        return;
    size_t bytes = data.info.data_length;
    uint16_t target[LINK_MAX];
    if (bytes > sizeof target)
        return;
    memcpy(target, data.info.data, bytes);
    text.len = 0;
    keyname_append(&text, (struct str16){target, bytes / sizeof *target});
    if (text.overflow || !keyname_canon(str16_view(&text), &canon) || canon.len > LINK_MAX)
        return;
    memcpy(link->target, canon.s, canon.len * sizeof *canon.s);
    link->target_len = canon.len;
    link->is_link = true;
}

/* Replaces `name` at the head of the canonical name in `buf` by the target of the host's link. */
static void follow(struct known_link *link, struct str16 name, struct str16_buf *buf, size_t start,
                   bool keep_whole)
{
    struct str16 rest;
    struct str16 canon = str16_skip(str16_view(buf), start);
    if (name.len > LINK_MAX || !keyname_below(canon, name, &rest) ||
        (keep_whole && canon.len == name.len))
        return;
    if (!__atomic_load_n(&link->read, __ATOMIC_ACQUIRE)) {
        layer_lock(&links_lock);
        if (!link->read) {
            memcpy(link->name, name.s, name.len * sizeof *name.s);
            link->name_len = name.len;
            read_target(link);
            __atomic_store_n(&link->read, true, __ATOMIC_RELEASE);
        }
        layer_unlock(&links_lock);
    }
    if (link->is_link)
        keyname_replace(buf, start, name.len, (struct str16){link->target, link->target_len});
}

/* The links that every Windows has, and that both spellings of are in use. Their targets are fixed
 * while the system runs. */
static void follow_links(struct str16_buf *buf, size_t start, bool keep_whole)
{
    static struct known_link control_set, profile, classes32, user_classes;
    uint16_t units[LINK_MAX];
    struct str16_buf name = {.s = units, .cap = LINK_MAX};

    struct str16 canon = str16_skip(str16_view(buf), start);
    if (str16_starts_ascii(canon, "MACHINE\\SYSTEM\\")) {
        str16_put_ascii(&name, "MACHINE\\SYSTEM\\CurrentControlSet");
        follow(&control_set, str16_view(&name), buf, start, keep_whole);
        if (control_set.is_link) {
            name.len = 0;
            str16_put(&name, (struct str16){control_set.target, control_set.target_len});
        }
        str16_put_ascii(&name, "\\Hardware Profiles\\Current");
        follow(&profile, str16_view(&name), buf, start, keep_whole);
    } else if (str16_starts_ascii(canon, "MACHINE\\SOFTWARE\\Wow6432Node\\Classes")) {
        str16_put_ascii(&name, "MACHINE\\SOFTWARE\\Wow6432Node\\Classes");
        follow(&classes32, str16_view(&name), buf, start, keep_whole);
    } else if (str16_starts_ascii(canon, "USER\\")) {
        // The VM's keys lie below those of the user who runs it: \REGISTRY\USER\S-...\Software\...
        struct str16 keys = str16_skip(str16_of(layer_config.keys), KEY_REGISTRY_LEN);
        size_t end = sizeof "USER\\" - 1;
        while (end < keys.len && keys.s[end] != '\\')
            end++;
        str16_put(&name, str16_first(keys, end));
        str16_put_ascii(&name, "\\Software\\Classes");
        if (!name.overflow)
            follow(&user_classes, str16_view(&name), buf, start, keep_whole);
    }
}

enum { UNKNOWN, NO, YES };

/* Whether the system leads the name of this key, seen from 32 bit, below Wow6432Node. */
static LONG is_led_aside(const uint16_t *absolute, ACCESS_MASK flag)
{
    layer_cleanup_handle HANDLE key = NULL;
    layer_cleanup_free uint16_t *memory = NULL;
    struct str16 name;
    UNICODE_STRING text;
    OBJECT_ATTRIBUTES attributes = key_attributes(&text, str16_of(absolute));
    if (real.NtOpenKey(&key, KEYNAME_READ | flag, &attributes)) {
        key = NULL;
        return UNKNOWN;
    }
    if (key_name_from_kernel(key, &memory, &name))
        return UNKNOWN;
    return str16_starts_ascii(name, KEY_REGISTRY_PREFIX "MACHINE\\SOFTWARE\\Wow6432Node") ? YES
                                                                                          : NO;
}

/* Whether both bitnesses have the keys in common that Windows 7 and its successors say they have.
 * Wine does not: there, all but the classes are apart. */
static bool shares(ACCESS_MASK access)
{
    static LONG known;
    LONG answer = __atomic_load_n(&known, __ATOMIC_RELAXED);
    if (answer == UNKNOWN) {
        answer =
            is_led_aside(u"\\REGISTRY\\MACHINE\\SOFTWARE\\Policies", access & KEYNAME_WOW64_32KEY);
        __atomic_store_n(&known, answer, __ATOMIC_RELAXED);
    }
    return answer == NO;
}

/* Whether the system leads a name below SOFTWARE to its 32-bit side: for all names of a 32-bit
 * process on a 64-bit system, and on Windows for those of a 64-bit process that says
 * KEY_WOW64_32KEY. */
static bool redirects(ACCESS_MASK access)
{
    static LONG known;
#ifdef _WIN64
    if (!(access & KEYNAME_WOW64_32KEY))
        return false;
    ACCESS_MASK flag = KEYNAME_WOW64_32KEY;
#else
    if (access & KEYNAME_WOW64_64KEY)
        return false;
    ACCESS_MASK flag = 0;
#endif
    LONG answer = __atomic_load_n(&known, __ATOMIC_RELAXED);
    if (answer == UNKNOWN) {
        answer = is_led_aside(u"\\REGISTRY\\MACHINE\\SOFTWARE", flag);
        __atomic_store_n(&known, answer, __ATOMIC_RELAXED);
    }
    return answer == YES;
}

void key_name_store(struct str16 *parent, struct str16 *leaf)
{
    struct str16 vms = {0}, keys = str16_skip(str16_of(layer_config.keys), KEY_REGISTRY_LEN);
    ntpath_parent(keys, &vms);
    ntpath_parent(vms, parent);
    *leaf = ntpath_leaf(vms);
}

bool key_name_is_store(struct str16 canon)
{
    struct str16 vms = {0}, rest, keys = str16_skip(str16_of(layer_config.keys), KEY_REGISTRY_LEN);
    return ntpath_parent(keys, &vms) && keyname_below(canon, vms, &rest);
}

/* The rest of reading, when the name's own components are in `buf`. */
static NTSTATUS finish(struct str16_buf *buf, ACCESS_MASK access, bool link, struct key_name *name)
{
    if (buf->overflow)
        return STATUS_OBJECT_NAME_INVALID;
    if (!keyname_canon(str16_view(buf), &name->canon))
        return STATUS_SUCCESS;
    name->registry = true;
    if (name->canon.len) {
        if (redirects(access))
            keyname_to_wow64(buf, KEY_REGISTRY_LEN, shares(access));
        follow_links(buf, KEY_REGISTRY_LEN, link);
        if (buf->overflow)
            return STATUS_OBJECT_NAME_INVALID;
        keyname_canon(str16_view(buf), &name->canon);
    }
    switch (rule_find(RULE_KEY, str16_view(buf))->verdict) {
    case RULE_SHARED:
        name->shared = true;
        break;
    case RULE_DENIED:
        return STATUS_OBJECT_NAME_NOT_FOUND;
    case RULE_PRIVATE:
        break;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS start(size_t units, struct str16_buf *buf, struct key_name *name)
{
    *buf = (struct str16_buf){.cap = units + LINK_MAX + 32};
    buf->s = name->memory = layer_alloc(buf->cap * sizeof *buf->s);
    return buf->s ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

NTSTATUS key_name_parse(struct str16 absolute, ACCESS_MASK access, bool link, struct key_name *name)
{
    struct str16_buf buf;
    *name = (struct key_name){0};
    NTSTATUS status = start(absolute.len, &buf, name);
    if (status)
        return status;
    keyname_append(&buf, absolute);
    status = finish(&buf, access, link, name);
    return status                           ? status
           : key_name_is_store(name->canon) ? STATUS_OBJECT_NAME_NOT_FOUND
                                            : STATUS_SUCCESS;
}

NTSTATUS key_name_read(const OBJECT_ATTRIBUTES *attributes, ACCESS_MASK access, bool link,
                       struct key_name *name)
{
    *name = (struct key_name){0};
    if (!attributes || attributes->Length != sizeof *attributes || !attributes->ObjectName)
        return STATUS_SUCCESS;
    struct str16 text = str16_of_unicode(attributes->ObjectName);
    if (!attributes->RootDirectory)
        return text.len && text.s[0] == '\\' ? key_name_parse(text, access, link, name)
                                             : STATUS_SUCCESS;
    if (text.len && text.s[0] == '\\')
        return STATUS_SUCCESS; // an error, which is the system's to say

    layer_cleanup_key_handle struct key_handle root;
    struct str16_buf buf;
    NTSTATUS status = key_handle_read(attributes->RootDirectory, &root);
    if (status)
        return status;
    if (root.shared && !root.record)
        return STATUS_SUCCESS;
    if (root.dead)
        return STATUS_KEY_DELETED;
    status = start(KEY_REGISTRY_LEN + root.canon.len + text.len, &buf, name);
    if (status)
        return status;
    name->root_lower = root.lower;
    str16_put_ascii(&buf, KEY_REGISTRY_PREFIX);
    buf.len--;
    if (root.canon.len) {
        str16_put_unit(&buf, '\\');
        str16_put(&buf, root.canon);
    }
    keyname_append(&buf, text);
    status = finish(&buf, access, link || !text.len, name);
    return status                           ? status
           : key_name_is_store(name->canon) ? STATUS_OBJECT_NAME_NOT_FOUND
                                            : STATUS_SUCCESS;
}

void key_name_free(struct key_name *name)
{
    layer_free(name->memory);
}

NTSTATUS key_name_from_kernel(HANDLE handle, uint16_t **memory, struct str16 *absolute)
{
    for (ULONG size = 512;;) {
        struct nt_key_name_information *info = layer_alloc(size);
        ULONG needed = 0;
        *memory = (uint16_t *)info;
        if (!info)
            return STATUS_INSUFFICIENT_RESOURCES;
        NTSTATUS status = real.NtQueryKey(handle, NT_KEY_NAME_INFORMATION, info, size, &needed);
        if (!status) {
            *absolute =
                (struct str16){(const uint16_t *)info->name, info->name_length / sizeof(WCHAR)};
            return STATUS_SUCCESS;
        }
        layer_free(info);
        *memory = NULL;
        if (needed <= size ||
            (status != STATUS_BUFFER_OVERFLOW && status != STATUS_BUFFER_TOO_SMALL))
            return status;
        size = needed;
    }
}

/* What a handle stands for, by the kernel. A name outside the registry's private part: `shared`. */
static NTSTATUS read_from_kernel(HANDLE handle, struct key_name *name, bool *lower)
{
    layer_cleanup_free uint16_t *memory = NULL;
    struct str16 absolute, rest;
    *name = (struct key_name){0};
    NTSTATUS status = key_name_from_kernel(handle, &memory, &absolute);
    if (status)
        return status;
    struct str16 keys = str16_of(layer_config.keys);
    *lower = true;
    if (keyname_below(absolute, keys, &rest)) {
        static const char tree[] = "upper";
        if (!str16_starts_ascii(rest, tree) ||
            (rest.len >= sizeof tree && rest.s[sizeof tree - 1] != '\\'))
            return STATUS_OBJECT_NAME_NOT_FOUND;
        *lower = false;
        absolute = str16_skip(rest, sizeof tree);
    }
    struct str16_buf buf;
    status = start(KEY_REGISTRY_LEN + absolute.len, &buf, name);
    if (status)
        return status;
    if (!*lower) {
        str16_put_ascii(&buf, KEY_REGISTRY_PREFIX);
        buf.len--;
    }
    keyname_append(&buf, absolute);
    // The kernel's name is physical already; for the kernel, a link is what it leads to.
    return finish(&buf, KEYNAME_WOW64_64KEY, true, name);
}

uint32_t key_rename_count(void)
{
    return change_index_count(layer_changes, CHANGE_KEY_RENAMED);
}

void key_rename_note(void)
{
    change_index_note(layer_changes, CHANGE_KEY_RENAMED);
}

/* After renamings: finds the name again of a handle on the VM's own key. */
static NTSTATUS refresh(struct key_handle *key, uint32_t renamings)
{
    struct key_listing *listing = key_listing_lock(key);
    if (!listing)
        return STATUS_INSUFFICIENT_RESOURCES;
    bool fresh = listing->renamings == renamings;
    key_listing_done(key);
    if (fresh)
        return STATUS_SUCCESS;

    layer_cleanup_key_name struct key_name name;
    bool lower;
    NTSTATUS status = read_from_kernel(key->handle, &name, &lower);
    if (status == STATUS_INSUFFICIENT_RESOURCES)
        return status;
    if (status || !name.registry) { // deleted: the system says so
        key_handle_release(key);
        key->shared = true;
        return STATUS_SUCCESS;
    }
    if (!str16_equal(name.canon, key->record->canon)) {
        ACCESS_MASK access = key->record->access;
        key_handle_release(key);
        handles_add(key->handle, HANDLE_KEY, name.canon, lower, access);
        key->record = handles_get(key->handle, HANDLE_KEY);
        if (!key->record)
            return STATUS_INSUFFICIENT_RESOURCES;
    }
    listing = key_listing_lock(key);
    if (!listing)
        return STATUS_INSUFFICIENT_RESOURCES;
    listing->renamings = renamings;
    key_listing_done(key);
    return STATUS_SUCCESS;
}

void key_handle_add_upper(HANDLE handle, struct str16 canon, ACCESS_MASK access)
{
    if (layer_changed(CHANGE_KEY_UPPER, str16_of(KEY_LINKS_FLAG))) {
        layer_cleanup_key_name struct key_name name;
        bool lower;
        if (!read_from_kernel(handle, &name, &lower) && name.registry) {
            handles_add(handle, HANDLE_KEY, name.canon, lower, access);
            return;
        }
    }
    handles_add(handle, HANDLE_KEY, canon, false, access);
}

void key_handle_set_alone(HANDLE handle)
{
    layer_cleanup_record struct handle_record *record = handles_get(handle, HANDLE_KEY);
    if (record)
        record->alone = true;
}

static bool is_deleted(HANDLE handle)
{
    ULONG none;
    return real.NtQueryKey(handle, NT_KEY_NAME_INFORMATION, &none, 0, &none) == STATUS_KEY_DELETED;
}

NTSTATUS key_handle_renamed(struct key_handle *key, struct str16 canon, HANDLE *own)
{
    ACCESS_MASK access = key->record->access;
    HANDLE handle = key->handle;
    key_handle_release(key);
    handles_add(handle, HANDLE_KEY, canon, true, access);
    key->record = handles_get(handle, HANDLE_KEY);
    if (!key->record)
        return STATUS_INSUFFICIENT_RESOURCES;
    key->canon = key->record->canon;
    struct key_listing *listing = key_listing_lock(key);
    if (!listing)
        return STATUS_INSUFFICIENT_RESOURCES;
    listing->own = *own;
    listing->renamings = key_rename_count();
    key_listing_done(key);
    *own = NULL;
    return STATUS_SUCCESS;
}

void key_handle_copied(HANDLE handle, HANDLE copy)
{
    layer_cleanup_key_handle struct key_handle from = {.record = handles_get(handle, HANDLE_KEY)},
                                               to = {.record = handles_get(copy, HANDLE_KEY)};
    layer_cleanup_handle HANDLE own = NULL;
    if (!from.record || !to.record || !from.record->lower)
        return;
    struct key_listing *listing = key_listing_lock(&from);
    if (!listing)
        return;
    uint32_t renamings = listing->renamings;
    if (listing->own && real.NtDuplicateObject(NtCurrentProcess(), listing->own, NtCurrentProcess(),
                                               &own, 0, 0, DUPLICATE_SAME_ACCESS))
        own = NULL;
    key_listing_done(&from);
    listing = own ? key_listing_lock(&to) : NULL;
    if (!listing)
        return;
    listing->own = own;
    listing->renamings = renamings;
    own = NULL;
    key_listing_done(&to);
}

/* After renamings: the key's name again, for a handle on the host's key that has one of the VM's
 * own. */
static NTSTATUS refresh_own(struct key_handle *key, HANDLE known)
{
    layer_cleanup_key_name struct key_name name = {0};
    layer_cleanup_handle HANDLE own = NULL;
    bool lower;
    NTSTATUS status = read_from_kernel(known, &name, &lower);
    if (status)
        return status;
    status = real.NtDuplicateObject(NtCurrentProcess(), known, NtCurrentProcess(), &own, 0, 0,
                                    DUPLICATE_SAME_ACCESS);
    if (status)
        own = NULL;
    return status ? status : key_handle_renamed(key, name.canon, &own);
}

/* For a handle on the host's key that is hidden since: the VM deleted that, or it renamed it, and
 * then the name is found that it has now. */
static NTSTATUS find_renamed(struct key_handle *key)
{
    layer_cleanup_free uint16_t *memory = NULL;
    layer_cleanup_handle HANDLE own = NULL;
    struct str16 canon;
    NTSTATUS status = key_renamed_to(key->canon, &memory, &canon);
    if (!status)
        status = key_open_upper(canon, KEYNAME_ALL, &own);
    if (status == STATUS_KEY_DELETED || status == STATUS_OBJECT_NAME_NOT_FOUND) {
        key->dead = true;
        return STATUS_SUCCESS;
    }
    return status ? status : key_handle_renamed(key, canon, &own);
}

/* Whether the key that the handle was opened on was deleted. Only of one that has a name under
 * which a key was deleted, the system is asked. */
static NTSTATUS find_dead(struct key_handle *key, bool quickly)
{
    bool hidden;
    if (quickly && !key->lower)
        return STATUS_SUCCESS;
    uint32_t renamings = key_rename_count();
    bool suspect = layer_changed(CHANGE_KEY_DELETED, key->canon) ||
                   layer_changed(CHANGE_KEY_HIDDEN, key->canon);
    if (!key->lower) {
        key->dead = suspect && is_deleted(key->handle);
        return STATUS_SUCCESS;
    }
    if (renamings || suspect) {
        struct key_listing *listing = key_listing_lock(key);
        if (!listing)
            return STATUS_INSUFFICIENT_RESOURCES;
        HANDLE own = listing->own;
        bool fresh = listing->renamings == renamings;
        key_listing_done(key);
        if (own) {
            key->dead = (suspect || !fresh) && is_deleted(own);
            return key->dead || fresh ? STATUS_SUCCESS : refresh_own(key, own);
        }
    }
    NTSTATUS status = key_is_hidden(key->canon, &hidden);
    return status || !hidden ? status : find_renamed(key);
}

/* Whether the VM has changed nothing of the host's key, its values and its sub-keys' names
 * included. Looked up once for each state of the change index, and kept in the record. */
static bool is_clean(struct handle_record *record)
{
    uint32_t version = change_index_version(layer_changes) + 1; // 0 is not known
    if (version && __atomic_load_n(&record->clean, __ATOMIC_RELAXED) == version)
        return true;
    if (!key_values_untouched(record->canon) || layer_changed(CHANGE_KEY_LISTING, record->canon) ||
        layer_changed(CHANGE_KEY_DELETED, record->canon))
        return false;
    __atomic_store_n(&record->clean, version, __ATOMIC_RELAXED);
    return true;
}

static NTSTATUS read_handle(HANDLE handle, struct key_handle *key, bool quickly)
{
    *key = (struct key_handle){.handle = handle, .record = handles_get(handle, HANDLE_KEY)};
    if (key->record && !key->record->lower) {
        uint32_t renamings = key_rename_count();
        NTSTATUS status = renamings ? refresh(key, renamings) : STATUS_SUCCESS;
        if (status || key->shared)
            return status;
    } else if (!key->record) {
        layer_cleanup_key_name struct key_name name;
        bool lower;
        NTSTATUS status = read_from_kernel(handle, &name, &lower);
        if (status == STATUS_INSUFFICIENT_RESOURCES || status == STATUS_OBJECT_NAME_NOT_FOUND)
            return status;
        if (status || !name.registry || (name.shared && name.canon.len)) {
            key->shared = true;
            return STATUS_SUCCESS;
        }
        // What the handle was asked for is not known any more when it was given to the process by
        // another; then the process is taken to be allowed to write, to its own.
        ACCESS_MASK access = KEYNAME_ALL;
        PUBLIC_OBJECT_BASIC_INFORMATION info;
        if (!lower && !real.NtQueryObject(handle, ObjectBasicInformation, &info, sizeof info, NULL))
            access = info.GrantedAccess;
        handles_add(handle, HANDLE_KEY, name.canon, lower, access);
        key->record = handles_get(handle, HANDLE_KEY);
    }
    if (!key->record)
        return STATUS_INSUFFICIENT_RESOURCES;
    key->canon = key->record->canon;
    key->lower = key->record->lower;
    key->access = keyname_access_granted(key->record->access);
    key->shared = !key->canon.len;
    key->clean = key->lower && is_clean(key->record);
    return key->clean ? STATUS_SUCCESS : find_dead(key, quickly);
}

NTSTATUS key_handle_read(HANDLE handle, struct key_handle *key)
{
    return read_handle(handle, key, false);
}

NTSTATUS key_handle_read_quickly(HANDLE handle, struct key_handle *key)
{
    return read_handle(handle, key, true);
}

bool key_handle_is_dead(const struct key_handle *key)
{
    return key->dead || (!key->lower && is_deleted(key->handle));
}

void key_handle_release(struct key_handle *key)
{
    if (key->record)
        handles_release(key->record);
    key->record = NULL;
}

NTSTATUS key_name_of_handle(HANDLE handle, uint16_t **memory, struct str16 *canon)
{
    *memory = NULL;
    // A handle on a key of the host's that the VM has renamed is one on its own by now.
    layer_cleanup_key_handle struct key_handle key = {.record = handles_get(handle, HANDLE_KEY)};
    if (key.record && key.record->lower) {
        struct key_listing *listing = key_listing_lock(&key);
        if (!listing)
            return STATUS_INSUFFICIENT_RESOURCES;
        handle = listing->own ? listing->own : handle;
        key_listing_done(&key);
    }
    struct key_name name;
    bool lower;
    NTSTATUS status = read_from_kernel(handle, &name, &lower);
    if (!status && !name.registry)
        status = STATUS_OBJECT_TYPE_MISMATCH;
    if (status) {
        key_name_free(&name);
        return status;
    }
    *memory = name.memory;
    *canon = name.canon;
    return STATUS_SUCCESS;
}

uint16_t *key_name_in_tree(const char *tree, struct str16 canon, struct str16_buf *name)
{
    struct str16 keys = str16_of(layer_config.keys);
    size_t cap = keys.len + canon.len + 16;
    uint16_t *memory = layer_alloc(cap * sizeof *memory);
    if (!memory)
        return NULL;
    *name = (struct str16_buf){.s = memory, .cap = cap};
    str16_put(name, keys);
    str16_put_ascii(name, tree);
    if (canon.len) {
        str16_put_unit(name, '\\');
        str16_put(name, canon);
    }
    return memory;
}
