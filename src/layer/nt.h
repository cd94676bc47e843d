// Native system interface declarations that mingw-w64's headers lack. Layouts follow the WDK's
// ntifs.h and wdm.h; where those are silent, System Informer's phnt headers.
#ifndef PLUME_LAYER_NT_H
#define PLUME_LAYER_NT_H

#include <stdint.h>
#include <windows.h>
#include <winternl.h>
#include <winioctl.h>

#ifndef STATUS_SUCCESS
#define STATUS_SUCCESS ((NTSTATUS)0x00000000)
#endif
#undef STATUS_INVALID_HANDLE // winnt.h has these two as unsigned numbers
#undef STATUS_INVALID_PARAMETER
#define STATUS_BUFFER_OVERFLOW             ((NTSTATUS)0x80000005)
#define STATUS_NO_MORE_FILES               ((NTSTATUS)0x80000006)
#define STATUS_NO_MORE_ENTRIES             ((NTSTATUS)0x8000001A)
#define STATUS_REPARSE_POINT_NOT_RESOLVED  ((NTSTATUS)0xC0000280)
#define STATUS_NOTIFY_CLEANUP              ((NTSTATUS)0x0000010B)
#define STATUS_NOTIFY_ENUM_DIR             ((NTSTATUS)0x0000010C)
#define STATUS_UNSUCCESSFUL                ((NTSTATUS)0xC0000001)
#define STATUS_NOT_IMPLEMENTED             ((NTSTATUS)0xC0000002)
#define STATUS_INVALID_INFO_CLASS          ((NTSTATUS)0xC0000003)
#define STATUS_INFO_LENGTH_MISMATCH        ((NTSTATUS)0xC0000004)
#define STATUS_NO_SUCH_FILE                ((NTSTATUS)0xC000000F)
#define STATUS_NO_TOKEN                    ((NTSTATUS)0xC000007C)
#define STATUS_CONFLICTING_ADDRESSES       ((NTSTATUS)0xC0000018)
#define STATUS_ACCESS_DENIED               ((NTSTATUS)0xC0000022)
#define STATUS_BUFFER_TOO_SMALL            ((NTSTATUS)0xC0000023)
#define STATUS_OBJECT_TYPE_MISMATCH        ((NTSTATUS)0xC0000024)
#define STATUS_OBJECT_NAME_INVALID         ((NTSTATUS)0xC0000033)
#define STATUS_OBJECT_NAME_NOT_FOUND       ((NTSTATUS)0xC0000034)
#define STATUS_OBJECT_NAME_COLLISION       ((NTSTATUS)0xC0000035)
#define STATUS_OBJECT_PATH_NOT_FOUND       ((NTSTATUS)0xC000003A)
#define STATUS_OBJECT_PATH_SYNTAX_BAD      ((NTSTATUS)0xC000003B)
#define STATUS_DELETE_PENDING              ((NTSTATUS)0xC0000056)
#define STATUS_PROCEDURE_NOT_FOUND         ((NTSTATUS)0xC000007A)
#define STATUS_THREAD_IS_TERMINATING       ((NTSTATUS)0xC000004B)
#define STATUS_INVALID_IMAGE_FORMAT        ((NTSTATUS)0xC000007B)
#define STATUS_DISK_FULL                   ((NTSTATUS)0xC000007F)
#define STATUS_INSUFFICIENT_RESOURCES      ((NTSTATUS)0xC000009A)
#define STATUS_FILE_IS_A_DIRECTORY         ((NTSTATUS)0xC00000BA)
#define STATUS_NOT_SUPPORTED               ((NTSTATUS)0xC00000BB)
#define STATUS_BAD_DEVICE_TYPE             ((NTSTATUS)0xC00000CB)
#define STATUS_NOT_SAME_DEVICE             ((NTSTATUS)0xC00000D4)
#define STATUS_INVALID_PARAMETER_3         ((NTSTATUS)0xC00000F1)
#define STATUS_DIRECTORY_NOT_EMPTY         ((NTSTATUS)0xC0000101)
#define STATUS_NOT_A_DIRECTORY             ((NTSTATUS)0xC0000103)
#define STATUS_NAME_TOO_LONG               ((NTSTATUS)0xC0000106)
#define STATUS_CANCELLED                   ((NTSTATUS)0xC0000120)
#define STATUS_CANNOT_DELETE               ((NTSTATUS)0xC0000121)
#define STATUS_INVALID_IMAGE_NOT_MZ        ((NTSTATUS)0xC000012F)
#define STATUS_NOT_FOUND                   ((NTSTATUS)0xC0000225)
#define STATUS_KEY_DELETED                 ((NTSTATUS)0xC000017C)
#define STATUS_CHILD_MUST_BE_VOLATILE      ((NTSTATUS)0xC0000181)
#define STATUS_REVISION_MISMATCH           ((NTSTATUS)0xC0000059)
#define STATUS_IMAGE_MACHINE_TYPE_MISMATCH ((NTSTATUS)0x4000000E)
#define STATUS_INVALID_HANDLE              ((NTSTATUS)0xC0000008)
#define STATUS_INVALID_CID                 ((NTSTATUS)0xC000000B)
#define STATUS_INVALID_PARAMETER           ((NTSTATUS)0xC000000D)
#define STATUS_INVALID_DEVICE_REQUEST      ((NTSTATUS)0xC0000010)
#define STATUS_END_OF_FILE                 ((NTSTATUS)0xC0000011)
#define STATUS_SHARING_VIOLATION           ((NTSTATUS)0xC0000043)
#define STATUS_EAS_NOT_SUPPORTED           ((NTSTATUS)0xC000004F)
#define STATUS_NO_EAS_ON_FILE              ((NTSTATUS)0xC0000052)
#define STATUS_FILE_LOCK_CONFLICT          ((NTSTATUS)0xC0000054)
#define STATUS_INVALID_OWNER               ((NTSTATUS)0xC000005A)
#define STATUS_INVALID_PRIMARY_GROUP       ((NTSTATUS)0xC000005B)
#define STATUS_PRIVILEGE_NOT_HELD          ((NTSTATUS)0xC0000061)
#define STATUS_PROCESS_IS_TERMINATING      ((NTSTATUS)0xC000010A)
#define STATUS_INVALID_LABEL               ((NTSTATUS)0xC0000446)
#define STATUS_NOT_FOUND                   ((NTSTATUS)0xC0000225)
#define STATUS_PROCESS_NOT_IN_JOB          ((NTSTATUS)0x00000123)
#define STATUS_PROCESS_IN_JOB              ((NTSTATUS)0x00000124)
#define STATUS_MORE_ENTRIES                ((NTSTATUS)0x00000105)
#define STATUS_RETRY                       ((NTSTATUS)0xC000022D)

