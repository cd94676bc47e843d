// What follows a service's failures, against the documentation of SERVICE_FAILURE_ACTIONS.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/failure.h"

#define TEXT16(literal)                                                                            \
    ((struct str16){(const uint16_t *)u##literal, sizeof(u##literal) / sizeof(uint16_t) - 1})

static void what_counts(void **state)
{
    (void)state;
    assert_true(failure_counts(true, 0, false));
    assert_true(failure_counts(true, 1067, false));
    assert_false(failure_counts(false, 1, false));
    assert_true(failure_counts(false, 1, true));
    assert_false(failure_counts(false, 0, true));
}

static void nth_failure_nth_action(void **state)
{
    (void)state;
    struct failure_count failures = {0};
    for (uint32_t i = 0; i < 5; i++) {
        assert_int_equal(failure_next(&failures, 1000 + i, FAILURE_NEVER_RESET, 3), i < 3 ? i : 2);
        assert_int_equal(failures.count, i + 1);
    }
    failures.count = UINT32_MAX; // stays there
    assert_int_equal(failure_next(&failures, 2000, FAILURE_NEVER_RESET, 3), 2);
    assert_int_equal(failures.count, UINT32_MAX);
}

static void forgotten_after_the_period(void **state)
{
    (void)state;
    struct failure_count failures = {0};
    assert_int_equal(failure_next(&failures, 0, 10, 3), 0);
    // Each counts from the last, not from the first.
    assert_int_equal(failure_next(&failures, 9999, 10, 3), 1);
    assert_int_equal(failure_next(&failures, 19998, 10, 3), 2);
    assert_int_equal(failure_next(&failures, 29998, 10, 3), 0);
    // A period of none: each is the first.
    assert_int_equal(failure_next(&failures, 29998, 0, 3), 0);
    assert_int_equal(failure_next(&failures, 29999, 0, 3), 0);
    // The longest that is one, in milliseconds more than 32 bits.
    assert_int_equal(failure_next(&failures, UINT64_C(4294967294000) + 29998, 0xfffffffe, 3), 1);
    assert_int_equal(failure_next(&failures, UINT64_C(3) * 4294967294000, 0xfffffffe, 3), 0);
}

static void command_has_the_count(void **state)
{
    (void)state;
    uint16_t units[16];
    struct str16_buf out = {.s = units, .cap = 16};
    assert_true(failure_command(TEXT16("a %1% b%1%%1"), 120, &out));
    assert_true(str16_equal_ascii(str16_view(&out), "a 120 b120%1"));
    out = (struct str16_buf){.s = units, .cap = 16};
    assert_true(failure_command(TEXT16(""), 1, &out));
    assert_int_equal(out.len, 0);
    assert_false(failure_command(TEXT16("more than sixteen units"), 1, &out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_counts),
        cmocka_unit_test(nth_failure_nth_action),
        cmocka_unit_test(forgotten_after_the_period),
        cmocka_unit_test(command_has_the_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
