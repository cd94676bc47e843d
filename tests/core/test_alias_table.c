// The memory of aliases: what was noted is found, the last note counts, and a full table forgets
// but never lies.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <pthread.h>
#include <cmocka.h>

#include "core/alias_table.h"

#define T(literal) ((struct str16){u"" literal, sizeof(u"" literal) / sizeof(uint16_t) - 1})

static struct alias_table *make(void)
{
    struct alias_table *table = calloc(1, alias_table_size());
    assert_non_null(table);
    return table;
}

/* The name <prefix><number>. */
static struct str16 numbered(const char *prefix, uint32_t number, uint16_t units[32])
{
    struct str16_buf buf = {.s = units, .cap = 32};
    str16_put_ascii(&buf, prefix);
    str16_put_u32(&buf, number);
    return str16_view(&buf);
}

static void true_names(void **state)
{
    (void)state;
    struct alias_table *table = make();
    assert_false(alias_table_is_true(table, T("C\\Dir")));
    alias_table_add_true(table, T("C\\Dir"));
    assert_true(alias_table_is_true(table, T("c\\dIR")));
    assert_false(alias_table_is_true(table, T("C\\Dir\\a")));
    assert_false(alias_table_is_true(table, T("C")));
    assert_false(alias_table_is_true(table, T("")));
    free(table);
}

static void aliases(void **state)
{
    (void)state;
    struct alias_table *table = make();
    struct str16 to;
    assert_false(alias_table_find(table, T("S"), &to));
    alias_table_add(table, T("S"), T("C\\work"));
    alias_table_add(table, T("C\\All"), T("C\\ProgramData"));
    assert_true(alias_table_find(table, T("s"), &to));
    assert_true(str16_equal(to, T("C\\work")));
    assert_true(alias_table_find(table, T("C\\ALL"), &to));
    assert_true(str16_equal(to, T("C\\ProgramData")));
    assert_false(alias_table_find(table, T("C\\Al"), &to));
    assert_false(alias_table_is_true(table, T("C\\All")));

    // A link that leads elsewhere now, then is a folder, then a link again.
    alias_table_add(table, T("C\\All"), T("D"));
    assert_true(alias_table_find(table, T("C\\All"), &to));
    assert_true(str16_equal(to, T("D")));
    alias_table_add_true(table, T("C\\All"));
    assert_false(alias_table_is_true(table, T("C\\All"))); // an alias counts more
    alias_table_add(table, T("C\\All"), T("C\\All"));
    assert_false(alias_table_find(table, T("C\\All"), &to));
    assert_true(alias_table_is_true(table, T("C\\All")));
    alias_table_add(table, T("C\\All"), T("E"));
    assert_false(alias_table_is_true(table, T("C\\All")));
    free(table);
}

static void full(void **state)
{
    (void)state;
    struct alias_table *table = make();
    uint16_t a[32], b[32], longest[600];
    struct str16 to;
    for (uint32_t i = 0; i < 2000; i++)
        alias_table_add(table, numbered("C\\link", i, a), numbered("D\\to", i, b));
    uint32_t found = 0;
    for (uint32_t i = 0; i < 2000; i++) {
        if (alias_table_find(table, numbered("C\\link", i, a), &to)) {
            found++;
            assert_true(str16_equal(to, numbered("D\\to", i, b)));
        }
    }
    assert_int_equal(found, 512);
    for (uint32_t i = 0; i < 200000; i++)
        alias_table_add_true(table, numbered("C\\", i, a));
    assert_false(alias_table_is_true(table, T("C\\other")));

    for (size_t i = 0; i < 600; i++)
        longest[i] = 'x';
    struct alias_table *second = make();
    alias_table_add(second, (struct str16){longest, 496}, T("C"));
    assert_false(alias_table_find(second, (struct str16){longest, 496}, &to));
    alias_table_add(second, (struct str16){longest, 495}, T("C"));
    assert_true(alias_table_find(second, (struct str16){longest, 495}, &to));
    free(second);
    free(table);
}

static void *add_many(void *table)
{
    uint16_t a[32], b[32];
    for (uint32_t i = 0; i < 300; i++) {
        alias_table_add(table, numbered("C\\", i, a), numbered("D\\", i, b));
        alias_table_add_true(table, numbered("D\\", i, b));
    }
    return NULL;
}

static void threads(void **state)
{
    (void)state;
    struct alias_table *table = make();
    pthread_t thread[4];
    uint16_t a[32], b[32];
    struct str16 to;
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, add_many, table), 0);
    for (size_t i = 0; i < 4; i++)
        pthread_join(thread[i], NULL);
    // Two that note the same at the same time take two entries: then the table is full early.
    uint32_t found = 0;
    for (uint32_t i = 0; i < 300; i++) {
        assert_true(alias_table_is_true(table, numbered("D\\", i, b)));
        if (alias_table_find(table, numbered("C\\", i, a), &to)) {
            found++;
            assert_true(str16_equal(to, numbered("D\\", i, b)));
        }
    }
    assert_true(found >= 128);
    free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(true_names),
        cmocka_unit_test(aliases),
        cmocka_unit_test(full),
        cmocka_unit_test(threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
