// The system's lists of processes and of handles, cut down to the processes that a VM has.
#ifndef PLUME_CORE_PROCLIST_H
#define PLUME_CORE_PROCLIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The ids of a VM's processes. */
struct proclist_ids {
    const uintptr_t *ids; // before the list was made,
    size_t count;
    const uintptr_t *ids_after; // and after it: an id in both was the same process all the time
    size_t count_after;
    uintptr_t self; // the caller, of the VM whatever the others say
};

bool proclist_has(const struct proclist_ids *ids, uintptr_t id);

/* Cuts a list of processes down in place (the classes of NtQuerySystemInformation that begin with
 * SYSTEM_PROCESS_INFORMATION: 5, 53, 57 and 148; phnt's ntexapi.h), in the layout of this program's
 * pointers. What stays: the VM's, and the system's own ids 0 (Idle) and 4 (System), which programs
 * expect. A parent that runs and is none of the VM's is given as 0: none; `orphan`, the same for
 * the caller, whose parent may have ended. `list` holds `length` bytes; names in it are addressed
 * as if it stood at `list`, and afterwards as if at `target`. Returns the bytes that remain, 0 for
 * a list that is not well-formed. */
size_t proclist_cut(uint8_t *list, size_t length, const struct proclist_ids *ids, bool orphan,
                    uintptr_t target);

/* The entries of a cut list, one after the other: *at is 0 at first. NULL at the end. */
uint8_t *proclist_next(uint8_t *list, size_t length, size_t *at);

/* SYSTEM_HANDLE_TABLE_ENTRY_INFO_EX, class 64. */
struct proclist_handle {
    void *object;
    uintptr_t process, handle;
    uint32_t access;
    uint16_t back_trace, type;
    uint32_t attributes, reserved;
};
struct proclist_handles {
    uintptr_t count, reserved;
    struct proclist_handle handles[];
};

/* SYSTEM_HANDLE_TABLE_ENTRY_INFO, class 16, whose numbers are too short: it is made from the other
 * one, so that two processes whose ids differ beyond 16 bits are not taken for each other. */
struct proclist_short_handle {
    uint16_t process, back_trace;
    uint8_t type, attributes;
    uint16_t handle;
    void *object;
    uint32_t access;
};
struct proclist_short_handles {
    uint32_t count;
    struct proclist_short_handle handles[];
};

/* Cuts a list of handles down in place; returns how many remain. */
size_t proclist_cut_handles(struct proclist_handles *list, const struct proclist_ids *ids);

/* Writes the first `room` of the handles in the short form. */
void proclist_shorten(const struct proclist_handles *list, struct proclist_short_handles *to,
                      size_t room);

#endif
