// The order in which services start and end, and whom they run as.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/service_account.h"
#include "core/service_order.h"

#define TEXT16(literal)                                                                            \
    ((struct str16){(const uint16_t *)u##literal, sizeof(u##literal) / sizeof(uint16_t) - 1})

static void places(void **state)
{
    (void)state;
    // In the order that they are to have.
    const struct service_place places[] = {
        {.group = 0, .tag = 0, .name = TEXT16("z")},
        {.group = 0, .tag = 1, .name = TEXT16("a")},
        {.group = 0, .tag = SERVICE_NONE, .name = TEXT16("a")},
        {.group = 3, .tag = 0, .name = TEXT16("a")},
        {.group = SERVICE_NONE, .tag = SERVICE_NONE, .name = TEXT16("A")},
        {.group = SERVICE_NONE, .tag = SERVICE_NONE, .name = TEXT16("b")},
        {.delayed = true, .group = 0, .tag = 0, .name = TEXT16("a")},
        {.delayed = true, .group = SERVICE_NONE, .tag = SERVICE_NONE, .name = TEXT16("a")},
    };
    const size_t count = sizeof places / sizeof *places;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            int compared = service_place_compare(&places[i], &places[j]);
            assert_int_equal((compared > 0) - (compared < 0), (i > j) - (i < j));
        }
    }
}

static void places_in_lists(void **state)
{
    (void)state;
    struct str16 list = TEXT16("System\0Base\0Network\0");
    assert_int_equal(service_list_place(list, TEXT16("system")), 0);
    assert_int_equal(service_list_place(list, TEXT16("Network")), 2);
    assert_int_equal(service_list_place(list, TEXT16("Net")), SERVICE_NONE);
    assert_int_equal(service_list_place((struct str16){0}, TEXT16("x")), SERVICE_NONE);

    const uint32_t tags[] = {3, 7, 1, 2};
    assert_int_equal(service_tag_place(tags, sizeof tags, 7), 0);
    assert_int_equal(service_tag_place(tags, sizeof tags, 2), 2);
    assert_int_equal(service_tag_place(tags, sizeof tags, 3), SERVICE_NONE);
    // A value that promises more than it has, and one that has more than it promises.
    const uint32_t short_of[] = {100, 7}, more[] = {1, 7, 8};
    assert_int_equal(service_tag_place(short_of, sizeof short_of, 7), 0);
    assert_int_equal(service_tag_place(short_of, sizeof short_of, 9), SERVICE_NONE);
    assert_int_equal(service_tag_place(more, sizeof more, 8), SERVICE_NONE);
    assert_int_equal(service_tag_place(more, 3, 7), SERVICE_NONE);
    assert_int_equal(service_tag_place(more, 7, 7), SERVICE_NONE);
    assert_int_equal(service_tag_place(more, 0, 7), SERVICE_NONE);
}

static void merged_lists(void **state)
{
    (void)state;
    uint16_t room[16];
    struct str16_buf all = {.s = room, .cap = 16};
    assert_true(service_list_merge(&all, TEXT16("a\0+g\0")));
    assert_true(service_list_merge(&all, TEXT16("A\0b\0+G\0")));
    assert_true(service_list_merge(&all, (struct str16){0}));
    assert_true(str16_equal(str16_view(&all), TEXT16("a\0+g\0b\0")));
    assert_false(service_list_merge(&all, TEXT16("longer than that\0")));
}

static void triggers(void **state)
{
    (void)state;
    // 4f27f2de-14e2-430b-a549-7cd48cbc8245: the first address arrives
    uint8_t arrival[16] = {0xde, 0xf2, 0x27, 0x4f, 0xe2, 0x14, 0x0b, 0x43,
                           0xa5, 0x49, 0x7c, 0xd4, 0x8c, 0xbc, 0x82, 0x45};
    assert_int_equal(service_trigger(2, 1, arrival), TRIGGER_AT_START);
    assert_int_equal(service_trigger(2, 2, arrival), TRIGGER_NEVER); // it would stop by it
    for (uint32_t type = 0; type < 32; type++) {
        if (type != 2)
            assert_int_equal(service_trigger(type, 1, arrival), TRIGGER_NEVER);
    }
    arrival[0]++;
    assert_int_equal(service_trigger(2, 1, arrival), TRIGGER_NEVER);
    // 1f81d131-3fac-4537-9e0c-7e7b0c2f4b55: a named pipe
    uint8_t pipe[16] = {0x31, 0xd1, 0x81, 0x1f, 0xac, 0x3f, 0x37, 0x45,
                        0x9e, 0x0c, 0x7e, 0x7b, 0x0c, 0x2f, 0x4b, 0x55};
    assert_int_equal(service_trigger(6, 1, pipe), TRIGGER_PIPE);
    assert_int_equal(service_trigger(6, 2, pipe), TRIGGER_NEVER);
    assert_int_equal(service_trigger(2, 1, pipe), TRIGGER_NEVER);
    pipe[15]++; // bc90d167-9470-4139-a9ba-be0bbbf5b74d is another of the type: an RPC interface
    assert_int_equal(service_trigger(6, 1, pipe), TRIGGER_NEVER);
}

