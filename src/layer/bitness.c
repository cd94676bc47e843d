#include "layer/bitness.h"
#include "core/pe.h"
#include "layer/service_call.h"

#ifdef _WIN64
#define OUR_MACHINE   PE_MACHINE_X86_64
#define OTHER_MACHINE PE_MACHINE_I386
#define OTHER_IMAGE   1
#else
#define OUR_MACHINE   PE_MACHINE_I386
#define OTHER_MACHINE PE_MACHINE_X86_64
#define OTHER_IMAGE   0
#endif

static NTSTATUS (*own_give)(HANDLE process, uint32_t child);

void bitness_set_give(NTSTATUS (*give)(HANDLE process, uint32_t child))
{
    own_give = give;
}

NTSTATUS bitness_differs(HANDLE process, bool *differs)
{
    ULONG_PTR theirs = 0, ours = 0;
    *differs = false;
    if (process == NtCurrentProcess())
        return STATUS_SUCCESS;
    NTSTATUS status = real.NtQueryInformationProcess(process, ProcessWow64Information, &theirs,
                                                     sizeof theirs, NULL);
    if (!status)
        status = real.NtQueryInformationProcess(NtCurrentProcess(), ProcessWow64Information, &ours,
                                                sizeof ours, NULL);
    *differs = !theirs != !ours;
    return status;
}

bool bitness_known(uint16_t machine)
{
    return machine == OUR_MACHINE ||
           (machine == OTHER_MACHINE && layer_config.images[OTHER_IMAGE][0]);
}

NTSTATUS bitness_give(HANDLE process, uint32_t child)
{
    HANDLE handle;
    service_cleanup_call struct service_call call = {0};

    if (!bitness_known(OTHER_MACHINE))
        return STATUS_NOT_SUPPORTED;
    if (own_give)
        return own_give(process, child);
    DWORD error = service_connect(&handle);
    if (error != ERROR_SUCCESS)
        return STATUS_NOT_SUPPORTED;
    service_call_begin(&call, SCM_GIVE_LAYER, SERVICE_CALL_SMALL, SERVICE_CALL_SMALL);
    wire_put_u32(&call.w, SCM_VERSION);
    wire_put_u32(&call.w, layer_process_id());
    wire_put_u64(&call.w, (ULONG_PTR)process);
    wire_put_u32(&call.w, child);
    error = service_call_send(&call, handle);
    real.NtClose(handle);
    NTSTATUS status =
        error == ERROR_SUCCESS ? (NTSTATUS)wire_get_u32(&call.r) : STATUS_UNSUCCESSFUL;
    return call.r.failed ? STATUS_UNSUCCESSFUL : status;
}
