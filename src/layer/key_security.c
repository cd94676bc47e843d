#include "layer/file_lower.h"
#include "layer/key_security.h"
#include "core/ntpath.h"
#include "core/security.h"
#include "layer/key_journal.h"
#include "layer/key_change.h"

// NtQuerySecurityObject, NtSetSecurityObject.

enum {
    PARTS = OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION,
    SYSTEM_PARTS = SACL_SECURITY_INFORMATION,
    LABEL_PART = 0x10, // LABEL_SECURITY_INFORMATION
    FIRST_SIZE = 1024,
};

static UNICODE_STRING value_name(void)
{
    static const uint16_t name[] = KEYNAME_RESERVED u"security";
    return unicode_of_str16(str16_of(name));
}

/* A self-relative descriptor; `memory` is layer_alloc()'s. */
struct descriptor {
    uint8_t *memory;
    ULONG size;
};

static void free_descriptor(struct descriptor *descriptor)
{
    layer_free(descriptor->memory);
    *descriptor = (struct descriptor){0};
}
#define layer_cleanup_descriptor __attribute__((cleanup(free_descriptor)))

static NTSTATUS read_system(HANDLE key, SECURITY_INFORMATION which, struct descriptor *out)
{
    for (ULONG size = FIRST_SIZE;;) {
        ULONG needed = 0;
        out->memory = layer_alloc(size);
        if (!out->memory)
            return STATUS_INSUFFICIENT_RESOURCES;
        NTSTATUS status = real.NtQuerySecurityObject(key, which, out->memory, size, &needed);
        if (!status) {
            out->size = RtlLengthSecurityDescriptor(out->memory);
            return STATUS_SUCCESS;
        }
        free_descriptor(out);
        if (status != STATUS_BUFFER_TOO_SMALL || needed <= size)
            return status;
        size = needed;
    }
}

/* What was given to the VM's own key. STATUS_OBJECT_NAME_NOT_FOUND for nothing. */
static NTSTATUS read_given(HANDLE upper, struct descriptor *out)
{
    UNICODE_STRING name = value_name();
    for (ULONG size = FIRST_SIZE;;) {
        layer_cleanup_free struct nt_key_value_partial_information *info = layer_alloc(size);
        ULONG len = 0;
        if (!info)
            return STATUS_INSUFFICIENT_RESOURCES;
        NTSTATUS status =
            real.NtQueryValueKey(upper, &name, NT_KEY_VALUE_PARTIAL_INFORMATION, info, size, &len);
        if (!status) {
            // Not by RtlValidRelativeSecurityDescriptor(), for which in Wine 10 none is valid.
            if (!security_valid(info->data, info->data_length))
                return STATUS_OBJECT_NAME_NOT_FOUND;
            out->memory = layer_alloc(info->data_length);
            if (!out->memory)
                return STATUS_INSUFFICIENT_RESOURCES;
            memcpy(out->memory, info->data, info->data_length);
            out->size = info->data_length;
            return STATUS_SUCCESS;
        }
        if ((status != STATUS_BUFFER_OVERFLOW && status != STATUS_BUFFER_TOO_SMALL) || len <= size)
            return status;
        size = len;
    }
}

/* Writes it to the VM's own key. */
static NTSTATUS give(HANDLE upper, struct str16 canon, const struct descriptor *descriptor)
{
    static const uint16_t flag[] = u"security";
    UNICODE_STRING name = value_name(), flag_name = unicode_of_str16(str16_of(flag));
    layer_cleanup_handle HANDLE store = NULL;
    if (!layer_changed(CHANGE_KEY_SECURITY, (struct str16){0})) {
        // For the VM's next start, which then looks for descriptors.
        NTSTATUS status = key_open_store(KEYNAME_SET_VALUE, &store);
        if (!status)
            status = real.NtSetValueKey(store, &flag_name, 0, REG_NONE, NULL, 0);
        if (status)
            return status;
    }
    key_security_announce(canon);
    return real.NtSetValueKey(upper, &name, 0, REG_BINARY, descriptor->memory, descriptor->size);
}

void key_security_announce(struct str16 canon)
{
    change_index_add(layer_changes, CHANGE_KEY_SECURITY, (struct str16){0});
    change_index_add(layer_changes, CHANGE_KEY_SECURITY, canon);
}

