// Beginnings of functions as compilers make them, and what must not be moved.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/prologue.h"

struct sample {
    const char *what;
    enum stub_machine machine;
    size_t length; // for 5 bytes wanted
    uint8_t code[12];
    size_t size;
};

#define CODE(...) {__VA_ARGS__}, sizeof((uint8_t[]){__VA_ARGS__})
static const struct sample samples[] = {
    {"mov [rsp+8],rbx", STUB_X86_64, 5, CODE(0x48, 0x89, 0x5c, 0x24, 0x08, 0xe8)},
    {"mov rax,rsp; mov [rax+8],rbx", STUB_X86_64, 7,
     CODE(0x48, 0x8b, 0xc4, 0x48, 0x89, 0x58, 0x08)},
    {"push rbx; sub rsp,20", STUB_X86_64, 6, CODE(0x40, 0x53, 0x48, 0x83, 0xec, 0x20)},
    {"mov r11,rsp; mov [r11+8],rbx", STUB_X86_64, 7,
     CODE(0x4c, 0x8b, 0xdc, 0x49, 0x89, 0x5b, 0x08)},
    {"push r15; push r14; push rbp", STUB_X86_64, 5, CODE(0x41, 0x57, 0x41, 0x56, 0x55, 0xe8)},
    {"sub rsp,imm32", STUB_X86_64, 7, CODE(0x48, 0x81, 0xec, 0x08, 0x01, 0, 0)},
    {"endbr64; push rbp", STUB_X86_64, 5, CODE(0xf3, 0x0f, 0x1e, 0xfa, 0x55)},
    {"mov rax,imm64", STUB_X86_64, 10, CODE(0x48, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8)},
    {"mov eax,imm32", STUB_X86_64, 5, CODE(0xb8, 1, 2, 3, 4)},
    {"mov eax,[r12+disp8] (SIB)", STUB_X86_64, 5, CODE(0x41, 0x8b, 0x44, 0x24, 0x08)},
    {"mov eax,[disp32] (SIB without base)", STUB_X86_64, 7, CODE(0x8b, 0x04, 0x25, 1, 2, 3, 4)},
    {"xor eax,eax; cmp ecx,imm8", STUB_X86_64, 5, CODE(0x31, 0xc0, 0x83, 0xf9, 0x07)},
    {"mov eax,[rip+disp]", STUB_X86_64, 0, CODE(0x8b, 0x05, 1, 2, 3, 4)},
    {"lea rax,[rip+disp]", STUB_X86_64, 0, CODE(0x48, 0x8d, 0x05, 1, 2, 3, 4)},
    {"jmp rel32", STUB_X86_64, 0, CODE(0xe9, 1, 2, 3, 4)},
    {"jmp [rip+disp]", STUB_X86_64, 0, CODE(0xff, 0x25, 1, 2, 3, 4)},
    {"push rbx; jz", STUB_X86_64, 0, CODE(0x53, 0x74, 0x05, 0x90, 0x90)},
    {"xor eax,eax; ret", STUB_X86_64, 0, CODE(0x33, 0xc0, 0xc3, 0xcc, 0xcc)},
    {"xbegin (mov's opcode)", STUB_X86_64, 0, CODE(0xc7, 0xf8, 1, 2, 3, 4)},
    {"prefix 66", STUB_X86_64, 0, CODE(0x66, 0x90, 0x90, 0x90, 0x90, 0x90)},
    {"behind the end", STUB_X86_64, 0, CODE(0x53, 0x48, 0x83, 0xec)},
    {"REX at the end", STUB_X86_64, 0, CODE(0x55, 0x55, 0x55, 0x55, 0x48)},

    {"mov edi,edi; push ebp; mov ebp,esp", STUB_I386, 5, CODE(0x8b, 0xff, 0x55, 0x8b, 0xec)},
    {"push ebp; mov ebp,esp; sub esp,20", STUB_I386, 6, CODE(0x55, 0x89, 0xe5, 0x83, 0xec, 0x20)},
    {"mov eax,[disp32]", STUB_I386, 6, CODE(0x8b, 0x05, 1, 2, 3, 4)},
    {"push imm8; push imm32", STUB_I386, 7, CODE(0x6a, 0x10, 0x68, 1, 2, 3, 4)},
    {"mov eax,[esp+4]; push eax", STUB_I386, 5, CODE(0x8b, 0x44, 0x24, 0x04, 0x50)},
    {"inc eax (REX elsewhere)", STUB_I386, 0, CODE(0x40, 0x53, 0x53, 0x53, 0x53)},
    {"call", STUB_I386, 0, CODE(0x55, 0xe8, 1, 2, 3, 4)},
};

static void shapes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        const struct sample *s = &samples[i];
        size_t found = prologue_length(s->machine, s->code, s->size, 5);
        if (found != s->length)
            fail_msg("%s: %zu instead of %zu", s->what, found, s->length);
    }
}

/* Whatever the bytes: nothing behind the end is read (the sanitizers see to it), and what is
 * returned is enough. */
static void any_bytes(void **state)
{
    (void)state;
    uint32_t seed = 1;
    for (int i = 0; i < 300000; i++) {
        uint8_t bytes[PROLOGUE_SCAN];
        for (size_t at = 0; at < sizeof bytes; at++)
            bytes[at] = (uint8_t)((seed = seed * 1664525 + 1013904223) >> 24);
        size_t size = seed % (PROLOGUE_SCAN + 1), wanted = 1 + i % 15;
        uint8_t *exact = test_malloc(size + !size);
        memcpy(exact, bytes, size);
        size_t length = prologue_length(i & 1 ? STUB_X86_64 : STUB_I386, exact, size, wanted);
        assert_true(!length || (length >= wanted && length <= size));
        test_free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(shapes), cmocka_unit_test(any_bytes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
