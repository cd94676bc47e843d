// Children of the other bitness: they have another ntdll, in which their parent cannot write. The
// monitor sees to them, with a process of that bitness (bridge/bridge.h).
#ifndef PLUME_LAYER_BITNESS_H
#define PLUME_LAYER_BITNESS_H

#include "layer/layer.h"

/* Whether the process is 32-bit on a 64-bit system and this one is not, or the other way round. */
NTSTATUS bitness_differs(HANDLE process, bool *differs);

/* Whether there is a layer for programs of this machine (a PE header's number). */
bool bitness_known(uint16_t machine);

/* Gives the layer to a process of the other bitness, which has not run yet and which the handle
 * allows everything with. `child` is of enum layer_child. STATUS_NOT_SUPPORTED where that bitness
 * is not installed. */
NTSTATUS bitness_give(HANDLE process, uint32_t child);

/* Who does it in this process, instead of the monitor being asked: see struct layer_outside. */
void bitness_set_give(NTSTATUS (*give)(HANDLE process, uint32_t child));

/* process.c: see struct layer_outside. */
void process_start_outside(bool on);

#endif
