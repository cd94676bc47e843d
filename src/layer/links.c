#include "layer/links.h"
#include "core/ntpath.h"
#include "layer/guard.h"
#include "layer/keep.h"
#include "layer/lock.h"

enum {
    HOPS = 16, // links that lead to links
    DIRECTORY_QUERY_ACCESS = 1,
    SYMBOLIC_LINK_QUERY_ACCESS = 1,
};

uint32_t *layer_object_changes;

/* One link, in a list. */
struct link {
    struct link *next;
    bool removed;
    struct str16 name, target; // behind it in the same block
};

static struct layer_lock lock; // for what follows
static struct link *links;
static uint32_t links_read; // layer_object_changes when they were

static void forget(struct link *list)
{
    while (list) {
        struct link *next = list->next;
        layer_free(list);
        list = next;
    }
}

static NTSTATUS add(struct link **list, struct str16 name, struct str16 target, bool removed)
{
    struct link *link = layer_alloc(sizeof *link + (name.len + target.len) * sizeof *name.s);
    if (!link)
        return STATUS_INSUFFICIENT_RESOURCES;
    uint16_t *units = (uint16_t *)(link + 1);
    memcpy(units, name.s, name.len * sizeof *units);
    memcpy(units + name.len, target.s, target.len * sizeof *units);
    *link = (struct link){*list, removed, {units, name.len}, {units + name.len, target.len}};
    *list = link;
    return STATUS_SUCCESS;
}

/* A directory beside or below the VM's own. */
static struct str16 put_directory(struct str16_buf *buf, bool removed)
{
    str16_put(buf, str16_of(layer_config.objects));
    str16_put_ascii(buf, removed ? ".removed" : "\\Root\\??");
    return str16_view(buf);
}

static NTSTATUS read_target(HANDLE directory, UNICODE_STRING *name, uint16_t *units, size_t cap,
                            struct str16 *target)
{
    layer_cleanup_handle HANDLE link = NULL;
    OBJECT_ATTRIBUTES attributes = nt_named(name);
    UNICODE_STRING text = {0, (USHORT)(cap * sizeof *units), (WCHAR *)units};
    attributes.RootDirectory = directory;
    NTSTATUS status = real.NtOpenSymbolicLinkObject(&link, SYMBOLIC_LINK_QUERY_ACCESS, &attributes);
    if (status)
        link = NULL;
    else
        status = real.NtQuerySymbolicLinkObject(link, &text, NULL);
    *target = str16_of_unicode(&text);
    return status;
}

static NTSTATUS read_directory(bool removed, struct link **list)
{
    enum { SIZE = 4096, TARGET = 0x7fff };
    uint16_t units[LAYER_PATH_MAX + 16];
    struct str16_buf path = {.s = units, .cap = LAYER_PATH_MAX + 16};
    UNICODE_STRING text = unicode_of_str16(put_directory(&path, removed));
    OBJECT_ATTRIBUTES attributes = nt_named(&text);
    layer_cleanup_handle HANDLE directory = NULL;
    layer_cleanup_free uint8_t *entry = layer_alloc(SIZE);
    layer_cleanup_free uint16_t *target_units = layer_alloc(TARGET * sizeof *target_units);
    ULONG context = 0, length;

    if (!entry || !target_units)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = real.NtOpenDirectoryObject(&directory, DIRECTORY_QUERY_ACCESS, &attributes);
    if (status)
        directory = NULL;
    for (BOOLEAN restart = TRUE; !status; restart = FALSE) {
        struct str16 target = {units, 0};
        if (real.NtQueryDirectoryObject(directory, entry, SIZE, TRUE, restart, &context, &length))
            break;
        UNICODE_STRING *name = (UNICODE_STRING *)entry;
        // What is no link, and what is gone meanwhile, leads nowhere.
        if (removed || !read_target(directory, name, target_units, TARGET, &target))
            status = add(list, str16_of_unicode(name), target, removed);
    }
    return status;
}

/* Reads them again if there was a change. The lock is held. */
static void refresh(void)
{
    uint32_t now = __atomic_load_n(layer_object_changes, __ATOMIC_ACQUIRE);
    struct link *list = NULL;
    if (now == links_read)
        return;
    // The own ones come first in the list, before the host's that they stand over.
    if (read_directory(true, &list) || read_directory(false, &list)) {
        forget(list); // no memory: the next call tries again
        return;
    }
    forget(links);
    links = list;
    links_read = now;
}

