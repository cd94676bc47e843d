// Listings: each class is written as the WDK lays it out, what the system gives is read back, and
// the order is the file systems'.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/dirlist.h"

#define T(literal) ((struct str16){u"" literal, sizeof(u"" literal) / sizeof(uint16_t) - 1})

// The structures of the WDK (ntifs.h), whose name is the last member.
struct common {
    uint32_t next, index;
    int64_t creation, access, write, change, end_of_file, allocation;
    uint32_t attributes, name_length;
};
struct directory_information {
    struct common common;
    uint16_t name[1];
};
struct full_information {
    struct common common;
    uint32_t ea_size;
    uint16_t name[1];
};
struct both_information {
    struct common common;
    uint32_t ea_size;
    int8_t short_length;
    uint16_t short_name[12];
    uint16_t name[1];
};
struct names_information {
    uint32_t next, index, name_length;
    uint16_t name[1];
};
struct id_both_information {
    struct common common;
    uint32_t ea_size;
    int8_t short_length;
    uint16_t short_name[12];
    int64_t id;
    uint16_t name[1];
};
struct id_full_information {
    struct common common;
    uint32_t ea_size;
    int64_t id;
    uint16_t name[1];
};

struct id_global_tx_information {
    struct common common;
    int64_t id;
    uint8_t transaction[16];
    uint32_t flags;
    uint16_t name[1];
};
struct id_extd_information {
    struct common common;
    uint32_t ea_size, tag;
    uint8_t id_128[16];
    uint16_t name[1];
};
struct id_extd_both_information {
    struct common common;
    uint32_t ea_size, tag;
    uint8_t id_128[16];
    int8_t short_length;
    uint16_t short_name[12];
    uint16_t name[1];
};
struct id_64_extd_information {
    struct common common;
    uint32_t ea_size, tag;
    int64_t id;
    uint16_t name[1];
};
struct id_64_extd_both_information {
    struct common common;
    uint32_t ea_size, tag;
    int64_t id;
    int8_t short_length;
    uint16_t short_name[12];
    uint16_t name[1];
};
struct id_all_extd_information {
    struct common common;
    uint32_t ea_size, tag;
    int64_t id;
    uint8_t id_128[16];
    uint16_t name[1];
};
struct id_all_extd_both_information {
    struct common common;
    uint32_t ea_size, tag;
    int64_t id;
    uint8_t id_128[16];
    int8_t short_length;
    uint16_t short_name[12];
    uint16_t name[1];
};

