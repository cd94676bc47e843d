#include "small_pe.h"

#include <string.h>

#include "core/pe.h"

void small_pe_put16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
}

void small_pe_put32(uint8_t *at, uint32_t value)
{
    small_pe_put16(at, (uint16_t)value);
    small_pe_put16(at + 2, (uint16_t)(value >> 16));
}

void small_pe_put64(uint8_t *at, uint64_t value)
{
    small_pe_put32(at, (uint32_t)value);
    small_pe_put32(at + 4, (uint32_t)(value >> 32));
}

uint8_t *small_pe_data(struct small_pe *b, uint32_t rva)
{
    return b->bytes + DATA_AT + (rva - DATA);
}

void small_pe_put_pointer(struct small_pe *b, uint32_t rva, uint64_t value)
{
    if (b->wide)
        small_pe_put64(small_pe_data(b, rva), value);
    else
        small_pe_put32(small_pe_data(b, rva), (uint32_t)value);
}

uint32_t small_pe_directory_at(bool wide, unsigned index)
{
    return OPTIONAL + (wide ? 112u : 96u) + 8 * index;
}

uint32_t small_pe_section_table_at(bool wide)
{
    return OPTIONAL + (wide ? 240u : 224u);
}

static void put_section(struct small_pe *b, unsigned index, const char *name, uint32_t rva,
                        uint32_t virtual_size, uint32_t file_at, uint32_t file_size, uint32_t flags)
{
    uint8_t *at = b->bytes + small_pe_section_table_at(b->wide) + 40 * index;
    memcpy(at, name, strlen(name));
    small_pe_put32(at + 8, virtual_size);
    small_pe_put32(at + 12, rva);
    small_pe_put32(at + 16, file_size);
    small_pe_put32(at + 20, file_at);
    small_pe_put32(at + 36, flags);
}

static void put_data(struct small_pe *b)
{
    uint32_t width = b->wide ? 8 : 4;
    // a.dll with a table of names, b.dll with its slots alone
    small_pe_put32(small_pe_data(b, DATA), LOOKUPS);
    small_pe_put32(small_pe_data(b, DATA + 12), NAMES);
    small_pe_put32(small_pe_data(b, DATA + 16), SLOTS);
    small_pe_put32(small_pe_data(b, DATA + 20 + 12), NAMES + 8);
    small_pe_put32(small_pe_data(b, DATA + 20 + 16), MORE_SLOTS);
    strcpy((char *)small_pe_data(b, NAMES), "a.dll");
    strcpy((char *)small_pe_data(b, NAMES + 8), "b.dll");
    strcpy((char *)small_pe_data(b, NAMES + 18),
           "One"); // each two bytes after its entry, behind the hint
    strcpy((char *)small_pe_data(b, NAMES + 26), "Two");
    strcpy((char *)small_pe_data(b, NAMES + 34), "Three");
    small_pe_put_pointer(b, LOOKUPS, NAMES + 16);
    small_pe_put_pointer(b, LOOKUPS + width, NAMES + 24);
    small_pe_put_pointer(b, MORE_SLOTS, NAMES + 32);

    small_pe_put32(small_pe_data(b, EXPORTS + 20), 4);
    small_pe_put32(small_pe_data(b, EXPORTS + 24), 3);
    small_pe_put32(small_pe_data(b, EXPORTS + 28), FUNCTIONS);
    small_pe_put32(small_pe_data(b, EXPORTS + 32), EXPORT_NAMES);
    small_pe_put32(small_pe_data(b, EXPORTS + 36), ORDINALS);
    small_pe_put32(small_pe_data(b, FUNCTIONS), EXPORTS + 0x80); // a forwarder
    small_pe_put32(small_pe_data(b, FUNCTIONS + 4), TEXT + 8);
    small_pe_put32(small_pe_data(b, FUNCTIONS + 8), TEXT + 4);
    static const char *const names[] = {"alpha", "alphabet", "gamma"};
    static const uint16_t ordinals[] = {2, 0, 1};
    uint32_t at = EXPORTS + 0x58;
    for (unsigned i = 0; i < 3; i++) {
        small_pe_put32(small_pe_data(b, EXPORT_NAMES + 4 * i), at);
        small_pe_put16(small_pe_data(b, ORDINALS + 2 * i), ordinals[i]);
        strcpy((char *)small_pe_data(b, at), names[i]);
        at += (uint32_t)strlen(names[i]) + 1;
    }
    strcpy((char *)small_pe_data(b, EXPORTS + 0x80), "other.thing");

    small_pe_put_pointer(b, POINTER, (uint64_t)BASE + TEXT);
    small_pe_put_pointer(b, POINTER + 8, (uint64_t)BASE + DATA + 1);
}

struct small_pe small_pe_build(bool wide)
{
    struct small_pe b = {.wide = wide};
    uint8_t *file = b.bytes, *optional = file + OPTIONAL;
    memcpy(file, "MZ", 2);
    small_pe_put32(file + 60, NT);
    memcpy(file + NT, "PE\0\0", 4);
    small_pe_put16(file + NT + 4, wide ? PE_MACHINE_X86_64 : PE_MACHINE_I386);
    small_pe_put16(file + NT + 6, 3);
    small_pe_put16(file + NT + 20, wide ? 240 : 224);
    small_pe_put16(optional, wide ? 0x20b : 0x10b);
    if (wide)
        small_pe_put64(optional + 24, BASE);
    else
        small_pe_put32(optional + 28, BASE);
    small_pe_put32(optional + 56, IMAGE_SIZE);
    small_pe_put32(optional + 60, HEADERS);
    small_pe_put32(optional + (wide ? 108 : 92), 16);
    small_pe_put32(file + small_pe_directory_at(wide, 0), EXPORTS);
    small_pe_put32(file + small_pe_directory_at(wide, 0) + 4, EXPORTS_SIZE);
    small_pe_put32(file + small_pe_directory_at(wide, 1), DATA);
    small_pe_put32(file + small_pe_directory_at(wide, 1) + 4, 60);
    small_pe_put32(file + small_pe_directory_at(wide, 5), RELOC);
    small_pe_put32(file + small_pe_directory_at(wide, 5) + 4, RELOC_SIZE);
    put_section(&b, 0, ".text", TEXT, TEXT_SIZE, TEXT_AT, 0x200, PE_SECTION_EXECUTE);
    put_section(&b, 1, ".data", DATA, DATA_SIZE, DATA_AT, 0x200, PE_SECTION_WRITE);
    put_section(&b, 2, ".reloc", RELOC, RELOC_SIZE, RELOC_AT, RELOC_SIZE, 0);
    memset(file + TEXT_AT, 0xcc, 0x200);
    put_data(&b);
    uint16_t kind = wide ? 10 : 3;
    uint8_t *reloc = file + RELOC_AT;
    small_pe_put32(reloc, DATA);
    small_pe_put32(reloc + 4, 12);
    small_pe_put16(reloc + 8, (uint16_t)(kind << 12 | (POINTER - DATA)));
    small_pe_put16(reloc + 10, 0);                   // padding: ABSOLUTE
    small_pe_put32(reloc + 12, POINTER + 8 - 0xf00); // a page need not be one
    small_pe_put32(reloc + 16, 12);
    small_pe_put16(reloc + 20, (uint16_t)(kind << 12 | 0xf00));
    small_pe_put16(reloc + 22, 0);
    // The last four bytes are less than the head of a block and do not count.
    return b;
}
