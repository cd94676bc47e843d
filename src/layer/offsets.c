#include "layer/offsets.h"
#include <stddef.h>

// docs/windows-versions.md lists who reads what.

#ifdef _WIN64
#define BOTH(wide, narrow) (wide)
#else
#define BOTH(wide, narrow) (narrow)
#endif
_Static_assert(offsetof(TEB, ProcessEnvironmentBlock) == BOTH(0x60, 0x30) &&
                   offsetof(PEB, Ldr) == BOTH(0x18, 0x0c) &&
                   offsetof(PEB, ProcessParameters) == BOTH(0x20, 0x10) &&
                   offsetof(PEB, Reserved4) + sizeof(void *) == BOTH(0x30, 0x18) &&
                   offsetof(PEB, SessionId) == BOTH(0x2c0, 0x1d4) &&
                   offsetof(PEB_LDR_DATA, InMemoryOrderModuleList) == BOTH(0x20, 0x14) &&
                   offsetof(LDR_DATA_TABLE_ENTRY, DllBase) == BOTH(0x30, 0x18) &&
                   offsetof(LDR_DATA_TABLE_ENTRY, FullDllName) == BOTH(0x48, 0x24),
               "the headers say what Windows does");

/* The process's number and its session's. */
static bool numbers_agree(const PEB *peb)
{
    enum { SESSION_INFORMATION = 24 }; // ProcessSessionInformation
    PROCESS_BASIC_INFORMATION basic;
    ULONG session = 0;
    return !real.NtQueryInformationProcess(NtCurrentProcess(), ProcessBasicInformation, &basic,
                                           sizeof basic, NULL) &&
           !real.NtQueryInformationProcess(NtCurrentProcess(),
                                           (PROCESSINFOCLASS)SESSION_INFORMATION, &session,
                                           sizeof session, NULL) &&
           basic.UniqueProcessId == layer_process_id() && basic.PebBaseAddress == peb &&
           session == peb->SessionId;
}

static bool thread_agrees(void)
{
    struct nt_thread_basic_information basic;
    return !real.NtQueryInformationThread(NtCurrentThread(), (THREADINFOCLASS)0, &basic,
                                          sizeof basic, NULL) &&
           basic.teb == NtCurrentTeb() && (ULONG_PTR)basic.id.UniqueThread == layer_thread_id();
}

/* Where the last error stands: one is set, and put back. */
static bool error_agrees(void)
{
    void(NTAPI * set)(ULONG) = (__typeof__(set))layer_ntdll_function("RtlSetLastWin32Error");
    uint32_t *at = (uint32_t *)&((void **)NtCurrentTeb())[13], before = *at;
    const uint32_t mark = 0x20504c55; // an application's own error
    if (!set)
        return false;
    set(mark);
    bool same = *at == mark;
    set(before);
    return same && *at == before;
}

/* KUSER_SHARED_DATA: the interrupt time, the system time and the system's folder, as C:\... */
static bool shared_page_agrees(void)
{
    enum { SYSTEM_TIME_OF_DAY = 3, SLACK = 10 * 10000000 /* 10 s */ };
    struct {
        LARGE_INTEGER boot, now, bias;
        ULONG zone, reserved;
    } time = {0};
    const volatile uint16_t *root = (const volatile uint16_t *)0x7ffe0030;
    const volatile struct {
        uint32_t low;
        int32_t high, high_again;
    } *page = (const volatile void *)0x7ffe0014;
    if (real.NtQuerySystemInformation((SYSTEM_INFORMATION_CLASS)SYSTEM_TIME_OF_DAY, &time,
                                      sizeof time, NULL))
        return false;
    int32_t high;
    uint32_t low;
    do {
        high = page->high;
        low = page->low;
    } while (high != page->high_again);
    int64_t distance = (int64_t)((uint64_t)(uint32_t)high << 32 | low) - time.now.QuadPart;
    return root[0] && root[1] == ':' && root[2] == '\\' && distance < SLACK && distance > -SLACK;
}

NTSTATUS offsets_check(const char **what)
{
    const PEB *peb = NtCurrentTeb()->ProcessEnvironmentBlock;
    *what = "this Windows keeps a process's numbers elsewhere";
    if (!numbers_agree(peb))
        return STATUS_REVISION_MISMATCH;
    *what = "this Windows keeps a thread's numbers elsewhere";
    if (!thread_agrees())
        return STATUS_REVISION_MISMATCH;
    *what = "this Windows keeps a thread's last error elsewhere";
    if (!error_agrees())
        return STATUS_REVISION_MISMATCH;
    *what = "this Windows has another page that it shares with all";
    if (!shared_page_agrees())
        return STATUS_REVISION_MISMATCH;
    *what = "this Windows keeps a process's list of modules elsewhere";
    return peb->Ldr && peb->Reserved4[1] && layer_ntdll_function("LdrInitializeThunk")
               ? STATUS_SUCCESS
               : STATUS_REVISION_MISMATCH;
}