static const struct {
    uint32_t class;
    size_t fixed;
    int ea_at, short_at, id_at; // 0 where the class has none
    int tag_at, id_128_at, transaction_at;
} classes[] = {
    {.class = DIRLIST_DIRECTORY, .fixed = offsetof(struct directory_information, name)},
    {.class = DIRLIST_FULL,
     .fixed = offsetof(struct full_information, name),
     .ea_at = offsetof(struct full_information, ea_size)},
    {.class = DIRLIST_BOTH,
     .fixed = offsetof(struct both_information, name),
     .ea_at = offsetof(struct both_information, ea_size),
     .short_at = offsetof(struct both_information, short_length)},
    {.class = DIRLIST_NAMES, .fixed = offsetof(struct names_information, name)},
    {.class = DIRLIST_ID_BOTH,
     .fixed = offsetof(struct id_both_information, name),
     .ea_at = offsetof(struct id_both_information, ea_size),
     .short_at = offsetof(struct id_both_information, short_length),
     .id_at = offsetof(struct id_both_information, id)},
    {.class = DIRLIST_ID_FULL,
     .fixed = offsetof(struct id_full_information, name),
     .ea_at = offsetof(struct id_full_information, ea_size),
     .id_at = offsetof(struct id_full_information, id)},
    {.class = DIRLIST_ID_GLOBAL_TX,
     .fixed = offsetof(struct id_global_tx_information, name),
     .id_at = offsetof(struct id_global_tx_information, id),
     .transaction_at = offsetof(struct id_global_tx_information, transaction)},
    {.class = DIRLIST_ID_EXTD,
     .fixed = offsetof(struct id_extd_information, name),
     .ea_at = offsetof(struct id_extd_information, ea_size),
     .tag_at = offsetof(struct id_extd_information, tag),
     .id_128_at = offsetof(struct id_extd_information, id_128)},
    {.class = DIRLIST_ID_EXTD_BOTH,
     .fixed = offsetof(struct id_extd_both_information, name),
     .ea_at = offsetof(struct id_extd_both_information, ea_size),
     .tag_at = offsetof(struct id_extd_both_information, tag),
     .id_128_at = offsetof(struct id_extd_both_information, id_128),
     .short_at = offsetof(struct id_extd_both_information, short_length)},
    {.class = DIRLIST_ID_64_EXTD,
     .fixed = offsetof(struct id_64_extd_information, name),
     .ea_at = offsetof(struct id_64_extd_information, ea_size),
     .tag_at = offsetof(struct id_64_extd_information, tag),
     .id_at = offsetof(struct id_64_extd_information, id)},
    {.class = DIRLIST_ID_64_EXTD_BOTH,
     .fixed = offsetof(struct id_64_extd_both_information, name),
     .ea_at = offsetof(struct id_64_extd_both_information, ea_size),
     .tag_at = offsetof(struct id_64_extd_both_information, tag),
     .id_at = offsetof(struct id_64_extd_both_information, id),
     .short_at = offsetof(struct id_64_extd_both_information, short_length)},
    {.class = DIRLIST_ID_ALL_EXTD,
     .fixed = offsetof(struct id_all_extd_information, name),
     .ea_at = offsetof(struct id_all_extd_information, ea_size),
     .tag_at = offsetof(struct id_all_extd_information, tag),
     .id_at = offsetof(struct id_all_extd_information, id),
     .id_128_at = offsetof(struct id_all_extd_information, id_128)},
    {.class = DIRLIST_ID_ALL_EXTD_BOTH,
     .fixed = offsetof(struct id_all_extd_both_information, name),
     .ea_at = offsetof(struct id_all_extd_both_information, ea_size),
     .tag_at = offsetof(struct id_all_extd_both_information, tag),
     .id_at = offsetof(struct id_all_extd_both_information, id),
     .id_128_at = offsetof(struct id_all_extd_both_information, id_128),
     .short_at = offsetof(struct id_all_extd_both_information, short_length)},
};

static struct dirlist_entry sample(void)
{
    return (struct dirlist_entry){
        .creation_time = INT64_C(0x0102030405060708),
        .last_access_time = INT64_C(0x1112131415161718),
        .last_write_time = INT64_C(0x2122232425262728),
        .change_time = INT64_C(0x3132333435363738),
        .end_of_file = INT64_C(0x4142434445464748),
        .allocation_size = INT64_MIN,
        .attributes = 0x81828384,
        .ea_size = 0x91929394,
        .reparse_tag = 0xa000000c,
        .file_id = UINT64_C(0xa1a2a3a4a5a6a7a8),
        .file_id_128 = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16},
        .transaction = {21, 22, 23, 24, 25, 26, 27, 28, 29, 30,
                        31, 32, 33, 34, 35, 36, 37, 38, 39, 40},
        .short_name = {'L', 'O', 'N', 'G', '~', '1', '.', 'T', 'X', 'T', 0, 0},
        .short_length = 20,
        .name = T("long name.\u00e4\u0142"),
    };
}

