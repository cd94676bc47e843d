// The shapes of system-call stubs: each that is known, what is refused, and the code made from
// them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "core/stub.h"

/* Parses a copy of exactly STUB_SCAN bytes on the heap. */
static bool parse(enum stub_machine machine, const uint8_t *bytes, struct stub *stub)
{
    uint8_t *code = malloc(STUB_SCAN);
    assert_non_null(code);
    memcpy(code, bytes, STUB_SCAN);
    bool known = stub_parse(machine, code, stub);
    free(code);
    return known;
}

static void known_shapes(void **state)
{
    (void)state;
    static const struct {
        enum stub_machine machine;
        uint8_t moved;
        uint8_t code[24];
    } shapes[] = {
        // Windows 10 and 11, 64 bit
        {STUB_X86_64, 8, {0x4c, 0x8b, 0xd1, 0xb8, 0x55, 0x01, 0x00, 0x40, 0xf6, 0x04, 0x25, 0x08,
                          0x03, 0xfe, 0x7f, 0x01, 0x75, 0x03, 0x0f, 0x05, 0xc3, 0xcd, 0x2e, 0xc3}},
        // Wine 8, 64 bit
        {STUB_X86_64, 8, {0x4c, 0x8b, 0xd1, 0xb8, 0x55, 0x01, 0x00, 0x40, 0xf6, 0x04, 0x25,
                          0x08, 0x03, 0xfe, 0x7f, 0x01, 0x75, 0x03, 0x0f, 0x05, 0xc3}},
        // NT 5.2 to Windows 7, 64 bit
        {STUB_X86_64,
         8,
         {0x4c, 0x8b, 0xd1, 0xb8, 0x55, 0x01, 0x00, 0x40, 0x0f, 0x05, 0xc3, 0x66, 0x90, 0x66, 0x90,
          0x90}},
        // Wine, 32 bit
        {STUB_I386,
         5,
         {0xb8, 0x55, 0x01, 0x00, 0x40, 0xba, 0x70, 0x5a, 0xf8, 0x7b, 0xff, 0xd2, 0xc2, 0x2c, 0x00,
          0x90}},
        // NT 5.2 to Windows 7, 32 bit
        {STUB_I386,
         5,
         {0xb8, 0x55, 0x01, 0x00, 0x40, 0xba, 0x00, 0x03, 0xfe, 0x7f, 0xff, 0x12, 0xc2, 0x2c, 0x00,
          0x90}},
        // Windows 8 and later, 32 bit
        {STUB_I386,
         5,
         {0xb8, 0x55, 0x01, 0x00, 0x40, 0xe8, 0x03, 0x00, 0x00, 0x00, 0xc2, 0x2c, 0x00, 0x8b, 0xd4,
          0x0f, 0x34, 0xc3}},
        // WOW64 of Windows 7: with ecx 0, and with one of the values that choose a short way
        {STUB_I386, 5, {0xb8, 0x55, 0x01, 0x00, 0x40, 0x33, 0xc9, 0x8d, 0x54, 0x24, 0x04, 0x64,
                        0xff, 0x15, 0xc0, 0x00, 0x00, 0x00, 0x83, 0xc4, 0x04, 0xc2, 0x2c, 0x00}},
        {STUB_I386, 5, {0xb8, 0x55, 0x01, 0x00, 0x40, 0xb9, 0x11, 0x00, 0x00, 0x00, 0x8d, 0x54,
                        0x24, 0x04, 0x64, 0xff, 0x15, 0xc0, 0x00, 0x00, 0x00, 0x83, 0xc4, 0x04}},
        // WOW64 of Windows 8
        {STUB_I386,
         5,
         {0xb8, 0x55, 0x01, 0x00, 0x40, 0x64, 0xff, 0x15, 0xc0, 0x00, 0x00, 0x00, 0xc2, 0x2c, 0x00,
          0x90}},
        // WOW64 of Windows 10: most, and those that look where they run
        {STUB_I386,
         5,
         {0xb8, 0x55, 0x01, 0x00, 0x40, 0xba, 0xb0, 0xd5, 0x48, 0x77, 0xff, 0xd2, 0xc2, 0x2c, 0x00,
          0x90}},
        {STUB_I386, 5, {0xb8, 0x55, 0x01, 0x00, 0x40, 0xe8, 0x00, 0x00, 0x00, 0x00, 0x5a, 0x80,
                        0x7a, 0x14, 0x4b, 0x75, 0x0e, 0x64, 0xff, 0x15, 0xc0, 0x00, 0x00, 0x00}},
        // NT 5.0, 32 bit
        {STUB_I386,
         5,
         {0xb8, 0x55, 0x01, 0x00, 0x40, 0x8d, 0x54, 0x24, 0x04, 0xcd, 0x2e, 0xc2, 0x2c, 0x00, 0x90,
          0x90}},
    };
    for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
        struct stub stub = {0};
        assert_true(parse(shapes[i].machine, shapes[i].code, &stub));
        assert_int_equal(stub.moved, shapes[i].moved);
        assert_int_equal(stub.number, 0x40000155);
        assert_true(stub.moved >= STUB_JUMP);
        // The other machine's are none of this one's.
        assert_false(
            parse(shapes[i].machine == STUB_I386 ? STUB_X86_64 : STUB_I386, shapes[i].code, &stub));
    }
}

