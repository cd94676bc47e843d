#include "core/ntpath.h"
#include "layer/file_lower.h"
#include "layer/guard.h"
#include "layer/host.h"
#include "layer/keep.h"
#include "layer/links.h"
#include "layer/name_query.h"
#include "layer/object_name.h"
#include "layer/trace.h"
#include "layer/view.h"

// Named kernel objects and ports: the calls.

#define REWRITTEN(given, use)                                                                      \
    layer_cleanup_object_name struct object_name object_name;                                      \
    const OBJECT_ATTRIBUTES *attributes = given;                                                   \
    NTSTATUS status = object_name_rewrite(&attributes, &object_name, use);                         \
    if (status)                                                                                    \
    return object_name_opened(&object_name, TRACE_CALL, status)

// Creating and opening all follow one form: the handle, the access, the attributes, the rest.
#define OPEN_CALL(name, use)                                                                       \
    NTSTATUS NTAPI layer_##name(HANDLE *handle, ACCESS_MASK access,                                \
                                const OBJECT_ATTRIBUTES *given)                                    \
    {                                                                                              \
        REWRITTEN(given, use);                                                                     \
        status = real.name(handle, access, attributes);                                            \
        return object_name_opened(&object_name, TRACE_CALL, status);                               \
    }
#define CREATE_CALL_0(name)                                                                        \
    NTSTATUS NTAPI layer_##name(HANDLE *handle, ACCESS_MASK access,                                \
                                const OBJECT_ATTRIBUTES *given)                                    \
    {                                                                                              \
        REWRITTEN(given, OBJECT_CREATE);                                                           \
        return object_name_made(&object_name, TRACE_CALL, handle,                                  \
                                real.name(handle, access, attributes));                            \
    }
#define CREATE_CALL_1(name, type)                                                                  \
    NTSTATUS NTAPI layer_##name(HANDLE *handle, ACCESS_MASK access,                                \
                                const OBJECT_ATTRIBUTES *given, type a)                            \
    {                                                                                              \
        REWRITTEN(given, OBJECT_CREATE);                                                           \
        return object_name_made(&object_name, TRACE_CALL, handle,                                  \
                                real.name(handle, access, attributes, a));                         \
    }
#define CREATE_CALL_2(name, type_a, type_b)                                                        \
    NTSTATUS NTAPI layer_##name(HANDLE *handle, ACCESS_MASK access,                                \
                                const OBJECT_ATTRIBUTES *given, type_a a, type_b b)                \
    {                                                                                              \
        REWRITTEN(given, OBJECT_CREATE);                                                           \
        return object_name_made(&object_name, TRACE_CALL, handle,                                  \
                                real.name(handle, access, attributes, a, b));                      \
    }

CREATE_CALL_2(NtCreateEvent, ULONG, BOOLEAN)
OPEN_CALL(NtOpenEvent, OBJECT_OPEN)
CREATE_CALL_1(NtCreateMutant, BOOLEAN)
OPEN_CALL(NtOpenMutant, OBJECT_OPEN)
CREATE_CALL_2(NtCreateSemaphore, LONG, LONG)
OPEN_CALL(NtOpenSemaphore, OBJECT_OPEN)
CREATE_CALL_1(NtCreateTimer, ULONG)
OPEN_CALL(NtOpenTimer, OBJECT_OPEN)
CREATE_CALL_0(NtCreateJobObject)
OPEN_CALL(NtOpenJobObject, OBJECT_OPEN)
CREATE_CALL_1(NtCreateKeyedEvent, ULONG)
OPEN_CALL(NtOpenKeyedEvent, OBJECT_OPEN)
OPEN_CALL(NtOpenIoCompletion, OBJECT_OPEN)
OPEN_CALL(NtOpenSymbolicLinkObject, OBJECT_OPEN_LINK)

