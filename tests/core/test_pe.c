// A small image laid out, relocated, bound and searched; and each field of it damaged in turn. File
// and image have exactly their sizes on the heap, so that the sanitizer sees a read or write behind
// their ends.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/pe.h"
#include "small_pe.h"

static uint32_t get32(const uint8_t *at)
{
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static uint64_t get_pointer(const uint8_t *at, bool wide)
{
    return wide ? get32(at) | (uint64_t)get32(at + 4) << 32 : get32(at);
}

struct binding {
    unsigned calls;
    unsigned absent;  // number of the call that is not resolved
    uint64_t address; // of what is before the first
    char seen[128];
};

static uint64_t resolve(void *context, const char *dll, const char *name)
{
    struct binding *binding = context;
    if (strlen(binding->seen) + strlen(dll) + strlen(name) + 3 < sizeof binding->seen) {
        strcat(binding->seen, dll);
        strcat(binding->seen, "!");
        strcat(binding->seen, name);
        strcat(binding->seen, " ");
    }
    binding->calls++;
    return binding->calls == binding->absent ? 0 : binding->address + binding->calls;
}

enum stage { HEADER, LAY_OUT, RELOCATE, BIND, EXPORT, DONE };

/* The first stage that refuses the file. */
static enum stage load(const uint8_t *bytes, size_t size)
{
    enum stage stage = HEADER;
    struct pe_header header;
    struct binding binding = {.address = 0x71223300};
    uint8_t *file = malloc(size ? size : 1), *image = NULL;
    assert_non_null(file);
    memcpy(file, bytes, size);
    if (pe_read_header(file, size, &header) && header.image_size < 1 << 20) {
        stage = LAY_OUT;
        image = calloc(1, header.image_size ? header.image_size : 1);
        assert_non_null(image);
        if (pe_lay_out(file, size, &header, image))
            stage = RELOCATE;
    }
    if (stage == RELOCATE && pe_relocate(image, &header, header.base + 0x70000))
        stage = BIND;
    if (stage == BIND && pe_bind(image, &header, resolve, &binding))
        stage = EXPORT;
    if (stage == EXPORT && pe_find_export(image, &header, "alpha"))
        stage = DONE;
    free(file);
    free(image);
    return stage;
}

static void whole(bool wide)
{
    struct small_pe b = small_pe_build(wide);
    struct pe_header header;
    assert_true(pe_read_header(b.bytes, FILE_SIZE, &header));
    assert_int_equal(header.machine, wide ? PE_MACHINE_X86_64 : PE_MACHINE_I386);
    assert_int_equal(header.wide, wide);
    assert_int_equal(header.sections, 3);
    assert_int_equal(header.section_table, small_pe_section_table_at(wide));
    assert_int_equal(header.image_size, IMAGE_SIZE);
    assert_int_equal(header.headers_size, HEADERS);
    assert_true(header.base == BASE);
    assert_int_equal(header.exports.rva, EXPORTS);
    assert_int_equal(header.exports.size, EXPORTS_SIZE);
    assert_int_equal(header.imports.rva, DATA);
    assert_int_equal(header.relocations.rva, RELOC);
    assert_int_equal(header.relocations.size, RELOC_SIZE);

    struct pe_section section;
    assert_true(pe_read_section(b.bytes, FILE_SIZE, &header, 0, &section));
    assert_int_equal(section.rva, TEXT);
    assert_int_equal(section.virtual_size, TEXT_SIZE);
    assert_int_equal(section.file_size, TEXT_SIZE); // without what pads the file
    assert_int_equal(section.file_offset, TEXT_AT);
    assert_int_equal(section.characteristics, PE_SECTION_EXECUTE);
    assert_true(pe_read_section(b.bytes, FILE_SIZE, &header, 1, &section));
    assert_int_equal(section.file_size, 0x200);
    assert_false(pe_read_section(b.bytes, FILE_SIZE, &header, 3, &section));

    uint8_t *image = calloc(1, IMAGE_SIZE);
    assert_non_null(image);
    assert_true(pe_lay_out(b.bytes, FILE_SIZE, &header, image));
    assert_memory_equal(image, b.bytes, HEADERS);
    assert_int_equal(image[TEXT + TEXT_SIZE - 1], 0xcc);
    assert_int_equal(image[TEXT + TEXT_SIZE], 0);
    assert_memory_equal(image + DATA, b.bytes + DATA_AT, 0x200);
    assert_int_equal(image[DATA + 0x200], 0);
    assert_memory_equal(image + RELOC, b.bytes + RELOC_AT, RELOC_SIZE);

    // At its own base nothing changes.
    assert_true(pe_relocate(image, &header, BASE));
    assert_true(get_pointer(image + POINTER, wide) == (uint64_t)BASE + TEXT);
    uint64_t base = wide ? UINT64_C(0x7ff812340000) : 0x08000000;
    assert_true(pe_relocate(image, &header, base));
    assert_true(get_pointer(image + POINTER, wide) == base + TEXT);
    assert_true(get_pointer(image + POINTER + 8, wide) == base + DATA + 1);
    assert_int_equal(image[POINTER + 16], 0);

    struct binding binding = {.address = wide ? UINT64_C(0x7f0071223300) : 0x71223300};
    assert_true(pe_bind(image, &header, resolve, &binding));
    assert_string_equal(binding.seen, "a.dll!One a.dll!Two b.dll!Three ");
    uint64_t first = binding.address + 1;
    uint32_t width = wide ? 8 : 4;
    assert_true(get_pointer(image + SLOTS, wide) == first);
    assert_true(get_pointer(image + SLOTS + width, wide) == first + 1);
    assert_true(get_pointer(image + SLOTS + 2 * width, wide) == 0);
    assert_true(get_pointer(image + LOOKUPS, wide) == NAMES + 16);
    assert_true(get_pointer(image + MORE_SLOTS, wide) == first + 2);

    small_pe_put32(image + EXPORTS + 12, EXPORTS + 0x80);
    assert_string_equal(pe_linked_name(image, &header), "other.thing");
    small_pe_put32(image + EXPORTS + 12, IMAGE_SIZE);
    assert_null(pe_linked_name(image, &header));
    assert_int_equal(pe_find_export(image, &header, "alpha"), TEXT + 4);
    assert_int_equal(pe_find_export(image, &header, "gamma"), TEXT + 8);
    assert_int_equal(pe_find_export(image, &header, "alphabet"), 0); // leads elsewhere
    static const char *const absent[] = {"", "a", "alphab", "alphabets", "Alpha", "zeta", "\xff"};
    for (size_t i = 0; i < sizeof(absent) / sizeof(*absent); i++)
        assert_int_equal(pe_find_export(image, &header, absent[i]), 0);
    free(image);
    assert_int_equal(load(b.bytes, FILE_SIZE), DONE);
}

static void whole_of_32_bit(void **state)
{
    (void)state;
    whole(false);
}

static void whole_of_64_bit(void **state)
{
    (void)state;
    whole(true);
}

static void unresolved_import(void **state)
{
    (void)state;
    struct small_pe b = small_pe_build(true);
    struct pe_header header;
    assert_true(pe_read_header(b.bytes, FILE_SIZE, &header));
    for (unsigned absent = 1; absent <= 3; absent++) {
        uint8_t *image = calloc(1, IMAGE_SIZE);
        assert_non_null(image);
        assert_true(pe_lay_out(b.bytes, FILE_SIZE, &header, image));
        struct binding binding = {.absent = absent, .address = BASE};
        assert_false(pe_bind(image, &header, resolve, &binding));
        assert_int_equal(binding.calls, absent);
        free(image);
    }
}

static void every_truncation_fails(void **state)
{
    (void)state;
    for (int wide = 0; wide < 2; wide++) {
        struct small_pe b = small_pe_build(wide);
        for (size_t size = 0; size < FILE_SIZE; size++)
            assert_in_range(load(b.bytes, size), HEADER, LAY_OUT);
    }
}

/* One damage: `bytes` bytes at the file's offset `at` become `value`, and `stage` refuses it. */
struct damage {
    uint32_t at;
    unsigned bytes;
    uint64_t value;
    enum stage stage;
};

#define IN_DATA(rva) ((rva)-DATA + DATA_AT)

static void check_damage(bool wide, const struct damage *damages, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct damage *d = &damages[i];
        struct small_pe b = small_pe_build(wide);
        for (unsigned byte = 0; byte < d->bytes; byte++)
            b.bytes[d->at + byte] = (uint8_t)(d->value >> 8 * byte);
        enum stage stage = load(b.bytes, FILE_SIZE);
        if (stage != d->stage)
            print_error("damage %zu (%#x): stage %d\n", i, d->at, stage);
        assert_int_equal(stage, d->stage);
    }
}

