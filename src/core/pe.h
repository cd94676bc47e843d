// Portable Executable images (Microsoft PE and COFF Specification), as far as mapping a DLL by hand
// needs them: laying a file out at its virtual addresses, relocating it, binding imports, finding
// exports. 32 and 64 bit alike, on any host. Everything read from the image is checked against its
// bounds.
#ifndef PLUME_CORE_PE_H
#define PLUME_CORE_PE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PE_MACHINE_I386 = 0x014c, PE_MACHINE_X86_64 = 0x8664 };

struct pe_header {
    uint16_t machine;
    bool wide; // PE32+
    uint16_t sections;
    uint32_t section_table; // file offset
    uint32_t image_size, headers_size;
    uint64_t base;
    struct {
        uint32_t rva, size;
    } exports, imports, exceptions, relocations;
};

/* Reads the headers at the beginning of `file`. False when they are not those of a PE image or
 * reach beyond `size`. */
bool pe_read_header(const uint8_t *file, size_t size, struct pe_header *header);

struct pe_section {
    uint32_t rva, virtual_size, file_offset, file_size, characteristics;
};
enum { PE_SECTION_EXECUTE = 0x20000000, PE_SECTION_WRITE = 0x80000000 };

bool pe_read_section(const uint8_t *file, size_t size, const struct pe_header *header,
                     unsigned index, struct pe_section *section);

/* Copies headers and sections of `file` to their places in `image`, which has header->image_size
 * zeroed bytes. */
bool pe_lay_out(const uint8_t *file, size_t size, const struct pe_header *header, uint8_t *image);

/* Adjusts a laid-out image for standing at `base`. */
bool pe_relocate(uint8_t *image, const struct pe_header *header, uint64_t base);

/* Gives each import the address that `resolve` returns for it; fails where that is 0. */
bool pe_bind(uint8_t *image, const struct pe_header *header,
             uint64_t (*resolve)(void *context, const char *dll, const char *name), void *context);

/* The RVA of the export `name` in a laid-out image, 0 when there is none or it is a forwarder. */
uint32_t pe_find_export(const uint8_t *image, const struct pe_header *header, const char *name);

/* The file name that a laid-out image with exports was linked as; NULL when it has none. */
const char *pe_linked_name(const uint8_t *image, const struct pe_header *header);

#endif
