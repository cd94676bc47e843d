// The many names of a file and the one canonical form: each spelling in, the host's name out again.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/ntpath.h"

#define T(literal) ((struct str16){u"" literal, sizeof(u"" literal) / sizeof(uint16_t) - 1})

enum { UNITS = 256 };

static struct ntpath_drives drives;

static int make_drives(void **state)
{
    (void)state;
    drives.link['C' - 'A'] = T("\\Device\\HarddiskVolume1");
    drives.link['D' - 'A'] = T("\\Device\\HarddiskVolume10");
    drives.link['E' - 'A'] = T("\\Device\\CdRom0");
    drives.link['S' - 'A'] = T("\\??\\C:\\folder"); // subst
    return 0;
}

static struct str16 wide(const char *ascii, uint16_t units[UNITS])
{
    struct str16_buf buf = {.s = units, .cap = UNITS};
    str16_put_ascii(&buf, ascii);
    assert_false(buf.overflow);
    return str16_view(&buf);
}

static const char *narrow(struct str16 text, char out[UNITS])
{
    assert_true(text.len < UNITS);
    for (size_t i = 0; i < text.len; i++)
        out[i] = (char)text.s[i];
    out[text.len] = 0;
    return out;
}

/* A name parsed in a buffer of exactly the units that the header asks for, both on the heap. */
struct parsed {
    uint16_t *name, *units;
    struct ntpath path;
};

static void parse(const char *ascii, struct parsed *parsed)
{
    size_t len = strlen(ascii), cap = len + 8;
    parsed->name = malloc(len ? len * sizeof *parsed->name : 1);
    parsed->units = malloc(cap * sizeof *parsed->units);
    assert_true(parsed->name && parsed->units);
    for (size_t i = 0; i < len; i++)
        parsed->name[i] = (unsigned char)ascii[i];
    struct str16_buf canon = {.s = parsed->units, .cap = cap};
    assert_true(ntpath_parse((struct str16){parsed->name, len}, &drives, &canon, &parsed->path));
}

static void forget(struct parsed *parsed)
{
    free(parsed->name);
    free(parsed->units);
}

static void check(const char *name, enum ntpath_kind kind, const char *canon, bool trailing)
{
    struct parsed parsed;
    char text[UNITS];
    parse(name, &parsed);
    if (parsed.path.kind != kind || strcmp(narrow(parsed.path.canon, text), canon) != 0)
        print_error("'%s': kind %d, '%s'\n", name, parsed.path.kind,
                    narrow(parsed.path.canon, text));
    assert_int_equal(parsed.path.kind, kind);
    assert_string_equal(narrow(parsed.path.canon, text), canon);
    assert_int_equal(parsed.path.trailing, trailing);
    forget(&parsed);
}

struct expected {
    const char *name, *canon;
};

