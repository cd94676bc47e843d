// The memory that all processes of a VM share: one section, made by the monitor before there is a
// VM and mapped by layer_wake() into each process. Each part has its own header, and needs no lock.
#ifndef PLUME_LAYER_SHARED_H
#define PLUME_LAYER_SHARED_H

#include "core/alias_table.h"
#include "core/change_index.h"
#include "core/share.h"
#include "core/sockaddr.h"
#include "layer/layer.h"

/* The parts: set before the first interposed call goes on. */
extern struct change_index *layer_changes; // layer/changes.h
extern struct alias_table *layer_aliases;  // layer/alias.h
extern struct share_table *layer_shares;   // layer/shares.h
extern struct sockaddr_ports *layer_ports; // layer/ports.h
extern struct limit_shared *layer_limit;   // layer/limit.h
// layer/keep.h, layer/links.h, layer/pipe_trigger.h and layer/trace.h have theirs.

/* Makes the section and takes it into use. It lasts as long as the calling process. */
NTSTATUS shared_make(void);

/* Takes the section that there is into use. */
NTSTATUS shared_map(void);

#endif
