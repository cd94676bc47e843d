// The table of opens: what excludes what, and that no open is missed or seen twice by any thread.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <pthread.h>
#include <cmocka.h>

#include "core/share.h"

enum { READ = 1, WRITE = 2, DELETION = 0x10000, SHARE_R = 1, SHARE_W = 2, SHARE_D = 4 };

static struct share_table *make(unsigned order)
{
    struct share_table *table = calloc(1, share_table_size(order));
    assert_non_null(table);
    share_table_init(table, order);
    return table;
}

static unsigned count(const struct share_table *table, uint64_t name)
{
    struct share_open open;
    unsigned found = 0;
    for (uint32_t at = 0; share_next(table, name, &at, &open); found++)
        assert_int_equal(open.process ^ open.handle, open.access); // never half of one
    return found;
}

static struct share_open by(uint32_t process, uint32_t handle)
{
    return (struct share_open){process, handle, process ^ handle, 7, 0};
}

static void conflicts(void **state)
{
    (void)state;
    static const struct {
        uint32_t access, share, other_access, other_share;
        bool conflict;
    } cases[] = {
        {READ, SHARE_R, READ, SHARE_R, false},
        {READ, SHARE_R, READ, 0, true},
        {READ, 0, READ, SHARE_R, true},
        {WRITE, 7, READ, SHARE_R, true},
        {WRITE, SHARE_R, READ, SHARE_R | SHARE_W, false},
        {WRITE, SHARE_W, READ, SHARE_R | SHARE_W, true}, // the new one does not let others read
        {DELETION, 7, READ, SHARE_R | SHARE_W, true},
        {DELETION, 7, READ, SHARE_D, false},
        {0x80, 0, READ, 0, false}, // attributes alone take no part
        {READ, 0, 0x100080, 0, false},
        {0x80000000u, 7, READ, SHARE_W, true}, // GENERIC_READ
        {0x40000000, 7, READ, SHARE_R, true},  // GENERIC_WRITE
        {0x10000000, 7, READ, SHARE_R | SHARE_W, true},
        {0x20, 7, READ, SHARE_W | SHARE_D, true}, // to execute is to read
        {4, 7, READ, SHARE_R, true},              // to append is to write
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(share_conflict(cases[i].access, cases[i].share, cases[i].other_access,
                                        cases[i].other_share),
                         cases[i].conflict);
        assert_int_equal(share_conflict(cases[i].other_access, cases[i].other_share,
                                        cases[i].access, cases[i].share),
                         cases[i].conflict);
    }
}

static void add_find_remove(void **state)
{
    (void)state;
    struct share_table *table = make(6);
    struct share_open a = by(1, 4), b = by(2, 4), found;
    assert_int_equal(count(table, 77), 0);
    uint32_t first = share_add(table, 77, &a), second = share_add(table, 77, &b),
             other = share_add(table, 78, &a);
    assert_true(first && second && other && first != second && second != other);
    assert_int_equal(count(table, 77), 2);
    assert_int_equal(count(table, 78), 1);
    share_remove(table, first, 77, &b); // not his
    share_remove(table, first, 78, &a); // not its name
    share_remove(table, 0, 77, &a);
    assert_int_equal(count(table, 77), 2);
    share_remove(table, first, 77, &a);
    share_remove(table, first, 77, &a);
    uint32_t at = 0;
    assert_true(share_next(table, 77, &at, &found));
    assert_int_equal(at, second);
    assert_int_equal(found.process, 2);
    assert_false(share_next(table, 77, &at, &found));
    free(table);
}