#define NtCurrentProcess() ((HANDLE)(LONG_PTR)-1)
#define NtCurrentThread()  ((HANDLE)(LONG_PTR)-2)

/* Object attributes for an absolute name, without case. */
static inline OBJECT_ATTRIBUTES nt_named(UNICODE_STRING *name)
{
    return (OBJECT_ATTRIBUTES){.Length = sizeof(OBJECT_ATTRIBUTES),
                               .ObjectName = name,
                               .Attributes = OBJ_CASE_INSENSITIVE};
}

// Files

#ifndef FILE_SUPERSEDE
#define FILE_SUPERSEDE    0
#define FILE_OPEN         1
#define FILE_CREATE       2
#define FILE_OPEN_IF      3
#define FILE_OVERWRITE    4
#define FILE_OVERWRITE_IF 5
#endif
#ifndef FILE_DIRECTORY_FILE
#define FILE_DIRECTORY_FILE          0x00000001
#define FILE_SYNCHRONOUS_IO_NONALERT 0x00000020
#define FILE_NON_DIRECTORY_FILE      0x00000040
#define FILE_DELETE_ON_CLOSE         0x00001000
#define FILE_OPEN_BY_FILE_ID         0x00002000
#define FILE_OPEN_FOR_BACKUP_INTENT  0x00004000
#define FILE_OPEN_REPARSE_POINT      0x00200000
#endif
#ifndef FILE_COMPLETE_IF_OPLOCKED
#define FILE_COMPLETE_IF_OPLOCKED 0x00000100
#endif
#ifndef FILE_SEQUENTIAL_ONLY
#define FILE_SEQUENTIAL_ONLY 0x00000004
#endif
#define FSCTL_PIPE_WAIT_CODE CTL_CODE(FILE_DEVICE_NAMED_PIPE, 6, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define FSCTL_PIPE_TRANSCEIVE_CODE                                                                 \
    CTL_CODE(FILE_DEVICE_NAMED_PIPE, 5, METHOD_NEITHER, FILE_READ_DATA | FILE_WRITE_DATA)

struct nt_file_basic_information {
    LARGE_INTEGER creation_time, last_access_time, last_write_time, change_time;
    ULONG attributes;
};

struct nt_file_network_open_information {
    LARGE_INTEGER creation_time, last_access_time, last_write_time, change_time;
    LARGE_INTEGER allocation_size, end_of_file;
    ULONG attributes;
};

struct nt_thread_basic_information { // phnt's ntpsapi.h, THREAD_BASIC_INFORMATION
    NTSTATUS status;
    void *teb;
    CLIENT_ID id;
    ULONG_PTR affinity;
    LONG priority, base_priority;
};

struct nt_section_basic_information { // SECTION_BASIC_INFORMATION, of SectionBasicInformation
    void *base;
    ULONG attributes;
    LARGE_INTEGER size;
};
enum { NT_SECTION_BASIC = 0 };

struct nt_file_standard_information {
    LARGE_INTEGER allocation_size, end_of_file;
    ULONG number_of_links;
    BOOLEAN delete_pending, directory;
};

struct nt_file_name_information {
    ULONG length; // bytes
    WCHAR name[1];
};

struct nt_file_rename_information { // FileRenameInformation, FileLinkInformation and their Ex forms
    union {
        BOOLEAN replace_if_exists;
        ULONG flags;
    };
    HANDLE root_directory;
    ULONG name_length; // bytes
    WCHAR name[1];
};

