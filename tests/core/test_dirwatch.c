// Change records: read as the system lays them out, kept and handed out, and what is known of
// names.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/dirwatch.h"

#define T(literal) ((struct str16){u"" literal, sizeof(u"" literal) / sizeof(uint16_t) - 1})

// The structures of the WDK, whose name is the last member.
struct plain {
    uint32_t next, action, name_length;
    uint16_t name[1];
};
struct extended {
    uint32_t next, action;
    int64_t times[4], allocated, size;
    uint32_t attributes, tag;
    int64_t id, parent;
    uint32_t name_length;
    uint16_t name[1];
};
struct full {
    uint32_t next, action;
    int64_t times[4], allocated, size;
    uint32_t attributes, tag;
    int64_t id, parent;
    uint16_t name_length;
    uint8_t flags, reserved;
    uint16_t name[1];
};

static const struct {
    uint32_t class;
    size_t length_at, name_at;
} classes[] = {
    {DIRWATCH_PLAIN, offsetof(struct plain, name_length), offsetof(struct plain, name)},
    {DIRWATCH_EXTENDED, offsetof(struct extended, name_length), offsetof(struct extended, name)},
    {DIRWATCH_FULL, offsetof(struct full, name_length), offsetof(struct full, name)},
};
enum { CLASSES = sizeof(classes) / sizeof(*classes) };

static void knows(void **state)
{
    (void)state;
    assert_false(dirwatch_knows(0));
    assert_true(dirwatch_knows(1));
    assert_true(dirwatch_knows(3));
    assert_false(dirwatch_knows(4));
    assert_false(dirwatch_knows(UINT32_MAX));
}

static void put_and_read(void **state)
{
    (void)state;
    const struct str16 names[] = {T("a"), T("sub\\name.txt"), T(""), T("odd"), T("\u00e4\u0142")};
    for (size_t c = 0; c < CLASSES; c++) {
        _Alignas(8) uint8_t bytes[1024], out[1024];
        struct dirwatch_queue queue = {.bytes = bytes, .cap = sizeof bytes};
        memset(bytes, 0xee, sizeof bytes);
        assert_false(dirwatch_any(&queue));
        for (uint32_t i = 0; i < 5; i++) {
            struct dirwatch_record record = {.action = i + 1, .name = names[i]};
            dirwatch_put(&queue, classes[c].class, &record);
            assert_true(dirwatch_any(&queue));
        }
        size_t used = queue.used, size = dirwatch_take(&queue, out, sizeof out);
        assert_int_equal(size, used);
        assert_false(dirwatch_any(&queue));
        uint32_t next = 0;
        size_t at = 0, i = 0;
        do {
            struct dirwatch_record record;
            assert_int_equal(at % 4, 0);
            assert_true(dirwatch_read(classes[c].class, out + at, size - at, &record, &next));
            assert_int_equal(record.action, i + 1);
            assert_true(str16_equal(record.name, names[i]));
            assert_ptr_equal(record.name.s, out + at + classes[c].name_at);
            at += next;
            i++;
        } while (next);
        assert_int_equal(i, 5);
        assert_int_equal(dirwatch_take(&queue, out, sizeof out), 0);
    }
}

static void body_is_kept(void **state)
{
    (void)state;
    struct full from = {.next = 99,
                        .action = 3,
                        .size = 12345,
                        .parent = 7,
                        .name_length = 2,
                        .flags = 1,
                        .name = {'x'}};
    struct dirwatch_record record, again;
    uint32_t next;
    _Alignas(8) uint8_t bytes[256];
    struct dirwatch_queue queue = {.bytes = bytes, .cap = sizeof bytes};
    from.next = 0;
    assert_true(dirwatch_read(DIRWATCH_FULL, (uint8_t *)&from, sizeof from, &record, &next));
    record.action = DIRWATCH_ADDED;
    dirwatch_put(&queue, DIRWATCH_FULL, &record);
    assert_true(dirwatch_read(DIRWATCH_FULL, bytes, queue.used, &again, &next));
    struct full to;
    memcpy(&to, bytes, offsetof(struct full, name));
    assert_int_equal(to.action, DIRWATCH_ADDED);
    assert_true(to.size == 12345 && to.parent == 7);
    assert_int_equal(to.flags, 1);
    assert_int_equal(again.name.len, 1);
    // One that is made up has nothing of what was in memory before.
    memset(bytes, 0xee, sizeof bytes);
    dirwatch_take(&queue, NULL, 0);
    record = (struct dirwatch_record){.action = DIRWATCH_REMOVED, .name = T("y")};
    dirwatch_put(&queue, DIRWATCH_FULL, &record);
    memcpy(&to, bytes, offsetof(struct full, name));
    assert_true(to.size == 0 && to.parent == 0 && to.times[0] == 0);
}