static void full(void **state)
{
    (void)state;
    struct share_table *table = make(4);
    uint32_t entries[16];
    for (uint32_t i = 0; i < 16; i++) {
        struct share_open open = by(1, i + 1);
        entries[i] = share_add(table, 5, &open);
        assert_int_not_equal(entries[i], 0);
    }
    struct share_open one = by(9, 9);
    assert_int_equal(share_add(table, 5, &one), 0);
    assert_int_equal(share_add(table, UINT64_C(0xffffffffffffffff), &one), 0);
    assert_int_equal(count(table, 5), 16);
    struct share_open third = by(1, 3);
    share_remove(table, entries[2], 5, &third);
    assert_int_equal(share_add(table, 5, &one), entries[2]);
    assert_int_equal(count(table, 5), 16);
    free(table);
}

/* A table of several levels: all is found wherever it lies, each once, and low places come first.
 */
static void levels(void **state)
{
    (void)state;
    enum { ORDER = 12, SIZE = 1 << ORDER, EACH = SIZE / 8 };
    struct share_table *table = make(ORDER);
    static uint32_t entries[SIZE];
    uint32_t last = 0, at, seen = 0;
    uint64_t name;
    struct share_open found;
    // One name has more opens than the lower levels take of one.
    for (uint32_t i = 0; i < 1500; i++) {
        struct share_open open = by(1, i + 1);
        entries[i] = share_add(table, 7, &open);
        if (!entries[i])
            break;
        last = i + 1;
    }
    assert_in_range(last, 1024, 1499); // the last level takes 1024 of a name, the others some
    assert_int_equal(count(table, 7), last);
    for (uint32_t i = 0; i < last; i++) {
        struct share_open open = by(1, i + 1);
        share_remove(table, entries[i], 7, &open);
    }
    assert_int_equal(count(table, 7), 0);
    // Many names fill the first level before they go on.
    for (uint32_t i = 0; i < SIZE / 2; i++) {
        struct share_open open = by(i % 2 + 1, i + 1);
        entries[i] = share_add(table, i % EACH + 1, &open);
        assert_int_not_equal(entries[i], 0);
        if (i < 512)
            assert_in_range(entries[i], 1, 512);
    }
    for (uint32_t i = 0; i < EACH; i++)
        assert_int_equal(count(table, i + 1), SIZE / 2 / EACH);
    for (at = 0; share_next_of(table, 2, &at, &name, &found); seen++) {
        assert_int_equal(found.process, 2);
        assert_int_equal((found.handle - 1) % EACH + 1, name);
        assert_int_equal(entries[found.handle - 1], at);
    }
    assert_int_equal(seen, SIZE / 4);
    for (uint32_t i = 0; i < SIZE / 2; i++) {
        struct share_open open = by(i % 2 + 1, i + 1);
        share_remove(table, entries[i], i % EACH + 1, &open);
    }
    for (uint32_t i = 0; i < EACH; i++)
        assert_int_equal(count(table, i + 1), 0);
    // From the very end there is nothing more.
    at = SIZE;
    assert_false(share_next_of(table, 2, &at, &name, &found));
    free(table);
}

static void copies(void **state)
{
    (void)state;
    struct share_table *table = make(6);
    struct share_open a = by(1, 4);
    assert_false(share_tell_copied(table, 77, 1000));
    assert_int_equal(share_news(table), 0);
    uint32_t entry = share_add(table, 77, &a);
    assert_int_equal(share_copied(table, entry, 77), 0);
    assert_true(share_untold(table, 77));
    assert_false(share_untold(table, 78));
    assert_true(share_tell_copied(table, 77, 1000));
    assert_int_equal(share_news(table), 1);
    assert_false(share_untold(table, 77));
    assert_int_equal(share_copied(table, entry, 77), 1000);
    assert_int_equal(share_copied(table, entry, 78), 0);
    assert_int_equal(share_copied(table, 0, 77), 0);
    // Who comes to the same place later has not been told.
    share_remove(table, entry, 77, &a);
    assert_int_equal(share_add(table, 77, &a), entry);
    assert_int_equal(share_copied(table, entry, 77), 0);
    assert_false(share_doom(table, entry));
    share_set_doom(table, entry, 2);
    assert_int_equal(share_doom(table, entry), 2);
    share_remove(table, entry, 77, &a);
    assert_int_equal(share_add(table, 77, &a), entry);
    assert_false(share_doom(table, entry));
    share_set_doom(table, 0, 1);
    assert_false(share_doom(table, 0));
    free(table);
}

