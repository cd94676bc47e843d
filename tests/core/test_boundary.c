#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "core/boundary.h"

static void put(uint8_t *at, uint32_t value)
{
    memcpy(at, &value, sizeof value);
}

/* A name of two units and a SID of 12 bytes. */
static size_t make(uint8_t *out)
{
    static const uint16_t name[] = {'N', 'S'};
    memset(out, 0, 56);
    put(out, 1);
    put(out + 4, 2);
    put(out + 8, 56);
    put(out + 12, 1);
    put(out + 16, 1);
    put(out + 20, 8 + sizeof name);
    memcpy(out + 24, name, sizeof name);
    put(out + 32, 2);
    put(out + 36, 8 + 12);
    memset(out + 40, 0x51, 12);
    return 56;
}

static void test_the_name_gets_the_mark(void **state)
{
    static const uint16_t marked[] = {'v', 'm', '!', 'N', 'S'};
    uint8_t in[64], out[128];
    uint32_t value;
    (void)state;
    size_t size = make(in);
    assert_int_equal(boundary_mark(in, size, str16_of(u"vm!"), out, sizeof out), 64);
    assert_memory_equal(out, in, 8);
    memcpy(&value, out + 8, 4);
    assert_int_equal(value, 64);
    memcpy(&value, out + 20, 4);
    assert_int_equal(value, 8 + sizeof marked);
    assert_memory_equal(out + 24, marked, sizeof marked);
    assert_memory_equal(out + 40, in + 32, 20);
    assert_int_equal(boundary_mark(in, size, str16_of(u"vm!"), out, size + 6 + 8), 64);
    assert_int_equal(boundary_mark(in, size, str16_of(u"vm!"), out, 63), 0);
}

static void test_what_is_none(void **state)
{
    uint8_t in[64], out[128];
    (void)state;
    size_t size = make(in);
    for (size_t cut = 0; cut < size; cut++)
        assert_int_equal(boundary_mark(in, cut, str16_of(u"vm!"), out, sizeof out), 0);
    put(in, 2);
    assert_int_equal(boundary_mark(in, size, str16_of(u"vm!"), out, sizeof out), 0);
    make(in);
    put(in + 16, 2); // no name
    assert_int_equal(boundary_mark(in, size, str16_of(u"vm!"), out, sizeof out), 0);
    for (uint32_t length = 0; length < 8; length++) {
        make(in);
        put(in + 20, length);
        assert_int_equal(boundary_mark(in, size, str16_of(u"vm!"), out, sizeof out), 0);
    }
    make(in);
    put(in + 36, 0xfffffff8);
    assert_int_equal(boundary_mark(in, size, str16_of(u"vm!"), out, sizeof out), 0);
    make(in);
    put(in + 4, 0xffffffff);
    assert_int_equal(boundary_mark(in, size, str16_of(u"vm!"), out, sizeof out), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_name_gets_the_mark),
        cmocka_unit_test(test_what_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
