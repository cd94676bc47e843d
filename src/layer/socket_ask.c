#include "layer/socket_ask.h"

#ifndef STATUS_ALERTED
#define STATUS_ALERTED ((NTSTATUS)0x00000101)
#endif

enum { TYPE_STREAM = 1 }; // SOCK_STREAM

NTSTATUS socket_wait(HANDLE event, IO_STATUS_BLOCK *io, bool alertable)
{
    NTSTATUS status;
    do
        status = real.NtWaitForSingleObject(event, alertable, NULL);
    while (status == STATUS_USER_APC || status == STATUS_ALERTED);
    return status ? status : io->Status;
}

/* Whether Wine answers a request within the call, always. */
static bool is_immediate(ULONG code)
{
    return code == SOCKADDR_CODE_WINE_GET_INFO || code == SOCKADDR_CODE_WINE_GET_IPV6_ONLY ||
           code == SOCKADDR_CODE_WINE_SET_IPV6_ONLY || code == SOCKADDR_CODE_WINE_GET_PEER;
}

/* A request of the layer's own. It has no APC context, so a completion port hears nothing of it. */
static NTSTATUS ask(HANDLE socket, ULONG code, void *in, ULONG in_length, void *out,
                    ULONG out_length)
{
    layer_cleanup_handle HANDLE event = NULL;
    IO_STATUS_BLOCK io = {{0}, 0};
    NTSTATUS status = STATUS_SUCCESS;
    if (!is_immediate(code))
        status =
            real.NtCreateEvent(&event, EVENT_ALL_ACCESS, NULL, 0 /* NotificationEvent */, FALSE);
    if (status)
        return status;
    status = real.NtDeviceIoControlFile(socket, event, NULL, NULL, &io, code, in, in_length, out,
                                        out_length);
    return status == STATUS_PENDING ? socket_wait(event ? event : socket, &io, false) : status;
}

/* Windows' form of setsockopt() and getsockopt(), since NT 6: AFD_TL_IO_CONTROL_INFO of phnt's
 * ntafd.h. Not tested. */
static NTSTATUS ask_option(HANDLE socket, bool set, ULONG *value)
{
    struct {
        ULONG type, level, name;
        BOOLEAN endpoint;
        void *input;
        SIZE_T input_length;
    } request = {set ? 1 : 2, 41 /* IPPROTO_IPV6 */, 27 /* IPV6_V6ONLY */,
                 TRUE,        set ? value : NULL,    set ? sizeof *value : 0};
    return ask(socket, SOCKADDR_CODE_TRANSPORT, &request, sizeof request, set ? NULL : value,
               set ? 0 : sizeof *value);
}

bool socket_is_ipv6_only(HANDLE socket)
{
    ULONG value = 0;
    if (ask(socket, SOCKADDR_CODE_WINE_GET_IPV6_ONLY, NULL, 0, &value, sizeof value) < 0 &&
        ask_option(socket, false, &value) < 0)
        return true;
    return value != 0;
}

void socket_set_ipv6_only(HANDLE socket, ULONG value)
{
    if (ask(socket, SOCKADDR_CODE_WINE_SET_IPV6_ONLY, &value, sizeof value, NULL, 0) < 0)
        ask_option(socket, true, &value);
}

enum socket_type socket_type_of(HANDLE socket)
{
    ULONG info[3] = {0};     // Wine: family, type, protocol
    ULONG context[64] = {0}; // Windows: SOCK_SHARED_INFO, the type is its third member
    if (ask(socket, SOCKADDR_CODE_WINE_GET_INFO, NULL, 0, info, sizeof info) >= 0)
        return info[1] == TYPE_STREAM ? SOCKET_STREAM : SOCKET_WINE_DATAGRAM;
    NTSTATUS status = ask(socket, SOCKADDR_CODE_GET_CONTEXT, NULL, 0, context, sizeof context);
    return (status >= 0 || status == STATUS_BUFFER_OVERFLOW) && context[2] == TYPE_STREAM
               ? SOCKET_STREAM
               : SOCKET_DATAGRAM;
}

bool socket_end(HANDLE socket, bool peer, uint8_t *bytes, size_t size, struct sockaddr_view *view)
{
    NTSTATUS status = ask(socket, peer ? SOCKADDR_CODE_WINE_GET_PEER : SOCKADDR_CODE_GET_ADDRESS,
                          NULL, 0, bytes, (ULONG)size);
    if (status < 0 && peer)
        status = ask(socket, SOCKADDR_CODE_GET_PEER, NULL, 0, bytes, (ULONG)size);
    return status >= 0 && sockaddr_find_result(bytes, size, view);
}

bool socket_end_is_twin(HANDLE socket, bool peer)
{
    uint8_t bytes[64] = {0};
    struct sockaddr_view view;
    struct sockaddr_vm addresses = socket_vm();
    return socket_end(socket, peer, bytes, sizeof bytes, &view) &&
           sockaddr_kind(&addresses, view) == SOCKADDR_MAPPED_TWIN;
}

NTSTATUS socket_bind(HANDLE socket, enum sockaddr_kind kind, bool ipv6)
{
    struct {
        ULONG share;
        uint8_t address[SOCKADDR_MAX];
    } request = {0, {ipv6 ? 23 : 2}};
    ULONG length = ipv6 ? SOCKADDR_MAX : 16;
    uint8_t result[64];
    struct sockaddr_vm addresses = socket_vm();
    struct sockaddr_view view = {request.address, length};
    sockaddr_set(&addresses, view, kind);
    return ask(socket, SOCKADDR_CODE_BIND, &request, (ULONG)sizeof request.share + length, result,
               length);
}
