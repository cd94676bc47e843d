#include "core/failure.h"

bool failure_counts(bool crashed, uint32_t exit_code, bool on_error)
{
    return crashed || (on_error && exit_code);
}

size_t failure_next(struct failure_count *failures, uint64_t now, uint32_t reset_period,
                    size_t actions)
{
    if (reset_period != FAILURE_NEVER_RESET && failures->count &&
        now - failures->last >= (uint64_t)reset_period * 1000)
        failures->count = 0;
    failures->last = now;
    if (failures->count < UINT32_MAX)
        failures->count++;
    return failures->count < actions ? failures->count - 1 : actions - 1;
}

bool failure_command(struct str16 command, uint32_t count, struct str16_buf *out)
{
    static const char place[] = "%1%";
    for (size_t i = 0; i < command.len;) {
        if (str16_starts_ascii(str16_skip(command, i), place)) {
            str16_put_u32(out, count);
            i += sizeof place - 1;
        } else {
            str16_put_unit(out, command.s[i++]);
        }
    }
    return !out->overflow;
}
