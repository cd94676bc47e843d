#include "layer/limit.h"
#include "layer/members.h"

#ifndef STATUS_QUOTA_EXCEEDED
#define STATUS_QUOTA_EXCEEDED ((NTSTATUS)0xC0000044)
#endif

void limit_processes(uint32_t most)
{
    __atomic_store_n(&layer_limit->processes, most, __ATOMIC_RELAXED);
}

NTSTATUS limit_check(void)
{
    uint32_t most = __atomic_load_n(&layer_limit->processes, __ATOMIC_RELAXED);
    uint32_t count;
    if (!most)
        return STATUS_SUCCESS;
    NTSTATUS status = member_count(&count);
    if (status)
        return status;
    return count > most ? STATUS_QUOTA_EXCEEDED : STATUS_SUCCESS;
}
