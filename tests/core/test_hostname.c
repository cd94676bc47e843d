#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "core/hostname.h"

static struct str16 wide(const char *ascii)
{
    static uint16_t text[128];
    size_t len = strlen(ascii);
    for (size_t i = 0; i < len; i++)
        text[i] = (uint8_t)ascii[i];
    return (struct str16){text, len};
}

static void checks(void **state)
{
    (void)state;
    static const char *const right[] = {"a", "web-1", "1a", "WEB", "a--b",
                                        "a23456789012345678901234567890123456789012345678901234567890123"};
    static const char *const wrong[] = {"", "-a", "a-", "a.b", "a_b", "a b", "12", "\xe4",
                                        "a234567890123456789012345678901234567890123456789012345678901234"};
    for (size_t i = 0; i < sizeof right / sizeof *right; i++)
        assert_true(hostname_check(wide(right[i])));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(hostname_check(wide(wrong[i])));
}

static void makes_names_that_are_right(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"web", "web", "WEB"},
        {"Two.2_x-y", "Two-2-x-y", "TWO-2-X-Y"},
        {"a_", "a", "A"},
        {"12", "vm-12", "VM-12"},
        {"123456789012345678901234567890123456789012345678901234567890123",
         "vm-123456789012345678901234567890123456789012345678901234567890", "VM-123456789012"},
        {"brave_kestrel_123", "brave-kestrel-123", "BRAVE-KESTREL-1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint16_t made[HOSTNAME_MAX + 1], netbios[HOSTNAME_NETBIOS_MAX + 1];
        hostname_of_vm(wide(cases[i][0]), made);
        assert_true(str16_equal_ascii(str16_of(made), cases[i][1]));
        assert_true(hostname_check(str16_of(made)));
        hostname_to_netbios(str16_of(made), netbios);
        assert_true(str16_equal_ascii(str16_of(netbios), cases[i][2]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checks),
        cmocka_unit_test(makes_names_that_are_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
