// In which order a machine's services start and end: by load order groups, tags and dependencies,
// and at the end by what they want to be told of it.
#ifndef PLUME_CORE_SERVICE_ORDER_H
#define PLUME_CORE_SERVICE_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/service.h"

/* Where a service stands among those that start with the machine. */
struct service_place {
    bool delayed;      // after all others
    size_t group;      // its group's place in Control\ServiceGroupOrder; SERVICE_NONE: it has none
    size_t tag;        // its tag's place in the group's value of Control\GroupOrderList, or NONE
    struct str16 name; // decides where nothing else does, so that an order is always the same
};

/* Below 0: `a` starts first. */
int service_place_compare(const struct service_place *a, const struct service_place *b);

/* The place of `item` in a list as in REG_MULTI_SZ, without case; SERVICE_NONE where it is not. */
size_t service_list_place(struct str16 list, struct str16 item);

/* The place of `tag` in a value of Control\GroupOrderList: a number of tags and the tags, 32 bit
 * each. What the number promises beyond the value's `bytes` is not there. */
size_t service_tag_place(const void *value, size_t bytes, uint32_t tag);

/* Appends the items of `list` that `all`, a list as well, does not have yet, each with its
 * terminator. False: no room; `all` is then not to be used. */
bool service_list_merge(struct str16_buf *all, struct str16 list);

/* What makes a service with a trigger start, as SERVICE_TRIGGER documents it. */
enum service_trigger {
    TRIGGER_NEVER,    // what it waits for does not happen in a VM
    TRIGGER_AT_START, // it is there when the VM starts
    TRIGGER_PIPE,     // a named pipe that is opened and that nobody has made yet
};
/* `type` and `action` as in SERVICE_TRIGGER, `subtype` the GUID's 16 bytes as in memory. */
enum service_trigger service_trigger(uint32_t type, uint32_t action, const uint8_t subtype[16]);

/* A service at the machine's end. */
struct service_ending {
    uint32_t state, accepted;
    size_t place; // in Control\PreshutdownOrder; SERVICE_NONE: in none
    bool told;    // that the end is near: it got SERVICE_CONTROL_PRESHUTDOWN
    bool over;    // it got that, and its time for it is over
};

/* Whether the machine's end has still to wait for what the service does before it. */
bool service_ending_holds(const struct service_ending *service);
/* Of two that hold up the end: whether `a` is told before `b`, and `b` only after `a` has come to
 * an end. Those that have no place are told together, after all others. */
bool service_ending_before(const struct service_ending *a, const struct service_ending *b);

#endif
