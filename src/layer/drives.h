// The configuration's drive letters and machine names, as core/ntpath.h takes them.
#ifndef PLUME_LAYER_DRIVES_H
#define PLUME_LAYER_DRIVES_H

#include "core/ntpath.h"

/* The same for the life of the process. */
const struct ntpath_drives *layer_drives(void);

#endif
