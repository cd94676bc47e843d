#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "core/nsi.h"

enum { ROOM = 4 };

static void make_request(uint8_t in[NSI_REQUEST_SIZE], uint8_t module, uint32_t table,
                         const uint32_t sizes[NSI_PARTS])
{
    static const uint8_t guid[16] = {0x00, 0x4a, 0x00, 0xeb, 0x1a, 0x9b, 0xd4, 0x11,
                                     0x91, 0x23, 0x00, 0x50, 0x04, 0x77, 0x59, 0xbc};
    const uint32_t room = ROOM, guid_type = 1;
    memset(in, 0, NSI_REQUEST_SIZE);
    in[0] = 24;
    in[2] = 0xcd; // not set by the caller
    memcpy(in + 4, &guid_type, 4);
    memcpy(in + 8, guid, 16);
    in[8] = module;
    memcpy(in + 32, &table, 4);
    memcpy(in + 36, sizes, 16);
    memcpy(in + 52, &room, 4);
}

static void address4(uint8_t *at, unsigned port, uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
    const uint8_t made[] = {2, 0, (uint8_t)(port >> 8), (uint8_t)port, a, b, c, d};
    memcpy(at, made, sizeof made);
}

static struct sockaddr_ports ports;

static struct net_view view_of_vm(void)
{
    static const uintptr_t processes[] = {32, 40};
    struct net_view view = {.vm = {{127, 64, 1, 2}, {127, 192, 1, 2}},
                            .ports = &ports,
                            .processes = processes,
                            .process_count = 2};
    return view;
}

static void put32(uint8_t *at, uint32_t value)
{
    memcpy(at, &value, 4);
}

static uint32_t get32(const uint8_t *at)
{
    uint32_t value;
    memcpy(&value, at, 4);
    return value;
}

static void connections_of_the_vm_stay(void **state)
{
    (void)state;
    static const uint32_t asked[] = {56, 0, 20, 0};
    uint8_t in[NSI_REQUEST_SIZE];
    make_request(in, 3, 3, asked);
    struct nsi_request narrow = nsi_request_read(in, sizeof in), wide = narrow;
    assert_int_equal(narrow.table, NSI_TCP);
    assert_true(nsi_lacks_owner(&narrow));
    nsi_request_widen(&wide, in);
    assert_false(nsi_lacks_owner(&wide));
    assert_int_equal(nsi_request_read(in, sizeof in).sizes[3], 32);
    size_t size = nsi_reply_size(&wide), narrow_size = nsi_reply_size(&narrow);
    uint8_t *reply = calloc(1, size), *out = calloc(1, narrow_size), *keys = reply + 4,
            *dynamic = keys + ROOM * 56, *owners = dynamic + ROOM * 20;
    // Another's listener, the VM's listener, the VM's connection, the VM's one out of it.
    put32(reply, 4);
    address4(keys, 80, 0, 0, 0, 0);
    put32(owners + 12, 99);
    address4(keys + 56, 80, 127, 64, 1, 2);
    put32(dynamic + 20, 2);
    put32(owners + 32 + 12, 32);
    address4(keys + 112, 80, 127, 64, 1, 2);
    address4(keys + 112 + 28, 4000, 127, 0, 0, 1);
    put32(dynamic + 40, 5);
    put32(owners + 64 + 12, 40);
    address4(keys + 168, 5000, 10, 0, 0, 1);
    address4(keys + 168 + 28, 443, 8, 8, 8, 8);
    put32(dynamic + 60, 5);
    put32(owners + 96 + 12, 40);
    struct net_view view = view_of_vm();
    nsi_filter(&wide, reply, &view);
    nsi_narrow(&wide, reply, &narrow, out);
    assert_int_equal(get32(out), 3);
    uint8_t wanted[28] = {0};
    address4(wanted, 80, 0, 0, 0, 0);
    assert_memory_equal(out + 4, wanted, 8);
    assert_int_equal(get32(out + 4 + ROOM * 56), 2);
    address4(wanted, 80, 127, 0, 0, 1);
    assert_memory_equal(out + 4 + 56, wanted, 8);
    address4(wanted, 443, 8, 8, 8, 8);
    assert_memory_equal(out + 4 + 112 + 28, wanted, 8);
    for (int i = 0; i < 56; i++)
        assert_int_equal(out[4 + 168 + i], 0);
    free(out);
    free(reply);
}

