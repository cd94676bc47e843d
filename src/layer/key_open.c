#include "core/ntpath.h"
#include "layer/key_journal.h"
#include "core/overlay.h"
#include "layer/key_security.h"
#include "layer/trace.h"

// NtCreateKey, NtOpenKey and their kin.

struct open_call {
    HANDLE *handle;
    ACCESS_MASK access;
    OBJECT_ATTRIBUTES *attributes;
    ULONG options; // of NtOpenKeyEx
    bool ex;       // it is NtOpenKeyEx, or its transacted kin
    bool transacted;
    HANDLE transaction;
    enum trace_outcome outcome; // what became of the key's name
};

static NTSTATUS call_real(const struct open_call *call, ACCESS_MASK access,
                          OBJECT_ATTRIBUTES *attributes)
{
    if (call->transacted)
        return call->ex
                   ? real.NtOpenKeyTransactedEx(call->handle, access, attributes, call->options,
                                                call->transaction)
                   : real.NtOpenKeyTransacted(call->handle, access, attributes, call->transaction);
    return call->ex ? real.NtOpenKeyEx(call->handle, access, attributes, call->options)
                    : real.NtOpenKey(call->handle, access, attributes);
}

/* Object attributes like the program's for an absolute name, without its security descriptor: see
 * key_security.h. */
static OBJECT_ATTRIBUTES attributes_like(const OBJECT_ATTRIBUTES *like, UNICODE_STRING *text,
                                         struct str16 name)
{
    OBJECT_ATTRIBUTES attributes = key_attributes(text, name);
    attributes.Attributes |= like->Attributes;
    return attributes;
}

static ACCESS_MASK physical(ACCESS_MASK access)
{
    return (access & ~(ACCESS_MASK)KEYNAME_WOW64_32KEY) | KEYNAME_WOW64_64KEY;
}

/* The call on the host's key, which it cannot change. */
static NTSTATUS open_lower(struct open_call *call, struct str16 canon, bool as_given)
{
    layer_cleanup_free uint16_t *memory = NULL;
    ACCESS_MASK access = overlay_key_access_reading(call->access);
    NTSTATUS status;

    call->outcome = TRACE_HOSTS;
    if (as_given) {
        status = call_real(call, access, call->attributes);
    } else {
        struct str16_buf name = {.cap = canon.len + KEY_REGISTRY_LEN};
        UNICODE_STRING text;
        memory = name.s = layer_alloc(name.cap * sizeof *memory);
        if (!memory)
            return STATUS_INSUFFICIENT_RESOURCES;
        str16_put_ascii(&name, KEY_REGISTRY_PREFIX);
        str16_put(&name, canon);
        if (name.len * sizeof(WCHAR) > 0xfffe)
            return STATUS_OBJECT_NAME_INVALID;
        OBJECT_ATTRIBUTES attributes = attributes_like(call->attributes, &text, str16_view(&name));
        status = call_real(call, physical(access), &attributes);
    }
    if (NT_SUCCESS(status))
        handles_add(*call->handle, HANDLE_KEY, canon, true, call->access);
    return status;
}

