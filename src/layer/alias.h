// Names that lead to the same file are one name: the true one, by which all else is decided.
//
// A folder may be reached through a link, another drive letter, a volume's GUID, Wine's unix\ or a
// short name. Each folder's true name is asked for once a VM (by opening it on the host, whose
// kernel follows every link) and remembered in core/alias_table.h, so a name whose folder is known
// costs a look into memory. The last component is taken as it is, but for a short name: a link
// itself can be renamed and deleted. alias_resolve_whole() follows it.
#ifndef PLUME_LAYER_ALIAS_H
#define PLUME_LAYER_ALIAS_H

#include "layer/shared.h"

/* Makes the folder of `*canon` its true name. When that is another text, *canon and *memory are
 * replaced (the old *memory, which *canon lay in, is freed). */
NTSTATUS alias_resolve(uint16_t **memory, struct str16 *canon);

/* The same for the whole name: of a folder that is listed, or of what is about to be changed. */
NTSTATUS alias_resolve_whole(uint16_t **memory, struct str16 *canon);

/* Whether the host has a volume that the absolute NT name `text`, without a backslash at its end,
 * stands for. Answered from memory once it has. */
bool alias_is_volume(struct str16 text);

/* To be called after the VM has made the link `canon`, or moved one there; one that is gone is
 * noticed. */
void alias_link_changed(struct str16 canon);

#endif
