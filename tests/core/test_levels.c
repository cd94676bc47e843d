// The levels that a table grows by: they cover it without a gap and without an overlap.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/levels.h"

static void covers(void **state)
{
    (void)state;
    for (uint32_t order = 0; order < 32; order++) {
        uint64_t end = 0;
        assert_in_range(levels_of(order), 1, LEVELS_MAX);
        for (uint32_t level = 0; level < levels_of(order); level++) {
            uint32_t size = levels_size(order, level);
            assert_int_equal(levels_start(order, level), end);
            assert_int_equal(size & (size - 1), 0);
            assert_int_equal(levels_at(order, (uint32_t)end), level);
            assert_int_equal(levels_at(order, (uint32_t)(end + size - 1)), level);
            end += size;
        }
        assert_int_equal(end, UINT64_C(1) << order);
    }
}

static void first(void **state)
{
    (void)state;
    assert_int_equal(levels_of(0), 1);
    assert_int_equal(levels_size(0, 0), 1);
    assert_int_equal(levels_of(LEVELS_FIRST_ORDER), 1);
    assert_int_equal(levels_of(LEVELS_FIRST_ORDER + 1), 2);
    assert_int_equal(levels_size(LEVELS_FIRST_ORDER + 5, 0), 1 << LEVELS_FIRST_ORDER);
    assert_int_equal(levels_size(LEVELS_FIRST_ORDER + 5, 1), 1 << LEVELS_FIRST_ORDER);
    assert_int_equal(levels_size(LEVELS_FIRST_ORDER + 5, 2), 2 << LEVELS_FIRST_ORDER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(covers),
        cmocka_unit_test(first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
