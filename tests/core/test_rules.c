// The table of name decisions: what its patterns mean, that each row can be reached, and what it
// says about the names that matter. The module itself is included, to reach match().
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/rules.c"

static struct str16 wide(const char *ascii, uint16_t units[256])
{
    struct str16_buf buf = {.s = units, .cap = 256};
    str16_put_ascii(&buf, ascii);
    assert_false(buf.overflow);
    return str16_view(&buf);
}

static void wildcards(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *name;
        bool matches;
    } cases[] = {
        {"", "", true},
        {"", "a", false},
        {"a", "", false},
        {"a", "A", true},
        {"A", "a", true},
        {"a", "ab", false},
        {"ab", "a", false},
        {"*", "", true},
        {"*", "a\\b", true},
        {"**", "", true},
        {"**", "abc", true},
        {"a*", "a", true},
        {"a*", "abc", true},
        {"a*", "ba", false},
        {"*a", "a", true},
        {"*a", "aa", true},
        {"*a", "baab", false},
        {"*a", "", false},
        {"a*b", "ab", true},
        {"a*b", "a\\x\\b", true}, // also over backslashes
        {"a*b", "abab", true},
        {"a*b", "abac", false},
        {"a*b*c", "abc", true},
        {"a*b*c", "axxbyyc", true},
        {"a*b*c", "acb", false},
        {"*aab", "aaab", true}, // the first try fails in the middle of itself
        {"*abab", "abaabab", true},
        {"*abac*", "ababac", true},
        {"a**b", "aab", true},
        {"?", "?", true}, // only the star is special
        {"?", "a", false},
        {".", "a", false},
        {"[a]", "a", false},
        {"\\??*", "\\??\\C:", true},
        {"\\??*", "\\ab\\C:", false},
        {"a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        uint16_t units[256];
        if (match(cases[i].pattern, wide(cases[i].name, units)) != cases[i].matches)
            print_error("'%s' '%s'\n", cases[i].pattern, cases[i].name);
        assert_int_equal(match(cases[i].pattern, wide(cases[i].name, units)), cases[i].matches);
    }
    // Units whose low byte is the pattern's are others; a zero in a name does not end it.
    static const uint16_t other[] = {0x161}, star[] = {'*'}, zero[] = {'a', 0, 'b'};
    assert_false(match("a", (struct str16){other, 1}));
    assert_false(match("a", (struct str16){star, 1}));
    assert_true(match("a*b", (struct str16){zero, 3}));
    assert_false(match("a", (struct str16){zero, 2}));
    assert_true(match("*", (struct str16){0}));
}

static void rows(void **state)
{
    (void)state;
    bool last_of_kind[3] = {false};
    for (size_t i = 0; i < rule_count; i++) {
        const struct rule *rule = &rule_table[i];
        assert_in_range(rule->kind, RULE_FILE, RULE_KEY);
        assert_in_range(rule->verdict, RULE_PRIVATE, RULE_DENIED);
        assert_true(rule->reason && strlen(rule->reason) > 3);
        assert_false(last_of_kind[rule->kind]); // a row behind it would never be asked
        last_of_kind[rule->kind] = strcmp(rule->pattern, "*") == 0;
        // No earlier row takes all that this one is for: its own pattern, the stars as some text.
        struct str16_buf name = {.s = (uint16_t[256]){0}, .cap = 256};
        for (const char *at = rule->pattern; *at; at++)
            str16_put_ascii(&name, *at == '*' ? "1" : (char[]){*at, 0});
        assert_ptr_equal(rule_find(rule->kind, str16_view(&name)), rule);
    }
    assert_true(last_of_kind[RULE_FILE] && last_of_kind[RULE_OBJECT] && last_of_kind[RULE_KEY]);
}

