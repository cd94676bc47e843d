#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "core/event_text.h"
#include "core/log_entry.h"
#include "core/log_lines.h"
#include "core/log_time.h"

static struct str16 wide(const char *ascii)
{
    static uint16_t rooms[16][128];
    static unsigned next;
    uint16_t *text = rooms[next++ % 16];
    size_t len = strlen(ascii);
    for (size_t i = 0; i < len; i++)
        text[i] = (uint8_t)ascii[i];
    return (struct str16){text, len};
}

static void entries(void **state)
{
    (void)state;
    static char line[LOG_LINE_MAX];
    static uint16_t units[LOG_UNITS_MAX];
    struct log_entry entry = {.time = UINT64_C(17638812345678901),
                              .stream = LOG_EVENT,
                              .service = wide("My Service"),
                              .pid = 300,
                              .text = wide("say \"it\"\nC:\\x"),
                              .source = wide("Src"),
                              .event_id = 0xc0000001,
                              .event_type = 2,
                              .category = 7},
                     read;
    size_t len = log_entry_write(&entry, line, sizeof line);
    assert_true(len > 0 && line[len - 1] == '\n');
    assert_null(memchr(line, '\n', len - 1));
    line[len] = 0;
    assert_string_equal(line,
                        "{\"time\":\"2025-11-23T07:00:34.5678901Z\",\"stream\":\"event\","
                        "\"service\":\"My Service\",\"pid\":300,\"source\":\"Src\",\"event_id\":"
                        "3221225473,\"event_type\":2,\"level\":\"warning\",\"category\":7,"
                        "\"text\":\"say \\\"it\\\"\\nC:\\\\x\"}\n");
    assert_true(log_entry_read(&read, line, len - 1, units, LOG_UNITS_MAX));
    assert_true(read.time == entry.time && read.stream == LOG_EVENT && read.pid == 300 &&
                read.event_id == 0xc0000001 && read.event_type == 2 && read.category == 7 &&
                !read.partial);
    assert_true(str16_equal(read.service, entry.service));
    assert_true(str16_equal(read.source, entry.source));
    assert_true(str16_equal(read.text, entry.text));

    struct log_entry output = {.stream = LOG_STDERR, .text = wide(""), .partial = true};
    len = log_entry_write(&output, line, sizeof line);
    assert_true(log_entry_read(&read, line, len - 1, units, LOG_UNITS_MAX));
    assert_true(read.stream == LOG_STDERR && !read.service.len && !read.text.len && read.partial);
    // Cut anywhere, it is no entry: what a writer leaves that is killed.
    for (size_t cut = 0; cut < len - 1; cut++)
        assert_false(log_entry_read(&read, line, cut, units, LOG_UNITS_MAX));
}

static void longest(void **state)
{
    (void)state;
    static char line[LOG_LINE_MAX];
    static uint16_t units[LOG_UNITS_MAX], text[2 * LOG_TEXT_MAX];
    struct log_entry read, entry = {.stream = LOG_EVENT};
    for (size_t i = 0; i < 2 * LOG_TEXT_MAX; i++)
        text[i] = 1; // six bytes each
    entry.text = entry.service = entry.source = (struct str16){text, 2 * LOG_TEXT_MAX};
    size_t len = log_entry_write(&entry, line, sizeof line);
    assert_true(len > 0);
    assert_true(log_entry_read(&read, line, len - 1, units, LOG_UNITS_MAX));
    assert_int_equal(read.text.len, LOG_TEXT_MAX);
    assert_int_equal(read.service.len, LOG_NAME_MAX);
    assert_int_equal(log_entry_write(&entry, line, 100), 0);
}

static void headers(void **state)
{
    (void)state;
    char line[LOG_HEADER_MAX];
    size_t len = log_header_write(UINT32_MAX, line, sizeof line);
    assert_true(len > 0 && line[len - 1] == '\n');
    assert_true(log_header_read(line, len - 1) == UINT32_MAX);
    for (size_t cut = 0; cut < len - 1; cut++)
        assert_int_equal(log_header_read(line, cut), 0);
    assert_int_equal(log_header_read("{\"time\":\"x\"}", 12), 0);
}

