// What a process knows of the handles on files of the host's that it has from its parent.
//
// A handle leads to the VM's copy when there is one (file_lower.h) only if its process knows what
// it is on and how it was opened. The parent tells its child: it leaves a list in the child's
// memory.
#ifndef PLUME_LAYER_INHERIT_H
#define PLUME_LAYER_INHERIT_H

#include "layer/layer.h"

/* Tells a process that this one has made, that inherits handles and has not run yet, of those on
 * files of the host's. `base` is where the layer stands in it. A failure only costs what it is
 * for. */
void inherit_tell(HANDLE process, uint8_t *base);

/* Notes what the parent told this process, once. */
void inherit_note(void);

#endif
