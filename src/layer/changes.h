// The VM's change index, as the layer sees it: see core/change_index.h.
#ifndef PLUME_LAYER_CHANGES_H
#define PLUME_LAYER_CHANGES_H

#include "layer/shared.h"

static inline bool layer_changed(enum change change, struct str16 canon)
{
    return change_index_has(layer_changes, change, canon);
}

#endif