static void refused_shapes(void **state)
{
    (void)state;
    static const struct {
        enum stub_machine machine;
        uint8_t code[STUB_SCAN];
    } shapes[] = {
        // hooked already, at the beginning: jump, jump through memory, push and return
        {STUB_X86_64,
         {0xe9, 0x12, 0x34, 0x56, 0x00, 0x00, 0x00, 0x40, 0xf6, 0x04, 0x25, 0x08, 0x03, 0xfe, 0x7f,
          0x01}},
        {STUB_X86_64,
         {0xff, 0x25, 0x00, 0x00, 0x00, 0x00, 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0x00, 0x00, 0x7f,
          0x01}},
        {STUB_I386,
         {0xe9, 0x12, 0x34, 0x56, 0x00, 0xba, 0x00, 0x03, 0xfe, 0x7f, 0xff, 0x12, 0xc2, 0x2c, 0x00,
          0x90}},
        {STUB_I386,
         {0x68, 0x12, 0x34, 0x56, 0x00, 0xc3, 0x00, 0x03, 0xfe, 0x7f, 0xff, 0x12, 0xc2, 0x2c, 0x00,
          0x90}},
        // hooked already, behind the instructions that would be moved
        {STUB_X86_64,
         {0x4c, 0x8b, 0xd1, 0xe9, 0x12, 0x34, 0x56, 0x00, 0xf6, 0x04, 0x25, 0x08, 0x03, 0xfe, 0x7f,
          0x01}},
        {STUB_X86_64,
         {0x4c, 0x8b, 0xd1, 0xb8, 0x55, 0x00, 0x00, 0x00, 0xe9, 0x12, 0x34, 0x56, 0x00, 0xfe, 0x7f,
          0x01}},
        {STUB_I386,
         {0xb8, 0x55, 0x00, 0x00, 0x00, 0xe9, 0x12, 0x34, 0x56, 0x00, 0xff, 0x12, 0xc2, 0x2c, 0x00,
          0x90}},
        {STUB_I386,
         {0xb8, 0x55, 0x00, 0x00, 0x00, 0xe8, 0x12, 0x34, 0x56, 0x00, 0xff, 0x12, 0xc2, 0x2c, 0x00,
          0x90}},
        // hot-patch prefix
        {STUB_I386,
         {0x8b, 0xff, 0xb8, 0x55, 0x00, 0x00, 0x00, 0xba, 0x00, 0x03, 0xfe, 0x7f, 0xff, 0x12, 0xc2,
          0x2c}},
        {STUB_I386, {0x8b, 0xff, 0x55, 0x8b, 0xec, 0x83, 0xec, 0x10}},
        {STUB_X86_64,
         {0x8b, 0xff, 0x4c, 0x8b, 0xd1, 0xb8, 0x55, 0x00, 0x00, 0x00, 0x0f, 0x05, 0xc3}},
        // nearly: another register, no return behind syscall, another segment's word, xor edx, edx
        {STUB_X86_64, {0x4c, 0x8b, 0xd2, 0xb8, 0x55, 0x00, 0x00, 0x00, 0x0f, 0x05, 0xc3}},
        {STUB_X86_64, {0x4c, 0x8b, 0xd1, 0xb8, 0x55, 0x00, 0x00, 0x00, 0x0f, 0x05, 0x90}},
        {STUB_I386, {0xb8, 0x55, 0x00, 0x00, 0x00, 0x64, 0xff, 0x15, 0xc4, 0x00, 0x00, 0x00, 0xc2}},
        {STUB_I386, {0xb8, 0x55, 0x00, 0x00, 0x00, 0x33, 0xd2, 0x8d, 0x54, 0x24, 0x04}},
        {STUB_I386, {0xb8, 0x55, 0x00, 0x00, 0x00, 0xc3}},
        // no code at all
        {STUB_I386, {0}},
        {STUB_X86_64, {0}},
        {STUB_X86_64, {0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc}},
    };
    for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
        struct stub stub;
        assert_false(parse(shapes[i].machine, shapes[i].code, &stub));
    }
}