static void check_written(size_t which, const struct dirlist_entry *entry, const uint8_t *out,
                          size_t room)
{
    size_t fixed = classes[which].fixed, name_size = entry->name.len * sizeof(uint16_t);
    if (classes[which].class == DIRLIST_NAMES) {
        struct names_information names;
        memcpy(&names, out, fixed);
        assert_int_equal(names.next, 0);
        assert_int_equal(names.index, 0);
        assert_int_equal(names.name_length, name_size);
    } else {
        struct common common;
        memcpy(&common, out, sizeof common);
        assert_int_equal(common.next, 0);
        assert_int_equal(common.index, 0);
        assert_true(common.creation == entry->creation_time);
        assert_true(common.access == entry->last_access_time);
        assert_true(common.write == entry->last_write_time);
        assert_true(common.change == entry->change_time);
        assert_true(common.end_of_file == entry->end_of_file);
        assert_true(common.allocation == entry->allocation_size);
        assert_int_equal(common.attributes, entry->attributes);
        assert_int_equal(common.name_length, name_size); // also of a name that was cut
    }
    if (classes[which].ea_at)
        assert_memory_equal(out + classes[which].ea_at, &entry->ea_size, sizeof entry->ea_size);
    if (classes[which].short_at) {
        assert_int_equal(out[classes[which].short_at], entry->short_length);
        assert_memory_equal(out + classes[which].short_at + 2, entry->short_name,
                            sizeof entry->short_name);
    }
    if (classes[which].id_at)
        assert_memory_equal(out + classes[which].id_at, &entry->file_id, sizeof entry->file_id);
    if (classes[which].tag_at)
        assert_memory_equal(out + classes[which].tag_at, &entry->reparse_tag,
                            sizeof entry->reparse_tag);
    if (classes[which].id_128_at)
        assert_memory_equal(out + classes[which].id_128_at, entry->file_id_128,
                            sizeof entry->file_id_128);
    if (classes[which].transaction_at)
        assert_memory_equal(out + classes[which].transaction_at, entry->transaction,
                            sizeof entry->transaction);
    assert_memory_equal(out + fixed, entry->name.s,
                        room - fixed < name_size ? room - fixed : name_size);
}

static void sizes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(classes) / sizeof(*classes); i++)
        assert_int_equal(dirlist_fixed_size(classes[i].class), classes[i].fixed);
    static const uint32_t others[] = {0,  4,  5,  11, 13, 33, 36,         39,
                                      49, 59, 61, 62, 77, 82, 0x80000001, UINT32_MAX};
    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
        assert_int_equal(dirlist_fixed_size(others[i]), 0);
    // What sizeof is on Windows, which is what the system compares the length with.
    assert_int_equal(dirlist_least_size(DIRLIST_DIRECTORY), 72);
    assert_int_equal(dirlist_least_size(DIRLIST_BOTH), 96);
    assert_int_equal(dirlist_least_size(DIRLIST_NAMES), 16);
    assert_int_equal(dirlist_least_size(DIRLIST_ID_BOTH), 112);
    assert_int_equal(dirlist_least_size(DIRLIST_ID_GLOBAL_TX), 96);
    assert_int_equal(dirlist_least_size(36), 0);
}

static void sources(void **state)
{
    (void)state;
    static const uint32_t old[] = {DIRLIST_DIRECTORY, DIRLIST_FULL,    DIRLIST_BOTH,
                                   DIRLIST_NAMES,     DIRLIST_ID_BOTH, DIRLIST_ID_FULL};
    for (size_t i = 0; i < sizeof(old) / sizeof(*old); i++)
        assert_int_equal(dirlist_source(old[i]), DIRLIST_ID_BOTH);
    for (size_t i = 0; i < sizeof(classes) / sizeof(*classes); i++) {
        uint32_t source = dirlist_source(classes[i].class);
        assert_true(dirlist_covers(source, classes[i].class));
        assert_true(dirlist_covers(classes[i].class, DIRLIST_NAMES));
        assert_int_equal(dirlist_covers(DIRLIST_NAMES, classes[i].class),
                         classes[i].class == DIRLIST_NAMES);
    }
    assert_false(dirlist_covers(DIRLIST_ID_BOTH, DIRLIST_ID_EXTD));
    assert_false(dirlist_covers(DIRLIST_ID_BOTH, DIRLIST_ID_GLOBAL_TX));
    assert_true(dirlist_covers(DIRLIST_ID_ALL_EXTD_BOTH, DIRLIST_ID_BOTH));
    assert_false(dirlist_covers(DIRLIST_ID_BOTH, 36));
    assert_false(dirlist_covers(36, DIRLIST_ID_BOTH));
}

