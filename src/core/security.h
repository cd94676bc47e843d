// Security descriptors as they are stored: self-relative, of any origin. What the system's own
// functions decide with a token is decided here with a list of SIDs, so that a VM's user can be its
// administrator without being the host's.
#ifndef PLUME_CORE_SECURITY_H
#define PLUME_CORE_SECURITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One of the identities of who asks; `deny_only`: it counts in entries that deny, only. */
struct security_sid {
    const uint8_t *sid;
    bool deny_only;
};

/* Whether the `len` bytes are a self-relative security descriptor whose parts lie within them, and
 * are what they have to be. `len` may be more than it takes. */
bool security_valid(const void *descriptor, size_t len);

/* The bytes up to the end of the last part of a self-relative descriptor that is known as valid:
 * there may be gaps between the parts, which the sum of their sizes leaves out. */
size_t security_extent(const void *descriptor);

/* The bytes that a valid SID takes. */
size_t security_sid_size(const uint8_t *sid);

/* All rights that a valid descriptor's access list gives to who has these identities, generic ones
 * as `map` makes rights of them; its owner may always read the descriptor and change the list. A
 * descriptor without a list gives all rights. */
uint32_t security_granted(const void *descriptor, const struct security_sid *sids, size_t count,
                          uint32_t (*map)(uint32_t mask));

#endif
