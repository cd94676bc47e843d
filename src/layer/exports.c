#include "layer/exports.h"
#include "core/pe.h"
#include "core/prologue.h"
#include "layer/layer.h"

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

// Writing code

/* A stretch of a module's code that is being written to. */
struct opened {
    uint8_t *from;
    SIZE_T size;
    ULONG before; // its protection
};

static bool protect(uint8_t *from, SIZE_T size, ULONG protection, ULONG *before)
{
    void *at = from;
    return !real.NtProtectVirtualMemory(NtCurrentProcess(), &at, &size, protection, before);
}

/* Opens the code from `lowest` to `highest` in one call if all of it has one protection; *opened is
 * empty otherwise. */
static void open_code(uint8_t *lowest, uint8_t *highest, struct opened *opened)
{
    MEMORY_BASIC_INFORMATION region;
    *opened = (struct opened){lowest, (SIZE_T)(highest - lowest) + STUB_JUMP, 0};
    if (real.NtQueryVirtualMemory(NtCurrentProcess(), lowest, 0 /* MemoryBasicInformation */,
                                  &region, sizeof region, NULL) ||
        (uint8_t *)region.BaseAddress + region.RegionSize < highest + STUB_JUMP ||
        !protect(lowest, opened->size, PAGE_EXECUTE_READWRITE, &opened->before))
        opened->size = 0;
}

static void close_code(struct opened *opened)
{
    if (!opened->size)
        return;
    protect(opened->from, opened->size, opened->before, &opened->before);
    real.NtFlushInstructionCache(NtCurrentProcess(), opened->from, opened->size);
    opened->size = 0;
}

/* Overwrites the first bytes of the code with a jump to the replacement. */
static bool divert(uint8_t *code, const void *replacement, uint8_t *slot,
                   const struct opened *opened)
{
    uint8_t jump[STUB_JUMP];
    struct opened own = {0};
    write_jump(slot, replacement);
    if (!stub_jump((uintptr_t)code, (uintptr_t)slot, machine, jump))
        return false;
    if (!opened->size)
        open_code(code, code, &own);
    if (!opened->size && !own.size)
        return false;
    memcpy(code, jump, sizeof jump);
    close_code(&own);
    return true;
}

static bool seal(uint8_t *slots, SIZE_T size)
{
    ULONG before;
    return protect(slots, size, PAGE_EXECUTE_READ, &before);
}

// Exports

static bool replace(uint8_t *export, const struct layer_export_patch *patch, uint8_t *slot,
                    const struct opened *opened)
{
    if (patch->original) {
        if (!keep_original(export, slot + THUNK))
            return true; // it stays the host's: see exports.h
        *patch->original = slot + THUNK;
    }
    return divert(export, patch->replacement, slot, opened);
}

/* Finds the functions of a module: their places stand in their slots until these are written.
 * Returns how many there are. */
static size_t find(uint8_t *base, const struct layer_export_patch *patches, size_t count,
                   const uint8_t *behind, uint8_t *slots, struct opened *code)
{
    struct pe_header header, other;
    size_t found = 0;
    uint32_t lowest = UINT32_MAX, highest = 0;
    // Its headers are the first page; its export table lies within the image, which is mapped
    // whole.
    if (!pe_read_header(base, 0x1000, &header))
        return 0;
    if (behind && !pe_read_header(behind, 0x1000, &other))
        behind = NULL;
    for (size_t i = 0; i < count; i++) {
        uint32_t rva = pe_find_export(base, &header, patches[i].name);
        if (rva && behind && pe_find_export(behind, &other, patches[i].name))
            rva = 0;
        memcpy(slots + i * SLOT, &rva, sizeof rva);
        if (!rva)
            continue;
        found++;
        lowest = rva < lowest ? rva : lowest;
        highest = rva > highest ? rva : highest;
    }
    *code = (struct opened){0};
    if (found > 1)
        open_code(base + lowest, base + highest, code);
    return found;
}

bool exports_replace(uint8_t *base, const struct layer_export_patch *patches, size_t count,
                     const uint8_t *behind)
{
    struct opened code;
    uint8_t *slots = reserve_slots(base, count * SLOT);
    bool good = slots;
    if (slots && !find(base, patches, count, behind, slots, &code)) {
        void *memory = slots;
        SIZE_T size = 0;
        real.NtFreeVirtualMemory(NtCurrentProcess(), &memory, &size, MEM_RELEASE);
        return true;
    }
    for (size_t i = 0; good && i < count; i++) {
        uint8_t *slot = slots + i * SLOT;
        uint32_t rva;
        memcpy(&rva, slot, sizeof rva);
        if (rva)
            good = replace(base + rva, &patches[i], slot, &code);
    }
    if (slots)
        close_code(&code);
    return good && seal(slots, count * SLOT);
}

// System calls

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

bool exports_replace_stubs(uint8_t *base, const struct layer_stub_patch *patches, size_t count)
{
    struct pe_header header;
    if (!pe_read_header(base, 0x1000, &header))
        return true;
    uint8_t *slots = reserve_slots(base, count * SLOT);
    bool good = slots;
    for (size_t i = 0; good && i < count; i++) {
        const struct layer_stub_patch *patch = &patches[i];
        uint32_t rva = pe_find_export(base, &header, patch->name);
        uint8_t *code = base + rva, *slot = slots + i * SLOT, *trampoline = slot + THUNK;
        struct stub stub;
        if (!rva || !takes(code, patch->argument_bytes))
            continue;
        good = stub_parse(machine, code, &stub);
        if (!good)
            break;
        stub_trampoline(machine, &stub, code, (uintptr_t)code, (uintptr_t)trampoline, trampoline);
        *patch->real = trampoline;
        if (patch->replacement)
            good = divert(code, patch->replacement, slot, &(struct opened){0});
    }
    return good && seal(slots, count * SLOT);
}