static void each_class_and_room(void **state)
{
    (void)state;
    struct dirlist_entry entry = sample();
    size_t name_size = entry.name.len * sizeof(uint16_t);
    for (size_t i = 0; i < sizeof(classes) / sizeof(*classes); i++) {
        // From a name that is cut off altogether to more room than needed, which stays as it was.
        for (size_t room = classes[i].fixed; room < classes[i].fixed + name_size + 9; room++) {
            uint8_t *out = malloc(room);
            assert_non_null(out);
            memset(out, 0xee, room);
            size_t whole = dirlist_write(classes[i].class, &entry, out, room);
            assert_int_equal(whole, classes[i].fixed + name_size);
            check_written(i, &entry, out, room);
            for (size_t at = whole; at < room; at++)
                assert_int_equal(out[at], 0xee);
            free(out);
        }
    }
}

static void nothing_of_the_buffer_shows(void **state)
{
    (void)state;
    // What lies between the members is zero, not what was in memory before.
    struct dirlist_entry entry = {.name = {0}};
    for (size_t i = 0; i < sizeof(classes) / sizeof(*classes); i++) {
        uint8_t out[128], zero[128] = {0};
        memset(out, 0xee, sizeof out);
        assert_int_equal(dirlist_write(classes[i].class, &entry, out, classes[i].fixed),
                         classes[i].fixed);
        assert_memory_equal(out, zero, classes[i].fixed);
        assert_int_equal(out[classes[i].fixed], 0xee);
    }
}

static bool read_copy(const uint8_t *in, size_t size, uint32_t *next)
{
    uint8_t *copy = malloc(size ? size : 1);
    struct dirlist_entry entry;
    assert_non_null(copy);
    memcpy(copy, in, size);
    bool done = dirlist_read(DIRLIST_ID_BOTH, copy, size, &entry, next);
    if (done) { // all of the name can be read
        uint32_t sum = 0;
        for (size_t i = 0; i < entry.name.len; i++)
            sum += entry.name.s[i];
        assert_true(sum < UINT32_MAX);
    }
    free(copy);
    return done;
}

static void written_is_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(classes) / sizeof(*classes); i++) {
        // Each member that the class has comes back, and nothing that it does not have.
        struct dirlist_entry entry = sample(), read;
        _Alignas(8) uint8_t out[256], again[256];
        uint32_t next = 7, class = classes[i].class;
        size_t whole = dirlist_write(class, &entry, out, sizeof out);
        assert_true(dirlist_read(class, out, whole, &read, &next));
        assert_int_equal(next, 0);
        assert_true(str16_equal(read.name, entry.name));
        assert_ptr_equal(read.name.s, out + classes[i].fixed);
        assert_int_equal(dirlist_write(class, &read, again, sizeof again), whole);
        assert_memory_equal(again, out, whole);
        bool plain = class == DIRLIST_NAMES;
        assert_true(read.creation_time == (plain ? 0 : entry.creation_time));
        assert_true(read.allocation_size == (plain ? 0 : entry.allocation_size));
        assert_true(read.file_id == (classes[i].id_at ? entry.file_id : 0));
        assert_int_equal(read.ea_size, classes[i].ea_at ? entry.ea_size : 0);
        assert_int_equal(read.reparse_tag, classes[i].tag_at ? entry.reparse_tag : 0);
        assert_int_equal(read.short_length, classes[i].short_at ? entry.short_length : 0);
        assert_int_equal(read.file_id_128[15], classes[i].id_128_at ? 16 : 0);
        assert_int_equal(read.transaction[19], classes[i].transaction_at ? 40 : 0);
        if (!classes[i].short_at)
            continue;
        // A short name longer than can be is none.
        out[classes[i].short_at] = 25;
        assert_true(dirlist_read(class, out, whole, &read, &next));
        assert_int_equal(read.short_length, 0);
    }
}

static void every_truncation_fails(void **state)
{
    (void)state;
    struct dirlist_entry entry = sample();
    _Alignas(8) uint8_t out[256];
    uint32_t next;
    size_t whole = dirlist_write(DIRLIST_ID_BOTH, &entry, out, sizeof out);
    for (size_t size = 0; size < whole; size++)
        assert_false(read_copy(out, size, &next));
    assert_true(read_copy(out, whole, &next));
}