static void check_all(enum ntpath_kind kind, bool trailing, const struct expected *cases,
                      size_t count)
{
    for (size_t i = 0; i < count; i++)
        check(cases[i].name, kind, cases[i].canon, trailing);
}

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct expected files[] = {
    {"\\??\\C:\\dir\\name", "C\\dir\\name"},
    {"\\??\\c:\\dir\\name", "C\\dir\\name"},
    {"\\DosDevices\\C:\\dir\\name", "C\\dir\\name"},
    {"\\dosdevices\\z:\\x", "Z\\x"},
    {"\\GLOBAL??\\C:\\dir\\name", "C\\dir\\name"},
    {"\\??\\Global\\C:\\dir\\name", "C\\dir\\name"},
    {"\\??\\GLOBAL\\Global\\C:\\x", "C\\x"},
    {"\\DosDevices\\Global\\C:\\x", "C\\x"},
    {"\\??\\GLOBALROOT\\??\\C:\\dir\\name", "C\\dir\\name"},
    {"\\??\\GlobalRoot\\GLOBAL??\\C:\\x", "C\\x"},
    {"\\??\\Global\\GLOBALROOT\\DosDevices\\Global\\C:\\x", "C\\x"},
    {"\\??\\GLOBALROOT\\??\\GLOBALROOT\\??\\C:\\x", "C\\x"},
    {"\\Device\\HarddiskVolume1\\dir\\name", "C\\dir\\name"},
    {"\\device\\HARDDISKVOLUME1\\x", "C\\x"},
    {"\\Device\\HarddiskVolume10\\x", "D\\x"},
    {"\\Device\\CdRom0\\x", "E\\x"},
    {"\\??\\GLOBALROOT\\Device\\HarddiskVolume1\\x", "C\\x"},
    {"\\Device\\HarddiskVolume2\\x", "Device\\HarddiskVolume2\\x"},
    {"\\Device\\HarddiskVolume100\\x", "Device\\HarddiskVolume100\\x"},
    {"\\??\\GLOBALROOT\\Device\\HarddiskVolumeShadowCopy3\\x",
     "Device\\HarddiskVolumeShadowCopy3\\x"},
    {"\\??\\UNC\\server\\share\\x", "UNC\\server\\share\\x"},
    {"\\??\\UNC\\server\\share", "UNC\\server\\share"},
    {"\\??\\Global\\UNC\\server\\share\\x", "UNC\\server\\share\\x"},
    {"\\Device\\Mup\\server\\share\\x", "UNC\\server\\share\\x"},
    {"\\Device\\Mup\\;Redirector\\;Z:01\\server\\share\\x",
     "Device\\Mup\\;Redirector\\;Z:01\\server\\share\\x"},
    {"\\??\\Volume{01234567-89ab-cdef-0123-456789abcdef}\\x",
     "Volume{01234567-89ab-cdef-0123-456789abcdef}\\x"},
    {"\\??\\unix\\home\\x", "unix\\home\\x"},
    {"\\??\\unix/home/x", "unix\\home\\x"}, // Wine's
    {"\\??\\unix\\home/x", "unix\\home\\x"},
    {"\\??\\unix//home\\\\x", "unix\\home\\x"},
    {"\\??\\C:\\\\x", "C\\x"}, // likewise
    {"\\??\\unixx\\y/z", "unixx\\y/z"},
    {"\\??\\Other\\x", "Other\\x"},
    {"\\??\\S:\\x", "S\\x"},
    {"\\SystemRoot\\system32\\ntdll.dll", "Root\\SystemRoot\\system32\\ntdll.dll"},
    {"\\SystemRoot", "Root\\SystemRoot"},
    {"\\??\\GLOBALROOT\\SystemRoot\\x", "Root\\SystemRoot\\x"},
    {"\\ArcName\\multi(0)disk(0)\\x", "Root\\ArcName\\multi(0)disk(0)\\x"},
    // Streams stay where they are.
    {"\\??\\C:\\dir\\a:b", "C\\dir\\a:b"},
    {"\\??\\C:\\dir\\a::$DATA", "C\\dir\\a::$DATA"},
    {"\\??\\C:\\:b", "C\\:b"},
    // Not what they look like.
    {"\\??\\C:dir\\x", "C:dir\\x"},
    {"\\??\\1:\\x", "1:\\x"},
    {"\\??\\CC:\\x", "CC:\\x"},
    {"\\??\\GLOBALROOTx\\Device\\x", "GLOBALROOTx\\Device\\x"},
    {"\\??\\Globalx\\C:\\x", "Globalx\\C:\\x"},
    {"\\DeviceX\\HarddiskVolume1\\x", "Root\\DeviceX\\HarddiskVolume1\\x"},
    {"\\???\\C:\\x", "Root\\???\\C:\\x"},
    // Names that another name's canonical form would be, and that nobody has: they stay apart.
    {"\\??\\C\\x", "Root\\??\\C\\x"},
    {"\\??\\Device\\HarddiskVolume1\\x", "Root\\??\\Device\\HarddiskVolume1\\x"},
    {"\\??\\Root\\SystemRoot\\x", "Root\\??\\Root\\SystemRoot\\x"},
    {"\\GLOBAL??\\Global\\C\\x", "Root\\GLOBAL??\\Global\\C\\x"},
};

