#include "layer/trace.h"
#include "core/ntpath.h"
#include "layer/guard.h"
#include "layer/host.h"
#include "layer/lock.h"
#include "layer/name_query.h"
#include "layer/shared.h"

enum {
    WAITS_MAX = 1000, // of a millisecond each
    MILLISECOND = 10000,
};

struct trace_readers *layer_trace_readers;
struct trace_ring *layer_trace, *layer_trace_refused, *layer_trace_services, *layer_trace_starts;

/* KUSER_SHARED_DATA.SystemTime, on every Windows and in Wine. */
static void set_time(struct trace_record *record)
{
    const volatile struct {
        ULONG low;
        LONG high1, high2;
    } *now = (const volatile void *)0x7ffe0014;
    LONG high;
    do {
        high = now->high1;
        record->time_low = now->low;
    } while (high != now->high2);
    record->time_high = (uint32_t)high;
}

/* The end of the name of the process's image, read once: its parameters are the program's to write
 * to. */
static struct str16 image(void)
{
    static uint16_t units[TRACE_IMAGE_MAX];
    static size_t len;
    static bool known;
    static struct layer_lock lock;
    if (!__atomic_load_n(&known, __ATOMIC_ACQUIRE)) {
        layer_lock(&lock);
        const RTL_USER_PROCESS_PARAMETERS *parameters =
            NtCurrentTeb()->ProcessEnvironmentBlock->ProcessParameters;
        if (!known && guard_readable(parameters, sizeof *parameters)) {
            struct str16 path = str16_of_unicode(&parameters->ImagePathName);
            if (path.len && guard_readable(path.s, path.len * sizeof *path.s)) {
                struct str16 leaf = ntpath_leaf(path);
                if (leaf.len > TRACE_IMAGE_MAX)
                    leaf = str16_skip(leaf, leaf.len - TRACE_IMAGE_MAX);
                memcpy(units, leaf.s, leaf.len * sizeof *units);
                len = leaf.len;
            }
        }
        __atomic_store_n(&known, true, __ATOMIC_RELEASE);
        layer_unlock(&lock);
    }
    return (struct str16){units, len};
}

static void write_to(struct trace_ring *ring, unsigned order, const struct trace_what *what,
                     struct str16 before, struct str16 name)
{
    uint32_t number;
    struct str16 of = image();
    struct trace_record *record = trace_begin(ring, order, &number);
    set_time(record);
    record->process = layer_process_id();
    record->thread = (uint32_t)(ULONG_PTR)((void **)NtCurrentTeb())[9]; // ClientId.UniqueThread
    record->status = (uint32_t)what->status;
    record->subject = what->subject;
    record->kind = (uint16_t)what->kind;
    record->outcome = (uint16_t)what->outcome;
    trace_set_call(record, what->call);
    trace_set_image(record, of);
    trace_set_name(record, before, name);
    trace_commit(record, number);
}

/* A reader that does not come within a second has gone, or is held. */
static void wait_for_readers(void)
{
    if (layer_state.entered) // a reader may be waiting for the monitor
        return;
    for (int i = 0; i < WAITS_MAX; i++) {
        LARGE_INTEGER delay = {.QuadPart = -MILLISECOND};
        if (!trace_must_wait(layer_trace_readers, layer_trace, TRACE_ORDER))
            return;
        real.NtDelayExecution(FALSE, &delay);
    }
    trace_give_up(layer_trace_readers, layer_trace, TRACE_ORDER);
}

void trace_put(const struct trace_what *what, struct str16 before, struct str16 name)
{
    // What the monitor and the commands do for themselves is no program's doing.
    if (!layer_trace_readers || (layer_state.entered && what->outcome != TRACE_STARTED))
        return;
    if (trace_is_refused(what->outcome, (uint32_t)what->status) && what->status < 0)
        write_to(layer_trace_refused, TRACE_REFUSED_ORDER, what, before, name);
    if (what->outcome == TRACE_STARTED && !layer_state.entered)
        write_to(layer_trace_starts, TRACE_STARTS_ORDER, what, before, name);
    if (!trace_is_on())
        return;
    write_to(layer_trace, TRACE_ORDER, what, before, name);
    wait_for_readers();
}

void trace_key(const struct trace_what *what, struct str16 canon)
{
    static const uint16_t registry[] = u"\\REGISTRY\\";
    size_t len = sizeof registry / sizeof *registry - 1;
    trace_put(what, (struct str16){registry, canon.len ? len : len - 1}, canon);
}

NTSTATUS trace_changed(enum trace_kind kind, struct str16 canon, enum trace_outcome outcome,
                       NTSTATUS status)
{
    const struct trace_what what = {kind, outcome, "", status, 0};
    if (!trace_is_on())
        return status;
    if (kind == TRACE_KEY)
        trace_key(&what, canon);
    else
        trace_put(&what, (struct str16){0}, canon);
    return status;
}

void trace_object(const struct trace_what *what, const OBJECT_ATTRIBUTES *given)
{
    struct str16 text = str16_of_unicode(given->ObjectName);
    if (!given->RootDirectory) {
        trace_put(what, (struct str16){0}, ntpath_from_root(text));
        return;
    }
    layer_cleanup_free uint16_t *host_memory = NULL, *memory = NULL, *whole = NULL;
    struct str16 host, folder;
    bool translated = false;
    if (host_name_of(given->RootDirectory, &host_memory, &host))
        return;
    folder = host;
    if (name_translate(host, &memory, &folder, &translated) || !translated)
        folder = host;
    struct str16_buf buf = {.cap = folder.len + 1};
    buf.s = whole = layer_alloc(buf.cap * sizeof *buf.s);
    if (!whole)
        return;
    str16_put(&buf, folder);
    if (text.len && (!folder.len || folder.s[folder.len - 1] != '\\'))
        str16_put_unit(&buf, '\\');
    trace_put(what, str16_view(&buf), text);
}

NTSTATUS trace_text(const struct trace_what *what, const char *text)
{
    uint16_t units[64];
    struct str16_buf buf = {.s = units, .cap = sizeof units / sizeof *units};
    str16_put_ascii(&buf, text);
    trace_put(what, (struct str16){0}, str16_view(&buf));
    return what->status;
}

NTSTATUS trace_refuse(const char *call, NTSTATUS status)
{
    const struct trace_what what = {TRACE_MACHINE, TRACE_DENIED, call, status, 0};
    return trace_text(&what, call + sizeof "Nt" - 1);
}

// The side of those who read, outside of the VM.

void plume_layer_trace_service(const uint16_t *service, uint32_t process)
{
    const struct trace_what what = {TRACE_SERVICE, TRACE_STARTED, "", 0, process};
    struct str16 name = str16_of(service);
    if (!layer_trace_readers)
        return;
    write_to(layer_trace_services, TRACE_SERVICES_ORDER, &what, (struct str16){0}, name);
    if (trace_is_on())
        write_to(layer_trace, TRACE_ORDER, &what, (struct str16){0}, name);
}

NTSTATUS plume_layer_trace_open(const struct layer_config *config, struct layer_traced *traced)
{
    NTSTATUS status = layer_real_from_ntdll();
    if (status)
        return status;
    layer_config = *config;
    status = shared_map();
    *traced = (struct layer_traced){layer_trace_readers, layer_trace, layer_trace_refused,
                                    layer_trace_services, layer_trace_starts};
    return status;
}
