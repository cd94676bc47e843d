#include "core/stub.h"
#include <string.h>

static uint32_t load32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void store32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}

bool stub_parse(enum stub_machine machine, const uint8_t *code, struct stub *stub)
{
    if (machine == STUB_X86_64) {
        // mov r10, rcx; mov eax, number; then either test byte [SharedUserData.SystemCall], 1
        // (Windows 10 and later, Wine) or syscall (before).
        static const uint8_t head[] = {0x4c, 0x8b, 0xd1, 0xb8};
        static const uint8_t test[] = {0xf6, 0x04, 0x25};
        static const uint8_t syscall[] = {0x0f, 0x05, 0xc3};
        if (memcmp(code, head, sizeof head) != 0)
            return false;
        if (memcmp(code + 8, test, sizeof test) != 0 &&
            memcmp(code + 8, syscall, sizeof syscall) != 0)
            return false;
        *stub = (struct stub){8, load32(code + 4)};
        return true;
    }
    // mov eax, number. What follows only tells that it is a stub, it is not moved. The shapes of
    // the NT kernels are listed in Chromium's sandbox/win/src/service_resolver_32.cc.
    static const uint8_t call_teb[] = {0x64, 0xff, 0x15, 0xc0, 0, 0, 0};
    if (code[0] != 0xb8)
        return false;
    const uint8_t *next = code + 5;
    uint32_t operand = load32(next + 1);
    bool known = false;
    switch (next[0]) {
    case 0xba: // mov edx, address: Wine, NT 5.1 to 6.1, WOW64 from 10 on
    case 0xb9: // mov ecx, imm: WOW64 before 8
        known = true;
        break;
    case 0x33: // xor ecx, ecx: the same
        known = next[1] == 0xc9;
        break;
    case 0x8d: // lea edx, [esp+4]: NT 5.0
        known = next[1] == 0x54 && next[2] == 0x24;
        break;
    case 0x64: // call fs:[0xc0]: WOW64 of 8 and 8.1
        known = memcmp(next, call_teb, sizeof call_teb) == 0;
        break;
    case 0xe8: // call over the return: 8 and later, 32 bit; call $+5: a few of WOW64 10's
        known = operand == 3 || operand == 0;
        break;
    }
    if (!known)
        return false;
    *stub = (struct stub){5, load32(code + 1)};
    return true;
}

bool stub_jump(uint64_t from, uint64_t to, enum stub_machine machine, uint8_t *out)
{
    int64_t distance = (int64_t)(to - (from + STUB_JUMP));
    if (machine == STUB_X86_64 && distance != (int32_t)distance)
        return false;
    out[0] = 0xe9;
    store32(out + 1, (uint32_t)distance);
    return true;
}

size_t stub_trampoline(enum stub_machine machine, const struct stub *stub, const uint8_t *code,
                       uint64_t stub_address, uint64_t address, uint8_t *out)
{
    size_t len = stub->moved;
    memcpy(out, code, len);
    uint64_t rest = stub_address + stub->moved;
    if (machine == STUB_I386) {
        stub_jump(address + len, rest, machine, out + len);
        return len + STUB_JUMP;
    }
    // jmp qword [rip+0], then the address: reaches everywhere and changes no register.
    static const uint8_t jump[] = {0xff, 0x25, 0, 0, 0, 0};
    memcpy(out + len, jump, sizeof jump);
    store32(out + len + 6, (uint32_t)rest);
    store32(out + len + 10, (uint32_t)(rest >> 32));
    return len + 14;
}