static const struct expected folders[] = {
    {"\\??\\C:\\", "C"},
    {"\\??\\c:\\dir\\", "C\\dir"},
    {"\\??\\C:\\dir\\\\", "C\\dir"},
    {"\\??\\C:\\\\\\", "C"},
    {"\\Device\\HarddiskVolume1\\", "C"},
    {"\\Device\\HarddiskVolume1\\dir\\", "C\\dir"},
    {"\\Device\\HarddiskVolume2\\", "Device\\HarddiskVolume2"},
    {"\\Device\\HarddiskVolume2\\dir\\", "Device\\HarddiskVolume2\\dir"},
    {"\\Device\\HarddiskVolume2\\dir\\\\", "Device\\HarddiskVolume2\\dir"},
    {"\\??\\Volume{0}\\", "Volume{0}"},
    {"\\??\\UNC\\server\\share\\", "UNC\\server\\share"},
    {"\\Device\\Mup\\server\\share\\", "UNC\\server\\share"},
    {"\\SystemRoot\\", "Root\\SystemRoot"},
    {"\\??\\unix\\", "unix"},
    {"\\??\\unix/", "unix"},
    {"\\??\\C\\", "Root\\??\\C"},
    {"\\DosDevices\\Device\\", "Root\\DosDevices\\Device"},
    {"\\??\\unix/home/", "unix\\home"},
};

static const struct expected devices[] = {
    {"\\??\\C:", "C:"},
    {"\\DosDevices\\C:", "C:"},
    {"\\??\\Global\\C:", "C:"},
    {"\\Device\\HarddiskVolume1", "Device\\HarddiskVolume1"},
    {"\\Device\\HarddiskVolume2", "Device\\HarddiskVolume2"},
    {"\\Device", "Device"},
    {"\\??\\PhysicalDrive0", "PhysicalDrive0"},
    {"\\??\\unix", "unix"},
    {"\\??\\NUL", "NUL"},
    {"\\??\\CON", "CON"},
    {"\\??\\Volume{0}", "Volume{0}"},
    {"\\??\\UNC", "UNC"},
    {"\\Device\\Null", "Device\\Null"},
    {"\\Device\\KsecDD", "Device\\KsecDD"},
    // That the rules share with what lies below.
    {"\\Device\\Afd\\Endpoint", "Device\\Afd\\Endpoint"},
    {"\\Device\\ConDrv\\Connect", "Device\\ConDrv\\Connect"},
    {"\\??\\Nsi\\x", "Nsi\\x"},
    {"\\??\\MountPointManager", "MountPointManager"},
    // Of no use, and refused by the system itself.
    {"", ""},
    {"\\", ""},
    {"\\\\", ""},
    {"\\\\server\\share\\x", ""}, // Win32's form is none of NT's
    {"\\\\Device\\NamedPipe\\x", ""},
    {"\\??\\\\x", ""},
    {"\\??\\\\pipe\\x", ""},
    {"\\??\\GLOBALROOT\\\\Device\\NamedPipe\\x", ""},
    {"\\Device\\\\NamedPipe\\x", "Device\\\\NamedPipe\\x"},
    {"x", ""},
    {"C:\\dir\\name", ""},
    {"Device\\HarddiskVolume1\\x", ""},
    {"\\??", ""},
    {"\\DosDevices", ""},
    {"\\??\\Global", ""},
    {"\\??\\GLOBALROOT", ""},
    {"\\??\\GLOBALROOT\\", ""},
};

static const struct expected denied[] = {
    {"\\Device\\Http", "Device\\Http"},
    {"\\Device\\Http\\ReqQueue", "Device\\Http\\ReqQueue"},
    {"\\device\\HTTP\\x", "device\\HTTP\\x"},
    {"\\??\\GLOBALROOT\\Device\\Http\\x", "Device\\Http\\x"},
    {"\\??\\Http\\x", "Http\\x"},
};

static void names_of_files(void **state)
{
    (void)state;
    check_all(NTPATH_FILE, false, files, COUNT(files));
}

static void trailing_backslashes(void **state)
{
    (void)state;
    check_all(NTPATH_FILE, true, folders, COUNT(folders));
    check("\\Device\\", NTPATH_DEVICE, "Device", true);
    check("\\??\\", NTPATH_DEVICE, "", false);
}

