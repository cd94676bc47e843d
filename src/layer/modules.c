#include "layer/modules.h"
#include "core/ntpath.h"
#include "core/pe.h"
#include "layer/address_lists.h"
#include "layer/conn_lists.h"
#include "layer/console.h"
#include "layer/dos_device.h"
#include "layer/event_source.h"
#include "layer/exports.h"
#include "layer/host_lookup.h"
#include "layer/host_name.h"
#include "layer/layer.h"
#include "layer/power.h"
#include "layer/service_exports.h"
#include "layer/station.h"
#include "layer/window.h"

// The loader tells of a DLL before it runs anything of those that import it, and after those that
// it imports itself (Wine: dlls/ntdll/loader.c, process_attach; WDK: LdrRegisterDllNotification).

struct loaded_module { // LDR_DLL_LOADED_NOTIFICATION_DATA
    ULONG flags;
    const UNICODE_STRING *full_name, *base_name;
    void *base;
    ULONG size;
};

bool layer_is_wine(void)
{
    struct pe_header ntdll;
    return pe_read_header(layer_state.ntdll, 0x1000, &ntdll) &&
           pe_find_export(layer_state.ntdll, &ntdll, "wine_get_version");
}

static bool is_windows(void)
{
    return !layer_is_wine();
}

/* nsi_enumerate() does the rest. */
static bool lists_are_replaced(void)
{
    return is_windows() || layer_config.emulate_nt;
}

static bool has_station_on_wine(void)
{
    return station_applies() && layer_is_wine();
}

static void place_on_station(uint8_t *user32)
{
    (void)user32;
    station_user32_loaded(layer_is_wine());
}

/* What is done with which DLL, in this order. */
static const struct changed_module {
    const char *dll;
    const struct layer_export_patch *exports; // of these three, one is given
    const struct layer_stub_patch *stubs;
    void (*loaded)(uint8_t *base);
    const size_t *count;
    bool (*applies)(void); // NULL: always
    const char *behind;    // see exports_replace()
} changed[] = {
    {"sechost.dll", .exports = service_exports, .count = &service_exports_count},
    {"advapi32.dll", .exports = service_exports, .count = &service_exports_count,
     .behind = "sechost.dll"},
    {"advapi32.dll", .exports = power_exports, .count = &power_exports_count},
    {"advapi32.dll", .exports = event_exports, .count = &event_exports_count},
    {"win32u.dll", .stubs = station_stubs, .count = &station_stubs_count,
     .applies = station_applies},
    {"win32u.dll", .stubs = window_stubs, .count = &window_stubs_count,
     .applies = has_station_on_wine},
    {"user32.dll", .exports = power_exports, .count = &power_exports_count},
    {"user32.dll", .exports = station_exports, .count = &station_exports_count,
     .applies = station_applies},
    {"user32.dll", .exports = window_exports, .count = &window_exports_count,
     .applies = has_station_on_wine},
    {"user32.dll", .loaded = place_on_station, .applies = station_applies},
    {"user32.dll", .loaded = window_user32_loaded, .applies = has_station_on_wine},
    {"ws2_32.dll", .exports = host_name_exports, .count = &host_name_exports_count,
     .applies = layer_is_wine},
    {"ws2_32.dll", .exports = host_lookup_exports, .count = &host_lookup_exports_count},
    {"iphlpapi.dll", .exports = conn_exports, .count = &conn_exports_count,
     .applies = lists_are_replaced},
    {"iphlpapi.dll", .exports = address_exports, .count = &address_exports_count,
     .applies = lists_are_replaced},
    {"kernelbase.dll", .exports = dos_device_exports, .count = &dos_device_exports_count,
     .applies = is_windows},
    {"kernel32.dll", .exports = dos_device_exports, .count = &dos_device_exports_count,
     .applies = is_windows, .behind = "kernelbase.dll"},
    {"kernelbase.dll", .exports = console_exports, .count = &console_exports_count},
    {"kernel32.dll", .exports = console_exports, .count = &console_exports_count,
     .behind = "kernelbase.dll"},
};

static void change_module(uint8_t *base, const struct changed_module *change)
{
    bool good = true;
    if (change->applies && !change->applies())
        return;
    if (change->loaded)
        change->loaded(base);
    else if (change->stubs)
        good = exports_replace_stubs(base, change->stubs, *change->count);
    else
        good = exports_replace(base, change->exports, *change->count,
                               change->behind ? layer_find_module(change->behind) : NULL);
    if (!good) // a program that reached the host's must not go on
        real.NtTerminateProcess(NtCurrentProcess(), STATUS_NOT_SUPPORTED);
}

static void on_loaded(struct str16 name, uint8_t *base)
{
    for (size_t i = 0; i < sizeof changed / sizeof *changed; i++)
        if (str16_equal_ascii(name, changed[i].dll))
            change_module(base, &changed[i]);
}

// Without notifications, since NT 6.0, a DLL is known when the loader maps it: before what it
// imports is loaded, and before anything of it runs. Wine's own DLLs are not mapped by way of the
// system call, or not to where they were linked for, so there that alone would not do: when this is
// only emulated, the notifications see to the others.

