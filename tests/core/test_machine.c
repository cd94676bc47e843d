// What a VM may not do to the machine, by the numbers that winnt.h and winuser.h give.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/machine.h"

static void power(void **state)
{
    (void)state;
    assert_int_equal(machine_power_information(0, false), MACHINE_PASS);
    assert_int_equal(machine_power_information(0, true), MACHINE_REFUSE);
    assert_int_equal(machine_power_information(19, true), MACHINE_REFUSE);
    assert_int_equal(machine_power_information(10, true), MACHINE_REFUSE);
    assert_int_equal(machine_power_information(5 /* SystemBatteryState */, false), MACHINE_PASS);
    assert_int_equal(machine_power_action(0), MACHINE_PASS);
    assert_int_equal(machine_power_action(2 /* sleep */), MACHINE_REFUSE);
    assert_int_equal(machine_power_action(3 /* hibernate */), MACHINE_REFUSE);
    for (uint32_t action = 4; action <= 6; action++)
        assert_int_equal(machine_power_action(action), MACHINE_STOP);
    assert_int_equal(machine_power_action(7 /* eject */), MACHINE_REFUSE);
    assert_int_equal(machine_power_action(0xffffffff), MACHINE_REFUSE);
}

static void ends(void **state)
{
    (void)state;
    assert_int_equal(machine_hard_error(1), MACHINE_PASS);
    assert_int_equal(machine_hard_error(6), MACHINE_REFUSE);
    assert_true(machine_ends_with_process(29));
    assert_false(machine_ends_with_process(30));
    assert_true(machine_ends_with_thread(18));
    assert_false(machine_ends_with_thread(17));
    assert_false(machine_exit_needs_privilege(0 /* log off */));
    assert_false(machine_exit_needs_privilege(4 /* log off, by force */));
    assert_true(machine_exit_needs_privilege(1));
    assert_true(machine_exit_needs_privilege(2 | 4));
    assert_true(machine_exit_needs_privilege(8));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(power),
        cmocka_unit_test(ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
