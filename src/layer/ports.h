// Which of the VM's two addresses an IPv6 port was bound to last: see core/sockaddr.h.
#ifndef PLUME_LAYER_PORTS_H
#define PLUME_LAYER_PORTS_H

#include "core/sockaddr.h"
#include "layer/layer.h"

enum sockaddr_port_state ports_get(unsigned port);

/* Without memory for it, nothing is noted: ::1 then leads to the twin. */
void ports_set(unsigned port, enum sockaddr_port_state state);

#endif
