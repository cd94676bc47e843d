#include "core/service_order.h"

#include <string.h>

int service_place_compare(const struct service_place *a, const struct service_place *b)
{
    if (a->delayed != b->delayed)
        return a->delayed ? 1 : -1;
    if (a->group != b->group)
        return a->group < b->group ? -1 : 1;
    if (a->tag != b->tag)
        return a->tag < b->tag ? -1 : 1;
    return str16_compare_nocase(a->name, b->name);
}

size_t service_list_place(struct str16 list, struct str16 item)
{
    struct str16 each;
    size_t place = 0;
    for (size_t at = 0; service_list_next(list, &at, &each); place++) {
        if (str16_equal_nocase(each, item))
            return place;
    }
    return SERVICE_NONE;
}

size_t service_tag_place(const void *value, size_t bytes, uint32_t tag)
{
    uint32_t count, each;
    if (bytes < sizeof count)
        return SERVICE_NONE;
    memcpy(&count, value, sizeof count);
    size_t there = bytes / sizeof each - 1;
    for (size_t i = 0; i < count && i < there; i++) {
        memcpy(&each, (const uint8_t *)value + (i + 1) * sizeof each, sizeof each);
        if (each == tag)
            return i;
    }
    return SERVICE_NONE;
}

bool service_list_merge(struct str16_buf *all, struct str16 list)
{
    struct str16 item;
    for (size_t at = 0; !all->overflow && service_list_next(list, &at, &item);) {
        if (service_list_has(str16_view(all), item))
            continue;
        str16_put(all, item);
        str16_put_unit(all, 0);
    }
    return !all->overflow;
}

enum service_trigger service_trigger(uint32_t type, uint32_t action, const uint8_t subtype[16])
{
    enum { IP_ADDRESS_AVAILABILITY = 2, NETWORK_ENDPOINT = 6, SERVICE_START = 1 };
    // NETWORK_MANAGER_FIRST_IP_ADDRESS_ARRIVAL_GUID
    static const uint8_t first_address[16] = {0xde, 0xf2, 0x27, 0x4f, 0xe2, 0x14, 0x0b, 0x43,
                                              0xa5, 0x49, 0x7c, 0xd4, 0x8c, 0xbc, 0x82, 0x45};
    // NAMED_PIPE_EVENT_GUID
    static const uint8_t named_pipe[16] = {0x31, 0xd1, 0x81, 0x1f, 0xac, 0x3f, 0x37, 0x45,
                                           0x9e, 0x0c, 0x7e, 0x7b, 0x0c, 0x2f, 0x4b, 0x55};
    if (action != SERVICE_START)
        return TRIGGER_NEVER;
    // A VM has its address from the beginning, and keeps it.
    if (type == IP_ADDRESS_AVAILABILITY && !memcmp(subtype, first_address, sizeof first_address))
        return TRIGGER_AT_START;
    if (type == NETWORK_ENDPOINT && !memcmp(subtype, named_pipe, sizeof named_pipe))
        return TRIGGER_PIPE;
    return TRIGGER_NEVER;
}

bool service_ending_holds(const struct service_ending *service)
{
    if (service->state == SVC_STOPPED || service->over)
        return false;
    if (service->told)
        return true;
    struct service_status status = {.state = service->state, .accepted = service->accepted};
    return service_control_check(&status, SVC_CONTROL_PRESHUTDOWN) == SVC_OK;
}

bool service_ending_before(const struct service_ending *a, const struct service_ending *b)
{
    return a->place < b->place; // SERVICE_NONE is the highest
}
