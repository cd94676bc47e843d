#include "layer/service_pack.h"

#include <string.h>

NTSYSAPI NTSTATUS NTAPI RtlUnicodeToMultiByteN(char *, ULONG, ULONG *, const WCHAR *, ULONG);

size_t service_text_size(struct str16 text, bool ansi)
{
    if (!ansi)
        return (text.len + 1) * sizeof(uint16_t);
    ULONG bytes = 0;
    if (text.len)
        RtlUnicodeToMultiByteSize(&bytes, (WCHAR *)text.s, (ULONG)(text.len * sizeof(uint16_t)));
    return bytes + 1;
}

void service_text_write(void *out, struct str16 text, bool ansi)
{
    if (!ansi) {
        uint16_t *to = out;
        if (text.len)
            memcpy(to, text.s, text.len * sizeof(*to));
        to[text.len] = 0;
        return;
    }
    char *to = out;
    ULONG bytes = 0;
    size_t room = service_text_size(text, true) - 1;
    if (text.len)
        RtlUnicodeToMultiByteN(to, (ULONG)room, &bytes, (const WCHAR *)text.s,
                               (ULONG)(text.len * sizeof(uint16_t)));
    to[bytes] = 0;
}

void *service_pack_room(struct service_pack *pack, size_t size, size_t alignment)
{
    pack->at = (pack->at + alignment - 1) & ~(alignment - 1);
    void *room = pack->out ? pack->out + pack->at : NULL;
    pack->at += size;
    return room;
}

void *service_pack_text(struct service_pack *pack, struct str16 text)
{
    void *room = service_pack_room(pack, service_text_size(text, pack->ansi),
                                   pack->ansi ? 1 : sizeof(uint16_t));
    if (room)
        service_text_write(room, text, pack->ansi);
    return room;
}

void *service_pack_text_opt(struct service_pack *pack, struct str16 text)
{
    return text.s ? service_pack_text(pack, text) : NULL;
}

void *service_pack_list(struct service_pack *pack, struct str16 list)
{
    void *start = NULL;
    struct str16 item;
    for (size_t at = 0; service_list_next(list, &at, &item);) {
        void *each = service_pack_text(pack, item);
        if (!start)
            start = each;
    }
    void *end = service_pack_text(pack, (struct str16){0});
    return start ? start : end;
}
