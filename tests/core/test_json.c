#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "core/json.h"

struct text {
    char bytes[1024];
    size_t len;
};

static void to_text(void *context, const char *bytes, size_t len)
{
    struct text *text = context;
    assert_true(text->len + len < sizeof(text->bytes));
    memcpy(text->bytes + text->len, bytes, len);
    text->len += len;
    text->bytes[text->len] = 0;
}

static void writes_nested_values(void **state)
{
    (void)state;
    struct text text = {.len = 0};
    struct json_writer w = json_writer_on(to_text, &text);
    json_begin_array(&w);
    json_begin_object(&w);
    json_key(&w, "a");
    json_u64(&w, UINT64_MAX);
    json_key(&w, "b");
    json_begin_array(&w);
    json_end_array(&w);
    json_key(&w, "c");
    json_bool(&w, true);
    json_end_object(&w);
    json_null(&w);
    json_end_array(&w);
    json_end(&w);
    assert_string_equal(
        text.bytes,
        "[\n  {\n    \"a\": 18446744073709551615,\n    \"b\": [],\n    \"c\": true\n  },\n"
        "  null\n]\n");
}

static void writes_all_of_utf16(void **state)
{
    (void)state;
    static const uint16_t units[] = {'"',    '\\',   '\n',   1,   0xe4,  0x20ac,
                                     0xd83d, 0xde00, 0xd800, 'x', 0xdc00};
    struct text text = {.len = 0};
    struct json_writer w = json_writer_on(to_text, &text);
    json_str16(&w, (struct str16){units, sizeof(units) / sizeof(units[0])});
    assert_string_equal(
        text.bytes, "\"\\\"\\\\\\n\\u0001\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\\ud800x\\udc00\"");

    // ... and what was written is read again, lone surrogates too.
    struct json_doc doc;
    uint16_t back[32];
    struct str16_buf buf = {.s = back, .cap = 32};
    assert_true(json_parse(&doc, text.bytes, text.len));
    assert_true(json_get_str16(&doc, 0, &buf));
    assert_int_equal(buf.len, sizeof(units) / sizeof(units[0]));
    assert_memory_equal(back, units, sizeof(units));
}

static void reads_members(void **state)
{
    (void)state;
    static const char text[] =
        "{\"skip\":{\"n\":[1,{\"n\":2}]},\"n\":4294967295,\"s\":\"a\\tb\",\"z\":null}";
    struct json_doc doc;
    uint32_t value = 0;
    const char *plain;
    size_t len;
    assert_true(json_parse(&doc, text, strlen(text)));
    assert_true(json_get_u32(&doc, json_member(&doc, 0, "n"), &value));
    assert_int_equal(value, 4294967295u);
    assert_true(json_is_null(&doc, json_member(&doc, 0, "z")));
    assert_int_equal(json_member(&doc, 0, "absent"), -1);
    assert_int_equal(json_member(&doc, -1, "n"), -1);
    assert_false(json_get_plain(&doc, json_member(&doc, 0, "s"), &plain, &len));
    assert_false(json_get_u32(&doc, json_member(&doc, 0, "s"), &value));
    uint16_t units[8];
    struct str16_buf buf = {.s = units, .cap = 8};
    assert_true(json_get_str16(&doc, json_member(&doc, 0, "s"), &buf));
    assert_true(str16_equal_ascii(str16_view(&buf), "a\tb"));
}

static void refuses_numbers_that_do_not_fit(void **state)
{
    (void)state;
    static const char *const texts[] = {"[4294967296]", "[-1]", "[1.5]", "[1e3]",
                                        "[99999999999999999999]"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct json_doc doc;
        uint32_t value;
        assert_true(json_parse(&doc, texts[i], strlen(texts[i])));
        assert_false(json_get_u32(&doc, 1, &value));
    }
}

static void refuses_what_is_no_json(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",    "{",   "}",       "{\"a\"}",   "{\"a\":}", "{a:1}",     "{1:2}", "[1",
        "nul", "tru", "01",      "[\"a\":1]", "\"a\":1",  "{\"a\":b}", "{} {}", "{\"a\":\"b\":1}",
        "1 2", "-",   "\"\\x\"", "{\"a\":1]"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct json_doc doc;
        if (json_parse(&doc, texts[i], strlen(texts[i])))
            fail_msg("accepted: %s", texts[i]);
    }
}

static void refuses_more_nodes_than_it_has_room_for(void **state)
{
    (void)state;
    char text[2 * JSON_NODES_MAX + 2];
    size_t len = 0;
    text[len++] = '[';
    for (int i = 0; i < JSON_NODES_MAX; i++) {
        text[len++] = '0';
        text[len++] = ',';
    }
    text[len - 1] = ']';
    struct json_doc doc;
    assert_false(json_parse(&doc, text, len));
}

static void refuses_bad_utf8(void **state)
{
    (void)state;
    static const char *const texts[] = {"\"\x80\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"",
                                        "\"\xf4\x90\x80\x80\"", "\"\xe2\x82\""};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct json_doc doc;
        uint16_t units[8];
        struct str16_buf buf = {.s = units, .cap = 8};
        assert_true(json_parse(&doc, texts[i], strlen(texts[i])));
        assert_false(json_get_str16(&doc, 0, &buf));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_nested_values),
        cmocka_unit_test(writes_all_of_utf16),
        cmocka_unit_test(reads_members),
        cmocka_unit_test(refuses_numbers_that_do_not_fit),
        cmocka_unit_test(refuses_what_is_no_json),
        cmocka_unit_test(refuses_more_nodes_than_it_has_room_for),
        cmocka_unit_test(refuses_bad_utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
