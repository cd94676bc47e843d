#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "core/keyname.h"

enum { CAP = 128 };

static uint16_t units[4][CAP];

static struct str16 text(unsigned slot, const char *ascii)
{
    struct str16_buf buf = {.s = units[slot], .cap = CAP};
    str16_put_ascii(&buf, ascii);
    return str16_view(&buf);
}

static void check_ascii(struct str16 got, const char *expected)
{
    char ascii[CAP] = {0};
    for (size_t i = 0; i < got.len && i < CAP - 1; i++)
        ascii[i] = (char)got.s[i];
    assert_string_equal(ascii, expected);
}

static void test_append(void **state)
{
    (void)state;
    struct str16_buf buf = {.s = units[0], .cap = CAP};
    keyname_append(&buf, text(1, "\\Registry\\Machine"));
    keyname_append(&buf, text(1, "Software\\\\Vendor\\"));
    keyname_append(&buf, text(1, ""));
    keyname_append(&buf, text(1, "\\\\"));
    check_ascii(str16_view(&buf), "\\Registry\\Machine\\Software\\Vendor");
    assert_false(buf.overflow);

    struct str16_buf small = {.s = units[2], .cap = 4};
    keyname_append(&small, text(1, "abcd"));
    assert_true(small.overflow);
}

static void test_canon(void **state)
{
    (void)state;
    struct str16 canon;
    assert_true(keyname_canon(text(0, "\\registry\\MACHINE\\x"), &canon));
    check_ascii(canon, "MACHINE\\x");
    assert_true(keyname_canon(text(0, "\\REGISTRY"), &canon));
    assert_int_equal(canon.len, 0);
    assert_false(keyname_canon(text(0, "\\REGISTRYX\\MACHINE"), &canon));
    assert_false(keyname_canon(text(0, "\\Device\\x"), &canon));
    assert_false(keyname_canon(text(0, ""), &canon));
}

static void test_below(void **state)
{
    (void)state;
    struct str16 rest;
    assert_true(
        keyname_below(text(0, "MACHINE\\Software\\x\\y"), text(1, "machine\\SOFTWARE"), &rest));
    check_ascii(rest, "x\\y");
    assert_true(keyname_below(text(0, "MACHINE"), text(1, "machine"), &rest));
    assert_int_equal(rest.len, 0);
    assert_false(keyname_below(text(0, "MACHINEX"), text(1, "machine"), &rest));
    assert_false(keyname_below(text(0, "MACH"), text(1, "machine"), &rest));
    assert_true(keyname_below(text(0, "a\\b"), text(1, ""), &rest));
    check_ascii(rest, "a\\b");
}

static void test_replace(void **state)
{
    (void)state;
    struct str16_buf buf = {.s = units[0], .cap = 16};
    str16_put_ascii(&buf, "0123456789");
    keyname_replace(&buf, 2, 3, text(1, "abcdef"));
    check_ascii(str16_view(&buf), "01abcdef56789");
    keyname_replace(&buf, 2, 6, text(1, ""));
    check_ascii(str16_view(&buf), "0156789");
    keyname_replace(&buf, 7, 0, text(1, "123456789"));
    check_ascii(str16_view(&buf), "0156789123456789");
    keyname_replace(&buf, 0, 0, text(1, "x"));
    assert_true(buf.overflow);
}

static void wow64(const char *given, const char *expected)
{
    struct str16_buf buf = {.s = units[0], .cap = CAP};
    str16_put_ascii(&buf, "\\REGISTRY\\");
    str16_put_ascii(&buf, given);
    keyname_to_wow64(&buf, 10, true);
    assert_false(buf.overflow);
    check_ascii(str16_skip(str16_view(&buf), 10), expected);
}

