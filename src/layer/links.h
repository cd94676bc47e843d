// The VM's own device links: drive letters and the like that it has defined (DefineDosDevice), and
// those of the host's that it has removed. They stand over the host's, which stay as they are.
//
// Those that the VM has are links in its own directory of objects, below Root\??; a host's that is
// removed is an event of its name in another one, beside. Both are kept by the monitor. Each
// process has them in its memory as of a number that every change counts up.
#ifndef PLUME_LAYER_LINKS_H
#define PLUME_LAYER_LINKS_H

#include "layer/layer.h"

enum links_kind {
    LINKS_HOST,   // nothing of the VM's: as the host has it
    LINKS_OWN,    // the VM's, which leads to the target
    LINKS_REMOVED // the host's, which the VM has removed
};

/* Changes of what the VM has in directories that it shares with the host, in the memory that its
 * processes share; 0: there was none. */
extern uint32_t *layer_object_changes;

static inline bool links_unchanged(void)
{
    return !__atomic_load_n(layer_object_changes, __ATOMIC_ACQUIRE);
}

/* To be called before and after each change. */
static inline void links_changing(void)
{
    __atomic_add_fetch(layer_object_changes, 1, __ATOMIC_ACQ_REL);
}

/* What the link `name` (as ntpath_link() gives it) is. Of the VM's own, *target is in *memory,
 * layer_alloc()'s. */
enum links_kind links_find(struct str16 name, uint16_t **memory, struct str16 *target);

/* Removes the host's link of this name from the VM's sight. */
NTSTATUS links_remove(struct str16 name);

/* Attributes for a call that names a file, in place of the program's. */
struct links_name {
    OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING text;
    uint16_t *memory;
};

/* Makes *attributes, if the name in them begins with a link of the VM's own, lead to where that
 * leads; costs no system call while the VM has defined none. `name` needs links_name_free() in any
 * case. STATUS_OBJECT_NAME_NOT_FOUND or ..._PATH_... for a link that the VM has removed. */
NTSTATUS links_follow(OBJECT_ATTRIBUTES **attributes, struct links_name *name);
void links_name_free(struct links_name *name);
#define layer_cleanup_links_name __attribute__((cleanup(links_name_free)))

/* The same for an absolute name that is no object attributes': the other one in *text. */
NTSTATUS links_follow_text(struct str16 *text, uint16_t **memory);

#endif
