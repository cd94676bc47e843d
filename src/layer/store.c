#include "layer/store.h"
#include "layer/trace.h"
#include "core/ntpath.h"
#include "core/redirect.h"
#include "layer/changes.h"
#include "layer/copyup.h"
#include "layer/drives.h"
#include "layer/lock.h"
#include "layer/redirected.h"

static uint16_t *store_name(const char *part, struct str16 canon, size_t extra,
                            struct str16_buf *name)
{
    struct str16 folder = str16_of(layer_config.folder);
    size_t cap = folder.len + canon.len + extra + 16;
    uint16_t *memory = layer_alloc(cap * sizeof *memory);
    if (!memory)
        return NULL;
    *name = (struct str16_buf){.s = memory, .cap = cap};
    str16_put(name, folder);
    str16_put_ascii(name, part);
    str16_put(name, canon);
    return memory;
}

uint16_t *store_upper_name(struct str16 canon, size_t extra, struct str16_buf *name)
{
    return store_name("\\files\\", canon, extra, name);
}

uint16_t *store_lower_name(struct str16 canon, size_t extra, struct str16_buf *name)
{
    size_t cap = canon.len + REDIRECT_ROOM + extra + 16;
    const size_t names = sizeof(void *) == 4 ? 2 : 1; // 64-bit programs are led nowhere
    uint16_t *memory = layer_alloc(names * cap * sizeof *memory);
    if (!memory)
        return NULL;
    struct str16_buf reached = {.s = memory + cap, .cap = cap};
    *name = (struct str16_buf){.s = memory, .cap = cap};
    ntpath_lower(redirected_reach(canon, &reached) ? str16_view(&reached) : canon, name);
    return memory;
}

/* The name in hidden\ for `canon`: each component but the last with "d." before it, the last with
 * `last`. A mark begins with "h.", so a mark and a folder of marks never have the same name. A
 * component too long for that is split over folders with "l.", after a number of units that is the
 * same however the name is spelt. */
static uint16_t *hidden_name(struct str16 canon, const char *last, struct str16_buf *name)
{
    size_t components = 1;
    for (size_t i = 0; i < canon.len; i++)
        components += canon.s[i] == '\\';
    components += canon.len / STORE_MARK_UNITS;
    uint16_t *memory =
        store_name("\\hidden", (struct str16){canon.s, 0}, canon.len + 3 * components, name);
    if (!memory)
        return NULL;
    for (size_t at = 0; at <= canon.len;) {
        size_t end = at;
        while (end < canon.len && canon.s[end] != '\\')
            end++;
        for (; end - at > STORE_MARK_UNITS; at += STORE_MARK_UNITS) {
            str16_put_ascii(name, "\\l.");
            str16_put(name, (struct str16){canon.s + at, STORE_MARK_UNITS});
        }
        str16_put_ascii(name, end == canon.len ? last : "\\d.");
        str16_put(name, (struct str16){canon.s + at, end - at});
        at = end + 1;
    }
    return memory;
}

static uint16_t *mark_name(struct str16 canon, struct str16_buf *name)
{
    return hidden_name(canon, "\\h.", name);
}

uint16_t *store_marks_name(struct str16 canon, struct str16_buf *name)
{
    return hidden_name(canon, "\\d.", name);
}

bool store_marked_name(struct str16 mark, struct str16 *name)
{
    if (!str16_starts_ascii(mark, "h."))
        return false;
    *name = str16_skip(mark, 2);
    return true;
}

bool store_marked_path(struct str16 path, struct str16_buf *name)
{
    for (size_t at = 0; at <= path.len;) {
        size_t end = at;
        while (end < path.len && path.s[end] != '\\')
            end++;
        struct str16 component = {path.s + at, end - at};
        if (!str16_starts_ascii(component, end == path.len ? "h." : "d."))
            return false;
        if (at)
            str16_put_unit(name, '\\');
        str16_put(name, str16_skip(component, 2));
        at = end + 1;
    }
    return !name->overflow;
}

bool store_untouched(struct str16 canon)
{
    return !change_index_touched(layer_changes, CHANGE_FILE_UPPER, CHANGE_FILE_HIDDEN, canon);
}

