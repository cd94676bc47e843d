// The beginning of a function that is to be replaced and still be called: whole instructions that
// do the same wherever they stand. Only what compilers begin functions with is known here; anything
// else is refused, never guessed at.
#ifndef PLUME_CORE_PROLOGUE_H
#define PLUME_CORE_PROLOGUE_H

#include <stddef.h>
#include <stdint.h>
#include "core/stub.h"

enum { PROLOGUE_SCAN = 32 }; // bytes that are looked at at most

/* The length of the shortest run of whole instructions at `code` (`size` bytes, PROLOGUE_SCAN are
 * enough) that has at least `wanted` bytes and can be moved: no jump, no call, nothing relative to
 * where it stands, nothing behind the function's end. 0 where there is none. */
size_t prologue_length(enum stub_machine machine, const uint8_t *code, size_t size, size_t wanted);

#endif