NTSTATUS NTAPI layer_NtCreateSection(HANDLE *handle, ACCESS_MASK access,
                                     const OBJECT_ATTRIBUTES *given, const LARGE_INTEGER *size,
                                     ULONG protection, ULONG kind, HANDLE file)
{
    REWRITTEN(given, OBJECT_CREATE);
    HANDLE current = file_lower_current(file);
    status = real.NtCreateSection(handle, access, attributes, size, protection, kind, current);
    status = object_name_made(&object_name, TRACE_CALL, handle, status);
    if (status >= 0 && file && current == file)
        view_note_section(*handle, file, size, protection, kind);
    return status;
}

NTSTATUS NTAPI layer_NtOpenSection(HANDLE *handle, ACCESS_MASK access,
                                   const OBJECT_ATTRIBUTES *given)
{
    REWRITTEN(given, OBJECT_OPEN);
    status = real.NtOpenSection(handle, access, attributes);
    // What is not the VM's own is what the system shares with all; files of users are none of it.
    if (status >= 0 && (object_name.rewritten || attributes->RootDirectory))
        handles_add_section(*handle, NULL);
    return object_name_opened(&object_name, TRACE_CALL, status);
}

NTSTATUS NTAPI layer_NtCreateIoCompletion(HANDLE *handle, ACCESS_MASK access,
                                          OBJECT_ATTRIBUTES *given, ULONG threads)
{
    REWRITTEN(given, OBJECT_CREATE);
    status = real.NtCreateIoCompletion(handle, access, (OBJECT_ATTRIBUTES *)attributes, threads);
    return object_name_made(&object_name, TRACE_CALL, handle, status);
}

NTSTATUS NTAPI layer_NtCreateDirectoryObject(HANDLE *handle, ACCESS_MASK access,
                                             OBJECT_ATTRIBUTES *given)
{
    REWRITTEN(given, OBJECT_CREATE);
    status = real.NtCreateDirectoryObject(handle, access, (OBJECT_ATTRIBUTES *)attributes);
    return object_name_made(&object_name, TRACE_CALL, handle, status);
}

NTSTATUS NTAPI layer_NtCreateDebugObject(HANDLE *handle, ACCESS_MASK access,
                                         OBJECT_ATTRIBUTES *given, ULONG flags)
{
    REWRITTEN(given, OBJECT_CREATE);
    status = real.NtCreateDebugObject(handle, access, (OBJECT_ATTRIBUTES *)attributes, flags);
    return object_name_made(&object_name, TRACE_CALL, handle, status);
}

NTSTATUS NTAPI layer_NtCreateSymbolicLinkObject(HANDLE *handle, ACCESS_MASK access,
                                                OBJECT_ATTRIBUTES *given, UNICODE_STRING *target)
{
    // The system follows a link past the layer, so its target must be the VM's name already. A
    // device link is followed by the layer, and keeps what the program gave.
    layer_cleanup_object_name struct object_name target_name = {.memory = NULL};
    bool target_rewritten;
    REWRITTEN(given, OBJECT_CREATE);
    if (target && !object_name.beside) {
        // One that cannot be read leads nowhere, but may be made.
        if (!object_name_rewrite_text(str16_of_unicode(target), &target_name, OBJECT_OPEN,
                                      &target_rewritten) &&
            target_rewritten)
            target = &target_name.text;
    }
    UNICODE_STRING copy;
    if (target == &target_name.text) {
        copy = *target;
        copy.MaximumLength += sizeof(WCHAR); // Windows asks for room for a terminator
        target = &copy;
    }
    status =
        real.NtCreateSymbolicLinkObject(handle, access, (OBJECT_ATTRIBUTES *)attributes, target);
    return object_name_made(&object_name, TRACE_CALL, handle, status);
}