static void damaged_headers(void **state)
{
    (void)state;
    for (int wide = 0; wide < 2; wide++) {
        uint32_t table = small_pe_section_table_at(wide), count = OPTIONAL + (wide ? 108u : 92u);
        const struct damage damages[] = {
            {0, 1, 'm', HEADER},
            {1, 1, 'z', HEADER},
            {60, 4, FILE_SIZE - 24, HEADER},
            {60, 4, FILE_SIZE, HEADER},
            {60, 4, 0x7fffffff, HEADER},
            {60, 4, 0xfffffff0, HEADER},
            {60, 4, 0xffffffff, HEADER},
            {60, 4, 0, HEADER}, // no signature there
            {NT, 1, 'N', HEADER},
            {NT + 3, 1, 1, HEADER},
            {NT + 20, 2, 0, HEADER},
            {NT + 20, 2, (wide ? 112 : 96) + 47, HEADER},
            {NT + 20, 2, 0xffff, HEADER},
            {NT + 6, 2, 0xffff, HEADER},                       // sections
            {NT + 6, 2, (FILE_SIZE - table) / 40 + 1, HEADER}, // one more than fit
            {OPTIONAL, 2, 0x107, HEADER},                      // a ROM image
            {OPTIONAL, 2, 0, HEADER},
            {OPTIONAL + 56, 4, 0, HEADER}, // image smaller than its headers
            {OPTIONAL + 56, 4, HEADERS - 1, HEADER},
            {OPTIONAL + 56, 4, IMAGE_SIZE - 1, LAY_OUT},
            {OPTIONAL + 60, 4, FILE_SIZE + 1, HEADER},
            {OPTIONAL + 60, 4, 0xffffffff, HEADER},
            {OPTIONAL + 60, 4, IMAGE_SIZE + 1, HEADER},
            {count, 4, 5, RELOCATE}, // no relocation directory
            {count, 4, 0, RELOCATE},
            {table + 12, 4, IMAGE_SIZE - TEXT_SIZE + 1, LAY_OUT}, // a section's RVA
            {table + 12, 4, 0xffffffff, LAY_OUT},
            {table + 12, 4, 0xfffffff8, LAY_OUT},           // wraps around
            {table + 8, 4, IMAGE_SIZE - TEXT + 1, LAY_OUT}, // its size in memory
            {table + 8, 4, 0xffffffff, LAY_OUT},
            {table + 20, 4, FILE_SIZE - TEXT_SIZE + 1, LAY_OUT}, // its place in the file
            {table + 20, 4, 0xffffffff, LAY_OUT},
            {table + 20, 4, 0xfffffff8, LAY_OUT},
            {table + 80 + 8, 4, RELOC_SIZE + 1, LAY_OUT},
            {table + 40 + 16, 4, 0xffffffff,
             LAY_OUT}, // what is cut to the size in memory is too much
        };
        check_damage(wide, damages, sizeof(damages) / sizeof(*damages));
    }
}

