#include "core/pe.h"
#include "layer/bitness.h"
#include "layer/file_name.h"
#include "layer/handed.h"
#include "layer/keep.h"
#include "layer/limit.h"
#include "layer/links.h"
#include "layer/members.h"
#include "layer/name_query.h"
#include "layer/store.h"
#include "layer/trace.h"

// Processes: every one that a process of the VM starts is given the layer before it runs, or is not
// started.

/* The image is looked at beforehand: what is no Windows program at all must not be tried, because
 * a host that is not Windows might run it as one of its own, without the layer (Wine:
 * dlls/ntdll/unix/process.c, fork_and_exec). */
static NTSTATUS check_image(struct str16 image)
{
    layer_cleanup_handle HANDLE file = NULL;
    layer_cleanup_free uint8_t *head = layer_alloc(4096);
    struct pe_header header;
    IO_STATUS_BLOCK io;

    if (!head)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status =
        host_open(image, FILE_READ_DATA, FILE_OPEN, FILE_NON_DIRECTORY_FILE, 0, &file);
    if (!status)
        status = real.NtReadFile(file, NULL, NULL, NULL, &io, head, 4096, NULL, NULL);
    if (status == (NTSTATUS)0xC0000011 /* STATUS_END_OF_FILE */)
        return STATUS_INVALID_IMAGE_NOT_MZ;
    if (status)
        return status;
    if (io.Information < 2 || head[0] != 'M' || head[1] != 'Z')
        return STATUS_INVALID_IMAGE_NOT_MZ;
    // Headers further down than what was read are left to the system to judge.
    if (pe_read_header(head, (size_t)io.Information, &header) && !bitness_known(header.machine))
        return STATUS_NOT_SUPPORTED;
    return STATUS_SUCCESS;
}

// The thread of an entered process that starts something outside of the VM.
static uint32_t outside_thread;

void process_start_outside(bool on)
{
    __atomic_store_n(&outside_thread, on ? layer_thread_id() : 0, __ATOMIC_RELEASE);
}

static bool starts_outside(void)
{
    uint32_t thread = __atomic_load_n(&outside_thread, __ATOMIC_ACQUIRE);
    return thread && thread == layer_thread_id();
}

/* What a child of this process is, of enum layer_child. */
static uint32_t child_of(bool inherits, bool own_image)
{
    // What the monitor starts are services.
    bool service =
        layer_state.service || (layer_state.entered && layer_kept && layer_kept->services_apart &&
                                layer_kept->monitor == layer_process_id());
    return (layer_state.entered ? LAYER_CHILD_ORPHAN : 0) | (service ? LAYER_CHILD_SERVICE : 0) |
           (inherits ? LAYER_CHILD_INHERITS : 0) | (own_image ? LAYER_CHILD_OWN_IMAGE : 0) |
           (layer_config.interactive ? LAYER_CHILD_INTERACTIVE : 0);
}

/* Gives the layer to a process that has not run yet and sees that it is in the VM's job; ends it
 * when that fails. `inherits`: it has handles from this one; `own_image`: its program's file is the
 * VM's. */
static NTSTATUS bring_in(HANDLE process, bool inherits, bool own_image)
{
    uint8_t *base = NULL;
    bool other;
    uint32_t child = child_of(inherits, own_image);
    NTSTATUS status = bitness_differs(process, &other);
    if (!status && other) // it looks through what it is handed, whether it is anything or not
        status = bitness_give(process, child);
    else if (!status)
        status = layer_install(process, child & ~(uint32_t)LAYER_CHILD_INHERITS, &base, NULL);
    if (!status && own_image) {
        // On Windows a 32-bit process begins with the 64-bit form of its parameters, which a
        // 64-bit parent writes.
        NTSTATUS mended = name_mend_parameters(process);
        status = other ? STATUS_SUCCESS : mended;
    }
    if (!status && inherits)
        handed_to_child(process, base);
    // Whom the monitor and the commands start, they put into the job themselves. The others are in
    // it from birth, but where a job of the program's own lets its children go.
    if (!status && !layer_state.entered) {
        status = member_add(process);
        if (!status)
            status = limit_check();
    }
    if (status)
        real.NtTerminateProcess(process, status);
    return status;
}

/* Records that a process was made, before it runs, or why not. */
static NTSTATUS traced(const char *call, HANDLE process, struct str16 image, NTSTATUS status)
{
    PROCESS_BASIC_INFORMATION basic = {0};
    struct trace_what what = {TRACE_PROCESS, status < 0 ? TRACE_ABSENT : TRACE_STARTED, call,
                              status, 0};
    // What is started is recorded always: a service's refusals are also those of its children.
    if (status && !trace_wants(what.outcome, status))
        return status;
    if (!status && !real.NtQueryInformationProcess(process, ProcessBasicInformation, &basic,
                                                   sizeof basic, NULL))
        what.subject = (uint32_t)basic.UniqueProcessId;
    trace_put(&what, (struct str16){0}, image);
    return status;
}

NTSTATUS NTAPI layer_NtCreateUserProcess(HANDLE *process, HANDLE *thread,
                                         ACCESS_MASK process_access, ACCESS_MASK thread_access,
                                         OBJECT_ATTRIBUTES *process_attributes,
                                         OBJECT_ATTRIBUTES *thread_attributes, ULONG process_flags,
                                         ULONG thread_flags, void *parameters, void *create_info,
                                         struct nt_ps_attribute_list *list)
{
    enum { MAX_ATTRIBUTES = 32 };
    struct {
        SIZE_T total_length;
        struct nt_ps_attribute attributes[MAX_ATTRIBUTES];
    } copy;
    layer_cleanup_file_name struct file_name name = {0};
    layer_cleanup_free uint16_t *memory = NULL;
    bool own = false; // the file is the VM's

