#include "core/net_view.h"
#include <string.h>

static bool is_member(const struct net_view *view, uint32_t process)
{
    for (size_t i = 0; i < view->process_count; i++) {
        if (view->processes[i] == process)
            return true;
    }
    return false;
}

static bool is_own_address(const struct net_view *view, uint8_t *address)
{
    switch (sockaddr_kind(&view->vm, (struct sockaddr_view){address, SOCKADDR_MAX})) {
    case SOCKADDR_OWN4:
    case SOCKADDR_TWIN4:
    case SOCKADDR_MAPPED_OWN:
    case SOCKADDR_MAPPED_TWIN:
        return true;
    default:
        return false;
    }
}

/* Whether a datagram socket at 127.0.0.1 is one of the VM's, under Wine. */
static bool is_own_datagram(const struct net_view *view, uint8_t *address)
{
    struct sockaddr_view at = {address, SOCKADDR_MAX};
    enum sockaddr_kind kind = sockaddr_kind(&view->vm, at);
    return is_own_address(view, address) ||
           (view->ports && (kind == SOCKADDR_LOOPBACK4 || kind == SOCKADDR_MAPPED_LOOPBACK) &&
            view->ports->program[sockaddr_port(at)]);
}

/* What a program bound, as far as the processes of the VM have told. */
static enum sockaddr_kind bound_shown(const struct net_view *view, enum sockaddr_kind kind,
                                      unsigned port)
{
    uint8_t taken = view->ports ? view->ports->taken[port] : 0;
    switch (kind) {
    case SOCKADDR_OWN4:
    case SOCKADDR_LOOPBACK4: // datagram sockets under Wine
        return taken & SOCKADDR_OWN_LOOPBACK ? SOCKADDR_LOOPBACK4 : SOCKADDR_ANY4;
    case SOCKADDR_MAPPED_OWN:
    case SOCKADDR_MAPPED_LOOPBACK:
        return SOCKADDR_ANY6;
    case SOCKADDR_MAPPED_TWIN:
        return taken & SOCKADDR_TWIN_LOOPBACK ? SOCKADDR_LOOPBACK6 : SOCKADDR_ANY6;
    default:
        return SOCKADDR_OTHER;
    }
}

/* `bound`: nothing has settled the address but the binding. `ipv6`: it is known that the
 * conversation is one over IPv6. */
static void show(const struct net_view *view, uint8_t *address, bool bound, bool ipv6)
{
    struct sockaddr_view at = {address, SOCKADDR_MAX};
    enum sockaddr_kind kind = sockaddr_kind(&view->vm, at), shown;
    if (bound)
        shown = bound_shown(view, kind, sockaddr_port(at));
    else if (sockaddr_is_hosts(&view->vm) && (kind == SOCKADDR_OWN4 || kind == SOCKADDR_MAPPED_OWN))
        shown = SOCKADDR_OTHER;
    else
        shown = sockaddr_peer_shown(kind, ipv6);
    if (shown != SOCKADDR_OTHER)
        sockaddr_set(&view->vm, at, shown);
}

static void show_datagram(const struct net_view *view, uint8_t *address)
{
    struct sockaddr_view at = {address, SOCKADDR_MAX};
    enum sockaddr_kind kind = sockaddr_kind(&view->vm, at);
    unsigned port = sockaddr_port(at);
    if (view->ports && (kind == SOCKADDR_LOOPBACK4 || kind == SOCKADDR_MAPPED_LOOPBACK) &&
        view->ports->program[port])
        sockaddr_set_port(at, view->ports->program[port]);
    show(view, address, true, false);
}

static bool is_mapped_twin(const struct net_view *view, uint8_t *address)
{
    return sockaddr_kind(&view->vm, (struct sockaddr_view){address, SOCKADDR_MAX}) ==
           SOCKADDR_MAPPED_TWIN;
}

bool net_view_connection(const struct net_view *view, uint32_t owner, bool listens, uint8_t *local,
                         uint8_t *remote)
{
    // Wine does not know the owner of a socket that its process has done little with
    // (find_owning_pid() in dlls/nsiproxy.sys/tcp.c), and what has ended has none.
    if (owner ? !is_member(view, owner)
              : !is_own_address(view, local) && !is_own_address(view, remote))
        return false;
    bool ipv6 = is_mapped_twin(view, local) || is_mapped_twin(view, remote);
    show(view, local, listens, ipv6);
    show(view, remote, false, ipv6);
    return true;
}

bool net_view_datagrams(const struct net_view *view, uint32_t owner, uint8_t *local)
{
    if (owner ? !is_member(view, owner) : !is_own_datagram(view, local))
        return false;
    show_datagram(view, local);
    return true;
}

bool net_view_address4(const struct net_view *view, uint8_t address[4], bool *own_shown)
{
    static const uint8_t loopback[4] = {127, 0, 0, 1};
    if (memcmp(address, loopback, sizeof loopback) == 0)
        return true;
    if (view->no_network || *own_shown ||
        (sockaddr_is_hosts(&view->vm) && memcmp(address, view->vm.own, sizeof view->vm.own) != 0))
        return false;
    *own_shown = true;
    memcpy(address, view->vm.own, sizeof view->vm.own);
    return true;
}

bool net_view_address6(const uint8_t address[16])
{
    static const uint8_t loopback[16] = {[15] = 1};
    return memcmp(address, loopback, sizeof loopback) == 0;
}