static void random_bytes(void **state)
{
    (void)state;
    uint32_t seed = 7;
    for (unsigned round = 0; round < 100000; round++) {
        uint8_t code[STUB_SCAN];
        for (unsigned i = 0; i < STUB_SCAN; i++) {
            seed = seed * 1664525 + 1013904223;
            code[i] = (uint8_t)(seed >> 24);
        }
        struct stub stub;
        assert_false(parse(STUB_X86_64, code, &stub)); // seven bytes would have to be right
        if (code[0] == 0xb8)
            code[0] = 0xb9;
        assert_false(parse(STUB_I386, code, &stub));
    }
}

static void jumps(void **state)
{
    (void)state;
    uint8_t out[STUB_JUMP];
    assert_true(stub_jump(0x1000, 0x2000, STUB_X86_64, out));
    assert_memory_equal(out, ((const uint8_t[]){0xe9, 0xfb, 0x0f, 0x00, 0x00}), 5);
    assert_true(stub_jump(0x2000, 0x1000, STUB_X86_64, out));
    assert_memory_equal(out, ((const uint8_t[]){0xe9, 0xfb, 0xef, 0xff, 0xff}), 5);

    uint64_t from = UINT64_C(0x7ff800000000), next = from + STUB_JUMP;
    assert_true(stub_jump(from, next + 0x7fffffff, STUB_X86_64, out));
    assert_memory_equal(out, ((const uint8_t[]){0xe9, 0xff, 0xff, 0xff, 0x7f}), 5);
    assert_true(stub_jump(from, next - 0x80000000, STUB_X86_64, out));
    assert_memory_equal(out, ((const uint8_t[]){0xe9, 0x00, 0x00, 0x00, 0x80}), 5);
    memset(out, 0x11, sizeof out);
    assert_false(stub_jump(from, next + 0x80000000, STUB_X86_64, out));
    assert_false(stub_jump(from, next - 0x80000001, STUB_X86_64, out));
    assert_false(stub_jump(from, 0, STUB_X86_64, out));
    assert_false(stub_jump(0, UINT64_MAX >> 1, STUB_X86_64, out));
    assert_int_equal(out[0], 0x11);

    // 32-bit addresses wrap around: everything is in reach.
    assert_true(stub_jump(0x10000000, 0xf0000000, STUB_I386, out));
    assert_memory_equal(out, ((const uint8_t[]){0xe9, 0xfb, 0xff, 0xff, 0xdf}), 5);
    assert_true(stub_jump(0xf0000000, 0x10000000, STUB_I386, out));
    assert_memory_equal(out, ((const uint8_t[]){0xe9, 0xfb, 0xff, 0xff, 0x1f}), 5);
}

