// Replacing exports of DLLs that are no system calls (the service API): their first bytes are
// overwritten with a jump when the DLL is loaded, before any code that imports it runs.
//
// Most are never called again. One whose replacement calls it gets its beginning moved to where it
// can be jumped to; where that begins with something that cannot be moved, it stays as it is.
#ifndef PLUME_LAYER_EXPORTS_H
#define PLUME_LAYER_EXPORTS_H

#include <stdbool.h>

struct layer_export_patch {
    const char *name;
    void *replacement;
    void **original; // where to keep what the export did; NULL where nobody asks
};

/* A system call of another DLL than ntdll. */
struct layer_stub_patch {
    const char *name;
    void *replacement; // NULL: the original is only called
    void **real;       // gets the original; stays NULL where the DLL does not have it
    unsigned argument_bytes;
};

/* Whether the system is Wine. */
bool layer_is_wine(void);

/* The base of a loaded module, NULL when it is not loaded. For times when no other thread loads
 * any. */
void *layer_find_module(const char *name);

/* Starts to watch the loading of modules; looks at those that are loaded already. */
void layer_watch_modules(void);

#endif