static void names_of_devices(void **state)
{
    (void)state;
    check_all(NTPATH_DEVICE, false, devices, COUNT(devices));
    check_all(NTPATH_DENIED, false, denied, COUNT(denied));
    check("\\Device\\Https\\x", NTPATH_FILE, "Device\\Https\\x", false);
}

static void pipes_and_mailslots(void **state)
{
    (void)state;
    static const char *const roots[] = {
        "\\??\\",
        "\\DosDevices\\",
        "\\GLOBAL??\\",
        "\\??\\Global\\",
        "\\DosDevices\\GLOBAL\\global\\",
        "\\??\\GLOBALROOT\\??\\",
        "\\??\\Global\\GLOBALROOT\\GLOBAL??\\",
        "\\??\\GLOBALROOT\\GLOBAL??\\Global\\",
        "\\Device\\",
        "\\DEVICE\\",
        "\\??\\GLOBALROOT\\Device\\",
        "\\GLOBAL??\\GlobalRoot\\??\\Global\\GLOBALROOT\\Device\\",
    };
    static const struct {
        const char *link, *device;
        enum ntpath_kind kind;
    } kinds[] = {
        {"pipe", "NamedPipe", NTPATH_PIPE},
        {"PIPE", "NAMEDPIPE", NTPATH_PIPE},
        {"mailslot", "Mailslot", NTPATH_MAILSLOT},
        {"MAILslot", "MAILSLOT", NTPATH_MAILSLOT},
    };
    for (size_t i = 0; i < COUNT(roots); i++) {
        for (size_t k = 0; k < COUNT(kinds); k++) {
            size_t len = strlen(roots[i]);
            bool device = len > 7 && (strcmp(roots[i] + len - 7, "Device\\") == 0 ||
                                      strcmp(roots[i] + len - 7, "DEVICE\\") == 0);
            const char *name = device ? kinds[k].device : kinds[k].link;
            char text[UNITS];
            snprintf(text, sizeof text, "%s%s", roots[i], name);
            check(text, kinds[k].kind, "", false);
            snprintf(text, sizeof text, "%s%s\\", roots[i], name);
            check(text, kinds[k].kind, "", true);
            snprintf(text, sizeof text, "%s%s\\x", roots[i], name);
            check(text, kinds[k].kind, "x", false);
            snprintf(text, sizeof text, "%s%s\\Folder\\C:\\x:y", roots[i], name);
            check(text, kinds[k].kind, "Folder\\C:\\x:y", false);
        }
    }
    // Only as a whole component, and only in its own directory.
    check("\\??\\pipes\\x", NTPATH_FILE, "pipes\\x", false);
    check("\\??\\NamedPipe\\x", NTPATH_FILE, "NamedPipe\\x", false);
    check("\\Device\\pipe\\x", NTPATH_FILE, "Device\\pipe\\x", false);
    check("\\pipe\\x", NTPATH_FILE, "Root\\pipe\\x", false);
    check("\\??\\C:\\pipe\\x", NTPATH_FILE, "C\\pipe\\x", false);
}

static void buffers_too_small(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(files) + COUNT(folders) + COUNT(devices); i++) {
        const struct expected *expected = i < COUNT(files) ? &files[i]
                                          : i < COUNT(files) + COUNT(folders)
                                              ? &folders[i - COUNT(files)]
                                              : &devices[i - COUNT(files) - COUNT(folders)];
        uint16_t name_units[UNITS];
        struct str16 name = wide(expected->name, name_units);
        bool before = false;
        for (size_t cap = 0; cap <= name.len + 8; cap++) {
            uint16_t *units = malloc(cap ? cap * sizeof *units : 1);
            assert_non_null(units);
            struct str16_buf canon = {.s = units, .cap = cap};
            struct ntpath path;
            bool done = ntpath_parse(name, &drives, &canon, &path);
            char text[UNITS];
            if (done)
                assert_string_equal(narrow(path.canon, text), expected->canon);
            assert_true(done || !before); // what fits, fits into more
            before = done;
            free(units);
        }
        assert_true(before);
    }
}

