// VMs for the time of one command.
#ifndef PLUME_CLI_THROWAWAY_H
#define PLUME_CLI_THROWAWAY_H

#include "vm/vm.h"

struct throwaway {
    struct vm vm;
    bool made;
};

/* Makes and starts one, called PREFIX-<process id>-<number>; with Ctrl-C it is made, but not
 * started. On a failure it may be half there: it is to be removed in any case. */
bool throwaway_make(struct throwaway *vm, const struct vm_store *store, const wchar_t *prefix,
                    unsigned number, struct plume_error *error);

/* Ends what runs in it and removes it, where it was made. */
bool throwaway_remove(struct throwaway *vm, struct plume_error *error);

#endif
