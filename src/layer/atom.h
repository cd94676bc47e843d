// Global atoms: the numbers that GlobalAddAtom(), RegisterWindowMessage() and
// RegisterClipboardFormat() give to names.
//
// Windows keeps them with the window station, so a VM has its own. Wine has one table for all
// (server/atom.c, get_global_table), so there the VM's names are prefixed.
#ifndef PLUME_LAYER_ATOM_H
#define PLUME_LAYER_ATOM_H

#include "layer/layer.h"

/* win32u's GetClipboardFormatName, which on Wine reads the table past ntdll's stubs. */
typedef int(NTAPI atom_format_name_fn)(UINT format, WCHAR *name, int room);
extern atom_format_name_fn *atom_system_format_name;
int NTAPI atom_format_name(UINT format, WCHAR *name, int room);

#endif
