// UTF-16 slices and buffers: comparing, cutting, and writing without ever passing an end.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/str16.h"

#define T(literal) ((struct str16){u"" literal, sizeof(u"" literal) / sizeof(uint16_t) - 1})

/* A copy on the heap of exactly this size, so that a read behind its end is seen. */
static char *exact(const char *text)
{
    char *copy = strdup(text);
    assert_non_null(copy);
    return copy;
}

static int sign(int value)
{
    return (value > 0) - (value < 0);
}

static void lengths(void **state)
{
    (void)state;
    assert_int_equal(str16_nlen(u""), 0);
    assert_int_equal(str16_nlen(u"abc"), 3);
    struct str16 text = str16_of(u"ab\0c");
    assert_int_equal(text.len, 2);
}

static void equality(void **state)
{
    (void)state;
    assert_true(str16_equal(T("aB"), T("aB")));
    assert_false(str16_equal(T("aB"), T("ab")));
    assert_false(str16_equal(T("a"), T("ab")));
    assert_true(str16_equal((struct str16){0}, T("")));
    assert_true(str16_equal(T("a\0b"), T("a\0b")));
    assert_false(str16_equal(T("a\0b"), T("a\0c")));

    assert_true(str16_equal_nocase(T("fOO"), T("Foo")));
    assert_true(str16_equal_nocase(T("\u00e4\u03c9"), T("\u00c4\u03a9")));
    assert_false(str16_equal_nocase(T("foo"), T("fooo")));
    assert_true(str16_equal_nocase((struct str16){0}, T("")));
}

