#include "core/ipalloc.h"

bool ipalloc_in_range(uint32_t ipv4)
{
    uint8_t last = (uint8_t)ipv4;
    return ipv4 >= IPALLOC_FIRST && ipv4 <= IPALLOC_LAST && last != 0 && last != 255;
}

static bool is_taken(uint32_t ipv4, const uint32_t *taken, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (taken[i] == ipv4)
            return true;
    }
    return false;
}

uint32_t ipalloc_pick(uint64_t hash, const uint32_t *taken, size_t count)
{
    const uint32_t mask =
        IPALLOC_LAST - IPALLOC_FIRST + 2; // 127.64.0.0/10 has 22 bits for the host
    uint32_t offset = ((uint32_t)(hash >> 32) ^ (uint32_t)hash) & mask;
    for (uint32_t tries = 0; tries <= mask; tries++, offset = (offset + 1) & mask) {
        uint32_t ipv4 = IPALLOC_FIRST - 1 + offset;
        if (ipalloc_in_range(ipv4) && !is_taken(ipv4, taken, count))
            return ipv4;
    }
    return 0;
}
