#include "core/ntpath.h"
#include "layer/guard.h"
#include "layer/links.h"
#include "layer/object_name.h"
#include "layer/station.h"

// The lists of object directories: the VM's own without what the layer keeps in it; and of one that
// is shared with the host, once the VM has made or removed something in such, the host's with that;
// and of the window stations, the VM's as it calls them.

struct directory_entry { // OBJECT_DIRECTORY_INFORMATION; one without a name ends the list
    UNICODE_STRING name, type;
};

enum {
    ENTRY_MAX = 4096, // bytes of one entry with its names
    DIRECTORY_QUERY_ACCESS = 1,
};

/* Takes the directory out of the list in which the layer keeps what lies elsewhere on the host. */
static bool drop_own_entry(struct directory_entry *entries)
{
    for (struct directory_entry *entry = entries; entry->name.Buffer; entry++) {
        if (!str16_equal_ascii(str16_of_unicode(&entry->name), "Root"))
            continue;
        do
            *entry = entry[1];
        while ((++entry)->name.Buffer);
        return true;
    }
    return false;
}

/* A directory's entries, one after the other. */
struct reading {
    HANDLE handle;
    ULONG context;
    BOOLEAN restart;
    struct directory_entry *entry; // ENTRY_MAX bytes
};

static NTSTATUS read_next(struct reading *reading)
{
    ULONG length;
    NTSTATUS status = real.NtQueryDirectoryObject(reading->handle, reading->entry, ENTRY_MAX, TRUE,
                                                  reading->restart, &reading->context, &length);
    reading->restart = FALSE;
    return status;
}

/* The VM's own part of a shared directory; NULL when there is none. */
static HANDLE open_own(struct str16 name)
{
    // Any of the links' directories stands for all of them.
    static const uint16_t links[] = {'\\', '?', '?'};
    layer_cleanup_free uint16_t *memory = NULL;
    struct str16 own, link, rest;
    struct str16_buf probe = {.cap = name.len + 2};
    layer_cleanup_free uint16_t *probe_memory = layer_alloc(probe.cap * sizeof *probe.s);
    HANDLE handle = NULL;

    probe.s = probe_memory;
    if (!probe.s)
        return NULL;
    str16_put(&probe, name);
    str16_put_ascii(&probe, "\\x");
    if (ntpath_link(str16_view(&probe), &link, &rest) && !rest.len)
        name = (struct str16){links, sizeof links / sizeof *links};
    if (object_name_beside(name, &memory, &own))
        return NULL;
    UNICODE_STRING text = unicode_of_str16(own);
    OBJECT_ATTRIBUTES attributes = nt_named(&text);
    return real.NtOpenDirectoryObject(&handle, DIRECTORY_QUERY_ACCESS, &attributes) ? NULL : handle;
}

/* Whether the VM does not see the host's entry of this name: it has removed it, or has its own. */
static bool is_hidden(struct str16 directory, HANDLE own, struct str16 name)
{
    layer_cleanup_free uint16_t *memory = NULL, *target_memory = NULL;
    layer_cleanup_handle HANDLE handle = NULL;
    struct str16 link, rest, target;
    struct str16_buf whole = {.cap = directory.len + 1 + name.len};

    memory = whole.s = layer_alloc(whole.cap * sizeof *whole.s);
    if (!memory)
        return false;
    str16_put(&whole, directory);
    str16_put_unit(&whole, '\\');
    str16_put(&whole, name);
    if (ntpath_link(str16_view(&whole), &link, &rest) && !rest.len)
        return links_find(link, &target_memory, &target) != LINKS_HOST;
    // A directory that the VM has something in is the host's all the same.
    UNICODE_STRING text = unicode_of_str16(name);
    OBJECT_ATTRIBUTES attributes = nt_named(&text);
    attributes.RootDirectory = own;
    NTSTATUS status =
        own ? real.NtOpenDirectoryObject(&handle, 0, &attributes) : STATUS_OBJECT_NAME_NOT_FOUND;
    if (status)
        handle = NULL;
    return status == STATUS_OBJECT_TYPE_MISMATCH;
}

/* Whether the VM's own entry is one of the host's too. */
static bool is_container(HANDLE directory, struct str16 name)
{
    layer_cleanup_handle HANDLE handle = NULL;
    UNICODE_STRING text = unicode_of_str16(name);
    OBJECT_ATTRIBUTES attributes = nt_named(&text);
    attributes.RootDirectory = directory;
    NTSTATUS status = real.NtOpenDirectoryObject(&handle, 0, &attributes);
    if (status)
        handle = NULL;
    return !status;
}

/* A list that is handed out, beginning with the entry `from`. */
struct handing {
    uint8_t *buffer;
    ULONG length;
    bool single;
    ULONG index, from, count; // entries seen; to be left out; handed out
    ULONG names;              // bytes of names so far, at the end of the buffer
    ULONG needed;             // for the entry that did not fit
};

/* Room for it: all entries and the one that ends them, and all names. */
static ULONG size_with(const struct handing *handing, const struct directory_entry *entry)
{
    return (ULONG)((handing->count + 2) * sizeof *entry) + handing->names + entry->name.Length +
           entry->type.Length + 2 * (ULONG)sizeof(WCHAR);
}

static void put_text(struct handing *handing, const UNICODE_STRING *text, UNICODE_STRING *out)
{
    handing->names += text->Length + (ULONG)sizeof(WCHAR);
    uint8_t *at = handing->buffer + (handing->length & ~1u) - handing->names;
    memcpy(at, text->Buffer, text->Length);
    memset(at + text->Length, 0, sizeof(WCHAR));
    *out = (UNICODE_STRING){text->Length, text->Length + (USHORT)sizeof(WCHAR), (WCHAR *)at};
}