enum links_kind links_find(struct str16 name, uint16_t **memory, struct str16 *target)
{
    enum links_kind kind = LINKS_HOST;
    *memory = NULL;
    if (links_unchanged())
        return kind;
    layer_lock(&lock);
    refresh();
    for (const struct link *link = links; link; link = link->next) {
        if (!str16_equal_nocase(link->name, name))
            continue;
        kind = LINKS_REMOVED;
        if (!link->removed && (*memory = layer_alloc((link->target.len + 1) * sizeof **memory))) {
            memcpy(*memory, link->target.s, link->target.len * sizeof **memory);
            *target = (struct str16){*memory, link->target.len};
            kind = LINKS_OWN;
        }
        break;
    }
    layer_unlock(&lock);
    return kind;
}

NTSTATUS links_remove(struct str16 name)
{
    layer_cleanup_handle HANDLE event = NULL;
    struct str16_buf path = {.cap = LAYER_PATH_MAX + 16 + name.len};
    layer_cleanup_free uint16_t *memory = path.s = layer_alloc(path.cap * sizeof *path.s);
    if (!memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    put_directory(&path, true);
    str16_put_unit(&path, '\\');
    str16_put(&path, name);
    UNICODE_STRING text = unicode_of_str16(str16_view(&path));
    OBJECT_ATTRIBUTES attributes = nt_named(&text);
    attributes.Attributes |= OBJ_OPENIF;
    links_changing();
    NTSTATUS status = real.NtCreateEvent(&event, EVENT_ALL_ACCESS, &attributes, 0, FALSE);
    if (NT_ERROR(status))
        event = NULL;
    else
        status = keep(event);
    links_changing();
    return status;
}

NTSTATUS links_follow_text(struct str16 *text, uint16_t **memory)
{
    struct str16 link, rest, target;
    *memory = NULL;
    if (links_unchanged())
        return STATUS_SUCCESS;
    for (unsigned hops = 0; ntpath_link(*text, &link, &rest); hops++) {
        layer_cleanup_free uint16_t *target_memory = NULL;
        enum links_kind kind = links_find(link, &target_memory, &target);
        if (kind == LINKS_HOST)
            return STATUS_SUCCESS;
        if (kind == LINKS_REMOVED)
            return rest.len ? STATUS_OBJECT_PATH_NOT_FOUND : STATUS_OBJECT_NAME_NOT_FOUND;
        if (hops == HOPS)
            return STATUS_OBJECT_NAME_INVALID;
        struct str16_buf whole = {.cap = target.len + rest.len + 1};
        whole.s = layer_alloc(whole.cap * sizeof *whole.s);
        if (!whole.s)
            return STATUS_INSUFFICIENT_RESOURCES;
        // \??\C:\ and \x would have a backslash too many.
        str16_put(&whole, target);
        if (whole.len && rest.len && whole.s[whole.len - 1] == '\\')
            whole.len--;
        str16_put(&whole, rest);
        layer_free(*memory);
        *memory = whole.s;
        *text = str16_view(&whole);
    }
    return STATUS_SUCCESS;
}

NTSTATUS links_follow(OBJECT_ATTRIBUTES **attributes, struct links_name *name)
{
    OBJECT_ATTRIBUTES *given = *attributes;
    name->memory = NULL;
    if (!layer_object_changes || links_unchanged() || !given || !guard_attributes(given) ||
        !given->ObjectName || given->RootDirectory)
        return STATUS_SUCCESS;
    struct str16 text = str16_of_unicode(given->ObjectName);
    NTSTATUS status = links_follow_text(&text, &name->memory);
    if (status || !name->memory)
        return status;
    if (text.len * sizeof(WCHAR) > 0xfffe)
        return STATUS_NAME_TOO_LONG;
    name->text = unicode_of_str16(text);
    name->attributes = *given;
    name->attributes.ObjectName = &name->text;
    *attributes = &name->attributes;
    return STATUS_SUCCESS;
}

void links_name_free(struct links_name *name)
{
    layer_free(name->memory);
}
