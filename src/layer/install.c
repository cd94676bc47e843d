#include "layer/bitness.h"
#include "layer/layer.h"
#include "layer/shared.h"
#include "layer/lock.h"
#include "layer/modules.h"
#include "core/pe.h"

// Mapping the layer into a process by hand. Nothing of it runs in that process until one of its
// stubs is called; in a new process the first to do so is the loader, before any DLL but ntdll.

#ifdef _WIN64
#define MACHINE     STUB_X86_64
#define PE_MACHINE  PE_MACHINE_X86_64
#define IMAGE_INDEX 0
#else
#define MACHINE     STUB_I386
#define PE_MACHINE  PE_MACHINE_I386
#define IMAGE_INDEX 1
#endif

/* The layer's file, mapped once per process that starts others. */
struct layer_file {
    const uint8_t *bytes;
    SIZE_T size;
    struct pe_header header;
};

struct installation {
    HANDLE process;
    uint32_t child; // of enum layer_child
    const char *what;
    const struct layer_file *file;
    uint8_t *image; // laid out here, to be copied there
    uint8_t *base;  // where it will stand there
    uint8_t *stubs; // the part of ntdll that holds the stubs: its first byte there,
    size_t stubs_size;
    uint8_t *stubs_here; // a copy of it here
};

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

/* Notes what ntdll's stubs are, from a process in which they are as the system made them. */
static NTSTATUS find_stubs(struct installation *in)
{
    struct pe_header header;
    NTSTATUS status = ntdll_header(&header);
    for (unsigned i = 0; !status && i < LAYER_INTERPOSED_COUNT; i++) {
        struct stub stub;
        layer_state.stubs[i].address = ntdll_export(&header, layer_call_names[i]);
        if (!layer_state.stubs[i].address)
            continue;
        memcpy(layer_state.stubs[i].original, layer_state.stubs[i].address, STUB_SCAN);
        if (!stub_parse(MACHINE, layer_state.stubs[i].original, &stub)) {
            in->what = layer_call_names[i];
            status = STATUS_REVISION_MISMATCH;
        }
    }
    return status;
}

static NTSTATUS open_file(struct installation *in)
{
    static struct layer_file file;
    static struct layer_lock lock;

    in->what = "opening the layer's file";
    in->file = &file;
    layer_lock(&lock);
    NTSTATUS status = STATUS_SUCCESS;
    if (!file.bytes) {
        layer_cleanup_handle HANDLE handle = NULL, section = NULL;
        UNICODE_STRING name = unicode_of_str16(str16_of(layer_config.images[IMAGE_INDEX]));
        OBJECT_ATTRIBUTES attributes = nt_named(&name);
        IO_STATUS_BLOCK io;
        void *bytes = NULL;
        status = real.NtOpenFile(&handle, GENERIC_READ | SYNCHRONIZE, &attributes, &io,
                                 FILE_SHARE_READ | FILE_SHARE_DELETE,
                                 FILE_NON_DIRECTORY_FILE | FILE_SYNCHRONOUS_IO_NONALERT);
        if (!status)
            status = real.NtCreateSection(&section, SECTION_MAP_READ | SECTION_QUERY, NULL, NULL,
                                          PAGE_READONLY, SEC_COMMIT, handle);
        if (!status)
            status = real.NtMapViewOfSection(section, NtCurrentProcess(), &bytes, 0, 0, NULL,
                                             &file.size, 2 /* ViewUnmap */, 0, PAGE_READONLY);
        if (!status && (!pe_read_header(bytes, file.size, &file.header) ||
                        file.header.machine != PE_MACHINE)) {
            real.NtUnmapViewOfSection(NtCurrentProcess(), bytes);
            status = STATUS_INVALID_IMAGE_FORMAT;
        }
        if (!status)
            file.bytes = bytes;
    }
    layer_unlock(&lock);
    return status;
}