NTSTATUS NTAPI layer_NtQuerySymbolicLinkObject(HANDLE handle, UNICODE_STRING *target, ULONG *length)
{
    enum { LONGEST = 0xfffe };
    layer_cleanup_free uint16_t *memory = NULL, *translated_memory = NULL;
    struct str16 name;
    bool translated = false;
    layer_wake();
    NTSTATUS status = real.NtQuerySymbolicLinkObject(handle, target, length);
    UNICODE_STRING whole = {0};
    if (!status) {
        whole = *target;
    } else if (status == STATUS_BUFFER_TOO_SMALL) {
        memory = layer_alloc(LONGEST);
        whole = (UNICODE_STRING){0, LONGEST, (WCHAR *)memory};
        if (!memory || real.NtQuerySymbolicLinkObject(handle, &whole, NULL))
            return status;
    } else {
        return status;
    }
    if (name_translate(str16_of_unicode(&whole), &translated_memory, &name, &translated) ||
        !translated)
        return status;
    USHORT size = (USHORT)(name.len * sizeof(WCHAR)), needed = size + (USHORT)sizeof(WCHAR);
    if (length)
        *length = needed;
    if (target->MaximumLength < needed)
        return STATUS_BUFFER_TOO_SMALL;
    memcpy(target->Buffer, name.s, size);
    target->Buffer[name.len] = 0;
    target->Length = size;
    return STATUS_SUCCESS;
}

/* Whether the system would make what this handle is on temporary, asked on something of the layer's
 * own that it is opened as much to. */
static NTSTATUS check_temporary(HANDLE handle)
{
    layer_cleanup_handle HANDLE event = NULL;
    struct {
        ULONG attributes, access, counts_and_sizes[12];
    } info;
    NTSTATUS status = real.NtQueryObject(handle, ObjectBasicInformation, &info, sizeof info, NULL);
    if (!status)
        status = real.NtCreateEvent(&event, info.access & DELETE, NULL, 0, FALSE);
    if (status) {
        event = NULL;
        return status;
    }
    return real.NtMakeTemporaryObject(event);
}

NTSTATUS NTAPI layer_NtMakeTemporaryObject(HANDLE handle)
{
    layer_cleanup_free uint16_t *memory = NULL;
    struct str16 name, link, rest;
    layer_wake();
    NTSTATUS status = check_temporary(handle);
    if (!status)
        status = host_name_of(handle, &memory, &name);
    if (status)
        return status;
    if (ntpath_below(name, str16_of(layer_config.objects), &rest)) {
        links_changing();
        keep_drop(name);
        links_changing();
    } else if (ntpath_link(name, &link, &rest) && !rest.len) {
        status = links_remove(link);
    } // else the host's: it stays, and whoever has a handle on it sees no difference
    return status;
}

NTSTATUS NTAPI layer_NtMakePermanentObject(HANDLE handle)
{
    layer_cleanup_free uint16_t *memory = NULL;
    struct str16 name, rest;
    layer_wake();
    NTSTATUS status = keep_check();
    if (!status)
        status = host_name_of(handle, &memory, &name);
    return status                                                      ? status
           : ntpath_below(name, str16_of(layer_config.objects), &rest) ? keep(handle)
                                                                       : STATUS_SUCCESS;
}

NTSTATUS NTAPI layer_NtOpenDirectoryObject(HANDLE *handle, ACCESS_MASK access,
                                           const OBJECT_ATTRIBUTES *given)
{
    REWRITTEN(given, OBJECT_OPEN);
    status = real.NtOpenDirectoryObject(handle, access, attributes);
    // Wine has no name for the root, as for a directory that has none.
    if (!status && !given->RootDirectory &&
        str16_equal_ascii(str16_of_unicode(given->ObjectName), "\\"))
        handles_add(*handle, HANDLE_DIRECTORY, str16_of_unicode(given->ObjectName), true, 0);
    return object_name_opened(&object_name, TRACE_CALL, status);
}

// Ports

NTSTATUS NTAPI layer_NtCreatePort(HANDLE *handle, OBJECT_ATTRIBUTES *given, ULONG connection_length,
                                  ULONG message_length, ULONG *reserved)
{
    REWRITTEN(given, OBJECT_CREATE);
    return object_name_made(&object_name, TRACE_CALL, handle,
                            real.NtCreatePort(handle, (OBJECT_ATTRIBUTES *)attributes,
                                              connection_length, message_length, reserved));
}

