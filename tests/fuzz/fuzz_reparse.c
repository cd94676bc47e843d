// libFuzzer target for the data of reparse points, which other programs wrote. The target's name
// must lie in the data, and joined to a folder it must stay a plain name on the folder's volume.
// Run by script/fuzz.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/ntpath.h"
#include "core/reparse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint16_t folder_units[] = u"C\\dir\\sub";

static void check(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reparse_target target;
    uint8_t *copy = malloc(size ? size : 1); // aligned as the system's buffers are
    check(copy != NULL);
    memcpy(copy, data, size);
    if (reparse_read(copy, size, &target)) {
        const uint8_t *begin = (const uint8_t *)target.name.s;
        check(begin >= copy && begin + 2 * target.name.len <= copy + size && target.name.len);
        struct str16 folder = str16_of(folder_units);
        size_t cap = folder.len + target.name.len + 1;
        uint16_t *units = malloc(cap * sizeof *units);
        check(units != NULL);
        struct str16_buf out = {.s = units, .cap = cap};
        reparse_join(folder, target.name, &out);
        check(!out.overflow && out.len && out.s[0] == 'C' && ntpath_is_plain(str16_view(&out)));
        free(units);
    }
    free(copy);
    return 0;
}
