// What the layer reads of the process without a call, at places that the system's structures have
// had since NT 5.2: checked before anything is built on it.
#ifndef PLUME_LAYER_OFFSETS_H
#define PLUME_LAYER_OFFSETS_H

#include "layer/layer.h"

/* Compares what stands there in this process with what the system answers when it is asked. After
 * layer_real_from_ntdll(). STATUS_REVISION_MISMATCH where they are different; *what then says which
 * (static ASCII). */
NTSTATUS offsets_check(const char **what);

#endif
