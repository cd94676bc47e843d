#include "core/ntpath.h"
#include "core/pe.h"
#include "core/prologue.h"
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

// Modules as they are loaded. The loader tells of a DLL before it runs anything of those that
// import it (Wine: dlls/ntdll/loader.c, process_attach; WDK: LdrRegisterDllNotification).

struct loaded_module { // LDR_DLL_LOADED_NOTIFICATION_DATA
    ULONG flags;
    const UNICODE_STRING *full_name, *base_name;
    void *base;
    ULONG size;
};

/* Which DLL's exports are replaced by what. The service API is in the one DLL that the others lead
 * to, or in both, where a program may have bound to either. */
static const struct replaced_exports {
    const char *dll;
    const struct layer_export_patch *patches;
    const size_t *count;
    enum { EVERYWHERE, ON_WINE, ON_WINDOWS } where;
} replaced[] = {
    {"sechost.dll", service_exports, &service_exports_count, EVERYWHERE},
    {"advapi32.dll", service_exports, &service_exports_count, EVERYWHERE},
    {"advapi32.dll", power_exports, &power_exports_count, EVERYWHERE},
    {"advapi32.dll", event_exports, &event_exports_count, EVERYWHERE},
    {"user32.dll", power_exports, &power_exports_count, EVERYWHERE},
    {"user32.dll", station_exports, &station_exports_count, EVERYWHERE},
    {"user32.dll", window_exports, &window_exports_count, ON_WINE},
    {"ws2_32.dll", host_name_exports, &host_name_exports_count, ON_WINE},
    {"ws2_32.dll", host_lookup_exports, &host_lookup_exports_count, EVERYWHERE},
    {"kernelbase.dll", dos_device_exports, &dos_device_exports_count, ON_WINDOWS},
    {"kernel32.dll", dos_device_exports, &dos_device_exports_count, ON_WINDOWS},
    {"kernelbase.dll", console_exports, &console_exports_count, EVERYWHERE},
    {"kernel32.dll", console_kernel32_exports, &console_exports_count, EVERYWHERE},
};

enum {
    THUNK = 14, // jmp qword [rip+0] and the address
    SLOT = 2 * THUNK + PROLOGUE_SCAN +
           STUB_JUMP, // one to the replacement, the original's beginning, one to its rest
};
#ifdef _WIN64
static const enum stub_machine machine = STUB_X86_64;
#else
static const enum stub_machine machine = STUB_I386;
#endif

/* Memory for jumps within reach of a module's code. */
static uint8_t *reserve_slots(uint8_t *base, SIZE_T size)
{
#ifdef _WIN64
    for (unsigned i = 1; i < 1500; i++) {
        for (int side = 0; side < 2; side++) {
            uintptr_t distance = (uintptr_t)i * 0x100000,
                      at = side ? (uintptr_t)base + distance : (uintptr_t)base - distance;
            void *memory = (void *)(at & ~(uintptr_t)0xffff);
            SIZE_T len = size;
            if ((side ? at > (uintptr_t)base : at < (uintptr_t)base) &&
                !real.NtAllocateVirtualMemory(NtCurrentProcess(), &memory, 0, &len,
                                              MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE))
                return memory;
        }
    }
    return NULL;
#else
    (void)base; // every jump reaches
    void *memory = NULL;
    return real.NtAllocateVirtualMemory(NtCurrentProcess(), &memory, 0, &size,
                                        MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE)
               ? NULL
               : memory;
#endif
}

/* Writes a jump that reaches everywhere. */
static void write_jump(uint8_t *at, const void *to)
{
#ifdef _WIN64
    static const uint8_t code[] = {0xff, 0x25, 0, 0, 0, 0};
    memcpy(at, code, sizeof code);
    memcpy(at + sizeof code, &to, sizeof to);
#else
    stub_jump((uintptr_t)at, (uintptr_t)to, STUB_I386, at);
#endif
}

/* Copies the export's beginning to `out`, followed by a jump to the rest. False: it cannot be. */
static bool keep_original(const uint8_t *export, uint8_t *out)
{
    size_t moved = prologue_length(machine, export, PROLOGUE_SCAN, STUB_JUMP);
    if (!moved)
        return false;
    memcpy(out, export, moved);
    write_jump(out + moved, export + moved);
    return true;
}

/* Overwrites the first bytes of the code with a jump to the replacement. */
static bool divert(uint8_t *code, const void *replacement, uint8_t *slot)
{
    uint8_t jump[STUB_JUMP];
    void *at = code;
    SIZE_T size = STUB_JUMP;
    ULONG before;
    write_jump(slot, replacement);
    if (!stub_jump((uintptr_t)code, (uintptr_t)slot, machine, jump))
        return false;
    if (real.NtProtectVirtualMemory(NtCurrentProcess(), &at, &size, PAGE_EXECUTE_READWRITE,
                                    &before))
        return false;
    memcpy(code, jump, sizeof jump);
    real.NtProtectVirtualMemory(NtCurrentProcess(), &at, &size, before, &before);
    real.NtFlushInstructionCache(NtCurrentProcess(), code, sizeof jump);
    return true;
}

