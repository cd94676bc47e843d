#include "core/boundary.h"
#include "core/bytes.h"

enum {
    COUNT_AT = 4,
    ENTRY_HEADER = 8, // type and size, which includes this
    ENTRY_NAME = 1,
    ALIGNMENT = 8,
};

static size_t aligned(size_t size)
{
    return (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
}

size_t boundary_mark(const uint8_t *in, size_t size, struct str16 mark, uint8_t *out, size_t cap)
{
    size_t from = BOUNDARY_HEADER, to = BOUNDARY_HEADER, mark_size = mark.len * sizeof *mark.s;
    bool named = false;
    if (size < BOUNDARY_HEADER || size > BOUNDARY_MAX || cap < BOUNDARY_HEADER ||
        get32(in) != BOUNDARY_VERSION || get32(in + BOUNDARY_SIZE_AT) != size)
        return 0;
    memcpy(out, in, BOUNDARY_HEADER);
    for (uint32_t i = 0, count = get32(in + COUNT_AT); i < count; i++) {
        if (from > size || size - from < ENTRY_HEADER)
            return 0;
        uint32_t type = get32(in + from), length = get32(in + from + 4);
        size_t more = type == ENTRY_NAME ? mark_size : 0;
        if (length < ENTRY_HEADER || length > size - from || to > cap ||
            cap - to < aligned(length + more))
            return 0;
        memset(out + to, 0, aligned(length + more));
        put32(out + to, type);
        put32(out + to + 4, (uint32_t)(length + more));
        if (more)
            memcpy(out + to + ENTRY_HEADER, mark.s, more);
        memcpy(out + to + ENTRY_HEADER + more, in + from + ENTRY_HEADER, length - ENTRY_HEADER);
        named |= type == ENTRY_NAME;
        from += aligned(length);
        to += aligned(length + more);
    }
    put32(out + BOUNDARY_SIZE_AT, (uint32_t)to);
    return named ? to : 0;
}
