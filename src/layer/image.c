#include "layer/image.h"
#include "core/pe.h"
#include "layer/lock.h"

// The section's name is the VM's object directory's with this at the end: beside the directory, so
// that no program of the VM can name it.
#ifdef _WIN64
#define MACHINE     STUB_X86_64
#define PE_MACHINE  PE_MACHINE_X86_64
#define IMAGE_INDEX 0
#define SUFFIX      ".layer64"
#define IMAGE_BASE  "__ImageBase"
#else
#define MACHINE     STUB_I386
#define PE_MACHINE  PE_MACHINE_I386
#define IMAGE_INDEX 1
#define SUFFIX      ".layer32"
#define IMAGE_BASE  "___ImageBase"
#endif
extern const uint8_t layer_own_base[] __asm__(IMAGE_BASE); // the linker's

enum { VIEW_UNMAP = 2 }; // SECTION_INHERIT

/* The layer's file, mapped once per process that makes images. */
struct layer_file {
    const uint8_t *bytes;
    SIZE_T size;
    struct pe_header header;
};

static NTSTATUS open_file(const struct layer_file **out, const char **what)
{
    static struct layer_file file;
    static struct layer_lock lock;

    *what = "opening the layer's file";
    *out = &file;
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
                                             &file.size, VIEW_UNMAP, 0, PAGE_READONLY);
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

static uint64_t resolve_import(void *context, const char *dll, const char *name)
{
    static const char ntdll[] = "ntdll.dll";
    for (size_t i = 0; i < sizeof ntdll; i++)
        if ((dll[i] | 0x20) != (ntdll[i] | 0x20))
            return 0;
    uint32_t rva = pe_find_export(layer_state.ntdll, context, name);
    return rva ? (uintptr_t)layer_state.ntdll + rva : 0;
}

/* Makes the image, in zeroed memory, as it will stand at `to->base`, the VM's configuration in it;
 * to->entry is filled in. */
static NTSTATUS make(const struct layer_file *file, uint8_t *image, struct layer_image *to,
                     bool shared, const char **what)
{
    struct pe_header ntdll;

    *what = "laying out the layer";
    if (!pe_read_header(layer_state.ntdll, 0x1000, &ntdll) ||
        !pe_lay_out(file->bytes, file->size, &file->header, image) ||
        !pe_relocate(image, &file->header, (uintptr_t)to->base) ||
        !pe_bind(image, &file->header, resolve_import, &ntdll))
        return STATUS_INVALID_IMAGE_FORMAT;
    uint32_t state_at = pe_find_export(image, &file->header, "layer_state"),
             real_at = pe_find_export(image, &file->header, "real"),
             code_at = pe_find_export(image, &file->header, "layer_trampolines"),
             replacements_at = pe_find_export(image, &file->header, "layer_replacements"),
             config_at = pe_find_export(image, &file->header, "layer_config"),
             entry_at = pe_find_export(image, &file->header, "layer_entry");
    if (!state_at || !config_at || !real_at || !code_at || !replacements_at || !entry_at)
        return STATUS_INVALID_IMAGE_FORMAT;
    to->entry = to->base + entry_at;
    struct layer_state *state = (struct layer_state *)(image + state_at);
    *state = layer_state;
    state->entered = state->orphan = state->service = state->handed = false;
    state->shared = shared;
    state->base = to->base;
    state->entry = to->entry;
    memcpy(image + config_at, &layer_config, sizeof layer_config);

    void **call = (void **)(image + real_at), *const *replacement =
                                                  (void *const *)(image + replacements_at);
    for (unsigned i = 0; i < LAYER_CALL_COUNT; i++) {
        uint8_t jump[STUB_JUMP];
        uint32_t rva = pe_find_export(layer_state.ntdll, &ntdll, layer_call_names[i]);
        call[i] = rva ? (uint8_t *)layer_state.ntdll + rva : NULL;
        if (i >= LAYER_INTERPOSED_COUNT && layer_config.emulate_nt && layer_call_is_newer(i))
            call[i] = NULL;
        if (i >= LAYER_INTERPOSED_COUNT || !call[i])
            continue;
        const struct layer_stub *known = &layer_state.stubs[i];
        struct stub stub;
        uint32_t slot = code_at + i * STUB_TRAMPOLINE_MAX;
        stub_parse(MACHINE, known->original, &stub);
        stub_trampoline(MACHINE, &stub, known->original, (uintptr_t)known->address,
                        (uintptr_t)(to->base + slot), image + slot);
        if (!stub_jump((uintptr_t)known->address, (uintptr_t)replacement[i], MACHINE, jump)) {
            *what = layer_call_names[i];
            return STATUS_CONFLICTING_ADDRESSES;
        }
        call[i] = to->base + slot;
    }
    return STATUS_SUCCESS;
}

/* The nth address within reach of a 32-bit displacement from ntdll, in the order of trying; NULL
 * where it would be none. */
static void *candidate(unsigned n)
{
    enum { STEP = 0x100000 };
    uintptr_t ntdll = (uintptr_t)layer_state.ntdll, distance = (uintptr_t)(n / 2 + 1) * STEP;
    if (n % 2)
        return (void *)(ntdll + 0x400000 + distance > ntdll ? ntdll + 0x400000 + distance : 0);
    return (void *)(ntdll > distance + STEP ? ntdll - distance : 0);
}
enum { CANDIDATES = 3000 }; // up to 1.5 GiB away on either side

static bool is_taken(NTSTATUS status)
{
    return status == STATUS_CONFLICTING_ADDRESSES ||
           status == (NTSTATUS)0xC000000D /* beyond user space */;
}

// The image that is shared

/* This process's knowledge of it, once there is any. */
static struct layer_image known;

