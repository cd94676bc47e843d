#include "layer/alias.h"
#include "layer/changes.h"
#include "layer/exports.h"
#include "layer/guard.h"
#include "layer/lock.h"
#include "layer/store.h"

struct change_index *layer_changes;

size_t layer_shared_size(void)
{
    return change_index_size(LAYER_CHANGES_ORDER) + alias_table_size();
}

void layer_share(void *view)
{
    layer_aliases = (void *)((char *)view + change_index_size(LAYER_CHANGES_ORDER));
    __atomic_store_n(&layer_changes, view, __ATOMIC_RELEASE);
}

static NTSTATUS map_changes(void)
{
    layer_cleanup_handle HANDLE section = NULL;
    uint16_t units[LAYER_PATH_MAX + 8];
    struct str16_buf text = {.s = units, .cap = LAYER_PATH_MAX + 8};
    str16_put(&text, str16_of(layer_config.objects));
    str16_put_ascii(&text, LAYER_CHANGES_SUFFIX);
    UNICODE_STRING name = unicode_of_str16(str16_view(&text));
    OBJECT_ATTRIBUTES attributes = nt_named(&name);
    NTSTATUS status =
        real.NtOpenSection(&section, SECTION_MAP_READ | SECTION_MAP_WRITE, &attributes);
    if (status)
        return status;
    void *view = NULL;
    SIZE_T size = 0;
    status = real.NtMapViewOfSection(section, NtCurrentProcess(), &view, 0, 0, NULL, &size,
                                     2 /* ViewUnmap */, 0, PAGE_READWRITE);
    if (!status)
        layer_share(view);
    return status;
}

void layer_wake(void)
{
    static struct layer_lock lock;
    static bool done;

    if (__atomic_load_n(&done, __ATOMIC_ACQUIRE))
        return;
    if (!__atomic_load_n(&layer_changes, __ATOMIC_ACQUIRE)) {
        layer_lock(&lock);
        NTSTATUS status = layer_changes ? STATUS_SUCCESS : map_changes();
        layer_unlock(&lock);
        // Without it nothing can be told from the host's: the VM has ended, and with it this
        // process is about to.
        if (status)
            real.NtTerminateProcess(NtCurrentProcess(), status);
    }
    // The loader is asked only when it is able to answer.
    const PEB *peb = NtCurrentTeb()->ProcessEnvironmentBlock;
    if (!peb->Ldr || !peb->Reserved4[1] /* ProcessHeap */)
        return;
    if (!__atomic_exchange_n(&done, true, __ATOMIC_ACQ_REL)) {
        guard_start();
        layer_watch_modules();
    }
}
