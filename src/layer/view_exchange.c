#include "layer/file_lower.h"
#include "layer/store.h"
#include "layer/threads.h"
#include "layer/view.h"

// One view exchanged for another at the same addresses.

enum {
    PAGE = 4096,
    BASIC_INFORMATION = 0, // MEMORY_INFORMATION_CLASS
    READABLE = PAGE_READONLY | PAGE_READWRITE | PAGE_WRITECOPY | PAGE_EXECUTE_READ |
               PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY,
    PRIVATELY_WRITABLE = PAGE_WRITECOPY | PAGE_EXECUTE_WRITECOPY,
    WRITABLE = PAGE_READWRITE | PAGE_EXECUTE_READWRITE | PRIVATELY_WRITABLE,
};

NTSTATUS view_make_sections(const struct view_section *section, uint64_t id, HANDLE *copy,
                            HANDLE *host)
{
    layer_cleanup_handle HANDLE copied = NULL, file = NULL;
    LARGE_INTEGER size = section->size;
    const struct file_lower_open open = {section->access,
                                         FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                                         FILE_NON_DIRECTORY_FILE};
    struct str16_buf lower;
    layer_cleanup_free uint16_t *memory = store_lower_name(section->canon, 0, &lower);
    if (!memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = file_lower_open_copy(section->canon, id, &open, &copied);
    if (!status)
        status = real.NtCreateSection(copy, SECTION_ALL_ACCESS, NULL, size.QuadPart ? &size : NULL,
                                      section->protection, section->kind, copied);
    if (!status)
        status = host_open(str16_view(&lower), FILE_READ_DATA, FILE_OPEN, FILE_NON_DIRECTORY_FILE,
                           0, &file);
    if (!status)
        status = real.NtCreateSection(host, SECTION_ALL_ACCESS, NULL, NULL, PAGE_WRITECOPY,
                                      SEC_COMMIT, file);
    return status;
}

/* What is kept of a view while there is none. */
struct kept {
    const struct view *view;
    size_t pages;
    void *memory;        // of all below
    uint8_t *data;       // of the pages that were written privately, at their places
    ULONG *protection;   // of each page
    bool *written;       // whether the page was
    const uint8_t *host; // another view of the same, in which nothing was written; or NULL
};

static NTSTATUS map(const struct view *view, HANDLE section, void **base, ULONG protection)
{
    LARGE_INTEGER offset = view->offset;
    SIZE_T size = view->size;
    return real.NtMapViewOfSection(section, NtCurrentProcess(), base, 0, 0, &offset, &size,
                                   view->inherit, view->kind & ~(ULONG)MEM_TOP_DOWN, protection);
}

static void unmap(const void *base)
{
    real.NtUnmapViewOfSection(NtCurrentProcess(), (void *)base);
}

/* Gets the memory, as long as there are threads that may hold a lock and go on. */
static NTSTATUS prepare(struct kept *kept, const struct view *view, HANDLE host)
{
    bool private = view->protection & PRIVATELY_WRITABLE;
    *kept = (struct kept){.view = view, .pages = (view->size + PAGE - 1) / PAGE};
    SIZE_T data = private ? kept->pages * PAGE : 0,
           size = data + kept->pages * (sizeof *kept->protection + sizeof *kept->written);
    void *base = NULL;
    NTSTATUS status = private ? map(view, host, &base, PAGE_READONLY) : STATUS_SUCCESS;
    if (status < 0)
        return status;
    kept->host = base;
    status = real.NtAllocateVirtualMemory(NtCurrentProcess(), &kept->memory, 0, &size,
                                          MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    if (status)
        return status;
    kept->data = kept->memory;
    kept->protection = (ULONG *)(kept->data + data);
    kept->written = (bool *)(kept->protection + kept->pages);
    return status;
}

static void done(struct kept *kept)
{
    SIZE_T size = 0;
    if (kept->host)
        unmap(kept->host);
    if (kept->memory)
        real.NtFreeVirtualMemory(NtCurrentProcess(), &kept->memory, &size, MEM_RELEASE);
}

static NTSTATUS keep(struct kept *kept)
{
    const struct view *view = kept->view;
    MEMORY_BASIC_INFORMATION info;
    for (size_t i = 0; i < kept->pages;) {
        const uint8_t *at = view->base + i * PAGE;
        NTSTATUS status = real.NtQueryVirtualMemory(NtCurrentProcess(), at, BASIC_INFORMATION,
                                                    &info, sizeof info, NULL);
        if (status)
            return status;
        const uint8_t *end = (uint8_t *)info.BaseAddress + info.RegionSize;
        for (; i < kept->pages && view->base + i * PAGE < end; i++) {
            at = view->base + i * PAGE;
            kept->protection[i] = info.Protect;
            if (!kept->host || info.Protect & PAGE_GUARD || !(info.Protect & READABLE))
                continue;
            // Windows makes a page that was written an ordinary one of the process's; Wine shows it
            // as before, and the content has to tell.
            kept->written[i] = info.Protect & (PAGE_READWRITE | PAGE_EXECUTE_READWRITE) ||
                               memcmp(at, kept->host + i * PAGE, PAGE) != 0;
            if (kept->written[i])
                memcpy(kept->data + i * PAGE, at, PAGE);
        }
    }
    return STATUS_SUCCESS;
}

/* Puts back what was kept into the view that is there now. */
static void put_back(const struct kept *kept)
{
    const struct view *view = kept->view;
    for (size_t i = 0, next; i < kept->pages; i = next) {
        ULONG protection = kept->protection[i], before;
        bool written = kept->written[i];
        for (next = i; next < kept->pages && kept->protection[next] == protection &&
                       kept->written[next] == written;
             next++)
            if (written)
                memcpy(view->base + next * PAGE, kept->data + next * PAGE, PAGE);
        void *at = view->base + i * PAGE;
        SIZE_T size = (next - i) * PAGE;
        if (protection != view->protection && !(written && protection & WRITABLE))
            real.NtProtectVirtualMemory(NtCurrentProcess(), &at, &size, protection, &before);
    }
}

NTSTATUS view_exchange(const struct view *view, HANDLE copy, HANDLE host)
{
    struct threads_held held;
    struct kept kept;
    void *base = view->base;
    NTSTATUS status = prepare(&kept, view, host);
    if (!status)
        status = threads_hold(&held);
    if (!status) {
        status = keep(&kept);
        if (!status) {
            unmap(base);
            status = map(view, copy, &base, view->protection);
            if (status < 0 && map(view, host, &base, view->protection) < 0)
                // Its memory is gone, and no thread may go on without.
                real.NtTerminateProcess(NtCurrentProcess(), status);
            put_back(&kept);
        }
        threads_release(&held);
    }
    done(&kept);
    return status < 0 ? status : STATUS_SUCCESS;
}
