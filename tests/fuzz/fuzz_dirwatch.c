// libFuzzer target for change records: reads the input as what the system said, keeps it in a queue
// of some size, and takes it out again. Run by script/fuzz, which says how it is built.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/dirwatch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    uint32_t class = 1 + data[0] % 3;
    struct dirwatch_queue queue = {.cap = data[1] * (size_t)4};
    static struct dirwatch_names names;
    size -= 2;
    uint8_t *in = malloc(size ? size : 1), *out = malloc(queue.cap ? queue.cap : 1);
    queue.bytes = malloc(queue.cap ? queue.cap : 1); // each of exactly its size
    if (!in || !out || !queue.bytes)
        abort();
    memcpy(in, data + 2, size);
    size_t put = 0, taken = 0;
    struct dirwatch_record record;
    for (uint32_t at = 0, next = 1; next; at += next) {
        if (!dirwatch_read(class, in + at, size - at, &record, &next))
            break;
        dirwatch_put(&queue, class, &record);
        dirwatch_note(&names, record.name, DIRWATCH_GONE);
        check(dirwatch_known(&names, record.name) == DIRWATCH_GONE);
        put++;
    }
    bool lost = queue.overflow;
    size_t used = dirwatch_take(&queue, out, queue.cap);
    check(!dirwatch_any(&queue) && (!lost || !used));
    for (uint32_t at = 0, next = used != 0; next; at += next, taken++)
        check(dirwatch_read(class, out + at, used - at, &record, &next));
    check(lost || taken == put);
    free(in);
    free(out);
    free(queue.bytes);
    return 0;
}
