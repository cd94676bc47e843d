#include "layer/begin.h"
#include "layer/bitness.h"
#include "layer/image.h"
#include "layer/modules.h"
#include "layer/shared.h"
#include "core/pe.h"

// Bringing the layer into a process from outside: the image is mapped, and the jump to it written
// where the process begins. Nothing of the layer runs there until the process does.

#ifdef _WIN64
#define MACHINE    STUB_X86_64
#define IMAGE_BASE "__ImageBase"
#else
#define MACHINE    STUB_I386
#define IMAGE_BASE "___ImageBase"
#endif
extern const uint8_t layer_own_base[] __asm__(IMAGE_BASE); // the linker's

static NTSTATUS ntdll_header(struct pe_header *header)
{
    // An image in memory: its size is its own to say.
    return pe_read_header(layer_state.ntdll, 0x1000, header) ? STATUS_SUCCESS
                                                             : STATUS_INVALID_IMAGE_FORMAT;
}

static void *ntdll_export(const struct pe_header *header, const char *name)
{
    uint32_t rva = pe_find_export(layer_state.ntdll, header, name);
    return rva ? (uint8_t *)layer_state.ntdll + rva : NULL;
}

void *layer_ntdll_function(const char *name)
{
    struct pe_header header;
    return ntdll_header(&header) ? NULL : ntdll_export(&header, name);
}

NTSTATUS layer_real_from_ntdll(void)
{
    if (layer_state.ntdll)
        return STATUS_SUCCESS;
    layer_state.ntdll = layer_find_module("ntdll.dll");
    struct pe_header header;
    NTSTATUS status = ntdll_header(&header);
    if (status)
        return status;
    void **call = (void **)&real;
    for (unsigned i = 0; i < LAYER_CALL_COUNT; i++)
        call[i] = ntdll_export(&header, layer_call_names[i]);
    layer_state.size = sizeof layer_state;
    layer_state.calls = LAYER_CALL_COUNT;
    return STATUS_SUCCESS;
}

NTSTATUS layer_find_stubs(const char **what)
{
    struct pe_header header;
    if (layer_state.thunk)
        return STATUS_SUCCESS;
    *what = "reading ntdll";
    NTSTATUS status = ntdll_header(&header);
    for (unsigned i = 0; !status && i < LAYER_INTERPOSED_COUNT; i++) {
        struct stub stub;
        layer_state.stubs[i].address = ntdll_export(&header, layer_call_names[i]);
        if (!layer_state.stubs[i].address)
            continue;
        memcpy(layer_state.stubs[i].original, layer_state.stubs[i].address, STUB_SCAN);
        if (!stub_parse(MACHINE, layer_state.stubs[i].original, &stub)) {
            *what = layer_call_names[i];
            status = STATUS_REVISION_MISMATCH;
        }
    }
    uint8_t *thunk = status ? NULL : ntdll_export(&header, "LdrInitializeThunk");
    if (!status && !thunk)
        status = STATUS_REVISION_MISMATCH;
    if (!status) {
        memcpy(layer_state.thunk_original, thunk, LAYER_THUNK);
        layer_state.thunk = thunk;
    }
    return status;
}

/* Writes code into another process. */
static NTSTATUS write_code(HANDLE process, uint8_t *to, const uint8_t *code, size_t len)
{
    void *at = to;
    SIZE_T size = len;
    ULONG before, ignored;
    // Wine writes past the pages' protection (server/ptrace.c); elsewhere this changes nothing.
    if (!real.NtWriteVirtualMemory(process, to, code, len, NULL))
        return STATUS_SUCCESS;
    NTSTATUS status =
        real.NtProtectVirtualMemory(process, &at, &size, PAGE_EXECUTE_READWRITE, &before);
    if (status)
        return status;
    status = real.NtWriteVirtualMemory(process, to, code, len, NULL);
    real.NtProtectVirtualMemory(process, &at, &size, before, &ignored);
    real.NtFlushInstructionCache(process, to, len);
    return status;
}

/* Has a process begin with the layer. */
static NTSTATUS write_thunk(HANDLE process, const struct layer_image *image, uint32_t child,
                            const char **what)
{
    uint8_t code[LAYER_THUNK];
    *what = "reading where the process begins";
    NTSTATUS status = real.NtReadVirtualMemory(process, layer_state.thunk, code, sizeof code, NULL);
    if (status)
        return status;
    if (memcmp(code, layer_state.thunk_original, sizeof code) != 0) {
        *what = "comparing where the process begins: another program has changed it, or its ntdll "
                "is another one";
        return STATUS_REVISION_MISMATCH;
    }
    *what = "writing where the process begins";
    if (!stub_jump((uintptr_t)layer_state.thunk, (uintptr_t)image->entry, MACHINE, code))
        return STATUS_CONFLICTING_ADDRESSES;
    const uint16_t handed_over = layer_shares ? (uint16_t)share_handed_over(layer_shares) : 0;
    code[STUB_JUMP] = (uint8_t)child;
    memcpy(code + STUB_JUMP + 1, &handed_over, sizeof handed_over);
    return write_code(process, layer_state.thunk, code, sizeof code);
}

/* The layer's side of this process, which has begun long ago. */
static NTSTATUS begin_here(const struct layer_image *image, const char **what)
{
#define IN_IMAGE(object)                                                                           \
    ((__typeof__(&(object)))(image->base +                                                         \
                             ((const uint8_t *)(uintptr_t) & (object)-layer_own_base)))
    *IN_IMAGE(layer_config) = layer_config;
    IN_IMAGE(layer_state)->entered = true;
    NTSTATUS status = IN_IMAGE(layer_begin)(what);
    if (status) // the image goes, and its texts with it
        *what = (const char *)layer_own_base + (*what - (const char *)image->base);
    return status;
}

NTSTATUS layer_install(HANDLE process, uint32_t child, uint8_t **base, const char **what)
{
    struct layer_image image = {0};
    bool other = false;
    const char *step = "a program of another bitness than its parent";
    NTSTATUS status = bitness_differs(process, &other);
    if (!status && other)
        status = STATUS_NOT_SUPPORTED;
    if (!status)
        status = layer_find_stubs(&step);
    if (!status)
        status = image_place(process, &image, &step);
    if (!status && process == NtCurrentProcess())
        status = begin_here(&image, &step);
    else if (!status)
        status = write_thunk(process, &image, child, &step);
    if (status)
        image_remove(process, &image);
    if (base)
        *base = image.base;
    if (what)
        *what = status ? step : NULL;
    return status;
}
