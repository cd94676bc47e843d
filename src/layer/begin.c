#include "layer/begin.h"
#include "core/pe.h"
#include "layer/lock.h"

#ifdef _WIN64
#define MACHINE STUB_X86_64
#else
#define MACHINE STUB_I386
#endif

// What LdrInitializeThunk is called with is handed on as it came. The stack is aligned for the C
// function, whatever it was before.
#ifdef _WIN64
__asm__(".text\n"
        ".globl layer_entry\n"
        "layer_entry:\n"
        "  pushq %rbp\n"
        "  movq %rsp, %rbp\n"
        "  pushq %rcx\n"
        "  pushq %rdx\n"
        "  pushq %r8\n"
        "  pushq %r9\n"
        "  andq $-16, %rsp\n"
        "  subq $32, %rsp\n"
        "  call layer_begin_process\n"
        "  leaq -32(%rbp), %rsp\n"
        "  popq %r9\n"
        "  popq %r8\n"
        "  popq %rdx\n"
        "  popq %rcx\n"
        "  popq %rbp\n"
        "  jmp *%rax\n");
#else
__asm__(".text\n"
        ".globl _layer_entry\n"
        "_layer_entry:\n"
        "  pushl %eax\n" // replaced by where to go on
        "  pushal\n"
        "  movl %esp, %ebp\n"
        "  andl $-16, %esp\n"
        "  call _layer_begin_process\n"
        "  movl %ebp, %esp\n"
        "  movl %eax, 32(%esp)\n"
        "  popal\n"
        "  ret\n");
#endif

extern uint8_t layer_own_base[] __asm__(
#ifdef _WIN64
    "__ImageBase"
#else
    "___ImageBase"
#endif
); // the linker's

static NTSTATUS protect(uint8_t *from, size_t len, ULONG protection, ULONG *before)
{
    void *at = from;
    SIZE_T size = len;
    return real.NtProtectVirtualMemory(NtCurrentProcess(), &at, &size, protection, before);
}

/* What a section's pages are to be. Small sections that are only read stay with the data that they
 * lie among: each change of protection is a piece more that the system keeps account of. */
static ULONG protection_of(const struct pe_section *section)
{
    enum { SMALL = 0x1000 };
    if (section->characteristics & PE_SECTION_EXECUTE)
        return PAGE_EXECUTE_READ;
    if (section->characteristics & PE_SECTION_WRITE || section->virtual_size <= SMALL)
        return layer_state.shared ? PAGE_WRITECOPY : PAGE_READWRITE;
    return PAGE_READONLY;
}

/* The image is writable and executable as it was mapped, all of it: that took one call. */
static NTSTATUS protect_image(void)
{
    struct pe_header header;
    struct pe_section section;
    uint8_t *from = layer_own_base;
    ULONG protection = PAGE_READONLY, before; // the headers'
    if (!pe_read_header(layer_own_base, 0x1000, &header))
        return STATUS_INVALID_IMAGE_FORMAT;
    NTSTATUS status = STATUS_SUCCESS;
    for (unsigned i = 0; !status && i < header.sections; i++) {
        if (!pe_read_section(layer_own_base, header.image_size, &header, i, &section))
            return STATUS_INVALID_IMAGE_FORMAT;
        if (protection_of(&section) == protection)
            continue;
        status = protect(from, (size_t)(layer_own_base + section.rva - from), protection, &before);
        from = layer_own_base + section.rva;
        protection = protection_of(&section);
    }
    return status ? status
                  : protect(from, (size_t)(layer_own_base + header.image_size - from), protection,
                            &before);
}

/* From the first stub to the end of the last. */
static uint8_t *stubs_range(size_t *size)
{
    uint8_t *low = NULL, *high = NULL;
    for (unsigned i = 0; i < LAYER_INTERPOSED_COUNT; i++) {
        uint8_t *stub = layer_state.stubs[i].address;
        if (stub && (!low || stub < low))
            low = stub;
        if (stub && stub + STUB_SCAN > high)
            high = stub + STUB_SCAN;
    }
    *size = (size_t)(high - low);
    return low;
}

static NTSTATUS patch_stubs(const char **what)
{
    ULONG before;
    size_t size;
    uint8_t *stubs = stubs_range(&size);

    for (unsigned i = 0; i < LAYER_INTERPOSED_COUNT; i++) {
        const struct layer_stub *known = &layer_state.stubs[i];
        if (known->address && memcmp(known->address, known->original, STUB_SCAN) != 0) {
            *what = "comparing ntdll's stubs: another program has changed them, or its ntdll is "
                    "another one";
            return STATUS_REVISION_MISMATCH;
        }
    }
    *what = "patching ntdll's stubs";
    NTSTATUS status = protect(stubs, size, PAGE_EXECUTE_READWRITE, &before);
    if (status)
        return status;
    for (unsigned i = 0; i < LAYER_INTERPOSED_COUNT; i++) {
        uint8_t *stub = layer_state.stubs[i].address;
        if (stub) // in reach, as was seen when the image was made
            stub_jump((uintptr_t)stub, (uintptr_t)layer_replacements[i], MACHINE, stub);
    }
    protect(stubs, size, before, &before);
    real.NtFlushInstructionCache(NtCurrentProcess(), stubs, size);
    return STATUS_SUCCESS;
}

NTSTATUS layer_begin(const char **what)
{
    *what = "protecting the layer";
    NTSTATUS status = protect_image();
    return status ? status : patch_stubs(what);
}

/* Puts back the first code of the process, in one piece: another thread may be about to run it. */
static NTSTATUS restore_thunk(void)
{
    uint64_t now, before;
    ULONG protection;
    NTSTATUS status = protect(layer_state.thunk, LAYER_THUNK, PAGE_EXECUTE_READWRITE, &protection);
    if (status)
        return status;
    memcpy(&before, layer_state.thunk_original, LAYER_THUNK);
    do
        memcpy(&now, layer_state.thunk, LAYER_THUNK);
    while (!__sync_bool_compare_and_swap((uint64_t *)(void *)layer_state.thunk, now, before));
    protect(layer_state.thunk, LAYER_THUNK, protection, &protection);
    return real.NtFlushInstructionCache(NtCurrentProcess(), layer_state.thunk, LAYER_THUNK);
}

/* Called by layer_entry, by each thread that came by the jump. Returns where it goes on. */
void *layer_begin_process(void);
void *layer_begin_process(void)
{
    static struct layer_lock lock;
    static bool done;
    const char *what;
    layer_lock(&lock);
    if (!done) {
        uint8_t child = layer_state.thunk[STUB_JUMP];
        memcpy(&layer_state.handed_over, layer_state.thunk + STUB_JUMP + 1,
               sizeof layer_state.handed_over);
        layer_state.orphan = child & LAYER_CHILD_ORPHAN;
        layer_state.service = child & LAYER_CHILD_SERVICE;
        layer_state.handed |= (child & LAYER_CHILD_INHERITS) != 0;
        layer_config.interactive = (child & LAYER_CHILD_INTERACTIVE) != 0;
        NTSTATUS status = layer_begin(&what);
        if (!status)
            status = restore_thunk();
        if (status) // it must not run half covered
            real.NtTerminateProcess(NtCurrentProcess(), status);
        done = true;
    }
    layer_unlock(&lock);
    return layer_state.thunk;
}
