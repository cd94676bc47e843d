#include "layer/layer.h"
#include "layer/window.h"

#include "core/pe.h"
#include "layer/members.h"

/* The calls whose first argument is a window, or a thread's number, with the count of arguments:
 * those that read something of it or do something to it. */
#define WINDOW_CALLS(X)                                                                            \
    X(NtUserCallHwnd, 2)                                                                           \
    X(NtUserCallHwndParam, 3)                                                                      \
    X(NtUserChildWindowFromPointEx, 4)                                                             \
    X(NtUserFindWindowEx, 5)                                                                       \
    X(NtUserGetAncestor, 2)                                                                        \
    X(NtUserGetClassName, 3)                                                                       \
    X(NtUserGetDC, 1)                                                                              \
    X(NtUserGetDCEx, 3)                                                                            \
    X(NtUserGetLayeredWindowAttributes, 4)                                                         \
    X(NtUserGetMenuBarInfo, 4)                                                                     \
    X(NtUserGetProp, 2)                                                                            \
    X(NtUserGetScrollBarInfo, 3)                                                                   \
    X(NtUserGetTitleBarInfo, 2)                                                                    \
    X(NtUserGetUpdateRect, 3)                                                                      \
    X(NtUserGetUpdateRgn, 3)                                                                       \
    X(NtUserGetWindowDC, 1)                                                                        \
    X(NtUserGetWindowPlacement, 2)                                                                 \
    X(NtUserGetWindowRgnEx, 3)                                                                     \
    X(NtUserInternalGetWindowIcon, 2)                                                              \
    X(NtUserInternalGetWindowText, 3)                                                              \
    X(NtUserInvalidateRect, 3)                                                                     \
    X(NtUserInvalidateRgn, 3)                                                                      \
    X(NtUserLockWindowUpdate, 1)                                                                   \
    X(NtUserMessageCall, 7)                                                                        \
    X(NtUserMoveWindow, 6)                                                                         \
    X(NtUserPostMessage, 4)                                                                        \
    X(NtUserPrintWindow, 3)                                                                        \
    X(NtUserRealChildWindowFromPoint, 3)                                                           \
    X(NtUserRedrawWindow, 4)                                                                       \
    X(NtUserRemoveProp, 2)                                                                         \
    X(NtUserSetActiveWindow, 1)                                                                    \
    X(NtUserSetClassLong, 4)                                                                       \
    X(NtUserSetClassLongPtr, 4)                                                                    \
    X(NtUserSetClassWord, 3)                                                                       \
    X(NtUserSetLayeredWindowAttributes, 4)                                                         \
    X(NtUserSetMenu, 2)                                                                            \
    X(NtUserSetProp, 3)                                                                            \
    X(NtUserSetScrollInfo, 4)                                                                      \
    X(NtUserSetWindowLong, 4)                                                                      \
    X(NtUserSetWindowLongPtr, 4)                                                                   \
    X(NtUserSetWindowPlacement, 2)                                                                 \
    X(NtUserSetWindowPos, 7)                                                                       \
    X(NtUserSetWindowRgn, 3)                                                                       \
    X(NtUserSetWindowWord, 3)                                                                      \
    X(NtUserShowScrollBar, 3)                                                                      \
    X(NtUserShowWindow, 2)                                                                         \
    X(NtUserShowWindowAsync, 2)
#define THREAD_CALLS(X)                                                                            \
    X(NtUserGetGUIThreadInfo, 2)                                                                   \
    X(NtUserPostThreadMessage, 4)

#define NO_WINDOW ((HWND)(ULONG_PTR)0xfffe) // above Wine's last (server/user.c)

static struct {
    DWORD(WINAPI *thread_process)(HWND, DWORD *);
    HWND(WINAPI *relative)(HWND, UINT);
    HWND(WINAPI *desktop)(void);
} user32;

// user32's functions make the calls that this file stands before; a thread that asks is let pass.
enum { ASKING = 64 };
static uint32_t asking[ASKING], asking_count;

static uint32_t *thread_error(void)
{
    return (uint32_t *)&((void **)NtCurrentTeb())[13]; // LastErrorValue
}

static bool is_asking(void)
{
    if (!__atomic_load_n(&asking_count, __ATOMIC_RELAXED))
        return false;
    for (size_t i = 0; i < ASKING; i++)
        if (__atomic_load_n(&asking[i], __ATOMIC_RELAXED) == layer_thread_id())
            return true;
    return false;
}