static void lower(const char *canon, const char *expected)
{
    uint16_t units[UNITS];
    struct str16 text = wide(canon, units);
    size_t cap = text.len + 16;
    uint16_t *memory = malloc(cap * sizeof *memory);
    assert_non_null(memory);
    struct str16_buf out = {.s = memory, .cap = cap};
    char result[UNITS];
    ntpath_lower(text, &out);
    assert_false(out.overflow);
    assert_string_equal(narrow(str16_view(&out), result), expected);
    free(memory);
}

static void names_on_the_host(void **state)
{
    (void)state;
    lower("C", "\\??\\C:\\");
    lower("C\\dir\\name", "\\??\\C:\\dir\\name");
    lower("UNC\\server\\share\\x", "\\??\\UNC\\server\\share\\x");
    lower("UNC\\server\\share", "\\??\\UNC\\server\\share");
    lower("Device\\HarddiskVolume2\\x", "\\Device\\HarddiskVolume2\\x");
    // The root folder, not the volume.
    lower("Device\\HarddiskVolume2", "\\Device\\HarddiskVolume2\\");
    lower("Volume{0}", "\\??\\Volume{0}\\");
    lower("Volume{0}\\x", "\\??\\Volume{0}\\x");
    lower("Root\\SystemRoot\\x", "\\SystemRoot\\x");
    lower("Root\\SystemRoot", "\\SystemRoot");
    lower("Root\\??\\C", "\\??\\C\\");
    lower("Rootx\\y", "\\??\\Rootx\\y");
    lower("Devices\\y", "\\??\\Devices\\y");
    lower("Other\\x", "\\??\\Other\\x");
    lower("", "\\??\\");
    uint16_t units[4];
    struct str16_buf small = {.s = units, .cap = 4};
    ntpath_lower(T("C\\x"), &small);
    assert_true(small.overflow);
}

/* What the host's name of a canonical name is parsed to is that name again. */
static void round_trips(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(files) + COUNT(folders); i++) {
        const char *canon = i < COUNT(files) ? files[i].canon : folders[i - COUNT(files)].canon;
        uint16_t canon_units[UNITS], units[UNITS];
        struct str16_buf out = {.s = units, .cap = UNITS};
        struct parsed parsed;
        char text[UNITS];
        ntpath_lower(wide(canon, canon_units), &out);
        assert_false(out.overflow);
        parse(narrow(str16_view(&out), text), &parsed);
        if (strcmp(narrow(parsed.path.canon, text), canon) != 0)
            print_error("'%s' -> '%s'\n", canon, text);
        assert_int_equal(parsed.path.kind, NTPATH_FILE);
        assert_string_equal(narrow(parsed.path.canon, text), canon);
        forget(&parsed);
    }
}

static void below(void **state)
{
    (void)state;
    struct str16 rest;
    assert_true(ntpath_below(T("\\A\\B\\c\\d"), T("\\a\\b"), &rest));
    assert_true(str16_equal(rest, T("c\\d")));
    assert_true(ntpath_below(T("\\A\\B"), T("\\a\\b"), &rest));
    assert_int_equal(rest.len, 0);
    assert_true(ntpath_below(T("\\A\\B\\"), T("\\a\\b"), &rest));
    assert_int_equal(rest.len, 0);
    assert_false(ntpath_below(T("\\A\\Bc"), T("\\A\\B"), &rest));
    assert_false(ntpath_below(T("\\A"), T("\\A\\B"), &rest));
    assert_false(ntpath_below(T(""), T("\\A"), &rest));
    assert_true(ntpath_below(T("\\A"), T(""), &rest));
    assert_true(str16_equal(rest, T("A")));
    assert_true(ntpath_below(T(""), T(""), &rest));
}

static void parents_and_leaves(void **state)
{
    (void)state;
    struct str16 parent;
    assert_true(ntpath_parent(T("C\\dir\\name"), &parent));
    assert_true(str16_equal(parent, T("C\\dir")));
    assert_true(ntpath_parent(parent, &parent));
    assert_true(str16_equal(parent, T("C")));
    assert_false(ntpath_parent(parent, &parent));
    assert_false(ntpath_parent(T(""), &parent));
    assert_true(ntpath_parent(T("\\x"), &parent));
    assert_int_equal(parent.len, 0);
    assert_true(str16_equal(ntpath_leaf(T("C\\dir\\name")), T("name")));
    assert_true(str16_equal(ntpath_leaf(T("C")), T("C")));
    assert_true(str16_equal(ntpath_leaf(T("C\\dir\\")), T("")));
    assert_true(str16_equal(ntpath_leaf(T("")), T("")));
}