static bool patch_export(uint8_t *export, const struct layer_export_patch *patch, uint8_t *slot)
{
    if (patch->original) {
        if (!keep_original(export, slot + THUNK))
            return true; // it stays the host's: see exports.h
        *patch->original = slot + THUNK;
    }
    return divert(export, patch->replacement, slot);
}

bool layer_is_wine(void)
{
    struct pe_header ntdll;
    return pe_read_header(layer_state.ntdll, 0x1000, &ntdll) &&
           pe_find_export(layer_state.ntdll, &ntdll, "wine_get_version");
}

static void patch_module(uint8_t *base, const struct replaced_exports *set)
{
    struct pe_header header;
    // Its headers are the first page; its export table lies within the image, which is mapped
    // whole.
    if ((set->patches == station_exports || set->patches == window_exports) && !station_applies())
        return;
    if ((set->where != EVERYWHERE && (set->where == ON_WINE) != layer_is_wine()) ||
        !pe_read_header(base, 0x1000, &header))
        return;
    SIZE_T slots_size = *set->count * SLOT;
    uint8_t *slots = reserve_slots(base, slots_size);
    for (size_t i = 0; slots && i < *set->count; i++) {
        uint32_t rva = pe_find_export(base, &header, set->patches[i].name);
        if (rva && !patch_export(base + rva, &set->patches[i], slots + i * SLOT))
            slots = NULL;
    }
    if (!slots) // a program that reached the host's must not go on
        real.NtTerminateProcess(NtCurrentProcess(), STATUS_NOT_SUPPORTED);
    void *at = slots;
    ULONG before;
    real.NtProtectVirtualMemory(NtCurrentProcess(), &at, &slots_size, PAGE_EXECUTE_READ, &before);
}

/* Whether the stub takes these bytes of arguments, where its shape tells: on 32 bit the callee
 * removes them, and another system's function of the same name may take others. */
static bool takes(const uint8_t *code, unsigned bytes)
{
#ifdef _WIN64
    (void)code;
    (void)bytes;
    return true;
#else
    enum { RETURN = 12 }; // mov eax, n; mov edx, n; call edx; ret n
    return code[RETURN] != 0xc2 || (unsigned)(code[RETURN + 1] | code[RETURN + 2] << 8) == bytes;
#endif
}

_Static_assert((int)STUB_TRAMPOLINE_MAX <= (int)SLOT - (int)THUNK, "a slot holds a trampoline");

/* Stands before system calls of another DLL than ntdll, which keep their originals. */
static void patch_stubs(uint8_t *base, const struct layer_stub_patch *patches, size_t count)
{
    struct pe_header header;
    if (!pe_read_header(base, 0x1000, &header))
        return;
    SIZE_T size = count * SLOT;
    uint8_t *slots = reserve_slots(base, size);
    for (size_t i = 0; slots && i < count; i++) {
        const struct layer_stub_patch *patch = &patches[i];
        uint32_t rva = pe_find_export(base, &header, patch->name);
        uint8_t *code = base + rva, *slot = slots + i * SLOT, *trampoline = slot + THUNK;
        struct stub stub;
        if (!rva || !takes(code, patch->argument_bytes))
            continue;
        if (!stub_parse(machine, code, &stub)) {
            slots = NULL;
            break;
        }
        stub_trampoline(machine, &stub, code, (uintptr_t)code, (uintptr_t)trampoline, trampoline);
        *patch->real = trampoline;
        if (patch->replacement && !divert(code, patch->replacement, slot))
            slots = NULL;
    }
    if (!slots) // as above
        real.NtTerminateProcess(NtCurrentProcess(), STATUS_NOT_SUPPORTED);
    void *at = slots;
    ULONG before;
    real.NtProtectVirtualMemory(NtCurrentProcess(), &at, &size, PAGE_EXECUTE_READ, &before);
}

static void patch_win32u(uint8_t *base)
{
    patch_stubs(base, station_stubs, station_stubs_count);
    if (layer_is_wine())
        patch_stubs(base, window_stubs, window_stubs_count);
}

static void on_loaded(struct str16 name, uint8_t *base)
{
    for (size_t i = 0; i < sizeof replaced / sizeof *replaced; i++)
        if (str16_equal_ascii(name, replaced[i].dll))
            patch_module(base, &replaced[i]);
    if (!station_applies())
        return;
    if (str16_equal_ascii(name, "win32u.dll"))
        patch_win32u(base);
    else if (str16_equal_ascii(name, "user32.dll")) {
        station_user32_loaded(layer_is_wine());
        window_user32_loaded(base);
    }
}

static void CALLBACK on_notification(ULONG reason, const void *data, void *context)
{
    const struct loaded_module *module = data;
    (void)context;
    if (reason != 1 /* loaded */)
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
        watch(0, on_notification, NULL, &cookie);
    }
    for (size_t i = 0; i < sizeof replaced / sizeof *replaced; i++) {
        void *base = layer_find_module(replaced[i].dll);
        if (base)
            patch_module(base, &replaced[i]);
    }
    void *win32u = layer_find_module("win32u.dll");
    if (win32u && station_applies())
        patch_win32u(win32u);
}
