#include "layer/nsi.h"
#include "core/nsi.h"
#include "layer/shared.h"
#include "layer/socket_ask.h"

enum { PROCESSES_MAX = 4096 };

/* JOBOBJECT_BASIC_PROCESS_ID_LIST */
struct process_list {
    ULONG assigned, count;
    ULONG_PTR ids[PROCESSES_MAX];
};

/* The VM's processes: those of its job, which has the name of its object directory and ".job". */
static void find_processes(struct nsi_view *view, struct process_list *list, uint32_t *ids)
{
    static const uint16_t ending[] = {'.', 'j', 'o', 'b'};
    uint16_t name[LAYER_PATH_MAX + 8];
    struct str16_buf buf = {.s = name, .cap = LAYER_PATH_MAX + 8};
    layer_cleanup_handle HANDLE job = NULL;
    OBJECT_ATTRIBUTES attributes;
    str16_put(&buf, str16_of(layer_config.objects));
    str16_put(&buf, (struct str16){ending, sizeof ending / sizeof *ending});
    UNICODE_STRING text = unicode_of_str16(str16_view(&buf));
    InitializeObjectAttributes(&attributes, &text, OBJ_CASE_INSENSITIVE, NULL, NULL);
    ULONG size;
    NTSTATUS status = real.NtOpenJobObject(&job, JOB_OBJECT_QUERY, &attributes);
    if (NT_SUCCESS(status))
        status = real.NtQueryInformationJobObject(job, JobObjectBasicProcessIdList, list,
                                                  sizeof *list, &size);
    view->processes = ids;
    if (!NT_SUCCESS(status)) {
        list->count = 1;
        list->ids[0] = layer_process_id();
    }
    for (ULONG i = 0; i < list->count && i < PROCESSES_MAX; i++)
        ids[view->process_count++] = (uint32_t)list->ids[i];
}

static void filter(const struct nsi_request *request, void *reply)
{
    struct nsi_view view = {
        .vm = socket_vm(), .ports = layer_ports, .no_network = layer_config.no_network};
    layer_cleanup_free struct process_list *list = NULL;
    layer_cleanup_free uint32_t *ids = NULL;
    if (request->table == NSI_TCP || request->table == NSI_UDP) {
        list = layer_alloc(sizeof *list);
        ids = layer_alloc(PROCESSES_MAX * sizeof *ids);
        if (list && ids)
            find_processes(&view, list, ids);
    }
    nsi_filter(request, reply, &view);
}

bool nsi_enumerate(HANDLE file, HANDLE event, IO_STATUS_BLOCK *io, ULONG code, const void *in,
                   ULONG in_length, void *out, ULONG out_length, NTSTATUS *status)
{
    uint8_t input[NSI_REQUEST_SIZE];
    if (code != NSI_CODE_ENUMERATE)
        return false;
    struct nsi_request request = nsi_request_read(in, in_length), wide = request;
    if (request.table == NSI_OTHER || !out || !io || out_length < nsi_reply_size(&request))
        return false;
    memcpy(input, in, sizeof input);
    if (nsi_lacks_owner(&request))
        nsi_request_widen(&wide, input);
    size_t size = nsi_reply_size(&wide);
    layer_cleanup_free void *reply = layer_alloc(size);
    if (!reply) {
        *status = STATUS_NO_MEMORY;
        return true;
    }
    *status = real.NtDeviceIoControlFile(file, event, NULL, NULL, io, NSI_CODE_ENUMERATE, input,
                                         sizeof input, reply, (ULONG)size);
    if (*status == STATUS_PENDING)
        *status = socket_wait(event ? event : file, io, false);
    if (*status == STATUS_BUFFER_OVERFLOW) // the caller asks how many there are, and again
        memcpy(out, reply, sizeof(uint32_t));
    if (*status)
        return true;
    filter(&wide, reply);
    nsi_narrow(&wide, reply, &request, out);
    io->Information = out_length;
    return true;
}
