#include "layer/layer.h"

// Hives: files that the system makes a part of the registry. The registry that they would become a
// part of is the host's, so a VM does not have the privilege; NtSaveKey, which only reads, is the
// system's own.

#define STATUS_PRIVILEGE_NOT_HELD ((NTSTATUS)0xC0000061)

NTSTATUS NTAPI layer_NtLoadKey(OBJECT_ATTRIBUTES *key, OBJECT_ATTRIBUTES *file)
{
    (void)key, (void)file;
    return STATUS_PRIVILEGE_NOT_HELD;
}

NTSTATUS NTAPI layer_NtLoadKey2(OBJECT_ATTRIBUTES *key, OBJECT_ATTRIBUTES *file, ULONG flags)
{
    (void)key, (void)file, (void)flags;
    return STATUS_PRIVILEGE_NOT_HELD;
}

NTSTATUS NTAPI layer_NtLoadKeyEx(OBJECT_ATTRIBUTES *key, OBJECT_ATTRIBUTES *file, ULONG flags,
                                 HANDLE trust, HANDLE event, ACCESS_MASK access, HANDLE *root,
                                 IO_STATUS_BLOCK *io)
{
    (void)key, (void)file, (void)flags, (void)trust, (void)event, (void)access, (void)root,
        (void)io;
    return STATUS_PRIVILEGE_NOT_HELD;
}

NTSTATUS NTAPI layer_NtUnloadKey(OBJECT_ATTRIBUTES *key)
{
    (void)key;
    return STATUS_PRIVILEGE_NOT_HELD;
}

NTSTATUS NTAPI layer_NtUnloadKey2(OBJECT_ATTRIBUTES *key, ULONG flags)
{
    (void)key, (void)flags;
    return STATUS_PRIVILEGE_NOT_HELD;
}

NTSTATUS NTAPI layer_NtReplaceKey(OBJECT_ATTRIBUTES *file, HANDLE key, OBJECT_ATTRIBUTES *old_file)
{
    (void)file, (void)key, (void)old_file;
    return STATUS_PRIVILEGE_NOT_HELD;
}

NTSTATUS NTAPI layer_NtRestoreKey(HANDLE key, HANDLE file, ULONG flags)
{
    (void)key, (void)file, (void)flags;
    return STATUS_PRIVILEGE_NOT_HELD;
}
