// Replacing functions of DLLs: their first bytes are overwritten with a jump when the DLL is
// loaded, before any code that imports it runs.
//
// Most exports are never called again. One whose replacement calls it gets its beginning moved to
// where it can be jumped to; where that begins with something that cannot be moved, it stays as it
// is.
#ifndef PLUME_LAYER_EXPORTS_H
#define PLUME_LAYER_EXPORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

/* Replaces those of the functions that the DLL at `base` exports itself and that `behind`, another
 * DLL that its exports of the same names lead to (NULL: none), does not. False when one cannot be
 * replaced: the process must not go on then. */
bool exports_replace(uint8_t *base, const struct layer_export_patch *patches, size_t count,
                     const uint8_t *behind);

/* The same for system calls, which keep their originals. */
bool exports_replace_stubs(uint8_t *base, const struct layer_stub_patch *patches, size_t count);

#endif
