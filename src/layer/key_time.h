// When keys were last written, as the VM sees it.
//
// The VM's own key for one of the host's is made when the VM first writes to it or below it, which
// for the VM's programs is no writing. So it gets the time of the host's, and the key above it the
// time that it had. Where the system cannot set a key's time (Wine 8: NtSetInformationKey() in
// dlls/ntdll/unix/registry.c is a stub), a note says which time to show as long as the key's own is
// what it was then:
//
//   <keys>\times\MACHINE\X    its values' names are sub-keys of \REGISTRY\MACHINE\X, each value the
//   two times
#ifndef PLUME_LAYER_KEY_TIME_H
#define PLUME_LAYER_KEY_TIME_H

#include "layer/key_store.h"

/* Enters into the change index that there may be a note for the sub-key `leaf` of `parent`. */
void key_time_announce(struct str16 parent, struct str16 leaf);

/* The time of an open key itself; 0 when it cannot be had. */
int64_t key_time_of(HANDLE key);

/* The time to show for the VM's own key `canon`, whose own time is `time`. */
int64_t key_time_shown(struct str16 canon, int64_t time);

/* Makes `time` what is shown for the VM's own key `canon`, until it is written to. */
void key_time_keep(struct str16 canon, HANDLE upper, int64_t time);

/* Copies the note for a key of the VM's own that is going to be renamed. */
void key_time_copy(struct str16 from, struct str16 to);

/* The notes for the sub-keys of `canon`: NULL when there are none. To be closed. */
HANDLE key_time_notes(struct str16 canon);

/* What they say of the sub-key `leaf`. */
int64_t key_time_noted(HANDLE notes, struct str16 canon, struct str16 leaf, int64_t time);

#endif
