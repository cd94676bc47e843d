#include "layer/members.h"
#include "layer/name_query.h"

// The names of mapped files and of the files that processes run.

enum { // phnt's ntpsapi.h, ntexapi.h and ntmmapi.h
    MEMORY_MAPPED_FILE_NAME = 2,
    PROCESS_IMAGE_FILE_NAME = 27,
    PROCESS_IMAGE_FILE_NAME_WIN32 = 43,
    SYSTEM_PROCESS_ID_INFORMATION = 88,
};

static NTSTATUS ask_memory(const struct name_question *question, void *info, ULONG length,
                           ULONG *returned)
{
    SIZE_T size = 0;
    NTSTATUS status = real.NtQueryVirtualMemory(question->handle, question->address,
                                                question->class, info, length, &size);
    *returned = (ULONG)size;
    return status;
}

NTSTATUS NTAPI layer_NtQueryVirtualMemory(HANDLE process, const void *address, ULONG class,
                                          void *info, SIZE_T length, SIZE_T *returned)
{
    if (class != MEMORY_MAPPED_FILE_NAME || !info || length > 0x7fffffff)
        return real.NtQueryVirtualMemory(process, address, class, info, length, returned);
    layer_wake();
    struct name_question question = {ask_memory, process, address, class};
    ULONG size = 0;
    NTSTATUS status = name_answer(&question, info, (ULONG)length, &size);
    if (returned && size)
        *returned = size;
    return status;
}

static NTSTATUS ask_process(const struct name_question *question, void *info, ULONG length,
                            ULONG *returned)
{
    return real.NtQueryInformationProcess(question->handle, (PROCESSINFOCLASS)question->class, info,
                                          length, returned);
}

/* The parent's id is the only thing in it that may be of a process which the VM does not see. Who
 * asks for itself or its child costs no further call. */
static NTSTATUS process_basic(HANDLE process, void *info, ULONG length, ULONG *returned)
{
    NTSTATUS status =
        real.NtQueryInformationProcess(process, ProcessBasicInformation, info, length, returned);
    // The extended form, of another length, begins with its size.
    PROCESS_BASIC_INFORMATION *basic =
        length == sizeof *basic
            ? info
            : (PROCESS_BASIC_INFORMATION *)((uint8_t *)info + sizeof(ULONG_PTR));
    if (status || layer_state.entered || length < sizeof *basic)
        return status;
    ULONG_PTR *parent = &basic->InheritedFromUniqueProcessId;
    bool self = process == NtCurrentProcess() || basic->UniqueProcessId == layer_process_id();
    if (self ? layer_state.orphan
             : *parent && *parent != layer_process_id() &&
                   member_find(*parent, NULL) == MEMBER_FOREIGN)
        *parent = 0;
    return status;
}

NTSTATUS NTAPI layer_NtQueryInformationProcess(HANDLE process, PROCESSINFOCLASS class, void *info,
                                               ULONG length, ULONG *returned)
{
    if (class == ProcessBasicInformation)
        return process_basic(process, info, length, returned);
    if (((int)class != PROCESS_IMAGE_FILE_NAME && (int)class != PROCESS_IMAGE_FILE_NAME_WIN32))
        return real.NtQueryInformationProcess(process, class, info, length, returned);
    layer_wake();
    struct name_question question = {ask_process, process, NULL, (ULONG) class};
    ULONG size = 0;
    NTSTATUS status = name_answer(&question, info, length, &size);
    if (returned && size)
        *returned = size;
    return status;
}

static NTSTATUS read_at(HANDLE process, const void *at, void *to, SIZE_T size)
{
    SIZE_T done = 0;
    NTSTATUS status = real.NtReadVirtualMemory(process, at, to, size, &done);
    return status || done == size ? status : STATUS_UNSUCCESSFUL;
}

NTSTATUS name_mend_parameters(HANDLE process)
{
    PROCESS_BASIC_INFORMATION basic;
    UNICODE_STRING path;
    RTL_USER_PROCESS_PARAMETERS *parameters;
    layer_cleanup_free uint16_t *text = NULL, *memory = NULL;
    struct str16 name = {0};
    bool translated = false;

    NTSTATUS status = real.NtQueryInformationProcess(process, ProcessBasicInformation, &basic,
                                                     sizeof basic, NULL);
    if (!status)
        status =
            read_at(process, &basic.PebBaseAddress->ProcessParameters, &parameters, sizeof(void *));
    // A process of the other bitness has none that can be reached, or not yet.
    if (status || !parameters)
        return status;
    status = read_at(process, &parameters->ImagePathName, &path, sizeof path);
    if (status)
        return status;
    text = layer_alloc(path.Length + sizeof(WCHAR));
    if (!text)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = read_at(process, path.Buffer, text, path.Length);
    if (!status)
        status = name_translate((struct str16){text, path.Length / sizeof(WCHAR)}, &memory, &name,
                                &translated);
    size_t size = name.len * sizeof(WCHAR);
    if (status || !translated || size > path.Length)
        return status;
    memcpy(text, name.s, size);
    text[name.len] = 0;
    path.Length = (USHORT)size;
    // Behind the longer name there is a terminator, so there is room for this one's.
    status = real.NtWriteVirtualMemory(process, path.Buffer, text, size + sizeof(WCHAR), NULL);
    if (!status)
        status = real.NtWriteVirtualMemory(process, &parameters->ImagePathName, &path, sizeof path,
                                           NULL);
    return status;
}

static NTSTATUS ask_process_id(struct process_id_information *info, ULONG length, ULONG *returned)
{
    return real.NtQuerySystemInformation((SYSTEM_INFORMATION_CLASS)SYSTEM_PROCESS_ID_INFORMATION,
                                         info, length, returned);
}

NTSTATUS name_of_process_id(struct process_id_information *info, ULONG length, ULONG *returned)
{
    enum { LONGEST = 0xfffe };
    layer_cleanup_free uint16_t *memory = NULL, *whole = NULL;
    struct process_id_information full = *info;
    const USHORT room = info->image.MaximumLength;
    struct str16 name;
    bool translated = false;

    NTSTATUS status = ask_process_id(info, length, returned);
    if (status && status != STATUS_INFO_LENGTH_MISMATCH)
        return status;
    if (!status) {
        full = *info;
    } else {
        whole = layer_alloc(LONGEST);
        if (!whole)
            return status;
        full.image = (UNICODE_STRING){0, LONGEST, (WCHAR *)whole};
        if (ask_process_id(&full, sizeof full, NULL))
            return status;
    }
    if (name_translate(str16_of_unicode(&full.image), &memory, &name, &translated) || !translated)
        return status;
    USHORT size = (USHORT)(name.len * sizeof(WCHAR)), needed = size + (USHORT)sizeof(WCHAR);
    info->image.MaximumLength = needed;
    if (room < needed)
        return STATUS_INFO_LENGTH_MISMATCH;
    info->image.Length = size;
    memcpy(info->image.Buffer, name.s, size);
    info->image.Buffer[name.len] = 0;
    return STATUS_SUCCESS;
}
