// A small image with everything that the image code reads: three sections, imports of two DLLs,
// exports, relocations. For the tests of it and for the fuzzer to begin with.
#ifndef PLUME_TESTS_SMALL_PE_H
#define PLUME_TESTS_SMALL_PE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    NT = 64, // where the PE signature stands
    OPTIONAL = NT + 24,
    HEADERS = 0x200,
    TEXT = 0x1000, // RVAs
    DATA = 0x2000,
    RELOC = 0x3000,
    TEXT_AT = 0x200, // file offsets
    DATA_AT = 0x400,
    RELOC_AT = 0x600,
    TEXT_SIZE = 0x10,  // of memory; the file has more
    DATA_SIZE = 0x400, // of memory; the file has less
    RELOC_SIZE = 28,
    FILE_SIZE = RELOC_AT + RELOC_SIZE,
    IMAGE_SIZE = RELOC + RELOC_SIZE,
    // in .data
    LOOKUPS = DATA + 0x40,
    SLOTS = DATA + 0x80,
    MORE_SLOTS = DATA + 0xa0,
    NAMES = DATA + 0xc0,
    EXPORTS = DATA + 0x100,
    EXPORTS_SIZE = 0xa0,
    FUNCTIONS = EXPORTS + 0x30,
    EXPORT_NAMES = EXPORTS + 0x40,
    ORDINALS = EXPORTS + 0x4c,
    POINTER = DATA + 0x1c0,
    BASE = 0x10000000,
};

struct small_pe {
    uint8_t bytes[FILE_SIZE];
    bool wide;
};

struct small_pe small_pe_build(bool wide);

void small_pe_put16(uint8_t *at, uint16_t value);
void small_pe_put32(uint8_t *at, uint32_t value);
void small_pe_put64(uint8_t *at, uint64_t value);

/* Where an RVA in .data lies in the file. */
uint8_t *small_pe_data(struct small_pe *b, uint32_t rva);
void small_pe_put_pointer(struct small_pe *b, uint32_t rva, uint64_t value); // 4 or 8 bytes there

/* File offsets of a data directory's entry and of the section table. */
uint32_t small_pe_directory_at(bool wide, unsigned index);
uint32_t small_pe_section_table_at(bool wide);

#endif