/* A part of a descriptor for a new one; which is absolute, and refers to the old one. */
static NTSTATUS copy_parts(SECURITY_DESCRIPTOR *to, uint8_t *from, SECURITY_INFORMATION which)
{
    PSID sid;
    PACL acl;
    BOOLEAN present, defaulted;
    NTSTATUS status = STATUS_SUCCESS;
    SECURITY_DESCRIPTOR_CONTROL control = ((SECURITY_DESCRIPTOR_RELATIVE *)from)->Control;

    if (which & OWNER_SECURITY_INFORMATION) {
        status = RtlGetOwnerSecurityDescriptor(from, &sid, &defaulted);
        if (!status && sid)
            status = RtlSetOwnerSecurityDescriptor(to, sid, defaulted);
    }
    if (!status && which & GROUP_SECURITY_INFORMATION) {
        status = RtlGetGroupSecurityDescriptor(from, &sid, &defaulted);
        if (!status && sid)
            status = RtlSetGroupSecurityDescriptor(to, sid, defaulted);
    }
    if (!status && which & DACL_SECURITY_INFORMATION) {
        status = RtlGetDaclSecurityDescriptor(from, &present, &acl, &defaulted);
        if (!status && present)
            status = RtlSetDaclSecurityDescriptor(to, TRUE, acl, defaulted);
        to->Control |= control & (SE_DACL_AUTO_INHERITED | SE_DACL_PROTECTED);
    }
    if (!status && which & (SYSTEM_PARTS | LABEL_PART)) {
        status = RtlGetSaclSecurityDescriptor(from, &present, &acl, &defaulted);
        if (!status && present)
            status = RtlSetSaclSecurityDescriptor(to, TRUE, acl, defaulted);
        to->Control |= control & (SE_SACL_AUTO_INHERITED | SE_SACL_PROTECTED);
    }
    return status;
}

