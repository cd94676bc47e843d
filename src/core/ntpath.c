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

/* Where what follows the first `count` components of `text` begins. */
static const uint16_t *after_components(struct str16 text, size_t count)
{
    size_t at = 0;
    while (count-- && at < text.len)
        for (at += text.s[at] == '\\'; at < text.len && text.s[at] != '\\'; at++)
            ;
    return text.s + at;
}

/* Completes the canonical name with `rest`, which begins with its backslash or is empty. */
static bool put_volume(struct ntpath *path, struct str16_buf *canon, struct str16 rest)
{
    str16_put(canon, rest);
    path->canon = str16_view(canon);
    while (path->canon.len && path->canon.s[path->canon.len - 1] == '\\') {
        path->trailing = true;
        path->canon.len--;
    }
    return !canon->overflow;
}

/* The same on a drive. */
static bool put_drive(struct ntpath *path, struct str16_buf *canon, uint16_t letter,
                      struct str16 rest)
{
    path->kind = NTPATH_FILE;
    path->below = rest.s;
    str16_put_unit(canon, letter);
    while (rest.len > 1 && rest.s[1] == '\\')
        rest = str16_skip(rest, 1); // Wine takes C:\\x for C:\x
    return put_volume(path, canon, rest);
}

/* Wine's names of files below the machine's own root: unix\home\x, with slashes of either kind. */
static bool put_unix(struct ntpath *path, struct str16_buf *canon, struct str16 name)
{
    path->kind = NTPATH_FILE;
    path->below = name.s + sizeof "unix" - 1;
    for (size_t i = 0; i < name.len; i++) {
        uint16_t unit = name.s[i] == '/' ? '\\' : name.s[i];
        if (unit != '\\' || !canon->len || canon->s[canon->len - 1] != '\\')
            str16_put_unit(canon, unit);
    }
    return put_volume(path, canon, (struct str16){0});
}

/* Takes the directory of links from the front of *text: \??, or one of the other names of it. */
static bool take_links(struct str16 *text)
{
    if (!take_component(text, "\\??") && !take_component(text, "\\DosDevices") &&
        !take_component(text, "\\GLOBAL??"))
        return false;
    while (take_component(text, "\\Global")) // is a link to the directory that it lies in
        ;
    return true;
}

/* Takes the links of one logon, which lie in its session: \Sessions\0\DosDevices\LUID. */
static bool take_logon_links(struct str16 *text)
{
    struct str16 rest = *text;
    if (!take_component(&rest, "\\Sessions"))
        return false;
    rest = str16_skip(rest, (size_t)(after_components(rest, 1) - rest.s));
    if (!take_component(&rest, "\\DosDevices"))
        return false;
    *text = str16_skip(rest, (size_t)(after_components(rest, 1) - rest.s));
    while (take_component(text, "\\Global"))
        ;
    return true;
}

struct str16 ntpath_from_root(struct str16 name)
{
    for (struct str16 rest = name;
         (take_links(&rest) || take_logon_links(&rest)) && take_component(&rest, "\\GLOBALROOT");)
        name = rest;
    return name;
}

bool ntpath_link(struct str16 name, struct str16 *link, struct str16 *rest)
{
    while (take_links(&name) || take_logon_links(&name)) {
        if (take_component(&name, "\\GLOBALROOT"))
            continue; // an absolute name again
        if (name.len < 2 || name.s[0] != '\\' || name.s[1] == '\\')
            return false;
        size_t len = (size_t)(after_components(name, 1) - name.s);
        *link = str16_skip(str16_first(name, len), 1);
        *rest = str16_skip(name, len);
        return true;
    }
    return false;
}

/* Whether `canon` names the root folder of a volume other than a share. */
static bool is_root(struct str16 canon)
{
    struct str16 rest = canon;
    if (take_component(&rest, "Root")) {
        if (!take_links(&rest))
            return false;
        rest = str16_skip(rest, 1);
    } else if (take_component(&rest, "Device")) {
        rest = str16_skip(rest, 1);
    }
    for (size_t i = 0; i < rest.len; i++)
        if (rest.s[i] == '\\')
            return false;
    return rest.len != 0;
}

