#include "layer/object_name.h"
#include "core/ntpath.h"
#include "core/rules.h"
#include "layer/guard.h"
#include "layer/host.h"
#include "layer/keep.h"
#include "layer/links.h"
#include "layer/trace.h"

// A private name is rewritten into the VM's object directory. That stands for the session's
// directory of named objects; in its Root lies what is elsewhere in the tree. What a program opens
// relative to a handle of the VM's is the VM's without any further work.
//
// A directory that is shared is the host's, and what the VM makes in it lies in the same place
// below Root. While it has made nothing there, names in it cost nothing.

enum { DIRECTORY_CREATE_OBJECT_ACCESS = 4 };

/* The directory of named objects that the VM's own lies in: that of the session. */
static struct str16 session_objects(void)
{
    struct str16 parent = {0};
    ntpath_parent(str16_of(layer_config.objects), &parent);
    return parent;
}

/* What follows the session's directory of named objects in `text`, when it begins with that. */
static bool below_session_objects(struct str16 text, struct str16 *rest)
{
    static const char packaged[] = "AppContainerNamedObjects", named[] = "BaseNamedObjects";
    struct str16 objects = session_objects(), below,
                 session = str16_first(objects, objects.len - (sizeof named - 1));
    if (!ntpath_below(text, objects, rest)) {
        if (!str16_starts_nocase(text, session))
            return false;
        below = str16_skip(text, session.len);
        if (!str16_starts_ascii(below, packaged))
            return false;
        *rest = str16_skip(below, sizeof packaged - 1);
        if (rest->len && rest->s[0] != '\\')
            return false;
        *rest = str16_skip(*rest, 1);
    }
    return true;
}

/* Session 0 has its directory in the root. */
static struct str16 without_session_0(struct str16 text)
{
    static const char zero[] = "\\Sessions\\0\\BaseNamedObjects";
    struct str16 rest = str16_skip(text, sizeof zero - 1);
    return str16_starts_ascii(text, zero) && (!rest.len || rest.s[0] == '\\')
               ? str16_skip(text, sizeof "\\Sessions\\0" - 1)
               : text;
}

void object_name_free(struct object_name *name)
{
    layer_free(name->memory);
    layer_free(name->link_memory);
}

static struct str16_buf own_name(struct str16 text, uint16_t **memory)
{
    struct str16_buf out = {.cap = LAYER_PATH_MAX + 8 + text.len};
    *memory = out.s = layer_alloc(out.cap * sizeof *out.s);
    if (out.s)
        str16_put(&out, str16_of(layer_config.objects));
    return out;
}

NTSTATUS object_name_beside(struct str16 text, uint16_t **memory, struct str16 *own)
{
    struct str16 link, rest;
    struct str16_buf out = own_name(text, memory);
    if (!out.s)
        return STATUS_INSUFFICIENT_RESOURCES;
    str16_put_ascii(&out, "\\Root");
    if (ntpath_link(text, &link, &rest)) {
        str16_put_ascii(&out, "\\??\\");
        str16_put(&out, link);
        text = rest;
    }
    str16_put(&out, text);
    *own = str16_view(&out);
    return out.len * sizeof(WCHAR) > 0xfffe ? STATUS_NAME_TOO_LONG : STATUS_SUCCESS;
}

bool object_exists(struct str16 host)
{
    layer_cleanup_handle HANDLE handle = NULL;
    UNICODE_STRING text = unicode_of_str16(host);
    OBJECT_ATTRIBUTES attributes = nt_named(&text);
    NTSTATUS status = real.NtOpenSymbolicLinkObject(&handle, 0, &attributes);
    if (status)
        handle = NULL;
    return !host_is_absent(status) && status != STATUS_OBJECT_PATH_SYNTAX_BAD &&
           status != STATUS_OBJECT_NAME_INVALID;
}

/* Makes the directories that an own name lies in, as far as they are not there; they last as long
 * as the VM. */
static NTSTATUS make_parents(struct str16 own)
{
    struct str16 parent;
    if (!ntpath_parent(own, &parent) || object_exists(parent))
        return STATUS_SUCCESS;
    NTSTATUS status = make_parents(parent);
    if (status)
        return status;
    layer_cleanup_handle HANDLE handle = NULL;
    UNICODE_STRING text = unicode_of_str16(parent);
    OBJECT_ATTRIBUTES attributes = nt_named(&text);
    attributes.Attributes |= OBJ_OPENIF;
    status = real.NtCreateDirectoryObject(&handle, DIRECTORY_ALL_ACCESS, &attributes);
    if (NT_ERROR(status)) {
        handle = NULL;
        return status;
    }
    return keep(handle);
}

