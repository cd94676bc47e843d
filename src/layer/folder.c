#include "layer/folder.h"
#include "layer/store.h"
#include "layer/watch.h"

static void free_folder(void *memory)
{
    struct folder *folder = memory;
    if (__atomic_sub_fetch(&folder->references, 1, __ATOMIC_ACQ_REL))
        return;
    if (folder->watch)
        watch_close(folder->watch);
    listing_free(folder->listing);
    if (folder->port)
        real.NtClose(folder->port);
    layer_free(folder);
}

struct handle_record *folder_record(HANDLE handle)
{
    struct handle_record *record = handles_get(handle, HANDLE_FOLDER);
    layer_cleanup_free uint16_t *host_memory = NULL, *memory = NULL;
    struct str16 host, canon;
    bool own;

    if (!record)
        record = handles_get_as_folder(handle);
    if (record || host_name_of(handle, &host_memory, &host) ||
        store_canon_of_host(host, &memory, &canon, &own))
        return record;
    handles_add(handle, HANDLE_FOLDER, canon, !own, 0);
    return handles_get(handle, HANDLE_FOLDER);
}

struct folder *folder_of(struct handle_record *record)
{
    layer_lock(&record->lock);
    struct folder *folder = record->listing;
    if (!folder) {
        record->listing = folder = layer_alloc(sizeof *folder);
        record->free_listing = free_folder;
        if (folder)
            folder->references = 1;
    }
    layer_unlock(&record->lock);
    return folder;
}

void folder_share(struct handle_record *record, struct handle_record *copy)
{
    struct folder *folder = folder_of(record);
    if (!folder)
        return;
    __atomic_add_fetch(&folder->references, 1, __ATOMIC_RELAXED);
    layer_lock(&copy->lock);
    void *before = copy->listing;
    copy->listing = folder;
    copy->free_listing = free_folder;
    layer_unlock(&copy->lock);
    if (before)
        free_folder(before);
}

void folder_note_port(HANDLE handle, const struct folder_port *port)
{
    struct nt_file_standard_information info;
    IO_STATUS_BLOCK io;
    HANDLE copy = NULL;
    if (real.NtQueryInformationFile(handle, &io, &info, sizeof info, FileStandardInformation) ||
        !info.directory)
        return;
    layer_cleanup_record struct handle_record *record = folder_record(handle);
    if (!record || real.NtDuplicateObject(NtCurrentProcess(), port->port, NtCurrentProcess(), &copy,
                                          0, 0, DUPLICATE_SAME_ACCESS))
        return;
    struct folder *folder = folder_of(record);
    if (folder) {
        layer_lock(&folder->lock);
        if (!folder->port) {
            folder->port = copy;
            folder->port_key = port->key;
            copy = NULL;
        }
        layer_unlock(&folder->lock);
    }
    if (copy)
        real.NtClose(copy);
}

/* Whether the handle was set to send no packet for what succeeds at once. */
static bool skips_port(HANDLE handle)
{
    enum { SKIP_COMPLETION_PORT_ON_SUCCESS = 1 };
    IO_STATUS_BLOCK io;
    ULONG flags = 0;
    return !real.NtQueryInformationFile(
               handle, &io, &flags, sizeof flags,
               (FILE_INFORMATION_CLASS)NT_FILE_IO_COMPLETION_NOTIFICATION) &&
           flags & SKIP_COMPLETION_PORT_ON_SUCCESS;
}

struct folder_completion folder_completion_now(HANDLE handle, const struct folder *folder,
                                               IO_STATUS_BLOCK *io, HANDLE event,
                                               PIO_APC_ROUTINE apc, void *apc_context)
{
    struct folder_completion to = {.io = io,
                                   .event = event,
                                   .thread = NtCurrentThread(),
                                   .apc = apc,
                                   .apc_context = apc_context};
    if (folder && folder->port && apc_context && !apc && !skips_port(handle)) {
        to.port = folder->port;
        to.port_key = folder->port_key;
    }
    return to;
}

void folder_complete(const struct folder_completion *to, NTSTATUS status, ULONG_PTR information)
{
    to->io->Information = information;
    __atomic_store_n(&to->io->Status, status, __ATOMIC_RELEASE); // whoever polls looks at this
    if (to->event)
        real.NtSetEvent(to->event, NULL);
    if (to->apc)
        real.NtQueueApcThread(to->thread, to->apc, to->apc_context, to->io, NULL);
    else if (to->port)
        real.NtSetIoCompletion(to->port, to->port_key, to->apc_context, status, information);
}
