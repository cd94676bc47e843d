// Named pipes and mailslots: the VM's lie in a folder of their own among the host's.
#ifndef PLUME_LAYER_PIPE_H
#define PLUME_LAYER_PIPE_H

#include "layer/file_name.h"

/* Object attributes like `like` for the VM's own pipe or mailslot of this name; *memory is
 * layer_alloc()'s. */
NTSTATUS pipe_rewrite(const OBJECT_ATTRIBUTES *like, const struct file_name *name,
                      uint16_t **memory, UNICODE_STRING *text, OBJECT_ATTRIBUTES *attributes);

/* Whether the handle is on the pipes' or the mailslots' device itself, whose list has all of the
 * host's: then *pattern is one that matches those of the VM's that `given` (may be NULL) means, and
 * the names in the list begin with *prefix, which is not the program's. *memory is layer_alloc()'s.
 */
bool pipe_list_pattern(HANDLE handle, const UNICODE_STRING *given, uint16_t **memory,
                       UNICODE_STRING *pattern, struct str16 *prefix);

/* Replaces the request to wait for a pipe (FSCTL_PIPE_WAIT), which names it, by one for the VM's
 * own; *memory, layer_alloc()'s, holds that. */
NTSTATUS pipe_rewrite_wait(void **in, ULONG *in_length, void **memory);

#endif
