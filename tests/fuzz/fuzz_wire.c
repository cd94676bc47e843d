// libFuzzer target for the message reader. The first byte of the input chooses the order of fields.
//   clang -g -fsanitize=fuzzer,address,undefined -Isrc tests/fuzz/fuzz_wire.c src/core/wire.c
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint32_t sink;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    uint8_t order = data[0];
    // An exact, aligned copy, so that a read of one byte too many is seen.
    uint8_t *copy = malloc(size - 1 ? size - 1 : 1);
    if (!copy)
        return 0;
    memcpy(copy, data + 1, size - 1);
    struct wire_reader r = wire_reader_on(copy, size - 1);
    for (unsigned step = 0; !r.failed && r.at < r.len; step++) {
        switch ((order >> step % 7) & 3) {
        case 0:
            sink += wire_get_u32(&r);
            break;
        case 1: {
            struct str16 text = wire_get_str16_opt(&r);
            for (size_t i = 0; i < text.len; i++)
                sink += text.s[i];
            break;
        }
        case 2: {
            struct wire_blob blob = wire_get_blob(&r);
            for (size_t i = 0; i < blob.len; i++)
                sink += blob.data[i];
            break;
        }
        default:
            sink += (uint32_t)wire_get_u64(&r);
        }
    }
    sink += wire_done(&r);
    free(copy);
    return 0;
}
