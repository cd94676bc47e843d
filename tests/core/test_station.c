#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "core/station.h"

static struct station_names own, shared;
static uint16_t units[64];

static struct str16 text(const uint16_t *terminated)
{
    return str16_of(terminated);
}

static void expect(struct str16 found, const char *wanted)
{
    assert_int_equal(found.len, strlen(wanted));
    for (size_t i = 0; i < found.len; i++)
        assert_int_equal(found.s[i], wanted[i]);
}

static struct str16_buf room(void)
{
    return (struct str16_buf){.s = units, .cap = sizeof units / sizeof *units};
}

static void names(void)
{
    own = (struct station_names){text(u"plume-a"), text(u"Default")};
    shared = (struct station_names){text(u"Service-0x0-1$"), text(u"plume-a")};
}

static void test_to_host(void **state)
{
    (void)state;
    names();
    struct str16_buf out = room();
    station_to_host(&own, text(u"winsta0"), &out);
    expect(str16_view(&out), "plume-a");
    out = room();
    station_to_host(&own, text(u"mine"), &out);
    expect(str16_view(&out), "plume-a!mine");
    out = room();
    station_desktop_to_host(&own, text(u"other"), &out);
    expect(str16_view(&out), "other");
    out = room();
    station_desktop_to_host(&shared, text(u"other"), &out);
    expect(str16_view(&out), "plume-a!other");
    out = room();
    station_desktop_to_host(&shared, text(u"DEFAULT"), &out);
    expect(str16_view(&out), "plume-a");
}

static void test_from_host(void **state)
{
    (void)state;
    names();
    struct str16 out;
    assert_true(station_from_host(&own, text(u"plume-A"), &out));
    expect(out, "WinSta0");
    assert_true(station_from_host(&own, text(u"plume-a!mine"), &out));
    expect(out, "mine");
    assert_false(station_from_host(&own, text(u"plume-ab"), &out));
    assert_false(station_from_host(&own, text(u"plume-"), &out));
    assert_false(station_from_host(&own, text(u"WinSta0"), &out));
    assert_true(station_desktop_from_host(&own, text(u"other"), &out));
    expect(out, "other");
    assert_true(station_desktop_from_host(&shared, text(u"plume-a"), &out));
    expect(out, "Default");
    assert_false(station_desktop_from_host(&shared, text(u"plume-b"), &out));
}

static void test_place(void **state)
{
    (void)state;
    static const struct {
        const uint16_t *asked;
        const char *own, *shared;
    } rows[] = {
        {u"", "plume-a\\Default", "Service-0x0-1$\\plume-a"},
        {u"WinSta0\\Default", "plume-a\\Default", "Service-0x0-1$\\plume-a"},
        {u"Default", "plume-a\\Default", "Service-0x0-1$\\plume-a"},
        {u"x", "plume-a\\x", "Service-0x0-1$\\plume-a!x"},
        {u"s\\x", "plume-a!s\\x", "Service-0x0-1$!s\\plume-a!x"},
        {u"WinSta0\\", "plume-a\\", "Service-0x0-1$\\"},
    };
    (void)state;
    names();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct str16_buf out = room();
        station_place(&own, text(rows[i].asked), &out);
        expect(str16_view(&out), rows[i].own);
        out = room();
        station_place(&shared, text(rows[i].asked), &out);
        expect(str16_view(&out), rows[i].shared);
    }
}

static void test_actions(void **state)
{
    (void)state;
    assert_true(station_action_changes(0x14, true));     // SPI_SETDESKWALLPAPER
    assert_false(station_action_changes(0x30, true));    // SPI_GETWORKAREA
    assert_false(station_action_changes(0x73, true));    // SPI_GETDESKWALLPAPER
    assert_true(station_action_changes(0x75, true));     // SPI_SETAUDIODESCRIPTION
    assert_false(station_action_changes(0x0d, true));    // SPI_ICONHORIZONTALSPACING, to get
    assert_true(station_action_changes(0x0d, false));    // to set
    assert_true(station_action_changes(0x1025, false));  // SPI_SETDROPSHADOW
    assert_false(station_action_changes(0x2000, false)); // SPI_GETFOREGROUNDLOCKTIMEOUT
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_to_host),
        cmocka_unit_test(test_from_host),
        cmocka_unit_test(test_place),
        cmocka_unit_test(test_actions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
