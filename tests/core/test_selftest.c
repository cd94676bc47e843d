#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "core/selftest.h"

static struct str16 wide(const char *ascii)
{
    static uint16_t rooms[8][64];
    static unsigned next;
    uint16_t *text = rooms[next++ % 8];
    size_t len = strlen(ascii);
    for (size_t i = 0; i < len; i++)
        text[i] = (uint8_t)ascii[i];
    return (struct str16){text, len};
}

static struct selftest_said said(const char *text)
{
    return (struct selftest_said){text, strlen(text)};
}

static char told[4096];
static size_t told_len;

static void put(void *context, const char *bytes, size_t len)
{
    (void)context;
    assert_true(told_len + len < sizeof(told));
    memcpy(told + told_len, bytes, len);
    told[told_len += len] = 0;
}

static void put_diff(void *context, char sign, const char *line, size_t len)
{
    put(context, &sign, 1);
    put(context, line, len);
    put(context, "|", 1);
}

static size_t diff(const char *a, const char *b, size_t most)
{
    told[told_len = 0] = 0;
    return selftest_diff(said(a), said(b), most, put_diff, NULL);
}

static void plan(void **state)
{
    (void)state;
    static const char text[] =
        "# a remark\n\nat-once one\r\n  at-once-in-vms\ttwo\nservice  My*\t\n"
        "at-once-in-vms three\nat-once\nservice last";
    struct selftest_plan read = {text, sizeof(text) - 1, 0};
    static const struct {
        enum selftest_word word;
        const char *name;
    } expected[] = {{SELFTEST_AT_ONCE, "one"},   {SELFTEST_WRONG, "at-once-in-vms\ttwo"},
                    {SELFTEST_SERVICE, "My*"},   {SELFTEST_AT_ONCE_IN_VMS, "three"},
                    {SELFTEST_WRONG, "at-once"}, {SELFTEST_SERVICE, "last"}};
    const char *name;
    size_t len;
    for (size_t i = 0; i < sizeof(expected) / sizeof(*expected); i++) {
        assert_int_equal(selftest_plan_next(&read, &name, &len), expected[i].word);
        assert_int_equal(len, strlen(expected[i].name));
        assert_memory_equal(name, expected[i].name, len);
    }
    assert_int_equal(selftest_plan_next(&read, &name, &len), SELFTEST_END);
    assert_int_equal(selftest_plan_next(&read, &name, &len), SELFTEST_END);
}

static void patterns(void **state)
{
    (void)state;
    assert_true(selftest_matches(wide("MySQL*"), wide("mysql")));
    assert_true(selftest_matches(wide("MySQL*"), wide("MySQL80")));
    assert_false(selftest_matches(wide("MySQL*"), wide("MyOther")));
    assert_true(selftest_matches(wide("*b*c"), wide("abbxbc")));
    assert_false(selftest_matches(wide("*b*c"), wide("abbxbcd")));
    assert_true(selftest_matches(wide("RpcSs"), wide("rpcss")));
    assert_false(selftest_matches(wide("RpcSs"), wide("rpcss2")));
    assert_false(selftest_matches(wide(""), wide("a")));
    assert_true(selftest_matches(wide("*"), wide("")));
}

static void same(void **state)
{
    (void)state;
    assert_true(selftest_same(said("a\r\nb\n"), said("a\nb")));
    assert_true(selftest_same(said("differs: 1\na\n"), said("a\ndiffers: 2\ndiffers: 3\n")));
    assert_false(selftest_same(said("a\nb\n"), said("a\n")));
    assert_false(selftest_same(said("a\n"), said("a\nb\n")));
    assert_false(selftest_same(said("a\n"), said("a \n")));
    assert_false(selftest_same(said("a differs: 1\n"), said("a differs: 2\n")));
    assert_true(selftest_same(said(""), said("")));
    assert_false(selftest_same(said(""), said("\n")));
}

static void differences(void **state)
{
    (void)state;
    assert_int_equal(diff("a\nb\nc\n", "a\nb\nc\n", 9), 0);
    assert_string_equal(told, "");
    assert_int_equal(diff("a\nb\nc\n", "a\nx\nc\n", 9), 2);
    assert_string_equal(told, " a|-b|+x|");
    // One more line does not make all that follow different.
    assert_int_equal(diff("a\nb\nc\nd\n", "a\nnew\nb\nc\n", 9), 2);
    assert_string_equal(told, " a|+new| c|-d|");
    assert_int_equal(diff("x\n", "", 9), 1);
    assert_string_equal(told, "-x|");
    assert_int_equal(diff("", "x\ny\n", 1), 2);
    assert_string_equal(told, "+x|");
    assert_int_equal(diff("differs: 1\na\n", "b\ndiffers: 2\n", 9), 2);
    assert_string_equal(told, "-a|+b|");
}

static void long_differences(void **state)
{
    (void)state;
    static char a[65536], b[65536];
    size_t len_a = 0, len_b = 0;
    // More in one than is looked ahead for: it says so of all, and still ends.
    for (unsigned i = 0; i < 500; i++) {
        len_a += (size_t)snprintf(a + len_a, sizeof(a) - len_a, "line %u\n", i);
        if (i < 100 || i >= 400)
            len_b += (size_t)snprintf(b + len_b, sizeof(b) - len_b, "line %u\n", i);
    }
    size_t count = diff(a, b, 3);
    assert_true(count >= 300);
    assert_string_equal(told, " line 99|-line 100|-line 101|-line 102|");
}

static void last_line(void **state)
{
    (void)state;
    struct selftest_said last = selftest_last_line(said("one\r\nthere is none\r\n\r\n"));
    assert_int_equal(last.len, 13);
    assert_memory_equal(last.bytes, "there is none", 13);
    assert_int_equal(selftest_last_line(said("\n")).len, 0);
}

static void report(void **state)
{
    (void)state;
    told[told_len = 0] = 0;
    selftest_cell("a|b\nc:\\d_e", 10, put, NULL);
    assert_string_equal(told, "a\\|b c:\\\\d\\_e");
    told[told_len = 0] = 0;
    selftest_literal('-', "```\x1b[0m", 7, put, NULL);
    assert_string_equal(told, "    - ```?[0m\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plan),
        cmocka_unit_test(patterns),
        cmocka_unit_test(same),
        cmocka_unit_test(differences),
        cmocka_unit_test(long_differences),
        cmocka_unit_test(last_line),
        cmocka_unit_test(report),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
