#include "core/ntpath.h"
#include "core/rules.h"
#include "layer/file_lower.h"
#include "layer/view.h"
#include "layer/guard.h"
#include "layer/handles.h"
#include "layer/host.h"

// Named kernel objects and ports: a private name is rewritten into the VM's object directory.
//
// The session's and the global directory become that one directory, and what a program opens
// relative to it is the VM's without any further work. In it, the monitor has made the links
// (Global, Local, Session) that programs expect in a session's directory.

/* What follows the directory of named objects in `name`, when it is such a name. */
static bool below_named_objects(struct str16 name, struct str16 *rest)
{
    static const char session[] = "\\Sessions\\", global[] = "\\BaseNamedObjects",
                      packaged[] = "\\AppContainerNamedObjects";
    struct str16 text = name;
    if (str16_starts_ascii(text, session)) {
        text = str16_skip(text, sizeof session - 1);
        while (text.len && text.s[0] != '\\')
            text = str16_skip(text, 1);
    }
    if (str16_starts_ascii(text, global))
        text = str16_skip(text, sizeof global - 1);
    else if (str16_starts_ascii(text, packaged))
        text = str16_skip(text, sizeof packaged - 1);
    else
        return false;
    if (text.len && text.s[0] != '\\')
        return false;
    *rest = text;
    return true;
}

struct object_name {
    OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING text;
    uint16_t *memory;
};

static void object_name_free(struct object_name *name)
{
    layer_free(name->memory);
}

/* The name `text` as the VM's, in *name; *rewritten tells whether it is one. */
static NTSTATUS rewrite_text(struct str16 text, struct object_name *name, bool *rewritten)
{
    struct str16 rest;
    *rewritten = false;
    if (!text.len || text.s[0] != '\\')
        return STATUS_SUCCESS;
    switch (rule_find(RULE_OBJECT, text)->verdict) {
    case RULE_SHARED:
        return STATUS_SUCCESS;
    case RULE_DENIED:
        return STATUS_OBJECT_NAME_NOT_FOUND;
    case RULE_PRIVATE:
        break;
    }
    size_t cap = LAYER_PATH_MAX + 8 + text.len;
    name->memory = layer_alloc(cap * sizeof *name->memory);
    if (!name->memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    struct str16_buf out = {.s = name->memory, .cap = cap};
    str16_put(&out, str16_of(layer_config.objects));
    if (below_named_objects(text, &rest)) {
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

/* What is known of a directory's handle; NULL where it is none. */
static struct handle_record *directory_of(HANDLE handle)
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
                                 bool *rewritten)
{
    layer_cleanup_record struct handle_record *directory = directory_of(root);
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
    return rewrite_text(str16_view(&whole), name, rewritten);
}

/* Replaces *attributes by the VM's, when they name something private. */
static NTSTATUS rewrite(const OBJECT_ATTRIBUTES **attributes, struct object_name *name)
{
    const OBJECT_ATTRIBUTES *given = *attributes;
    bool rewritten;
    layer_wake();
    if (!guard_attributes(given) || !given || !given->ObjectName)
        return STATUS_SUCCESS;
    NTSTATUS status = given->RootDirectory
                          ? rewrite_relative(given->RootDirectory,
                                             str16_of_unicode(given->ObjectName), name, &rewritten)
                          : rewrite_text(str16_of_unicode(given->ObjectName), name, &rewritten);
    if (!status && rewritten) {
        name->attributes = *given;
        name->attributes.RootDirectory = NULL;
        name->attributes.ObjectName = &name->text;
        *attributes = &name->attributes;
    }
    return status;
}

#define REWRITTEN(given)                                                                           \
    __attribute__((cleanup(object_name_free))) struct object_name object_name;                     \
    object_name.memory = NULL;                                                                     \
    const OBJECT_ATTRIBUTES *attributes = given;                                                   \
    NTSTATUS status = rewrite(&attributes, &object_name);                                          \
    if (status)                                                                                    \
    return status

// Creating and opening all follow one form: the handle, the access, the attributes, the rest.
#define OBJECT_CALL_0(name)                                                                        \
    NTSTATUS NTAPI layer_##name(HANDLE *handle, ACCESS_MASK access,                                \
                                const OBJECT_ATTRIBUTES *given)                                    \
    {                                                                                              \
        REWRITTEN(given);                                                                          \
        return real.name(handle, access, attributes);                                              \
    }
#define OBJECT_CALL_1(name, type)                                                                  \
    NTSTATUS NTAPI layer_##name(HANDLE *handle, ACCESS_MASK access,                                \
                                const OBJECT_ATTRIBUTES *given, type a)                            \
    {                                                                                              \
        REWRITTEN(given);                                                                          \
        return real.name(handle, access, attributes, a);                                           \
    }