static void order(void **state)
{
    (void)state;
    static const struct {
        struct str16 a, b;
        int expected;
    } cases[] = {
        {T(""), T(""), 0},         {T(""), T("a"), -1},   {T("a"), T("B"), -1},
        {T("B"), T("a"), 1},       {T("ab"), T("AB"), 0}, {T("ab"), T("ABc"), -1},
        {T("abd"), T("ABc"), 1},   {T("a_"), T("aB"), 1}, // upper case, so the underscore is behind
        {T("z"), T("\u00e4"), -1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_int_equal(sign(str16_compare_nocase(cases[i].a, cases[i].b)), cases[i].expected);
        assert_int_equal(sign(str16_compare_nocase(cases[i].b, cases[i].a)), -cases[i].expected);
    }
    static const uint16_t high[] = {0xd800}, low[] = {0x41};
    assert_int_equal(sign(str16_compare_nocase((struct str16){high, 1}, (struct str16){low, 1})),
                     1);
}

static void beginnings(void **state)
{
    (void)state;
    assert_true(str16_starts_nocase(T("\\Device\\x"), T("\\DEVICE")));
    assert_true(str16_starts_nocase(T("x"), T("")));
    assert_false(str16_starts_nocase(T("ab"), T("abc")));
    assert_false(str16_starts_nocase(T("abd"), T("abc")));
}

static void ascii(void **state)
{
    (void)state;
    char *unc = exact("UNC"), *empty = exact(""), *dot = exact(".");
    assert_true(str16_equal_ascii(T("unc"), unc));
    assert_false(str16_equal_ascii(T("un"), unc));
    assert_false(str16_equal_ascii(T(""), unc));
    // Longer text must neither be equal nor make the comparison look behind the end.
    assert_false(str16_equal_ascii(T("uncd"), unc));
    assert_false(str16_equal_ascii(T("unc and very much more of it than that"), unc));
    assert_false(str16_equal_ascii(T(".gitignore"), dot));
    assert_true(str16_equal_ascii(T(""), empty));
    assert_false(str16_equal_ascii(T("a"), empty));
    assert_false(str16_equal_ascii(T("unc\0"), unc));
    // A text that only ends where another begins.
    assert_false(str16_equal_ascii(T("ab"), "a\0\0"));

    assert_true(str16_starts_ascii(T("UNCd"), unc));
    assert_true(str16_starts_ascii(T("unc"), unc));
    assert_true(str16_starts_ascii(T("x"), empty));
    assert_false(str16_starts_ascii(T("un"), unc));
    assert_false(str16_starts_ascii(T("uxc"), unc));
    // Only ASCII letters have case here; units that end in the same byte are others.
    static const uint16_t wide[] = {0x155, 'N', 'C'};
    assert_false(str16_starts_ascii((struct str16){wide, 3}, unc));
    assert_false(str16_equal_ascii(T("["), "{"));
    free(unc);
    free(empty);
    free(dot);
}

static void cutting(void **state)
{
    (void)state;
    struct str16 text = T("abc");
    assert_true(str16_equal(str16_skip(text, 1), T("bc")));
    assert_true(str16_equal(str16_skip(text, 3), T("")));
    assert_int_equal(str16_skip(text, SIZE_MAX).len, 0);
    assert_ptr_equal(str16_skip(text, SIZE_MAX).s, text.s + 3);
    assert_true(str16_equal(str16_first(text, 2), T("ab")));
    assert_true(str16_equal(str16_first(text, SIZE_MAX), text));
    assert_int_equal(str16_first(text, 0).len, 0);
    assert_int_equal(str16_skip((struct str16){0}, 4).len, 0);
    assert_null(str16_skip((struct str16){0}, 4).s);
}

static void writing(void **state)
{
    (void)state;
    uint16_t units[64];
    struct str16_buf buf = {.s = units, .cap = 64};
    str16_put(&buf, T("x\u00e4"));
    str16_put(&buf, (struct str16){0});
    str16_put_ascii(&buf, "-y");
    str16_put_unit(&buf, 0xd800);
    str16_put_u32(&buf, 0);
    str16_put_u32(&buf, UINT32_MAX);
    str16_put_hex32(&buf, 0x0012abEF);
    assert_false(buf.overflow);
    static const uint16_t expected[] = u"x\u00e4-y?0"
                                       u"42949672950012abef";
    size_t len = sizeof(expected) / sizeof(*expected) - 1;
    assert_int_equal(str16_view(&buf).len, len);
    for (size_t i = 0; i < len; i++)
        assert_int_equal(units[i], i == 4 ? 0xd800 : expected[i]);
    str16_put_nul(&buf);
    assert_int_equal(buf.len, len);
    assert_int_equal(units[len], 0);
}

/* What each writer does with every capacity from none to just enough. */
static void overflow(void **state)
{
    (void)state;
    for (unsigned writer = 0; writer < 6; writer++) {
        static const size_t needs[] = {3, 3, 1, 10, 8, 1};
        for (size_t cap = 0; cap <= needs[writer]; cap++) {
            uint16_t *units = malloc(cap ? cap * sizeof *units : 1);
            assert_non_null(units);
            struct str16_buf buf = {.s = units, .cap = cap};
            switch (writer) {
            case 0:
                str16_put(&buf, T("abc"));
                break;
            case 1:
                str16_put_ascii(&buf, "abc");
                break;
            case 2:
                str16_put_unit(&buf, 'a');
                break;
            case 3:
                str16_put_u32(&buf, UINT32_MAX);
                break;
            case 4:
                str16_put_hex32(&buf, 1);
                break;
            default:
                str16_put_nul(&buf);
            }
            assert_int_equal(buf.overflow, cap < needs[writer]);
            assert_true(buf.len <= cap);
            if (buf.overflow) { // sticky, though this would fit
                size_t len = buf.len;
                str16_put(&buf, T(""));
                str16_put_unit(&buf, 'x');
                str16_put_nul(&buf);
                assert_true(buf.overflow);
                assert_int_equal(buf.len, len);
            }
            free(units);
        }
    }
    uint16_t unit = 0;
    struct str16_buf buf = {.s = &unit, .cap = 1, .len = 1};
    str16_put(&buf, (struct str16){&unit, SIZE_MAX}); // must not wrap around
    assert_true(buf.overflow);
    buf = (struct str16_buf){.s = &unit, .cap = 1, .len = 1};
    str16_put(&buf, T("")); // nothing fits even into a full one
    assert_false(buf.overflow);
}

static void hash(void **state)
{
    (void)state;
    // FNV-1a 64 of no bytes, and of the bytes 'A', 0.
    assert_true(str16_hash_nocase(STR16_HASH_SEED, T("")) == STR16_HASH_SEED);
    assert_true(str16_hash_nocase(STR16_HASH_SEED, T("a")) ==
                ((STR16_HASH_SEED ^ 'A') * UINT64_C(0x100000001b3)) * UINT64_C(0x100000001b3));
    assert_true(str16_hash_nocase(STR16_HASH_SEED, T("Foo\\\u00e4")) ==
                str16_hash_nocase(STR16_HASH_SEED, T("fOO\\\u00c4")));
    assert_true(str16_hash_nocase(STR16_HASH_SEED, T("ab")) !=
                str16_hash_nocase(STR16_HASH_SEED, T("ba")));
    // The high byte counts, and a hash can be continued.
    assert_true(str16_hash_nocase(STR16_HASH_SEED, T("\u0141")) !=
                str16_hash_nocase(STR16_HASH_SEED, T("A")));
    assert_true(str16_hash_nocase(str16_hash_nocase(STR16_HASH_SEED, T("ab")), T("cd")) ==
                str16_hash_nocase(STR16_HASH_SEED, T("abcd")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths),    cmocka_unit_test(equality), cmocka_unit_test(order),
        cmocka_unit_test(beginnings), cmocka_unit_test(ascii),    cmocka_unit_test(cutting),
        cmocka_unit_test(writing),    cmocka_unit_test(overflow), cmocka_unit_test(hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
