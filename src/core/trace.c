#include "core/trace.h"

struct trace_record *trace_begin(struct trace_ring *ring, unsigned order, uint32_t *number)
{
    *number = __atomic_fetch_add(&ring->next, 1, __ATOMIC_ACQ_REL);
    struct trace_record *record = &ring->records[*number & ((1u << order) - 1)];
    __atomic_store_n(&record->sequence, 2 * *number + 1, __ATOMIC_RELAXED);
    // No part of the record is written before that it is being written.
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return record;
}

void trace_commit(struct trace_record *record, uint32_t number)
{
    __atomic_store_n(&record->sequence, 2 * number + 2, __ATOMIC_RELEASE);
}

void trace_set_name(struct trace_record *record, struct str16 before, struct str16 name)
{
    struct str16_buf buf = {.s = record->name, .cap = TRACE_NAME_MAX};
    str16_put(&buf, str16_first(before, TRACE_NAME_MAX));
    struct str16 fits = str16_first(name, TRACE_NAME_MAX - buf.len);
    str16_put(&buf, fits);
    record->name_units = (uint16_t)buf.len;
    record->cut = before.len > TRACE_NAME_MAX || fits.len < name.len;
}

void trace_set_image(struct trace_record *record, struct str16 image)
{
    size_t start = image.len;
    while (start && image.s[start - 1] != '\\')
        start--;
    image = str16_skip(image, start);
    if (image.len > TRACE_IMAGE_MAX)
        image = str16_skip(image, image.len - TRACE_IMAGE_MAX);
    struct str16_buf buf = {.s = record->image, .cap = TRACE_IMAGE_MAX};
    str16_put(&buf, image);
    record->image_units = (uint16_t)buf.len;
}

void trace_set_call(struct trace_record *record, const char *call)
{
    size_t i = 0;
    for (; call[i] && i < TRACE_CALL_MAX - 1; i++)
        record->call[i] = call[i];
    record->call[i] = 0;
}

bool trace_is_refused(unsigned outcome, uint32_t status)
{
    const uint32_t access_denied = 0xC0000022, privilege_not_held = 0xC0000061;
    return outcome == TRACE_DENIED || status == access_denied || status == privilege_not_held;
}

bool trace_check(const struct trace_record *record)
{
    if (record->kind >= TRACE_KINDS || record->outcome >= TRACE_OUTCOMES ||
        record->name_units > TRACE_NAME_MAX || record->image_units > TRACE_IMAGE_MAX)
        return false;
    for (size_t i = 0; i < TRACE_CALL_MAX; i++) {
        char c = record->call[i];
        if (!c)
            return true;
        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')))
            return false;
    }
    return false;
}

struct trace_cursor trace_cursor_on(const struct trace_ring *ring, unsigned order, bool oldest)
{
    uint32_t next = __atomic_load_n(&ring->next, __ATOMIC_ACQUIRE), records = 1u << order;
    return (struct trace_cursor){ring, order,
                                 !oldest          ? next
                                 : next < records ? 0
                                                  : next - records,
                                 0};
}

/* How many records there are from the cursor on, of which those that were overwritten are lost. */
static uint32_t behind(struct trace_cursor *cursor)
{
    uint32_t next = __atomic_load_n(&cursor->ring->next, __ATOMIC_ACQUIRE);
    uint32_t count = next - cursor->position, records = 1u << cursor->order;
    if (count > records) {
        cursor->lost += count - records;
        cursor->position = next - records;
        count = records;
    }
    return count;
}

static const struct trace_record *record_at(const struct trace_cursor *cursor)
{
    return &cursor->ring->records[cursor->position & ((1u << cursor->order) - 1)];
}

enum trace_read trace_next(struct trace_cursor *cursor, struct trace_record *copy)
{
    for (uint32_t count = behind(cursor); count; count--) {
        const struct trace_record *record = record_at(cursor);
        uint32_t whole = 2 * cursor->position + 2;
        uint32_t sequence = __atomic_load_n(&record->sequence, __ATOMIC_ACQUIRE);
        if (sequence != whole && (int32_t)(sequence - whole) < 0)
            return TRACE_READ_BUSY;
        if (sequence == whole) {
            memcpy(copy, record, sizeof *copy);
            __atomic_thread_fence(__ATOMIC_SEQ_CST);
            if (__atomic_load_n(&record->sequence, __ATOMIC_RELAXED) == whole &&
                trace_check(copy)) {
                cursor->position++;
                return TRACE_READ_ONE;
            }
        }
        cursor->position++;
        cursor->lost++;
    }
    return TRACE_READ_NONE;
}