    layer_wake();
    if (starts_outside())
        return real.NtCreateUserProcess(process, thread, process_access, thread_access,
                                        process_attributes, thread_attributes, process_flags,
                                        thread_flags, parameters, create_info, list);
    if (!list || list->total_length < sizeof list->total_length || list->total_length > sizeof copy)
        return STATUS_INVALID_PARAMETER;
    memcpy(&copy, list, list->total_length);
    size_t count = (copy.total_length - sizeof copy.total_length) / sizeof *copy.attributes;
    for (size_t i = 0; i < count; i++) {
        struct nt_ps_attribute *attribute = &copy.attributes[i];
        if (attribute->attribute != NT_PS_ATTRIBUTE_IMAGE_NAME)
            continue;
        UNICODE_STRING text = {(USHORT)attribute->size, (USHORT)attribute->size,
                               (WCHAR *)attribute->value};
        OBJECT_ATTRIBUTES attributes = nt_named(&text), *followed = &attributes;
        struct store_view view;
        struct str16_buf image;
        layer_cleanup_links_name struct links_name link;
        NTSTATUS status = links_follow(&followed, &link);
        if (!status)
            status = file_name_read(followed, &name);
        if (!status && name.path.kind != NTPATH_FILE)
            status = STATUS_OBJECT_NAME_NOT_FOUND;
        if (!status)
            status = store_look(name.path.canon, &view);
        if (!status && !view.effective)
            status = store_absent_status(name.path.canon, name.path.trailing);
        if (status)
            return traced(TRACE_CALL, NULL, name.path.canon, status);
        memory = view.upper ? store_upper_name(name.path.canon, 0, &image)
                            : store_lower_name(name.path.canon, 0, &image);
        if (!memory)
            return STATUS_INSUFFICIENT_RESOURCES;
        if ((status = check_image(str16_view(&image))))
            return traced(TRACE_CALL, NULL, name.path.canon, status);
        if (view.upper || link.memory) {
            attribute->size = image.len * sizeof(WCHAR);
            attribute->value = (ULONG_PTR)image.s;
            own = view.upper != 0;
        }
    }
    NTSTATUS status;
    for (;;) {
        status = real.NtCreateUserProcess(process, thread, process_access | PROCESS_ALL_ACCESS,
                                          thread_access | THREAD_SUSPEND_RESUME, process_attributes,
                                          thread_attributes, process_flags,
                                          thread_flags | NT_THREAD_CREATE_SUSPENDED, parameters,
                                          create_info, (void *)&copy);
        // Natively there is no job to leave; the VM's lets nobody go.
        if (status != STATUS_ACCESS_DENIED || !(process_flags & NT_PROCESS_CREATE_BREAKAWAY))
            break;
        process_flags &= ~(ULONG)NT_PROCESS_CREATE_BREAKAWAY;
    }
    if (status)
        return traced(TRACE_CALL, NULL, name.path.canon, status);
    status = bring_in(*process, process_flags & NT_PROCESS_CREATE_INHERIT, own);
    traced(TRACE_CALL, *process, name.path.canon, status);
    if (status) {
        real.NtClose(*thread);
        real.NtClose(*process);
        return status;
    }
    if (!(thread_flags & NT_THREAD_CREATE_SUSPENDED))
        real.NtResumeThread(*thread, NULL);
    return STATUS_SUCCESS;
}

// The older way: a process is made without a thread, its first one later.

NTSTATUS NTAPI layer_NtCreateProcessEx(HANDLE *process, ACCESS_MASK access,
                                       OBJECT_ATTRIBUTES *attributes, HANDLE parent, ULONG flags,
                                       HANDLE section, HANDLE debug_port, HANDLE exception_port,
                                       ULONG job_level)
{
    layer_wake();
    NTSTATUS status =
        real.NtCreateProcessEx(process, access | PROCESS_ALL_ACCESS, attributes, parent, flags,
                               section, debug_port, exception_port, job_level);
    // Without a section it is a copy of its parent, which has the layer, with all the memory.
    if (!status && section && !starts_outside()) {
        status = bring_in(*process, flags & NT_PROCESS_CREATE_INHERIT, false);
        traced(TRACE_CALL, *process, (struct str16){0}, status);
        if (status)
            real.NtClose(*process);
    }
    return status;
}

NTSTATUS NTAPI layer_NtCreateProcess(HANDLE *process, ACCESS_MASK access,
                                     OBJECT_ATTRIBUTES *attributes, HANDLE parent, BOOLEAN inherit,
                                     HANDLE section, HANDLE debug_port, HANDLE exception_port)
{
    layer_wake();
    NTSTATUS status = real.NtCreateProcess(process, access | PROCESS_ALL_ACCESS, attributes, parent,
                                           inherit, section, debug_port, exception_port);
    if (!status && section && !starts_outside()) {
        status = bring_in(*process, inherit, false);
        traced(TRACE_CALL, *process, (struct str16){0}, status);
        if (status)
            real.NtClose(*process);
    }
    return status;
}
