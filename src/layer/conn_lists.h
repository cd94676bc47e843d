// The lists of connections and listeners that iphlpapi.dll gives, on Windows: what its functions
// ask the network store for is not documented there, so the documented functions are replaced.
// Under Wine the store's replies are filtered (layer/nsi.h).
#ifndef PLUME_LAYER_CONN_LISTS_H
#define PLUME_LAYER_CONN_LISTS_H

#include "layer/exports.h"
#include "layer/layer.h"

extern const struct layer_export_patch conn_exports[];
extern const size_t conn_exports_count;

#endif