static void streams(void **state)
{
    (void)state;
    static const struct {
        struct str16 canon, file, stream;
    } cases[] = {
        {T("C\\dir\\a"), T("C\\dir\\a"), T("")},
        {T("C\\dir\\a:b"), T("C\\dir\\a"), T(":b")},
        {T("C\\dir\\a::$DATA"), T("C\\dir\\a"), T("::$DATA")},
        {T("C\\dir\\a:b:$DATA"), T("C\\dir\\a"), T(":b:$DATA")},
        {T("C\\dir\\a:"), T("C\\dir\\a"), T(":")},
        {T("C\\d:s\\a"), T("C\\d:s\\a"), T("")}, // only at the end
        {T("C\\:b"), T("C"), T(":b")},           // of the root folder
        {T("Device\\HarddiskVolume2\\:b"), T("Device\\HarddiskVolume2"), T(":b")},
        {T("C\\dir\\:b"), T("C\\dir\\"), T(":b")}, // no name: the system refuses it
        {T("C:b"), T("C"), T(":b")},               // relative to an open root folder
        {T(""), T(""), T("")},
        {T(":b"), T(""), T(":b")},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct str16 stream, file = ntpath_without_stream(cases[i].canon, &stream);
        assert_true(str16_equal(file, cases[i].file));
        assert_true(str16_equal(stream, cases[i].stream));
    }
    // The host's name of a root folder's stream.
    uint16_t units[32];
    struct str16_buf out = {.s = units, .cap = 32};
    struct str16 stream, file = ntpath_without_stream(T("C\\:b"), &stream);
    ntpath_lower(file, &out);
    str16_put(&out, stream);
    assert_true(str16_equal(str16_view(&out), T("\\??\\C:\\:b")));
}

