#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "core/ipalloc.h"
#include "core/vmconfig.h"

static const struct vm_config sample = {.version = 1,
                                        .name = {'w', 'e', 'b'},
                                        .ipv4 = 0x7f400102,
                                        .created = 1795413600,
                                        .started = 0,
                                        .stopped = 0};

static void survives_a_round_trip(void **state)
{
    (void)state;
    char text[VM_CONFIG_TEXT_MAX];
    struct vm_config config = sample, back;
    config.started = 1795413601;
    config.hostname[0] = 'h';
    config.no_network = true;
    config.host_address = 0x0a000001;
    config.publish_count = PUBLISH_MAX;
    for (unsigned i = 0; i < PUBLISH_MAX; i++)
        config.publish[i] = (struct publish){0xffffffff, 60001, 60010, 61001, 61010, i & 1};
    config.limits = (struct limits){UINT64_C(1) << 33, 1500, 40};
    config.log_max = UINT64_C(1) << 40;
    size_t len = vm_config_write(&config, text, sizeof(text));
    assert_true(len > 0 && text[len - 1] == '\n');
    assert_int_equal(vm_config_parse(&back, text, len), VM_CONFIG_OK);
    assert_memory_equal(back.name, config.name, sizeof(back.name));
    assert_int_equal(back.ipv4, config.ipv4);
    assert_int_equal(back.created, config.created);
    assert_int_equal(back.started, config.started);
    assert_int_equal(back.stopped, 0);
    assert_memory_equal(back.hostname, config.hostname, sizeof(back.hostname));
    assert_true(back.no_network);
    assert_int_equal(back.host_address, 0x0a000001);
    assert_int_equal(back.publish_count, PUBLISH_MAX);
    assert_memory_equal(back.publish, config.publish, sizeof(back.publish));
    assert_true(back.limits.memory == config.limits.memory);
    assert_true(back.log_max == config.log_max);
    assert_int_equal(back.limits.cpus, 1500);
    assert_int_equal(back.limits.pids, 40);
}

static void says_when_the_buffer_is_too_small(void **state)
{
    (void)state;
    char text[VM_CONFIG_TEXT_MAX];
    size_t len = vm_config_write(&sample, text, sizeof(text));
    for (size_t cap = 0; cap < len; cap++)
        assert_int_equal(vm_config_write(&sample, text, cap), 0);
    assert_int_equal(vm_config_write(&sample, text, len), len);
}

static enum vm_config_fault parse(const char *text)
{
    struct vm_config config;
    return vm_config_parse(&config, text, strlen(text));
}

static void tells_what_is_damaged(void **state)
{
    (void)state;
    assert_int_equal(parse(""), VM_CONFIG_NOT_JSON);
    assert_int_equal(parse("[]"), VM_CONFIG_NOT_JSON);
    assert_int_equal(parse("{}"), VM_CONFIG_BAD_VERSION);
    assert_int_equal(parse("{\"version\":0}"), VM_CONFIG_BAD_VERSION);
    assert_int_equal(parse("{\"version\":2}"), VM_CONFIG_NEWER);
    assert_int_equal(parse("{\"version\":1}"), VM_CONFIG_BAD_NAME);
    assert_int_equal(parse("{\"version\":1,\"name\":\"..\\\\x\"}"), VM_CONFIG_BAD_NAME);
    assert_int_equal(parse("{\"version\":1,\"name\":\"a\",\"ip\":\"8.8.8.8\"}"), VM_CONFIG_BAD_IP);
    assert_int_equal(parse("{\"version\":1,\"name\":\"a\",\"ip\":\"127.64.0.1\",\"created\":7}"),
                     VM_CONFIG_BAD_TIME);
    assert_int_equal(parse("{\"version\":1,\"name\":\"a\",\"ip\":\"127.64.0.1\",\"new\":{}}"),
                     VM_CONFIG_OK);
    assert_int_equal(parse("{\"version\":1,\"name\":\"a\",\"ip\":\"127.64.0.1\",\"memory\":\"1\"}"),
                     VM_CONFIG_BAD_LIMITS);
    assert_int_equal(
        parse("{\"version\":1,\"name\":\"a\",\"ip\":\"127.64.0.1\",\"log_max_size\":\"1k\"}"),
        VM_CONFIG_BAD_LOG);
    for (int fault = VM_CONFIG_NOT_JSON; fault <= VM_CONFIG_BAD_TIME; fault++)
        assert_true(strlen(vm_config_fault_text((enum vm_config_fault)fault)) > 10);
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    char text[VM_CONFIG_TEXT_MAX];
    struct vm_config config;
    size_t len = vm_config_write(&sample, text, sizeof(text));
    for (size_t cut = 0; cut < len - 2; cut++)
        assert_int_not_equal(vm_config_parse(&config, text, cut), VM_CONFIG_OK);
}