static void damaged_relocations(void **state)
{
    (void)state;
    for (int wide = 0; wide < 2; wide++) {
        uint32_t directory = small_pe_directory_at(wide, 5);
        uint64_t kind = wide ? 10 : 3, size = wide ? 8 : 4;
        const struct damage damages[] = {
            {directory, 4, 0, RELOCATE},
            {directory, 4, RELOC + 1, RELOCATE},
            {directory, 4, 0xffffffff, RELOCATE},
            {directory + 4, 4, RELOC_SIZE + 1, RELOCATE},
            {directory + 4, 4, 0xffffffff, RELOCATE},
            {RELOC_AT + 4, 4, 0, RELOCATE}, // would go nowhere for ever
            {RELOC_AT + 4, 4, 7, RELOCATE},
            {RELOC_AT + 4, 4, RELOC_SIZE + 1, RELOCATE},
            {RELOC_AT + 4, 4, 0xffffffff, RELOCATE},
            {RELOC_AT + 16, 4, RELOC_SIZE - 12 + 1, RELOCATE},
            {RELOC_AT + 8, 2, 1 << 12, RELOCATE}, // HIGH, LOW and others: not for these machines
            {RELOC_AT + 8, 2, 2 << 12, RELOCATE},
            {RELOC_AT + 8, 2, 4 << 12, RELOCATE},
            {RELOC_AT + 8, 2, 0xf000, RELOCATE},
            {RELOC_AT, 4, IMAGE_SIZE, RELOCATE},
            {RELOC_AT, 4, 0xffffffff, RELOCATE},
            // Beyond 4 GiB, where the sum begins again at 0.
            {RELOC_AT, 4, 0xfffff000, RELOCATE},
            {RELOC_AT, 4, 0xfffffff0, RELOCATE},
            {RELOC_AT + 8, 2, kind << 12 | 0xfff, DONE}, // odd places are good places
        };
        check_damage(wide, damages, sizeof(damages) / sizeof(*damages));
        // The very last place in the image is good, the one after it is not.
        struct small_pe b = small_pe_build(wide);
        small_pe_put32(b.bytes + RELOC_AT + 12, (uint32_t)(IMAGE_SIZE - size - 0xf00));
        assert_int_equal(load(b.bytes, FILE_SIZE), DONE);
        small_pe_put32(b.bytes + RELOC_AT + 12, (uint32_t)(IMAGE_SIZE - size + 1 - 0xf00));
        assert_int_equal(load(b.bytes, FILE_SIZE), RELOCATE);
        // A block that relocates itself is only read once.
        b = small_pe_build(wide);
        small_pe_put32(b.bytes + RELOC_AT, RELOC);
        small_pe_put16(b.bytes + RELOC_AT + 8, (uint16_t)(kind << 12));
        assert_int_equal(load(b.bytes, FILE_SIZE), DONE);
    }
}