static void volumes(void **state)
{
    // Where in the name that was given the volume's ends.
    static const struct {
        const char *name, *volume;
    } cases[] = {
        {"\\??\\C:\\dir\\x", "\\??\\C:"},
        {"\\DosDevices\\c:\\\\dir", "\\DosDevices\\c:"},
        {"\\??\\GLOBALROOT\\??\\Global\\C:\\x", "\\??\\GLOBALROOT\\??\\Global\\C:"},
        {"\\Device\\HarddiskVolume10\\x\\y", "\\Device\\HarddiskVolume10"},
        {"\\Device\\Other\\x\\y", "\\Device\\Other"},
        {"\\Device\\Mup\\server\\share\\x", "\\Device\\Mup\\server\\share"},
        {"\\??\\UNC\\server\\share\\x", "\\??\\UNC\\server\\share"},
        {"\\??\\UNC\\server", "\\??\\UNC\\server"},
        {"\\??\\unix\\home\\x", "\\??\\unix"},
        {"\\??\\unix/home/x", "\\??\\unix"},
        {"\\??\\Volume{1}\\x", "\\??\\Volume{1}"},
        {"\\SystemRoot\\system32", "\\SystemRoot"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct parsed parsed;
        char text[UNITS];
        parse(cases[i].name, &parsed);
        assert_int_equal(parsed.path.kind, NTPATH_FILE);
        struct str16 volume = {parsed.name, (size_t)(parsed.path.below - parsed.name)};
        assert_string_equal(narrow(volume, text), cases[i].volume);
        forget(&parsed);
    }
}

static void plain_names(void **state)
{
    (void)state;
    assert_true(ntpath_is_plain(T("C")));
    assert_true(ntpath_is_plain(T("C\\a\\...\\.b\\c.")));
    assert_false(ntpath_is_plain(T("")));
    assert_false(ntpath_is_plain(T("\\C")));
    assert_false(ntpath_is_plain(T("C\\")));
    assert_false(ntpath_is_plain(T("C\\\\a")));
    assert_false(ntpath_is_plain(T("C\\.\\a")));
    assert_false(ntpath_is_plain(T("C\\a\\..")));
}

static void odd_units(void **state)
{
    (void)state;
    // Zeros, unpaired surrogates and letters beyond ASCII are units like others.
    static const uint16_t name[] = {'\\', '?', '?', '\\', 'C', ':', '\\', 0, 0xd800, 0xe4};
    uint16_t units[UNITS];
    struct str16_buf canon = {.s = units, .cap = UNITS};
    struct ntpath path;
    assert_true(ntpath_parse((struct str16){name, COUNT(name)}, &drives, &canon, &path));
    assert_int_equal(path.kind, NTPATH_FILE);
    assert_int_equal(path.canon.len, 5);
    assert_memory_equal(path.canon.s + 2, name + 7, 6);
    // No drive letter, though its low byte is one.
    static const uint16_t wide_letter[] = {'\\', '?', '?', '\\', 0x143, ':', '\\', 'x'};
    canon = (struct str16_buf){.s = units, .cap = UNITS};
    assert_true(
        ntpath_parse((struct str16){wide_letter, COUNT(wide_letter)}, &drives, &canon, &path));
    assert_int_equal(path.canon.len, 4);
    assert_int_equal(path.canon.s[0], 0x143);
}

static void no_drives(void **state)
{
    (void)state;
    static const struct ntpath_drives none;
    uint16_t units[UNITS];
    char text[UNITS];
    struct str16_buf canon = {.s = units, .cap = UNITS};
    struct ntpath path;
    assert_true(ntpath_parse(T("\\Device\\HarddiskVolume1\\x"), &none, &canon, &path));
    assert_string_equal(narrow(path.canon, text), "Device\\HarddiskVolume1\\x");
    canon.len = 0;
    assert_true(ntpath_parse(T("\\??\\c:\\x"), &none, &canon, &path));
    assert_string_equal(narrow(path.canon, text), "C\\x");
}

static void around_the_root(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"\\??\\GLOBALROOT\\BaseNamedObjects\\x", "\\BaseNamedObjects\\x"},
        {"\\GLOBAL??\\globalroot\\??\\Global\\GLOBALROOT\\Device", "\\Device"},
        {"\\??\\GLOBALROOT\\??\\C:\\x", "\\??\\C:\\x"},
        {"\\Sessions\\0\\DosDevices\\0-1\\Global\\GLOBALROOT\\x", "\\x"},
        {"\\Sessions\\0\\DosDevices\\0-1\\GLOBALROOT\\x", "\\x"},
        {"\\??\\GLOBALROOT", ""},
        {"\\??\\GLOBALROOTS\\x", "\\??\\GLOBALROOTS\\x"},
        {"\\??\\x", "\\??\\x"},
        {"\\x", "\\x"},
        {"", ""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint16_t units[UNITS];
        char text[UNITS];
        assert_string_equal(narrow(ntpath_from_root(wide(cases[i][0], units)), text), cases[i][1]);
    }
}