static uint32_t *begin_asking(void)
{
    __atomic_add_fetch(&asking_count, 1, __ATOMIC_SEQ_CST);
    for (size_t i = 0;; i = (i + 1) % ASKING) {
        uint32_t none = 0;
        if (__atomic_compare_exchange_n(&asking[i], &none, layer_thread_id(), false,
                                        __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
            return &asking[i];
        if (i == ASKING - 1)
            real.NtYieldExecution();
    }
}

static void end_asking(uint32_t *cell)
{
    __atomic_store_n(cell, 0, __ATOMIC_SEQ_CST);
    __atomic_sub_fetch(&asking_count, 1, __ATOMIC_SEQ_CST);
}

static bool is_member(DWORD process)
{
    return process == layer_process_id() || member_find(process, NULL) == MEMBER_OWN;
}

/* A desktop's own windows have no owner. They are of this desktop if its windows are below them. */
static bool is_own(HWND window, DWORD process)
{
    if (process)
        return is_member(process);
    if (window == user32.desktop())
        return true;
    enum { FIRST_CHILD = 5 }; // GW_CHILD
    HWND child = user32.relative(window, FIRST_CHILD);
    return !child || !user32.thread_process(child, &process) || !process || is_member(process);
}

/* Windows that were found to be the VM's, which is asked of the system for those of other
 * processes: programs send one message after the other to the same few. A number's upper half
 * changes when it is given to a new window, so that it would take 65,536 of them until it is
 * another's; none is believed for longer than a second or two. */
enum { KNOWN = 64 };
static uint32_t known[KNOWN], known_since;

static uint32_t *known_place(HWND window)
{
    const uint32_t number = (uint32_t)(ULONG_PTR)window;
    enum { SYSTEM_TIME = 0x7ffe0014, SECOND_SHIFT = 23 }; // KUSER_SHARED_DATA; units of 100 ns
    const uint32_t now = *(volatile const uint32_t *)(ULONG_PTR)SYSTEM_TIME >> SECOND_SHIFT;
    if (__atomic_exchange_n(&known_since, now, __ATOMIC_RELAXED) != now)
        for (size_t i = 0; i < KNOWN; i++)
            __atomic_store_n(&known[i], 0, __ATOMIC_RELAXED);
    return &known[(number ^ number >> 16) % KNOWN];
}

/* Whether it is told from those that had its number before. */
static bool is_full_number(HWND window)
{
    const uint32_t upper = (uint32_t)(ULONG_PTR)window >> 16;
    return upper && upper != 0xffff;
}

/* The window, or NO_WINDOW for another's. What is no window stays what it is. */
static HWND NTAPI window_seen(HWND window) __asm__("window_seen");
static HWND NTAPI __attribute__((used)) window_seen(HWND window)
{
    intptr_t number = (int32_t)(intptr_t)window;
    // HWND_BROADCAST; none, HWND_TOPMOST, HWND_MESSAGE and the like
    if (number == 0xffff || (number >= -3 && number <= 1) || !user32.thread_process || is_asking())
        return window;
    uint32_t *place = is_full_number(window) ? known_place(window) : NULL;
    if (place && __atomic_load_n(place, __ATOMIC_RELAXED) == (uint32_t)number)
        return window;
    uint32_t *cell = begin_asking(), *last_error = thread_error(), error = *last_error;
    DWORD process = 0;
    *last_error = 0;
    user32.thread_process(window, &process);
    bool is_window = !*last_error, hidden = is_window && !is_own(window, process);
    *last_error = error;
    end_asking(cell);
    if (place && is_window && !hidden)
        __atomic_store_n(place, (uint32_t)number, __ATOMIC_RELAXED);
    return hidden ? NO_WINDOW : window;
}

static uintptr_t NTAPI window_thread_seen(uintptr_t thread) __asm__("window_thread_seen");
static uintptr_t NTAPI __attribute__((used)) window_thread_seen(uintptr_t thread)
{
    thread = (uint32_t)thread;
    if (!thread || thread == layer_thread_id() || is_asking() || member_thread(thread))
        return thread;
    return (uintptr_t)MEMBER_NONE;
}

/* A function that calls `check` with its first argument, takes what that returns in its place, and
 * goes on in the original with all other arguments as they are. */
#ifdef _WIN64
#define STAND_BEFORE(name, check)                                                                  \
    __asm__(".text\n.globl window_" #name "\n.seh_proc window_" #name "\nwindow_" #name ":\n"      \
            "subq $0x48, %rsp\n.seh_stackalloc 0x48\n.seh_endprologue\n"                           \
            "movq %rdx, 0x20(%rsp)\nmovq %r8, 0x28(%rsp)\nmovq %r9, 0x30(%rsp)\n"                  \
            "call " #check "\n"                                                                    \
            "movq 0x20(%rsp), %rdx\nmovq 0x28(%rsp), %r8\nmovq 0x30(%rsp), %r9\n"                  \
            "movq %rax, %rcx\naddq $0x48, %rsp\njmp *window_real_" #name                           \
            "(%rip)\n.seh_endproc\n");
#else
#define STAND_BEFORE(name, check)                                                                  \
    __asm__(".text\n.globl window_" #name "\nwindow_" #name ":\n"                                  \
            "pushl 4(%esp)\ncall " #check "\nmovl %eax, 4(%esp)\njmp *window_real_" #name "\n");
#endif

#define DECLARE(name, count)                                                                       \
    static void *real_##name __asm__("window_real_" #name) __attribute__((used));                  \
    extern char stand_before_##name[] __asm__("window_" #name);
WINDOW_CALLS(DECLARE)
THREAD_CALLS(DECLARE)
#define BEFORE_WINDOW(name, count) STAND_BEFORE(name, window_seen)
#define BEFORE_THREAD(name, count) STAND_BEFORE(name, window_thread_seen)
WINDOW_CALLS(BEFORE_WINDOW)
THREAD_CALLS(BEFORE_THREAD)

// Those that name two, or another than the first

typedef HWND(NTAPI set_parent_fn)(HWND, HWND);
typedef BOOL(NTAPI attach_input_fn)(DWORD, DWORD, BOOL);
typedef HHOOK(NTAPI set_hook_fn)(HINSTANCE, UNICODE_STRING *, DWORD, INT, void *, BOOL);
typedef BOOL(CALLBACK each_window_fn)(HWND, LPARAM);
typedef BOOL(WINAPI enum_children_fn)(HWND, each_window_fn *, LPARAM);
typedef BOOL(WINAPI enum_thread_fn)(DWORD, each_window_fn *, LPARAM);

static struct {
    set_parent_fn *set_parent;
    attach_input_fn *attach_input;
    set_hook_fn *set_hook;
    enum_children_fn *enum_children;
    enum_thread_fn *enum_thread;
} original;

static HWND NTAPI window_set_parent(HWND window, HWND parent)
{
    return original.set_parent(window_seen(window), window_seen(parent));
}

static BOOL NTAPI window_attach_input(DWORD from, DWORD to, BOOL attach)
{
    return original.attach_input((DWORD)window_thread_seen(from), (DWORD)window_thread_seen(to),
                                 attach);
}

static HHOOK NTAPI window_set_hook(HINSTANCE module, UNICODE_STRING *name, DWORD thread, INT kind,
                                   void *function, BOOL ansi)
{
    return original.set_hook(module, name, (DWORD)window_thread_seen(thread), kind, function, ansi);
}

// Wine's user32 asks its server for these lists, without a system call of win32u's.

static BOOL WINAPI window_EnumChildWindows(HWND parent, each_window_fn *each, LPARAM context)
{
    return original.enum_children(window_seen(parent), each, context);
}

static BOOL WINAPI window_EnumThreadWindows(DWORD thread, each_window_fn *each, LPARAM context)
{
    return original.enum_thread((DWORD)window_thread_seen(thread), each, context);
}

#define ENTRY(name, count) {#name, stand_before_##name, &real_##name, 4 * (count)},
const struct layer_stub_patch window_stubs[] = {
    WINDOW_CALLS(ENTRY) //
    THREAD_CALLS(ENTRY) //
    {"NtUserSetParent", (void *)window_set_parent, (void **)&original.set_parent, 4 * 2},
    {"NtUserAttachThreadInput", (void *)window_attach_input, (void **)&original.attach_input,
     4 * 3},
    {"NtUserSetWindowsHookEx", (void *)window_set_hook, (void **)&original.set_hook, 4 * 6},
};
const size_t window_stubs_count = sizeof window_stubs / sizeof *window_stubs;

const struct layer_export_patch window_exports[] = {
    {"EnumChildWindows", (void *)window_EnumChildWindows, (void **)&original.enum_children},
    {"EnumThreadWindows", (void *)window_EnumThreadWindows, (void **)&original.enum_thread},
};
const size_t window_exports_count = sizeof window_exports / sizeof *window_exports;

void window_user32_loaded(uint8_t *base)
{
    struct pe_header header;
    if (!pe_read_header(base, 0x1000, &header))
        return;
    uint32_t process = pe_find_export(base, &header, "GetWindowThreadProcessId"),
             relative = pe_find_export(base, &header, "GetWindow"),
             desktop = pe_find_export(base, &header, "GetDesktopWindow");
    if (!process || !relative || !desktop)
        return;
    user32.relative = (__typeof__(user32.relative))(void *)(base + relative);
    user32.desktop = (__typeof__(user32.desktop))(void *)(base + desktop);
    user32.thread_process = (__typeof__(user32.thread_process))(void *)(base + process);
}
