// The system calls that the layer knows: those that it stands before, and those that it only makes.
#ifndef PLUME_LAYER_CALLS_H
#define PLUME_LAYER_CALLS_H

#include <stdbool.h>
#include "layer/nt.h"

/* Interposed: for each there is a function layer_NAME() of the same type. A call that the host's
 * ntdll does not have is left out of the process, and must not be made through `real` there. */
#define LAYER_INTERPOSED(X)                                                                        \
    X(NtClose)                                                                                     \
    X(NtDuplicateObject)                                                                           \
    X(NtQueryObject)                                                                               \
    X(NtQuerySecurityObject)                                                                       \
    X(NtSetSecurityObject)                                                                         \
    /* files */                                                                                    \
    X(NtCreateFile)                                                                                \
    X(NtOpenFile)                                                                                  \
    X(NtDeleteFile)                                                                                \
    X(NtQueryAttributesFile)                                                                       \
    X(NtQueryFullAttributesFile)                                                                   \
    X(NtQueryDirectoryFile)                                                                        \
    X(NtQueryDirectoryFileEx)                                                                      \
    X(NtNotifyChangeDirectoryFile)                                                                 \
    X(NtNotifyChangeDirectoryFileEx)                                                               \
    X(NtQueryInformationFile)                                                                      \
    X(NtSetInformationFile)                                                                        \
    X(NtReadFile)                                                                                  \
    X(NtReadFileScatter)                                                                           \
    X(NtLockFile)                                                                                  \
    X(NtUnlockFile)                                                                                \
    X(NtCancelIoFile)                                                                              \
    X(NtCancelIoFileEx)                                                                            \
    X(NtQueryEaFile)                                                                               \
    X(NtWaitForSingleObject)                                                                       \
    X(NtWaitForMultipleObjects)                                                                    \
    X(NtSignalAndWaitForSingleObject)                                                              \
    /* pipes, mailslots, sockets */                                                                \
    X(NtCreateNamedPipeFile)                                                                       \
    X(NtCreateMailslotFile)                                                                        \
    X(NtFsControlFile)                                                                             \
    X(NtDeviceIoControlFile)                                                                       \
    /* keys */                                                                                     \
    X(NtCreateKey)                                                                                 \
    X(NtCreateKeyTransacted)                                                                       \
    X(NtOpenKey)                                                                                   \
    X(NtOpenKeyEx)                                                                                 \
    X(NtOpenKeyTransacted)                                                                         \
    X(NtOpenKeyTransactedEx)                                                                       \
    X(NtDeleteKey)                                                                                 \
    X(NtDeleteValueKey)                                                                            \
    X(NtEnumerateKey)                                                                              \
    X(NtEnumerateValueKey)                                                                         \
    X(NtQueryKey)                                                                                  \
    X(NtQueryValueKey)                                                                             \
    X(NtQueryMultipleValueKey)                                                                     \
    X(NtRenameKey)                                                                                 \
    X(NtSetValueKey)                                                                               \
    X(NtSetInformationKey)                                                                         \
    X(NtFlushKey)                                                                                  \
    X(NtNotifyChangeKey)                                                                           \
    X(NtNotifyChangeMultipleKeys)                                                                  \
    X(NtLoadKey)                                                                                   \
    X(NtLoadKey2)                                                                                  \
    X(NtLoadKeyEx)                                                                                 \
    X(NtUnloadKey)                                                                                 \
    X(NtUnloadKey2)                                                                                \
    X(NtUnloadKeyEx)                                                                               \
    X(NtSaveKey)                                                                                   \
    X(NtSaveKeyEx)                                                                                 \
    X(NtSaveMergedKeys)                                                                            \
    X(NtReplaceKey)                                                                                \
    X(NtRestoreKey)                                                                                \
    X(NtLoadKey3)                                                                                  \
    X(NtCompactKeys)                                                                               \
    X(NtCompressKey)                                                                               \
    X(NtLockRegistryKey)                                                                           \
    X(NtFreezeRegistry)                                                                            \
    X(NtThawRegistry)                                                                              \
    X(NtInitializeRegistry)                                                                        \
    X(NtQueryOpenSubKeys)                                                                          \
    X(NtQueryOpenSubKeysEx)                                                                        \
    /* named objects */                                                                            \
    X(NtCreateEvent)                                                                               \
    X(NtOpenEvent)                                                                                 \
    X(NtCreateMutant)                                                                              \
    X(NtOpenMutant)                                                                                \
    X(NtCreateSemaphore)                                                                           \
    X(NtOpenSemaphore)                                                                             \
    X(NtCreateTimer)                                                                               \
    X(NtOpenTimer)                                                                                 \
    X(NtCreateSection)                                                                             \
    X(NtOpenSection)                                                                               \
    X(NtCreateJobObject)                                                                           \
    X(NtOpenJobObject)                                                                             \
    X(NtCreateKeyedEvent)                                                                          \
    X(NtOpenKeyedEvent)                                                                            \
    X(NtCreateIoCompletion)                                                                        \
    X(NtOpenIoCompletion)                                                                          \
    X(NtCreateDirectoryObject)                                                                     \
    X(NtOpenDirectoryObject)                                                                       \
    X(NtCreatePrivateNamespace) /* since NT 6.0 */                                                 \
    X(NtOpenPrivateNamespace)                                                                      \
    X(NtQueryDirectoryObject)                                                                      \
    X(NtCreateSymbolicLinkObject)                                                                  \
    X(NtOpenSymbolicLinkObject)                                                                    \
    X(NtQuerySymbolicLinkObject)                                                                   \
    X(NtMakeTemporaryObject)                                                                       \
    X(NtMakePermanentObject)                                                                       \
    X(NtCreateDebugObject)                                                                         \
    /* views */                                                                                    \
    X(NtMapViewOfSection)                                                                          \
    X(NtMapViewOfSectionEx)                                                                        \
    X(NtUnmapViewOfSection)                                                                        \
    X(NtUnmapViewOfSectionEx)                                                                      \
    /* ports */                                                                                    \
    X(NtCreatePort)                                                                                \
    X(NtCreateWaitablePort)                                                                        \
    X(NtConnectPort)                                                                               \
    X(NtSecureConnectPort)                                                                         \
    X(NtAlpcCreatePort)                                                                            \
    X(NtAlpcConnectPort)                                                                           \
    X(NtAlpcConnectPortEx)                                                                         \
    /* processes */                                                                                \
    X(NtCreateUserProcess)                                                                         \
    X(NtCreateProcess)                                                                             \
    X(NtCreateProcessEx)                                                                           \
    X(NtQueryInformationProcess)                                                                   \
    X(NtTerminateProcess)                                                                          \
    X(NtQueryVirtualMemory)                                                                        \
    X(NtQuerySystemInformation)                                                                    \
    X(NtOpenProcess)                                                                               \
    X(NtOpenThread)                                                                                \
    X(NtGetNextProcess)                                                                            \
    /* atoms */                                                                                    \
    X(NtAddAtom)                                                                                   \
    X(NtAddAtomEx)                                                                                 \
    X(NtFindAtom)                                                                                  \
    X(NtDeleteAtom)                                                                                \
    X(NtQueryInformationAtom)                                                                      \
    /* the machine */                                                                              \
    X(NtLoadDriver)                                                                                \
    X(NtUnloadDriver)                                                                              \
    X(NtSetSystemTime)                                                                             \
    X(NtSetSystemInformation)                                                                      \
    X(NtSetDefaultLocale)                                                                          \
    X(NtSetDefaultUILanguage)                                                                      \
    X(NtSetSystemEnvironmentValue)                                                                 \
    X(NtSetSystemEnvironmentValueEx)                                                               \
    X(NtAddBootEntry)                                                                              \
    X(NtModifyBootEntry)                                                                           \
    X(NtDeleteBootEntry)                                                                           \
    X(NtSetBootEntryOrder)                                                                         \
    X(NtSetBootOptions)                                                                            \
    X(NtAddDriverEntry)                                                                            \
    X(NtModifyDriverEntry)                                                                         \
    X(NtDeleteDriverEntry)                                                                         \
    X(NtSetDriverEntryOrder)                                                                       \
    X(NtSystemDebugControl)                                                                        \
    X(NtRaiseHardError)                                                                            \
    X(NtSetInformationProcess)                                                                     \
    X(NtSetInformationThread)                                                                      \
    X(NtPowerInformation)                                                                          \
    X(NtShutdownSystem)                                                                            \
    X(NtInitiatePowerAction)                                                                       \
    X(NtSetSystemPowerState)

