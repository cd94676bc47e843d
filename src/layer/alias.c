#include "layer/alias.h"
#include "core/ntpath.h"
#include "core/reparse.h"
#include "layer/changes.h"
#include "layer/drives.h"
#include "layer/links.h"
#include "layer/store.h"

enum {
    HOPS = 63, // as many links as the system follows in one name
    FSCTL_GET_REPARSE = 0x900a8,
    REPARSE_MAX = 16 * 1024,
};

/* A name that grows as its links are followed. */
struct growing {
    uint16_t *memory;
    size_t len, cap;
};

static struct str16 first(const struct growing *name, size_t len)
{
    return (struct str16){name->memory, len};
}

/* Puts `to` in the place of the first `len` units. */
static NTSTATUS replace_prefix(struct growing *name, size_t len, struct str16 to)
{
    size_t rest = name->len - len, total = to.len + rest;
    uint16_t *memory = layer_alloc((total + 1) * sizeof *memory);
    if (!memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    memcpy(memory, to.s, to.len * sizeof *memory);
    memcpy(memory + to.len, name->memory + len, rest * sizeof *memory);
    layer_free(name->memory);
    *name = (struct growing){memory, total, total + 1};
    return STATUS_SUCCESS;
}

static size_t component_end(struct str16 name, size_t at)
{
    while (at < name.len && name.s[at] != '\\')
        at++;
    return at;
}

/* How much at the front of a name is taken as it is: the parts above which there is nothing to
 * open. */
static size_t base_length(struct str16 canon)
{
    size_t end = component_end(canon, 0), parts = 0;
    struct str16 volume = str16_first(canon, end);
    if (str16_equal_ascii(volume, "UNC"))
        parts = 2; // server and share
    else if (str16_equal_ascii(volume, "Device"))
        parts = 1;
    else if (!str16_equal_ascii(volume, "Root"))
        return 0;
    else if (!str16_starts_ascii(str16_skip(canon, end), "\\SystemRoot"))
        return canon.len; // an unusual spelling of something else
    while (parts-- && end < canon.len)
        end = component_end(canon, end + 1);
    return end;
}

/* Whether a name that the kernel gave may stand for another: one on a drive or share. */
static bool is_plain(struct str16 canon)
{
    return canon.len == 1 || (canon.len > 1 && canon.s[1] == '\\') ||
           str16_starts_ascii(canon, "UNC\\");
}

/* The name that the host's kernel has for what `canon` leads to; STATUS_OBJECT_NAME_NOT_FOUND also
 * where it has none that is of use. */
static NTSTATUS ask_kernel(struct str16 canon, uint16_t **memory, struct str16 *to)
{
    struct str16_buf lower, parsed;
    struct str16 host;
    struct ntpath path;
    layer_cleanup_handle HANDLE handle = NULL;
    layer_cleanup_free uint16_t *lower_memory = store_lower_name(canon, 0, &lower),
                                *host_memory = NULL;

    if (!lower_memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = host_open(str16_view(&lower), FILE_READ_ATTRIBUTES, FILE_OPEN, 0, 0, &handle);
    if (!status)
        status = host_name_of(handle, &host_memory, &host);
    if (status)
        return status;
    parsed = (struct str16_buf){.cap = host.len + 8};
    *memory = parsed.s = layer_alloc(parsed.cap * sizeof *parsed.s);
    if (!parsed.s)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (ntpath_parse(host, layer_drives(), &parsed, &path) && path.kind == NTPATH_FILE &&
        is_plain(path.canon)) {
        *to = path.canon;
        return STATUS_SUCCESS;
    }
    layer_free(*memory);
    *memory = NULL;
    return STATUS_OBJECT_NAME_NOT_FOUND;
}

/* Where a link that the VM itself has made leads. */
static NTSTATUS read_own_link(struct str16 canon, struct str16 upper, uint16_t **memory,
                              struct str16 *to)
{
    layer_cleanup_handle HANDLE handle = NULL;
    layer_cleanup_free uint8_t *data = layer_alloc(REPARSE_MAX);
    IO_STATUS_BLOCK io;
    struct reparse_target target;
    struct str16 parent;
    struct ntpath path;

    if (!data)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status =
        host_open(upper, FILE_READ_ATTRIBUTES, FILE_OPEN, FILE_OPEN_REPARSE_POINT, 0, &handle);
    if (!status)
        status = real.NtFsControlFile(handle, NULL, NULL, NULL, &io, FSCTL_GET_REPARSE, NULL, 0,
                                      data, REPARSE_MAX);
    if (status)
        return status;
    if (!reparse_read(data, io.Information, &target) || !ntpath_parent(canon, &parent))
        return STATUS_OBJECT_NAME_NOT_FOUND;
    layer_cleanup_free uint16_t *followed = NULL;
    if (!target.relative && (status = links_follow_text(&target.name, &followed)))
        return status;
    struct str16_buf out = {.cap = parent.len + target.name.len + 8};
    *memory = out.s = layer_alloc(out.cap * sizeof *out.s);
    if (!out.s)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (target.relative) {
        reparse_join(parent, target.name, &out);
        *to = str16_view(&out);
        return STATUS_SUCCESS;
    }
    if (ntpath_parse(target.name, layer_drives(), &out, &path) && path.kind == NTPATH_FILE) {
        *to = path.canon;
        return STATUS_SUCCESS;
    }
    layer_free(*memory);
    *memory = NULL;
    return STATUS_OBJECT_NAME_NOT_FOUND;
}

/* The long name of the entry `leaf` of a folder of either layer, if that is a short one. */
static NTSTATUS find_long(struct str16 folder, struct str16 leaf, uint16_t **memory,
                          struct str16 *found)
{
    enum { SIZE = 2048 }; // some entries of the longest name
    layer_cleanup_handle HANDLE handle = NULL;
    layer_cleanup_free uint8_t *buffer = layer_alloc(SIZE);
    UNICODE_STRING pattern = unicode_of_str16(leaf);
    BOOLEAN restart = TRUE;

    if (!buffer)
        return STATUS_INSUFFICIENT_RESOURCES;
    for (size_t i = 0; i < leaf.len; i++)
        if (leaf.s[i] == '*' || leaf.s[i] == '?' || leaf.s[i] == '<' || leaf.s[i] == '>' ||
            leaf.s[i] == '"')
            return STATUS_OBJECT_NAME_NOT_FOUND; // would be a pattern
    NTSTATUS status =
        host_open(folder, FILE_LIST_DIRECTORY, FILE_OPEN, FILE_DIRECTORY_FILE, 0, &handle);
    for (; !status; restart = FALSE) {
        IO_STATUS_BLOCK io;
        status = real.NtQueryDirectoryFile(handle, NULL, NULL, NULL, &io, buffer, SIZE,
                                           FileBothDirectoryInformation, TRUE, &pattern, restart);
        const FILE_BOTH_DIR_INFORMATION *entry = (const void *)buffer;
        if (status)
            break;
        struct str16 name = {(const uint16_t *)entry->FileName,
                             entry->FileNameLength / sizeof(WCHAR)},
                     shortened = {(const uint16_t *)entry->ShortName,
                                  (size_t)entry->ShortNameLength / sizeof(WCHAR)};
        if (str16_equal_nocase(name, leaf) || !str16_equal_nocase(shortened, leaf))
            continue;
        *memory = layer_alloc(name.len * sizeof **memory);
        if (!*memory)
            return STATUS_INSUFFICIENT_RESOURCES;
        memcpy(*memory, name.s, name.len * sizeof **memory);
        *found = (struct str16){*memory, name.len};
        return STATUS_SUCCESS;
    }
    return STATUS_OBJECT_NAME_NOT_FOUND;
}

static bool may_be_short(struct str16 leaf)
{
    for (size_t i = 0; i < leaf.len && leaf.len <= 12; i++)
        if (leaf.s[i] == '~')
            return true;
    return false;
}

/* Replaces a short name at the end of the first *end units, whose folder is true. */
static NTSTATUS lengthen(struct growing *name, size_t *end)
{
    struct str16 canon = first(name, *end), parent, leaf = ntpath_leaf(canon), found;
    layer_cleanup_free uint16_t *memory = NULL, *folder_memory = NULL;
    struct str16_buf folder;
    NTSTATUS status = STATUS_OBJECT_NAME_NOT_FOUND;
    bool hidden = false;

    if (!may_be_short(leaf) || !ntpath_parent(canon, &parent))
        return STATUS_SUCCESS;
    if (layer_changed(CHANGE_FILE_LISTING, parent)) {
        folder_memory = store_upper_name(parent, 0, &folder);
        if (!folder_memory)
            return STATUS_INSUFFICIENT_RESOURCES;
        status = find_long(str16_view(&folder), leaf, &memory, &found);
        if (status == STATUS_OBJECT_NAME_NOT_FOUND && store_is_hidden(parent, &hidden))
            hidden = true;
    }
    if (status == STATUS_OBJECT_NAME_NOT_FOUND && !hidden) {
        layer_free(folder_memory);
        folder_memory = store_lower_name(parent, 0, &folder);
        if (!folder_memory)
            return STATUS_INSUFFICIENT_RESOURCES;
        status = find_long(str16_view(&folder), leaf, &memory, &found);
    }
    if (status)
        return status == STATUS_OBJECT_NAME_NOT_FOUND ? STATUS_SUCCESS : status;
    struct str16 whole;
    layer_cleanup_free uint16_t *whole_memory = store_child_name(parent, found, &whole);
    if (!whole_memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = replace_prefix(name, *end, whole);
    *end = whole.len;
    return status;
}

/* Finds what `canon`, whose folder is true, leads to: STATUS_SUCCESS with another name in *to, or
 * STATUS_OBJECT_NAME_NOT_FOUND when it is no link. */
static NTSTATUS ask(struct str16 canon, uint16_t **memory, struct str16 *to)
{
    *memory = NULL;
    if (!store_untouched(canon)) {
        struct str16_buf upper;
        layer_cleanup_free uint16_t *upper_memory = store_upper_name(canon, 0, &upper);
        ULONG attributes;
        if (!upper_memory)
            return STATUS_INSUFFICIENT_RESOURCES;
        NTSTATUS status = host_attributes(str16_view(&upper), &attributes);
        if (status)
            return status;
        if (attributes & FILE_ATTRIBUTE_REPARSE_POINT)
            return read_own_link(canon, str16_view(&upper), memory, to);
        // The VM's folder over a link of the host's stands for the link's target no more.
        if (attributes)
            return STATUS_OBJECT_NAME_NOT_FOUND;
    }
    bool hidden;
    NTSTATUS status = store_is_hidden(canon, &hidden);
    if (status || hidden)
        return status ? status : STATUS_OBJECT_NAME_NOT_FOUND;
    status = ask_kernel(canon, memory, to);
    if (!status && str16_equal_nocase(*to, canon)) {
        layer_free(*memory);
        *memory = NULL;
        status = STATUS_OBJECT_NAME_NOT_FOUND;
    }
    return status;
}

/* Whether a link of the VM's is still there; true as well when nothing of the VM's is. */
static bool is_own_link(struct str16 canon)
{
    struct str16_buf upper;
    layer_cleanup_free uint16_t *memory = store_upper_name(canon, 0, &upper);
    ULONG attributes;
    return !memory || host_attributes(str16_view(&upper), &attributes) || !attributes ||
           attributes & FILE_ATTRIBUTE_REPARSE_POINT;
}

/* Makes the first *len units, component by component, a true name. */
static NTSTATUS follow(struct growing *name, size_t *len)
{
    size_t done = base_length(first(name, name->len));
    for (unsigned hops = 0; done < *len;) {
        size_t end = component_end(first(name, *len), done ? done + 1 : 0);
        struct str16 canon = first(name, end), to;
        if (alias_table_is_true(layer_aliases, canon)) {
            done = end;
            continue;
        }
        layer_cleanup_free uint16_t *memory = NULL;
        NTSTATUS status = STATUS_SUCCESS;
        if (alias_table_find(layer_aliases, canon, &to)) {
            // What the VM has there now need be no link any more.
            if (!store_untouched(canon) && !is_own_link(canon)) {
                done = end;
                continue;
            }
        } else {
            size_t whole = end;
            if ((status = lengthen(name, &whole)))
                return status;
            *len += whole - end;
            end = whole;
            canon = first(name, end);
            status = ask(canon, &memory, &to);
            if (status == STATUS_INSUFFICIENT_RESOURCES)
                return status;
            if (status) {
                // Also what is not there, or may not be looked at: the call itself will tell.
                alias_table_add_true(layer_aliases, canon);
                done = end;
                continue;
            }
            alias_table_add(layer_aliases, canon, to);
        }
        if (++hops > HOPS)
            return STATUS_REPARSE_POINT_NOT_RESOLVED;
        *len = *len - end + to.len;
        if ((status = replace_prefix(name, end, to)))
            return status;
        done = base_length(first(name, name->len));
        if (done > *len)
            done = *len;
    }
    return STATUS_SUCCESS;
}

enum extent { PARENT, WHOLE };

static NTSTATUS resolve(uint16_t **memory, struct str16 *canon, enum extent extent)
{
    struct str16 parent = {canon->s, 0}, leaf = ntpath_leaf(*canon);
    bool has_parent = ntpath_parent(*canon, &parent);
    if ((!has_parent || alias_table_is_true(layer_aliases, parent)) &&
        (extent == PARENT ? !may_be_short(leaf) : alias_table_is_true(layer_aliases, *canon)))
        return STATUS_SUCCESS;

    struct growing name = {layer_alloc((canon->len + 1) * sizeof *name.memory), canon->len,
                           canon->len + 1};
    if (!name.memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    memcpy(name.memory, canon->s, canon->len * sizeof *name.memory);
    size_t len = extent == PARENT ? parent.len : name.len;
    NTSTATUS status = follow(&name, &len);
    if (!status && extent == PARENT && has_parent &&
        !alias_table_is_true(layer_aliases, first(&name, name.len))) {
        len = name.len;
        status = lengthen(&name, &len);
        if (!status && may_be_short(leaf))
            alias_table_add_true(layer_aliases, first(&name, name.len));
    }
    if (status || str16_equal(first(&name, name.len), *canon)) {
        layer_free(name.memory);
        return status;
    }
    layer_free(*memory);
    *memory = name.memory;
    *canon = first(&name, name.len);
    return STATUS_SUCCESS;
}

NTSTATUS alias_resolve(uint16_t **memory, struct str16 *canon)
{
    return resolve(memory, canon, PARENT);
}

NTSTATUS alias_resolve_whole(uint16_t **memory, struct str16 *canon)
{
    return resolve(memory, canon, WHOLE);
}

bool alias_is_volume(struct str16 text)
{
    if (alias_table_is_true(layer_aliases, text))
        return true;
    struct str16_buf root = {.cap = text.len + 1};
    layer_cleanup_free uint16_t *memory = root.s = layer_alloc(root.cap * sizeof *root.s);
    layer_cleanup_handle HANDLE handle = NULL;
    if (!memory)
        return true;
    str16_put(&root, text);
    str16_put_unit(&root, '\\');
    IO_STATUS_BLOCK io;
    FILE_STANDARD_INFORMATION standard;
    NTSTATUS status = host_open(str16_view(&root), FILE_READ_ATTRIBUTES, FILE_OPEN, 0, 0, &handle);
    // Wine opens the device itself, and takes no name below it.
    if (host_is_absent(status) || status == STATUS_BAD_DEVICE_TYPE ||
        status == STATUS_OBJECT_NAME_INVALID || status == STATUS_OBJECT_PATH_SYNTAX_BAD ||
        (!status && real.NtQueryInformationFile(handle, &io, &standard, sizeof standard,
                                                FileStandardInformation)))
        return false;
    // Not ready, not allowed, not reachable: a volume all the same.
    alias_table_add_true(layer_aliases, text);
    return true;
}

void alias_link_changed(struct str16 canon)
{
    struct str16_buf upper;
    struct str16 to;
    ULONG attributes;
    layer_cleanup_free uint16_t *memory = NULL, *upper_memory = store_upper_name(canon, 0, &upper);
    // Where it cannot be told, the next who comes by asks again.
    bool link = upper_memory && !host_attributes(str16_view(&upper), &attributes) &&
                attributes & FILE_ATTRIBUTE_REPARSE_POINT &&
                !read_own_link(canon, str16_view(&upper), &memory, &to);
    if (link || alias_table_find(layer_aliases, canon, &to))
        alias_table_add(layer_aliases, canon, link ? to : canon);
}
