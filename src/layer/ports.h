// What the processes of a VM tell each other about ports: struct sockaddr_ports of core/sockaddr.h.
#ifndef PLUME_LAYER_PORTS_H
#define PLUME_LAYER_PORTS_H

#include "core/sockaddr.h"
#include "layer/layer.h"

/* The table, or NULL when the system has no memory for it: then ::1 leads to the twin, and
 * datagrams to the VM's own address. Its members are read and written without a lock, each by
 * itself. */
struct sockaddr_ports *ports_table(void);

#endif
