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

static bool matches(const uint8_t *code, const char *bytes, size_t count)
{
    return memcmp(code, bytes, count) == 0;
}
#define MATCHES(code, bytes) matches(code, bytes, sizeof(bytes) - 1)

/* Whether what stands behind `mov eax, number` is what a 32-bit system puts there (of
 * the long ones, the beginning). It is not moved, and only tells that this is a stub. The shapes of
 * the NT kernels are listed in Chromium's sandbox/win/src/service_resolver_32.cc. */
static bool is_call32(const uint8_t *code)
{
    switch (code[0]) {
    case 0xba: // mov edx, address; call edx, or through it: Wine, NT 5.1 to 6.1, WOW64 from 10 on
        return MATCHES(code + 5, "\xff\xd2") || MATCHES(code + 5, "\xff\x12");
    case 0xb9: // mov ecx, imm; lea edx, [esp+4]: WOW64 before 8
        return MATCHES(code + 5, "\x8d\x54\x24\x04");
    case 0x33: // xor ecx, ecx: the same
        return MATCHES(code + 1, "\xc9\x8d\x54\x24\x04\x64\xff\x15");
    case 0x8d: // lea edx, [esp+4]; int 0x2e: NT 5.0
        return MATCHES(code + 1, "\x54\x24\x04\xcd\x2e");
    case 0x64: // call fs:[0xc0]: WOW64 of 8 and 8.1
        return MATCHES(code + 1, "\xff\x15\xc0\0\0\0");
    case 0xe8: // a call over the return, to mov edx, esp: 8 and later, 32 bit; or call $+5; pop
               // edx: a few of WOW64 10's
        return MATCHES(code + 1, "\x03\0\0\0\xc2") || MATCHES(code + 1, "\x01\0\0\0\xc3\x8b\xd4") ||
               MATCHES(code + 1, "\0\0\0\0\x5a");
    default:
        return false;
    }
}

bool stub_parse(enum stub_machine machine, const uint8_t *code, struct stub *stub)
{
    if (machine == STUB_X86_64) {
        // mov r10, rcx; mov eax, number; then either test byte [SharedUserData.SystemCall], 1
        // (Windows 10 and later, Wine) or syscall (before).
        if (!MATCHES(code, "\x4c\x8b\xd1\xb8"))
            return false;
        if (!MATCHES(code + 8, "\xf6\x04\x25\x08\x03\xfe\x7f\x01") &&
            !MATCHES(code + 8, "\x0f\x05\xc3"))
            return false;
        *stub = (struct stub){8, load32(code + 4)};
        return true;
    }
    if (code[0] != 0xb8 || !is_call32(code + 5)) // mov eax, number
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
