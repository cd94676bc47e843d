#include "core/redirect.h"
#include "core/ntpath.h"

static const char system32[] = "System32", syswow64[] = "SysWOW64", sysnative[] = "Sysnative";

/* If `name` is `first` or lies below it, gives what follows, with its backslash. `first` may have
 * several components. */
static bool begins(struct str16 name, const char *first, struct str16 *rest)
{
    size_t len = 0;
    while (first[len])
        len++;
    if (!str16_starts_ascii(name, first) || (name.len > len && name.s[len] != '\\'))
        return false;
    *rest = str16_skip(name, len);
    return true;
}

static bool is_left_alone(struct str16 below)
{
    static const char *const alone[] = {"\\catroot",      "\\catroot2", "\\driverstore",
                                        "\\drivers\\etc", "\\logfiles", "\\spool"};
    struct str16 rest;
    for (size_t i = 0; i < sizeof alone / sizeof *alone; i++)
        if (begins(below, alone[i], &rest))
            return true;
    return false;
}

static bool write_name(struct str16_buf *out, struct str16 windows, const char *folder,
                       struct str16 rest)
{
    str16_put(out, windows);
    str16_put_unit(out, '\\');
    str16_put_ascii(out, folder);
    str16_put(out, rest);
    return !out->overflow;
}

bool redirect_name(struct str16 canon, struct str16 windows, bool off, struct str16_buf *out)
{
    struct str16 below, rest;
    if (!windows.len || canon.len <= windows.len + 1 || canon.s[windows.len] != '\\' ||
        !str16_starts_nocase(canon, windows))
        return false;
    struct str16 folder = str16_first(canon, windows.len); // as the program spells it
    below = str16_skip(canon, windows.len + 1);
    if (begins(below, sysnative, &rest))
        return write_name(out, folder, system32, rest);
    if (off)
        return false;
    if (begins(below, system32, &rest))
        return !is_left_alone(rest) && write_name(out, folder, syswow64, rest);
    if (begins(below, "regedit.exe", &rest) && !rest.len)
        return write_name(out, folder, "SysWOW64\\regedit.exe", rest);
    return false;
}

bool redirect_reach(struct str16 canon, struct str16 windows, struct str16_buf *out)
{
    struct str16 rest;
    if (!windows.len || canon.len <= windows.len + 1 || canon.s[windows.len] != '\\' ||
        !str16_starts_nocase(canon, windows) ||
        !begins(str16_skip(canon, windows.len + 1), system32, &rest))
        return false;
    return write_name(out, str16_first(canon, windows.len), sysnative, rest);
}
