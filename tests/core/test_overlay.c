// The whole decision table of opening a name in two layers, and which access changes what it names.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/overlay.h"

enum { DISPOSITIONS = OVERLAY_OVERWRITE_IF + 1 };

static void own_name_decides(void **state)
{
    (void)state;
    for (int upper = OVERLAY_FILE; upper <= OVERLAY_FOLDER; upper++)
        for (int lower = OVERLAY_NOTHING; lower <= OVERLAY_FOLDER; lower++)
            for (int disposition = 0; disposition < DISPOSITIONS; disposition++)
                for (int writes = 0; writes < 2; writes++)
                    assert_int_equal(overlay_open((enum overlay_what)upper,
                                                  (enum overlay_what)lower,
                                                  (enum overlay_disposition)disposition, writes),
                                     OVERLAY_USE_UPPER);
}

static void without_a_name_of_its_own(void **state)
{
    (void)state;
    // By what the host has, the disposition in the WDK's order, and whether the handle may write.
    static const enum overlay_action table[3][DISPOSITIONS][2] = {
        [OVERLAY_NOTHING] = {[OVERLAY_SUPERSEDE] = {OVERLAY_MAKE, OVERLAY_MAKE},
                             [OVERLAY_OPEN] = {OVERLAY_ABSENT, OVERLAY_ABSENT},
                             [OVERLAY_CREATE] = {OVERLAY_MAKE, OVERLAY_MAKE},
                             [OVERLAY_OPEN_IF] = {OVERLAY_MAKE, OVERLAY_MAKE},
                             [OVERLAY_OVERWRITE] = {OVERLAY_ABSENT, OVERLAY_ABSENT},
                             [OVERLAY_OVERWRITE_IF] = {OVERLAY_MAKE, OVERLAY_MAKE}},
        [OVERLAY_FILE] = {[OVERLAY_SUPERSEDE] = {OVERLAY_COPY_UP_EMPTY, OVERLAY_COPY_UP_EMPTY},
                          [OVERLAY_OPEN] = {OVERLAY_USE_LOWER, OVERLAY_COPY_UP},
                          [OVERLAY_CREATE] = {OVERLAY_COLLIDE, OVERLAY_COLLIDE},
                          [OVERLAY_OPEN_IF] = {OVERLAY_USE_LOWER, OVERLAY_COPY_UP},
                          [OVERLAY_OVERWRITE] = {OVERLAY_COPY_UP_EMPTY, OVERLAY_COPY_UP_EMPTY},
                          [OVERLAY_OVERWRITE_IF] = {OVERLAY_COPY_UP_EMPTY, OVERLAY_COPY_UP_EMPTY}},
        // A folder cannot be overwritten; the system says so once it is the VM's.
        [OVERLAY_FOLDER] = {[OVERLAY_SUPERSEDE] = {OVERLAY_COPY_UP, OVERLAY_COPY_UP},
                            [OVERLAY_OPEN] = {OVERLAY_USE_LOWER, OVERLAY_COPY_UP},
                            [OVERLAY_CREATE] = {OVERLAY_COLLIDE, OVERLAY_COLLIDE},
                            [OVERLAY_OPEN_IF] = {OVERLAY_USE_LOWER, OVERLAY_COPY_UP},
                            [OVERLAY_OVERWRITE] = {OVERLAY_COPY_UP, OVERLAY_COPY_UP},
                            [OVERLAY_OVERWRITE_IF] = {OVERLAY_COPY_UP, OVERLAY_COPY_UP}},
    };
    for (int lower = OVERLAY_NOTHING; lower <= OVERLAY_FOLDER; lower++)
        for (int disposition = 0; disposition < DISPOSITIONS; disposition++)
            for (int writes = 0; writes < 2; writes++)
                assert_int_equal(overlay_open(OVERLAY_NOTHING, (enum overlay_what)lower,
                                              (enum overlay_disposition)disposition, writes),
                                 table[lower][disposition][writes]);
}

static void no_such_disposition(void **state)
{
    (void)state;
    // The call will be refused, so it must not have emptied a file before.
    static const uint32_t numbers[] = {6, 7, 0x7fffffff, 0x80000000, 0xffffffff};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
        for (int upper = OVERLAY_NOTHING; upper <= OVERLAY_FOLDER; upper++)
            for (int lower = OVERLAY_NOTHING; lower <= OVERLAY_FOLDER; lower++)
                assert_int_equal(overlay_open((enum overlay_what)upper, (enum overlay_what)lower,
                                              (enum overlay_disposition)numbers[i], true),
                                 OVERLAY_USE_UPPER);
}

