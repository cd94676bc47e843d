// libFuzzer target for reading what hostile processes write to a VM's trace: the input is the
// memory of a ring and of the readers' table.
//   clang -g -fsanitize=fuzzer,address,undefined -Isrc tests/fuzz/fuzz_trace.c src/core/*.c
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ORDER = 2 };

static bool some_live(uint32_t process)
{
    return process & 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char line[TRACE_LINE_MAX];
    static struct trace_record record;
    struct trace_readers readers = {0};
    size_t all = trace_ring_size(ORDER), used = 0;
    struct trace_ring *ring = calloc(1, all);
    if (!ring)
        return 0;
    if (size >= sizeof readers) {
        memcpy(&readers, data, sizeof readers);
        used = sizeof readers;
    }
    memcpy(ring, data + used, size - used < all ? size - used : all);
    // A ring that makes some sense is seen more often than chance has it.
    if (size & 1) {
        ring->next = 1u << ORDER;
        for (uint32_t i = 0; i < 1u << ORDER; i++)
            ring->records[i].sequence = 2 * i + 2;
    }
    struct trace_cursor cursor = trace_cursor_on(ring, ORDER, size & 2);
    if (size & 1)
        cursor.position = 0;
    int place = trace_attach(&readers, 1, cursor.position, some_live);
    for (unsigned steps = 0; steps < 64; steps++) {
        enum trace_read read = trace_next(&cursor, &record);
        if (place >= 0)
            trace_progress(&readers, place, cursor.position);
        if (read == TRACE_READ_NONE)
            break;
        if (read == TRACE_READ_BUSY)
            trace_skip_busy(&cursor);
        else if (!trace_write_json(&record, (struct str16){0}, line, sizeof line))
            abort();
        else
            (void)trace_writes_shared(&record);
    }
    if (trace_must_wait(&readers, ring, ORDER))
        trace_give_up(&readers, ring, ORDER);
    uint32_t number;
    trace_commit(trace_begin(ring, ORDER, &number), number);
    if (place >= 0)
        trace_detach(&readers, place);
    free(ring);
    return 0;
}
