#include "core/prologue.h"

// Intel's Software Developer's Manual, volume 2: 2.1 (the form of an instruction), 2.2.1 (REX),
// appendix A (opcodes).

enum { NONE = 0, MODRM = 1, IMM8 = 2, IMM32 = 4, NAMED = 8 }; // what follows an opcode

/* What follows the one-byte opcode, plus NAMED for one that is known at all. */
static unsigned follows(uint8_t opcode)
{
    if (opcode >= 0x50 && opcode <= 0x5f) // push, pop of a register
        return NAMED;
    if (opcode >= 0xb8 && opcode <= 0xbf) // mov register, immediate
        return NAMED | IMM32;
    if (opcode < 0x40 && (opcode & 7) < 4) // add, or, and, sub, xor, cmp with a register
        return NAMED | MODRM;
    switch (opcode) {
    case 0x63: // movsxd; arpl on i386
    case 0x84: // test
    case 0x85:
    case 0x88: // mov
    case 0x89:
    case 0x8a:
    case 0x8b:
    case 0x8d: // lea
        return NAMED | MODRM;
    case 0x80: // add ... cmp with an immediate
    case 0x83:
    case 0xc6: // mov
        return NAMED | MODRM | IMM8;
    case 0x81:
    case 0xc7:
        return NAMED | MODRM | IMM32;
    case 0x6a: // push
        return NAMED | IMM8;
    case 0x68:
        return NAMED | IMM32;
    case 0x90: // nop
        return NAMED;
    default:
        return NONE;
    }
}

/* The length of a ModRM byte at code[at] with what belongs to it; 0: relative to where it stands,
 * or behind the end. */
static size_t modrm_length(enum stub_machine machine, const uint8_t *code, size_t at, size_t size)
{
    if (at >= size)
        return 0;
    unsigned mod = code[at] >> 6, rm = code[at] & 7;
    size_t length = 1;
    if (mod == 3)
        return length;
    if (mod == 0 && rm == 5)
        return machine == STUB_X86_64 ? 0 : length + 4;
    if (rm == 4) {
        if (at + 1 >= size)
            return 0;
        length++;
        if (mod == 0 && (code[at + 1] & 7) == 5)
            return length + 4;
    }
    return length + (mod == 1 ? 1 : mod == 2 ? 4 : 0);
}

/* The length of the instruction at `code`, 0 where it is not one that can be moved. */
static size_t instruction_length(enum stub_machine machine, const uint8_t *code, size_t size)
{
    static const uint8_t endbr[] = {0xf3, 0x0f, 0x1e};
    size_t at = 0;
    bool wide = false;
    if (size >= 4 && code[0] == endbr[0] && code[1] == endbr[1] && code[2] == endbr[2] &&
        (code[3] == 0xfa || code[3] == 0xfb))
        return 4;
    if (machine == STUB_X86_64 && size && (code[0] & 0xf0) == 0x40) {
        wide = code[0] & 8;
        at++;
    }
    if (at >= size)
        return 0;
    uint8_t opcode = code[at++];
    unsigned rest = follows(opcode);
    if (!rest)
        return 0;
    if (rest & MODRM) {
        size_t length = modrm_length(machine, code, at, size);
        if (!length || ((opcode == 0xc6 || opcode == 0xc7) && code[at] & 0x38))
            return 0;
        at += length;
    }
    if (rest & IMM8)
        at++;
    if (rest & IMM32)
        at += wide && opcode >= 0xb8 && opcode <= 0xbf ? 8 : 4;
    return at <= size ? at : 0;
}

size_t prologue_length(enum stub_machine machine, const uint8_t *code, size_t size, size_t wanted)
{
    size_t at = 0;
    while (at < wanted) {
        size_t length = instruction_length(machine, code + at, size - at);
        if (!length)
            return 0;
        at += length;
    }
    return at;
}