static bool by_mapping; // the views are looked at
static bool told;       // the loader tells of them, too

enum { MAPPED_MAX = 32 };
static void *mapped[MAPPED_MAX]; // modules that were changed when they were mapped

static bool was_mapped(const void *base)
{
    for (size_t i = 0; i < MAPPED_MAX; i++)
        if (__atomic_load_n(&mapped[i], __ATOMIC_ACQUIRE) == base)
            return true;
    return false;
}

static bool is_changed(struct str16 name)
{
    for (size_t i = 0; i < sizeof changed / sizeof *changed; i++)
        if (str16_equal_ascii(name, changed[i].dll))
            return true;
    return false;
}

void layer_view_mapped(void *base, size_t size, NTSTATUS status)
{
    enum { IMAGE = 0x1000000 /* MEM_IMAGE */, MOVED = 0x40000003, NAME_MAX = 64 };
    MEMORY_BASIC_INFORMATION memory;
    struct pe_header header;
    uint16_t units[NAME_MAX];
    struct str16_buf name = {.s = units, .cap = NAME_MAX};
    const char *linked;

    if (!by_mapping || size < 0x1000 ||
        real.NtQueryVirtualMemory(NtCurrentProcess(), base, 0 /* MemoryBasicInformation */, &memory,
                                  sizeof memory, NULL) ||
        memory.Type != IMAGE || !pe_read_header(base, 0x1000, &header) || header.image_size > size)
        return;
    linked = pe_linked_name(base, &header);
    if (!linked)
        return;
    str16_put_ascii(&name, linked);
    if (name.overflow || !is_changed(str16_view(&name)))
        return;
    // The loader is about to relocate it, and would write into the jumps. NT 5.2 has its own DLLs
    // where they were linked for; elsewhere, who is told of them can wait.
    if (status == MOVED && told)
        return;
    if (status == MOVED)
        real.NtTerminateProcess(NtCurrentProcess(), STATUS_NOT_SUPPORTED);
    for (size_t i = 0; i < MAPPED_MAX && !was_mapped(base); i++) {
        void *none = NULL;
        __atomic_compare_exchange_n(&mapped[i], &none, base, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE);
    }
    on_loaded(str16_view(&name), base);
}

static void CALLBACK on_notification(ULONG reason, const void *data, void *context)
{
    const struct loaded_module *module = data;
    (void)context;
    if (reason != 1 /* loaded */ || was_mapped(module->base))
        return;
    on_loaded(str16_of_unicode(module->base_name), module->base);
}

void *layer_find_module(const char *name)
{
    const LIST_ENTRY *head = &NtCurrentTeb()->ProcessEnvironmentBlock->Ldr->InMemoryOrderModuleList;
    for (const LIST_ENTRY *at = head->Flink; at && at != head; at = at->Flink) {
        const LDR_DATA_TABLE_ENTRY *module =
            CONTAINING_RECORD(at, LDR_DATA_TABLE_ENTRY, InMemoryOrderLinks);
        if (str16_equal_ascii(ntpath_leaf(str16_of_unicode(&module->FullDllName)), name))
            return module->DllBase;
    }
    return NULL;
}

#ifdef _WIN64
extern uint8_t layer_own_base[] __asm__("__ImageBase"); // the linker's

/* Tells the exception dispatcher how to unwind through the layer, which is no module that it could
 * find out about: an exception may pass through an interposed call on its way to the program's
 * handler. */
static void register_unwinding(const struct pe_header *ntdll)
{
    struct pe_header own;
    BOOLEAN(NTAPI * add)(void *table, ULONG entries, ULONG64 base);
    uint32_t rva = pe_find_export(layer_state.ntdll, ntdll, "RtlAddFunctionTable");
    if (!rva || !pe_read_header(layer_own_base, 0x1000, &own) || !own.exceptions.rva)
        return;
    add = (__typeof__(add))((uint8_t *)layer_state.ntdll + rva);
    add(layer_own_base + own.exceptions.rva, own.exceptions.size / 12 /* RUNTIME_FUNCTION */,
        (ULONG_PTR)layer_own_base);
}
#endif

void layer_watch_modules(void)
{
    NTSTATUS(NTAPI * watch)(ULONG, void(CALLBACK *)(ULONG, const void *, void *), void *, void **);
    struct pe_header header;
    void *cookie;

    if (!pe_read_header(layer_state.ntdll, 0x1000, &header))
        return;
#ifdef _WIN64
    register_unwinding(&header);
#endif
    uint32_t rva = pe_find_export(layer_state.ntdll, &header, "LdrRegisterDllNotification");
    if (rva) {
        watch = (__typeof__(watch))((uint8_t *)layer_state.ntdll + rva);
        told = !watch(0, on_notification, NULL, &cookie);
    }
    by_mapping = !told || layer_config.emulate_nt;
    for (size_t i = 0; i < sizeof changed / sizeof *changed; i++) {
        void *base = layer_find_module(changed[i].dll);
        if (base && !was_mapped(base))
            change_module(base, &changed[i]);
    }
}
