#include "layer/mapped.h"
#include "core/ntpath.h"
#include "layer/host.h"
#include "layer/members.h"
#include "layer/store.h"
#include "layer/view.h"

enum {
    BASIC_INFORMATION = 0,       // MEMORY_INFORMATION_CLASS
    MAPPED_FILE_INFORMATION = 2, // MemoryMappedFilenameInformation
    NAME_SIZE = 4096,            // bytes; a longer name is taken for another
};

bool mapped_host_file(const void *base, uint16_t **memory, struct str16 *canon)
{
    layer_cleanup_free void *buffer = layer_alloc(NAME_SIZE);
    bool own;
    *memory = NULL;
    return buffer &&
           !real.NtQueryVirtualMemory(NtCurrentProcess(), base, MAPPED_FILE_INFORMATION, buffer,
                                      NAME_SIZE, NULL) &&
           !store_canon_of_host(str16_of_unicode(buffer), memory, canon, &own) && !own;
}

/* Whether the view at `base` is one of the host's file `canon`. */
static bool is_view_of(HANDLE process, const void *base, struct str16 canon, void *buffer)
{
    layer_cleanup_free uint16_t *memory = NULL;
    struct str16 found, leaf = ntpath_leaf(canon);
    SIZE_T size;
    bool own;
    if (real.NtQueryVirtualMemory(process, base, MAPPED_FILE_INFORMATION, buffer, NAME_SIZE, &size))
        return false;
    struct str16 name = str16_of_unicode(buffer);
    return name.len >= leaf.len &&
           str16_equal_nocase(str16_skip(name, name.len - leaf.len), leaf) &&
           !store_canon_of_host(name, &memory, &found, &own) && !own &&
           str16_equal_nocase(found, canon);
}

/* Whether the process has a view of the file, of the kinds of memory MEM_IMAGE and MEM_MAPPED. */
static bool process_maps(uintptr_t id, struct str16 canon, DWORD kinds, void *buffer)
{
    layer_cleanup_handle HANDLE process = NULL;
    const CLIENT_ID client = {.UniqueProcess = (HANDLE)id};
    OBJECT_ATTRIBUTES attributes = {.Length = sizeof attributes};
    MEMORY_BASIC_INFORMATION region;
    const void *last = NULL;
    SIZE_T size;
    if (real.NtOpenProcess(&process, PROCESS_QUERY_INFORMATION | PROCESS_VM_READ, &attributes,
                           &client))
        process = NULL;
    if (!process)
        return false;
    for (const uint8_t *at = NULL; !real.NtQueryVirtualMemory(process, at, BASIC_INFORMATION,
                                                              &region, sizeof region, &size);) {
        if (region.State != MEM_FREE && region.Type & kinds && region.AllocationBase != last) {
            last = region.AllocationBase;
            if (is_view_of(process, last, canon, buffer))
                return true;
        }
        const uint8_t *next = (const uint8_t *)region.BaseAddress + region.RegionSize;
        if (next <= at)
            break;
        at = next;
    }
    return false;
}

static bool is_mapped(struct str16 canon, DWORD kinds)
{
    layer_cleanup_free uintptr_t *ids = NULL;
    layer_cleanup_free void *buffer = layer_alloc(NAME_SIZE);
    size_t count;
    if (!buffer || member_list(&ids, &count))
        return false;
    for (size_t i = 0; i < count; i++)
        if (process_maps(ids[i], canon, kinds, buffer))
            return true;
    return false;
}

bool mapped_is_image(struct str16 canon)
{
    layer_cleanup_handle HANDLE file = NULL;
    struct str16_buf lower;
    layer_cleanup_free uint16_t *memory = store_lower_name(canon, 0, &lower);
    if (!memory)
        return false;
    // host_open() shares everything. Who may not write the file is not told that it is mapped; he
    // seldom may delete it.
    NTSTATUS status = host_open(str16_view(&lower), FILE_WRITE_DATA, FILE_OPEN,
                                FILE_NON_DIRECTORY_FILE | FILE_COMPLETE_IF_OPLOCKED, 0, &file);
    return status == STATUS_SHARING_VIOLATION && is_mapped(canon, MEM_IMAGE);
}

bool mapped_keeps(struct str16 canon)
{
    if (view_exists(canon)) // or it did when its process was killed
        return is_mapped(canon, MEM_IMAGE | MEM_MAPPED);
    return mapped_is_image(canon);
}