static NTSTATUS open_upper(struct open_call *call, struct str16 canon)
{
    struct str16_buf name;
    UNICODE_STRING text;
    layer_cleanup_free uint16_t *memory = key_name_in_tree("\\upper", canon, &name);
    if (!memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (name.len * sizeof(WCHAR) > 0xfffe)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    ACCESS_MASK access = call->access;
    call->outcome = TRACE_OWN;
    NTSTATUS status = key_security_check(canon, &access);
    if (status)
        return status;
    OBJECT_ATTRIBUTES attributes = attributes_like(call->attributes, &text, str16_view(&name));
    status = call_real(call, physical(access), &attributes);
    if (NT_SUCCESS(status))
        key_handle_add_upper(*call->handle, canon, access);
    return status;
}

/* Whether the call's RootDirectory is a key that is no more. */
static NTSTATUS check_root(const OBJECT_ATTRIBUTES *attributes, NTSTATUS otherwise)
{
    layer_cleanup_key_handle struct key_handle root = {0};
    bool exists;
    if (!attributes->RootDirectory || key_handle_read(attributes->RootDirectory, &root) ||
        root.shared)
        return otherwise;
    return !key_exists(root.canon, &exists) && !exists ? STATUS_KEY_DELETED : otherwise;
}

/* What is wrong with a name that was not found: that a component is too long, the system says only
 * where it has the key above, which may be the VM's only. */
static NTSTATUS check_length(struct str16 canon)
{
    enum { COMPONENT_MAX = 256 };
    size_t len = 0;
    for (size_t i = 0; i < canon.len; i++) {
        len = canon.s[i] == '\\' ? 0 : len + 1;
        if (len > COMPONENT_MAX)
            return STATUS_INVALID_PARAMETER;
    }
    return STATUS_OBJECT_NAME_NOT_FOUND;
}

static NTSTATUS find_and_open(struct open_call *call, const struct key_name *name)
{
    bool hidden;
    if (call->transacted && overlay_key_access_writes(call->access)) {
        // What is written belongs to the transaction, so the handle has to be on the VM's own from
        // the start.
        layer_cleanup_handle HANDLE upper = NULL;
        NTSTATUS made = key_make_upper(name->canon, KEYNAME_QUERY_VALUE, &upper);
        if (made && made != STATUS_OBJECT_NAME_NOT_FOUND)
            return made;
    }
    if (key_untouched(name->canon))
        return open_lower(call, name->canon, !call->attributes->RootDirectory || name->root_lower);
    if (layer_changed(CHANGE_KEY_UPPER, name->canon)) {
        NTSTATUS status = open_upper(call, name->canon);
        if (status != STATUS_OBJECT_NAME_NOT_FOUND)
            return status;
    }
    NTSTATUS status = key_is_hidden(name->canon, &hidden);
    if (!status)
        status = hidden ? STATUS_OBJECT_NAME_NOT_FOUND : open_lower(call, name->canon, false);
    return status == STATUS_OBJECT_NAME_NOT_FOUND ? check_root(call->attributes, status) : status;
}

static NTSTATUS open_existing(struct open_call *call, const struct key_name *name)
{
    NTSTATUS status = find_and_open(call, name);
    return status == STATUS_OBJECT_NAME_NOT_FOUND ? check_length(name->canon) : status;
}

/* What is not the VM's to have otherwise: the host's, by the rules, or no key at all. The names of
 * the latter could be links into the registry, so they give nothing to write with. */
static bool is_passed(const struct open_call *call, const struct key_name *name,
                      ACCESS_MASK *access)
{
    *access = call->access;
    if (!call->attributes)
        return true;
    if (name->registry)
        return name->shared && name->canon.len;
    if (!call->attributes->RootDirectory)
        *access = overlay_key_access_reading(call->access);
    return true;
}

/* Records what became of the name. */
static NTSTATUS traced(const struct open_call *call, const char *name_of_call,
                       const struct key_name *name, NTSTATUS status)
{
    struct trace_what what = {TRACE_KEY, call->outcome, name_of_call, status, 0};
    if (!trace_wants(what.outcome, status) || !name->registry)
        return status;
    if (name->shared)
        what.outcome = TRACE_SHARED;
    else if (status == STATUS_OBJECT_NAME_NOT_FOUND)
        what.outcome = key_name_is_store(name->canon) ? TRACE_DENIED : TRACE_ABSENT;
    trace_key(&what, name->canon);
    return status;
}

static NTSTATUS open_named(struct open_call *call, struct key_name *name)
{
    ACCESS_MASK access;
    bool link = call->options & REG_OPTION_OPEN_LINK ||
                (call->attributes && call->attributes->Attributes & OBJ_OPENLINK);
    NTSTATUS status = key_name_read(call->attributes, call->access, link, name);
    if (status)
        return status;
    if (is_passed(call, name, &access))
        return call_real(call, access, call->attributes);
    return open_existing(call, name);
}

static NTSTATUS open_key(struct open_call *call)
{
    layer_cleanup_key_name struct key_name name;
    layer_wake();
    NTSTATUS status = open_named(call, &name);
    return traced(call,
                  call->transacted ? "NtOpenKeyTransacted"
                  : call->ex       ? "NtOpenKeyEx"
                                   : "NtOpenKey",
                  &name, status);
}

NTSTATUS NTAPI layer_NtOpenKey(HANDLE *handle, ACCESS_MASK access, OBJECT_ATTRIBUTES *attributes)
{
    struct open_call call = {.handle = handle, .access = access, .attributes = attributes};
    return open_key(&call);
}

NTSTATUS NTAPI layer_NtOpenKeyEx(HANDLE *handle, ACCESS_MASK access, OBJECT_ATTRIBUTES *attributes,
                                 ULONG options)
{
    struct open_call call = {.handle = handle,
                             .access = access,
                             .attributes = attributes,
                             .options = options,
                             .ex = true};
    return open_key(&call);
}

/* Links of the VM's own make a handle's key another than the one that was named: noted for the VM's
 * lifetime and the next. */
static void note_link(void)
{
    layer_cleanup_handle HANDLE root = NULL;
    UNICODE_STRING value = {10, 10, (WCHAR *)L"links"};
    change_index_add(layer_changes, CHANGE_KEY_UPPER, str16_of(KEY_LINKS_FLAG));
    if (!key_open_store(KEYNAME_SET_VALUE, &root))
        real.NtSetValueKey(root, &value, 0, REG_NONE, NULL, 0);
}

/* What is asked of a key that is to be made. */
struct creation {
    ULONG title, options, *disposition;
    UNICODE_STRING *class_name;
};

static NTSTATUS create_real(const struct open_call *call, OBJECT_ATTRIBUTES *attributes,
                            const struct creation *creation, ULONG *disposition)
{
    return call->transacted
               ? real.NtCreateKeyTransacted(call->handle, physical(call->access), attributes,
                                            creation->title, creation->class_name,
                                            creation->options, call->transaction, disposition)
               : real.NtCreateKey(call->handle, physical(call->access), attributes, creation->title,
                                  creation->class_name, creation->options, disposition);
}

/* What is left to do when the VM's own key was made. */
static NTSTATUS created(struct open_call *call, struct str16 canon, struct str16 parent,
                        const struct creation *creation, NTSTATUS status)
{
    call->outcome = TRACE_OWN;
    if (NT_SUCCESS(status) && call->attributes->SecurityDescriptor) {
        NTSTATUS given = key_security_of_new(canon, call->attributes->SecurityDescriptor);
        if (given) {
            layer_close_at(call->handle);
            *call->handle = NULL;
            status = given;
        }
    }
    if (NT_SUCCESS(status) && creation->options & REG_OPTION_VOLATILE) {
        layer_cleanup_handle HANDLE made = NULL;
        if (!key_open_upper(canon, KEYNAME_SET_VALUE, &made))
            key_note_volatile(made);
    }
    key_changed(status ? KEY_CHANGE_OTHER : KEY_CHANGE_ADDED, parent, ntpath_leaf(canon));
    if (NT_SUCCESS(status)) {
        key_handle_add_upper(*call->handle, canon, call->access);
        key_handle_set_alone(*call->handle);
    }
    return status;
}

/* Makes a key that the VM does not see yet. */
static NTSTATUS create_upper(struct open_call *call, struct str16 canon,
                             const struct creation *creation)
{
    layer_cleanup_handle HANDLE above = NULL;
    struct str16 parent;
    UNICODE_STRING text;
    bool exists;

    if (!ntpath_parent(canon, &parent))
        return STATUS_ACCESS_DENIED;
    NTSTATUS status = key_open_upper(parent, KEYNAME_READ | KEYNAME_CREATE_SUB_KEY, &above);
    if (status == STATUS_OBJECT_NAME_NOT_FOUND) {
        status = key_exists(parent, &exists);
        if (!status && !exists)
            status = check_root(call->attributes, STATUS_OBJECT_NAME_NOT_FOUND);
        if (!status)
            status = key_make_upper(parent, KEYNAME_READ | KEYNAME_CREATE_SUB_KEY, &above);
    }
    if (status)
        return status;
    if (creation->options & REG_OPTION_CREATE_LINK)
        note_link();
    key_announce(canon);
    // Relative to the key above: only so does Wine ask whether that is volatile.
    OBJECT_ATTRIBUTES attributes = attributes_like(call->attributes, &text, ntpath_leaf(canon));
    attributes.RootDirectory = above;
    status = create_real(call, &attributes, creation, creation->disposition);
    return created(call, canon, parent, creation, status);
}

/* Makes a key again that the VM has deleted before, or opens it, when the host has none: with two
 * calls. STATUS_OBJECT_NAME_NOT_FOUND when it has to be done in another way. */
static NTSTATUS create_again(struct open_call *call, struct str16 canon,
                             const struct creation *creation)
{
    layer_cleanup_key_view struct key_view view = {0};
    struct str16_buf name;
    struct str16 parent;
    UNICODE_STRING text;
    ULONG disposition = 0;
    if (call->transacted || creation->options || !layer_changed(CHANGE_KEY_DELETED, canon) ||
        layer_changed(CHANGE_KEY_SECURITY, (struct str16){0}) ||
        layer_changed(CHANGE_KEY_UPPER, str16_of(KEY_LINKS_FLAG)) || key_has_volatile() ||
        !ntpath_parent(canon, &parent))
        return STATUS_OBJECT_NAME_NOT_FOUND;
    NTSTATUS status = key_view_open_lower(canon, KEYNAME_QUERY_VALUE, &view);
    if (status || view.lower)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    layer_cleanup_free uint16_t *memory = key_name_in_tree(KEY_UPPER_TREE, canon, &name);
    if (!memory || name.len * sizeof(WCHAR) > 0xfffe)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    OBJECT_ATTRIBUTES attributes = attributes_like(call->attributes, &text, str16_view(&name));
    status = create_real(call, &attributes, creation, &disposition);
    if (status)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    if (creation->disposition)
        *creation->disposition = disposition;
    call->outcome = TRACE_OWN;
    if (disposition == REG_CREATED_NEW_KEY)
        return created(call, canon, parent, creation, status);
    key_handle_add_upper(*call->handle, canon, call->access);
    return STATUS_SUCCESS;
}

/* Whether the system can create keys in a transaction: Wine 10 can only open them. It is asked for
 * a key without a name, which none makes. */
static bool creates_in_transactions(void)
{
    enum { UNKNOWN, NO, YES };
    static int known;
    int answer = __atomic_load_n(&known, __ATOMIC_RELAXED);
    if (answer == UNKNOWN) {
        HANDLE key;
        ULONG disposition;
        answer = real.NtCreateKeyTransacted(&key, KEYNAME_READ, NULL, 0, NULL, 0, NULL,
                                            &disposition) == STATUS_NOT_IMPLEMENTED
                     ? NO
                     : YES;
        __atomic_store_n(&known, answer, __ATOMIC_RELAXED);
    }
    return answer == YES;
}

static NTSTATUS create_named(struct open_call *call, struct key_name *name,
                             const struct creation *creation)
{
    ACCESS_MASK access;
    bool link = creation->options & REG_OPTION_CREATE_LINK ||
                (call->attributes && call->attributes->Attributes & OBJ_OPENLINK);
    NTSTATUS status = key_name_read(call->attributes, call->access, link, name);
    if (status)
        return status;
    if (is_passed(call, name, &access))
        return call->transacted ? real.NtCreateKeyTransacted(call->handle, access, call->attributes,
                                                             creation->title, creation->class_name,
                                                             creation->options, call->transaction,
                                                             creation->disposition)
                                : real.NtCreateKey(call->handle, access, call->attributes,
                                                   creation->title, creation->class_name,
                                                   creation->options, creation->disposition);
    if (call->transacted && !creates_in_transactions())
        return STATUS_NOT_IMPLEMENTED;
    status = create_again(call, name->canon, creation);
    if (status != STATUS_OBJECT_NAME_NOT_FOUND)
        return status;
    status = open_existing(call, name);
    if (NT_SUCCESS(status) && creation->disposition)
        *creation->disposition = REG_OPENED_EXISTING_KEY;
    if (status != STATUS_OBJECT_NAME_NOT_FOUND)
        return status;
    return create_upper(call, name->canon, creation);
}

static NTSTATUS create_key(struct open_call *call, ULONG title, UNICODE_STRING *class_name,
                           ULONG options, ULONG *disposition)
{
    layer_cleanup_key_name struct key_name name;
    const struct creation creation = {title, options, disposition, class_name};
    layer_wake();
    NTSTATUS status = create_named(call, &name, &creation);
    return traced(call, call->transacted ? "NtCreateKeyTransacted" : "NtCreateKey", &name, status);
}

NTSTATUS NTAPI layer_NtCreateKey(HANDLE *handle, ACCESS_MASK access, OBJECT_ATTRIBUTES *attributes,
                                 ULONG title, UNICODE_STRING *class_name, ULONG options,
                                 ULONG *disposition)
{
    struct open_call call = {.handle = handle, .access = access, .attributes = attributes};
    return create_key(&call, title, class_name, options, disposition);
}

// A transaction holds what is done to the VM's own keys with the handles that are opened in it.
// That the VM has a key of its own, and that one of the host's is hidden, is not part of it: so the
// deletion of a key or value of the host's in a transaction is not undone when that is rolled back.

NTSTATUS NTAPI layer_NtOpenKeyTransacted(HANDLE *handle, ACCESS_MASK access,
                                         OBJECT_ATTRIBUTES *attributes, HANDLE transaction)
{
    struct open_call call = {.handle = handle,
                             .access = access,
                             .attributes = attributes,
                             .transacted = true,
                             .transaction = transaction};
    return open_key(&call);
}

NTSTATUS NTAPI layer_NtOpenKeyTransactedEx(HANDLE *handle, ACCESS_MASK access,
                                           OBJECT_ATTRIBUTES *attributes, ULONG options,
                                           HANDLE transaction)
{
    struct open_call call = {.handle = handle,
                             .access = access,
                             .attributes = attributes,
                             .options = options,
                             .ex = true,
                             .transacted = true,
                             .transaction = transaction};
    return open_key(&call);
}

NTSTATUS NTAPI layer_NtCreateKeyTransacted(HANDLE *handle, ACCESS_MASK access,
                                           OBJECT_ATTRIBUTES *attributes, ULONG title,
                                           UNICODE_STRING *class_name, ULONG options,
                                           HANDLE transaction, ULONG *disposition)
{
    struct open_call call = {.handle = handle,
                             .access = access,
                             .attributes = attributes,
                             .transacted = true,
                             .transaction = transaction};
    return create_key(&call, title, class_name, options, disposition);
}