#define OBJECT_CALL_2(name, type_a, type_b)                                                        \
    NTSTATUS NTAPI layer_##name(HANDLE *handle, ACCESS_MASK access,                                \
                                const OBJECT_ATTRIBUTES *given, type_a a, type_b b)                \
    {                                                                                              \
        REWRITTEN(given);                                                                          \
        return real.name(handle, access, attributes, a, b);                                        \
    }

OBJECT_CALL_2(NtCreateEvent, ULONG, BOOLEAN)
OBJECT_CALL_0(NtOpenEvent)
OBJECT_CALL_1(NtCreateMutant, BOOLEAN)
OBJECT_CALL_0(NtOpenMutant)
OBJECT_CALL_2(NtCreateSemaphore, LONG, LONG)
OBJECT_CALL_0(NtOpenSemaphore)
OBJECT_CALL_1(NtCreateTimer, ULONG)
OBJECT_CALL_0(NtOpenTimer)
OBJECT_CALL_0(NtOpenSection)
OBJECT_CALL_0(NtCreateJobObject)
OBJECT_CALL_0(NtOpenJobObject)
OBJECT_CALL_1(NtCreateKeyedEvent, ULONG)
OBJECT_CALL_0(NtOpenKeyedEvent)
OBJECT_CALL_0(NtOpenIoCompletion)
OBJECT_CALL_0(NtOpenSymbolicLinkObject)

NTSTATUS NTAPI layer_NtCreateSection(HANDLE *handle, ACCESS_MASK access,
                                     const OBJECT_ATTRIBUTES *given, const LARGE_INTEGER *size,
                                     ULONG protection, ULONG kind, HANDLE file)
{
    REWRITTEN(given);
    HANDLE current = file_lower_current(file);
    status = real.NtCreateSection(handle, access, attributes, size, protection, kind, current);
    if (status >= 0 && file && current == file)
        view_note_section(*handle, file, size, protection, kind);
    return status;
}

NTSTATUS NTAPI layer_NtCreateIoCompletion(HANDLE *handle, ACCESS_MASK access,
                                          OBJECT_ATTRIBUTES *given, ULONG threads)
{
    REWRITTEN(given);
    return real.NtCreateIoCompletion(handle, access, (OBJECT_ATTRIBUTES *)attributes, threads);
}

NTSTATUS NTAPI layer_NtCreateDirectoryObject(HANDLE *handle, ACCESS_MASK access,
                                             OBJECT_ATTRIBUTES *given)
{
    REWRITTEN(given);
    return real.NtCreateDirectoryObject(handle, access, (OBJECT_ATTRIBUTES *)attributes);
}

NTSTATUS NTAPI layer_NtCreateSymbolicLinkObject(HANDLE *handle, ACCESS_MASK access,
                                                OBJECT_ATTRIBUTES *given, UNICODE_STRING *target)
{
    // The system follows a link past the layer, so its target must be the VM's name already.
    __attribute__((cleanup(object_name_free))) struct object_name target_name;
    bool target_rewritten;
    target_name.memory = NULL;
    REWRITTEN(given);
    if (target &&
        !(status = rewrite_text(str16_of_unicode(target), &target_name, &target_rewritten)) &&
        target_rewritten)
        target = &target_name.text;
    return status ? status
                  : real.NtCreateSymbolicLinkObject(handle, access, (OBJECT_ATTRIBUTES *)attributes,
                                                    target);
}

NTSTATUS NTAPI layer_NtOpenDirectoryObject(HANDLE *handle, ACCESS_MASK access,
                                           const OBJECT_ATTRIBUTES *given)
{
    REWRITTEN(given);
    status = real.NtOpenDirectoryObject(handle, access, attributes);
    // Wine has no name for the root, as for a directory that has none.
    if (!status && !given->RootDirectory &&
        str16_equal_ascii(str16_of_unicode(given->ObjectName), "\\"))
        handles_add(*handle, HANDLE_DIRECTORY, str16_of_unicode(given->ObjectName), true, 0);
    return status;
}

