// The levels that a table grows by: they cover it without a gap and without an overlap.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/table_levels.h"

static void covers(void **state)
{
    (void)state;
    for (uint32_t order = 0; order < 32; order++) {
        uint64_t end = 0;
        assert_in_range(table_levels(order), 1, TABLE_LEVELS_MAX);
        for (uint32_t level = 0; level < table_levels(order); level++) {
            uint32_t size = table_level_size(order, level);
            assert_int_equal(table_level_start(order, level), end);
            assert_int_equal(size & (size - 1), 0);
            assert_int_equal(table_level_at(order, (uint32_t)end), level);
            assert_int_equal(table_level_at(order, (uint32_t)(end + size - 1)), level);
            end += size;
        }
        assert_int_equal(end, UINT64_C(1) << order);
    }
}

static void first(void **state)
{
    (void)state;
    assert_int_equal(table_levels(0), 1);
    assert_int_equal(table_level_size(0, 0), 1);
    assert_int_equal(table_levels(TABLE_FIRST_ORDER), 1);
    assert_int_equal(table_levels(TABLE_FIRST_ORDER + 1), 2);
    assert_int_equal(table_level_size(TABLE_FIRST_ORDER + 5, 0), 1 << TABLE_FIRST_ORDER);
    assert_int_equal(table_level_size(TABLE_FIRST_ORDER + 5, 1), 1 << TABLE_FIRST_ORDER);
    assert_int_equal(table_level_size(TABLE_FIRST_ORDER + 5, 2), 2 << TABLE_FIRST_ORDER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(covers),
        cmocka_unit_test(first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