struct nt_pipe_wait {
    LARGE_INTEGER timeout;
    ULONG name_length; // bytes
    BOOLEAN timeout_specified;
    WCHAR name[1];
};

enum { // FILE_INFORMATION_CLASS values newer than mingw's list
    NT_FILE_IO_COMPLETION_NOTIFICATION = 41,
    NT_FILE_VOLUME_NAME_INFORMATION = 58,
    NT_FILE_DISPOSITION_INFORMATION_EX = 64,
    NT_FILE_RENAME_INFORMATION_EX = 65,
    NT_FILE_LINK_INFORMATION_EX = 72,
};

// Keys

enum nt_key_information_class {
    NT_KEY_BASIC_INFORMATION,
    NT_KEY_NODE_INFORMATION,
    NT_KEY_FULL_INFORMATION,
    NT_KEY_NAME_INFORMATION,
    NT_KEY_CACHED_INFORMATION,
    NT_KEY_FLAGS_INFORMATION,
    NT_KEY_VIRTUALIZATION_INFORMATION,
    NT_KEY_HANDLE_TAGS_INFORMATION,
};

enum nt_key_value_information_class {
    NT_KEY_VALUE_BASIC_INFORMATION,
    NT_KEY_VALUE_FULL_INFORMATION,
    NT_KEY_VALUE_PARTIAL_INFORMATION,
    NT_KEY_VALUE_FULL_INFORMATION_ALIGN64,
    NT_KEY_VALUE_PARTIAL_INFORMATION_ALIGN64,
};

struct nt_key_basic_information {
    LARGE_INTEGER last_write_time;
    ULONG title_index;
    ULONG name_length; // bytes
    WCHAR name[1];
};

struct nt_key_node_information {
    LARGE_INTEGER last_write_time;
    ULONG title_index, class_offset, class_length, name_length;
    WCHAR name[1];
};

struct nt_key_full_information {
    LARGE_INTEGER last_write_time;
    ULONG title_index, class_offset, class_length;
    ULONG sub_keys, max_name_length, max_class_length, values, max_value_name_length,
        max_value_data_length;
    WCHAR class_name[1];
};

struct nt_key_cached_information {
    LARGE_INTEGER last_write_time;
    ULONG title_index;
    ULONG sub_keys, max_name_length, values, max_value_name_length, max_value_data_length;
    ULONG name_length;
    WCHAR name[1];
};

struct nt_key_name_information {
    ULONG name_length; // bytes
    WCHAR name[1];
};

struct nt_key_value_basic_information {
    ULONG title_index, type, name_length;
    WCHAR name[1];
};

struct nt_key_value_full_information {
    ULONG title_index, type, data_offset, data_length, name_length;
    WCHAR name[1];
};

struct nt_key_value_partial_information {
    ULONG title_index, type, data_length;
    UCHAR data[1];
};

// Security

NTSTATUS NTAPI NtQuerySecurityObject(HANDLE, SECURITY_INFORMATION, PSECURITY_DESCRIPTOR, ULONG,
                                     ULONG *);
NTSTATUS NTAPI NtSetSecurityObject(HANDLE, SECURITY_INFORMATION, PSECURITY_DESCRIPTOR);
NTSTATUS NTAPI NtOpenThreadToken(HANDLE, ACCESS_MASK, BOOLEAN, HANDLE *);
NTSTATUS NTAPI NtOpenProcessToken(HANDLE, ACCESS_MASK, HANDLE *);
NTSTATUS NTAPI NtDuplicateToken(HANDLE, ACCESS_MASK, OBJECT_ATTRIBUTES *, BOOLEAN, TOKEN_TYPE,
                                HANDLE *);
NTSTATUS NTAPI NtAccessCheck(PSECURITY_DESCRIPTOR, HANDLE, ACCESS_MASK, GENERIC_MAPPING *,
                             PRIVILEGE_SET *, ULONG *, ACCESS_MASK *, NTSTATUS *);
ULONG NTAPI RtlLengthSecurityDescriptor(PSECURITY_DESCRIPTOR);
NTSTATUS NTAPI RtlCreateSecurityDescriptor(PSECURITY_DESCRIPTOR, ULONG);
NTSTATUS NTAPI RtlGetOwnerSecurityDescriptor(PSECURITY_DESCRIPTOR, PSID *, BOOLEAN *);
NTSTATUS NTAPI RtlGetGroupSecurityDescriptor(PSECURITY_DESCRIPTOR, PSID *, BOOLEAN *);
NTSTATUS NTAPI RtlGetDaclSecurityDescriptor(PSECURITY_DESCRIPTOR, BOOLEAN *, PACL *, BOOLEAN *);
NTSTATUS NTAPI RtlGetSaclSecurityDescriptor(PSECURITY_DESCRIPTOR, BOOLEAN *, PACL *, BOOLEAN *);
NTSTATUS NTAPI RtlSetOwnerSecurityDescriptor(PSECURITY_DESCRIPTOR, PSID, BOOLEAN);
NTSTATUS NTAPI RtlSetGroupSecurityDescriptor(PSECURITY_DESCRIPTOR, PSID, BOOLEAN);
NTSTATUS NTAPI RtlSetDaclSecurityDescriptor(PSECURITY_DESCRIPTOR, BOOLEAN, PACL, BOOLEAN);
NTSTATUS NTAPI RtlSetSaclSecurityDescriptor(PSECURITY_DESCRIPTOR, BOOLEAN, PACL, BOOLEAN);
NTSTATUS NTAPI RtlMakeSelfRelativeSD(PSECURITY_DESCRIPTOR, PSECURITY_DESCRIPTOR, ULONG *);
void NTAPI RtlMapGenericMask(ACCESS_MASK *, GENERIC_MAPPING *);