static void endings(void **state)
{
    (void)state;
    struct service_ending s = {.state = SVC_RUNNING, .accepted = SVC_ACCEPT_PRESHUTDOWN};
    assert_true(service_ending_holds(&s));
    s.state = SVC_PAUSED;
    assert_true(service_ending_holds(&s));
    s.state = SVC_STOPPED;
    assert_false(service_ending_holds(&s));
    // One that is on its way already is not told, and waited for with the others.
    s.state = SVC_STOP_PENDING;
    assert_false(service_ending_holds(&s));
    s.told = true;
    assert_true(service_ending_holds(&s));
    s.accepted = 0;
    assert_true(service_ending_holds(&s));
    s.over = true;
    assert_false(service_ending_holds(&s));
    s = (struct service_ending){.state = SVC_RUNNING,
                                .accepted = SVC_ACCEPT_STOP | SVC_ACCEPT_SHUTDOWN};
    assert_false(service_ending_holds(&s));

    struct service_ending first = {.place = 0}, second = {.place = 1},
                          none = {.place = SERVICE_NONE};
    assert_true(service_ending_before(&first, &second));
    assert_false(service_ending_before(&second, &first));
    assert_true(service_ending_before(&second, &none));
    assert_false(service_ending_before(&none, &none));
}

static bool runs(struct str16 account)
{
    static const struct account_name user = {TEXT16("CORP"), TEXT16("ann")};
    static const struct account_name known[] = {{TEXT16("NT-AUTORITÄT"), TEXT16("Lokaler Dienst")}};
    return service_account_runs(account, TEXT16("Mine"), &user, TEXT16("BOX"), known, 1);
}

static void accounts(void **state)
{
    (void)state;
    assert_true(runs((struct str16){0}));
    assert_true(runs(TEXT16("LocalSystem")));
    assert_true(runs(TEXT16("NT AUTHORITY\\LocalService")));
    assert_true(runs(TEXT16("nt authority\\local service")));
    assert_true(runs(TEXT16("NT AUTHORITY\\NetworkService")));
    assert_true(runs(TEXT16("NetworkService")));
    assert_true(runs(TEXT16("NT AUTHORITY\\SYSTEM")));
    assert_true(runs(TEXT16("nt-autorität\\lokaler dienst")));
    assert_true(runs(TEXT16("NT SERVICE\\MINE")));
    assert_true(runs(TEXT16("ann")));
    assert_true(runs(TEXT16(".\\Ann")));
    assert_true(runs(TEXT16("corp\\ann")));
    assert_true(runs(TEXT16("box\\ann")));
    assert_true(runs(TEXT16("ann@corp")));
    assert_true(runs(TEXT16("ann@corp.example")));

    assert_false(runs(TEXT16("System")));
    assert_false(runs(TEXT16("NT SERVICE\\Other")));
    assert_false(runs(TEXT16("NT AUTHORITY\\Anonymous Logon")));
    assert_false(runs(TEXT16("bob")));
    assert_false(runs(TEXT16("OTHER\\ann")));
    assert_false(runs(TEXT16("ann@other.example")));
    assert_false(runs(TEXT16("ann@")));
    assert_false(runs(TEXT16("CORP\\")));
    assert_false(runs(TEXT16("\\")));
    assert_false(runs(TEXT16("OTHER\\LocalService")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places),       cmocka_unit_test(places_in_lists),
        cmocka_unit_test(merged_lists), cmocka_unit_test(triggers),
        cmocka_unit_test(endings),      cmocka_unit_test(accounts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