/* Memory for the image within reach of a 32-bit displacement from ntdll. */
static NTSTATUS reserve(struct installation *in)
{
    enum { STEP = 0x100000, TRIES = 1500 }; // up to 1.5 GiB away on either side

    in->what = "reserving memory near ntdll";
    uintptr_t ntdll = (uintptr_t)layer_state.ntdll;
    NTSTATUS status = STATUS_CONFLICTING_ADDRESSES;
    for (unsigned i = 1; i <= TRIES && status; i++) {
        uintptr_t candidates[2] = {ntdll - (uintptr_t)i * STEP,
                                   ntdll + 0x400000 + (uintptr_t)i * STEP};
        for (unsigned side = 0; side < 2 && status; side++) {
            void *base = (void *)candidates[side];
            SIZE_T size = in->file->header.image_size;
            if (candidates[side] < STEP || (side == 0 && candidates[side] > ntdll) ||
                (side == 1 && candidates[side] < ntdll))
                continue;
            status = real.NtAllocateVirtualMemory(in->process, &base, 0, &size,
                                                  MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
            if (!status)
                in->base = base;
            else if (status != STATUS_CONFLICTING_ADDRESSES &&
                     status != (NTSTATUS)0xC000000D /* beyond user space */)
                return status;
        }
    }
    return status;
}

static uint64_t resolve_import(void *context, const char *dll, const char *name)
{
    static const char ntdll[] = "ntdll.dll";
    for (size_t i = 0; i < sizeof ntdll; i++)
        if ((dll[i] | 0x20) != (ntdll[i] | 0x20))
            return 0;
    return (uintptr_t)ntdll_export(context, name);
}

/* Makes the image as it will stand in the process, this process's state and configuration in it. */
static NTSTATUS make_image(struct installation *in)
{
    const struct pe_header *header = &in->file->header;
    struct pe_header ntdll;

    in->what = "laying out the layer";
    in->image = layer_alloc(header->image_size);
    if (!in->image)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = ntdll_header(&ntdll);
    if (status)
        return status;
    if (!pe_lay_out(in->file->bytes, in->file->size, header, in->image) ||
        !pe_relocate(in->image, header, (uintptr_t)in->base) ||
        !pe_bind(in->image, header, resolve_import, &ntdll))
        return STATUS_INVALID_IMAGE_FORMAT;
    uint32_t state_at = pe_find_export(in->image, header, "layer_state"),
             real_at = pe_find_export(in->image, header, "real"),
             code_at = pe_find_export(in->image, header, "layer_trampolines"),
             replacements_at = pe_find_export(in->image, header, "layer_replacements");
    uint32_t config_at = pe_find_export(in->image, header, "layer_config");
    if (!state_at || !config_at || !real_at || !code_at || !replacements_at)
        return STATUS_INVALID_IMAGE_FORMAT;
    struct layer_state *state = (struct layer_state *)(in->image + state_at);
    *state = layer_state;
    state->entered = in->process == NtCurrentProcess();
    state->orphan = in->child & LAYER_CHILD_ORPHAN;
    state->service = in->child & LAYER_CHILD_SERVICE;
    state->handed = in->child & LAYER_CHILD_INHERITS;
    state->handed_over = layer_shares ? share_handed_over(layer_shares) : 0;
    memcpy(in->image + config_at, &layer_config, sizeof layer_config);

    void **call = (void **)(in->image + real_at), *const *replacement =
                                                      (void *const *)(in->image + replacements_at);
    for (unsigned i = 0; i < LAYER_CALL_COUNT; i++) {
        call[i] = ntdll_export(&ntdll, layer_call_names[i]);
        if (i >= LAYER_INTERPOSED_COUNT && layer_config.emulate_nt && layer_call_is_newer(i))
            call[i] = NULL;
        if (i >= LAYER_INTERPOSED_COUNT || !call[i])
            continue;
        const struct layer_stub *known = &layer_state.stubs[i];
        struct stub stub;
        uint32_t slot = code_at + i * STUB_TRAMPOLINE_MAX;
        uint8_t *in_copy = in->stubs_here + ((uint8_t *)known->address - in->stubs);
        stub_parse(MACHINE, known->original, &stub);
        stub_trampoline(MACHINE, &stub, known->original, (uintptr_t)known->address,
                        (uintptr_t)(in->base + slot), in->image + slot);
        if (!stub_jump((uintptr_t)known->address, (uintptr_t)replacement[i], MACHINE, in_copy)) {
            in->what = layer_call_names[i];
            return STATUS_CONFLICTING_ADDRESSES;
        }
        call[i] = in->base + slot;
    }
    return STATUS_SUCCESS;
}

/* Reads the process's stubs and makes sure that they are those which this process knows. */
static NTSTATUS read_stubs(struct installation *in)
{
    uint8_t *low = NULL, *high = NULL;
    for (unsigned i = 0; i < LAYER_INTERPOSED_COUNT; i++) {
        uint8_t *stub = layer_state.stubs[i].address;
        if (stub && (!low || stub < low))
            low = stub;
        if (stub && stub + STUB_SCAN > high)
            high = stub + STUB_SCAN;
    }
    in->what = "reading ntdll's stubs";
    in->stubs = low;
    in->stubs_size = (size_t)(high - low);
    if (!low || in->stubs_size > 0x100000)
        return STATUS_REVISION_MISMATCH;
    in->stubs_here = layer_alloc(in->stubs_size);
    if (!in->stubs_here)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status =
        real.NtReadVirtualMemory(in->process, low, in->stubs_here, in->stubs_size, NULL);
    if (status)
        return status;
    for (unsigned i = 0; i < LAYER_INTERPOSED_COUNT; i++) {
        const struct layer_stub *known = &layer_state.stubs[i];
        if (known->address && memcmp(in->stubs_here + ((uint8_t *)known->address - low),
                                     known->original, STUB_SCAN) != 0) {
            in->what = "comparing ntdll's stubs: another program has changed them, or its ntdll is "
                       "another one";
            return STATUS_REVISION_MISMATCH;
        }
    }
    return STATUS_SUCCESS;
}

static NTSTATUS write_image(struct installation *in)
{
    const struct pe_header *header = &in->file->header;

    in->what = "writing the layer";
    NTSTATUS status =
        real.NtWriteVirtualMemory(in->process, in->base, in->image, header->image_size, NULL);
    for (unsigned i = 0; !status && i < header->sections; i++) {
        struct pe_section section;
        pe_read_section(in->file->bytes, in->file->size, header, i, &section);
        if (section.characteristics & PE_SECTION_WRITE)
            continue;
        void *at = in->base + section.rva;
        SIZE_T size = section.virtual_size;
        ULONG before;
        status = real.NtProtectVirtualMemory(
            in->process, &at, &size,
            section.characteristics & PE_SECTION_EXECUTE ? PAGE_EXECUTE_READ : PAGE_READONLY,
            &before);
    }
    return status;
}

static NTSTATUS patch_stubs(struct installation *in)
{
    void *at = in->stubs;
    SIZE_T size = in->stubs_size;
    ULONG before, ignored;

    in->what = "patching ntdll's stubs";
    NTSTATUS status =
        real.NtProtectVirtualMemory(in->process, &at, &size, PAGE_EXECUTE_READWRITE, &before);
    if (status)
        return status;
    status =
        real.NtWriteVirtualMemory(in->process, in->stubs, in->stubs_here, in->stubs_size, NULL);
    real.NtProtectVirtualMemory(in->process, &at, &size, before, &ignored);
    real.NtFlushInstructionCache(in->process, in->stubs, in->stubs_size);
    return status;
}

static NTSTATUS install(struct installation *in)
{
    bool other = false;
    in->what = "a program of another bitness than its parent";
    NTSTATUS status = bitness_differs(in->process, &other);
    if (!status && other)
        status = STATUS_NOT_SUPPORTED;
    if (!status && !layer_state.stubs[0].address)
        status = find_stubs(in);
    if (!status)
        status = open_file(in);
    if (!status)
        status = read_stubs(in);
    if (!status)
        status = reserve(in);
    if (!status)
        status = make_image(in);
    if (!status)
        status = write_image(in);
    if (!status)
        status = patch_stubs(in);
    return status;
}

NTSTATUS layer_install(HANDLE process, uint32_t child, uint8_t **base, const char **what)
{
    struct installation in = {.process = process, .child = child};
    NTSTATUS status = install(&in);
    if (base)
        *base = in.base;
    layer_free(in.image);
    layer_free(in.stubs_here);
    if (what)
        *what = status ? in.what : NULL;
    if (status && in.base) {
        void *memory = in.base;
        SIZE_T size = 0;
        real.NtFreeVirtualMemory(process, &memory, &size, MEM_RELEASE);
    }
    return status;
}
