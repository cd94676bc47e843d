#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "core/sockaddr.h"

static const uint8_t wire[4] = {127, 64, 3, 9}, wire_twin[4] = {127, 192, 3, 9};

static struct sockaddr_vm vm(void)
{
    uint32_t ipv4, twin;
    memcpy(&ipv4, wire, sizeof ipv4);
    memcpy(&twin, wire_twin, sizeof twin);
    return sockaddr_vm_of(ipv4, twin);
}

/* sockaddr_in: family 2, port 3306. */
static struct sockaddr_view ipv4(uint8_t bytes[28], uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
    const uint8_t made[16] = {2, 0, 3306 >> 8, 3306 & 0xff, a, b, c, d};
    memset(bytes, 0, 28);
    memcpy(bytes, made, sizeof made);
    return (struct sockaddr_view){bytes, 16};
}

/* sockaddr_in6: family 23, port 3306, ::ffff:a.b.c.d. */
static struct sockaddr_view mapped(uint8_t bytes[28], uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
    const uint8_t made[28] = {
        [0] = 23, [2] = 3306 >> 8, [3] = 3306 & 0xff, [18] = 0xff, [19] = 0xff, a, b, c, d};
    memcpy(bytes, made, sizeof made);
    return (struct sockaddr_view){bytes, 28};
}

static struct sockaddr_view ipv6(uint8_t bytes[28], uint8_t last)
{
    const uint8_t made[28] = {[0] = 23, [2] = 3306 >> 8, [3] = 3306 & 0xff, [23] = last};
    memcpy(bytes, made, sizeof made);
    return (struct sockaddr_view){bytes, 28};
}

static void the_twin_is_no_vm_address(void **state)
{
    (void)state;
    struct sockaddr_vm a = vm();
    assert_memory_equal(a.own, wire, 4);
    const uint8_t twin[4] = {127, 192, 3, 9};
    assert_memory_equal(a.twin, twin, 4);
}

static void tells_kinds(void **state)
{
    (void)state;
    struct sockaddr_vm a = vm();
    uint8_t bytes[28];
    assert_int_equal(sockaddr_kind(&a, ipv4(bytes, 0, 0, 0, 0)), SOCKADDR_ANY4);
    assert_int_equal(sockaddr_kind(&a, ipv4(bytes, 127, 0, 0, 1)), SOCKADDR_LOOPBACK4);
    assert_int_equal(sockaddr_kind(&a, ipv4(bytes, 127, 64, 3, 9)), SOCKADDR_OWN4);
    assert_int_equal(sockaddr_kind(&a, ipv4(bytes, 127, 192, 3, 9)), SOCKADDR_TWIN4);
    assert_int_equal(sockaddr_kind(&a, ipv4(bytes, 127, 0, 0, 2)), SOCKADDR_OTHER);
    assert_int_equal(sockaddr_kind(&a, ipv4(bytes, 127, 64, 3, 10)), SOCKADDR_OTHER);
    assert_int_equal(sockaddr_kind(&a, ipv4(bytes, 192, 168, 1, 1)), SOCKADDR_OTHER);
    assert_int_equal(sockaddr_kind(&a, ipv6(bytes, 0)), SOCKADDR_ANY6);
    assert_int_equal(sockaddr_kind(&a, ipv6(bytes, 1)), SOCKADDR_LOOPBACK6);
    assert_int_equal(sockaddr_kind(&a, ipv6(bytes, 2)), SOCKADDR_OTHER);
    assert_int_equal(sockaddr_kind(&a, mapped(bytes, 0, 0, 0, 0)), SOCKADDR_MAPPED_ANY);
    assert_int_equal(sockaddr_kind(&a, mapped(bytes, 127, 0, 0, 1)), SOCKADDR_MAPPED_LOOPBACK);
    assert_int_equal(sockaddr_kind(&a, mapped(bytes, 127, 64, 3, 9)), SOCKADDR_MAPPED_OWN);
    assert_int_equal(sockaddr_kind(&a, mapped(bytes, 127, 192, 3, 9)), SOCKADDR_MAPPED_TWIN);
    assert_int_equal(sockaddr_kind(&a, mapped(bytes, 10, 0, 0, 1)), SOCKADDR_OTHER);
    assert_int_equal(sockaddr_port(mapped(bytes, 10, 0, 0, 1)), 3306);
    sockaddr_set_port(ipv4(bytes, 1, 2, 3, 4), 65432);
    assert_int_equal(sockaddr_port((struct sockaddr_view){bytes, 16}), 65432);
    assert_true(sockaddr_is_ipv6(ipv6(bytes, 1)));
    assert_false(sockaddr_is_ipv6(ipv4(bytes, 1, 2, 3, 4)));
}