// Keys

NTSTATUS NTAPI NtCreateKey(HANDLE *, ACCESS_MASK, OBJECT_ATTRIBUTES *, ULONG, UNICODE_STRING *,
                           ULONG, ULONG *);
NTSTATUS NTAPI NtCreateKeyTransacted(HANDLE *, ACCESS_MASK, OBJECT_ATTRIBUTES *, ULONG,
                                     UNICODE_STRING *, ULONG, HANDLE, ULONG *);
NTSTATUS NTAPI NtOpenKey(HANDLE *, ACCESS_MASK, OBJECT_ATTRIBUTES *);
NTSTATUS NTAPI NtOpenKeyEx(HANDLE *, ACCESS_MASK, OBJECT_ATTRIBUTES *, ULONG);
NTSTATUS NTAPI NtOpenKeyTransacted(HANDLE *, ACCESS_MASK, OBJECT_ATTRIBUTES *, HANDLE);
NTSTATUS NTAPI NtOpenKeyTransactedEx(HANDLE *, ACCESS_MASK, OBJECT_ATTRIBUTES *, ULONG, HANDLE);
NTSTATUS NTAPI NtDeleteKey(HANDLE);
NTSTATUS NTAPI NtDeleteValueKey(HANDLE, UNICODE_STRING *);
NTSTATUS NTAPI NtEnumerateKey(HANDLE, ULONG, ULONG, void *, ULONG, ULONG *);
NTSTATUS NTAPI NtEnumerateValueKey(HANDLE, ULONG, ULONG, void *, ULONG, ULONG *);
NTSTATUS NTAPI NtQueryKey(HANDLE, ULONG, void *, ULONG, ULONG *);
NTSTATUS NTAPI NtQueryValueKey(HANDLE, UNICODE_STRING *, ULONG, void *, ULONG, ULONG *);
NTSTATUS NTAPI NtSetValueKey(HANDLE, UNICODE_STRING *, ULONG, ULONG, void *, ULONG);
NTSTATUS NTAPI NtFlushKey(HANDLE);
NTSTATUS NTAPI NtNotifyChangeKey(HANDLE, HANDLE, PIO_APC_ROUTINE, void *, IO_STATUS_BLOCK *, ULONG,
                                 BOOLEAN, void *, ULONG, BOOLEAN);
NTSTATUS NTAPI NtLoadKey(OBJECT_ATTRIBUTES *, OBJECT_ATTRIBUTES *);
NTSTATUS NTAPI NtLoadKey2(OBJECT_ATTRIBUTES *, OBJECT_ATTRIBUTES *, ULONG);
NTSTATUS NTAPI NtLoadKeyEx(OBJECT_ATTRIBUTES *, OBJECT_ATTRIBUTES *, ULONG, HANDLE, HANDLE,
                           ACCESS_MASK, HANDLE *, IO_STATUS_BLOCK *);
NTSTATUS NTAPI NtUnloadKey(OBJECT_ATTRIBUTES *);
NTSTATUS NTAPI NtUnloadKey2(OBJECT_ATTRIBUTES *, ULONG);
NTSTATUS NTAPI NtReplaceKey(OBJECT_ATTRIBUTES *, HANDLE, OBJECT_ATTRIBUTES *);
NTSTATUS NTAPI NtRestoreKey(HANDLE, HANDLE, ULONG);
NTSTATUS NTAPI NtSaveKey(HANDLE, HANDLE);
NTSTATUS NTAPI NtSaveKeyEx(HANDLE, HANDLE, ULONG);
NTSTATUS NTAPI NtSaveMergedKeys(HANDLE, HANDLE, HANDLE);
NTSTATUS NTAPI NtUnloadKeyEx(OBJECT_ATTRIBUTES *, HANDLE);
// Since Windows 10, version 2004: flags, then CM_EXTENDED_PARAMETERs and their number.
NTSTATUS NTAPI NtLoadKey3(OBJECT_ATTRIBUTES *, OBJECT_ATTRIBUTES *, ULONG, void *, ULONG,
                          ACCESS_MASK, HANDLE *, void *);
NTSTATUS NTAPI NtCompactKeys(ULONG, HANDLE *);
NTSTATUS NTAPI NtCompressKey(HANDLE);
NTSTATUS NTAPI NtLockRegistryKey(HANDLE);
NTSTATUS NTAPI NtFreezeRegistry(ULONG);
NTSTATUS NTAPI NtThawRegistry(void);
NTSTATUS NTAPI NtInitializeRegistry(USHORT);
NTSTATUS NTAPI NtQueryOpenSubKeys(OBJECT_ATTRIBUTES *, ULONG *);
NTSTATUS NTAPI NtQueryOpenSubKeysEx(OBJECT_ATTRIBUTES *, ULONG, void *, ULONG *);