static void test_wow64(void **state)
{
    (void)state;
    wow64("MACHINE\\SOFTWARE", "MACHINE\\SOFTWARE\\Wow6432Node");
    wow64("machine\\Software\\Vendor\\x", "machine\\Software\\Wow6432Node\\Vendor\\x");
    wow64("MACHINE\\SOFTWARE\\WOW6432NODE\\Vendor", "MACHINE\\SOFTWARE\\WOW6432NODE\\Vendor");
    wow64("MACHINE\\SOFTWAREX\\Vendor", "MACHINE\\SOFTWAREX\\Vendor");
    wow64("MACHINE\\SYSTEM\\x", "MACHINE\\SYSTEM\\x");
    wow64("MACHINE\\SOFTWARE\\Classes", "MACHINE\\SOFTWARE\\Classes");
    wow64("MACHINE\\SOFTWARE\\Classes\\.txt", "MACHINE\\SOFTWARE\\Classes\\.txt");
    wow64("MACHINE\\SOFTWARE\\Classes\\clsid\\{1}",
          "MACHINE\\SOFTWARE\\Classes\\Wow6432Node\\clsid\\{1}");
    wow64("MACHINE\\SOFTWARE\\Classes\\Wow6432Node\\CLSID",
          "MACHINE\\SOFTWARE\\Classes\\Wow6432Node\\CLSID");
    wow64("MACHINE\\SOFTWARE\\Classes\\Wow6432Node", "MACHINE\\SOFTWARE\\Classes\\Wow6432Node");
    wow64("MACHINE\\SOFTWARE\\Classes\\Wow6432Node\\.txt\\x",
          "MACHINE\\SOFTWARE\\Classes\\.txt\\x");
    wow64("MACHINE\\SOFTWARE\\Wow6432Node\\Classes", "MACHINE\\SOFTWARE\\Classes");
    wow64("MACHINE\\SOFTWARE\\Wow6432Node\\Classes\\.txt", "MACHINE\\SOFTWARE\\Classes\\.txt");
    wow64("MACHINE\\SOFTWARE\\Wow6432Node\\Classes\\CLSID\\{1}",
          "MACHINE\\SOFTWARE\\Classes\\Wow6432Node\\CLSID\\{1}");
    wow64("MACHINE\\SOFTWARE\\Wow6432Node\\ClassesX", "MACHINE\\SOFTWARE\\Wow6432Node\\ClassesX");
    wow64("USER\\S-1\\Software\\x", "USER\\S-1\\Software\\x");
    wow64("MACHINE\\SOFTWARE\\policies\\x", "MACHINE\\SOFTWARE\\policies\\x");
    wow64("MACHINE\\SOFTWARE\\PoliciesX", "MACHINE\\SOFTWARE\\Wow6432Node\\PoliciesX");
    wow64("MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Fonts",
          "MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Fonts");
    wow64("MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion",
          "MACHINE\\SOFTWARE\\Wow6432Node\\Microsoft\\Windows NT\\CurrentVersion");
}

static void test_access(void **state)
{
    (void)state;
    assert_int_equal(keyname_access_granted(0x80000000), KEYNAME_READ);
    assert_int_equal(keyname_access_granted(0x40000000), KEYNAME_WRITE);
    assert_int_equal(keyname_access_granted(0x10000000), KEYNAME_ALL);
    assert_int_equal(keyname_access_granted(0x02000000), KEYNAME_ALL);
    assert_int_equal(keyname_access_granted(0x20019 | KEYNAME_WOW64_64KEY | KEYNAME_WOW64_32KEY),
                     KEYNAME_READ);
    assert_int_equal(keyname_access_granted(KEYNAME_SET_VALUE), KEYNAME_SET_VALUE);
}

static void test_reserved(void **state)
{
    (void)state;
    assert_true(keyname_is_reserved(str16_of(KEYNAME_RESERVED u"security")));
    assert_false(keyname_is_reserved(str16_of(u"plume.security")));
    assert_false(keyname_is_reserved(str16_of(u"")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_append),   cmocka_unit_test(test_canon),
        cmocka_unit_test(test_below),    cmocka_unit_test(test_replace),
        cmocka_unit_test(test_wow64),    cmocka_unit_test(test_access),
        cmocka_unit_test(test_reserved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