struct directory_entry { // OBJECT_DIRECTORY_INFORMATION; one without a name ends the list
    UNICODE_STRING name, type;
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

NTSTATUS NTAPI layer_NtQueryDirectoryObject(HANDLE handle, void *buffer, ULONG length,
                                            BOOLEAN single, BOOLEAN restart, ULONG *context,
                                            ULONG *returned)
{
    layer_wake();
    for (;; restart = FALSE) {
        NTSTATUS status =
            real.NtQueryDirectoryObject(handle, buffer, length, single, restart, context, returned);
        if (NT_ERROR(status))
            return status;
        layer_cleanup_record struct handle_record *directory = directory_of(handle);
        struct directory_entry *entries = buffer;
        if (!directory || !str16_equal_nocase(directory->canon, str16_of(layer_config.objects)) ||
            !drop_own_entry(entries) || entries->name.Buffer)
            return status;
        // Nothing else was in it: there is more, or the system says that there is not.
    }
}

// Ports

NTSTATUS NTAPI layer_NtCreatePort(HANDLE *handle, OBJECT_ATTRIBUTES *given, ULONG connection_length,
                                  ULONG message_length, ULONG *reserved)
{
    REWRITTEN(given);
    return real.NtCreatePort(handle, (OBJECT_ATTRIBUTES *)attributes, connection_length,
                             message_length, reserved);
}

NTSTATUS NTAPI layer_NtCreateWaitablePort(HANDLE *handle, OBJECT_ATTRIBUTES *given,
                                          ULONG connection_length, ULONG message_length, ULONG pool)
{
    REWRITTEN(given);
    return real.NtCreateWaitablePort(handle, (OBJECT_ATTRIBUTES *)attributes, connection_length,
                                     message_length, pool);
}

NTSTATUS NTAPI layer_NtAlpcCreatePort(HANDLE *handle, OBJECT_ATTRIBUTES *given,
                                      void *port_attributes)
{
    REWRITTEN(given);
    return real.NtAlpcCreatePort(handle, (OBJECT_ATTRIBUTES *)attributes, port_attributes);
}

NTSTATUS NTAPI layer_NtAlpcConnectPortEx(HANDLE *handle, OBJECT_ATTRIBUTES *given,
                                         OBJECT_ATTRIBUTES *client, void *port_attributes,
                                         ULONG flags, void *requirements, void *message,
                                         ULONG *length, void *out, void *in, LARGE_INTEGER *timeout)
{
    REWRITTEN(given);
    return real.NtAlpcConnectPortEx(handle, (OBJECT_ATTRIBUTES *)attributes, client,
                                    port_attributes, flags, requirements, message, length, out, in,
                                    timeout);
}

#define REWRITTEN_TEXT(given)                                                                      \
    __attribute__((cleanup(object_name_free))) struct object_name object_name;                     \
    object_name.memory = NULL;                                                                     \
    bool rewritten = false;                                                                        \
    layer_wake();                                                                                  \
    NTSTATUS status =                                                                              \
        given ? rewrite_text(str16_of_unicode(given), &object_name, &rewritten) : STATUS_SUCCESS;  \
    if (status)                                                                                    \
        return status;                                                                             \
    if (rewritten)                                                                                 \
    given = &object_name.text

NTSTATUS NTAPI layer_NtConnectPort(HANDLE *handle, UNICODE_STRING *port,
                                   SECURITY_QUALITY_OF_SERVICE *quality, void *write, void *read,
                                   ULONG *max_length, void *information, ULONG *information_length)
{
    REWRITTEN_TEXT(port);
    return real.NtConnectPort(handle, port, quality, write, read, max_length, information,
                              information_length);
}

NTSTATUS NTAPI layer_NtSecureConnectPort(HANDLE *handle, UNICODE_STRING *port,
                                         SECURITY_QUALITY_OF_SERVICE *quality, void *write,
                                         void *server_sid, void *read, ULONG *max_length,
                                         void *information, ULONG *information_length)
{
    REWRITTEN_TEXT(port);
    return real.NtSecureConnectPort(handle, port, quality, write, server_sid, read, max_length,
                                    information, information_length);
}

NTSTATUS NTAPI layer_NtAlpcConnectPort(HANDLE *handle, UNICODE_STRING *port,
                                       OBJECT_ATTRIBUTES *attributes, void *port_attributes,
                                       ULONG flags, void *server_sid, void *message, ULONG *length,
                                       void *out, void *in, LARGE_INTEGER *timeout)
{
    REWRITTEN_TEXT(port);
    return real.NtAlpcConnectPort(handle, port, attributes, port_attributes, flags, server_sid,
                                  message, length, out, in, timeout);
}