static void what_is_set_is_read_back(void **state)
{
    (void)state;
    struct sockaddr_vm a = vm();
    uint8_t bytes[28];
    for (int kind = SOCKADDR_ANY4; kind <= SOCKADDR_MAPPED_TWIN; kind++) {
        struct sockaddr_view view =
            kind < SOCKADDR_ANY6 ? ipv4(bytes, 9, 9, 9, 9) : mapped(bytes, 9, 9, 9, 9);
        if (kind >= SOCKADDR_ANY6)
            bytes[4] = bytes[24] = 7; // flow and scope of something else
        sockaddr_set(&a, view, (enum sockaddr_kind)kind);
        assert_int_equal(sockaddr_kind(&a, view), kind);
        assert_int_equal(sockaddr_port(view), 3306);
        if (kind >= SOCKADDR_ANY6)
            assert_int_equal(bytes[4] | bytes[24], 0);
    }
}

static void binds_inside(void **state)
{
    (void)state;
    assert_int_equal(sockaddr_to_bind(SOCKADDR_ANY4, false), SOCKADDR_OWN4);
    assert_int_equal(sockaddr_to_bind(SOCKADDR_LOOPBACK4, false), SOCKADDR_OWN4);
    assert_int_equal(sockaddr_to_bind(SOCKADDR_OWN4, false), SOCKADDR_OWN4);
    assert_int_equal(sockaddr_to_bind(SOCKADDR_ANY6, true), SOCKADDR_MAPPED_TWIN);
    assert_int_equal(sockaddr_to_bind(SOCKADDR_ANY6, false), SOCKADDR_MAPPED_OWN);
    assert_int_equal(sockaddr_to_bind(SOCKADDR_LOOPBACK6, false), SOCKADDR_MAPPED_TWIN);
    assert_int_equal(sockaddr_to_bind(SOCKADDR_MAPPED_LOOPBACK, false), SOCKADDR_MAPPED_OWN);
    assert_int_equal(sockaddr_to_bind(SOCKADDR_OTHER, false), SOCKADDR_OTHER);
}

static void reaches_who_bound_last(void **state)
{
    (void)state;
    assert_int_equal(sockaddr_to_reach(SOCKADDR_LOOPBACK4, SOCKADDR_PORT_TWIN), SOCKADDR_OWN4);
    assert_int_equal(sockaddr_to_reach(SOCKADDR_LOOPBACK6, SOCKADDR_PORT_NONE),
                     SOCKADDR_MAPPED_TWIN);
    assert_int_equal(sockaddr_to_reach(SOCKADDR_LOOPBACK6, SOCKADDR_PORT_TWIN),
                     SOCKADDR_MAPPED_TWIN);
    assert_int_equal(sockaddr_to_reach(SOCKADDR_LOOPBACK6, SOCKADDR_PORT_OWN), SOCKADDR_MAPPED_OWN);
    assert_int_equal(sockaddr_to_reach(SOCKADDR_MAPPED_LOOPBACK, SOCKADDR_PORT_TWIN),
                     SOCKADDR_MAPPED_OWN);
    assert_int_equal(sockaddr_to_reach(SOCKADDR_OTHER, SOCKADDR_PORT_OWN), SOCKADDR_OTHER);
}

static void marks_what_is_bound(void **state)
{
    (void)state;
    assert_int_equal(sockaddr_taken(SOCKADDR_OWN4), SOCKADDR_OWN_TAKEN);
    assert_int_equal(sockaddr_taken(SOCKADDR_MAPPED_OWN), SOCKADDR_OWN_TAKEN);
    assert_int_equal(sockaddr_taken(SOCKADDR_MAPPED_TWIN), SOCKADDR_TWIN_TAKEN);
    assert_int_equal(sockaddr_taken(SOCKADDR_LOOPBACK4), 0);
}

static void shows_what_was_named(void **state)
{
    (void)state;
    assert_int_equal(sockaddr_local_shown(SOCKADDR_OWN4, SOCKADDR_ANY4, false), SOCKADDR_ANY4);
    assert_int_equal(sockaddr_local_shown(SOCKADDR_OWN4, SOCKADDR_OTHER, false),
                     SOCKADDR_LOOPBACK4);
    assert_int_equal(sockaddr_local_shown(SOCKADDR_LOOPBACK4, SOCKADDR_OTHER, false),
                     SOCKADDR_OTHER);
    assert_int_equal(sockaddr_local_shown(SOCKADDR_LOOPBACK4, SOCKADDR_ANY4, false), SOCKADDR_ANY4);
    assert_int_equal(sockaddr_local_shown(SOCKADDR_MAPPED_TWIN, SOCKADDR_ANY6, false),
                     SOCKADDR_ANY6);
    assert_int_equal(sockaddr_local_shown(SOCKADDR_MAPPED_TWIN, SOCKADDR_OTHER, false),
                     SOCKADDR_LOOPBACK6);
    assert_int_equal(sockaddr_local_shown(SOCKADDR_MAPPED_OWN, SOCKADDR_OTHER, false),
                     SOCKADDR_MAPPED_LOOPBACK);
    assert_int_equal(sockaddr_local_shown(SOCKADDR_MAPPED_OWN, SOCKADDR_OTHER, true),
                     SOCKADDR_LOOPBACK6);
    assert_int_equal(sockaddr_peer_shown(SOCKADDR_OWN4, false), SOCKADDR_LOOPBACK4);
    assert_int_equal(sockaddr_peer_shown(SOCKADDR_MAPPED_LOOPBACK, true), SOCKADDR_LOOPBACK6);
    assert_int_equal(sockaddr_peer_shown(SOCKADDR_OTHER, true), SOCKADDR_OTHER);
}

