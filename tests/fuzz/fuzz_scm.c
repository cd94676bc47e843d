// libFuzzer target for what the service manager decides of a message: requests as a program may
// send them, decoded and checked as the monitor does it. The first byte of the input chooses the
// request.
//   script/fuzz scm
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/failure.h"
#include "core/scm_proto.h"
#include "core/service_account.h"
#include "core/service_order.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint32_t sink;

static void check(bool ok)
{
    if (!ok)
        abort();
}

static struct str16 name(void)
{
    static const uint16_t text[] = {'s', 'v', 'c'};
    return (struct str16){text, 3};
}

// A configuration that is accepted has to come out of its own encoding as it went in.
static void configuration(struct wire_reader *r)
{
    struct scm_config config = scm_get_config(r);
    if (!wire_done(r))
        return;
    uint32_t error = service_config_check(name(), &config.basic);
    check(error == SVC_OK || error == SVC_E_INVALID_PARAMETER || error == SVC_E_INVALID_NAME ||
          error == SVC_E_CIRCULAR_DEPENDENCY);
    static _Alignas(4) uint8_t again[SCM_MESSAGE_MAX];
    struct wire_writer w = wire_writer_on(again, sizeof again);
    scm_put_config(&w, &config);
    struct wire_reader back = wire_reader_on(again, w.len);
    struct scm_config same = scm_get_config(&back);
    check(!w.failed && wire_done(&back) && same.basic.type == config.basic.type &&
          same.tag == config.tag && str16_equal(same.basic.group, config.basic.group) &&
          str16_equal(same.basic.display_name, config.basic.display_name));
    // Merged with itself a list has each item once, and merging it again adds nothing.
    static uint16_t room[4096];
    struct str16_buf all = {.s = room, .cap = sizeof room / sizeof *room};
    if (service_list_merge(&all, config.basic.dependencies)) {
        size_t len = all.len;
        check(service_list_merge(&all, config.basic.dependencies) && all.len == len);
        struct str16 item;
        for (size_t at = 0, place = 0; service_list_next(str16_view(&all), &at, &item); place++)
            check(service_list_place(str16_view(&all), item) == place);
    }
    struct account_name user = {name(), name()};
    sink += service_account_runs(config.basic.account, name(), &user, name(), &user, 1);
}

static void status(struct wire_reader *r)
{
    struct scm_process_status s = scm_get_process_status(r);
    uint32_t control = s.pid;
    if (!wire_done(r) || service_status_check(&s.status) != SVC_OK)
        return;
    struct service_status kept = {.type = SVC_WIN32_OWN_PROCESS};
    service_status_apply(&kept, &s.status);
    check(kept.type == SVC_WIN32_OWN_PROCESS && kept.state >= SVC_STOPPED &&
          kept.state <= SVC_PAUSED);
    uint32_t error = service_control_check(&kept, control);
    check(kept.state != SVC_STOPPED || error == SVC_E_NOT_ACTIVE);
    struct service_ending ending = {
        .state = kept.state, .accepted = kept.accepted, .told = s.flags & 1, .over = s.flags & 2};
    check(!service_ending_holds(&ending) || kept.state != SVC_STOPPED);
    sink +=
        service_control_right(control) + service_access(s.flags) + service_manager_access(s.flags);
}

static void arguments(struct wire_reader *r)
{
    uint32_t count = wire_get_u32(r), seen = 0;
    for (; seen < count && !r->failed; seen++)
        sink += (uint32_t)wire_get_str16(r).len;
    check(!wire_done(r) || seen == count);
}

// A command with a count in it, a value of tags, a trigger.
static void values(struct wire_reader *r)
{
    uint32_t number = wire_get_u32(r);
    struct str16 command = wire_get_str16_opt(r);
    struct wire_blob blob = wire_get_blob(r);
    if (r->failed)
        return;
    uint16_t room[256];
    struct str16_buf out = {.s = room, .cap = sizeof room / sizeof *room};
    check(failure_command(command, number, &out) == !out.overflow);
    size_t place = service_tag_place(blob.data, blob.len, number);
    check(place == SERVICE_NONE || (place + 2) * sizeof(uint32_t) <= blob.len);
    if (blob.len >= 16)
        sink += service_trigger(number, number, blob.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const requests[])(struct wire_reader * r) = {configuration, status, arguments,
                                                               values};
    if (size < 1)
        return 0;
    // An exact, aligned copy, so that a read of one byte too many is seen.
    uint8_t *copy = malloc(size - 1 ? size - 1 : 1);
    if (!copy)
        return 0;
    memcpy(copy, data + 1, size - 1);
    struct wire_reader r = wire_reader_on(copy, size - 1);
    requests[data[0] % (sizeof requests / sizeof *requests)](&r);
    free(copy);
    return 0;
}
