// The monitor's side of the bridge: processes of the other bitness are given the layer.
#ifndef PLUME_MONITOR_BRIDGE_H
#define PLUME_MONITOR_BRIDGE_H

#include "bridge/bridge.h"
#include "core/wire.h"
#include "monitor/pipe.h"

/* Takes over from the layer; after plume_layer_enter(). `config` must last. */
void bridge_open(const struct layer_config *config);

/* Answers SCM_GIVE_LAYER. */
void bridge_request(struct pipe_connection *connection, struct wire_reader *r);

#endif
