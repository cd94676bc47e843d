// Which processes are the VM's. The kernel knows: they are those in the VM's job, which each child
// is in from its first moment, which none can leave, and which no other process can be taken for,
// whatever number it gets. The job is opened for each question, because a handle that a process of
// the VM kept would keep the VM alive when its monitor dies.
#ifndef PLUME_LAYER_MEMBERS_H
#define PLUME_LAYER_MEMBERS_H

#include "core/proclist.h"
#include "layer/layer.h"

/* A number that no process or thread has: a call for one that the VM must not see is made for this
 * one instead, so that the answer is the system's own. */
#define MEMBER_NONE ((HANDLE)(ULONG_PTR)0xfffffffc)

enum member {
    MEMBER_ABSENT,  // there is no such process
    MEMBER_FOREIGN, // not the VM's
    MEMBER_OWN,
};

/* What the process with this id is, and in *held (to be closed, may be NULL) a handle by which the
 * id stays its own. */
enum member member_find(uintptr_t id, HANDLE *held);

/* Whether the process, whose id this is, is the VM's; the handle may be one that may not be asked.
 */
bool member_is(HANDLE process, uintptr_t id);

/* Whether a thread of that number is one of the VM's. */
bool member_thread(uintptr_t id);

/* Puts a process that has not run yet into the VM's job, if it is not there already. */
NTSTATUS member_add(HANDLE process);

/* How many processes the VM has. */
NTSTATUS member_count(uint32_t *count);

/* The ids of the VM's processes, in memory of layer_alloc(): one list more for each call after the
 * first, see struct proclist_ids. */
NTSTATUS member_list(uintptr_t **ids, size_t *count);

#endif