static void own_machine(void **state)
{
    (void)state;
    static const struct {
        const char *name, *canon;
        enum ntpath_kind kind;
    } cases[] = {
        {"\\??\\UNC\\localhost\\pipe\\a\\b", "a\\b", NTPATH_PIPE},
        {"\\??\\unc\\LOCALHOST\\PIPE\\x", "x", NTPATH_PIPE},
        {"\\??\\UNC\\127.0.0.1\\pipe\\x", "x", NTPATH_PIPE},
        {"\\??\\UNC\\127.1.2.3\\mailslot\\x", "x", NTPATH_MAILSLOT},
        {"\\??\\UNC\\mine\\pipe\\x", "x", NTPATH_PIPE},
        {"\\Device\\Mup\\mine\\pipe\\x", "x", NTPATH_PIPE},
        {"\\??\\UNC\\*\\mailslot\\x", "x", NTPATH_MAILSLOT},
        {"\\??\\UNC\\localhost\\pipe\\", "", NTPATH_PIPE},
        {"\\??\\UNC\\localhost\\pipe", "", NTPATH_PIPE},
        {"\\??\\UNC\\*\\pipe\\x", "UNC\\*\\pipe\\x", NTPATH_FILE},
        {"\\??\\UNC\\other\\pipe\\x", "UNC\\other\\pipe\\x", NTPATH_FILE},
        {"\\??\\UNC\\127.0.0.x\\pipe\\x", "UNC\\127.0.0.x\\pipe\\x", NTPATH_FILE},
        {"\\??\\UNC\\localhost\\pipes\\x", "UNC\\localhost\\pipes\\x", NTPATH_FILE},
        {"\\??\\UNC\\localhost\\share", "UNC\\localhost\\share", NTPATH_FILE},
        {"\\??\\UNC\\localhost", "UNC\\localhost", NTPATH_FILE},
    };
    struct ntpath_drives own = drives;
    own.machine[1] = T("MINE");
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint16_t units[UNITS], name[UNITS];
        char text[UNITS];
        struct str16_buf canon = {.s = units, .cap = UNITS};
        struct ntpath path;
        assert_true(ntpath_parse(wide(cases[i].name, name), &own, &canon, &path));
        assert_int_equal(path.kind, cases[i].kind);
        assert_int_equal(path.by_machine, cases[i].kind != NTPATH_FILE);
        assert_string_equal(narrow(path.canon, text), cases[i].canon);
    }
}

static void links(void **state)
{
    (void)state;
    static const struct {
        const char *name, *link, *rest; // NULL: none
    } cases[] = {
        {"\\??\\C:", "C:", ""},
        {"\\??\\C:\\", "C:", "\\"},
        {"\\??\\C:\\a\\b", "C:", "\\a\\b"},
        {"\\DosDevices\\COM1", "COM1", ""},
        {"\\global??\\X:\\y", "X:", "\\y"},
        {"\\??\\Global\\X:\\y", "X:", "\\y"},
        {"\\??\\GLOBALROOT\\??\\X:\\y", "X:", "\\y"},
        {"\\??\\GLOBALROOT\\Device\\x", NULL, NULL},
        {"\\Sessions\\0\\DosDevices\\00000000-0001e240\\X:\\y", "X:", "\\y"},
        {"\\Sessions\\0\\DosDevices\\00000000-0001e240", NULL, NULL},
        {"\\Sessions\\0\\DosDevices", NULL, NULL},
        {"\\Sessions\\1\\BaseNamedObjects\\x", NULL, NULL},
        {"\\??", NULL, NULL},
        {"\\??\\", NULL, NULL},
        {"\\??\\\\x", NULL, NULL},
        {"\\???\\x", NULL, NULL},
        {"\\Device\\x", NULL, NULL},
        {"\\", NULL, NULL},
        {"", NULL, NULL},
        {"C:\\x", NULL, NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct str16 link, rest;
        char text[UNITS];
        uint16_t units[UNITS];
        struct str16_buf name = {.s = units, .cap = UNITS};
        str16_put_ascii(&name, cases[i].name);
        bool found = ntpath_link(str16_view(&name), &link, &rest);
        assert_int_equal(found, cases[i].link != NULL);
        if (!found)
            continue;
        assert_string_equal(narrow(link, text), cases[i].link);
        assert_string_equal(narrow(rest, text), cases[i].rest);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_files),
        cmocka_unit_test(trailing_backslashes),
        cmocka_unit_test(names_of_devices),
        cmocka_unit_test(pipes_and_mailslots),
        cmocka_unit_test(buffers_too_small),
        cmocka_unit_test(names_on_the_host),
        cmocka_unit_test(round_trips),
        cmocka_unit_test(below),
        cmocka_unit_test(parents_and_leaves),
        cmocka_unit_test(streams),
        cmocka_unit_test(volumes),
        cmocka_unit_test(plain_names),
        cmocka_unit_test(odd_units),
        cmocka_unit_test(no_drives),
        cmocka_unit_test(links),
        cmocka_unit_test(own_machine),
        cmocka_unit_test(around_the_root),
    };
    return cmocka_run_group_tests(tests, make_drives, NULL);
}
