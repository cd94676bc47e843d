#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "core/limits.h"

static struct str16 wide(const char *ascii)
{
    static uint16_t text[64];
    size_t len = strlen(ascii);
    for (size_t i = 0; i < len; i++)
        text[i] = (uint8_t)ascii[i];
    return (struct str16){text, len};
}

static void memory(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t bytes;
    } good[] = {{"0", 0},
                {"0g", 0},
                {"6291456", 6291456},
                {"512m", UINT64_C(512) << 20},
                {"512MB", UINT64_C(512) << 20},
                {"512MiB", UINT64_C(512) << 20},
                {"8192k", UINT64_C(8) << 20},
                {"3g", UINT64_C(3) << 30},
                {"1T", UINT64_C(1) << 40},
                {"6291456b", 6291456}};
    static const char *const bad[] = {"",
                                      "m",
                                      "-1",
                                      "5m",
                                      "1",
                                      "6291455",
                                      "12x",
                                      "1.5g",
                                      "1gbb",
                                      "1gi b",
                                      "1 g",
                                      "9999999999999999999999",
                                      "99999999999g",
                                      "6291456bb",
                                      "1gi"};
    uint64_t bytes = 7;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(limits_read_memory(wide(good[i].text), &bytes));
        assert_true(bytes == good[i].bytes);
    }
    assert_true(limits_read_size(wide("1k"), &bytes) && bytes == 1024);
    bytes = 7;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(limits_read_memory(wide(bad[i]), &bytes));
    assert_true(bytes == 7);
}

static void cpus(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t cpus;
    } good[] = {{"0", 0},     {"1", 1000},       {"1.5", 1500},  {".5", 500},     {"0.01", 10},
                {"2.", 2000}, {"1024", 1024000}, {"0.125", 125}, {"1.000", 1000}, {"0.0", 0}};
    static const char *const bad[] = {"",
                                      ".",
                                      "a",
                                      "1,5",
                                      "0.001",
                                      "1.2345",
                                      "1025",
                                      "1024.1",
                                      "-1",
                                      "1.5x",
                                      "99999999999999999999"};
    uint32_t value = 7;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(limits_read_cpus(wide(good[i].text), &value));
        assert_int_equal(value, good[i].cpus);
    }
    value = 7;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(limits_read_cpus(wide(bad[i]), &value));
    assert_int_equal(value, 7);
}

static void pids(void **state)
{
    (void)state;
    uint32_t value = 7;
    assert_false(limits_read_pids(wide(""), &value));
    assert_false(limits_read_pids(wide("-1"), &value));
    assert_false(limits_read_pids(wide("1000001"), &value));
    assert_false(limits_read_pids(wide("3 "), &value));
    assert_int_equal(value, 7);
    assert_true(limits_read_pids(wide("3"), &value) && value == 3);
    assert_true(limits_read_pids(wide("0"), &value) && value == 0);
}

static void rate(void **state)
{
    (void)state;
    assert_int_equal(limits_cpu_rate(1000, 1), 10000);
    assert_int_equal(limits_cpu_rate(1500, 2), 7500);
    assert_int_equal(limits_cpu_rate(500, 8), 625);
    assert_int_equal(limits_cpu_rate(4000, 2), 10000);
    assert_int_equal(limits_cpu_rate(10, 1024), 1);
    assert_int_equal(limits_cpu_rate(1000, 0), 10000);
}

static void texts(void **state)
{
    (void)state;
    static const struct {
        uint64_t bytes;
        const char *text;
    } sizes[] = {{0, "0B"},
                 {1023, "1023B"},
                 {1024, "1KiB"},
                 {1536, "1.5KiB"},
                 {UINT64_C(512) << 20, "512MiB"},
                 {(UINT64_C(1) << 30) + (UINT64_C(475) << 20), "1.463GiB"},
                 {(UINT64_C(100) << 20) + (512 << 10), "100.5MiB"},
                 {(UINT64_C(1023) << 20) + (512 << 10), "1023MiB"},
                 {(UINT64_C(10) << 20) + (1 << 10), "10MiB"},
                 {UINT64_MAX, "15.99EiB"}};
    static const struct {
        uint32_t cpus;
        const char *text;
    } counts[] = {{1000, "1"}, {1500, "1.5"}, {10, "0.01"}, {125, "0.125"}, {1024000, "1024"}};
    char text[LIMITS_TEXT_MAX];
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        limits_size_to_text(sizes[i].bytes, text);
        assert_string_equal(text, sizes[i].text);
    }
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        limits_cpus_to_text(counts[i].cpus, text);
        assert_string_equal(text, counts[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(memory), cmocka_unit_test(cpus),
                                       cmocka_unit_test(pids), cmocka_unit_test(rate),
                                       cmocka_unit_test(texts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
