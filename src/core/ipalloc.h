// Which loopback address a VM gets.
#ifndef PLUME_CORE_IPALLOC_H
#define PLUME_CORE_IPALLOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* VMs have addresses in 127.64.0.0/10: inside 127.0.0.0/8, of which any address can be used without
 * privilege or configuration, and away from its beginning, where programs choose by hand. Host byte
 * order. */
#define IPALLOC_FIRST UINT32_C(0x7f400001)
#define IPALLOC_LAST  UINT32_C(0x7f7ffffe)

bool ipalloc_in_range(uint32_t ipv4);

/* An address that is none of the `count` in `taken` (in any order), the same for the same hash and
 * the same taken ones; none ends in .0 or .255, which some programs refuse. 0 when all are taken.
 */
uint32_t ipalloc_pick(uint64_t hash, const uint32_t *taken, size_t count);

/* The second address of a VM that has this one: see core/sockaddr.h. */
static inline uint32_t ipalloc_twin(uint32_t ipv4)
{
    return ipv4 ^ UINT32_C(0x00800000);
}

#endif