/* Whether \\server stands for the machine itself; `*`, in the name of a mailslot, for all. */
static bool is_own_machine(struct str16 server, const struct ntpath_drives *drives, bool mailslot)
{
    bool number = server.len >= sizeof "127.0.0.1" - 1 && str16_starts_ascii(server, "127.");
    for (size_t i = 0; i < server.len && number; i++)
        number = server.s[i] == '.' || (server.s[i] >= '0' && server.s[i] <= '9');
    if (number || str16_equal_ascii(server, "localhost") ||
        (mailslot && str16_equal_ascii(server, "*")))
        return true;
    for (size_t i = 0; i < sizeof drives->machine / sizeof *drives->machine; i++)
        if (drives->machine[i].len && str16_equal_nocase(server, drives->machine[i]))
            return true;
    return false;
}

/* A pipe or mailslot of the machine's own, named over the network; `name` is \server\pipe\x. */
static bool parse_machine(struct str16 name, const struct ntpath_drives *drives,
                          struct ntpath *path)
{
    const uint16_t *end = after_components(name, 1);
    struct str16 server = str16_skip(str16_first(name, (size_t)(end - name.s)), 1),
                 rest = str16_skip(name, (size_t)(end - name.s));
    bool pipe = take_component(&rest, "\\pipe");
    if ((!pipe && !take_component(&rest, "\\mailslot")) || !is_own_machine(server, drives, !pipe))
        return false;
    path->kind = pipe ? NTPATH_PIPE : NTPATH_MAILSLOT;
    path->by_machine = true;
    path->trailing = rest.len == 1;
    path->canon = str16_skip(rest, 1);
    return true;
}

/* What the name `canon` of a device, or of something below it, leads to. */
static enum ntpath_kind kind_of_device(struct str16 canon, bool below)
{
    switch (rule_find(RULE_FILE, canon)->verdict) {
    case RULE_DENIED:
        return NTPATH_DENIED;
    case RULE_SHARED:
        return NTPATH_DEVICE;
    default:
        return below ? NTPATH_FILE : NTPATH_DEVICE;
    }
}

static bool parse_device(struct str16 name, const struct ntpath_drives *drives,
                         struct str16_buf *canon, struct ntpath *path)
{
    struct str16 rest;
    for (unsigned i = 0; i < 26; i++) {
        if (drives->link[i].len && ntpath_below(name, drives->link[i], &rest) &&
            rest.s > name.s + drives->link[i].len) {
            rest.s--; // with its backslash
            rest.len++;
            return put_drive(path, canon, (uint16_t)('A' + i), rest);
        }
    }
    rest = name;
    if (take_component(&rest, "\\Device\\Mup") && rest.len > 1 && rest.s[1] != ';') {
        // What \??\UNC is a link to, and how the system names an open file of a share.
        if (parse_machine(rest, drives, path))
            return true;
        path->kind = NTPATH_FILE;
        str16_put_ascii(canon, "UNC");
        path->below = after_components(rest, 2);
        return put_volume(path, canon, rest);
    }
    str16_put(canon, str16_skip(name, 1));
    struct str16 whole = str16_view(canon), below = str16_skip(whole, sizeof "Device\\" - 1);
    size_t device = 0;
    while (device < below.len && below.s[device] != '\\')
        device++;
    path->kind = kind_of_device(whole, device && device < below.len);
    path->below = after_components(name, 2);
    return put_volume(path, canon, (struct str16){0});
}

