// The VM's window station and desktop: where its processes are connected to, and what they are
// called. Windows, classes, messages, hooks, the clipboard, global atoms and DDE belong to a
// station or a desktop in the system, so they come with it; but on Wine atoms do not: layer/atom.h.
#ifndef PLUME_LAYER_STATION_H
#define PLUME_LAYER_STATION_H

#include "layer/exports.h"
#include "layer/layer.h"

/* Whether this process is connected to the VM's station: all are, but the monitor and the commands,
 * and those that the user wants to see on his own desktop. */
bool station_applies(void);

/* Whether the host's window station of this name is the VM's; *own is what the VM calls it, which
 * points into `name` or at static text. */
bool station_is_own(struct str16 name, struct str16 *own);

/* The system calls of win32u.dll, and the functions of user32.dll, to be replaced. */
extern const struct layer_stub_patch station_stubs[];
extern const size_t station_stubs_count;
extern const struct layer_export_patch station_exports[];
extern const size_t station_exports_count;

/* To be called when user32.dll is loaded, before it runs. */
void station_user32_loaded(bool wine);

/* Connects this process, for what belongs to a station without user32 being there. */
void station_connect(void);

#endif