// Files

NTSTATUS NTAPI NtReadFile(HANDLE, HANDLE, PIO_APC_ROUTINE, void *, IO_STATUS_BLOCK *, void *, ULONG,
                          LARGE_INTEGER *, ULONG *);
NTSTATUS NTAPI NtWriteFile(HANDLE, HANDLE, PIO_APC_ROUTINE, void *, IO_STATUS_BLOCK *, const void *,
                           ULONG, LARGE_INTEGER *, ULONG *);
NTSTATUS NTAPI NtDeleteFile(OBJECT_ATTRIBUTES *);
NTSTATUS NTAPI NtQueryAttributesFile(const OBJECT_ATTRIBUTES *, struct nt_file_basic_information *);
NTSTATUS NTAPI NtQueryFullAttributesFile(const OBJECT_ATTRIBUTES *,
                                         struct nt_file_network_open_information *);
NTSTATUS NTAPI NtQueryDirectoryFile(HANDLE, HANDLE, PIO_APC_ROUTINE, void *, IO_STATUS_BLOCK *,
                                    void *, ULONG, ULONG, BOOLEAN, UNICODE_STRING *, BOOLEAN);
NTSTATUS NTAPI NtQueryDirectoryFileEx(HANDLE, HANDLE, PIO_APC_ROUTINE, void *, IO_STATUS_BLOCK *,
                                      void *, ULONG, ULONG, ULONG, UNICODE_STRING *);
NTSTATUS NTAPI NtNotifyChangeDirectoryFile(HANDLE, HANDLE, PIO_APC_ROUTINE, void *,
                                           IO_STATUS_BLOCK *, void *, ULONG, ULONG, BOOLEAN);
NTSTATUS NTAPI NtNotifyChangeDirectoryFileEx(HANDLE, HANDLE, PIO_APC_ROUTINE, void *,
                                             IO_STATUS_BLOCK *, void *, ULONG, ULONG, BOOLEAN,
                                             ULONG);
NTSTATUS NTAPI NtCancelIoFile(HANDLE, IO_STATUS_BLOCK *);
NTSTATUS NTAPI NtCancelIoFileEx(HANDLE, IO_STATUS_BLOCK *, IO_STATUS_BLOCK *);
NTSTATUS NTAPI NtCreateNamedPipeFile(HANDLE *, ULONG, OBJECT_ATTRIBUTES *, IO_STATUS_BLOCK *, ULONG,
                                     ULONG, ULONG, ULONG, ULONG, ULONG, ULONG, ULONG, ULONG,
                                     LARGE_INTEGER *);
NTSTATUS NTAPI NtCreateMailslotFile(HANDLE *, ULONG, OBJECT_ATTRIBUTES *, IO_STATUS_BLOCK *, ULONG,
                                    ULONG, ULONG, LARGE_INTEGER *);
NTSTATUS NTAPI NtFlushBuffersFile(HANDLE, IO_STATUS_BLOCK *);
NTSTATUS NTAPI NtReadFileScatter(HANDLE, HANDLE, PIO_APC_ROUTINE, void *, IO_STATUS_BLOCK *,
                                 FILE_SEGMENT_ELEMENT *, ULONG, LARGE_INTEGER *, ULONG *);
// The key is a ULONG. Wine takes the whole of its place on the stack (ntdll/unix/file.c), so all of
// it is handed on.
NTSTATUS NTAPI NtLockFile(HANDLE, HANDLE, PIO_APC_ROUTINE, void *, IO_STATUS_BLOCK *,
                          LARGE_INTEGER *, LARGE_INTEGER *, ULONG_PTR, BOOLEAN, BOOLEAN);
NTSTATUS NTAPI NtUnlockFile(HANDLE, IO_STATUS_BLOCK *, LARGE_INTEGER *, LARGE_INTEGER *, ULONG_PTR);
NTSTATUS NTAPI NtCancelIoFile(HANDLE, IO_STATUS_BLOCK *);
NTSTATUS NTAPI NtCancelIoFileEx(HANDLE, IO_STATUS_BLOCK *, IO_STATUS_BLOCK *);
NTSTATUS NTAPI NtQueryEaFile(HANDLE, IO_STATUS_BLOCK *, void *, ULONG, BOOLEAN, void *, ULONG,
                             ULONG *, BOOLEAN);
NTSTATUS NTAPI NtSetEaFile(HANDLE, IO_STATUS_BLOCK *, void *, ULONG);
NTSTATUS NTAPI NtQuerySecurityObject(HANDLE, SECURITY_INFORMATION, void *, ULONG, ULONG *);
NTSTATUS NTAPI NtSetSecurityObject(HANDLE, SECURITY_INFORMATION, void *);

// Named objects

#define DIRECTORY_ALL_ACCESS     (STANDARD_RIGHTS_REQUIRED | 0xf)
#define SYMBOLIC_LINK_ALL_ACCESS (STANDARD_RIGHTS_REQUIRED | 0x1)

