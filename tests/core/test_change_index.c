// The set of changed names: nothing that was added is ever missed, by any thread, full or not.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <pthread.h>
#include <cmocka.h>

#include "core/change_index.h"

#define T(literal) ((struct str16){u"" literal, sizeof(u"" literal) / sizeof(uint16_t) - 1})

static struct change_index *make(unsigned order)
{
    struct change_index *index = calloc(1, change_index_size(order));
    assert_non_null(index);
    change_index_init(index, order);
    return index;
}

/* The name C\<number>. */
static struct str16 numbered(uint32_t number, uint16_t units[16])
{
    struct str16_buf buf = {.s = units, .cap = 16};
    str16_put_ascii(&buf, "C\\");
    str16_put_u32(&buf, number);
    return str16_view(&buf);
}

static void touched(void **state)
{
    (void)state;
    struct change_index *index = make(8);
    change_index_add(index, CHANGE_FILE_UPPER, T("C\\dir\\a"));
    change_index_add(index, CHANGE_FILE_HIDDEN, T("C\\gone"));
    static const struct {
        struct str16 name;
        bool expected;
    } cases[] = {
        {T("C\\dir\\a"), true}, {T("c\\DIR\\A"), true}, {T("C\\dir\\a\\b"), false},
        {T("C\\dir"), false},   {T("C\\gone"), true},   {T("C\\gone\\x\\y"), true},
        {T("C\\gone2"), false}, {T(""), false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(
            change_index_touched(index, CHANGE_FILE_UPPER, CHANGE_FILE_HIDDEN, cases[i].name),
            cases[i].expected);
    free(index);
}

static void size(void **state)
{
    (void)state;
    assert_int_equal(change_index_size(10) - change_index_size(9), 8 * 512);
    assert_true(change_index_size(0) > 8);
}

static void add_and_has(void **state)
{
    (void)state;
    struct change_index *index = make(8);
    assert_false(change_index_has(index, CHANGE_FILE_UPPER, T("C\\a")));
    assert_false(change_index_has_above(index, CHANGE_FILE_UPPER, T("C\\a")));
    change_index_add(index, CHANGE_FILE_UPPER, T("C\\Dir\\a"));
    assert_true(change_index_has(index, CHANGE_FILE_UPPER, T("C\\Dir\\a")));
    assert_true(change_index_has(index, CHANGE_FILE_UPPER, T("c\\dIR\\A")));
    assert_false(change_index_has(index, CHANGE_FILE_UPPER, T("C\\Dir")));
    assert_false(change_index_has(index, CHANGE_FILE_UPPER, T("C\\Dir\\ab")));
    assert_false(change_index_has(index, CHANGE_FILE_UPPER, T("C\\Dir\\a\\")));
    assert_false(change_index_has(index, CHANGE_FILE_UPPER, T("")));
    // Each kind of change for itself.
    for (int change = CHANGE_FILE_HIDDEN; change <= CHANGE_KEY_NO_VALUE; change++) {
        assert_false(change_index_has(index, (enum change)change, T("C\\Dir\\a")));
        change_index_add(index, (enum change)change, T("X"));
        for (int other = CHANGE_FILE_HIDDEN; other <= CHANGE_KEY_NO_VALUE; other++)
            assert_int_equal(change_index_has(index, (enum change)other, T("X")), other <= change);
    }
    free(index);
}

static void has_above(void **state)
{
    (void)state;
    struct change_index *index = make(8);
    change_index_add(index, CHANGE_FILE_HIDDEN, T("C\\Dir"));
    assert_true(change_index_has_above(index, CHANGE_FILE_HIDDEN, T("C\\Dir")));
    assert_true(change_index_has_above(index, CHANGE_FILE_HIDDEN, T("c\\dir\\a")));
    assert_true(change_index_has_above(index, CHANGE_FILE_HIDDEN, T("C\\Dir\\a\\b\\c")));
    assert_true(change_index_has_above(index, CHANGE_FILE_HIDDEN, T("C\\Dir\\")));
    assert_false(change_index_has_above(index, CHANGE_FILE_HIDDEN, T("C")));
    assert_false(change_index_has_above(index, CHANGE_FILE_HIDDEN, T("C\\Di")));
    assert_false(change_index_has_above(index, CHANGE_FILE_HIDDEN, T("C\\Dirt")));
    assert_false(change_index_has_above(index, CHANGE_FILE_HIDDEN, T("C\\Dirt\\Dir")));
    assert_false(change_index_has_above(index, CHANGE_FILE_HIDDEN, T("D\\C\\Dir")));
    assert_false(change_index_has_above(index, CHANGE_FILE_UPPER, T("C\\Dir\\a")));
    assert_false(change_index_has_above(index, CHANGE_FILE_HIDDEN, T("")));
    // Keys begin with a backslash.
    change_index_add(index, CHANGE_KEY_HIDDEN, T("\\REGISTRY\\MACHINE"));
    assert_true(change_index_has_above(index, CHANGE_KEY_HIDDEN, T("\\Registry\\Machine\\x")));
    assert_false(change_index_has_above(index, CHANGE_KEY_HIDDEN, T("\\REGISTRY")));
    assert_false(change_index_has_above(index, CHANGE_KEY_HIDDEN, T("REGISTRY\\MACHINE")));
    // A volume.
    change_index_add(index, CHANGE_FILE_HIDDEN, T("D"));
    assert_true(change_index_has_above(index, CHANGE_FILE_HIDDEN, T("D\\C\\Dir")));
    free(index);
}

static void full(void **state)
{
    (void)state;
    for (unsigned order = 0; order < 7; order++) {
        // Up to the brim: three quarters. Many of these meet in a table this small.
        struct change_index *index = make(order);
        uint16_t units[16];
        uint32_t room = (UINT32_C(1) << order) / 4 * 3;
        for (uint32_t i = 0; i < room; i++) {
            change_index_add(index, CHANGE_FILE_UPPER, numbered(i, units));
            change_index_add(index, CHANGE_FILE_UPPER, numbered(i / 2, units)); // takes no place
        }
        for (uint32_t i = 0; i < room; i++)
            assert_true(change_index_has(index, CHANGE_FILE_UPPER, numbered(i, units)));
        for (uint32_t i = room; i < 1000; i++) {
            assert_false(change_index_has(index, CHANGE_FILE_UPPER, numbered(i, units)));
            assert_false(change_index_has_above(index, CHANGE_FILE_HIDDEN, numbered(i, units)));
        }
        // One more, and everything may have changed.
        change_index_add(index, CHANGE_KEY_UPPER, T("more"));
        for (uint32_t i = 0; i < 1000; i++)
            assert_true(change_index_has(index, CHANGE_FILE_HIDDEN, numbered(i, units)));
        assert_true(change_index_has_above(index, CHANGE_FILE_UPPER, T("C\\x")));
        assert_true(change_index_has(index, CHANGE_FILE_UPPER, T("")));
        assert_true(change_index_has_above(index, CHANGE_FILE_UPPER, T("")));
        change_index_add(index, CHANGE_KEY_UPPER, T("and more"));
        free(index);
    }
}

static void many(void **state)
{
    (void)state;
    struct change_index *index = make(17);
    uint16_t units[16];
    for (uint32_t i = 0; i < 90000; i++)
        change_index_add(index, (enum change)(i % 3), numbered(i, units));
    for (uint32_t i = 0; i < 90000; i++)
        for (unsigned change = 0; change < 3; change++)
            assert_int_equal(change_index_has(index, (enum change)change, numbered(i, units)),
                             change == i % 3);
    free(index);
}

static void generation(void **state)
{
    (void)state;
    struct change_index *index = make(4);
    uint32_t before = change_index_generation(index);
    change_index_add(index, CHANGE_KEY_UPPER, T("x"));
    assert_int_equal(change_index_generation(index), before);
    change_index_bump(index);
    assert_int_not_equal(change_index_generation(index), before);
    free(index);
}

static void version(void **state)
{
    (void)state;
    struct change_index *index = make(4);
    uint32_t before = change_index_version(index);
    assert_false(change_index_has(index, CHANGE_KEY_UPPER, T("x")));
    assert_int_equal(change_index_version(index), before);
    for (int i = 0; i < 3; i++) { // known already or not
        change_index_add(index, CHANGE_KEY_UPPER, T("x"));
        assert_int_not_equal(change_index_version(index), before);
        before = change_index_version(index);
    }
    assert_int_equal(change_index_count(index, CHANGE_KEY_UPPER), 1);
    change_index_note(index, CHANGE_KEY_RENAMED);
    change_index_note(index, CHANGE_KEY_RENAMED);
    assert_int_not_equal(change_index_version(index), before);
    assert_int_equal(change_index_count(index, CHANGE_KEY_RENAMED), 2);
    assert_int_equal(change_index_count(index, CHANGE_KEY_HIDDEN), 0);
    free(index);
}

static void leaf(void **state)
{
    (void)state;
    struct change_index *index = make(4);
    change_index_add_leaf(index, CHANGE_KEY_VALUE_HIDDEN, T("MACHINE\\x"), T("Value"));
    assert_true(change_index_has_leaf(index, CHANGE_KEY_VALUE_HIDDEN, T("machine\\X"), T("vALUE")));
    assert_true(change_index_has(index, CHANGE_KEY_VALUE_HIDDEN, T("MACHINE\\x\\value")));
    assert_false(change_index_has_leaf(index, CHANGE_KEY_VALUE_HIDDEN, T("MACHINE\\x"), T("")));
    assert_false(change_index_has_leaf(index, CHANGE_KEY_TIME, T("MACHINE\\x"), T("Value")));
    change_index_add_leaf(index, CHANGE_KEY_VALUE_HIDDEN, T("MACHINE\\x"), T(""));
    assert_true(change_index_has_leaf(index, CHANGE_KEY_VALUE_HIDDEN, T("MACHINE\\x"), T("")));
    assert_false(change_index_has(index, CHANGE_KEY_VALUE_HIDDEN, T("MACHINE\\x")));
    free(index);
}

enum { THREADS = 4, EACH = 4000 };

struct adder {
    struct change_index *index;
    pthread_t thread;
    uint32_t first;
    bool missed;
};

/* Adds names of which its neighbours add half at the same time, and looks for each at once. */
static void *add_all(void *argument)
{
    struct adder *adder = argument;
    uint16_t units[16];
    for (uint32_t i = 0; i < EACH; i++) {
        struct str16 name = numbered(adder->first + i, units);
        change_index_add(adder->index, CHANGE_FILE_UPPER, name);
        change_index_bump(adder->index);
        if (!change_index_has(adder->index, CHANGE_FILE_UPPER, name))
            adder->missed = true;
    }
    return NULL;
}

static void add_by_threads(struct change_index *index)
{
    struct adder adders[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        adders[i] = (struct adder){.index = index, .first = i * (EACH / 2)};
        assert_int_equal(pthread_create(&adders[i].thread, NULL, add_all, &adders[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(adders[i].thread, NULL);
        assert_false(adders[i].missed);
    }
    uint16_t units[16];
    for (uint32_t i = 0; i < (THREADS + 1) * (EACH / 2); i++)
        assert_true(change_index_has(index, CHANGE_FILE_UPPER, numbered(i, units)));
    assert_int_equal(change_index_generation(index), THREADS * EACH);
}

static void several_threads(void **state)
{
    (void)state;
    struct change_index *index = make(15); // has room even if each name is counted by two threads
    uint16_t units[16];
    add_by_threads(index);
    for (uint32_t i = 0; i < 1000; i++)
        assert_false(change_index_has(index, CHANGE_FILE_UPPER, numbered(1000000 + i, units)));
    free(index);
}

static void several_threads_fill_it(void **state)
{
    (void)state;
    struct change_index *index = make(12);
    add_by_threads(index);
    assert_true(change_index_has(index, CHANGE_FILE_UPPER, T("never added")));
    free(index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(size),
        cmocka_unit_test(add_and_has),
        cmocka_unit_test(touched),
        cmocka_unit_test(has_above),
        cmocka_unit_test(full),
        cmocka_unit_test(many),
        cmocka_unit_test(generation),
        cmocka_unit_test(version),
        cmocka_unit_test(leaf),
        cmocka_unit_test(several_threads),
        cmocka_unit_test(several_threads_fill_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
