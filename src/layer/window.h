// Windows by a number that was guessed. The system lets messages pass between the windows of one
// desktop only (Windows SDK, "Desktops"; PostThreadMessage asks for a privilege to reach another),
// and a VM has a desktop of its own. Wine draws no such border (server/user.c, get_user_object), so
// there the layer does: what a call is given in place of another's window is the number of none,
// and the answer is the system's own.
#ifndef PLUME_LAYER_WINDOW_H
#define PLUME_LAYER_WINDOW_H

#include "layer/exports.h"

/* The system calls of win32u.dll and the functions of user32.dll to be replaced, on Wine. */
extern const struct layer_stub_patch window_stubs[];
extern const size_t window_stubs_count;
extern const struct layer_export_patch window_exports[];
extern const size_t window_exports_count;

/* To be called when user32.dll is loaded on Wine, before it runs. */
void window_user32_loaded(uint8_t *user32);

#endif
