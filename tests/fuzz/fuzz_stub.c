// Stubs and the beginnings of functions, of any bytes: what is taken for one can be moved, and the
// jumps that are made from it lead where they should.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/prologue.h"
#include "core/stub.h"

static void check(int good)
{
    if (!good)
        abort();
}

static void try_stub(enum stub_machine machine, const uint8_t *code)
{
    const uint64_t at = 0x7ff812345670, to = machine == STUB_I386 ? 0x10000 : at - 0x7fff0000;
    struct stub stub;
    if (!stub_parse(machine, code, &stub))
        return;
    check(stub.moved >= STUB_JUMP && stub.moved <= STUB_SCAN);
    // Of the machine that it is of, and of no other.
    check(!stub_parse(machine == STUB_I386 ? STUB_X86_64 : STUB_I386, code, &stub));
    uint8_t *out = malloc(STUB_TRAMPOLINE_MAX), jump[STUB_JUMP];
    size_t len = stub_trampoline(machine, &stub, code, at, to, out);
    check(len > stub.moved && len <= STUB_TRAMPOLINE_MAX && memcmp(out, code, stub.moved) == 0);
    free(out);
    check(stub_jump(at, to, machine, jump) && jump[0] == 0xe9);
    // A stub that was patched is not taken for one again.
    uint8_t patched[STUB_SCAN];
    memcpy(patched, code, sizeof patched);
    memcpy(patched, jump, sizeof jump);
    check(!stub_parse(machine, patched, &stub));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (int i = 0; i < 2; i++) {
        enum stub_machine machine = i ? STUB_X86_64 : STUB_I386;
        // Copies of just this size: what is read behind them is found.
        uint8_t *code = malloc(size ? size : 1);
        memcpy(code, data, size);
        size_t len = prologue_length(machine, code, size, STUB_JUMP);
        check(!len || (len >= STUB_JUMP && len <= size));
        free(code);
        if (size < STUB_SCAN)
            continue;
        code = malloc(STUB_SCAN);
        memcpy(code, data, STUB_SCAN);
        try_stub(machine, code);
        free(code);
    }
    return 0;
}
