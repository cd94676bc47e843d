// libFuzzer target for the requests of sockets. The input is the request's code (4 bytes), the size
// of a pointer (1 byte), and the request. Run by script/fuzz, which says how it is built.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/sockaddr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_address(struct sockaddr_view view, size_t size)
{
    const struct sockaddr_vm vm = {{127, 64, 1, 2}, {127, 192, 1, 2}};
    check(view.size <= size && view.size >= (sockaddr_is_ipv6(view) ? 28u : 16u));
    enum sockaddr_kind kind = sockaddr_kind(&vm, view), bound = sockaddr_to_bind(kind, false);
    unsigned port = sockaddr_port(view);
    if (bound == SOCKADDR_OTHER) {
        check(kind == SOCKADDR_OTHER);
        return;
    }
    // Whatever may be bound is bound at the VM's own addresses, and is never shown as those.
    sockaddr_set(&vm, view, bound);
    check(sockaddr_kind(&vm, view) == bound && sockaddr_port(view) == port);
    check(bound == SOCKADDR_OWN4 || bound == SOCKADDR_TWIN4 || bound == SOCKADDR_MAPPED_OWN ||
          bound == SOCKADDR_MAPPED_TWIN);
    sockaddr_set(&vm, view, sockaddr_local_shown(bound, SOCKADDR_OTHER, false));
    kind = sockaddr_kind(&vm, view);
    check(kind == SOCKADDR_LOOPBACK4 || kind == SOCKADDR_LOOPBACK6 ||
          kind == SOCKADDR_MAPPED_LOOPBACK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 5)
        return 0;
    uint32_t code;
    memcpy(&code, data, sizeof code);
    size_t length = size - 5;
    uint8_t *request = malloc(length ? length : 1);
    check(request != NULL);
    memcpy(request, data + 5, length);
    const struct sockaddr_request *form =
        sockaddr_request(code, data[4] & 1 ? 8 : 4, request, length);
    struct sockaddr_view view;
    (void)sockaddr_must_be_bound(code, request, length);
    if (form && (form->role == SOCKADDR_BIND || form->role == SOCKADDR_CONNECT)) {
        check(sockaddr_find(request + form->address, length - form->address, &view));
        check_address(view, length - form->address);
    }
    if (form && (form->role == SOCKADDR_SEND || form->role == SOCKADDR_RECEIVE))
        check((size_t)form->address + (form->wide ? 8 : form->pointer) <= length &&
              (size_t)form->length + 4 <= length && (size_t)form->wait + 4 <= length);
    if (sockaddr_find_result(request, length, &view))
        check_address(view, length);
    free(request);
    return 0;
}
