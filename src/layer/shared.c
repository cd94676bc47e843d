#include "layer/shared.h"
#include "layer/keep.h"
#include "layer/limit.h"
#include "layer/links.h"
#include "layer/pipe_trigger.h"
#include "layer/trace.h"

// The section's name is the VM's object directory's with this at the end: beside the directory, so
// that no program of the VM can name it.
#define SUFFIX ".shared"

enum {
    // Room for 390,000 names in 4 MiB, of which as much is touched as the names need.
    // With more, everything counts as changed: a VM stays right and becomes slower.
    CHANGES_ORDER = 19,
    SHARES_ORDER = 14,
    ALIGNMENT = 64,
};

struct change_index *layer_changes;
struct alias_table *layer_aliases;
struct share_table *layer_shares;
struct sockaddr_ports *layer_ports;
struct keep_table *layer_kept;
struct limit_shared *layer_limit;
uint32_t *layer_expected_pipes;

/* Where the parts lie in a view, or with NULL how large it must be. */
static size_t lay_out(uint8_t *view)
{
    const size_t sizes[] = {change_index_size(CHANGES_ORDER),
                            alias_table_size(),
                            share_table_size(SHARES_ORDER),
                            sizeof(struct sockaddr_ports),
                            sizeof(struct keep_table),
                            sizeof(uint32_t),
                            sizeof(struct limit_shared),
                            sizeof(*layer_expected_pipes),
                            sizeof(struct trace_readers),
                            trace_ring_size(TRACE_ORDER),
                            trace_ring_size(TRACE_REFUSED_ORDER),
                            trace_ring_size(TRACE_SERVICES_ORDER),
                            trace_ring_size(TRACE_STARTS_ORDER)};
    size_t offsets[sizeof sizes / sizeof *sizes], end = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        offsets[i] = end;
        end += (sizes[i] + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    }
    if (view) {
        layer_aliases = (void *)(view + offsets[1]);
        layer_shares = (void *)(view + offsets[2]);
        layer_ports = (void *)(view + offsets[3]);
        layer_kept = (void *)(view + offsets[4]);
        layer_object_changes = (void *)(view + offsets[5]);
        layer_limit = (void *)(view + offsets[6]);
        layer_expected_pipes = (void *)(view + offsets[7]);
        layer_trace_readers = (void *)(view + offsets[8]);
        layer_trace = (void *)(view + offsets[9]);
        layer_trace_refused = (void *)(view + offsets[10]);
        layer_trace_services = (void *)(view + offsets[11]);
        layer_trace_starts = (void *)(view + offsets[12]);
        // Last: whoever sees it sees the others.
        __atomic_store_n(&layer_changes, (void *)(view + offsets[0]), __ATOMIC_RELEASE);
    }
    return end;
}

static struct str16 section_name(struct str16_buf *name)
{
    str16_put(name, str16_of(layer_config.objects));
    str16_put_ascii(name, SUFFIX);
    return str16_view(name);
}

static NTSTATUS map(HANDLE section, uint8_t **view)
{
    void *address = NULL;
    SIZE_T size = 0;
    NTSTATUS status = real.NtMapViewOfSection(section, NtCurrentProcess(), &address, 0, 0, NULL,
                                              &size, 2 /* ViewUnmap */, 0, PAGE_READWRITE);
    *view = address;
    return status;
}

NTSTATUS shared_make(void)
{
    HANDLE section; // kept: with it the name goes
    uint8_t *view;
    uint16_t units[LAYER_PATH_MAX + 8];
    struct str16_buf text = {.s = units, .cap = LAYER_PATH_MAX + 8};
    UNICODE_STRING name = unicode_of_str16(section_name(&text));
    OBJECT_ATTRIBUTES attributes = nt_named(&name);
    LARGE_INTEGER size = {.QuadPart = (LONGLONG)lay_out(NULL)};
    NTSTATUS status = real.NtCreateSection(&section, SECTION_ALL_ACCESS, &attributes, &size,
                                           PAGE_READWRITE, SEC_COMMIT, NULL);
    if (!status)
        status = map(section, &view);
    if (status)
        return status;
    lay_out(view);
    change_index_init(layer_changes, CHANGES_ORDER);
    share_table_init(layer_shares, SHARES_ORDER);
    layer_kept->monitor = layer_process_id();
    return STATUS_SUCCESS;
}

NTSTATUS shared_map(void)
{
    layer_cleanup_handle HANDLE section = NULL;
    uint8_t *view;
    uint16_t units[LAYER_PATH_MAX + 8];
    struct str16_buf text = {.s = units, .cap = LAYER_PATH_MAX + 8};
    UNICODE_STRING name = unicode_of_str16(section_name(&text));
    OBJECT_ATTRIBUTES attributes = nt_named(&name);
    NTSTATUS status =
        real.NtOpenSection(&section, SECTION_MAP_READ | SECTION_MAP_WRITE, &attributes);
    if (!status)
        status = map(section, &view);
    if (!status)
        lay_out(view);
    return status;
}