/* Whether the program may make something in the host's directory that `text` lies in. */
static NTSTATUS check_create(struct str16 text)
{
    layer_cleanup_handle HANDLE handle = NULL;
    struct str16 parent;
    if (!ntpath_parent(text, &parent))
        return STATUS_SUCCESS;
    UNICODE_STRING name = unicode_of_str16(parent);
    OBJECT_ATTRIBUTES attributes = nt_named(&name);
    NTSTATUS status =
        real.NtOpenDirectoryObject(&handle, DIRECTORY_CREATE_OBJECT_ACCESS, &attributes);
    if (status)
        handle = NULL;
    // What is missing, or no directory, the call itself will tell.
    return status == STATUS_ACCESS_DENIED ? status : STATUS_SUCCESS;
}

/* A name in a directory that is shared with the host. */
static NTSTATUS rewrite_shared(struct str16 text, struct object_name *name, enum object_use use,
                               bool *rewritten)
{
    struct str16 link, rest, target, own, parent;
    bool is_link = ntpath_link(text, &link, &rest), removed = false;
    if (use != OBJECT_CREATE && links_unchanged())
        return STATUS_SUCCESS;
    if (is_link && (rest.len || use == OBJECT_OPEN)) {
        layer_cleanup_free uint16_t *memory = NULL;
        enum links_kind kind = links_find(link, &memory, &target);
        if (kind == LINKS_REMOVED)
            return rest.len ? STATUS_OBJECT_PATH_NOT_FOUND : STATUS_OBJECT_NAME_NOT_FOUND;
        if (kind == LINKS_OWN) {
            struct str16_buf whole = {.cap = target.len + rest.len};
            if (name->link_memory) // through more than one link: as a loop of them
                return STATUS_OBJECT_PATH_NOT_FOUND;
            name->link_memory = whole.s = layer_alloc((whole.cap + 1) * sizeof *whole.s);
            if (!whole.s)
                return STATUS_INSUFFICIENT_RESOURCES;
            str16_put(&whole, target);
            str16_put(&whole, rest);
            NTSTATUS status = object_name_rewrite_text(str16_view(&whole), name, use, rewritten);
            if (!status && !*rewritten) {
                name->text = unicode_of_str16(str16_view(&whole));
                *rewritten = true;
            }
            return status;
        }
    }
    layer_cleanup_free uint16_t *memory = NULL;
    NTSTATUS status = object_name_beside(text, &memory, &own);
    if (status)
        return status;
    if (!links_unchanged()) {
        layer_cleanup_free uint16_t *link_memory = NULL;
        removed = is_link && !rest.len && links_find(link, &link_memory, &target) == LINKS_REMOVED;
        if (object_exists(own)) {
            // The directories that the VM's names lie in are no names of the VM's themselves.
            *rewritten = !object_exists(text) || (is_link && !rest.len);
            goto found;
        }
    }
    if (use != OBJECT_CREATE)
        return removed ? STATUS_OBJECT_NAME_NOT_FOUND : STATUS_SUCCESS;
    if (!ntpath_parent(text, &parent) || !parent.len || (!removed && object_exists(text)) ||
        !object_exists(parent))
        return STATUS_SUCCESS; // there is something on the host, or nothing to make it in
    if ((status = check_create(text)))
        return status;
    links_changing();
    if ((status = make_parents(own)))
        return status;
    *rewritten = true;
found:
    if (*rewritten) {
        name->text = unicode_of_str16(own);
        name->beside = use == OBJECT_CREATE;
        layer_free(name->memory);
        name->memory = memory;
        memory = NULL;
    }
    return STATUS_SUCCESS;
}