static void file_access(void **state)
{
    (void)state;
    static const uint32_t writes[] = {
        0x2,        // FILE_WRITE_DATA, FILE_ADD_FILE
        0x4,        // FILE_APPEND_DATA, FILE_ADD_SUBDIRECTORY
        0x10,       // FILE_WRITE_EA
        0x40,       // FILE_DELETE_CHILD
        0x100,      // FILE_WRITE_ATTRIBUTES
        0x10000,    // DELETE
        0x40000,    // WRITE_DAC
        0x80000,    // WRITE_OWNER
        0x1000000,  // ACCESS_SYSTEM_SECURITY
        0x2000000,  // MAXIMUM_ALLOWED
        0x10000000, // GENERIC_ALL
        0x40000000, // GENERIC_WRITE
    };
    uint32_t all = 0;
    for (size_t i = 0; i < sizeof(writes) / sizeof(*writes); i++) {
        assert_true(overlay_file_access_writes(writes[i]));
        assert_true(overlay_file_access_writes(writes[i] | 0x120089)); // with FILE_GENERIC_READ
        all |= writes[i];
    }
    for (unsigned bit = 0; bit < 32; bit++)
        assert_int_equal(overlay_file_access_writes(UINT32_C(1) << bit), all >> bit & 1);
    assert_false(overlay_file_access_writes(0));
    assert_false(overlay_file_access_writes(0x1200a9)); // FILE_GENERIC_READ and EXECUTE
}

static void file_access_that_only_deletes(void **state)
{
    (void)state;
    enum { DELETION = 0x10000, GENERIC_READING = (int)0x80000000 };
    assert_true(overlay_file_access_only_deletes(DELETION));
    assert_true(overlay_file_access_only_deletes(DELETION | 0x1200a9));
    assert_true(overlay_file_access_only_deletes(DELETION | (uint32_t)GENERIC_READING));
    assert_false(overlay_file_access_only_deletes(0));
    assert_false(overlay_file_access_only_deletes(0x120089));
    assert_false(overlay_file_access_only_deletes(0x10000000)); // GENERIC_ALL
    // With whatever else changes a file it does not only delete.
    for (unsigned bit = 0; bit < 32; bit++)
        if (overlay_file_access_writes(UINT32_C(1) << bit) && bit != 16)
            assert_false(overlay_file_access_only_deletes(DELETION | UINT32_C(1) << bit));
}

static void key_access(void **state)
{
    (void)state;
    static const uint32_t writes[] = {0x2,     0x4,       0x20,      0x10000,    0x40000,
                                      0x80000, 0x1000000, 0x2000000, 0x10000000, 0x40000000};
    uint32_t all = 0;
    for (size_t i = 0; i < sizeof(writes) / sizeof(*writes); i++)
        all |= writes[i];
    for (unsigned bit = 0; bit < 32; bit++)
        assert_int_equal(overlay_key_access_writes(UINT32_C(1) << bit), all >> bit & 1);
    assert_false(overlay_key_access_writes(0x20019)); // KEY_READ
    assert_true(overlay_key_access_writes(0x20006));  // KEY_WRITE
    assert_true(overlay_key_access_writes(0xf003f));  // KEY_ALL_ACCESS
    assert_false(overlay_key_access_writes(0x20119)); // a view is not a right
}

static void key_access_for_reading(void **state)
{
    (void)state;
    enum { KEY_READ = 0x20019, WOW64_64 = 0x100, WOW64_32 = 0x200 };
    assert_int_equal(overlay_key_access_reading(KEY_READ), KEY_READ);
    assert_int_equal(overlay_key_access_reading(0x1), 0x1);
    assert_int_equal(overlay_key_access_reading(0xf003f), KEY_READ);
    assert_int_equal(overlay_key_access_reading(0x2000000), KEY_READ);
    assert_int_equal(overlay_key_access_reading(0x10000000), KEY_READ);
    assert_int_equal(overlay_key_access_reading(0x2), KEY_READ);
    assert_int_equal(overlay_key_access_reading(0x10000), KEY_READ);
    assert_int_equal(overlay_key_access_reading(0x1000000), KEY_READ);
    assert_int_equal(overlay_key_access_reading(0), KEY_READ);
    assert_int_equal(overlay_key_access_reading(0x40000000 | WOW64_64), KEY_READ | WOW64_64);
    assert_int_equal(overlay_key_access_reading(0x2000000 | WOW64_32), KEY_READ | WOW64_32);
    assert_int_equal(overlay_key_access_reading(WOW64_32 | WOW64_64),
                     KEY_READ | WOW64_32 | WOW64_64);
    assert_int_equal(overlay_key_access_reading(0x80000000u), 0x80000000u); // GENERIC_READ
    // Whatever is asked for, what remains changes nothing, and is something.
    uint32_t seed = 3;
    for (unsigned i = 0; i < 10000; i++) {
        seed = seed * 1664525 + 1013904223;
        uint32_t reading = overlay_key_access_reading(seed);
        assert_false(overlay_key_access_writes(reading));
        assert_true(reading & ~UINT32_C(0x300));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_name_decides),
        cmocka_unit_test(without_a_name_of_its_own),
        cmocka_unit_test(no_such_disposition),
        cmocka_unit_test(file_access),
        cmocka_unit_test(file_access_that_only_deletes),
        cmocka_unit_test(key_access),
        cmocka_unit_test(key_access_for_reading),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
