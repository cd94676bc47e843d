// The VM's change index, as the layer sees it: see core/change_index.h.
#ifndef PLUME_LAYER_CHANGES_H
#define PLUME_LAYER_CHANGES_H

#include "core/change_index.h"
#include "layer/layer.h"

// The section's name is the VM's object directory's with this at the end: beside the directory, so
// that no program of the VM can name it.
#define LAYER_CHANGES_SUFFIX ".changes"
// Room for 390,000 names in 4 MiB, of which only the pages that hold a name are ever touched. With
// more, everything counts as changed: a VM stays right and becomes slower.
enum { LAYER_CHANGES_ORDER = 19 };

/* Mapped by layer_wake(), before the first look. */
extern struct change_index *layer_changes;

/* Takes the mapped section into use: the index, and what lies behind it (layer/alias.h). */
void layer_share(void *view);
size_t layer_shared_size(void);

static inline bool layer_changed(enum change change, struct str16 canon)
{
    return change_index_has(layer_changes, change, canon);
}

#endif
