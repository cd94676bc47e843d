// Reparse points: well-formed data is understood, anything else refused.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/reparse.h"

#define T(literal) ((struct str16){u"" literal, sizeof(u"" literal) / sizeof(uint16_t) - 1})

struct blob {
    _Alignas(8) uint8_t bytes[512];
    size_t size;
};

static void put16(struct blob *blob, unsigned value)
{
    blob->bytes[blob->size++] = (uint8_t)value;
    blob->bytes[blob->size++] = (uint8_t)(value >> 8);
}

/* A reparse point with `name` as both of its names, the one for the user first. */
static struct blob make(bool symlink, unsigned flags, struct str16 name)
{
    struct blob blob = {.size = 0};
    unsigned bytes = (unsigned)name.len * 2;
    put16(&blob, symlink ? 0xc : 0x3);
    put16(&blob, 0xa000);
    put16(&blob, (symlink ? 12 : 8) + 2 * bytes);
    put16(&blob, 0);
    put16(&blob, bytes);
    put16(&blob, bytes);
    put16(&blob, 0);
    put16(&blob, bytes);
    if (symlink) {
        put16(&blob, flags);
        put16(&blob, 0);
    }
    for (int twice = 0; twice < 2; twice++)
        for (size_t i = 0; i < name.len; i++)
            put16(&blob, name.s[i]);
    return blob;
}

static void reads(void **state)
{
    (void)state;
    struct reparse_target target;
    struct blob blob = make(false, 0, T("\\??\\C:\\there"));
    assert_true(reparse_read(blob.bytes, blob.size, &target));
    assert_true(str16_equal(target.name, T("\\??\\C:\\there")));
    assert_false(target.relative);
    blob = make(true, 0, T("\\??\\C:\\there"));
    assert_true(reparse_read(blob.bytes, blob.size, &target));
    assert_true(str16_equal(target.name, T("\\??\\C:\\there")));
    assert_false(target.relative);
    blob = make(true, 1, T("..\\there"));
    assert_true(reparse_read(blob.bytes, blob.size, &target));
    assert_true(target.relative);
}

static void refuses(void **state)
{
    (void)state;
    struct reparse_target target;
    for (int symlink = 0; symlink < 2; symlink++) {
        struct blob whole = make(symlink, 0, T("\\??\\C:\\there"));
        for (size_t size = 0; size < whole.size; size++) {
            struct blob cut = {.size = size}; // its own, for the sanitizer to see the end of
            memcpy(cut.bytes, whole.bytes, size);
            assert_false(reparse_read(cut.bytes, size, &target));
        }
        struct blob other = whole;
        other.bytes[0] = 0x20; // another tag of Microsoft's
        assert_false(reparse_read(other.bytes, other.size, &target));
        other = whole;
        other.bytes[3] = 0; // somebody else's
        assert_false(reparse_read(other.bytes, other.size, &target));
        other = whole;
        other.bytes[9] = 0xff; // the name begins past the end
        assert_false(reparse_read(other.bytes, other.size, &target));
        other = whole;
        other.bytes[11] = 0xff; // and is longer than all
        assert_false(reparse_read(other.bytes, other.size, &target));
        other = whole;
        other.bytes[10] = other.bytes[11] = 0; // and empty
        assert_false(reparse_read(other.bytes, other.size, &target));
    }
}

static void check_join(struct str16 folder, struct str16 relative, struct str16 expected)
{
    uint16_t units[64];
    struct str16_buf buf = {.s = units, .cap = folder.len + relative.len + 1};
    reparse_join(folder, relative, &buf);
    assert_false(buf.overflow);
    assert_true(str16_equal(str16_view(&buf), expected));
}

static void joins(void **state)
{
    (void)state;
    check_join(T("C\\a\\b"), T("x"), T("C\\a\\b\\x"));
    check_join(T("C\\a\\b"), T("x\\y"), T("C\\a\\b\\x\\y"));
    check_join(T("C\\a\\b"), T("..\\x"), T("C\\a\\x"));
    check_join(T("C\\a\\b"), T(".\\..\\.\\x\\."), T("C\\a\\x"));
    check_join(T("C\\a\\b"), T("..\\..\\..\\..\\x"), T("C\\x"));
    check_join(T("C\\a\\b"), T("..\\.."), T("C"));
    check_join(T("C"), T("x"), T("C\\x"));
    check_join(T("C\\a"), T("\\x"), T("C\\x"));
    check_join(T("C\\a"), T(""), T("C\\a"));
    check_join(T("C\\a"), T("x\\\\y"), T("C\\a\\x\\y"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads),
        cmocka_unit_test(refuses),
        cmocka_unit_test(joins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
