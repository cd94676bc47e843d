#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "core/publish.h"

static enum publish_fault parse(struct publish *publish, const char *ascii)
{
    uint16_t text[128];
    size_t len = strlen(ascii);
    assert_true(len <= 128);
    for (size_t i = 0; i < len; i++)
        text[i] = (uint8_t)ascii[i];
    return publish_parse(publish, (struct str16){text, len});
}

static void reads_and_writes(void **state)
{
    (void)state;
    static const struct {
        const char *given, *written;
        unsigned count;
    } cases[] = {
        {"80", "0.0.0.0::80/tcp", 1},
        {"80/udp", "0.0.0.0::80/udp", 1},
        {"80-82", "0.0.0.0::80-82/tcp", 3},
        {":80", "0.0.0.0::80/tcp", 1},
        {"8080:80", "0.0.0.0:8080:80/tcp", 1},
        {"0.0.0.0:1:65535/tcp", "0.0.0.0:1:65535/tcp", 1},
        {"127.0.0.1:8080:80", "127.0.0.1:8080:80/tcp", 1},
        {"127.0.0.1::80", "127.0.0.1::80/tcp", 1},
        {"::80", "0.0.0.0::80/tcp", 1},
        {"8000-8010:9000-9010/udp", "0.0.0.0:8000-8010:9000-9010/udp", 11},
        {"8000-8010:80", "0.0.0.0:8000-8010:80/tcp", 1},
        {"255.255.255.255:65534-65535:65534-65535",
         "255.255.255.255:65534-65535:65534-65535/tcp", 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct publish publish, again;
        char text[PUBLISH_TEXT_MAX];
        assert_int_equal(parse(&publish, cases[i].given), PUBLISH_OK);
        publish_write(&publish, text);
        assert_string_equal(text, cases[i].written);
        assert_int_equal(parse(&again, text), PUBLISH_OK);
        assert_memory_equal(&again, &publish, sizeof again);
        assert_int_equal(publish_count(&publish), cases[i].count);
    }
}

static void refuses(void **state)
{
    (void)state;
    static const struct {
        const char *given;
        enum publish_fault fault;
    } cases[] = {
        {"", PUBLISH_NO_PORT},
        {"/tcp", PUBLISH_NO_PORT},
        {"80:", PUBLISH_NO_PORT},
        {"80:/udp", PUBLISH_NO_PORT},
        {"80/sctp", PUBLISH_BAD_PROTOCOL},
        {"80/", PUBLISH_BAD_PROTOCOL},
        {"80/tcp/udp", PUBLISH_BAD_PROTOCOL},
        {"0", PUBLISH_BAD_VM_PORT},
        {"65536", PUBLISH_BAD_VM_PORT},
        {"99999999999", PUBLISH_BAD_VM_PORT},
        {"1:x", PUBLISH_BAD_VM_PORT},
        {"1:2-", PUBLISH_BAD_VM_PORT},
        {"1:3-2", PUBLISH_BAD_VM_PORT},
        {"1:-2", PUBLISH_BAD_VM_PORT},
        {"1: 2", PUBLISH_BAD_VM_PORT},
        {"0:80", PUBLISH_BAD_HOST_PORT},
        {"x:80", PUBLISH_BAD_HOST_PORT},
        {"9-8:80", PUBLISH_BAD_HOST_PORT},
        {"1.2.3:1:2", PUBLISH_BAD_ADDRESS},
        {"localhost:1:2", PUBLISH_BAD_ADDRESS},
        {"256.0.0.1:1:2", PUBLISH_BAD_ADDRESS},
        {"\xff:1:2", PUBLISH_BAD_ADDRESS},
        {"1111111111111111:1:2", PUBLISH_BAD_ADDRESS},
        {"[::1]:1:2", PUBLISH_BAD_ADDRESS},
        {"1:2:3:4", PUBLISH_BAD_ADDRESS},
        {"1-2:1-3", PUBLISH_BAD_RANGES},
        {"1:1-3", PUBLISH_BAD_RANGES},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct publish publish;
        enum publish_fault fault = parse(&publish, cases[i].given);
        if (fault != cases[i].fault)
            print_message("%s: %d\n", cases[i].given, fault);
        assert_int_equal(fault, cases[i].fault);
        assert_true(*publish_fault_text(fault));
    }
    assert_string_equal(publish_fault_text(PUBLISH_OK), "");
}

static void tells_which_of_the_hosts_ports(void **state)
{
    (void)state;
    struct publish publish;
    uint16_t first, last;
    parse(&publish, "8000-8002:90-92");
    publish_candidates(&publish, 2, &first, &last);
    assert_int_equal(first, 8002);
    assert_int_equal(last, 8002);
    parse(&publish, "8000-8002:90");
    publish_candidates(&publish, 0, &first, &last);
    assert_int_equal(first, 8000);
    assert_int_equal(last, 8002);
    parse(&publish, "90-92");
    publish_candidates(&publish, 1, &first, &last);
    assert_int_equal(first, 0);
    assert_int_equal(last, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_and_writes),
        cmocka_unit_test(refuses),
        cmocka_unit_test(tells_which_of_the_hosts_ports),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
