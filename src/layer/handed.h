// What a process knows of the handles on files of the host's, and on sections, that it did not
// open: those that it has from its parent, that another process put into it, and that it took from
// another.
//
// A handle leads to the VM's copy when there is one (file_lower.h) only if its process knows what
// it is on and how it was opened. Who hands one over enters it for the other process in the table
// of opens; that process finds it there. Of a section it is found out what it is of when it is
// mapped (view.h).
#ifndef PLUME_LAYER_HANDED_H
#define PLUME_LAYER_HANDED_H

#include "layer/layer.h"

/* Hands over what a process that this one has made, that inherits handles and has not run yet, has
 * from this one. `base` is where the layer stands in it, NULL where it knows already that it is
 * handed something. A failure only costs what it is for. */
void handed_to_child(HANDLE process, uint8_t *base);

/* Hands over the result of NtDuplicateObject with these arguments, one of the processes being
 * another. To be called before the source is closed here. */
void handed_duplicate(HANDLE source_process, HANDLE source, HANDLE target_process, HANDLE target,
                      ACCESS_MASK access, bool same_access);

/* Learns what this process has got from others. */
void handed_take(void);

/* The same at its start, once. */
void handed_begin(void);

#endif