/* Only made. */
#define LAYER_USED(X)                                                                              \
    X(NtWriteFile)                                                                                 \
    X(NtOpenThreadToken)                                                                           \
    X(NtPrivilegeCheck)                                                                            \
    X(NtOpenProcessToken)                                                                          \
    X(NtDuplicateToken)                                                                            \
    X(NtAccessCheck)                                                                               \
    X(NtResetEvent)                                                                                \
    X(NtSetEvent)                                                                                  \
    X(NtQueueApcThread)                                                                            \
    X(NtRemoveIoCompletion)                                                                        \
    X(NtSetIoCompletion)                                                                           \
    X(NtAssignProcessToJobObject)                                                                  \
    X(NtIsProcessInJob)                                                                            \
    X(NtQueryInformationJobObject)                                                                 \
    X(NtQueryInformationThread)                                                                    \
    X(NtSetEaFile)                                                                                 \
    X(NtQueryVolumeInformationFile)                                                                \
    X(NtGetNextThread) /* NT 6.0 */                                                                \
    X(NtSuspendThread)                                                                             \
    X(NtGetContextThread)                                                                          \
    X(NtResumeThread)                                                                              \
    X(NtAllocateVirtualMemory)                                                                     \
    X(NtFreeVirtualMemory)                                                                         \
    X(NtProtectVirtualMemory)                                                                      \
    X(NtReadVirtualMemory)                                                                         \
    X(NtWriteVirtualMemory)                                                                        \
    X(NtFlushInstructionCache)                                                                     \
    X(NtDelayExecution)                                                                            \
    X(NtYieldExecution)

#define LAYER_COUNT(name) +1
enum {
    LAYER_INTERPOSED_COUNT = 0 LAYER_INTERPOSED(LAYER_COUNT),
    LAYER_CALL_COUNT = LAYER_INTERPOSED_COUNT LAYER_USED(LAYER_COUNT),
};

/* Each call as the system has it, past the layer. */
struct real_calls {
#define LAYER_FIELD(name) __typeof__(&name) name;
    LAYER_INTERPOSED(LAYER_FIELD)
    LAYER_USED(LAYER_FIELD)
#undef LAYER_FIELD
};
extern struct real_calls real;

/* The names, and for the first LAYER_INTERPOSED_COUNT the layer's own functions, in the order of
 * struct real_calls. */
extern const char *const layer_call_names[LAYER_CALL_COUNT];
extern void *const layer_replacements[LAYER_INTERPOSED_COUNT];

/* Whether a call that is only made is newer than NT 5.2. */
bool layer_call_is_newer(unsigned index);

#define LAYER_PROTOTYPE(name) extern __typeof__(name) layer_##name;
LAYER_INTERPOSED(LAYER_PROTOTYPE)
#undef LAYER_PROTOTYPE

#endif