NTSTATUS store_is_hidden(struct str16 canon, bool *hidden)
{
    *hidden = false;
    if (!change_index_has_above(layer_changes, CHANGE_FILE_HIDDEN, canon))
        return STATUS_SUCCESS;
    for (struct str16 name = canon;;) {
        if (layer_changed(CHANGE_FILE_HIDDEN, name)) {
            struct str16_buf mark;
            layer_cleanup_free uint16_t *memory = mark_name(name, &mark);
            ULONG attributes;
            if (!memory)
                return STATUS_INSUFFICIENT_RESOURCES;
            NTSTATUS status = host_attributes(str16_view(&mark), &attributes);
            if (status || attributes) {
                *hidden = attributes != 0;
                return status;
            }
        }
        if (!ntpath_parent(name, &name))
            return STATUS_SUCCESS;
    }
}

NTSTATUS store_look(struct str16 canon, struct store_view *view)
{
    *view = (struct store_view){0};
    NTSTATUS status = STATUS_SUCCESS;
    if (!store_untouched(canon)) {
        struct str16_buf name;
        layer_cleanup_free uint16_t *memory = store_upper_name(canon, 0, &name);
        if (!memory)
            return STATUS_INSUFFICIENT_RESOURCES;
        status = host_attributes(str16_view(&name), &view->upper);
    }
    if (!status)
        status = store_is_hidden(canon, &view->lower_hidden);
    if (!status && !view->lower_hidden) {
        struct str16_buf name;
        layer_cleanup_free uint16_t *memory = store_lower_name(canon, 0, &name);
        if (!memory)
            return STATUS_INSUFFICIENT_RESOURCES;
        status = host_attributes(str16_view(&name), &view->lower);
        // Below a file of the VM's own that took a folder's place there is nothing of the host's: a
        // mark says so, made when the folder was deleted.
    }
    view->effective = view->upper ? view->upper : view->lower;
    return status;
}