static void bad_fields(void **state)
{
    (void)state;
    struct dirlist_entry entry = sample();
    _Alignas(8) uint8_t out[256];
    memset(out, 0, sizeof out);
    uint32_t whole = (uint32_t)dirlist_write(DIRLIST_ID_BOTH, &entry, out, sizeof out);
    const struct {
        size_t at;
        uint32_t value;
        bool good;
    } cases[] = {
        {offsetof(struct common, name_length), sizeof out - 104, true},
        {offsetof(struct common, name_length), sizeof out - 104 + 1, false},
        {offsetof(struct common, name_length), sizeof out - 104 + 2, false},
        {offsetof(struct common, name_length), 0x7fffffff, false},
        {offsetof(struct common, name_length), 0xfffffffe, false},
        {offsetof(struct common, name_length), 0xffffffff, false},
        {offsetof(struct common, name_length), 3, false}, // half a unit
        {offsetof(struct common, name_length), 0, true},
        {offsetof(struct common, next), whole, true},
        {offsetof(struct common, next), (whole + 7) & ~7u, true},
        {offsetof(struct common, next), sizeof out, true}, // where reading then fails
        {offsetof(struct common, next), sizeof out + 2, false},
        {offsetof(struct common, next), 0xfffffff8, false},
        {offsetof(struct common, next), whole + 1, false}, // odd
        {offsetof(struct common, next), whole - 2, false}, // in this one
        {offsetof(struct common, next), 8, false},
        {offsetof(struct common, next), 1, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        _Alignas(8) uint8_t damaged[sizeof out];
        uint32_t next;
        memcpy(damaged, out, sizeof out);
        memcpy(damaged + cases[i].at, &cases[i].value, sizeof cases[i].value);
        if (read_copy(damaged, sizeof damaged, &next) != cases[i].good)
            print_error("case %zu\n", i);
        assert_int_equal(read_copy(damaged, sizeof damaged, &next), cases[i].good);
    }
}

static void a_whole_listing(void **state)
{
    (void)state;
    const struct str16 names[] = {T("."), T(".."), T("a"), T(""), T("some longer name.txt")};
    _Alignas(8) uint8_t out[1024];
    size_t at = 0, last = 0, count = sizeof(names) / sizeof(*names);
    for (size_t i = 0; i < count; i++) {
        struct dirlist_entry entry = sample();
        entry.name = names[i];
        entry.file_id = i;
        size_t whole = dirlist_write(DIRLIST_ID_BOTH, &entry, out + at, sizeof out - at);
        uint32_t offset = (uint32_t)(at - last);
        if (i)
            memcpy(out + last, &offset, sizeof offset);
        last = at;
        at = (at + whole + 7) & ~(size_t)7;
    }
    size_t i = 0;
    for (uint32_t where = 0, next = 1; next; where += next, i++) {
        struct dirlist_entry entry;
        assert_true(dirlist_read(DIRLIST_ID_BOTH, out + where, sizeof out - where, &entry, &next));
        assert_true(i < count);
        assert_true(str16_equal(entry.name, names[i]));
        assert_true(entry.file_id == i);
    }
    assert_int_equal(i, count);
}

static void order(void **state)
{
    (void)state;
    // Each is before all that follow it.
    const struct str16 names[] = {
        T("."), T(".."), T(""),   T(" "),  T("..."), T(".a"), T(".git"), T("1"),      T("10"),
        T("2"), T("A"),  T("a0"), T("AB"), T("b"),   T("_"),  T("~"),    T("\u00c4"), T("\u03b1"),
    };
    size_t count = sizeof(names) / sizeof(*names);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            struct dirlist_entry a = {.name = names[i]}, b = {.name = names[j]};
            int result = dirlist_compare(&a, &b);
            assert_int_equal((result > 0) - (result < 0), (i > j) - (i < j));
        }
    }
    struct dirlist_entry a = {.name = T("Read me")}, b = {.name = T("rEAD ME")};
    assert_int_equal(dirlist_compare(&a, &b), 0);
}