static void times(void **state)
{
    (void)state;
    enum { ZONE = 120 };
    const uint64_t now = UINT64_C(1763881234) * LOG_TIME_SECOND; // 2025-11-23T07:00:34Z
    static const struct {
        const char *text;
        uint64_t ticks;
    } good[] = {{"2025-11-23T07:00:34Z", UINT64_C(17638812340000000)},
                {"2025-11-23T07:00:34.25Z", UINT64_C(17638812342500000)},
                {"2025-11-23T07:00:34.123456789Z", UINT64_C(17638812341234567)},
                {"2025-11-23T09:00:34+02:00", UINT64_C(17638812340000000)},
                {"2025-11-23T03:30:34-03:30", UINT64_C(17638812340000000)},
                {"2025-11-23T09:00:34", UINT64_C(17638812340000000)},
                {"2025-11-23T09:00", UINT64_C(17638812000000000)},
                {"2025-11-23", UINT64_C(17638488000000000)},
                {"1970-01-01", 0},
                {"1763881234", UINT64_C(17638812340000000)},
                {"1763881234.5", UINT64_C(17638812345000000)},
                {"0", 0},
                {"10m", UINT64_C(17638806340000000)},
                {"1h30m", UINT64_C(17638758340000000)},
                {"1.5h", UINT64_C(17638758340000000)},
                {"300ms", UINT64_C(17638812337000000)},
                {"2us", UINT64_C(17638812339999980)},
                {"100ns", UINT64_C(17638812339999999)},
                {"0s", UINT64_C(17638812340000000)},
                {"99999999h", 0}};
    static const char *const bad[] = {"",
                                      "now",
                                      "-10m",
                                      "10 m",
                                      "10x",
                                      "m",
                                      "1h30",
                                      "1.h",
                                      "2025-13-01",
                                      "2025-02-30",
                                      "2025-11-23T",
                                      "2025-11-23 07:00:34",
                                      "2025-11-23T24:00:00Z",
                                      "2025-11-23T07:00:34.Z",
                                      "2025-11-23T07:00:34+2",
                                      "2025-11-23T07:00:34+24:00",
                                      "2025-11-23T07:00:34ZZ",
                                      "999999999999",
                                      "99999999999999999999h",
                                      "99999999999h"};
    uint64_t time;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(log_time_parse(&time, wide(good[i].text), now, ZONE));
        assert_true(time == good[i].ticks);
    }
    time = 7;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(log_time_parse(&time, wide(bad[i]), now, ZONE));
    assert_true(time == 7);
    char text[LOG_TIME_TEXT];
    log_time_write(UINT64_C(17638812341234567), text);
    assert_string_equal(text, "2025-11-23T07:00:34.1234567Z");
    assert_true(log_time_read(&time, text, strlen(text)) && time == UINT64_C(17638812341234567));
    assert_false(log_time_read(&time, "2025-11-23T07:00:34.123456xZ", 28));
    assert_false(log_time_read(&time, "2025-11-23T07:00:34Z", 20));
}

static struct {
    char text[3 * LOG_LINES_ROOM];
} seen;

static void see(void *context, const uint8_t *line, size_t len, bool partial)
{
    (void)context;
    strncat(seen.text, (const char *)line, len);
    strcat(seen.text, partial ? "+" : "|");
}

static void lines(void **state)
{
    (void)state;
    static struct log_lines lines;
    static const char text[] = "one\r\ntwo\n\nthr\ree\n\r\nlast";
    for (size_t step = 1; step < sizeof text; step++) {
        seen.text[0] = 0;
        for (size_t at = 0; at < sizeof text - 1; at += step) {
            size_t rest = sizeof text - 1 - at;
            log_lines_feed(&lines, (const uint8_t *)text + at, rest < step ? rest : step, see,
                           NULL);
        }
        log_lines_end(&lines, see, NULL);
        assert_string_equal(seen.text, "one|two||thr\ree||last|");
        log_lines_end(&lines, see, NULL);
        assert_string_equal(seen.text, "one|two||thr\ree||last|");
    }
}

static void long_lines(void **state)
{
    (void)state;
    static struct log_lines lines;
    static uint8_t text[LOG_LINES_ROOM + 4];
    // A character of three bytes across the end of the room.
    for (size_t shift = 0; shift < 4; shift++) {
        memset(text, 'x', sizeof text);
        uint8_t *euro = text + LOG_LINES_ROOM - shift;
        euro[0] = 0xe2;
        euro[1] = 0x82;
        euro[2] = 0xac;
        euro[3] = '\n';
        seen.text[0] = 0;
        log_lines_feed(&lines, text, LOG_LINES_ROOM - shift + 4, see, NULL);
        char *plus = strchr(seen.text, '+');
        if (shift < 3) {
            assert_int_equal(plus - seen.text, LOG_LINES_ROOM - shift);
            assert_string_equal(plus + 1, "\xe2\x82\xac|");
        } else {
            assert_null(plus);
        }
    }
}

static void utf8(void **state)
{
    (void)state;
    static const char *const good[] = {"", "abc", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
    static const char *const bad[] = {"\xe4",         "\xc3",         "\xc0\x80",
                                      "\xed\xa0\x80", "\xe0\x80\x80", "\xf4\x90\x80\x80",
                                      "\x80",         "\xff"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(log_is_utf8((const uint8_t *)good[i], strlen(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(log_is_utf8((const uint8_t *)bad[i], strlen(bad[i])));
}

static void events(void **state)
{
    (void)state;
    static const struct {
        const char *template, *text;
    } cases[] = {{"The %1 of %2.\r\n", "The first of second."},
                 {"%2!s! and %1!-10s!x", "second and firstx"},
                 {"%3 stays, %12 too", "%3 stays, %12 too"},
                 {"a%nb%tc%bd%re%%f%.g%!", "a\nb\tc de%f.g!"},
                 {"over%0 and out", "over"},
                 {"%1!open", "first!open"},
                 {"end%", "end%"},
                 {"", ""}};
    struct str16 strings[] = {wide("first"), wide("second")};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint16_t units[64];
        struct str16_buf out = {.s = units, .cap = 64};
        event_text_put(&out, wide(cases[i].template), strings, 2);
        assert_false(out.overflow);
        assert_true(str16_equal(str16_view(&out), wide(cases[i].text)));
    }
    uint16_t units[8];
    struct str16_buf out = {.s = units, .cap = 8};
    event_text_put_strings(&out, strings, 2);
    assert_true(!out.overflow && str16_equal(str16_view(&out), wide("first se")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries), cmocka_unit_test(longest), cmocka_unit_test(headers),
        cmocka_unit_test(times),   cmocka_unit_test(lines),   cmocka_unit_test(long_lines),
        cmocka_unit_test(utf8),    cmocka_unit_test(events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