NTSTATUS NTAPI NtCreateEvent(HANDLE *, ACCESS_MASK, const OBJECT_ATTRIBUTES *, ULONG, BOOLEAN);
NTSTATUS NTAPI NtOpenEvent(HANDLE *, ACCESS_MASK, const OBJECT_ATTRIBUTES *);
NTSTATUS NTAPI NtSetEvent(HANDLE, LONG *);
NTSTATUS NTAPI NtResetEvent(HANDLE, LONG *);
NTSTATUS NTAPI NtCreateMutant(HANDLE *, ACCESS_MASK, const OBJECT_ATTRIBUTES *, BOOLEAN);
NTSTATUS NTAPI NtOpenMutant(HANDLE *, ACCESS_MASK, const OBJECT_ATTRIBUTES *);
NTSTATUS NTAPI NtCreateSemaphore(HANDLE *, ACCESS_MASK, const OBJECT_ATTRIBUTES *, LONG, LONG);
NTSTATUS NTAPI NtOpenSemaphore(HANDLE *, ACCESS_MASK, const OBJECT_ATTRIBUTES *);
NTSTATUS NTAPI NtCreateTimer(HANDLE *, ACCESS_MASK, const OBJECT_ATTRIBUTES *, ULONG);
NTSTATUS NTAPI NtOpenTimer(HANDLE *, ACCESS_MASK, const OBJECT_ATTRIBUTES *);
NTSTATUS NTAPI NtCreateSection(HANDLE *, ACCESS_MASK, const OBJECT_ATTRIBUTES *,
                               const LARGE_INTEGER *, ULONG, ULONG, HANDLE);
NTSTATUS NTAPI NtQuerySection(HANDLE, ULONG, void *, SIZE_T, SIZE_T *);
NTSTATUS NTAPI NtOpenSection(HANDLE *, ACCESS_MASK, const OBJECT_ATTRIBUTES *);
NTSTATUS NTAPI NtMapViewOfSection(HANDLE, HANDLE, void **, ULONG_PTR, SIZE_T, LARGE_INTEGER *,
                                  SIZE_T *, ULONG, ULONG, ULONG);
NTSTATUS NTAPI NtMapViewOfSectionEx(HANDLE section, HANDLE process, void **, LARGE_INTEGER *offset,
                                    SIZE_T *, ULONG kind, ULONG protection, void *extended, ULONG);
NTSTATUS NTAPI NtUnmapViewOfSection(HANDLE, void *);
NTSTATUS NTAPI NtUnmapViewOfSectionEx(HANDLE, void *, ULONG);
NTSTATUS NTAPI NtWaitForMultipleObjects(ULONG, const HANDLE *, ULONG kind, BOOLEAN alertable,
                                        const LARGE_INTEGER *);
NTSTATUS NTAPI NtSignalAndWaitForSingleObject(HANDLE, HANDLE, BOOLEAN alertable,
                                              const LARGE_INTEGER *);
NTSTATUS NTAPI NtGetNextThread(HANDLE process, HANDLE thread, ACCESS_MASK, ULONG attributes, ULONG,
                               HANDLE *);
NTSTATUS NTAPI NtSuspendThread(HANDLE, ULONG *);
NTSTATUS NTAPI NtGetContextThread(HANDLE, CONTEXT *);
NTSTATUS NTAPI NtCreateJobObject(HANDLE *, ACCESS_MASK, const OBJECT_ATTRIBUTES *);
NTSTATUS NTAPI NtOpenJobObject(HANDLE *, ACCESS_MASK, const OBJECT_ATTRIBUTES *);
NTSTATUS NTAPI NtCreateKeyedEvent(HANDLE *, ACCESS_MASK, const OBJECT_ATTRIBUTES *, ULONG);
NTSTATUS NTAPI NtOpenKeyedEvent(HANDLE *, ACCESS_MASK, const OBJECT_ATTRIBUTES *);
NTSTATUS NTAPI NtCreatePrivateNamespace(HANDLE *, ACCESS_MASK, const OBJECT_ATTRIBUTES *,
                                        const void *boundary);
NTSTATUS NTAPI NtOpenPrivateNamespace(HANDLE *, ACCESS_MASK, const OBJECT_ATTRIBUTES *,
                                      const void *boundary);
NTSTATUS NTAPI NtCreateIoCompletion(HANDLE *, ACCESS_MASK, OBJECT_ATTRIBUTES *, ULONG);
NTSTATUS NTAPI NtOpenIoCompletion(HANDLE *, ACCESS_MASK, const OBJECT_ATTRIBUTES *);
NTSTATUS NTAPI NtSetIoCompletion(HANDLE, void *key, void *context, NTSTATUS, ULONG_PTR);
NTSTATUS NTAPI NtRemoveIoCompletion(HANDLE, void **key, void **context, IO_STATUS_BLOCK *,
                                    const LARGE_INTEGER *);