static void finds_addresses_in_both_forms(void **state)
{
    (void)state;
    struct sockaddr_view view;
    uint8_t bytes[28];
    ipv4(bytes, 127, 0, 0, 1);
    assert_true(sockaddr_find(bytes, 16, &view));
    assert_ptr_equal(view.at, bytes);
    assert_false(sockaddr_find(bytes, 15, &view));
    mapped(bytes, 1, 2, 3, 4);
    assert_true(sockaddr_find(bytes, 28, &view));
    assert_false(sockaddr_find(bytes, 27, &view));
    bytes[0] = 1; // AF_UNIX
    assert_false(sockaddr_find(bytes, 28, &view));

    uint8_t tdi[4 + 22] = {5, 0, 0, 0, 1, 0, 0, 0, 14, 0, 2, 0, 0x0c, 0xea, 127, 0, 0, 1};
    assert_true(sockaddr_find(tdi + 4, 22, &view));
    assert_ptr_equal(view.at, tdi + 10);
    assert_true(sockaddr_find_result(tdi, sizeof tdi, &view));
    assert_ptr_equal(view.at, tdi + 10);
    assert_int_equal(sockaddr_port(view), 3306);
    assert_false(sockaddr_find_result(tdi, sizeof tdi - 1, &view));
    tdi[8] = 13;
    assert_false(sockaddr_find_result(tdi, sizeof tdi, &view));
    assert_false(sockaddr_find_result(tdi, 0, &view));
}

static void recognises_requests(void **state)
{
    (void)state;
    uint8_t in[128] = {0}, bytes[28];
    assert_null(sockaddr_request(0x9001b, 8, in, sizeof in));  // a file system's
    assert_null(sockaddr_request(0x12024, 8, in, sizeof in));  // polling
    assert_null(sockaddr_request(0x120003, 8, in, sizeof in)); // the TCP driver's

    assert_null(sockaddr_request(0x12003, 8, in, 20)); // no family
    ipv4(bytes, 0, 0, 0, 0);
    memcpy(in + 4, bytes, 16);
    assert_null(sockaddr_request(0x12003, 8, in, 19));
    assert_null(sockaddr_request(0x12003, 8, NULL, 20));
    assert_int_equal(sockaddr_request(0x12003, 8, in, 20)->role, SOCKADDR_BIND);

    memset(in, 0, sizeof in);
    ipv4(bytes, 127, 0, 0, 1);
    memcpy(in + 24, bytes, 16);
    assert_int_equal(sockaddr_request(0x12007, 8, in, 40)->address, 24);
    assert_null(sockaddr_request(0x12007, 4, in, 40));
    memset(in, 0, sizeof in);
    memcpy(in + 2, bytes, 16);
    assert_int_equal(sockaddr_request(0x120c7, 8, in, 18)->address, 2);
    assert_true(sockaddr_must_be_bound(0x120c7, in, 18));
    memset(in, 0, sizeof in);
    memcpy(in + 8, bytes, 16);
    assert_int_equal(sockaddr_request(0x12032c, 8, in, 24)->role, SOCKADDR_CONNECT);
    assert_true(sockaddr_must_be_bound(0x12032c, in, 24));
    in[4] = 1;
    assert_false(sockaddr_must_be_bound(0x12032c, in, 24));

    assert_int_equal(sockaddr_request(0x120338, 4, in, 32)->role, SOCKADDR_SEND);
    assert_null(sockaddr_request(0x120338, 4, in, 31));
    assert_int_equal(sockaddr_request(0x12023, 8, in, 112)->address, 104);
    assert_int_equal(sockaddr_request(0x12023, 4, in, 60)->address, 56);
    assert_null(sockaddr_request(0x12023, 4, in, 112));
    assert_int_equal(sockaddr_request(0x1201b, 4, in, 24)->length, 20);
    assert_null(sockaddr_request(0x1201b, 8, in, 24));
    assert_int_equal(sockaddr_request(0x1202f, 8, NULL, 0)->role, SOCKADDR_LOCAL);
    assert_int_equal(sockaddr_request(0x120360, 8, NULL, 0)->role, SOCKADDR_PEER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_twin_is_no_vm_address),
        cmocka_unit_test(tells_kinds),
        cmocka_unit_test(what_is_set_is_read_back),
        cmocka_unit_test(binds_inside),
        cmocka_unit_test(reaches_who_bound_last),
        cmocka_unit_test(marks_what_is_bound),
        cmocka_unit_test(shows_what_was_named),
        cmocka_unit_test(finds_addresses_in_both_forms),
        cmocka_unit_test(recognises_requests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