static void addresses(void **state)
{
    (void)state;
    static const char *const good[] = {"0.0.0.0", "127.64.0.1", "255.255.255.255", "10.0.100.9"};
    static const char *const bad[] = {"",       "1.2.3",  "1.2.3.4.5", "1.2.3.256", "01.2.3.4",
                                      "1.2.3.", "1..2.3", "1.2.3.4 ",  "a.b.c.d",   "1.2.3.0004"};
    uint32_t ipv4;
    char text[16];
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(ipv4_from_text(&ipv4, good[i], strlen(good[i])));
        ipv4_to_text(ipv4, text);
        assert_string_equal(text, good[i]);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(ipv4_from_text(&ipv4, bad[i], strlen(bad[i])));
}

static void times(void **state)
{
    (void)state;
    static const struct {
        uint64_t seconds;
        const char *text;
    } cases[] = {{0, "1970-01-01T00:00:00Z"},
                 {951782400, "2000-02-29T00:00:00Z"},
                 {1795413600, "2026-11-23T06:00:00Z"},
                 {4107542400, "2100-03-01T00:00:00Z"},
                 {253402300799, "9999-12-31T23:59:59Z"}};
    static const char *const bad[] = {"2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
                                      "2026-01-01T24:00:00Z", "1969-12-31T23:59:59Z",
                                      "2026-01-01 00:00:00Z", "2026-01-01T00:00:00",
                                      "2026-01-00T00:00:00Z", "2o26-01-01T00:00:00Z"};
    char text[21];
    uint64_t seconds;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        time_to_text(cases[i].seconds, text);
        assert_string_equal(text, cases[i].text);
        assert_true(time_from_text(&seconds, text, 20));
        assert_int_equal(seconds, cases[i].seconds);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(time_from_text(&seconds, bad[i], strlen(bad[i])));
}

static void addresses_of_vms_do_not_meet(void **state)
{
    (void)state;
    static uint32_t taken[600];
    for (size_t i = 0; i < 600; i++) {
        taken[i] = ipalloc_pick(42, taken, i); // the same hash each time: always the next free one
        assert_true(ipalloc_in_range(taken[i]));
        for (size_t j = 0; j < i; j++)
            assert_int_not_equal(taken[i], taken[j]);
    }
    assert_int_equal(ipalloc_pick(42, NULL, 0), taken[0]);
}

static void addresses_stay_in_their_range(void **state)
{
    (void)state;
    uint64_t hash = 1;
    for (int i = 0; i < 100000; i++) {
        uint32_t ipv4 = ipalloc_pick(hash, NULL, 0);
        assert_true(ipalloc_in_range(ipv4));
        hash = hash * UINT64_C(6364136223846793005) + 1442695040888963407u;
    }
    assert_true(ipalloc_in_range(ipalloc_pick(0, NULL, 0)));
    assert_true(ipalloc_in_range(ipalloc_pick(UINT32_MAX, NULL, 0)));
    assert_false(ipalloc_in_range(0x7f000001));
    assert_false(ipalloc_in_range(0x7f400100));
    assert_false(ipalloc_in_range(0x7f4001ff));
    assert_false(ipalloc_in_range(0x7f800001));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(survives_a_round_trip),
        cmocka_unit_test(says_when_the_buffer_is_too_small),
        cmocka_unit_test(tells_what_is_damaged),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(addresses),
        cmocka_unit_test(times),
        cmocka_unit_test(addresses_of_vms_do_not_meet),
        cmocka_unit_test(addresses_stay_in_their_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