bool ntpath_parse(struct str16 name, const struct ntpath_drives *drives, struct str16_buf *canon,
                  struct ntpath *path)
{
    *path = (struct ntpath){.kind = NTPATH_DEVICE};
    for (;;) {
        path->canon = (struct str16){canon->s, 0};
        if (name.len < 2 || name.s[0] != '\\' || name.s[1] == '\\')
            return true; // not absolute, the root, or an empty name in it
        struct str16 rest = name;
        bool links = take_links(&rest);
        if (links && take_component(&rest, "\\GLOBALROOT")) {
            name = rest; // an absolute name again
            continue;
        }
        bool pipe = take_component(&rest, links ? "\\pipe" : "\\Device\\NamedPipe");
        if (pipe || take_component(&rest, links ? "\\mailslot" : "\\Device\\Mailslot")) {
            path->kind = pipe ? NTPATH_PIPE : NTPATH_MAILSLOT;
            path->trailing = rest.len == 1;
            path->canon = str16_skip(rest, 1);
            return true;
        }
        if (!links) {
            if (take_component(&rest, "\\Device"))
                return parse_device(name, drives, canon, path);
            // Something else in the root, such as \SystemRoot: a link to a file.
            path->kind = NTPATH_FILE;
            path->below = after_components(name, 1);
            str16_put_ascii(canon, "Root");
            return put_volume(path, canon, name);
        }
        rest = str16_skip(rest, 1);
        if (rest.len >= 2 && is_letter(rest.s[0]) && rest.s[1] == ':' &&
            (rest.len == 2 || rest.s[2] == '\\')) {
            if (rest.len == 2) {
                str16_put(canon, rest);
                path->canon = str16_view(canon);
                return !canon->overflow; // the volume itself, not its root folder
            }
            uint16_t letter = rest.s[0] >= 'a' ? (uint16_t)(rest.s[0] - 32) : rest.s[0];
            return put_drive(path, canon, letter, str16_skip(rest, 2));
        }
        if (str16_starts_ascii(rest, "unix") && rest.len > 4 &&
            (rest.s[4] == '\\' || rest.s[4] == '/'))
            return put_unix(path, canon, rest);
        size_t first = 0;
        while (first < rest.len && rest.s[first] != '\\')
            first++;
        struct str16 component = str16_first(rest, first);
        if (!first)
            return true;
        if (first < rest.len && (first < 2 || str16_equal_ascii(component, "Device") ||
                                 str16_equal_ascii(component, "Root"))) {
            // Would be taken for another canonical form.
            path->kind = NTPATH_FILE;
            path->below = after_components(rest, 1);
            str16_put_ascii(canon, "Root");
            return put_volume(path, canon, name);
        }
        if (str16_equal_ascii(component, "UNC") &&
            parse_machine(str16_skip(rest, first), drives, path))
            return true;
        path->kind = first < rest.len ? NTPATH_FILE : NTPATH_DEVICE;
        if (!str16_equal_ascii(component, "UNC") && !str16_starts_ascii(component, "Volume{")) {
            // A device's link has its device's rule. The two names are the same but for a few.
            str16_put_ascii(canon, "Device\\");
            str16_put(canon, rest);
            path->kind = kind_of_device(str16_view(canon), first < rest.len);
            canon->len = 0;
        }
        path->below = after_components(rest, str16_equal_ascii(component, "UNC") ? 3 : 1);
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
    } else {
        str16_put_ascii(out, "\\??\\");
        str16_put(out, canon);
    }
    if (is_root(canon))
        str16_put_unit(out, '\\'); // without, it would be the volume itself
}

bool ntpath_below(struct str16 name, struct str16 root, struct str16 *rest)
{
    if (!str16_starts_nocase(name, root) || (name.len > root.len && name.s[root.len] != '\\'))
        return false;
    *rest = str16_skip(name, root.len == name.len ? root.len : root.len + 1);
    return true;
}

bool ntpath_is_plain(struct str16 canon)
{
    for (size_t at = 0, end; at <= canon.len; at = end + 1) {
        for (end = at; end < canon.len && canon.s[end] != '\\';)
            end++;
        struct str16 part = {canon.s + at, end - at};
        if (!part.len || str16_equal_ascii(part, ".") || str16_equal_ascii(part, ".."))
            return false;
    }
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
            struct str16 file = str16_first(canon, canon.len - stream->len);
            // A root folder has no name that the colon could follow: C:\:stream.
            if (file.len && file.s[file.len - 1] == '\\' &&
                is_root(str16_first(file, file.len - 1)))
                file.len--;
            return file;
        }
    }
    *stream = (struct str16){canon.s + canon.len, 0};
    return canon;
}