NTSTATUS object_name_rewrite_text(struct str16 text, struct object_name *name, enum object_use use,
                                  bool *rewritten)
{
    struct str16 rest;
    *rewritten = false;
    text = ntpath_from_root(text);
    if (!text.len || text.s[0] != '\\')
        return STATUS_SUCCESS;
    switch (rule_find(RULE_OBJECT, text)->verdict) {
    case RULE_SHARED:
        return rewrite_shared(text, name, use, rewritten);
    case RULE_DENIED:
        return STATUS_OBJECT_NAME_NOT_FOUND;
    case RULE_PRIVATE:
        break;
    }
    layer_free(name->memory);
    struct str16_buf out = own_name(text, &name->memory);
    if (!name->memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    text = without_session_0(text);
    if (below_session_objects(text, &rest)) {
        // In session 0 the machine's names are the session's.
        if (layer_state.service)
            str16_put_ascii(&out, "\\Root\\BaseNamedObjects");
        if (rest.len)
            str16_put_unit(&out, '\\');
        str16_put(&out, rest);
    } else {
        str16_put_ascii(&out, "\\Root");
        str16_put(&out, text);
    }
    if (out.len * sizeof(WCHAR) > 0xfffe)
        return STATUS_NAME_TOO_LONG;
    name->text = unicode_of_str16(str16_view(&out));
    *rewritten = true;
    return STATUS_SUCCESS;
}

struct handle_record *object_directory_of(HANDLE handle)
{
    struct handle_record *record = handles_get(handle, HANDLE_DIRECTORY);
    layer_cleanup_free uint16_t *memory = NULL;
    struct str16 kernel, rest;
    if (record)
        return record;
    if (host_name_of(handle, &memory, &kernel) || !kernel.len)
        return NULL;
    handles_add(handle, HANDLE_DIRECTORY, kernel,
                !ntpath_below(kernel, str16_of(layer_config.objects), &rest), 0);
    return handles_get(handle, HANDLE_DIRECTORY);
}

/* The same for a name relative to a directory: in one that is shared it may be a private one. */
static NTSTATUS rewrite_relative(HANDLE root, struct str16 text, struct object_name *name,
                                 enum object_use use, bool *rewritten)
{
    layer_cleanup_record struct handle_record *directory = object_directory_of(root);
    *rewritten = false;
    if (!directory || !directory->lower || !text.len || text.s[0] == '\\')
        return STATUS_SUCCESS;
    struct str16_buf whole = {.cap = directory->canon.len + 1 + text.len};
    layer_cleanup_free uint16_t *memory = whole.s = layer_alloc(whole.cap * sizeof *whole.s);
    if (!memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    str16_put(&whole, directory->canon);
    if (whole.s[whole.len - 1] != '\\')
        str16_put_unit(&whole, '\\');
    str16_put(&whole, text);
    return object_name_rewrite_text(str16_view(&whole), name, use, rewritten);
}

NTSTATUS object_name_rewrite(const OBJECT_ATTRIBUTES **attributes, struct object_name *name,
                             enum object_use use)
{
    const OBJECT_ATTRIBUTES *given = *attributes;
    bool rewritten = false;
    NTSTATUS status = STATUS_SUCCESS;
    name->memory = name->link_memory = NULL;
    name->permanent = name->beside = name->rewritten = false;
    name->given = NULL;
    layer_wake();
    if (!guard_attributes(given) || !given)
        return STATUS_SUCCESS;
    if (given->ObjectName && given->ObjectName->Length)
        name->given = given;
    if (given->ObjectName)
        status = given->RootDirectory
                     ? rewrite_relative(given->RootDirectory, str16_of_unicode(given->ObjectName),
                                        name, use, &rewritten)
                     : object_name_rewrite_text(str16_of_unicode(given->ObjectName), name, use,
                                                &rewritten);
    bool permanent = use == OBJECT_CREATE && given->Attributes & OBJ_PERMANENT;
    if (permanent && !status)
        status = keep_check();
    if (status || (!rewritten && !permanent))
        return status;
    name->attributes = *given;
    name->rewritten = rewritten;
    if (rewritten) {
        name->attributes.RootDirectory = NULL;
        name->attributes.ObjectName = &name->text;
    }
    if (permanent) {
        name->attributes.Attributes &= ~(ULONG)OBJ_PERMANENT;
        name->permanent = given->ObjectName && given->ObjectName->Length;
    }
    *attributes = &name->attributes;
    return STATUS_SUCCESS;
}

/* Which kind of name a call is given. */
static enum trace_kind kind_of(const char *call)
{
    for (; *call; call++)
        if (call[0] == 'P' && call[1] == 'o' && call[2] == 'r' && call[3] == 't')
            return TRACE_PORT;
    return TRACE_OBJECT;
}

/* Whether the name is relative to a directory of the VM's own. */
static bool is_below_own(HANDLE root)
{
    layer_cleanup_record struct handle_record *directory = root ? object_directory_of(root) : NULL;
    return directory && !directory->lower;
}

NTSTATUS object_name_opened(const struct object_name *name, const char *call, NTSTATUS status)
{
    if (!name->given || !trace_wants(TRACE_PRIVATE, status))
        return status;
    bool own = name->rewritten || is_below_own(name->given->RootDirectory);
    const struct trace_what what = {kind_of(call), own ? TRACE_PRIVATE : TRACE_SHARED, call, status,
                                    0};
    trace_object(&what, name->given);
    return status;
}

NTSTATUS object_name_made(const struct object_name *name, const char *call, HANDLE *handle,
                          NTSTATUS status)
{
    // One that was there already stays what it was.
    if (!status && name->permanent && (status = keep(*handle)))
        real.NtClose(*handle);
    if (name->beside)
        links_changing();
    return object_name_opened(name, call, status);
}