static NTSTATUS make_relative(SECURITY_DESCRIPTOR *absolute, struct descriptor *out)
{
    ULONG size = 0;
    NTSTATUS status = RtlMakeSelfRelativeSD(absolute, NULL, &size);
    if (status != STATUS_BUFFER_TOO_SMALL)
        return status ? status : STATUS_UNSUCCESSFUL;
    out->memory = layer_alloc(size);
    if (!out->memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = RtlMakeSelfRelativeSD(absolute, out->memory, &size);
    out->size = size;
    if (status)
        free_descriptor(out);
    return status;
}

/* What the system makes of `asked` (may be NULL) for a key below one with the descriptor `above`,
 * whose owner does not matter to it. */
static NTSTATUS inherit(struct descriptor *above, PSECURITY_DESCRIPTOR asked, ACCESS_MASK access,
                        struct descriptor *out)
{
    layer_cleanup_scratch HANDLE parent = NULL;
    layer_cleanup_scratch HANDLE child = NULL;
    SECURITY_DESCRIPTOR bare;

    NTSTATUS status = RtlCreateSecurityDescriptor(&bare, SECURITY_DESCRIPTOR_REVISION);
    if (!status)
        status = copy_parts(&bare, above->memory, DACL_SECURITY_INFORMATION);
    if (!status)
        status = key_make_scratch(NULL, &bare, KEYNAME_ALL, &parent);
    if (!status)
        status = key_make_scratch(parent, asked, KEYNAME_ALL | access, &child);
    if (!status)
        status = read_system(child, PARTS, out);
    return status;
}

/* The descriptor that `canon` has for the VM's programs. *given: it was given to it in the VM. */
static NTSTATUS read_shown(struct str16 canon, struct descriptor *out, bool *given)
{
    layer_cleanup_key_view struct key_view view = {0};
    layer_cleanup_descriptor struct descriptor above = {0};
    struct str16 parent;
    bool ignored;

    *given = false;
    NTSTATUS status = key_view_open(canon, KEYNAME_QUERY_VALUE | READ_CONTROL, &view);
    if (status)
        return status;
    if (!view.upper && !view.lower)
        return STATUS_KEY_DELETED;
    if (view.upper) {
        status = read_given(view.upper, out);
        *given = !status;
        if (status != STATUS_OBJECT_NAME_NOT_FOUND)
            return status;
    }
    if (view.lower)
        return read_system(view.lower, PARTS, out);
    if (!ntpath_parent(canon, &parent))
        return read_system(view.upper, PARTS, out);
    status = read_shown(parent, &above, &ignored);
    return status ? status : inherit(&above, NULL, 0, out);
}

NTSTATUS key_security_of_new(struct str16 canon, PSECURITY_DESCRIPTOR asked)
{
    layer_cleanup_descriptor struct descriptor above = {0}, made = {0};
    layer_cleanup_handle HANDLE upper = NULL;
    struct str16 parent = {0};
    bool ignored;

    ntpath_parent(canon, &parent);
    NTSTATUS status = read_shown(parent, &above, &ignored);
    if (!status)
        status = inherit(&above, asked, 0, &made);
    if (!status)
        status = key_open_upper(canon, KEYNAME_SET_VALUE, &upper);
    return status ? status : give(upper, canon, &made);
}

NTSTATUS key_security_keep(struct str16 canon, HANDLE upper, HANDLE lower)
{
    layer_cleanup_descriptor struct descriptor host = {0}, own = {0}, given = {0};
    NTSTATUS status = read_given(upper, &given);
    if (status != STATUS_OBJECT_NAME_NOT_FOUND)
        return status;
    // Who may not read it has nothing to keep.
    if (read_system(lower, PARTS, &host) || read_system(upper, PARTS, &own))
        return STATUS_SUCCESS;
    if (own.size == host.size && !memcmp(own.memory, host.memory, own.size))
        return STATUS_SUCCESS;
    return give(upper, canon, &host);
}

static GENERIC_MAPPING mapping(void)
{
    return (GENERIC_MAPPING){KEYNAME_READ, KEYNAME_WRITE, KEYNAME_READ | KEY_CREATE_LINK,
                             KEYNAME_ALL};
}

/* The token that the kernel would judge by. */
static NTSTATUS open_token(HANDLE *token)
{
    layer_cleanup_handle HANDLE process = NULL;
    SECURITY_QUALITY_OF_SERVICE quality = {sizeof quality, SecurityImpersonation,
                                           SECURITY_STATIC_TRACKING, FALSE};
    OBJECT_ATTRIBUTES attributes = {.Length = sizeof attributes,
                                    .SecurityQualityOfService = &quality};

    if (!real.NtOpenThreadToken(NtCurrentThread(), TOKEN_QUERY, TRUE, token))
        return STATUS_SUCCESS;
    *token = NULL;
    NTSTATUS status =
        real.NtOpenProcessToken(NtCurrentProcess(), TOKEN_QUERY | TOKEN_DUPLICATE, &process);
    if (status) {
        process = NULL;
        return status;
    }
    status = real.NtDuplicateToken(process, TOKEN_QUERY | TOKEN_IMPERSONATE, &attributes, FALSE,
                                   TokenImpersonation, token);
    if (status)
        *token = NULL;
    return status;
}

NTSTATUS key_security_check(struct str16 canon, ACCESS_MASK *access)
{
    layer_cleanup_descriptor struct descriptor given = {0};
    layer_cleanup_handle HANDLE upper = NULL, token = NULL;
    GENERIC_MAPPING generic = mapping();
    ACCESS_MASK asked = *access & ~(ACCESS_MASK)(KEYNAME_WOW64_32KEY | KEYNAME_WOW64_64KEY),
                granted = 0;
    uint8_t privileges[256];
    ULONG size = sizeof privileges;
    NTSTATUS answer = STATUS_ACCESS_DENIED;

    if (!layer_changed(CHANGE_KEY_SECURITY, canon))
        return STATUS_SUCCESS;
    NTSTATUS status = key_open_upper(canon, KEYNAME_QUERY_VALUE, &upper);
    if (!status)
        status = read_given(upper, &given);
    if (status)
        return status == STATUS_OBJECT_NAME_NOT_FOUND ? STATUS_SUCCESS : status;
    status = open_token(&token);
    if (status)
        return status;
    RtlMapGenericMask(&asked, &generic);
    status = real.NtAccessCheck(given.memory, token, asked, &generic, (PRIVILEGE_SET *)privileges,
                                &size, &granted, &answer);
    if (status || answer)
        return status ? status : answer;
    *access = granted | (*access & (KEYNAME_WOW64_32KEY | KEYNAME_WOW64_64KEY));
    return STATUS_SUCCESS;
}

static ACCESS_MASK needed_to_read(SECURITY_INFORMATION which)
{
    return READ_CONTROL | (which & SYSTEM_PARTS ? ACCESS_SYSTEM_SECURITY : 0);
}

static ACCESS_MASK needed_to_write(SECURITY_INFORMATION which)
{
    ACCESS_MASK needed = 0;
    if (which & (OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION | LABEL_PART))
        needed |= WRITE_OWNER;
    if (which & DACL_SECURITY_INFORMATION)
        needed |= WRITE_DAC;
    if (which & SYSTEM_PARTS)
        needed |= ACCESS_SYSTEM_SECURITY;
    return needed;
}

NTSTATUS NTAPI layer_NtQuerySecurityObject(HANDLE handle, SECURITY_INFORMATION which,
                                           PSECURITY_DESCRIPTOR descriptor, ULONG length,
                                           ULONG *needed)
{
    layer_cleanup_key_handle struct key_handle key;
    layer_cleanup_descriptor struct descriptor shown = {0}, parts = {0};
    SECURITY_DESCRIPTOR absolute;
    bool given;
    layer_wake();
    NTSTATUS status = key_handle_read(handle, &key);
    if (status)
        return status;
    if (key.shared || (key.lower && key_untouched(key.canon)))
        // Of all that is no key, a file opened before its copy may be another one by now.
        return real.NtQuerySecurityObject(file_lower_current(handle), which, descriptor, length,
                                          needed);
    if ((key.access & needed_to_read(which)) != needed_to_read(which))
        return STATUS_ACCESS_DENIED;
    if (key.dead)
        return STATUS_KEY_DELETED;
    status = read_shown(key.canon, &shown, &given);
    if (!status)
        status = RtlCreateSecurityDescriptor(&absolute, SECURITY_DESCRIPTOR_REVISION);
    if (!status)
        status = copy_parts(&absolute, shown.memory, which);
    if (!status)
        status = make_relative(&absolute, &parts);
    if (status)
        return status;
    *needed = parts.size;
    if (length < parts.size)
        return STATUS_BUFFER_TOO_SMALL;
    memcpy(descriptor, parts.memory, parts.size);
    return STATUS_SUCCESS;
}

static bool is_same(HANDLE key, SECURITY_INFORMATION part, const struct descriptor *before)
{
    layer_cleanup_descriptor struct descriptor now = {0};
    return !read_system(key, part, &now) && now.size == before->size &&
           !memcmp(now.memory, before->memory, now.size);
}

/* The system's answer to setting *which on a key of the caller's, and what it makes of it. *which
 * gets the parts that this changes of a key which had none of its own: in Wine 8 owner and group
 * are among them, whatever is set (set_sd_defaults_from_token() in its server/object.c). */
static NTSTATUS try_setting(SECURITY_INFORMATION *which, PSECURITY_DESCRIPTOR descriptor,
                            struct descriptor *made)
{
    layer_cleanup_descriptor struct descriptor owner = {0}, group = {0};
    layer_cleanup_scratch HANDLE scratch = NULL;
    ACCESS_MASK access = KEYNAME_ALL | needed_to_write(*which) | needed_to_read(*which);
    NTSTATUS status = key_make_scratch(NULL, NULL, access, &scratch);
    if (!status)
        status = read_system(scratch, OWNER_SECURITY_INFORMATION, &owner);
    if (!status)
        status = read_system(scratch, GROUP_SECURITY_INFORMATION, &group);
    if (!status)
        status = real.NtSetSecurityObject(scratch, *which, descriptor);
    if (status)
        return status;
    if (!is_same(scratch, OWNER_SECURITY_INFORMATION, &owner))
        *which |= OWNER_SECURITY_INFORMATION;
    if (!is_same(scratch, GROUP_SECURITY_INFORMATION, &group))
        *which |= GROUP_SECURITY_INFORMATION;
    return read_system(scratch, *which, made);
}

NTSTATUS NTAPI layer_NtSetSecurityObject(HANDLE handle, SECURITY_INFORMATION which,
                                         PSECURITY_DESCRIPTOR descriptor)
{
    layer_cleanup_key_handle struct key_handle key;
    layer_cleanup_descriptor struct descriptor shown = {0}, made = {0}, merged = {0}, raw = {0};
    SECURITY_DESCRIPTOR absolute;
    HANDLE upper;
    bool given = false;
    layer_wake();
    NTSTATUS status = key_handle_read(handle, &key);
    if (status)
        return status;
    if (key.shared)
        return real.NtSetSecurityObject(handle, which, descriptor);
    if ((key.access & needed_to_write(which)) != needed_to_write(which))
        return STATUS_ACCESS_DENIED;
    if (key.dead)
        return STATUS_KEY_DELETED;
    SECURITY_INFORMATION first = which;
    status = try_setting(&first, descriptor, &made);
    if (!status)
        status = read_shown(key.canon, &shown, &given);
    if (!given)
        which = first;
    if (!status)
        status = RtlCreateSecurityDescriptor(&absolute, SECURITY_DESCRIPTOR_REVISION);
    if (!status)
        status = copy_parts(&absolute, shown.memory, (PARTS | SYSTEM_PARTS) & ~which);
    if (!status)
        status = copy_parts(&absolute, made.memory, which);
    if (!status)
        status = make_relative(&absolute, &merged);
    layer_cleanup_handle HANDLE own = NULL;
    if (!status) // with a handle of its own: the program's may not have the right to set values
        status = key_make_upper(key.canon, KEYNAME_ALL, &own);
    upper = own;
    if (!status)
        status = give(upper, key.canon, &merged);
    // Whoever watches for changes of security is told of one.
    if (!status && !read_system(upper, DACL_SECURITY_INFORMATION, &raw))
        real.NtSetSecurityObject(upper, DACL_SECURITY_INFORMATION, raw.memory);
    key_changed(KEY_CHANGE_VALUE_SET, key.canon, (struct str16){0});
    return status == STATUS_OBJECT_NAME_NOT_FOUND ? STATUS_KEY_DELETED : status;
}