static struct str16 section_name(struct str16_buf *name)
{
    str16_put(name, str16_of(layer_config.objects));
    str16_put_ascii(name, SUFFIX);
    return str16_view(name);
}

static NTSTATUS map(HANDLE section, HANDLE process, void *at, SIZE_T *size, ULONG protection,
                    uint8_t **view)
{
    void *address = at;
    *size = 0;
    NTSTATUS status = real.NtMapViewOfSection(section, process, &address, 0, 0, NULL, size,
                                              VIEW_UNMAP, 0, protection);
    *view = address;
    return status < 0 ? status : STATUS_SUCCESS;
}

NTSTATUS image_share(const char **what)
{
    HANDLE section; // kept: with it the name goes
    const struct layer_file *file;
    uint16_t units[LAYER_PATH_MAX + 10];
    struct str16_buf text = {.s = units, .cap = LAYER_PATH_MAX + 10};
    UNICODE_STRING name = unicode_of_str16(section_name(&text));
    OBJECT_ATTRIBUTES attributes = nt_named(&name);
    struct layer_image image = {0};
    uint8_t *view;
    SIZE_T view_size;

    NTSTATUS status = open_file(&file, what);
    if (status)
        return status;
    LARGE_INTEGER size = {.QuadPart = file->header.image_size};
    *what = "making the memory for the layer";
    status = real.NtCreateSection(&section, SECTION_ALL_ACCESS, &attributes, &size,
                                  PAGE_EXECUTE_READWRITE, SEC_COMMIT, NULL);
    if (status)
        return status;
    // What is free here is free in a new process, but for what the system puts there at random.
    status = STATUS_CONFLICTING_ADDRESSES;
    for (unsigned i = 0; i < CANDIDATES && is_taken(status); i++)
        if (candidate(i))
            status = map(section, NtCurrentProcess(), candidate(i), &view_size, PAGE_READWRITE,
                         &image.base);
    if (!status) {
        view = image.base;
        status = make(file, view, &image, true, what);
        real.NtUnmapViewOfSection(NtCurrentProcess(), view);
    }
    if (status)
        real.NtClose(section);
    else
        known = image;
    return status;
}

/* Whether the section holds an image of this build, and where it is to stand: each says so itself.
 */
static bool learn(HANDLE section)
{
    static struct layer_lock lock;
    uint8_t *view;
    SIZE_T size;
    if (layer_state.shared) {
        known = (struct layer_image){layer_state.base, layer_state.entry};
        return true;
    }
    layer_lock(&lock);
    if (!known.base && !map(section, NtCurrentProcess(), NULL, &size, PAGE_READONLY, &view)) {
        size_t at = (size_t)((const uint8_t *)&layer_state - layer_own_base);
        const struct layer_state *state = (const void *)(view + at);
        struct pe_header theirs, ours;
        if (pe_read_header(view, 0x1000, &theirs) &&
            pe_read_header(layer_own_base, 0x1000, &ours) && theirs.image_size == ours.image_size &&
            at + sizeof *state <= size && state->size == sizeof *state &&
            state->calls == LAYER_CALL_COUNT && state->ntdll == layer_state.ntdll && state->shared)
            known = (struct layer_image){state->base, state->entry};
        real.NtUnmapViewOfSection(NtCurrentProcess(), view);
    }
    layer_unlock(&lock);
    return known.base != NULL;
}

static bool place_shared(HANDLE process, struct layer_image *image)
{
    layer_cleanup_handle HANDLE section = NULL;
    uint16_t units[LAYER_PATH_MAX + 10];
    struct str16_buf text = {.s = units, .cap = LAYER_PATH_MAX + 10};
    UNICODE_STRING name = unicode_of_str16(section_name(&text));
    OBJECT_ATTRIBUTES attributes = nt_named(&name);
    SIZE_T size;
    uint8_t *view;
    if (real.NtOpenSection(&section, SECTION_MAP_READ | SECTION_MAP_EXECUTE, &attributes) ||
        !learn(section) || map(section, process, known.base, &size, PAGE_EXECUTE_WRITECOPY, &view))
        return false;
    *image = known;
    return true;
}

// One of its own

static NTSTATUS place_own(HANDLE process, struct layer_image *image, const char **what)
{
    const struct layer_file *file;
    NTSTATUS status = open_file(&file, what);
    if (status)
        return status;
    *what = "reserving memory near ntdll";
    status = STATUS_CONFLICTING_ADDRESSES;
    for (unsigned i = 0; i < CANDIDATES && is_taken(status); i++) {
        void *base = candidate(i);
        SIZE_T size = file->header.image_size;
        if (base)
            status = real.NtAllocateVirtualMemory(process, &base, 0, &size,
                                                  MEM_RESERVE | MEM_COMMIT, PAGE_EXECUTE_READWRITE);
        image->base = base;
    }
    if (status) {
        image->base = NULL;
        return status;
    }
    layer_cleanup_free uint8_t *memory = layer_alloc(file->header.image_size);
    status = memory ? make(file, memory, image, false, what) : STATUS_INSUFFICIENT_RESOURCES;
    if (!status) {
        *what = "writing the layer";
        status =
            real.NtWriteVirtualMemory(process, image->base, memory, file->header.image_size, NULL);
    }
    if (status)
        image_remove(process, image);
    return status;
}

NTSTATUS image_place(HANDLE process, struct layer_image *image, const char **what)
{
    *image = (struct layer_image){0};
    return place_shared(process, image) ? STATUS_SUCCESS : place_own(process, image, what);
}

void image_remove(HANDLE process, const struct layer_image *image)
{
    void *memory = image->base;
    SIZE_T size = 0;
    if (memory && real.NtUnmapViewOfSection(process, memory))
        real.NtFreeVirtualMemory(process, &memory, &size, MEM_RELEASE);
}
