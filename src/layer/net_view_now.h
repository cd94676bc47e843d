// What this VM's programs see of lists of connections and addresses, as it is now.
#ifndef PLUME_LAYER_NET_VIEW_NOW_H
#define PLUME_LAYER_NET_VIEW_NOW_H

#include "core/net_view.h"
#include "layer/members.h"
#include "layer/shared.h"
#include "layer/socket_ask.h"

/* The view. Its processes are put in *ids, memory of layer_alloc()'s which must stay as long as the
 * view is used; with NULL, or where the system does not tell, it has none. */
static inline struct net_view net_view_now(uintptr_t **ids)
{
    struct net_view view = {
        .vm = socket_vm(), .ports = layer_ports, .no_network = layer_config.no_network};
    if (ids && !member_list(ids, &view.process_count))
        view.processes = *ids;
    if (!view.processes)
        view.process_count = 0;
    return view;
}

#endif
