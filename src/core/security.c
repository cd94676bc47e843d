#include "core/security.h"
#include "core/bytes.h"

#include <string.h>

enum {
    DESCRIPTOR_SIZE = 20,
    CONTROL_AT = 2,
    OWNER_AT = 4,
    GROUP_AT = 8,
    SACL_AT = 12,
    DACL_AT = 16,
    DACL_PRESENT = 0x4,
    SACL_PRESENT = 0x10,
    SELF_RELATIVE = 0x8000,

    SID_HEAD = 8,
    SID_PARTS_MAX = 15,

    ACL_HEAD = 8,
    ACE_HEAD = 8, // type, flags, size, mask; then the SID
    ACE_ALLOWED = 0,
    ACE_DENIED = 1,
    ACE_INHERIT_ONLY = 8,

    RIGHTS_OF_OWNER = 0x60000, // READ_CONTROL, WRITE_DAC
};

size_t security_sid_size(const uint8_t *sid)
{
    return SID_HEAD + 4 * (size_t)sid[1];
}

static bool sid_valid(const uint8_t *sid, size_t room)
{
    return room >= SID_HEAD && sid[0] == 1 && sid[1] <= SID_PARTS_MAX &&
           security_sid_size(sid) <= room;
}

static bool acl_valid(const uint8_t *acl, size_t room)
{
    if (room < ACL_HEAD || acl[0] < 2 || acl[0] > 4)
        return false;
    size_t size = get16(acl + 2), at = ACL_HEAD;
    if (size < ACL_HEAD || size > room)
        return false;
    for (uint32_t left = get16(acl + 4); left; left--) {
        if (size - at < 4)
            return false;
        const uint8_t *ace = acl + at;
        size_t ace_size = get16(ace + 2);
        if (ace_size < 4 || ace_size > size - at)
            return false;
        if (ace[0] <= ACE_DENIED &&
            (ace_size < ACE_HEAD || !sid_valid(ace + ACE_HEAD, ace_size - ACE_HEAD)))
            return false;
        at += ace_size;
    }
    return true;
}

static bool part_valid(const uint8_t *data, size_t len, size_t at,
                       bool (*valid)(const uint8_t *part, size_t room))
{
    uint32_t offset = get32(data + at);
    return !offset ||
           (offset >= DESCRIPTOR_SIZE && offset < len && valid(data + offset, len - offset));
}

bool security_valid(const void *descriptor, size_t len)
{
    const uint8_t *data = descriptor;
    if (len < DESCRIPTOR_SIZE || data[0] != 1)
        return false;
    uint32_t control = get16(data + CONTROL_AT);
    return (control & SELF_RELATIVE) && part_valid(data, len, OWNER_AT, sid_valid) &&
           part_valid(data, len, GROUP_AT, sid_valid) &&
           (!(control & SACL_PRESENT) || part_valid(data, len, SACL_AT, acl_valid)) &&
           (!(control & DACL_PRESENT) || part_valid(data, len, DACL_AT, acl_valid));
}

size_t security_extent(const void *descriptor)
{
    const uint8_t *data = descriptor;
    uint32_t control = get16(data + CONTROL_AT), owner = get32(data + OWNER_AT),
             group = get32(data + GROUP_AT);
    uint32_t sacl = control & SACL_PRESENT ? get32(data + SACL_AT) : 0,
             dacl = control & DACL_PRESENT ? get32(data + DACL_AT) : 0;
    const size_t ends[] = {
        DESCRIPTOR_SIZE,
        owner ? owner + security_sid_size(data + owner) : 0,
        group ? group + security_sid_size(data + group) : 0,
        sacl ? sacl + get16(data + sacl + 2) : 0,
        dacl ? dacl + get16(data + dacl + 2) : 0,
    };
    size_t extent = 0;
    for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
        extent = ends[i] > extent ? ends[i] : extent;
    return extent;
}

static bool is_one_of(const uint8_t *sid, const struct security_sid *sids, size_t count,
                      bool denying)
{
    size_t size = security_sid_size(sid);
    for (size_t i = 0; i < count; i++) {
        if ((denying || !sids[i].deny_only) && security_sid_size(sids[i].sid) == size &&
            memcmp(sids[i].sid, sid, size) == 0)
            return true;
    }
    return false;
}

uint32_t security_granted(const void *descriptor, const struct security_sid *sids, size_t count,
                          uint32_t (*map)(uint32_t mask))
{
    const uint32_t all = 0x10000000; // GENERIC_ALL
    const uint8_t *data = descriptor;
    uint32_t owner = get32(data + OWNER_AT), dacl = get32(data + DACL_AT);
    if (!(get16(data + CONTROL_AT) & DACL_PRESENT) || !dacl)
        return map(all);
    uint32_t granted = 0, denied = 0;
    if (owner && is_one_of(data + owner, sids, count, false))
        granted = RIGHTS_OF_OWNER;
    const uint8_t *ace = data + dacl + ACL_HEAD;
    for (uint32_t left = get16(data + dacl + 4); left; left--, ace += get16(ace + 2)) {
        if (ace[0] > ACE_DENIED || (ace[1] & ACE_INHERIT_ONLY) ||
            !is_one_of(ace + ACE_HEAD, sids, count, ace[0] == ACE_DENIED))
            continue;
        // What comes first decides.
        uint32_t mask = map(get32(ace + 4));
        if (ace[0] == ACE_DENIED)
            denied |= mask & ~granted;
        else
            granted |= mask & ~denied;
    }
    return granted;
}
