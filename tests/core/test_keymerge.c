#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include "core/keymerge.h"

enum { MAX = 32, NAME = 16 };

static uint16_t names[MAX][NAME];
static struct keymerge_entry entries[MAX], scratch[MAX];
static size_t count;

static void begin(void)
{
    count = 0;
    memset(entries, 0, sizeof entries);
}

static void add(uint32_t from, const char *name)
{
    struct str16_buf buf = {.s = names[count], .cap = NAME};
    str16_put_ascii(&buf, name);
    entries[count] = (struct keymerge_entry){.name = str16_view(&buf),
                                             .from = from,
                                             .type = from,
                                             .data_length = 10 * from,
                                             .time = from};
    count++;
}

/* Merges and joins the names, each with its sides as a digit. */
static void check(enum keymerge_order order, const char *expected)
{
    char got[512] = "";
    size_t at = 0, kept = keymerge(entries, count, scratch, order);
    for (size_t i = 0; i < kept; i++) {
        for (size_t j = 0; j < entries[i].name.len; j++)
            got[at++] = (char)entries[i].name.s[j];
        got[at++] = (char)('0' + entries[i].from);
        got[at++] = ' ';
    }
    got[at] = 0;
    assert_string_equal(got, expected);
}

static void test_both(void **state)
{
    (void)state;
    begin();
    add(KEYMERGE_LOWER, "Alpha");
    add(KEYMERGE_LOWER, "Gamma");
    add(KEYMERGE_UPPER, "ALPHA");
    add(KEYMERGE_UPPER, "beta");
    check(KEYMERGE_BY_UPPER_CASE, "Alpha3 beta2 Gamma1 ");
    assert_int_equal(entries[0].type, KEYMERGE_UPPER); // the VM's
    assert_int_equal(entries[0].data_length, 10 * KEYMERGE_UPPER);
    assert_int_equal(entries[0].time, KEYMERGE_UPPER);
    assert_int_equal(entries[2].type, KEYMERGE_LOWER);
}

static void test_hidden(void **state)
{
    (void)state;
    begin();
    add(KEYMERGE_LOWER, "a");
    add(KEYMERGE_LOWER, "b");
    add(KEYMERGE_LOWER, "c");
    add(KEYMERGE_HIDDEN, "B");
    add(KEYMERGE_HIDDEN, "C");
    add(KEYMERGE_HIDDEN, "nothing");
    add(KEYMERGE_UPPER, "C");
    check(KEYMERGE_BY_UPPER_CASE, "a1 C2 ");
    assert_int_equal(entries[1].type, KEYMERGE_UPPER);
}

static void test_order_is_kept(void **state)
{
    (void)state;
    // '_' stands before the letters in lower case, after them in upper case.
    begin();
    add(KEYMERGE_LOWER, "_a");
    add(KEYMERGE_LOWER, "b");
    add(KEYMERGE_UPPER, "A");
    add(KEYMERGE_UPPER, "_b");
    check(KEYMERGE_BY_UPPER_CASE, "A2 b1 _a1 _b2 ");
    begin();
    add(KEYMERGE_LOWER, "_a");
    add(KEYMERGE_LOWER, "b");
    add(KEYMERGE_UPPER, "_B");
    add(KEYMERGE_UPPER, "A");
    add(KEYMERGE_UPPER, "_A");
    check(KEYMERGE_BY_LOWER_CASE, "_a3 _B2 A2 b1 ");
    begin();
    add(KEYMERGE_LOWER, "z");
    add(KEYMERGE_LOWER, "m");
    add(KEYMERGE_UPPER, "new");
    add(KEYMERGE_UPPER, "Z");
    add(KEYMERGE_UPPER, "also");
    check(KEYMERGE_BY_APPEARANCE, "z3 m1 new2 also2 "); // values, in no order: as they came
}

static void test_empty(void **state)
{
    (void)state;
    begin();
    check(KEYMERGE_BY_UPPER_CASE, "");
    add(KEYMERGE_HIDDEN, "x");
    check(KEYMERGE_BY_APPEARANCE, "");
    begin();
    add(KEYMERGE_LOWER, "");
    add(KEYMERGE_UPPER, "");
    check(KEYMERGE_BY_APPEARANCE, "3 ");
}

static int by_number(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static void test_sorts(void **state)
{
    (void)state;
    for (int round = 0; round < 200; round++) {
        int numbers[MAX];
        size_t n = (size_t)round % MAX;
        begin();
        for (size_t i = 0; i < n; i++) {
            char name[NAME];
            numbers[i] = (round * 7919 + (int)i * 104729) % 1000;
            snprintf(name, sizeof name, "%04d", numbers[i]);
            add(i % 3 ? KEYMERGE_LOWER : KEYMERGE_UPPER, name);
        }
        qsort(numbers, n, sizeof *numbers, by_number);
        size_t kept = keymerge(entries, count, scratch, KEYMERGE_BY_UPPER_CASE), at = 0;
        for (size_t i = 0; i < n; i++) {
            if (i && numbers[i] == numbers[i - 1])
                continue;
            char name[NAME];
            snprintf(name, sizeof name, "%04d", numbers[i]);
            assert_true(at < kept && str16_equal_ascii(entries[at].name, name));
            at++;
        }
        assert_int_equal(at, kept);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both),          cmocka_unit_test(test_hidden),
        cmocka_unit_test(test_order_is_kept), cmocka_unit_test(test_empty),
        cmocka_unit_test(test_sorts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