static void verdicts(void **state)
{
    (void)state;
    static const struct {
        enum rule_kind kind;
        enum rule_verdict verdict;
        const char *name;
    } cases[] = {
        {RULE_FILE, RULE_PRIVATE, "C\\dir\\name"},
        {RULE_FILE, RULE_PRIVATE, "C"},
        {RULE_FILE, RULE_PRIVATE, ""},
        {RULE_FILE, RULE_PRIVATE, "UNC\\server\\share\\x"},
        {RULE_FILE, RULE_PRIVATE, "Device\\NamedPipe\\x"},
        {RULE_FILE, RULE_PRIVATE, "Device\\Mailslot\\x"},
        {RULE_FILE, RULE_PRIVATE, "Device\\HarddiskVolume9\\x"},
        {RULE_FILE, RULE_SHARED, "Device\\Afd\\Endpoint"},
        {RULE_FILE, RULE_SHARED, "device\\AFD"},
        {RULE_FILE, RULE_SHARED, "Device\\ConDrv\\Connect"},
        {RULE_FILE, RULE_SHARED, "Device\\Null"},
        {RULE_FILE, RULE_DENIED, "Device\\Http\\ReqQueue"},
        {RULE_FILE, RULE_PRIVATE, "X\\Device\\Null"}, // only from the beginning

        {RULE_OBJECT, RULE_PRIVATE, "\\BaseNamedObjects"},
        {RULE_OBJECT, RULE_PRIVATE, "\\BaseNamedObjects\\Windows"},
        {RULE_OBJECT, RULE_PRIVATE, "\\Sessions\\1\\BaseNamedObjects\\x"},
        {RULE_OBJECT, RULE_PRIVATE, "\\sessions\\12\\basenamedobjects"},
        {RULE_OBJECT, RULE_PRIVATE, "\\Sessions\\1\\AppContainerNamedObjects\\S-1-15\\x"},
        // A private name does not become shared by what it is called inside.
        {RULE_OBJECT, RULE_PRIVATE, "\\BaseNamedObjects\\KnownDlls\\x"},
        {RULE_OBJECT, RULE_PRIVATE, "\\Sessions\\1\\BaseNamedObjects\\Windows\\ApiPort"},
        {RULE_OBJECT, RULE_PRIVATE, "\\RPC Control\\epmapper"},
        {RULE_OBJECT, RULE_SHARED, "\\"},
        {RULE_OBJECT, RULE_SHARED, "\\Sessions"},
        {RULE_OBJECT, RULE_SHARED, "\\Sessions\\1\\Windows\\ApiPort"},
        {RULE_OBJECT, RULE_SHARED, "\\Sessions\\0\\DosDevices\\00000000-000003e7\\C:"},
        {RULE_OBJECT, RULE_SHARED, "\\Windows\\ApiPort"},
        {RULE_OBJECT, RULE_SHARED, "\\KnownDlls\\ntdll.dll"},
        {RULE_OBJECT, RULE_SHARED, "\\KnownDlls32\\ntdll.dll"},
        {RULE_OBJECT, RULE_SHARED, "\\NLS\\NlsSectionCP437"},
        {RULE_OBJECT, RULE_SHARED, "\\KernelObjects\\LowMemoryCondition"},
        {RULE_OBJECT, RULE_SHARED, "\\??\\C:"},
        {RULE_OBJECT, RULE_PRIVATE, "\\SomePort"},
        {RULE_OBJECT, RULE_PRIVATE, "relative"},
        {RULE_OBJECT, RULE_PRIVATE, ""},

        {RULE_KEY, RULE_PRIVATE, "\\REGISTRY\\MACHINE\\SOFTWARE"},
        {RULE_KEY, RULE_PRIVATE, "\\Registry\\User\\S-1-5-18"},
        {RULE_KEY, RULE_SHARED, "\\REGISTRY"},
        {RULE_KEY, RULE_SHARED, "\\REGISTRY\\A\\{0}"},
        {RULE_KEY, RULE_PRIVATE, "\\REGISTRY\\WC\\x"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        uint16_t units[256];
        const struct rule *rule = rule_find(cases[i].kind, wide(cases[i].name, units));
        assert_int_equal(rule->kind, cases[i].kind);
        if (rule->verdict != cases[i].verdict)
            print_error("'%s': row '%s'\n", cases[i].name, rule->pattern);
        assert_int_equal(rule->verdict, cases[i].verdict);
    }
}

static void first_match_decides(void **state)
{
    (void)state;
    uint16_t units[256];
    // Matched by the rows of \Sessions\*\BaseNamedObjects, \Sessions\*\Windows and of everything.
    const struct rule *rule =
        rule_find(RULE_OBJECT, wide("\\Sessions\\1\\Windows\\BaseNamedObjects", units));
    size_t first = 0;
    while (!match(rule_table[first].pattern,
                  wide("\\Sessions\\1\\Windows\\BaseNamedObjects", units)) ||
           rule_table[first].kind != RULE_OBJECT)
        first++;
    assert_ptr_equal(rule, &rule_table[first]);
    // The same text is another name in another kind.
    assert_int_equal(rule_find(RULE_FILE, wide("\\KnownDlls\\x", units))->verdict, RULE_PRIVATE);
    assert_string_equal(rule_find(RULE_KEY, wide("\\KnownDlls\\x", units))->pattern, "*");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wildcards),
        cmocka_unit_test(rows),
        cmocka_unit_test(verdicts),
        cmocka_unit_test(first_match_decides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