static void overflowing(void **state)
{
    (void)state;
    struct dirwatch_record record = {.action = DIRWATCH_ADDED, .name = T("name")};
    for (size_t cap = 0; cap < 100; cap++) {
        uint8_t *bytes = malloc(cap ? cap : 1), out[128]; // of exactly its size
        struct dirwatch_queue queue = {.bytes = bytes, .cap = cap};
        assert_non_null(bytes);
        size_t fit = cap / 20; // 12 and the name
        for (size_t i = 0; i < fit; i++) {
            dirwatch_put(&queue, DIRWATCH_PLAIN, &record);
            assert_false(queue.overflow);
        }
        dirwatch_put(&queue, DIRWATCH_PLAIN, &record);
        assert_true(queue.overflow);
        dirwatch_put(&queue, DIRWATCH_PLAIN, &record); // nothing any more
        assert_true(dirwatch_any(&queue));
        assert_int_equal(dirwatch_take(&queue, out, sizeof out), 0);
        assert_false(dirwatch_any(&queue)); // told once
        dirwatch_put(&queue, DIRWATCH_PLAIN, &record);
        assert_int_equal(dirwatch_take(&queue, out, sizeof out), cap < 20 ? 0 : 20);
        // What there is does not fit where it is to go.
        dirwatch_put(&queue, DIRWATCH_PLAIN, &record);
        assert_int_equal(dirwatch_take(&queue, out, 19), 0);
        assert_false(dirwatch_any(&queue));
        free(bytes);
    }
}

static bool read_copy(uint32_t class, const uint8_t *in, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    struct dirwatch_record record;
    uint32_t next;
    assert_non_null(copy);
    memcpy(copy, in, size);
    bool good = dirwatch_read(class, copy, size, &record, &next);
    free(copy);
    return good;
}

static void bad_records(void **state)
{
    (void)state;
    for (size_t c = 0; c < CLASSES; c++) {
        _Alignas(8) uint8_t bytes[256] = {0};
        uint32_t class = classes[c].class;
        struct dirwatch_queue queue = {.bytes = bytes, .cap = sizeof bytes};
        struct dirwatch_record record = {.action = DIRWATCH_ADDED, .name = T("name")};
        dirwatch_put(&queue, class, &record);
        for (size_t size = 0; size < queue.used; size++)
            assert_false(read_copy(class, bytes, size));
        assert_true(read_copy(class, bytes, queue.used));
        const uint32_t lengths[] = {7, 9, 10, 0xfffe, 0xfffffffe};
        for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
            _Alignas(8) uint8_t damaged[256];
            memcpy(damaged, bytes, sizeof damaged);
            memcpy(damaged + classes[c].length_at, &lengths[i], class == DIRWATCH_FULL ? 2 : 4);
            assert_false(read_copy(class, damaged, queue.used));
        }
        const uint32_t offsets[] = {1, 4, 3, 0x7ffffffe, 0xfffffffc};
        for (size_t i = 0; i < sizeof(offsets) / sizeof(*offsets); i++) {
            _Alignas(8) uint8_t damaged[256];
            memcpy(damaged, bytes, sizeof damaged);
            memcpy(damaged, &offsets[i], 4);
            assert_false(read_copy(class, damaged, queue.used));
        }
    }
}

static void names(void **state)
{
    (void)state;
    static struct dirwatch_names known;
    assert_int_equal(dirwatch_known(&known, T("a")), DIRWATCH_UNKNOWN);
    dirwatch_note(&known, T("a"), DIRWATCH_GONE);
    dirwatch_note(&known, T("b"), DIRWATCH_PRESENT);
    assert_int_equal(dirwatch_known(&known, T("A")), DIRWATCH_GONE);
    assert_int_equal(dirwatch_known(&known, T("b")), DIRWATCH_PRESENT);
    dirwatch_note(&known, T("A"), DIRWATCH_PRESENT);
    assert_int_equal(dirwatch_known(&known, T("a")), DIRWATCH_PRESENT);
    // The oldest make room.
    for (uint16_t i = 0; i < DIRWATCH_NAMES; i++) {
        uint16_t name[] = {'n', (uint16_t)(0x4e00 + i)};
        dirwatch_note(&known, (struct str16){name, 2}, DIRWATCH_GONE);
    }
    assert_int_equal(dirwatch_known(&known, T("a")), DIRWATCH_UNKNOWN);
    for (uint16_t i = 0; i < DIRWATCH_NAMES; i++) {
        uint16_t name[] = {'N', (uint16_t)(0x4e00 + i)};
        assert_int_equal(dirwatch_known(&known, (struct str16){name, 2}), DIRWATCH_GONE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows),        cmocka_unit_test(put_and_read),
        cmocka_unit_test(body_is_kept), cmocka_unit_test(overflowing),
        cmocka_unit_test(bad_records),  cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
