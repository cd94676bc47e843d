#include "core/keyname.h"

static size_t component_end(struct str16 name, size_t at)
{
    while (at < name.len && name.s[at] != '\\')
        at++;
    return at;
}

void keyname_append(struct str16_buf *out, struct str16 name)
{
    for (size_t at = 0; at < name.len;) {
        size_t end = component_end(name, at);
        if (end > at) {
            str16_put_unit(out, '\\');
            str16_put(out, (struct str16){name.s + at, end - at});
        }
        at = end + 1;
    }
}

bool keyname_canon(struct str16 absolute, struct str16 *canon)
{
    static const char prefix[] = "\\REGISTRY";
    enum { LEN = sizeof prefix - 1 };
    if (!str16_starts_ascii(absolute, prefix) || (absolute.len > LEN && absolute.s[LEN] != '\\'))
        return false;
    *canon = str16_skip(absolute, LEN + 1);
    return true;
}

bool keyname_below(struct str16 name, struct str16 root, struct str16 *rest)
{
    if (!root.len) {
        *rest = name;
        return true;
    }
    if (!str16_starts_nocase(name, root) || (name.len > root.len && name.s[root.len] != '\\'))
        return false;
    *rest = str16_skip(name, root.len + 1);
    return true;
}

void keyname_replace(struct str16_buf *buf, size_t start, size_t len, struct str16 by)
{
    if (buf->overflow || by.len > buf->cap - buf->len + len) {
        buf->overflow = true;
        return;
    }
    size_t tail = start + len;
    memmove(buf->s + start + by.len, buf->s + tail, (buf->len - tail) * sizeof *buf->s);
    if (by.len)
        memcpy(buf->s + start, by.s, by.len * sizeof *buf->s);
    buf->len = buf->len - len + by.len;
}

/* The component of `name` that begins at `at`. */
static struct str16 component_at(struct str16 name, size_t at)
{
    return at < name.len ? (struct str16){name.s + at, component_end(name, at) - at}
                         : (struct str16){name.s, 0};
}

/* Whether a name below SOFTWARE is at or below a key that both bitnesses have in common. */
static bool is_shared(struct str16 name)
{
#define VERSION "Microsoft\\Windows\\CurrentVersion\\"
#define NT      "Microsoft\\Windows NT\\CurrentVersion\\"
    static const char *const shared[] = {
        "Clients",
        "Microsoft\\COM3",
        "Microsoft\\Cryptography\\Calais\\Current",
        "Microsoft\\Cryptography\\Calais\\Readers",
        "Microsoft\\Cryptography\\Services",
        "Microsoft\\CTF\\SystemShared",
        "Microsoft\\CTF\\TIP",
        "Microsoft\\DFS",
        "Microsoft\\Driver Signing",
        "Microsoft\\EnterpriseCertificates",
        "Microsoft\\EventSystem",
        "Microsoft\\MSMQ",
        "Microsoft\\Non-Driver Signing",
        "Microsoft\\Notepad\\DefaultFonts",
        "Microsoft\\OLE",
        "Microsoft\\RAS",
        "Microsoft\\RPC",
        "Microsoft\\Shared Tools\\MSInfo",
        "Microsoft\\SystemCertificates",
        "Microsoft\\TermServLicensing",
        "Microsoft\\TransactionServer",
        VERSION "App Paths",
        VERSION "Control Panel\\Cursors\\Schemes",
        VERSION "Explorer\\AutoplayHandlers",
        VERSION "Explorer\\DriveIcons",
        VERSION "Explorer\\KindMap",
        VERSION "Group Policy",
        VERSION "Policies",
        VERSION "PreviewHandlers",
        VERSION "Setup",
        VERSION "Telephony\\Locations",
        NT "Console",
        NT "FontDpi",
        NT "FontLink",
        NT "FontMapper",
        NT "Fonts",
        NT "FontSubstitutes",
        NT "Gre_Initialize",
        NT "Image File Execution Options",
        NT "LanguagePack",
        NT "NetworkCards",
        NT "Perflib",
        NT "Ports",
        NT "Print",
        NT "ProfileList",
        NT "Time Zones",
        "Policies",
        "RegisteredApplications",
    };
#undef VERSION
#undef NT
    for (size_t i = 0; i < sizeof shared / sizeof *shared; i++) {
        size_t len = 0;
        while (shared[i][len])
            len++;
        if (str16_starts_ascii(name, shared[i]) && (name.len == len || name.s[len] == '\\'))
            return true;
    }
    return false;
}

/* Of the classes, these are apart for each bitness; the others are shared. */
static bool is_class_apart(struct str16 name)
{
    static const char *const apart[] = {"CLSID", "DirectShow", "Interface", "Media Type",
                                        "MediaFoundation"};
    for (size_t i = 0; i < sizeof apart / sizeof *apart; i++) {
        if (str16_equal_ascii(name, apart[i]))
            return true;
    }
    return false;
}

void keyname_to_wow64(struct str16_buf *buf, size_t start, bool shares)
{
    static const uint16_t node[] = {'\\', 'W', 'o', 'w', '6', '4', '3', '2', 'N', 'o', 'd', 'e'};
    static const struct str16 insertion = {node, sizeof node / sizeof *node};
    static const char software[] = "MACHINE\\SOFTWARE";
    enum { LEN = sizeof software - 1 };

    struct str16 canon = str16_skip(str16_view(buf), start);
    if (!str16_starts_ascii(canon, software) || (canon.len > LEN && canon.s[LEN] != '\\'))
        return;
    struct str16 first = component_at(canon, LEN + 1);
    if (str16_equal_ascii(first, "Wow6432Node")) {
        struct str16 next = component_at(canon, LEN + 1 + first.len + 1);
        if (!str16_equal_ascii(next, "Classes"))
            return;
        keyname_replace(buf, start + LEN, 1 + first.len, (struct str16){0});
        canon = str16_skip(str16_view(buf), start);
        first = component_at(canon, LEN + 1);
    }
    if (!str16_equal_ascii(first, "Classes")) {
        if (shares && is_shared(str16_skip(canon, LEN + 1)))
            return;
        keyname_replace(buf, start + LEN, 0, insertion);
        return;
    }
    size_t at = LEN + 1 + first.len;
    struct str16 second = component_at(canon, at + 1);
    if (str16_equal_ascii(second, "Wow6432Node")) {
        struct str16 third = component_at(canon, at + 1 + second.len + 1);
        if (third.len && !is_class_apart(third))
            keyname_replace(buf, start + at, 1 + second.len, (struct str16){0});
    } else if (is_class_apart(second)) {
        keyname_replace(buf, start + at, 0, insertion);
    }
}

bool keyname_is_reserved(struct str16 value)
{
    static const uint16_t reserved[] = KEYNAME_RESERVED;
    return str16_starts_nocase(value, str16_of(reserved));
}

uint32_t keyname_access_granted(uint32_t asked)
{
    uint32_t granted = asked & KEYNAME_ALL;
    if (asked & UINT32_C(0x80000000)) // GENERIC_READ
        granted |= KEYNAME_READ;
    if (asked & UINT32_C(0x40000000)) // GENERIC_WRITE
        granted |= KEYNAME_WRITE;
    if (asked & UINT32_C(0x20000000)) // GENERIC_EXECUTE
        granted |= KEYNAME_READ;
    if (asked & UINT32_C(0x12000000)) // GENERIC_ALL, MAXIMUM_ALLOWED
        granted |= KEYNAME_ALL;
    return granted;
}
