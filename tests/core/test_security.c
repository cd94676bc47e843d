// Security descriptors: what is a valid one, and what its access list gives to whom.
#include "core/security.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
// cmocka's header needs those before it
#include <cmocka.h>

static const uint8_t everyone[] = {1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0};
static const uint8_t system_sid[] = {1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0};
static const uint8_t administrators[] = {1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0};

static uint32_t same(uint32_t mask)
{
    return mask & 0x10000000 ? 0xf01ff : mask;
}

struct made {
    uint8_t data[256];
    size_t len;
};

// A descriptor that the system owns, with an empty list.
static struct made begin(void)
{
    struct made m = {{1, 0, 4, 0x80, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0, 0}, 40};
    memcpy(m.data + 20, system_sid, sizeof(system_sid));
    m.data[32] = 2;
    m.data[34] = 8;
    return m;
}

static void add(struct made *m, uint8_t type, uint8_t flags, uint32_t mask, const uint8_t *sid)
{
    size_t size = 8 + security_sid_size(sid);
    uint8_t *ace = m->data + m->len;
    ace[0] = type;
    ace[1] = flags;
    ace[2] = (uint8_t)size;
    for (int i = 0; i < 4; i++)
        ace[4 + i] = (uint8_t)(mask >> (8 * i));
    memcpy(ace + 8, sid, security_sid_size(sid));
    m->len += size;
    m->data[34] = (uint8_t)(m->data[34] + size);
    m->data[36]++;
}

static uint32_t granted(const struct made *m, const uint8_t *sid, bool deny_only)
{
    struct security_sid sids[] = {{sid, deny_only}, {everyone, false}};
    assert_true(security_valid(m->data, m->len));
    return security_granted(m->data, sids, 2, same);
}

static void test_first_entry_decides(void **state)
{
    (void)state;
    struct made m = begin();
    assert_int_equal(granted(&m, administrators, false), 0);
    add(&m, 1, 0, 0x10, everyone);
    add(&m, 0, 0, 0x3f, administrators);
    add(&m, 1, 0, 0x1, administrators);
    assert_int_equal(security_extent(m.data), m.len);
    assert_int_equal(granted(&m, administrators, false), 0x2f);
    assert_int_equal(granted(&m, administrators, true), 0);
}

static void test_owner_and_none(void **state)
{
    (void)state;
    struct made m = begin();
    assert_int_equal(granted(&m, system_sid, false), 0x60000);
    assert_int_equal(granted(&m, system_sid, true), 0);
    m.data[2] = 0; // no list
    assert_int_equal(granted(&m, administrators, false), 0xf01ff);
}

static void test_inherited_only(void **state)
{
    (void)state;
    struct made m = begin();
    add(&m, 0, 8, 0x1, everyone);
    add(&m, 0, 0, 0x10000000, administrators);
    assert_int_equal(granted(&m, everyone, false), 0);
    assert_int_equal(granted(&m, administrators, false), 0xf01ff);
}

// Cut off or changed anywhere, it is refused or stays within its bytes: for the sanitizers.
static void test_damaged(void **state)
{
    (void)state;
    struct made m = begin();
    add(&m, 0, 0, 0x1, everyone);
    add(&m, 1, 0, 0x2, administrators);
    struct security_sid sids[] = {{everyone, false}};
    for (size_t len = 0; len < m.len; len++) {
        uint8_t *copy = malloc(len ? len : 1);
        memcpy(copy, m.data, len);
        assert_false(security_valid(copy, len));
        free(copy);
    }
    for (size_t i = 0; i < m.len; i++) {
        for (unsigned value = 0; value < 256; value++) {
            uint8_t *copy = malloc(m.len);
            memcpy(copy, m.data, m.len);
            copy[i] = (uint8_t)value;
            if (security_valid(copy, m.len))
                security_granted(copy, sids, 1, same);
            free(copy);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_entry_decides),
        cmocka_unit_test(test_owner_and_none),
        cmocka_unit_test(test_inherited_only),
        cmocka_unit_test(test_damaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