static void damaged_imports(void **state)
{
    (void)state;
    for (int wide = 0; wide < 2; wide++) {
        uint32_t directory = small_pe_directory_at(wide, 1);
        unsigned width = wide ? 8 : 4;
        const struct damage damages[] = {
            {directory, 4, IMAGE_SIZE - 19, BIND},
            {directory, 4, IMAGE_SIZE, BIND},
            {directory, 4, 0xffffffff, BIND},
            {directory, 4, 0xfffffff0, BIND},
            {IN_DATA(DATA), 4, IMAGE_SIZE - 3, BIND}, // table of names
            {IN_DATA(DATA), 4, 0xffffffff, BIND},
            {IN_DATA(DATA), 4, 0xfffffffc, BIND},
            {IN_DATA(DATA + 12), 4, IMAGE_SIZE, BIND}, // the DLL's name
            {IN_DATA(DATA + 12), 4, 0xffffffff, BIND},
            {IN_DATA(DATA + 16), 4, 0, BIND}, // slots
            {IN_DATA(DATA + 16), 4, IMAGE_SIZE - 3, BIND},
            {IN_DATA(DATA + 16), 4, 0xffffffff, BIND},
            {IN_DATA(DATA + 16), 4, 0xfffffffc, BIND},
            {IN_DATA(LOOKUPS), width, IMAGE_SIZE, BIND}, // one name
            {IN_DATA(LOOKUPS), width, IMAGE_SIZE - 2, BIND},
            {IN_DATA(LOOKUPS), width, 0x7fffffff, BIND},
            {IN_DATA(LOOKUPS), width, wide ? UINT64_C(0x8000000000000005) : 0x80000005, BIND},
            {IN_DATA(LOOKUPS), width, wide ? 0xfffffffe : 0x7ffffffe, BIND}, // + 2 would be 0
            {IN_DATA(LOOKUPS), width, wide ? UINT64_C(0x100000000) + NAMES + 16 : 0x7fff0000, BIND},
            {IN_DATA(MORE_SLOTS), width, 0x7fffffff, BIND},
        };
        check_damage(wide, damages, sizeof(damages) / sizeof(*damages));

        struct small_pe b = small_pe_build(wide);
        small_pe_put32(b.bytes + directory, 0); // no imports
        assert_int_equal(load(b.bytes, FILE_SIZE), DONE);
        // A descriptor of nothing in the last bytes, and then no room for the one that ends them.
        b = small_pe_build(wide);
        small_pe_put32(b.bytes + directory, IMAGE_SIZE - 20);
        memset(b.bytes + FILE_SIZE - 20, 0, 20);
        small_pe_put32(b.bytes + small_pe_directory_at(wide, 5) + 4, 8);
        small_pe_put32(b.bytes + RELOC_AT + 4, 8);
        assert_int_equal(load(b.bytes, FILE_SIZE), DONE);
        small_pe_put32(b.bytes + FILE_SIZE - 20, LOOKUPS + 2 * width);
        small_pe_put32(b.bytes + FILE_SIZE - 8, NAMES);
        small_pe_put32(b.bytes + FILE_SIZE - 4, SLOTS);
        assert_int_equal(load(b.bytes, FILE_SIZE), BIND);
        // A DLL's name that the image's end cuts.
        b = small_pe_build(wide);
        small_pe_put32(small_pe_data(&b, DATA + 12), IMAGE_SIZE - 4);
        memset(b.bytes + FILE_SIZE - 4, 'x', 4);
        assert_int_equal(load(b.bytes, FILE_SIZE), BIND);
        // The same of an import's.
        b = small_pe_build(wide);
        small_pe_put_pointer(&b, LOOKUPS, IMAGE_SIZE - 4);
        memset(b.bytes + FILE_SIZE - 4, 'x', 4);
        assert_int_equal(load(b.bytes, FILE_SIZE), BIND);
    }
}