NTSTATUS NTAPI NtCreateDirectoryObject(HANDLE *, ACCESS_MASK, OBJECT_ATTRIBUTES *);
NTSTATUS NTAPI NtOpenDirectoryObject(HANDLE *, ACCESS_MASK, const OBJECT_ATTRIBUTES *);
NTSTATUS NTAPI NtQueryDirectoryObject(HANDLE, void *, ULONG, BOOLEAN, BOOLEAN, ULONG *, ULONG *);
NTSTATUS NTAPI NtCreateSymbolicLinkObject(HANDLE *, ACCESS_MASK, OBJECT_ATTRIBUTES *,
                                          UNICODE_STRING *);
NTSTATUS NTAPI NtOpenSymbolicLinkObject(HANDLE *, ACCESS_MASK, const OBJECT_ATTRIBUTES *);
NTSTATUS NTAPI NtQuerySymbolicLinkObject(HANDLE, UNICODE_STRING *, ULONG *);
NTSTATUS NTAPI NtMakeTemporaryObject(HANDLE);
NTSTATUS NTAPI NtMakePermanentObject(HANDLE);
NTSTATUS NTAPI NtCreateDebugObject(HANDLE *, ACCESS_MASK, OBJECT_ATTRIBUTES *, ULONG flags);

// LPC and ALPC ports

NTSTATUS NTAPI NtCreatePort(HANDLE *, OBJECT_ATTRIBUTES *, ULONG, ULONG, ULONG *);
NTSTATUS NTAPI NtCreateWaitablePort(HANDLE *, OBJECT_ATTRIBUTES *, ULONG, ULONG, ULONG);
NTSTATUS NTAPI NtConnectPort(HANDLE *, UNICODE_STRING *, SECURITY_QUALITY_OF_SERVICE *, void *,
                             void *, ULONG *, void *, ULONG *);
NTSTATUS NTAPI NtSecureConnectPort(HANDLE *, UNICODE_STRING *, SECURITY_QUALITY_OF_SERVICE *,
                                   void *, void *, void *, ULONG *, void *, ULONG *);
NTSTATUS NTAPI NtAlpcCreatePort(HANDLE *, OBJECT_ATTRIBUTES *, void *);
NTSTATUS NTAPI NtAlpcConnectPort(HANDLE *, UNICODE_STRING *, OBJECT_ATTRIBUTES *, void *, ULONG,
                                 void *, void *, ULONG *, void *, void *, LARGE_INTEGER *);
NTSTATUS NTAPI NtAlpcConnectPortEx(HANDLE *, OBJECT_ATTRIBUTES *, OBJECT_ATTRIBUTES *, void *,
                                   ULONG, void *, void *, ULONG *, void *, void *, LARGE_INTEGER *);

// Processes, memory

enum { NT_PS_ATTRIBUTE_IMAGE_NAME = 0x00020005 };

struct nt_ps_attribute {
    ULONG_PTR attribute;
    SIZE_T size;
    ULONG_PTR value;
    SIZE_T *return_length;
};

struct nt_ps_attribute_list {
    SIZE_T total_length;
    struct nt_ps_attribute attributes[1];
};

#define NT_THREAD_CREATE_SUSPENDED  0x00000001
#define NT_PROCESS_CREATE_BREAKAWAY 0x00000001
#define NT_PROCESS_CREATE_INHERIT   0x00000004

NTSTATUS NTAPI NtCreateUserProcess(HANDLE *, HANDLE *, ACCESS_MASK, ACCESS_MASK,
                                   OBJECT_ATTRIBUTES *, OBJECT_ATTRIBUTES *, ULONG, ULONG, void *,
                                   void *, struct nt_ps_attribute_list *);
NTSTATUS NTAPI NtCreateProcessEx(HANDLE *, ACCESS_MASK, OBJECT_ATTRIBUTES *, HANDLE, ULONG, HANDLE,
                                 HANDLE, HANDLE, ULONG);
NTSTATUS NTAPI NtCreateProcess(HANDLE *, ACCESS_MASK, OBJECT_ATTRIBUTES *, HANDLE, BOOLEAN, HANDLE,
                               HANDLE, HANDLE);
NTSTATUS NTAPI NtResumeThread(HANDLE, ULONG *);
NTSTATUS NTAPI NtTerminateProcess(HANDLE, NTSTATUS);
NTSTATUS NTAPI NtAllocateVirtualMemory(HANDLE, void **, ULONG_PTR, SIZE_T *, ULONG, ULONG);
NTSTATUS NTAPI NtFreeVirtualMemory(HANDLE, void **, SIZE_T *, ULONG);
NTSTATUS NTAPI NtProtectVirtualMemory(HANDLE, void **, SIZE_T *, ULONG, ULONG *);
NTSTATUS NTAPI NtReadVirtualMemory(HANDLE, const void *, void *, SIZE_T, SIZE_T *);
NTSTATUS NTAPI NtWriteVirtualMemory(HANDLE, void *, const void *, SIZE_T, SIZE_T *);
NTSTATUS NTAPI NtFlushInstructionCache(HANDLE, const void *, SIZE_T);
NTSTATUS NTAPI NtOpenProcess(HANDLE *, ACCESS_MASK, const OBJECT_ATTRIBUTES *, const CLIENT_ID *);
NTSTATUS NTAPI NtOpenThread(HANDLE *, ACCESS_MASK, const OBJECT_ATTRIBUTES *, const CLIENT_ID *);
NTSTATUS NTAPI NtGetNextProcess(HANDLE, ACCESS_MASK, ULONG, ULONG, HANDLE *);
NTSTATUS NTAPI NtIsProcessInJob(HANDLE process, HANDLE job);
NTSTATUS NTAPI NtAssignProcessToJobObject(HANDLE job, HANDLE process);
NTSTATUS NTAPI NtQueryInformationJobObject(HANDLE, ULONG, void *, ULONG, ULONG *);
NTSTATUS NTAPI NtDuplicateObject(HANDLE, HANDLE, HANDLE, HANDLE *, ACCESS_MASK, ULONG, ULONG);
NTSTATUS NTAPI NtQueryVirtualMemory(HANDLE, const void *, ULONG, void *, SIZE_T, SIZE_T *);
NTSTATUS NTAPI NtQueueApcThread(HANDLE, PIO_APC_ROUTINE, void *, void *, void *);
NTSTATUS NTAPI RtlCreateUserThread(HANDLE, SECURITY_DESCRIPTOR *, BOOLEAN suspended,
                                   ULONG zero_bits, SIZE_T reserve, SIZE_T commit,
                                   DWORD(WINAPI *)(void *), void *, HANDLE *, CLIENT_ID *);
