// Device links by DefineDosDevice. Windows has CSRSS make them, past the calls that the layer
// stands before, so there the function is replaced by one that makes them itself; Wine's makes them
// itself (dlls/kernelbase/volume.c).
#ifndef PLUME_LAYER_DOS_DEVICE_H
#define PLUME_LAYER_DOS_DEVICE_H

#include "layer/exports.h"
#include "layer/layer.h"

extern const struct layer_export_patch dos_device_exports[];
extern const size_t dos_device_exports_count;

#endif