/* Binding writes an address over the end of the DLL's name, which then reaches out of the image. */
static void slots_over_a_name(void **state)
{
    (void)state;
    struct small_pe b = small_pe_build(true);
    struct pe_header header;
    memset(b.bytes + FILE_SIZE - 16, 'x', 16);
    b.bytes[FILE_SIZE - 15] = 0;
    small_pe_put32(small_pe_data(&b, DATA + 12), IMAGE_SIZE - 16);
    small_pe_put32(small_pe_data(&b, DATA + 16), IMAGE_SIZE - 16);
    assert_true(pe_read_header(b.bytes, FILE_SIZE, &header));
    uint8_t *image = calloc(1, IMAGE_SIZE);
    assert_non_null(image);
    assert_true(pe_lay_out(b.bytes, FILE_SIZE, &header, image));
    struct binding binding = {.address = UINT64_C(0x7f7f7f7f7f7f7f00)};
    assert_false(pe_bind(image, &header, resolve, &binding));
    assert_string_equal(binding.seen, "x!One ");
    free(image);
}

static void damaged_exports(void **state)
{
    (void)state;
    for (int wide = 0; wide < 2; wide++) {
        uint32_t directory = small_pe_directory_at(wide, 0);
        const struct damage damages[] = {
            {directory, 4, 0, EXPORT},
            {directory, 4, IMAGE_SIZE - 39, EXPORT},
            {directory, 4, 0xffffffff, EXPORT},
            {IN_DATA(EXPORTS + 20), 4, 2, EXPORT}, // functions: too few for the ordinal
            {IN_DATA(EXPORTS + 20), 4, 0, EXPORT},
            {IN_DATA(EXPORTS + 20), 4, 0xffffffff, EXPORT},
            {IN_DATA(EXPORTS + 20), 4, 0x40000001, EXPORT}, // times 4 is 4
            {IN_DATA(EXPORTS + 20), 4, IMAGE_SIZE / 4, EXPORT},
            {IN_DATA(EXPORTS + 24), 4, 0, EXPORT}, // names
            {IN_DATA(EXPORTS + 24), 4, 0xffffffff, EXPORT},
            {IN_DATA(EXPORTS + 24), 4, 0x80000002, EXPORT},
            {IN_DATA(EXPORTS + 24), 4, IMAGE_SIZE / 4, EXPORT},
            {IN_DATA(EXPORTS + 28), 4, IMAGE_SIZE - 15, EXPORT},
            {IN_DATA(EXPORTS + 28), 4, 0xfffffff0, EXPORT},
            {IN_DATA(EXPORTS + 32), 4, IMAGE_SIZE - 11, EXPORT},
            {IN_DATA(EXPORTS + 32), 4, 0xfffffff8, EXPORT},
            {IN_DATA(EXPORTS + 36), 4, IMAGE_SIZE - 5, EXPORT},
            {IN_DATA(EXPORTS + 36), 4, 0xffffffff, EXPORT},
            {IN_DATA(EXPORT_NAMES + 4), 4, IMAGE_SIZE, EXPORT}, // the middle name, looked at first
            {IN_DATA(EXPORT_NAMES + 4), 4, 0xffffffff, EXPORT},
            {IN_DATA(ORDINALS), 2, 4, EXPORT},
            {IN_DATA(ORDINALS), 2, 0xffff, EXPORT},
            {IN_DATA(FUNCTIONS + 8), 4, 0, EXPORT},
            {IN_DATA(FUNCTIONS + 8), 4, IMAGE_SIZE, EXPORT},
            {IN_DATA(FUNCTIONS + 8), 4, 0xffffffff, EXPORT},
            {IN_DATA(FUNCTIONS + 8), 4, EXPORTS, EXPORT}, // a forwarder: first and last byte
            {IN_DATA(FUNCTIONS + 8), 4, EXPORTS + EXPORTS_SIZE - 1, EXPORT},
        };
        check_damage(wide, damages, sizeof(damages) / sizeof(*damages));

        // A directory whose end is beyond 4 GiB still has its forwarders in it.
        struct small_pe b = small_pe_build(wide);
        small_pe_put32(b.bytes + directory + 4, 0xffffffff);
        small_pe_put32(small_pe_data(&b, FUNCTIONS + 8), EXPORTS + 0x80);
        assert_int_equal(load(b.bytes, FILE_SIZE), EXPORT);
        // A name that the image's end cuts.
        b = small_pe_build(wide);
        small_pe_put32(small_pe_data(&b, EXPORT_NAMES + 4), IMAGE_SIZE - 4);
        memcpy(b.bytes + FILE_SIZE - 4, "alph", 4);
        assert_int_equal(load(b.bytes, FILE_SIZE), EXPORT);
    }
}

static void random_damage(void **state)
{
    (void)state;
    uint32_t seed = 1;
    for (unsigned round = 0; round < 20000; round++) {
        struct small_pe b = small_pe_build(round & 1);
        for (unsigned i = 0; i < 1 + round % 5; i++) {
            seed = seed * 1664525 + 1013904223;
            uint32_t where = (seed >> 8) % FILE_SIZE;
            seed = seed * 1664525 + 1013904223;
            b.bytes[where] = (uint8_t)(seed >> 24);
        }
        load(b.bytes, FILE_SIZE); // whatever comes of it, within the bounds
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_of_32_bit),   cmocka_unit_test(whole_of_64_bit),
        cmocka_unit_test(unresolved_import), cmocka_unit_test(every_truncation_fails),
        cmocka_unit_test(damaged_headers),   cmocka_unit_test(damaged_relocations),
        cmocka_unit_test(damaged_imports),   cmocka_unit_test(slots_over_a_name),
        cmocka_unit_test(damaged_exports),   cmocka_unit_test(random_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