NTSTATUS NTAPI NtDelayExecution(BOOLEAN, const LARGE_INTEGER *);
NTSTATUS NTAPI NtYieldExecution(void);

// Atoms

NTSTATUS NTAPI NtAddAtom(const WCHAR *, ULONG length, USHORT *);
NTSTATUS NTAPI NtAddAtomEx(const WCHAR *, ULONG length, USHORT *, ULONG flags); // NT 6.2
NTSTATUS NTAPI NtFindAtom(const WCHAR *, ULONG length, USHORT *);
NTSTATUS NTAPI NtDeleteAtom(USHORT);
NTSTATUS NTAPI NtQueryInformationAtom(USHORT, ULONG class, void *, ULONG, ULONG *);

// The machine

NTSTATUS NTAPI NtLoadDriver(UNICODE_STRING *);
NTSTATUS NTAPI NtUnloadDriver(UNICODE_STRING *);
NTSTATUS NTAPI NtSetSystemTime(LARGE_INTEGER *, LARGE_INTEGER *);
NTSTATUS NTAPI NtSetSystemInformation(ULONG, void *, ULONG);
NTSTATUS NTAPI NtSetDefaultLocale(BOOLEAN, ULONG);
NTSTATUS NTAPI NtSetDefaultUILanguage(USHORT);
NTSTATUS NTAPI NtSetSystemEnvironmentValue(UNICODE_STRING *, UNICODE_STRING *);
NTSTATUS NTAPI NtSetSystemEnvironmentValueEx(UNICODE_STRING *, GUID *, void *, ULONG, ULONG);
NTSTATUS NTAPI NtAddBootEntry(void *, ULONG *);
NTSTATUS NTAPI NtModifyBootEntry(void *);
NTSTATUS NTAPI NtDeleteBootEntry(ULONG);
NTSTATUS NTAPI NtSetBootEntryOrder(ULONG *, ULONG);
NTSTATUS NTAPI NtSetBootOptions(void *, ULONG);
NTSTATUS NTAPI NtAddDriverEntry(void *, ULONG *);
NTSTATUS NTAPI NtModifyDriverEntry(void *);
NTSTATUS NTAPI NtDeleteDriverEntry(ULONG);
NTSTATUS NTAPI NtSetDriverEntryOrder(ULONG *, ULONG);
NTSTATUS NTAPI NtSystemDebugControl(ULONG, void *, ULONG, void *, ULONG, ULONG *);
NTSTATUS NTAPI NtRaiseHardError(NTSTATUS, ULONG, ULONG, ULONG_PTR *, ULONG, ULONG *);
NTSTATUS NTAPI NtSetInformationThread(HANDLE, THREADINFOCLASS, void *, ULONG);
NTSTATUS NTAPI NtPowerInformation(ULONG, void *, ULONG, void *, ULONG);
NTSTATUS NTAPI NtShutdownSystem(ULONG);
NTSTATUS NTAPI NtInitiatePowerAction(ULONG, ULONG, ULONG, BOOLEAN);
NTSTATUS NTAPI NtSetSystemPowerState(ULONG, ULONG, ULONG);
NTSTATUS NTAPI NtPrivilegeCheck(HANDLE, PRIVILEGE_SET *, BOOLEAN *);

// The loader

NTSTATUS NTAPI LdrLoadDll(const WCHAR *, ULONG *, UNICODE_STRING *, void **);
NTSTATUS NTAPI LdrGetDllHandle(const WCHAR *, ULONG *, UNICODE_STRING *, void **);
NTSTATUS NTAPI LdrGetProcedureAddress(void *, ANSI_STRING *, ULONG, void **);

WCHAR NTAPI RtlUpcaseUnicodeChar(WCHAR);
WCHAR NTAPI RtlDowncaseUnicodeChar(WCHAR);
void *NTAPI RtlAddVectoredExceptionHandler(ULONG, LONG(NTAPI *)(EXCEPTION_POINTERS *));

#endif
