#include "core/overlay.h"

enum { // winnt.h
    FILE_RIGHTS = 0x2 | 0x4 | 0x10 | 0x40 |
                  0x100,           // write data, append, write EA, delete child, write attributes
    KEY_RIGHTS = 0x2 | 0x4 | 0x20, // set value, create sub-key, create link
    STANDARD_RIGHTS = 0x10000 | 0x40000 | 0x80000 |
                      0x1000000, // DELETE, WRITE_DAC, WRITE_OWNER, ACCESS_SYSTEM_SECURITY
    ALLOWED_MAXIMUM = 0x02000000,
    ALL_GENERIC = 0x10000000,
    WRITE_GENERIC = 0x40000000,
    READ_GENERIC = (int)0x80000000,
    KEY_READING = 0x20019, // KEY_READ
};

enum overlay_action overlay_open(enum overlay_what upper, enum overlay_what lower,
                                 enum overlay_disposition disposition, bool writes)
{
    if ((unsigned)disposition > OVERLAY_OVERWRITE_IF)
        return OVERLAY_USE_UPPER; // the system refuses it there, and nothing may have changed by
                                  // then
    if (upper != OVERLAY_NOTHING)
        return OVERLAY_USE_UPPER;
    if (lower == OVERLAY_NOTHING)
        return disposition == OVERLAY_OPEN || disposition == OVERLAY_OVERWRITE ? OVERLAY_ABSENT
                                                                               : OVERLAY_MAKE;
    switch (disposition) {
    case OVERLAY_CREATE:
        return OVERLAY_COLLIDE;
    case OVERLAY_OPEN:
    case OVERLAY_OPEN_IF:
        return writes ? OVERLAY_COPY_UP : OVERLAY_USE_LOWER;
    default:
        return lower == OVERLAY_FILE ? OVERLAY_COPY_UP_EMPTY : OVERLAY_COPY_UP;
    }
}

bool overlay_file_access_only_deletes(uint32_t access)
{
    const uint32_t deleting = 0x10000;
    return access & deleting && !overlay_file_access_writes(access & ~deleting);
}

bool overlay_file_access_writes(uint32_t access)
{
    return access & (FILE_RIGHTS | STANDARD_RIGHTS | ALLOWED_MAXIMUM | ALL_GENERIC | WRITE_GENERIC);
}

bool overlay_key_access_writes(uint32_t access)
{
    return access & (KEY_RIGHTS | STANDARD_RIGHTS | ALLOWED_MAXIMUM | ALL_GENERIC | WRITE_GENERIC);
}

uint32_t overlay_key_access_reading(uint32_t access)
{
    if (access & (ALLOWED_MAXIMUM | ALL_GENERIC))
        access |= KEY_READING;
    access &=
        ~(uint32_t)(KEY_RIGHTS | STANDARD_RIGHTS | ALLOWED_MAXIMUM | ALL_GENERIC | WRITE_GENERIC);
    // A handle needs some access; one that may only write reads its own name.
    return access & ~UINT32_C(0x300) /* KEY_WOW64_* choose a view, they grant nothing */
               ? access
               : access | KEY_READING;
}