enum { THREADS = 4, ROUNDS = 20000, NAMES = 5 };

struct worker {
    struct share_table *table;
    uint32_t process;
    pthread_t thread;
};

/* Opens and closes; its own opens are always there, each once, whole, and gone after. */
static void *work(void *context)
{
    struct worker *worker = context;
    uint32_t seed = worker->process;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        seed = seed * 1664525 + 1013904223;
        uint64_t name = UINT64_C(0x1234567800000000) + (seed >> 8) % NAMES;
        struct share_open open = by(worker->process, i + 1), found;
        uint32_t entry = share_add(worker->table, name, &open), seen = 0;
        if (!entry)
            return "no room";
        for (uint32_t at = 0; share_next(worker->table, name, &at, &found);) {
            if ((found.process ^ found.handle) != found.access)
                return "half an entry";
            seen += found.process == worker->process && found.handle == i + 1;
        }
        if (seen != 1)
            return "missed or seen twice";
        if (i % 7 == 0) {
            share_tell_copied(worker->table, name, i + 1);
            if (!share_copied(worker->table, entry, name))
                return "not told";
        }
        share_remove(worker->table, entry, name, &open);
    }
    return NULL;
}

static void work_together(unsigned order)
{
    struct share_table *table = make(order);
    struct worker workers[THREADS];
    for (uint32_t i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.table = table, .process = i + 1};
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    const char *failure = NULL; // told when all have ended, as they use what is this function's
    for (uint32_t i = 0; i < THREADS; i++) {
        void *result;
        pthread_join(workers[i].thread, &result);
        failure = result ? result : failure;
    }
    if (failure)
        fail_msg("%s", failure);
    for (uint64_t name = 0; name < NAMES; name++)
        assert_int_equal(count(table, UINT64_C(0x1234567800000000) + name), 0);
    free(table);
}

static void several_threads(void **state)
{
    (void)state;
    work_together(5);
    work_together(11);
}

static void handed_over(void **state)
{
    (void)state;
    struct share_table *table = make(6);
    struct share_open given = {5, 16, 1, 7, 0x20}, other = by(6, 16), found;
    uint64_t name;
    uint32_t at = 0;
    assert_false(share_next_of(table, 5, &at, &name, &found));
    share_add(table, 77, &other);
    uint32_t first = share_add(table, 77, &given), second;
    given.handle = 20;
    second = share_add(table, UINT64_C(0xabcdef0000000001), &given);
    unsigned seen = 0;
    for (at = 0; share_next_of(table, 5, &at, &name, &found); seen++) {
        assert_int_equal(found.process, 5);
        assert_int_equal(found.options, 0x20);
        assert_int_equal(name, at == first ? 77 : UINT64_C(0xabcdef0000000001));
        assert_int_equal(found.handle, at == first ? 16 : 20);
    }
    assert_int_equal(seen, 2);
    share_remove(table, second, UINT64_C(0xabcdef0000000001), &given);
    at = 0;
    assert_true(share_next_of(table, 5, &at, &name, &found));
    assert_false(share_next_of(table, 5, &at, &name, &found));
    // Who is told of it looks for what is new, too.
    assert_int_equal(share_handed_over(table), 0);
    uint32_t news = share_news(table);
    share_hand_over(table);
    assert_int_equal(share_handed_over(table), 1);
    assert_int_equal(share_news(table), news + 1);
    free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conflicts),   cmocka_unit_test(add_find_remove),
        cmocka_unit_test(full),        cmocka_unit_test(levels),
        cmocka_unit_test(copies),      cmocka_unit_test(several_threads),
        cmocka_unit_test(handed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