static void sorting(void **state)
{
    (void)state;
    enum { MOST = 70 };
    static const char *const words[] = {".", "..", "a", "A", "b", "ab", "AB", "z", ".x", ""};
    static uint16_t units[10][4];
    struct dirlist_entry entries[MOST];
    uint32_t seed = 5;
    for (size_t i = 0; i < 10; i++)
        for (size_t k = 0; words[i][k]; k++)
            units[i][k] = (unsigned char)words[i][k];
    for (size_t count = 0; count <= MOST; count++) {
        // Exactly as many places as there are entries.
        struct dirlist_entry **order_of = malloc(count ? count * sizeof *order_of : 1);
        struct dirlist_entry **spare = malloc(count ? count * sizeof *spare : 1);
        bool seen[MOST] = {false};
        assert_true(order_of && spare);
        for (size_t i = 0; i < count; i++) {
            seed = seed * 1664525 + 1013904223;
            size_t word = (seed >> 16) % 10;
            entries[i] =
                (struct dirlist_entry){.name = {units[word], strlen(words[word])}, .file_id = i};
            order_of[i] = &entries[i];
        }
        dirlist_sort(order_of, spare, count);
        for (size_t i = 0; i < count; i++) {
            assert_false(seen[order_of[i]->file_id]);
            seen[order_of[i]->file_id] = true;
            if (i) {
                int result = dirlist_compare(order_of[i - 1], order_of[i]);
                assert_true(result <= 0);
                assert_true(result < 0 ||
                            order_of[i - 1]->file_id < order_of[i]->file_id); // stable
            }
        }
        free(order_of);
        free(spare);
    }
}

static void stripping(void **state)
{
    (void)state;
    static const char *const names[] = {"own\\a", "other\\own\\b", "OWN\\longer name", "own",
                                        "own\\z"};
    static const char *const wanted[] = {"a", "longer name", "z"};
    for (uint32_t class = 1; class < 100; class ++) {
        if (!dirlist_fixed_size(class))
            continue;
        size_t at = 0, last = 0, size = 0, count = 0;
        uint8_t *list = calloc(1, 4096);
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
            uint16_t units[32];
            struct str16_buf name = {.s = units, .cap = 32};
            str16_put_ascii(&name, names[i]);
            struct dirlist_entry entry = {.name = str16_view(&name), .end_of_file = (int64_t)i};
            if (i) {
                uint32_t offset = (uint32_t)(at - last);
                memcpy(list + last, &offset, sizeof offset);
            }
            last = at;
            size = at + dirlist_write(class, &entry, list + at, 4096 - at);
            at = (size + 7) & ~(size_t)7;
        }
        list = realloc(list, size);
        uint16_t units[8];
        struct str16_buf prefix = {.s = units, .cap = 8};
        str16_put_ascii(&prefix, "own\\");
        size = dirlist_strip(class, list, size, str16_view(&prefix));
        struct dirlist_entry entry;
        uint32_t next = 1;
        for (at = 0; next; at += next) {
            assert_true(dirlist_read(class, list + at, size - at, &entry, &next));
            assert_true(count < sizeof wanted / sizeof *wanted);
            assert_true(str16_equal_ascii(entry.name, wanted[count++]));
        }
        assert_int_equal(count, sizeof wanted / sizeof *wanted);
        prefix.len = 0;
        str16_put_ascii(&prefix, "none");
        assert_int_equal(dirlist_strip(class, list, size, str16_view(&prefix)), 0);
        assert_int_equal(dirlist_strip(class, list, 0, str16_view(&prefix)), 0);
        free(list);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes),
        cmocka_unit_test(sources),
        cmocka_unit_test(each_class_and_room),
        cmocka_unit_test(nothing_of_the_buffer_shows),
        cmocka_unit_test(written_is_read),
        cmocka_unit_test(every_truncation_fails),
        cmocka_unit_test(bad_fields),
        cmocka_unit_test(a_whole_listing),
        cmocka_unit_test(order),
        cmocka_unit_test(sorting),
        cmocka_unit_test(stripping),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
