#include "layer/dos_device.h"

#include "layer/guard.h"
#include "layer/keep.h"

// The meaning of the flags is that of the Windows SDK, "DefineDosDevice". Of earlier definitions of
// a device only one is known, the host's, and what the VM has replaced or removed of the host's
// does not come back.

NTSYSAPI void NTAPI RtlSetLastWin32Error(ULONG);

enum {
    RAW_TARGET = 1,
    REMOVE = 2,
    EXACT_MATCH = 4,
    FLAGS = 0x1f, // the others are about telling programs
    TARGET_MAX = 0x8000,
    DELETE_AND_QUERY = 0x10001,
};

static BOOL answer(NTSTATUS status)
{
    if (status)
        RtlSetLastWin32Error(RtlNtStatusToDosError(status));
    return !status;
}

/* Whether the link that is there is the one to remove. */
static bool matches(HANDLE link, struct str16 wanted, bool exact)
{
    layer_cleanup_free uint16_t *units = layer_alloc(TARGET_MAX * sizeof *units);
    UNICODE_STRING target = {0, (TARGET_MAX - 1) * sizeof *units, (WCHAR *)units};
    if (!units || layer_NtQuerySymbolicLinkObject(link, &target, NULL))
        return false;
    struct str16 found = str16_of_unicode(&target);
    return exact ? str16_equal_nocase(found, wanted) : str16_starts_nocase(found, wanted);
}

static NTSTATUS remove_link(const OBJECT_ATTRIBUTES *attributes, const struct str16 *wanted,
                            bool exact)
{
    layer_cleanup_handle HANDLE link = NULL;
    NTSTATUS status = layer_NtOpenSymbolicLinkObject(&link, DELETE_AND_QUERY, attributes);
    if (status) {
        link = NULL;
        return status;
    }
    if (wanted && !matches(link, *wanted, exact))
        return STATUS_OBJECT_NAME_NOT_FOUND;
    return layer_NtMakeTemporaryObject(link);
}

static NTSTATUS define_link(OBJECT_ATTRIBUTES *attributes, UNICODE_STRING *target)
{
    layer_cleanup_handle HANDLE link = NULL;
    NTSTATUS status =
        layer_NtCreateSymbolicLinkObject(&link, SYMBOLIC_LINK_ALL_ACCESS, attributes, target);
    if (status == STATUS_OBJECT_NAME_COLLISION && !remove_link(attributes, NULL, false))
        status =
            layer_NtCreateSymbolicLinkObject(&link, SYMBOLIC_LINK_ALL_ACCESS, attributes, target);
    if (status) {
        link = NULL;
        return status;
    }
    // It stays, for which CSRSS needs no privilege of the program's.
    return keep(link);
}

static BOOL WINAPI dos_device_define(DWORD flags, const WCHAR *device, const WCHAR *target)
{
    enum { PREFIX = 4, DEVICE_MAX = 260 };
    uint16_t units[PREFIX + DEVICE_MAX];
    struct str16_buf name = {.s = units, .cap = sizeof units / sizeof *units};
    UNICODE_STRING text, wanted = {0}, converted = {0};
    if ((flags & ~(DWORD)FLAGS) || !device || (!(flags & REMOVE) && !target))
        return answer(STATUS_INVALID_PARAMETER);
    struct str16 leaf = str16_of(device);
    str16_put_ascii(&name, "\\??\\");
    str16_put(&name, leaf);
    if (!leaf.len || name.overflow || leaf.s[leaf.len - 1] == '\\')
        return answer(STATUS_INVALID_PARAMETER);
    if (target && target[0]) {
        if (flags & RAW_TARGET) {
            RtlInitUnicodeString(&wanted, target);
        } else if (RtlDosPathNameToNtPathName_U(target, &converted, NULL, NULL)) {
            wanted = converted;
        } else {
            return answer(STATUS_OBJECT_PATH_NOT_FOUND);
        }
    }
    text = unicode_of_str16(str16_view(&name));
    OBJECT_ATTRIBUTES attributes = nt_named(&text);
    struct str16 match = str16_of_unicode(&wanted);
    NTSTATUS status = flags & REMOVE
                          ? remove_link(&attributes, match.len ? &match : NULL, flags & EXACT_MATCH)
                          : define_link(&attributes, &wanted);
    if (converted.Buffer)
        RtlFreeUnicodeString(&converted);
    return answer(status);
}

const struct layer_export_patch dos_device_exports[] = {
    {"DefineDosDeviceW", (void *)dos_device_define, NULL}, // DefineDosDeviceA calls it
};
const size_t dos_device_exports_count = sizeof dos_device_exports / sizeof *dos_device_exports;
