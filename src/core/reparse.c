#include "core/reparse.h"

enum {
    HEADER = 8,             // tag, data length, reserved
    TAG_MOUNT_POINT = 0x3,  // the low half of 0xa0000003
    TAG_SYMLINK = 0xc,      // of 0xa000000c
    TAG_MICROSOFT = 0xa000, // the high half of both: Microsoft's, and a name surrogate
    SYMLINK_FLAG_RELATIVE = 1,
};

static unsigned u16(const uint8_t *at)
{
    return at[0] | (unsigned)at[1] << 8;
}

bool reparse_read(const uint8_t *data, size_t size, struct reparse_target *target)
{
    if (size < HEADER + 8 || u16(data + 2) != TAG_MICROSOFT)
        return false;
    unsigned tag = u16(data), length = u16(data + 4);
    bool symlink = tag == TAG_SYMLINK;
    size_t names = HEADER + (symlink ? 12 : 8); // where the two names lie
    if ((!symlink && tag != TAG_MOUNT_POINT) || length + (size_t)HEADER > size ||
        length + (size_t)HEADER < names)
        return false;
    size_t room = length + (size_t)HEADER - names;
    unsigned offset = u16(data + HEADER), bytes = u16(data + HEADER + 2);
    if (offset % 2 || bytes % 2 || offset > room || bytes > room - offset || !bytes)
        return false;
    target->name =
        (struct str16){(const uint16_t *)(const void *)(data + names + offset), bytes / 2};
    target->relative = symlink && u16(data + HEADER + 8) & SYMLINK_FLAG_RELATIVE;
    return true;
}

void reparse_join(struct str16 folder, struct str16 relative, struct str16_buf *out)
{
    size_t volume = 0;
    while (volume < folder.len && folder.s[volume] != '\\')
        volume++;
    if (relative.len && relative.s[0] == '\\')
        folder = str16_first(folder, volume);
    str16_put(out, folder);
    for (size_t at = 0; at < relative.len && !out->overflow;) {
        size_t end = at;
        while (end < relative.len && relative.s[end] != '\\')
            end++;
        struct str16 part = {relative.s + at, end - at};
        at = end + 1;
        if (!part.len || str16_equal_ascii(part, "."))
            continue;
        if (str16_equal_ascii(part, "..")) {
            size_t len = out->len;
            while (len > volume && out->s[len - 1] != '\\')
                len--;
            if (len > volume)
                out->len = len - 1;
            continue;
        }
        str16_put_unit(out, '\\');
        str16_put(out, part);
    }
}