NTSTATUS NTAPI layer_NtCreateWaitablePort(HANDLE *handle, OBJECT_ATTRIBUTES *given,
                                          ULONG connection_length, ULONG message_length, ULONG pool)
{
    REWRITTEN(given, OBJECT_CREATE);
    return object_name_made(&object_name, TRACE_CALL, handle,
                            real.NtCreateWaitablePort(handle, (OBJECT_ATTRIBUTES *)attributes,
                                                      connection_length, message_length, pool));
}

NTSTATUS NTAPI layer_NtAlpcCreatePort(HANDLE *handle, OBJECT_ATTRIBUTES *given,
                                      void *port_attributes)
{
    REWRITTEN(given, OBJECT_CREATE);
    return object_name_made(
        &object_name, TRACE_CALL, handle,
        real.NtAlpcCreatePort(handle, (OBJECT_ATTRIBUTES *)attributes, port_attributes));
}

NTSTATUS NTAPI layer_NtAlpcConnectPortEx(HANDLE *handle, OBJECT_ATTRIBUTES *given,
                                         OBJECT_ATTRIBUTES *client, void *port_attributes,
                                         ULONG flags, void *requirements, void *message,
                                         ULONG *length, void *out, void *in, LARGE_INTEGER *timeout)
{
    REWRITTEN(given, OBJECT_OPEN);
    status =
        real.NtAlpcConnectPortEx(handle, (OBJECT_ATTRIBUTES *)attributes, client, port_attributes,
                                 flags, requirements, message, length, out, in, timeout);
    return object_name_opened(&object_name, TRACE_CALL, status);
}

static NTSTATUS connected(const char *call, const UNICODE_STRING *port, bool rewritten,
                          NTSTATUS status)
{
    const struct trace_what what = {TRACE_PORT, rewritten ? TRACE_PRIVATE : TRACE_SHARED, call,
                                    status, 0};
    if (port && trace_wants(what.outcome, status))
        trace_put(&what, (struct str16){0}, str16_of_unicode(port));
    return status;
}

#define REWRITTEN_TEXT(given)                                                                      \
    layer_cleanup_object_name struct object_name object_name = {.memory = NULL};                   \
    const UNICODE_STRING *asked = given;                                                           \
    bool rewritten = false;                                                                        \
    layer_wake();                                                                                  \
    NTSTATUS status = given ? object_name_rewrite_text(str16_of_unicode(given), &object_name,      \
                                                       OBJECT_OPEN, &rewritten)                    \
                            : STATUS_SUCCESS;                                                      \
    if (status)                                                                                    \
        return connected(TRACE_CALL, asked, rewritten, status);                                    \
    if (rewritten)                                                                                 \
    given = &object_name.text

NTSTATUS NTAPI layer_NtConnectPort(HANDLE *handle, UNICODE_STRING *port,
                                   SECURITY_QUALITY_OF_SERVICE *quality, void *write, void *read,
                                   ULONG *max_length, void *information, ULONG *information_length)
{
    REWRITTEN_TEXT(port);
    return connected(TRACE_CALL, asked, rewritten,
                     real.NtConnectPort(handle, port, quality, write, read, max_length, information,
                                        information_length));
}

NTSTATUS NTAPI layer_NtSecureConnectPort(HANDLE *handle, UNICODE_STRING *port,
                                         SECURITY_QUALITY_OF_SERVICE *quality, void *write,
                                         void *server_sid, void *read, ULONG *max_length,
                                         void *information, ULONG *information_length)
{
    REWRITTEN_TEXT(port);
    return connected(TRACE_CALL, asked, rewritten,
                     real.NtSecureConnectPort(handle, port, quality, write, server_sid, read,
                                              max_length, information, information_length));
}

NTSTATUS NTAPI layer_NtAlpcConnectPort(HANDLE *handle, UNICODE_STRING *port,
                                       OBJECT_ATTRIBUTES *attributes, void *port_attributes,
                                       ULONG flags, void *server_sid, void *message, ULONG *length,
                                       void *out, void *in, LARGE_INTEGER *timeout)
{
    REWRITTEN_TEXT(port);
    return connected(TRACE_CALL, asked, rewritten,
                     real.NtAlpcConnectPort(handle, port, attributes, port_attributes, flags,
                                            server_sid, message, length, out, in, timeout));
}
