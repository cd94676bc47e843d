// The message encoding: what is written is read, and nothing else is accepted.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/wire.h"

static _Alignas(8) uint8_t buffer[256];

static void round_trip(void **state)
{
    (void)state;
    static const uint16_t text[] = {'a', 0xd800, 'c'};
    struct wire_writer w = wire_writer_on(buffer, sizeof(buffer));
    wire_put_u32(&w, 0x89abcdef);
    wire_put_str16(&w, (struct str16){text, 3});
    wire_put_str16_opt(&w, (struct str16){0});
    wire_put_str16_opt(&w, (struct str16){text, 0});
    wire_put_u64(&w, UINT64_C(0x1122334455667788));
    wire_put_blob(&w, "hello", 5);
    wire_put_blob(&w, NULL, 0);
    assert_false(w.failed);
    assert_int_equal(w.len % 4, 0);

    struct wire_reader r = wire_reader_on(buffer, w.len);
    assert_int_equal(wire_get_u32(&r), 0x89abcdef);
    struct str16 s = wire_get_str16(&r);
    assert_int_equal(s.len, 3);
    assert_memory_equal(s.s, text, 6);
    s = wire_get_str16_opt(&r);
    assert_null(s.s);
    s = wire_get_str16_opt(&r);
    assert_non_null(s.s);
    assert_int_equal(s.len, 0);
    assert_true(wire_get_u64(&r) == UINT64_C(0x1122334455667788));
    struct wire_blob b = wire_get_blob(&r);
    assert_int_equal(b.len, 5);
    assert_memory_equal(b.data, "hello", 5);
    assert_int_equal(wire_get_blob(&r).len, 0);
    assert_true(wire_done(&r));
}

static void every_truncation_fails(void **state)
{
    (void)state;
    static const uint16_t text[] = {'x', 'y', 'z'};
    struct wire_writer w = wire_writer_on(buffer, sizeof(buffer));
    wire_put_u32(&w, 7);
    wire_put_str16(&w, (struct str16){text, 3});
    wire_put_blob(&w, "123456", 6);
    for (size_t len = 0; len < w.len; len++) {
        struct wire_reader r = wire_reader_on(buffer, len);
        wire_get_u32(&r);
        wire_get_str16(&r);
        wire_get_blob(&r);
        assert_false(wire_done(&r));
    }
}

static void too_much_to_write(void **state)
{
    (void)state;
    static const uint16_t text[64] = {0};
    for (size_t cap = 0; cap < 28; cap++) {
        memset(buffer, 0xee, sizeof(buffer));
        struct wire_writer w = wire_writer_on(buffer, cap);
        wire_put_u32(&w, 1);
        wire_put_str16(&w, (struct str16){text, 9});
        assert_true(w.failed);
        assert_int_equal(buffer[cap], 0xee);
        wire_put_u32(&w, 2); // sticky, though it may fit
        assert_true(w.failed);
    }
    struct wire_writer w = wire_writer_on(buffer, sizeof(buffer));
    wire_put_blob(&w, buffer, SIZE_MAX);
    assert_true(w.failed);
}

static void bad_lengths(void **state)
{
    (void)state;
    static const uint32_t lengths[] = {2, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff};
    for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
        struct wire_writer w = wire_writer_on(buffer, sizeof(buffer));
        wire_put_u32(&w, lengths[i]);
        struct wire_reader r = wire_reader_on(buffer, w.len);
        assert_null(wire_get_str16(&r).s);
        assert_true(r.failed);
        r = wire_reader_on(buffer, w.len);
        assert_null(wire_get_blob(&r).data);
        assert_true(r.failed);
    }
}

static void trailing_bytes_are_refused(void **state)
{
    (void)state;
    struct wire_writer w = wire_writer_on(buffer, sizeof(buffer));
    wire_put_u32(&w, 1);
    wire_put_u32(&w, 2);
    struct wire_reader r = wire_reader_on(buffer, w.len);
    wire_get_u32(&r);
    assert_false(wire_done(&r));
    wire_get_u32(&r);
    assert_true(wire_done(&r));
}

static void patch(void **state)
{
    (void)state;
    struct wire_writer w = wire_writer_on(buffer, sizeof(buffer));
    wire_patch_u32(&w, 0, 1);
    assert_true(w.failed);
    w = wire_writer_on(buffer, sizeof(buffer));
    wire_put_u32(&w, 0);
    wire_put_u32(&w, 5);
    wire_patch_u32(&w, 0, 9);
    struct wire_reader r = wire_reader_on(buffer, w.len);
    assert_int_equal(wire_get_u32(&r), 9);
    wire_patch_u32(&w, 5, 9);
    assert_true(w.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(every_truncation_fails),
        cmocka_unit_test(too_much_to_write),
        cmocka_unit_test(bad_lengths),
        cmocka_unit_test(trailing_bytes_are_refused),
        cmocka_unit_test(patch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
