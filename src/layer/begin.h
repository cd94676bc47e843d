// How a process begins with the layer: the first code that runs in it in user mode is ntdll's
// LdrInitializeThunk, and there whoever started it has put a jump to layer_entry, behind it a byte
// of enum layer_child and two of share_handed_over(). The layer makes its own way into ntdll from
// there, in the process itself, puts back what had been written over, and goes on with it.
#ifndef PLUME_LAYER_BEGIN_H
#define PLUME_LAYER_BEGIN_H

#include "layer/layer.h"

/* Where the jump leads. Not to be called. */
void layer_entry(void);

/* Of the mapped layer: protects its image and patches ntdll's stubs, of the process that it stands
 * in. On failure the status with the step that failed in *what (static ASCII); no stub is patched
 * then. */
NTSTATUS layer_begin(const char **what);

#endif