static void datagrams_have_the_ports_that_were_named(void **state)
{
    (void)state;
    static const uint32_t asked[] = {28, 0, 0, 32};
    uint8_t in[NSI_REQUEST_SIZE];
    make_request(in, 2, 1, asked);
    struct nsi_request request = nsi_request_read(in, sizeof in);
    assert_int_equal(request.table, NSI_UDP);
    assert_false(nsi_lacks_owner(&request));
    uint8_t *reply = calloc(1, nsi_reply_size(&request)), wanted[8];
    put32(reply, 2);
    address4(reply + 4, 40000, 127, 0, 0, 1);
    put32(reply + 4 + ROOM * 28, 32);
    address4(reply + 4 + 28, 53, 127, 0, 0, 1);
    put32(reply + 4 + ROOM * 28 + 32, 33);
    ports.program[40000] = 53;
    ports.taken[53] = SOCKADDR_OWN_LOOPBACK;
    struct net_view view = view_of_vm();
    nsi_filter(&request, reply, &view);
    assert_int_equal(get32(reply), 1);
    address4(wanted, 53, 127, 0, 0, 1);
    assert_memory_equal(reply + 4, wanted, 8);
    memset(&ports, 0, sizeof ports);
    free(reply);
}

static uint32_t filter_addresses(struct net_view view, uint8_t first[4], uint8_t second[4])
{
    static const uint32_t asked[] = {16, 28, 0, 0};
    uint8_t in[NSI_REQUEST_SIZE], address[8];
    make_request(in, 0, 10, asked);
    struct nsi_request request = nsi_request_read(in, sizeof in);
    assert_int_equal(request.table, NSI_ADDRESSES4);
    uint8_t *reply = calloc(1, nsi_reply_size(&request));
    put32(reply, 3);
    address4(address, 0, 127, 0, 0, 1);
    memcpy(reply + 4 + 8, address + 4, 4);
    address4(address, 0, 10, 0, 0, 1);
    memcpy(reply + 4 + 16 + 8, address + 4, 4);
    address4(address, 0, 10, 0, 0, 2);
    memcpy(reply + 4 + 32 + 8, address + 4, 4);
    nsi_filter(&request, reply, &view);
    uint32_t count = get32(reply);
    memcpy(first, reply + 4 + 8, 4);
    memcpy(second, reply + 4 + 16 + 8, 4);
    free(reply);
    return count;
}

static void there_is_the_vms_address(void **state)
{
    (void)state;
    static const uint8_t loopback[] = {127, 0, 0, 1}, hosts[] = {10, 0, 0, 2};
    uint8_t first[4], second[4];
    struct net_view view = view_of_vm();
    assert_int_equal(filter_addresses(view, first, second), 2);
    assert_memory_equal(first, loopback, 4);
    assert_memory_equal(second, view.vm.own, 4);
    memcpy(view.vm.own, hosts, 4);
    assert_int_equal(filter_addresses(view, first, second), 2);
    assert_memory_equal(second, hosts, 4);
    view.no_network = true;
    assert_int_equal(filter_addresses(view, first, second), 1);
    assert_memory_equal(first, loopback, 4);
}

static void others_are_left_alone(void **state)
{
    (void)state;
    static const uint32_t asked[] = {56, 0, 20, 32}, odd[] = {56, 0, 24, 32}, none[4] = {0};
    uint8_t in[NSI_REQUEST_SIZE];
    make_request(in, 3, 3, asked);
    assert_int_equal(nsi_request_read(in, sizeof in - 1).table, NSI_OTHER);
    assert_int_equal(nsi_request_read(NULL, sizeof in).table, NSI_OTHER);
    in[9] ^= 1;
    assert_int_equal(nsi_request_read(in, sizeof in).table, NSI_OTHER);
    make_request(in, 3, 0, asked);
    assert_int_equal(nsi_request_read(in, sizeof in).table, NSI_OTHER);
    make_request(in, 3, 3, odd);
    assert_int_equal(nsi_request_read(in, sizeof in).table, NSI_OTHER);
    make_request(in, 3, 3, none); // how many there are
    assert_int_equal(nsi_request_read(in, sizeof in).table, NSI_OTHER);
    make_request(in, 3, 3, asked);
    memset(in + 52, 0xff, 4);
    assert_int_equal(nsi_request_read(in, sizeof in).table, NSI_OTHER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connections_of_the_vm_stay),
        cmocka_unit_test(datagrams_have_the_ports_that_were_named),
        cmocka_unit_test(there_is_the_vms_address),
        cmocka_unit_test(others_are_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