NTSTATUS store_absent_status(struct str16 canon, bool trailing)
{
    struct str16 parent;
    struct store_view view;
    if (!ntpath_parent(canon, &parent))
        return STATUS_OBJECT_PATH_NOT_FOUND;
    NTSTATUS status = store_look(parent, &view);
    if (status)
        return status;
    if (!(view.effective & FILE_ATTRIBUTE_DIRECTORY))
        return STATUS_OBJECT_PATH_NOT_FOUND;
    // In a folder that it has, the file system says what it thinks of the name; of one with a
    // separator behind it in a folder that surely has nothing of that name, hidden or not, unless
    // there is a file of it.
    struct str16_buf name;
    struct store_view own = {0};
    struct nt_file_basic_information info;
    if (trailing && (status = store_look(canon, &own)))
        return status;
    layer_cleanup_free uint16_t *memory =
        trailing && !own.effective ? store_name("\\work\\", ntpath_leaf(canon), 1, &name)
        : own.upper || (!trailing && view.upper) ? store_upper_name(canon, 1, &name)
                                                 : store_lower_name(canon, 1, &name);
    if (!memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (trailing)
        str16_put_unit(&name, '\\');
    UNICODE_STRING text = unicode_of_str16(str16_view(&name));
    OBJECT_ATTRIBUTES attributes = nt_named(&text);
    status = name.len * sizeof(WCHAR) > 0xfffe ? STATUS_OBJECT_NAME_INVALID
                                               : real.NtQueryAttributesFile(&attributes, &info);
    return status && (trailing || status != STATUS_OBJECT_PATH_NOT_FOUND)
               ? status
               : STATUS_OBJECT_NAME_NOT_FOUND;
}

void store_announce(struct str16 canon)
{
    change_index_add(layer_changes, CHANGE_FILE_UPPER, canon);
    for (struct str16 name = canon, parent; ntpath_parent(name, &parent); name = parent) {
        if (layer_changed(CHANGE_FILE_UPPER, parent) && layer_changed(CHANGE_FILE_LISTING, parent))
            break; // and so are those above
        change_index_add(layer_changes, CHANGE_FILE_UPPER, parent);
        change_index_add(layer_changes, CHANGE_FILE_LISTING, parent);
    }
}

void store_spell_as_host(struct str16 canon, struct str16_buf *upper)
{
    enum { BUFFER = 1024 }; // more than one name of 255 units
    uint64_t buffer[BUFFER / sizeof(uint64_t)];
    const FILE_NAMES_INFORMATION *found = (const void *)buffer;
    struct str16_buf lower;
    struct str16 parent, leaf = ntpath_leaf(canon);
    IO_STATUS_BLOCK io;
    layer_cleanup_handle HANDLE folder = NULL;

    if (!ntpath_parent(canon, &parent) || upper->overflow)
        return;
    layer_cleanup_free uint16_t *memory = store_lower_name(parent, 0, &lower);
    if (!memory || host_open(str16_view(&lower), FILE_LIST_DIRECTORY, FILE_OPEN,
                             FILE_DIRECTORY_FILE, 0, &folder))
        return;
    UNICODE_STRING text = unicode_of_str16(leaf);
    if (real.NtQueryDirectoryFile(folder, NULL, NULL, NULL, &io, buffer, sizeof buffer,
                                  FileNamesInformation, TRUE, &text, TRUE))
        return;
    struct str16 name = {(const uint16_t *)found->FileName, found->FileNameLength / sizeof(WCHAR)};
    if (str16_equal_nocase(name, leaf)) // else it is another's short name
        memcpy(upper->s + upper->len - leaf.len, name.s, leaf.len * sizeof *name.s);
}

/* Makes one folder, when the one above it is there. */
static NTSTATUS make_one_folder(struct str16 name, ULONG attributes)
{
    layer_cleanup_handle HANDLE handle = NULL;
    NTSTATUS status = host_open(name, FILE_LIST_DIRECTORY, FILE_CREATE, FILE_DIRECTORY_FILE,
                                attributes & (FILE_ATTRIBUTE_HIDDEN | FILE_ATTRIBUTE_SYSTEM |
                                              FILE_ATTRIBUTE_NOT_CONTENT_INDEXED),
                                &handle);
    return status == STATUS_OBJECT_NAME_COLLISION ? STATUS_SUCCESS : status;
}

NTSTATUS store_make_folder(struct str16 canon)
{
    struct str16_buf upper;
    layer_cleanup_free uint16_t *memory = store_upper_name(canon, 0, &upper);
    ULONG there;

    if (!memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (!store_untouched(canon)) {
        NTSTATUS status = host_attributes(str16_view(&upper), &there);
        if (status)
            return status;
        if (there)
            return there & FILE_ATTRIBUTE_DIRECTORY ? STATUS_SUCCESS : STATUS_OBJECT_PATH_NOT_FOUND;
    }
    struct str16 parent;
    if (ntpath_parent(canon, &parent)) {
        NTSTATUS status = store_make_folder(parent);
        if (status)
            return status;
    }
    ULONG attributes = 0;
    struct str16_buf lower;
    layer_cleanup_free uint16_t *lower_memory = store_lower_name(canon, 0, &lower);
    if (!lower_memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    host_attributes(str16_view(&lower), &attributes);
    if (attributes) {
        change_index_add(layer_changes, CHANGE_FILE_COPIED, canon);
        store_spell_as_host(canon, &upper);
    }
    store_announce(canon);
    return attributes & FILE_ATTRIBUTE_DIRECTORY
               ? copyup_folder(canon, str16_view(&lower), str16_view(&upper))
               : make_one_folder(str16_view(&upper), 0);
}

uint16_t *store_child_name(struct str16 folder, struct str16 name, struct str16 *child)
{
    uint16_t *memory = layer_alloc((folder.len + 1 + name.len) * sizeof *memory);
    struct str16_buf buf = {.s = memory, .cap = folder.len + 1 + name.len};
    if (memory) {
        str16_put(&buf, folder);
        str16_put_unit(&buf, '\\');
        str16_put(&buf, name);
        *child = str16_view(&buf);
    }
    return memory;
}

/* Looks for something of the host's in a folder that the VM still sees. */
static NTSTATUS refuse_visible(void *context, struct str16 name, ULONG attributes)
{
    const struct str16 *folder = context;
    struct str16 child;
    layer_cleanup_free uint16_t *memory = store_child_name(*folder, name, &child);
    bool hidden;

    (void)attributes;
    if (!memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = store_is_hidden(child, &hidden);
    return status ? status : hidden ? STATUS_SUCCESS : STATUS_DIRECTORY_NOT_EMPTY;
}

NTSTATUS store_check_lower_empty(struct str16 canon)
{
    struct str16_buf lower;
    layer_cleanup_free uint16_t *memory = store_lower_name(canon, 0, &lower);
    layer_cleanup_handle HANDLE folder = NULL;

    if (!memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = host_open(str16_view(&lower), FILE_LIST_DIRECTORY, FILE_OPEN,
                                FILE_DIRECTORY_FILE, 0, &folder);
    return status ? status : host_list(folder, refuse_visible, &canon);
}

/* Makes the folders in hidden\ that lie above `name`, its host's name. */
static NTSTATUS make_folders_above(struct str16 name)
{
    for (size_t at = str16_nlen(layer_config.folder) + sizeof "\\hidden" - 1; at < name.len; at++) {
        if (name.s[at] != '\\')
            continue;
        NTSTATUS status = make_one_folder(str16_first(name, at), 0);
        if (status)
            return status;
    }
    return STATUS_SUCCESS;
}

NTSTATUS store_make_marks_folder(struct str16 canon)
{
    struct str16_buf name;
    layer_cleanup_free uint16_t *memory = store_marks_name(canon, &name);
    if (!memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = make_folders_above(str16_view(&name));
    return status ? status : make_one_folder(str16_view(&name), 0);
}

NTSTATUS store_hide(struct str16 canon)
{
    struct str16_buf mark;
    layer_cleanup_free uint16_t *memory = mark_name(canon, &mark);
    struct str16 parent;
    HANDLE handle;

    if (!memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    change_index_add(layer_changes, CHANGE_FILE_HIDDEN, canon);
    if (ntpath_parent(canon, &parent))
        change_index_add(layer_changes, CHANGE_FILE_LISTING, parent);
    struct str16 name = str16_view(&mark);
    NTSTATUS status =
        host_open(name, FILE_READ_ATTRIBUTES, FILE_OPEN_IF, FILE_NON_DIRECTORY_FILE, 0, &handle);
    if (status == STATUS_OBJECT_PATH_NOT_FOUND) {
        if ((status = make_folders_above(name)))
            return status;
        status = host_open(name, FILE_READ_ATTRIBUTES, FILE_OPEN_IF, FILE_NON_DIRECTORY_FILE, 0,
                           &handle);
    }
    if (!status)
        real.NtClose(handle);
    return trace_changed(TRACE_FILE, canon, TRACE_HIDDEN, status);
}

void store_forget_hidden(struct str16 canon)
{
    struct str16_buf mark, lower;
    layer_cleanup_free uint16_t *mark_memory = mark_name(canon, &mark);
    layer_cleanup_free uint16_t *lower_memory = store_lower_name(canon, 0, &lower);
    ULONG attributes = 0;
    HANDLE handle;
    if (!mark_memory || !lower_memory || host_attributes(str16_view(&lower), &attributes) ||
        attributes)
        return;
    if (!host_open(str16_view(&mark), DELETE, FILE_OPEN,
                   FILE_NON_DIRECTORY_FILE | FILE_DELETE_ON_CLOSE, 0, &handle))
        real.NtClose(handle);
}

/* The store's own canonical name: the same for the life of the process, and asked for at every
 * open. */
static struct str16 store_canon(void)
{
    static uint16_t units[LAYER_PATH_MAX + 8];
    static struct str16 canon;
    static struct layer_lock lock;
    static bool known;

    if (__atomic_load_n(&known, __ATOMIC_ACQUIRE))
        return canon;
    layer_lock(&lock);
    if (!known) {
        struct str16_buf buf = {.s = units, .cap = LAYER_PATH_MAX + 8};
        struct ntpath path;
        if (ntpath_parse(str16_of(layer_config.store), layer_drives(), &buf, &path))
            canon = path.canon;
        __atomic_store_n(&known, true, __ATOMIC_RELEASE);
    }
    layer_unlock(&lock);
    return canon;
}

bool store_owns(struct str16 canon)
{
    struct str16 store = store_canon(), rest;
    return store.len && ntpath_below(canon, store, &rest);
}

NTSTATUS store_canon_of_host(struct str16 name, uint16_t **memory, struct str16 *canon, bool *own)
{
    struct ntpath path;
    struct str16 rest;
    uint16_t units[LAYER_PATH_MAX + 8];
    struct str16_buf folder_buf = {.s = units, .cap = LAYER_PATH_MAX + 8};
    struct ntpath folder;

    size_t cap = name.len + 8;
    *memory = layer_alloc(cap * sizeof **memory);
    if (!*memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    struct str16_buf buf = {.s = *memory, .cap = cap};
    NTSTATUS status = STATUS_OBJECT_TYPE_MISMATCH;
    if (ntpath_parse(name, layer_drives(), &buf, &path) && path.kind == NTPATH_FILE &&
        ntpath_parse(str16_of(layer_config.folder), layer_drives(), &folder_buf, &folder)) {
        status = STATUS_SUCCESS;
        *canon = path.canon;
        *own = ntpath_below(path.canon, folder.canon, &rest) && str16_starts_ascii(rest, "files\\");
        if (*own)
            *canon = str16_skip(rest, sizeof "files\\" - 1);
        else if (store_owns(path.canon))
            status = STATUS_OBJECT_NAME_NOT_FOUND;
    }
    if (status) {
        layer_free(*memory);
        *memory = NULL;
    }
    return status;
}
