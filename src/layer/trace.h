// Recording what names the process uses and what became of each: core/trace.h. While nobody wants
// to know, that is a load and a branch for each call; only what is refused is recorded always.
#ifndef PLUME_LAYER_TRACE_H
#define PLUME_LAYER_TRACE_H

#include "core/trace.h"
#include "layer/layer.h"

extern struct trace_readers *layer_trace_readers; // NULL until shared memory is in use
extern struct trace_ring *layer_trace, *layer_trace_refused, *layer_trace_services,
    *layer_trace_starts;

/* The name of the system call that the function layer_NAME() stands for. */
#define TRACE_CALL (__func__ + sizeof "layer_" - 1)

struct trace_what {
    enum trace_kind kind;
    enum trace_outcome outcome;
    const char *call;
    NTSTATUS status;
    uint32_t subject; // a process that was started
};

/* Whether somebody traces the VM. */
static inline bool trace_is_on(void)
{
    return layer_trace_readers && __atomic_load_n(&layer_trace_readers->wanted, __ATOMIC_RELAXED);
}

static inline bool trace_wants(enum trace_outcome outcome, NTSTATUS status)
{
    return trace_is_on() || (status < 0 && trace_is_refused(outcome, (uint32_t)status));
}

/* Records a name, `before` and `name` put together. May wait for a reader, but for a second at
 * most. The process's last error and the like stay as they are. */
void trace_put(const struct trace_what *what, struct str16 before, struct str16 name);

/* The same for a key, by its canonical name. */
void trace_key(const struct trace_what *what, struct str16 canon);

/* The same for a file or key that the VM has changed now. Returns `status`. */
NTSTATUS trace_changed(enum trace_kind kind, struct str16 canon, enum trace_outcome outcome,
                       NTSTATUS status);

/* The same for an object whose name the program gave so. */
void trace_object(const struct trace_what *what, const OBJECT_ATTRIBUTES *given);

/* The same for something without a name, described by ASCII. Returns what->status. */
NTSTATUS trace_text(const struct trace_what *what, const char *text);

/* Refuses a call that would change the machine; returns `status`. */
NTSTATUS trace_refuse(const char *call, NTSTATUS status);

#endif
