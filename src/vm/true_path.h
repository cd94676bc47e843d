// The path of a folder without links, other drive letters and short names on the way to it.
#ifndef PLUME_VM_TRUE_PATH_H
#define PLUME_VM_TRUE_PATH_H

#include <stdbool.h>
#include <stddef.h>

/* Replaces an absolute Win32 path by the true one, as far down as its folders exist; what cannot be
 * asked stays as it is. False when the true one does not fit into `cap` units. */
bool vm_true_path(wchar_t *path, size_t cap);

#endif
