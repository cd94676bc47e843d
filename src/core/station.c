#include "core/station.h"

static const uint16_t station_main[] = u"WinSta0", desktop_main[] = u"Default";

enum { SEPARATOR = '!' }; // in no VM's id

static void to_host(struct str16 root, const uint16_t *main, struct str16 name,
                    struct str16_buf *out)
{
    if (str16_equal_nocase(name, str16_of(main))) {
        str16_put(out, root);
        return;
    }
    if (!str16_equal_nocase(root, str16_of(main))) {
        str16_put(out, root);
        str16_put_unit(out, SEPARATOR);
    }
    str16_put(out, name);
}

static bool from_host(struct str16 root, const uint16_t *main, struct str16 name, struct str16 *out)
{
    *out = name;
    if (str16_equal_nocase(root, str16_of(main)))
        return true;
    if (!str16_starts_nocase(name, root))
        return false;
    if (name.len == root.len) {
        *out = str16_of(main);
        return true;
    }
    *out = str16_skip(name, root.len + 1);
    return name.s[root.len] == SEPARATOR;
}

void station_to_host(const struct station_names *names, struct str16 name, struct str16_buf *out)
{
    to_host(names->station, station_main, name, out);
}

void station_desktop_to_host(const struct station_names *names, struct str16 name,
                             struct str16_buf *out)
{
    to_host(names->desktop, desktop_main, name, out);
}

bool station_from_host(const struct station_names *names, struct str16 name, struct str16 *out)
{
    return from_host(names->station, station_main, name, out);
}

bool station_desktop_from_host(const struct station_names *names, struct str16 name,
                               struct str16 *out)
{
    return from_host(names->desktop, desktop_main, name, out);
}

void station_place(const struct station_names *names, struct str16 asked, struct str16_buf *out)
{
    size_t at = 0;
    while (at < asked.len && asked.s[at] != '\\')
        at++;
    bool has_station = at < asked.len;
    station_to_host(names, has_station ? str16_first(asked, at) : str16_of(station_main), out);
    str16_put_unit(out, '\\');
    if (!asked.len)
        str16_put(out, names->desktop);
    else if (!has_station)
        station_desktop_to_host(names, asked, out);
    else if (at + 1 < asked.len)
        station_desktop_to_host(names, str16_skip(asked, at + 1), out);
}

bool station_action_changes(uint32_t action, bool has_buffer)
{
    static const uint8_t sets[] = {
        0x02, 0x04, 0x06, 0x0b, 0x0f, 0x11, 0x13, 0x14, 0x15, 0x17, 0x1a, 0x1c, 0x1d, 0x1e, 0x20,
        0x21, 0x22, 0x24, 0x25, 0x2a, 0x2c, 0x2e, 0x2f, 0x31, 0x33, 0x35, 0x37, 0x39, 0x3b, 0x3d,
        0x3f, 0x41, 0x43, 0x45, 0x47, 0x49, 0x4b, 0x4c, 0x4d, 0x4e, 0x51, 0x52, 0x55, 0x56, 0x57,
        0x58, 0x5a, 0x5b, 0x5d, 0x60, 0x61, 0x63, 0x65, 0x67, 0x69, 0x6b, 0x6d, 0x6f, 0x71};
    enum { PAIRS = 0x74, ICON_HORIZONTAL = 0x0d, ICON_VERTICAL = 0x18 };
    if (action >= PAIRS)
        return action & 1;
    if (action == ICON_HORIZONTAL || action == ICON_VERTICAL)
        return !has_buffer;
    for (size_t i = 0; i < sizeof sets; i++)
        if (action == sets[i])
            return true;
    return false;
}