void trace_skip_busy(struct trace_cursor *cursor)
{
    for (uint32_t count = behind(cursor); count; count--) {
        uint32_t sequence = __atomic_load_n(&record_at(cursor)->sequence, __ATOMIC_ACQUIRE);
        if ((int32_t)(sequence - (2 * cursor->position + 2)) >= 0)
            return;
        cursor->position++;
        cursor->lost++;
    }
}

/* Whether there is a reader whose records are not given up. */
static bool has_reader(const struct trace_readers *readers)
{
    for (size_t i = 0; i < TRACE_READERS; i++)
        if (__atomic_load_n(&readers->readers[i].process, __ATOMIC_ACQUIRE) &&
            !__atomic_load_n(&readers->readers[i].given_up, __ATOMIC_ACQUIRE))
            return true;
    return false;
}

int trace_attach(struct trace_readers *readers, uint32_t process, uint32_t position,
                 bool (*is_alive)(uint32_t process))
{
    for (int i = 0; i < TRACE_READERS; i++) {
        uint32_t taken = __atomic_load_n(&readers->readers[i].process, __ATOMIC_ACQUIRE);
        if ((taken && is_alive(taken)) ||
            !__atomic_compare_exchange_n(&readers->readers[i].process, &taken, process, false,
                                         __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
            continue;
        __atomic_store_n(&readers->readers[i].position, position, __ATOMIC_RELEASE);
        __atomic_store_n(&readers->readers[i].given_up, 0, __ATOMIC_RELEASE);
        __atomic_store_n(&readers->wanted, 1, __ATOMIC_SEQ_CST);
        return i;
    }
    return -1;
}

bool trace_progress(struct trace_readers *readers, int index, uint32_t position)
{
    __atomic_store_n(&readers->readers[index].position, position, __ATOMIC_RELEASE);
    bool given_up =
        __atomic_exchange_n(&readers->readers[index].given_up, 0, __ATOMIC_ACQ_REL) != 0;
    // Also where another's end, or who gave up the last one, has switched it off meanwhile.
    if (!__atomic_load_n(&readers->wanted, __ATOMIC_ACQUIRE))
        __atomic_store_n(&readers->wanted, 1, __ATOMIC_SEQ_CST);
    return given_up;
}

void trace_detach(struct trace_readers *readers, int index)
{
    __atomic_store_n(&readers->readers[index].process, 0, __ATOMIC_RELEASE);
    if (!has_reader(readers))
        __atomic_store_n(&readers->wanted, 0, __ATOMIC_SEQ_CST);
}

/* Whether a reader is three quarters of the ring behind. */
static bool is_behind(const struct trace_readers *readers, size_t i, const struct trace_ring *ring,
                      unsigned order)
{
    uint32_t next = __atomic_load_n(&ring->next, __ATOMIC_ACQUIRE);
    uint32_t position = __atomic_load_n(&readers->readers[i].position, __ATOMIC_ACQUIRE);
    return __atomic_load_n(&readers->readers[i].process, __ATOMIC_ACQUIRE) &&
           !__atomic_load_n(&readers->readers[i].given_up, __ATOMIC_ACQUIRE) &&
           next - position >= 3u << (order - 2);
}

bool trace_must_wait(const struct trace_readers *readers, const struct trace_ring *ring,
                     unsigned order)
{
    for (size_t i = 0; i < TRACE_READERS; i++)
        if (is_behind(readers, i, ring, order))
            return true;
    return false;
}

void trace_give_up(struct trace_readers *readers, const struct trace_ring *ring, unsigned order)
{
    for (size_t i = 0; i < TRACE_READERS; i++)
        if (is_behind(readers, i, ring, order))
            __atomic_store_n(&readers->readers[i].given_up, 1, __ATOMIC_RELEASE);
    if (!has_reader(readers))
        __atomic_store_n(&readers->wanted, 0, __ATOMIC_SEQ_CST);
}
