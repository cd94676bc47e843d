// Consoles and the processes that share one: a VM's programs attach to the console of no other's,
// and are told of the VM's own. The console that a program was started with stays its own.
#ifndef PLUME_LAYER_CONSOLE_H
#define PLUME_LAYER_CONSOLE_H

#include "layer/exports.h"
#include "layer/layer.h"

/* Of kernelbase where there is one, else of kernel32. */
extern const struct layer_export_patch console_exports[];
extern const size_t console_exports_count;

#endif
