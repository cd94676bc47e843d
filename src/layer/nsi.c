#include "layer/nsi.h"
#include "core/nsi.h"
#include "layer/net_view_now.h"
#include "layer/socket_ask.h"

static void filter(const struct nsi_request *request, void *reply)
{
    layer_cleanup_free uintptr_t *ids = NULL;
    bool owned = request->table == NSI_TCP || request->table == NSI_UDP;
    struct net_view view = net_view_now(owned ? &ids : NULL);
    nsi_filter(request, reply, &view);
}

bool nsi_enumerate(HANDLE file, HANDLE event, IO_STATUS_BLOCK *io, ULONG code, const void *in,
                   ULONG in_length, void *out, ULONG out_length, NTSTATUS *status)
{
    uint8_t input[NSI_REQUEST_SIZE];
    if (code != NSI_CODE_ENUMERATE || layer_config.emulate_nt) // then layer/conn_lists.h
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
