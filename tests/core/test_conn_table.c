#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "core/bytes.h"
#include "core/conn_table.h"

enum { ESTABLISHED = 5, LISTEN = 2, OWN = 32, OTHERS = 99 };

static const uint8_t v[4] = {127, 64, 1, 2}, t[4] = {127, 192, 1, 2}, any[4],
                     loopback[4] = {127, 0, 0, 1};
static struct sockaddr_ports ports;

static struct net_view view_of_vm(void)
{
    static const uintptr_t processes[] = {OWN, 40};
    struct net_view view = {.vm = {{127, 64, 1, 2}, {127, 192, 1, 2}},
                            .ports = &ports,
                            .processes = processes,
                            .process_count = 2};
    return view;
}

static const struct conn_form tcp4 = {CONN_TCP, false, CONN_PID}, tcp6 = {CONN_TCP, true, CONN_PID},
                              udp4 = {CONN_UDP, false, CONN_PID};

/* A row of MIB_TCPTABLE_OWNER_PID. */
static void put_tcp4(uint8_t *table, uint32_t row, uint32_t state, const uint8_t local[4],
                     uint16_t port, const uint8_t remote[4], uint16_t remote_port, uint32_t owner)
{
    uint8_t *at = table + 4 + 24 * (size_t)row;
    put32(at, state);
    memcpy(at + 4, local, 4);
    put32(at + 8, 0xabcd0000 | (uint32_t)(port >> 8) | (uint32_t)(port & 0xff) << 8);
    memcpy(at + 12, remote, 4);
    put32(at + 16, (uint32_t)(remote_port >> 8) | (uint32_t)(remote_port & 0xff) << 8);
    put32(at + 20, owner);
}

