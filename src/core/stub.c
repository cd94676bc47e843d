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
        if (memcmp(code + 8, test, sizeof test) != 0 && memcmp(code + 8, syscall, sizeof syscall) != 0)
            return false;
        *stub = (struct stub){8, load32(code + 4)};
        return true;
    }
    // mov eax, number; then mov edx, address (Wine, NT 5.2 to 8, WOW64 from 10 on), or
    // xor ecx, ecx / mov ecx, imm; lea edx, [esp+4] (WOW64 before 10), or call $+5 (Windows 10, 32-bit).
    if (code[0] != 0xb8)
        return false;
    bool known = code[5] == 0xba || (code[5] == 0x33 && code[6] == 0xc9) || code[5] == 0xb9 ||
                 (code[5] == 0x8d && code[6] == 0x54 && code[7] == 0x24) ||
                 (code[5] == 0xe8 && load32(code + 6) == 0);
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

size_t stub_trampoline(enum stub_machine machine, const struct stub *stub, const uint8_t *code, uint64_t stub_address,
                       uint64_t address, uint8_t *out)
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
