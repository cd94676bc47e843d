// What VMs use of the machine.
#ifndef PLUME_CLI_USAGE_H
#define PLUME_CLI_USAGE_H

#include "processes.h"

/* Processor time of one process, to tell what was used since. */
struct usage_process {
    ULONG_PTR id;
    uint64_t created, cpu;
};

/* What a VM uses at a moment. Sizes are bytes. */
struct usage {
    uint64_t at;        // 100 ns, of any beginning
    uint64_t cpu;       // 100 ns of processor time; of processes that have ended, too, if `whole`
    bool whole;         // the host's job counts that
    uint64_t committed; // what --memory limits
    bool counts_io;     // whether the host does
    uint64_t read, written;
    uint32_t count;
    struct usage_process *processes; // to be freed
};

/* Asks for a VM. `list` is the system's list, taken right before. False with *error, also where
 * the VM does not run. */
bool usage_read(struct usage *usage, const struct vm *vm, const struct system_process *list,
                struct plume_error *error);
void usage_free(struct usage *usage);

/* Hundredths of a percent of one processor that were used from `before` to `later`. */
uint32_t usage_cpu(const struct usage *before, const struct usage *later);

#endif
