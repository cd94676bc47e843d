#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "core/cmdline.h"

static struct str16 wide(const char *ascii, uint16_t units[256])
{
    size_t len = strlen(ascii);
    assert_true(len < 256);
    for (size_t i = 0; i < len; i++)
        units[i] = (unsigned char)ascii[i];
    return (struct str16){units, len};
}

/* The arguments, each with a '|' after it. */
static void check(const char *line, const char *expected)
{
    uint16_t units[256], out[256];
    struct cmdline c = cmdline_on(wide(line, units));
    struct str16_buf buf = {.s = out, .cap = 256};
    size_t start;
    while (cmdline_next(&c, &buf, &start))
        str16_put_ascii(&buf, "|");
    assert_true(str16_equal_ascii(str16_view(&buf), expected));
}

static void splits_as_documented(void **state)
{
    (void)state;
    check("p \"a b c\" d e", "p|a b c|d|e|");
    check("p \"ab\\\"c\" \"\\\\\" d", "p|ab\"c|\\|d|");
    check("p a\\\\\\b d\"e f\"g h", "p|a\\\\\\b|de fg|h|");
    check("p a\\\\\\\"b c d", "p|a\\\"b|c|d|");
    check("p a\\\\\\\\\"b c\" d e", "p|a\\\\b c|d|e|");
    check("p a\"b\"\" c d", "p|ab\" c d|");
    check("p \"\" x", "p||x|");
    check("\"c:\\my programs\\p.exe\" x", "c:\\my programs\\p.exe|x|");
    check("c:\\x\\ y", "c:\\x\\|y|");
    check("p", "p|");
    check("p  ", "p|");
    check("", "|");
    check(" x", "|x|");
    check("p \\", "p|\\|");
}

static void tells_where_an_argument_begins(void **state)
{
    (void)state;
    uint16_t units[256], out[64];
    struct cmdline c = cmdline_on(wide("p -x  \"q r\" s", units));
    static const size_t starts[] = {0, 2, 6, 12};
    for (size_t i = 0; i < 4; i++) {
        struct str16_buf buf = {.s = out, .cap = 64};
        size_t start;
        assert_true(cmdline_next(&c, &buf, &start));
        assert_int_equal(start, starts[i]);
    }
}

static void what_is_put_comes_back(void **state)
{
    (void)state;
    static const char alphabet[] = "a\\\" \t";
    uint32_t random = 1;
    for (int round = 0; round < 20000; round++) {
        uint16_t arguments[3][8], line_units[128], out[64];
        size_t lens[3], start;
        struct str16_buf line = {.s = line_units, .cap = 128};
        str16_put_ascii(&line, "p");
        for (int i = 0; i < 3; i++) {
            lens[i] = (random = random * 1664525 + 1013904223) >> 29;
            for (size_t j = 0; j < lens[i]; j++)
                arguments[i][j] =
                    (unsigned char)alphabet[((random = random * 1664525 + 1013904223) >> 16) % 5];
            cmdline_put(&line, (struct str16){arguments[i], lens[i]});
        }
        assert_false(line.overflow);
        struct cmdline c = cmdline_on(str16_view(&line));
        struct str16_buf program = {.s = out, .cap = 64};
        assert_true(cmdline_next(&c, &program, &start));
        for (int i = 0; i < 3; i++) {
            struct str16_buf buf = {.s = out, .cap = 64};
            assert_true(cmdline_next(&c, &buf, &start));
            assert_true(str16_equal(str16_view(&buf), (struct str16){arguments[i], lens[i]}));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits_as_documented),
        cmocka_unit_test(tells_where_an_argument_begins),
        cmocka_unit_test(what_is_put_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
