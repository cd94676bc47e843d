// The shapes that system-call stubs of ntdll have, so that one can be interposed without a
// disassembler: a stub whose shape is not known here is refused, never guessed at.
#ifndef PLUME_CORE_STUB_H
#define PLUME_CORE_STUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum stub_machine { STUB_I386, STUB_X86_64 };

enum {
    STUB_JUMP = 5,            // bytes of the jump that replaces a stub's beginning
    STUB_TRAMPOLINE_MAX = 32, // bytes that stub_trampoline() may write
    STUB_SCAN = 16,           // bytes of a stub that must be readable
};

struct stub {
    uint8_t moved;   // bytes at its start that go into the trampoline: whole instructions, >=
                     // STUB_JUMP, none of them depends on where it stands
    uint32_t number; // of the system call
};

/* Recognises the stub at `code` (STUB_SCAN bytes). False when its shape is not a known one. */
bool stub_parse(enum stub_machine machine, const uint8_t *code, struct stub *stub);

/* Writes the code that does what the unpatched stub did: its moved instructions, then a jump to the
 * rest of it. `stub_address` is the stub's, `address` where the trampoline will stand, `out` has
 * STUB_TRAMPOLINE_MAX bytes. Returns the bytes written. */
size_t stub_trampoline(enum stub_machine machine, const struct stub *stub, const uint8_t *code,
                       uint64_t stub_address, uint64_t address, uint8_t *out);

/* Writes the jump from `from` to `to` (STUB_JUMP bytes). False when `to` is out of its reach. */
bool stub_jump(uint64_t from, uint64_t to, enum stub_machine machine, uint8_t *out);

#endif
