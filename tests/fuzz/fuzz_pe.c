// libFuzzer target for the image code: lays out, relocates, binds and searches what it is given. An
// input too short for an image is replaced by a good one to damage.
// Run by script/fuzz, which says how it is built.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/pe.h"
#include "../core/small_pe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max); // libFuzzer's own

static volatile size_t sink;

static uint64_t resolve(void *context, const char *dll, const char *name)
{
    unsigned *calls = context;
    sink += strlen(dll) + strlen(name);
    // Addresses without a zero byte, which would end a name that they are written over.
    return UINT64_C(0x7f7f7f7f7f7f0101) + (++*calls & 0xff);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
    struct small_pe good = small_pe_build(seed & 1);
    if (size < 64 && max >= sizeof good.bytes) {
        memcpy(data, good.bytes, sizeof good.bytes);
        size = sizeof good.bytes;
    }
    return LLVMFuzzerMutate(data, size, max);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { MOST = 1 << 18 };
    struct pe_header header;
    unsigned calls = 0;
    uint8_t *file = malloc(size ? size : 1), *image = NULL;
    if (!file)
        return 0;
    memcpy(file, data, size); // of exactly its size, so that a read of one byte too many is seen
    if (!pe_read_header(file, size, &header) || header.image_size > MOST)
        goto done;
    for (unsigned i = 0; i <= header.sections && i < 32; i++) {
        struct pe_section section;
        if (pe_read_section(file, size, &header, i, &section) &&
            (section.file_size > size || section.virtual_size > header.image_size))
            abort();
    }
    image = calloc(1, header.image_size ? header.image_size : 1);
    if (!image || !pe_lay_out(file, size, &header, image))
        goto done;
    // Each on its own: what one has refused, the next one must survive too.
    sink += pe_relocate(image, &header, header.base + 0x12340000);
    sink += pe_bind(image, &header, resolve, &calls);
    static const char *const names[] = {"", "alpha", "alphabet", "gamma", "zeta"};
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (pe_find_export(image, &header, names[i]) >= header.image_size && header.image_size)
            abort();
done:
    free(image);
    free(file);
    return 0;
}
