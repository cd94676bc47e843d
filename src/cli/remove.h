// Removing whole trees, whatever a VM has put into them.
#ifndef PLUME_CLI_REMOVE_H
#define PLUME_CLI_REMOVE_H

#include "vm/error.h"

/* Deletes a folder (a \\?\ path) with all in it. Links are deleted, not followed; read-only files
 * too. A folder that is not there is no failure. */
bool remove_folder(const wchar_t *path, struct plume_error *error);

/* Deletes a key (an NT path) with all keys below it. Links are deleted, not followed. A key that is
 * not there is no failure. */
bool remove_key(const wchar_t *nt_path, struct plume_error *error);

#endif
