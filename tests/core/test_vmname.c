#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "core/vmname.h"

static struct str16 wide(const char *ascii, uint16_t units[128])
{
    size_t len = strlen(ascii);
    assert_true(len < 128);
    for (size_t i = 0; i < len; i++)
        units[i] = (unsigned char)ascii[i];
    return (struct str16){units, len};
}

static enum vmname_fault check(const char *ascii)
{
    uint16_t units[128];
    return vmname_check(wide(ascii, units));
}

static void accepts_what_docker_accepts(void **state)
{
    (void)state;
    static const char *const names[] = {
        "a",
        "0",
        "web-1",
        "My_VM.2",
        "a..b",
        "comet",
        "com10",
        "nulls",
        "lpt",
        "x.con",
        "123456789012345678901234567890123456789012345678901234567890123"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_int_equal(check(names[i]), VMNAME_OK);
}

static void refuses_with_the_reason(void **state)
{
    (void)state;
    assert_int_equal(check(""), VMNAME_EMPTY);
    assert_int_equal(check("1234567890123456789012345678901234567890123456789012345678901234"),
                     VMNAME_TOO_LONG);
    assert_int_equal(check("-a"), VMNAME_BAD_START);
    assert_int_equal(check(".a"), VMNAME_BAD_START);
    assert_int_equal(check("_a"), VMNAME_BAD_START);
    static const char bad[] = "\\/:*?\"<>| \t\n$%&'()+,;=@[]^`{}~\x7f\xe4";
    for (size_t i = 0; bad[i]; i++) {
        char name[] = {'a', bad[i], 'b', 0};
        assert_int_equal(check(name), VMNAME_BAD_CHARACTER);
    }
    uint16_t nul[] = {'a', 0};
    assert_int_equal(vmname_check((struct str16){nul, 2}), VMNAME_BAD_CHARACTER);
    assert_int_equal(check("a."), VMNAME_TRAILING_DOT);
    static const char *const devices[] = {"con",     "CON",  "nul.txt", "Aux",
                                          "prn.a.b", "com1", "COM0.x",  "lpt9"};
    for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++)
        assert_int_equal(check(devices[i]), VMNAME_DEVICE);
    for (int fault = VMNAME_EMPTY; fault <= VMNAME_DEVICE; fault++)
        assert_true(strlen(vmname_fault_text((enum vmname_fault)fault)) > 10);
}

static void id_depends_on_the_store_but_not_on_case(void **state)
{
    (void)state;
    uint16_t name[128], folder[128], one[VMID_MAX], two[VMID_MAX], other[VMID_MAX];
    struct str16_buf buf = {.s = one, .cap = VMID_MAX};
    vm_id(&buf, wide("a", name), wide("\\??\\C:\\plume\\vms\\a", folder));
    assert_false(buf.overflow);
    assert_int_equal(buf.len, 10);
    assert_int_equal(one[10], 0);
    buf = (struct str16_buf){.s = two, .cap = VMID_MAX};
    vm_id(&buf, wide("a", name), wide("\\??\\c:\\PLUME\\vms\\A", folder));
    assert_memory_equal(one, two, 11 * sizeof(uint16_t));
    buf = (struct str16_buf){.s = other, .cap = VMID_MAX};
    vm_id(&buf, wide("a", name), wide("\\??\\D:\\plume\\vms\\a", folder));
    assert_memory_not_equal(one, other, 11 * sizeof(uint16_t));
}

static void longest_name_has_an_id(void **state)
{
    (void)state;
    uint16_t name[128], folder[128], id[VMID_MAX];
    struct str16_buf buf = {.s = id, .cap = VMID_MAX};
    vm_id(&buf, wide("123456789012345678901234567890123456789012345678901234567890123", name),
          wide("x", folder));
    assert_false(buf.overflow);
    assert_int_equal(id[VMID_MAX - 1], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_what_docker_accepts),
        cmocka_unit_test(refuses_with_the_reason),
        cmocka_unit_test(id_depends_on_the_store_but_not_on_case),
        cmocka_unit_test(longest_name_has_an_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
