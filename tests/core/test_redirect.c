// Where 32-bit programs find the system's folder.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/redirect.h"

static struct str16 wide(const char *ascii)
{
    static uint16_t units[4][128];
    static unsigned turn;
    uint16_t *text = units[turn++ % 4];
    size_t len = strlen(ascii);
    for (size_t i = 0; i < len; i++)
        text[i] = (uint8_t)ascii[i];
    return (struct str16){text, len};
}

static void check(bool (*of)(struct str16, struct str16_buf *), const char *from, const char *to)
{
    struct str16 canon = wide(from);
    size_t cap = canon.len + REDIRECT_ROOM;
    uint16_t *units = malloc(cap * sizeof *units); // of just the size that is promised to do
    struct str16_buf out = {.s = units, .cap = cap};
    assert_non_null(units);
    bool led = of(canon, &out);
    assert_int_equal(led, to != NULL);
    if (to)
        assert_true(str16_equal(str16_view(&out), wide(to)));
    free(units);
}

static bool on(struct str16 canon, struct str16_buf *out)
{
    return redirect_name(canon, wide("C\\Windows"), false, out);
}

static bool off(struct str16 canon, struct str16_buf *out)
{
    return redirect_name(canon, wide("C\\Windows"), true, out);
}

static bool reach(struct str16 canon, struct str16_buf *out)
{
    return redirect_reach(canon, wide("C\\Windows"), out);
}

static void leads(void **state)
{
    (void)state;
    check(on, "C\\Windows\\System32", "C\\Windows\\SysWOW64");
    check(on, "C\\windows\\SYSTEM32\\a.dll", "C\\windows\\SysWOW64\\a.dll");
    check(on, "C\\Windows\\System32\\drivers\\x.sys", "C\\Windows\\SysWOW64\\drivers\\x.sys");
    check(on, "C\\Windows\\System32\\drivers\\etcetera", "C\\Windows\\SysWOW64\\drivers\\etcetera");
    check(on, "C\\Windows\\System32\\spooler", "C\\Windows\\SysWOW64\\spooler");
    check(on, "C\\Windows\\regedit.exe", "C\\Windows\\SysWOW64\\regedit.exe");
    check(on, "C\\Windows\\Sysnative\\a.dll", "C\\Windows\\System32\\a.dll");
    check(off, "C\\Windows\\sysnative", "C\\Windows\\System32");
}

static void stays(void **state)
{
    (void)state;
    static const char *const same[] = {"C\\Windows",
                                       "C",
                                       "C\\Windows\\System",
                                       "C\\Windows\\System32x\\a",
                                       "C\\Windows\\SysWOW64\\a",
                                       "C\\Windows\\regedit.exe\\a",
                                       "C\\Windows2\\System32\\a",
                                       "D\\Windows\\System32\\a",
                                       "C\\x\\Windows\\System32\\a",
                                       "C\\Windows\\System32\\catroot",
                                       "C\\Windows\\System32\\CatRoot2\\x",
                                       "C\\Windows\\System32\\DriverStore\\x\\y",
                                       "C\\Windows\\System32\\drivers\\etc\\hosts",
                                       "C\\Windows\\System32\\LogFiles",
                                       "C\\Windows\\System32\\spool\\x"};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        check(on, same[i], NULL);
    check(off, "C\\Windows\\System32\\a.dll", NULL);
    check(off, "C\\Windows\\regedit.exe", NULL);
    struct str16_buf none = {0};
    assert_false(redirect_name(wide("C\\Windows\\System32"), (struct str16){0}, false, &none));
}

static void reaches(void **state)
{
    (void)state;
    check(reach, "C\\Windows\\System32", "C\\Windows\\Sysnative");
    check(reach, "C\\Windows\\system32\\drivers\\etc", "C\\Windows\\Sysnative\\drivers\\etc");
    check(reach, "C\\Windows\\System32x", NULL);
    check(reach, "C\\Windows\\SysWOW64\\a", NULL);
    check(reach, "C\\Windows", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(leads), cmocka_unit_test(stays),
                                       cmocka_unit_test(reaches)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
