// Reading what a running VM's processes do, from outside of the VM: core/trace.h.
#ifndef PLUME_CLI_TRACE_READER_H
#define PLUME_CLI_TRACE_READER_H

#include "core/trace.h"
#include "plume_layer.h"
#include "vm/vm.h"

struct trace_reader {
    struct layer_traced traced;
    struct trace_cursor cursor;
    int place;       // among the readers; -1: it only looks
    DWORD busy_from; // since when a record is being written; 0: none is
};

/* Maps the VM's memory. What is refused and which services were started can be read then. */
bool trace_reader_open(struct trace_reader *reader, const struct vm *vm, struct plume_error *error);

/* Has everything recorded from now on. To be ended by trace_reader_close(). */
bool trace_reader_begin(struct trace_reader *reader, const struct vm *vm,
                        struct plume_error *error);

/* The next record; false where there is none now. At the end, when nobody writes any more, `last`
 * does not wait for records that are being written. */
bool trace_reader_next(struct trace_reader *reader, struct trace_record *record, bool last);
void trace_reader_close(struct trace_reader *reader);

/* The refusals since `since` (FILETIME), of the process that `service` was started in since then,
 * and of those that it has started; each is given to `each`. */
void trace_reader_refused(const struct trace_reader *reader, const wchar_t *service, uint64_t since,
                          void (*each)(void *context, const struct trace_record *record,
                                       bool child),
                          void *context);

/* ---- whose records are wanted ---- */

struct trace_process {
    uint32_t id;
    bool wanted;
    uint16_t service[64]; // that was started in it, or in what has started it; empty: none
};

struct trace_processes {
    struct trace_process *items;
    size_t count, room;
    const wchar_t *service; // whose processes are wanted; NULL: no service's
    bool all;
};

/* What is known of the processes that run already. */
bool trace_processes_begin(struct trace_processes *processes, const struct trace_reader *reader,
                           const struct vm *vm, struct plume_error *error);

/* A process whose records are wanted, and those of what it starts. */
void trace_processes_want(struct trace_processes *processes, uint32_t id);

/* To be called with each record in order. Whether it is wanted; the process's service goes to
 * *service. */
bool trace_processes_see(struct trace_processes *processes, const struct trace_record *record,
                         struct str16 *service);
void trace_processes_free(struct trace_processes *processes);

#endif
