// The lists of the machine's addresses that iphlpapi.dll gives, on Windows: as conn_lists.h.
#ifndef PLUME_LAYER_ADDRESS_LISTS_H
#define PLUME_LAYER_ADDRESS_LISTS_H

#include "layer/exports.h"
#include "layer/layer.h"

extern const struct layer_export_patch address_exports[];
extern const size_t address_exports_count;

#endif