/* False: no more is to be handed out. */
static bool hand_out(struct handing *handing, const struct directory_entry *entry)
{
    if (handing->index++ < handing->from)
        return true;
    ULONG size = size_with(handing, entry);
    if (size > (handing->length & ~1u) || (handing->single && handing->count)) {
        handing->index--;
        handing->needed = size;
        return false;
    }
    struct directory_entry *out = (struct directory_entry *)handing->buffer + handing->count++;
    put_text(handing, &entry->name, &out->name);
    put_text(handing, &entry->type, &out->type);
    memset(out + 1, 0, sizeof *out);
    return true;
}

static NTSTATUS list_merged(const struct handle_record *directory, HANDLE handle,
                            struct handing *handing)
{
    layer_cleanup_handle HANDLE own = open_own(directory->canon);
    layer_cleanup_free struct directory_entry *entry = layer_alloc(ENTRY_MAX);
    if (!entry)
        return STATUS_INSUFFICIENT_RESOURCES;
    struct reading host = {handle, 0, TRUE, entry}, mine = {own, 0, TRUE, entry};
    NTSTATUS status;
    while (!(status = read_next(&host)))
        if (!is_hidden(directory->canon, own, str16_of_unicode(&entry->name)) &&
            !hand_out(handing, entry))
            return STATUS_SUCCESS;
    if (NT_ERROR(status))
        return status;
    while (own && !read_next(&mine))
        if (!is_container(handle, str16_of_unicode(&entry->name)) && !hand_out(handing, entry))
            return STATUS_SUCCESS;
    return STATUS_NO_MORE_ENTRIES;
}

/* Whether it is the directory in which the system keeps the window stations of a session. */
static bool is_of_stations(struct str16 directory)
{
    struct str16 parent;
    return str16_equal_ascii(ntpath_leaf(directory), "WindowStations") &&
           ntpath_parent(directory, &parent) && str16_equal_ascii(ntpath_leaf(parent), "Windows");
}

static NTSTATUS list_stations(HANDLE handle, struct handing *handing)
{
    layer_cleanup_free struct directory_entry *entry = layer_alloc(ENTRY_MAX);
    if (!entry)
        return STATUS_INSUFFICIENT_RESOURCES;
    struct reading host = {handle, 0, TRUE, entry};
    struct str16 own;
    NTSTATUS status;
    while (!(status = read_next(&host))) {
        if (!station_is_own(str16_of_unicode(&entry->name), &own))
            continue;
        entry->name = unicode_of_str16(own);
        if (!hand_out(handing, entry))
            return STATUS_SUCCESS;
    }
    return status;
}

static NTSTATUS query_merged(const struct handle_record *directory, HANDLE handle, void *buffer,
                             ULONG length, BOOLEAN single, BOOLEAN restart, ULONG *context,
                             ULONG *returned)
{
    struct handing handing = {
        .buffer = buffer, .length = length, .single = single, .from = restart ? 0 : *context};
    // What the system refuses, it refuses itself (Wine 8 has only single entries).
    ULONG from = 0, size;
    layer_cleanup_free void *entries = layer_alloc(ENTRY_MAX);
    if (!entries)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status =
        real.NtQueryDirectoryObject(handle, entries, ENTRY_MAX, single, TRUE, &from, &size);
    if (NT_ERROR(status))
        return status;
    if (!guard_writable(context, sizeof *context) || !guard_writable(buffer, length))
        return STATUS_ACCESS_VIOLATION;
    status = is_of_stations(directory->canon) ? list_stations(handle, &handing)
                                              : list_merged(directory, handle, &handing);
    if (NT_ERROR(status))
        return status;
    if (!handing.count) {
        if (status == STATUS_NO_MORE_ENTRIES && length >= sizeof(struct directory_entry))
            memset(buffer, 0, sizeof(struct directory_entry));
        if (returned)
            *returned = status ? (ULONG)sizeof(struct directory_entry) : handing.needed;
        return status ? status : STATUS_BUFFER_TOO_SMALL;
    }
    *context = handing.index;
    if (returned)
        *returned = single ? (ULONG)(2 * sizeof(struct directory_entry)) + handing.names : length;
    return single || status ? STATUS_SUCCESS : STATUS_MORE_ENTRIES;
}

NTSTATUS NTAPI layer_NtQueryDirectoryObject(HANDLE handle, void *buffer, ULONG length,
                                            BOOLEAN single, BOOLEAN restart, ULONG *context,
                                            ULONG *returned)
{
    layer_wake();
    if ((!links_unchanged() || station_applies()) && context) {
        layer_cleanup_record struct handle_record *directory = object_directory_of(handle);
        if (directory && directory->lower &&
            (!links_unchanged() || is_of_stations(directory->canon)))
            return query_merged(directory, handle, buffer, length, single, restart, context,
                                returned);
    }
    for (;; restart = FALSE) {
        NTSTATUS status =
            real.NtQueryDirectoryObject(handle, buffer, length, single, restart, context, returned);
        if (NT_ERROR(status))
            return status;
        layer_cleanup_record struct handle_record *directory = object_directory_of(handle);
        struct directory_entry *entries = buffer;
        if (!directory || !str16_equal_nocase(directory->canon, str16_of(layer_config.objects)) ||
            !drop_own_entry(entries) || entries->name.Buffer)
            return status;
        // Nothing else was in it: there is more, or the system says that there is not.
    }
}
