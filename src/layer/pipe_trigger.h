// Pipes that there are not, and that the VM's manager starts a service for: who opens one waits for
// it. Nothing is done for a pipe that there is, or while no service waits to be started so.
#ifndef PLUME_LAYER_PIPE_TRIGGER_H
#define PLUME_LAYER_PIPE_TRIGGER_H

#include "core/str16.h"
#include "layer/layer.h"

extern uint32_t *layer_expected_pipes; // for how many pipes there is such a service

/* Sets it; for the monitor, which has made the shared memory. */
void pipe_trigger_expect(uint32_t count);

/* Somebody opens a pipe, named as below \\.\pipe\, that there is not. *tries, 0 at first, counts
 * the calls for one opening. Whether he is to try again, now that it may be there: the call has
 * waited a moment for a service that makes it. */
bool pipe_trigger_wait(struct str16 name, unsigned *tries);

#endif
