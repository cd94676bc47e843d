#include "core/ntpath.h"
#include "core/rules.h"

/* Takes `ascii` from the front of *text when a backslash or the end follows it. */
static bool take_component(struct str16 *text, const char *ascii)
{
    size_t len = 0;
    while (ascii[len])
        len++;
    if (!str16_starts_ascii(*text, ascii) || (text->len > len && text->s[len] != '\\'))
        return false;
    *text = str16_skip(*text, len);
    return true;
}

static bool is_letter(uint16_t unit)
{
    return (unit >= 'A' && unit <= 'Z') || (unit >= 'a' && unit <= 'z');
}

/* The name below a device in *rest, with its leading backslash or empty. */
static bool put_volume(struct ntpath *path, struct str16_buf *canon, struct str16 rest)
{
    while (rest.len && rest.s[rest.len - 1] == '\\') {
        path->trailing = true;
        rest.len--;
    }
    str16_put(canon, rest);
    path->canon = str16_view(canon);
    return !canon->overflow;
}

static bool parse_device(struct str16 name, const struct ntpath_drives *drives, struct str16_buf *canon, struct ntpath *path)
{
    struct str16 rest;
    for (unsigned i = 0; i < 26; i++) {
        if (drives->link[i].len && ntpath_below(name, drives->link[i], &rest) && rest.s > name.s + drives->link[i].len) {
            str16_put_unit(canon, (uint16_t)('A' + i));
            rest.s--; // with its backslash
            rest.len++;
            path->kind = NTPATH_FILE;
            return put_volume(path, canon, rest);
        }
    }
    str16_put(canon, str16_skip(name, 1));
    struct str16 whole = str16_view(canon), below = str16_skip(whole, sizeof "Device\\" - 1);
    size_t device = 0;
    while (device < below.len && below.s[device] != '\\')
        device++;
    path->kind = device == below.len || rule_find(RULE_FILE, whole)->verdict == RULE_SHARED ? NTPATH_DEVICE : NTPATH_FILE;
    path->canon = whole;
    if (whole.len && whole.s[whole.len - 1] == '\\') {
        path->canon.len--;
        path->trailing = true;
    }
    return !canon->overflow;
}

bool ntpath_parse(struct str16 name, const struct ntpath_drives *drives, struct str16_buf *canon, struct ntpath *path)
{
    *path = (struct ntpath){.kind = NTPATH_DEVICE};
    for (;;) {
        struct str16 rest = name;
        if (take_component(&rest, "\\Device\\NamedPipe") || take_component(&rest, "\\??\\pipe") ||
            take_component(&rest, "\\DosDevices\\pipe") || take_component(&rest, "\\GLOBAL??\\pipe")) {
            path->kind = NTPATH_PIPE;
            path->trailing = rest.len == 1;
            path->canon = str16_skip(rest, 1);
            return true;
        }
        if (take_component(&rest, "\\Device\\Mailslot") || take_component(&rest, "\\??\\mailslot") ||
            take_component(&rest, "\\DosDevices\\mailslot") || take_component(&rest, "\\GLOBAL??\\mailslot")) {
            path->kind = NTPATH_MAILSLOT;
            path->trailing = rest.len == 1;
            path->canon = str16_skip(rest, 1);
            return true;
        }
        if (!take_component(&rest, "\\??") && !take_component(&rest, "\\DosDevices") && !take_component(&rest, "\\GLOBAL??")) {
            if (take_component(&rest, "\\Device"))
                return parse_device(name, drives, canon, path);
            // Something else in the root, such as \SystemRoot: a link to a file.
            str16_put(canon, str16_skip(name, 1));
            path->kind = rule_find(RULE_FILE, str16_view(canon))->verdict == RULE_SHARED ? NTPATH_DEVICE : NTPATH_FILE;
            path->canon = (struct str16){canon->s, 0};
            canon->len = 0;
            str16_put_ascii(canon, "Root");
            return put_volume(path, canon, name);
        }
        if (rest.len > 1 && take_component(&rest, "\\GLOBALROOT")) {
            name = rest; // an absolute name again
            continue;
        }
        (void)take_component(&rest, "\\Global"); // \\.\Global\C:\x
        rest = str16_skip(rest, 1);
        if (rest.len >= 2 && is_letter(rest.s[0]) && rest.s[1] == ':' && (rest.len == 2 || rest.s[2] == '\\')) {
            if (rest.len == 2) {
                str16_put(canon, rest);
                path->canon = str16_view(canon);
                return !canon->overflow; // the volume itself, not its root folder
            }
            path->kind = NTPATH_FILE;
            str16_put_unit(canon, rest.s[0] >= 'a' ? (uint16_t)(rest.s[0] - 32) : rest.s[0]);
            return put_volume(path, canon, str16_skip(rest, 2));
        }
        size_t first = 0;
        while (first < rest.len && rest.s[first] != '\\')
            first++;
        struct str16 component = str16_first(rest, first);
        bool shared = false;
        if (!str16_equal_ascii(component, "unix") && !str16_equal_ascii(component, "UNC") &&
            !str16_starts_ascii(component, "Volume{")) {
            // A device's link has its device's rule. The two names are the same but for a few.
            str16_put_ascii(canon, "Device\\");
            str16_put(canon, rest);
            shared = rule_find(RULE_FILE, str16_view(canon))->verdict == RULE_SHARED;
            canon->len = 0;
        }
        path->kind = shared || first == rest.len ? NTPATH_DEVICE : NTPATH_FILE;
        return put_volume(path, canon, rest);
    }
}

void ntpath_lower(struct str16 canon, struct str16_buf *out)
{
    struct str16 rest = canon;
    if (take_component(&rest, "Device")) {
        str16_put_unit(out, '\\');
        str16_put(out, canon);
    } else if (take_component(&rest, "Root")) {
        str16_put(out, rest);
    } else if (canon.len && (canon.len == 1 || canon.s[1] == '\\')) {
        str16_put_ascii(out, "\\??\\");
        str16_put_unit(out, canon.s[0]);
        str16_put_unit(out, ':');
        str16_put(out, str16_skip(canon, 1));
        if (canon.len == 1)
            str16_put_unit(out, '\\');
    } else {
        str16_put_ascii(out, "\\??\\");
        str16_put(out, canon);
    }
}

bool ntpath_below(struct str16 name, struct str16 root, struct str16 *rest)
{
    if (!str16_starts_nocase(name, root) || (name.len > root.len && name.s[root.len] != '\\'))
        return false;
    *rest = str16_skip(name, root.len == name.len ? root.len : root.len + 1);
    return true;
}

bool ntpath_parent(struct str16 canon, struct str16 *parent)
{
    for (size_t i = canon.len; i-- > 0;) {
        if (canon.s[i] == '\\') {
            *parent = str16_first(canon, i);
            return true;
        }
    }
    return false;
}

struct str16 ntpath_leaf(struct str16 canon)
{
    struct str16 parent;
    return ntpath_parent(canon, &parent) ? str16_skip(canon, parent.len + 1) : canon;
}

struct str16 ntpath_without_stream(struct str16 canon, struct str16 *stream)
{
    struct str16 leaf = ntpath_leaf(canon);
    for (size_t i = 0; i < leaf.len; i++) {
        if (leaf.s[i] == ':') {
            *stream = str16_skip(leaf, i);
            return str16_first(canon, canon.len - stream->len);
        }
    }
    *stream = (struct str16){canon.s + canon.len, 0};
    return canon;
}