static void trampolines(void **state)
{
    (void)state;
    static const uint8_t wide[STUB_SCAN] = {0x4c, 0x8b, 0xd1, 0xb8, 0x55, 0x00,
                                            0x00, 0x00, 0x0f, 0x05, 0xc3};
    static const uint8_t narrow[STUB_SCAN] = {0xb8, 0x55, 0x00, 0x00, 0x00, 0xba, 0x00, 0x03,
                                              0xfe, 0x7f, 0xff, 0x12, 0xc2, 0x2c, 0x00};
    uint8_t *out = malloc(STUB_TRAMPOLINE_MAX);
    struct stub stub;
    assert_non_null(out);
    assert_true(stub_parse(STUB_X86_64, wide, &stub));
    static const uint8_t expected_wide[] = {0x4c, 0x8b, 0xd1, 0xb8, 0x55, 0x00, 0x00, 0x00,
                                            0xff, 0x25, 0x00, 0x00, 0x00, 0x00, 0x28, 0x32,
                                            0x54, 0x76, 0xf8, 0x7f, 0x00, 0x00};
    assert_int_equal(
        stub_trampoline(STUB_X86_64, &stub, wide, UINT64_C(0x7ff876543220), UINT64_C(0x1000), out),
        sizeof expected_wide);
    assert_memory_equal(out, expected_wide, sizeof expected_wide);

    assert_true(stub_parse(STUB_I386, narrow, &stub));
    static const uint8_t expected_narrow[] = {0xb8, 0x55, 0x00, 0x00, 0x00,
                                              0xe9, 0xfb, 0xff, 0x00, 0x00};
    assert_int_equal(stub_trampoline(STUB_I386, &stub, narrow, 0x77010000, 0x77000000, out),
                     sizeof expected_narrow);
    assert_memory_equal(out, expected_narrow, sizeof expected_narrow);
    free(out);
}

#if defined(__x86_64__) && defined(__linux__)
/* The machine's own opinion: a stub of the shape of NT's for a system call of this kernel's,
 * patched and called, then its trampoline called. */
static void runs(void **state)
{
    (void)state;
    enum { GETPID = 39, REPLACEMENT = 64, TRAMPOLINE = 128 };
    uint8_t *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(page != MAP_FAILED);
    static const uint8_t code[] = {0x4c, 0x8b, 0xd1, 0xb8, GETPID, 0, 0, 0, 0x0f, 0x05, 0xc3};
    static const uint8_t replacement[] = {0xb8, 0x67, 0x45, 0x23, 0x01, 0xc3}; // mov eax, imm; ret
    struct stub stub;
    memcpy(page, code, sizeof code);
    memcpy(page + REPLACEMENT, replacement, sizeof replacement);
    assert_true(stub_parse(STUB_X86_64, page, &stub));
    size_t written = stub_trampoline(STUB_X86_64, &stub, page, (uintptr_t)page,
                                     (uintptr_t)page + TRAMPOLINE, page + TRAMPOLINE);
    assert_true(written <= STUB_TRAMPOLINE_MAX);
    assert_true(stub_jump((uintptr_t)page, (uintptr_t)page + REPLACEMENT, STUB_X86_64, page));
    assert_int_equal(mprotect(page, 4096, PROT_READ | PROT_EXEC), 0);
    int (*patched)(void) = (int (*)(void))(void *)page;
    int (*original)(void) = (int (*)(void))(void *)(page + TRAMPOLINE);
    assert_int_equal(patched(), 0x01234567);
    assert_int_equal(original(), getpid());
    munmap(page, 4096);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_shapes),
        cmocka_unit_test(refused_shapes),
        cmocka_unit_test(random_bytes),
        cmocka_unit_test(jumps),
        cmocka_unit_test(trampolines),
#if defined(__x86_64__) && defined(__linux__)
        cmocka_unit_test(runs),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
