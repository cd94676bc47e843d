// The configuration's drive letters, as core/ntpath.h takes them.
#ifndef PLUME_LAYER_DRIVES_H
#define PLUME_LAYER_DRIVES_H

#include "core/ntpath.h"
#include "layer/layer.h"

static inline void layer_drives(struct ntpath_drives *drives)
{
    for (unsigned i = 0; i < 26; i++)
        drives->link[i] = str16_of(layer_config.drives[i]);
}

#endif
