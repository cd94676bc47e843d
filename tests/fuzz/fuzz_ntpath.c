// libFuzzer target for file names. The input is a name's units; its first byte chooses how small
// the buffer is. The host's name of a canonical name must lead back to it. Run by script/fuzz,
// which says how it is built.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/ntpath.h"
#include "core/rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint16_t volume_1[] = u"\\Device\\HarddiskVolume1";
static const uint16_t volume_2[] = u"\\Device\\HarddiskVolume2";

static void check(bool holds)
{
    if (!holds)
        abort();
}

static uint16_t *units(size_t count)
{
    uint16_t *memory = malloc(count ? count * sizeof *memory : 1);
    check(memory != NULL);
    return memory;
}

static void check_file(struct str16 canon, const struct ntpath_drives *drives)
{
    uint16_t *lower = units(canon.len + 16), *again = units(canon.len + 16 + 8);
    struct str16_buf out = {.s = lower, .cap = canon.len + 16};
    struct str16_buf canon_again = {.s = again, .cap = canon.len + 16 + 8};
    struct str16 stream, parent, file = ntpath_without_stream(canon, &stream);
    struct ntpath path;

    check(canon.len && canon.s[canon.len - 1] != '\\');
    check(file.len + stream.len <= canon.len && file.len + stream.len + 1 >= canon.len);
    check(!ntpath_parent(canon, &parent) || parent.len + 1 + ntpath_leaf(canon).len == canon.len);
    ntpath_lower(canon, &out);
    check(!out.overflow);
    check(ntpath_parse(str16_view(&out), drives, &canon_again, &path));
    check(path.kind == NTPATH_FILE && str16_equal_nocase(path.canon, canon));
    free(lower);
    free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    struct ntpath_drives drives = {0};
    drives.link[2] = str16_of(volume_1);
    drives.link[3] = str16_of(volume_2);
    size_t len = (size - 1) / 2;
    uint16_t *text = units(len);
    for (size_t i = 0; i < len; i++)
        text[i] = (uint16_t)(data[1 + 2 * i] | data[2 + 2 * i] << 8);
    struct str16 name = {text, len};

    size_t cap = data[0] < len + 8 ? data[0] : len + 8;
    uint16_t *small = units(cap), *enough = units(len + 8);
    struct str16_buf canon = {.s = small, .cap = cap};
    struct ntpath path;
    (void)ntpath_parse(name, &drives, &canon, &path);
    canon = (struct str16_buf){.s = enough, .cap = len + 8};
    check(ntpath_parse(name, &drives, &canon, &path));
    if (path.kind == NTPATH_FILE) {
        check(path.below > text && path.below <= text + len);
        check_file(path.canon, &drives);
    }
    for (int kind = RULE_FILE; kind <= RULE_KEY; kind++)
        check(rule_find((enum rule_kind)kind, name)->kind == (enum rule_kind)kind);
    free(text);
    free(small);
    free(enough);
    return 0;
}
