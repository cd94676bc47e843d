#include "layer/redirected.h"
#include "core/redirect.h"
#include "layer/host.h"

#ifdef _WIN64

NTSTATUS redirected_name(uint16_t **memory, struct str16 *canon, size_t root)
{
    (void)memory;
    (void)canon;
    (void)root;
    return STATUS_SUCCESS;
}

bool redirected_reach(struct str16 canon, struct str16_buf *out)
{
    (void)canon;
    (void)out;
    return false;
}

#else

enum { WINDOWS_MAX = 260 }; // of KUSER_SHARED_DATA.NtSystemRoot

/* The system's folder in canonical form; empty where nothing is redirected: on a 32-bit system. */
static struct str16 windows_folder(void)
{
    static uint16_t units[WINDOWS_MAX];
    static LONG length; // 0: not known yet; else one more than it is
    LONG known = __atomic_load_n(&length, __ATOMIC_ACQUIRE);
    if (!known) {
        // KUSER_SHARED_DATA.NtSystemRoot, on every Windows and in Wine: C:\Windows.
        const volatile uint16_t *root = (const volatile uint16_t *)0x7ffe0030;
        ULONG_PTR wow64 = 0;
        uint16_t text[WINDOWS_MAX];
        LONG len = 0;
        if (real.NtQueryInformationProcess(NtCurrentProcess(), ProcessWow64Information, &wow64,
                                           sizeof wow64, NULL))
            wow64 = 0;
        while (wow64 && len < WINDOWS_MAX && root[len]) {
            text[len] = root[len];
            len++;
        }
        while (len && text[len - 1] == '\\')
            len--;
        if (len > 2 && text[1] == ':' && text[2] == '\\') {
            // Two threads may do this at once: they write the same.
            units[0] = str16_upcase(text[0]);
            memcpy(units + 1, text + 2, (size_t)(len - 2) * sizeof *units);
            len--;
        } else {
            len = 0;
        }
        known = len + 1;
        __atomic_store_n(&length, known, __ATOMIC_RELEASE);
    }
    return (struct str16){units, (size_t)(known - 1)};
}

/* Whether this thread has turned it off (Wow64DisableWow64FsRedirection). There is no way to ask
 * but to set it; that makes no system call. */
static bool is_off(void)
{
    static void *function; // the address itself where there is none
    NTSTATUS(NTAPI * set)(ULONG_PTR disable, ULONG_PTR * old);
    ULONG_PTR old = 0, ignored;
    void *found = __atomic_load_n(&function, __ATOMIC_ACQUIRE);
    if (!found) {
        found = layer_ntdll_function("RtlWow64EnableFsRedirectionEx");
        if (!found)
            found = &function;
        __atomic_store_n(&function, found, __ATOMIC_RELEASE);
    }
    if (found == &function)
        return false;
    set = (__typeof__(set))found;
    if (set(1, &old))
        return false;
    if (!old)
        set(0, &ignored);
    return old;
}

NTSTATUS redirected_name(uint16_t **memory, struct str16 *canon, size_t root)
{
    struct str16 windows = windows_folder();
    struct str16_buf tried;
    // Wine leads names below these two folders elsewhere, and none below another; what Windows does
    // with them could not be tried.
    if (root && root != windows.len && root != windows.len + sizeof "\\System32" - 1)
        return STATUS_SUCCESS;
    if (!windows.len || !str16_starts_nocase(*canon, windows) || canon->len <= windows.len)
        return STATUS_SUCCESS;
    tried = (struct str16_buf){.cap = canon->len + REDIRECT_ROOM};
    tried.s = layer_alloc(tried.cap * sizeof *tried.s);
    if (!tried.s)
        return STATUS_INSUFFICIENT_RESOURCES;
    // Whether it is off is asked only for names that it would lead elsewhere.
    bool leads = redirect_name(*canon, windows, false, &tried);
    if (leads && is_off()) {
        tried.len = 0;
        leads = redirect_name(*canon, windows, true, &tried);
    }
    if (!leads) {
        layer_free(tried.s);
        return STATUS_SUCCESS;
    }
    layer_free(*memory);
    *memory = tried.s;
    *canon = str16_view(&tried);
    return STATUS_SUCCESS;
}

bool redirected_reach(struct str16 canon, struct str16_buf *out)
{
    return redirect_reach(canon, windows_folder(), out);
}

#endif
