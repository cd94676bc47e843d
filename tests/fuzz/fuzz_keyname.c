// libFuzzer target for key names: the canonical form is canonical, what lies below a name joins to
// it again, and the way to the 32-bit side is taken once. Run by script/fuzz, which says how it is
// built.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/keyname.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char prefix[] = "\\REGISTRY";
    enum { PREFIX = sizeof prefix - 1, INSERTED = 12 };
    if (size < 2)
        return 0;
    bool shares = data[0] & 1, tight = data[0] & 2;
    size_t len = (size - 1) / sizeof(uint16_t), cap = PREFIX + len + 1 + (tight ? 0 : INSERTED);
    uint16_t *name = malloc(len * sizeof *name + 1), *units = malloc(cap * sizeof *units),
             *again = malloc(cap * sizeof *again); // each of exactly its size
    if (!name || !units || !again)
        abort();
    memcpy(name, data + 1, len * sizeof *name);
    struct str16_buf buf = {.s = units, .cap = cap}, second = {.s = again, .cap = cap};
    struct str16 canon, rest;
    str16_put_ascii(&buf, prefix);
    keyname_append(&buf, (struct str16){name, len});
    check(!buf.overflow && keyname_canon(str16_view(&buf), &canon));
    check(!canon.len || (canon.s[0] != '\\' && canon.s[canon.len - 1] != '\\'));
    keyname_append(&second, str16_view(&buf)); // changes nothing any more
    check(!second.overflow && str16_equal(str16_view(&second), str16_view(&buf)));
    for (size_t at = 0; at <= canon.len; at++)
        if (at == canon.len || canon.s[at] == '\\')
            check(keyname_below(canon, str16_first(canon, at), &rest) &&
                  rest.len == canon.len - at - (at && at < canon.len));
    keyname_to_wow64(&buf, PREFIX + 1, shares);
    if (!buf.overflow && canon.len) {
        second.len = 0;
        str16_put(&second, str16_view(&buf));
        keyname_to_wow64(&buf, PREFIX + 1, shares);
        check(buf.overflow || str16_equal(str16_view(&second), str16_view(&buf)) ||
              buf.len == second.len + INSERTED);
    }
    keyname_is_reserved((struct str16){name, len});
    free(name);
    free(units);
    free(again);
    return 0;
}