static void sizes_are_the_sdks(void **state)
{
    (void)state;
    static const struct {
        struct conn_form form;
        uint32_t none, three;
    } cases[] = {
        {{CONN_TCP, false, CONN_BASIC}, 4, 4 + 3 * 20},
        {{CONN_TCP, false, CONN_PID}, 4, 4 + 3 * 24},
        {{CONN_TCP, false, CONN_MODULE}, 8, 8 + 3 * 160},
        {{CONN_TCP, false, CONN_SECOND}, 4, 4 + 3 * 28},
        {{CONN_TCP, true, CONN_BASIC}, 4, 4 + 3 * 52},
        {{CONN_TCP, true, CONN_PID}, 4, 4 + 3 * 56},
        {{CONN_TCP, true, CONN_MODULE}, 8, 8 + 3 * 192},
        {{CONN_TCP, true, CONN_SECOND}, 4, 4 + 3 * 60},
        {{CONN_UDP, false, CONN_BASIC}, 4, 4 + 3 * 8},
        {{CONN_UDP, false, CONN_PID}, 4, 4 + 3 * 12},
        {{CONN_UDP, false, CONN_MODULE}, 8, 8 + 3 * 160},
        {{CONN_UDP, false, CONN_SECOND}, 0, 0},
        {{CONN_UDP, true, CONN_BASIC}, 4, 4 + 3 * 24},
        {{CONN_UDP, true, CONN_PID}, 4, 4 + 3 * 28},
        {{CONN_UDP, true, CONN_MODULE}, 8, 8 + 3 * 176},
        {{CONN_UDP, true, CONN_SECOND}, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(conn_table_size(cases[i].form, 0), cases[i].none);
        assert_int_equal(conn_table_size(cases[i].form, 3), cases[i].three);
        assert_int_equal(conn_table_size(cases[i].form, UINT32_MAX), 0);
    }
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    for (int protocol = CONN_TCP; protocol <= CONN_UDP; protocol++)
        for (int ipv6 = 0; ipv6 < 2; ipv6++)
            for (int row = CONN_BASIC; row <= (protocol == CONN_UDP ? CONN_MODULE : CONN_SECOND);
                 row++) {
                struct conn_form form = {protocol, ipv6, row};
                struct conn list[2], read;
                for (size_t i = 0; i < sizeof list; i++)
                    ((uint8_t *)list)[i] = (uint8_t)(i * 7 + 1);
                uint32_t size = conn_table_size(form, 2);
                uint8_t *table = malloc(size), *again = malloc(size);
                conn_table_write(form, table, list, 2);
                assert_int_equal(conn_table_rows(form, table, size), 2);
                for (uint32_t i = 0; i < 2; i++) {
                    conn_table_read(form, table, i, &read);
                    assert_memory_equal(read.local + 2, list[i].local + 2, 2);
                    assert_memory_equal(read.local + (ipv6 ? 8 : 4), list[i].local + (ipv6 ? 8 : 4),
                                        ipv6 ? 20 : 4);
                    if (protocol == CONN_TCP)
                        assert_memory_equal(read.remote + (ipv6 ? 8 : 4),
                                            list[i].remote + (ipv6 ? 8 : 4), ipv6 ? 20 : 4);
                    assert_int_equal(read.state, protocol == CONN_TCP ? list[i].state : 0);
                    assert_int_equal(read.owner, row == CONN_BASIC ? 0 : list[i].owner);
                    if (row == CONN_MODULE) {
                        assert_memory_equal(read.created, list[i].created, sizeof read.created);
                        assert_memory_equal(read.module, list[i].module, sizeof read.module);
                    }
                    list[i] = read;
                }
                conn_table_write(form, again, list, 2);
                assert_memory_equal(table, again, size);
                free(again);
                free(table);
            }
}

static void counts_are_not_believed(void **state)
{
    (void)state;
    struct net_view view = view_of_vm();
    struct conn list[2];
    size_t size = 4 + 2 * 24 + 23; // a third row that is not all there
    uint8_t *table = calloc(1, size);
    put32(table, UINT32_MAX);
    assert_int_equal(conn_table_rows(tcp4, table, size), 2);
    assert_int_equal(conn_list_add(tcp4, table, size, false, &view, list, 0), 0);
    assert_int_equal(conn_table_rows(tcp4, table, 4), 0);
    assert_int_equal(conn_table_rows(tcp4, table, 3), 0);
    assert_int_equal(conn_table_rows(tcp4, NULL, 0), 0);
    assert_int_equal(conn_table_rows((struct conn_form){CONN_UDP, false, CONN_SECOND}, table, size),
                     0);
    put32(table, 1);
    assert_int_equal(conn_table_rows(tcp4, table, size), 1);
    free(table);
}

static void rows_of_the_vm_stay(void **state)
{
    (void)state;
    static const uint8_t outside[4] = {8, 8, 8, 8}, hosts[4] = {10, 0, 0, 1};
    struct net_view view = view_of_vm();
    struct conn list[6];
    uint8_t table[4 + 6 * 24];
    put32(table, 6);
    put_tcp4(table, 0, LISTEN, v, 80, any, 0, OTHERS);
    put_tcp4(table, 1, LISTEN, v, 80, any, 0, OWN);
    put_tcp4(table, 2, ESTABLISHED, v, 80, v, 4000, OWN);
    put_tcp4(table, 3, ESTABLISHED, hosts, 5000, outside, 443, 40);
    put_tcp4(table, 4, 11, v, 81, loopback, 4001, 0); // TIME_WAIT has no owner
    put_tcp4(table, 5, 11, hosts, 82, outside, 4001, 0);
    uint32_t count = conn_list_add(tcp4, table, sizeof table, false, &view, list, 0);
    assert_int_equal(count, 4);
    conn_list_sort(list, count);
    assert_memory_equal(list[0].local + 4, any, 4);
    assert_int_equal(list[0].state, LISTEN);
    assert_memory_equal(list[1].local + 4, hosts, 4);
    assert_memory_equal(list[1].remote + 4, outside, 4);
    assert_memory_equal(list[2].local + 4, loopback, 4);
    assert_memory_equal(list[2].remote + 4, loopback, 4);
    assert_int_equal(list[3].local[3], 81);
    uint8_t out[4 + 4 * 20];
    conn_table_write((struct conn_form){CONN_TCP, false, CONN_BASIC}, out, list, count);
    assert_int_equal(get32(out), 4);
    assert_int_equal(get32(out + 4 + 8), 80 << 8); // without what was behind the port
}

static void the_twins_rows_are_of_ipv6(void **state)
{
    (void)state;
    static const uint8_t any6[16], loopback6[16] = {[15] = 1};
    struct net_view view = view_of_vm();
    struct conn list[3];
    uint8_t table[4 + 3 * 24];
    put32(table, 3);
    put_tcp4(table, 0, LISTEN, t, 80, any, 0, OWN);
    put_tcp4(table, 1, ESTABLISHED, v, 81, t, 4000, OWN);
    put_tcp4(table, 2, ESTABLISHED, t, 80, t, 4000, OTHERS);
    assert_int_equal(conn_list_add(tcp4, table, sizeof table, false, &view, list, 0), 0);
    assert_int_equal(conn_list_add(tcp4, table, sizeof table, true, &view, list, 0), 2);
    assert_memory_equal(list[0].local + 8, any6, 16);
    assert_memory_equal(list[0].remote + 8, any6, 16);
    assert_memory_equal(list[1].local + 8, loopback6, 16);
    assert_memory_equal(list[1].remote + 8, loopback6, 16);
    uint8_t out[4 + 2 * 56];
    conn_table_write(tcp6, out, list, 2);
    assert_memory_equal(out + 4 + 56, loopback6, 16);
    assert_int_equal(get32(out + 4 + 56 + 20), 81 << 8);
    assert_int_equal(get32(out + 4 + 56 + 52), OWN);
    // A V that an IPv6 socket has, as Wine lists it: ::ffff:V in the table of IPv6.
    memset(out, 0, sizeof out);
    put32(out, 1);
    memcpy(out + 4, (const uint8_t[16]){[10] = 0xff, [11] = 0xff, 127, 64, 1, 2}, 16);
    put32(out + 4 + 48, LISTEN);
    put32(out + 4 + 52, OWN);
    assert_int_equal(conn_list_add(tcp6, out, sizeof out, true, &view, list, 2), 3);
    assert_memory_equal(list[2].local + 8, any6, 16);
}

static void datagram_sockets(void **state)
{
    (void)state;
    struct net_view view = view_of_vm();
    struct conn list[2];
    uint8_t table[4 + 2 * 12] = {0};
    put32(table, 2);
    for (int i = 0; i < 2; i++) {
        memcpy(table + 4 + 12 * i, v, 4);
        put32(table + 4 + 12 * i + 4, 53 << 8);
        put32(table + 4 + 12 * i + 8, i ? OWN : OTHERS);
    }
    ports.taken[53] = SOCKADDR_OWN_LOOPBACK;
    assert_int_equal(conn_list_add(udp4, table, sizeof table, false, &view, list, 0), 1);
    assert_memory_equal(list[0].local + 4, loopback, 4);
    assert_int_equal(list[0].local[3], 53);
    memset(&ports, 0, sizeof ports);
}

static void sorting(void **state)
{
    (void)state;
    enum { COUNT = 500 };
    struct conn *list = calloc(COUNT, sizeof *list);
    uint32_t random = 1;
    for (int i = 0; i < COUNT; i++)
        for (int byte = 2; byte < 8; byte++) {
            random = random * 1103515245 + 12345;
            list[i].local[byte] = (uint8_t)(random >> 28); // with equal ones
            list[i].remote[byte] = (uint8_t)(random >> 24);
        }
    conn_list_sort(list, COUNT);
    for (int i = 1; i < COUNT; i++) {
        int order = memcmp(list[i - 1].local + 4, list[i].local + 4, 4);
        if (!order)
            order = memcmp(list[i - 1].local + 2, list[i].local + 2, 2);
        if (!order)
            order = memcmp(list[i - 1].remote + 4, list[i].remote + 4, 4);
        assert_true(order <= 0);
    }
    conn_list_sort(list, 0);
    conn_list_sort(list, 1);
    free(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_the_sdks),
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(counts_are_not_believed),
        cmocka_unit_test(rows_of_the_vm_stay),
        cmocka_unit_test(the_twins_rows_are_of_ipv6),
        cmocka_unit_test(datagram_sockets),
        cmocka_unit_test(sorting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
