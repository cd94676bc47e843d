#include "core/pe.h"
#include "core/bytes.h"
#include <string.h>

static bool within(uint32_t at, uint32_t len, size_t size)
{
    return at <= size && len <= size - at;
}

bool pe_read_header(const uint8_t *file, size_t size, struct pe_header *header)
{
    enum { SIGNATURE_AND_FILE_HEADER = 24, PE32 = 0x10b, PE32_PLUS = 0x20b };

    if (size < 64 || file[0] != 'M' || file[1] != 'Z')
        return false;
    uint32_t at = get32(file + 60);
    if (!within(at, SIGNATURE_AND_FILE_HEADER + 2, size) || memcmp(file + at, "PE\0\0", 4) != 0)
        return false;
    const uint8_t *nt = file + at, *optional = nt + SIGNATURE_AND_FILE_HEADER;
    uint16_t optional_size = get16(nt + 20), magic = get16(optional);
    if (magic != PE32 && magic != PE32_PLUS)
        return false;
    memset(header, 0, sizeof *header);
    header->wide = magic == PE32_PLUS;
    header->machine = get16(nt + 4);
    header->sections = get16(nt + 6);
    uint32_t directories = header->wide ? 112 : 96; // offset of the data directories
    if (optional_size < directories + 6 * 8 ||
        at > UINT32_MAX - SIGNATURE_AND_FILE_HEADER - optional_size ||
        !within(at + SIGNATURE_AND_FILE_HEADER, optional_size, size))
        return false;
    header->section_table = at + SIGNATURE_AND_FILE_HEADER + optional_size;
    if (!within(header->section_table, header->sections * 40u, size))
        return false;
    header->base = header->wide ? get64(optional + 24) : get32(optional + 28);
    header->image_size = get32(optional + 56);
    header->headers_size = get32(optional + 60);
    uint32_t count = get32(optional + directories - 4);
    const uint8_t *directory = optional + directories;
    if (count > 0) {
        header->exports.rva = get32(directory);
        header->exports.size = get32(directory + 4);
    }
    if (count > 1) {
        header->imports.rva = get32(directory + 8);
        header->imports.size = get32(directory + 12);
    }
    if (count > 3) {
        header->exceptions.rva = get32(directory + 24);
        header->exceptions.size = get32(directory + 28);
    }
    if (count > 5) {
        header->relocations.rva = get32(directory + 40);
        header->relocations.size = get32(directory + 44);
    }
    return within(0, header->headers_size, size) && header->headers_size <= header->image_size;
}

bool pe_read_section(const uint8_t *file, size_t size, const struct pe_header *header,
                     unsigned index, struct pe_section *section)
{
    if (index >= header->sections)
        return false;
    const uint8_t *entry = file + header->section_table + 40 * index;
    section->virtual_size = get32(entry + 8);
    section->rva = get32(entry + 12);
    section->file_size = get32(entry + 16);
    section->file_offset = get32(entry + 20);
    section->characteristics = get32(entry + 36);
    if (section->file_size > section->virtual_size)
        section->file_size = section->virtual_size; // the rest is padding to the file alignment
    return within(section->rva, section->virtual_size, header->image_size) &&
           within(section->file_offset, section->file_size, size);
}

bool pe_lay_out(const uint8_t *file, size_t size, const struct pe_header *header, uint8_t *image)
{
    memcpy(image, file, header->headers_size);
    for (unsigned i = 0; i < header->sections; i++) {
        struct pe_section section;
        if (!pe_read_section(file, size, header, i, &section))
            return false;
        if (section.file_size)
            memcpy(image + section.rva, file + section.file_offset, section.file_size);
    }
    return true;
}

bool pe_relocate(uint8_t *image, const struct pe_header *header, uint64_t base)
{
    enum { ABSOLUTE = 0, HIGHLOW = 3, DIR64 = 10 };

    uint64_t delta = base - header->base;
    if (!delta)
        return true;
    uint32_t at = header->relocations.rva, end = at + header->relocations.size;
    if (!at || !within(at, header->relocations.size, header->image_size))
        return false;
    while (end - at >= 8) {
        uint32_t page = get32(image + at), block = get32(image + at + 4);
        if (block < 8 || block > end - at || page > UINT32_MAX - 0xfff)
            return false;
        for (uint32_t i = 8; i + 2 <= block; i += 2) {
            uint16_t entry = get16(image + at + i);
            uint32_t target = page + (entry & 0xfff);
            switch (entry >> 12) {
            case ABSOLUTE:
                break;
            case HIGHLOW:
                if (!within(target, 4, header->image_size))
                    return false;
                put32(image + target, get32(image + target) + (uint32_t)delta);
                break;
            case DIR64:
                if (!within(target, 8, header->image_size))
                    return false;
                put64(image + target, get64(image + target) + delta);
                break;
            default:
                return false;
            }
        }
        at += block;
    }
    return true;
}

/* The terminated text at `rva`, NULL when it reaches out of the image. */
static const char *text_at(const uint8_t *image, const struct pe_header *header, uint32_t rva)
{
    if (rva >= header->image_size || !memchr(image + rva, 0, header->image_size - rva))
        return NULL;
    return (const char *)image + rva;
}

bool pe_bind(uint8_t *image, const struct pe_header *header,
             uint64_t (*resolve)(void *context, const char *dll, const char *name), void *context)
{
    uint32_t width = header->wide ? 8 : 4;

    for (uint32_t at = header->imports.rva; at; at += 20) {
        if (!within(at, 20, header->image_size))
            return false;
        uint32_t names = get32(image + at), dll_rva = get32(image + at + 12),
                 slots = get32(image + at + 16);
        if (!dll_rva)
            break;
        if (!slots || !text_at(image, header, dll_rva))
            return false; // no slots would be those at the image's beginning: its headers
        for (uint32_t i = names ? names : slots;; i += width, slots += width) {
            if (!within(i, width, header->image_size) || !within(slots, width, header->image_size))
                return false;
            uint64_t hint = header->wide ? get64(image + i) : get32(image + i);
            if (!hint)
                break;
            if (hint >> (header->wide ? 63 : 31))
                return false; // by ordinal: nothing of ours is
            if (hint >= header->image_size || header->image_size - hint <= 2)
                return false;
            // Both each time: slots that lie over a name may have taken its end away.
            const char *dll = text_at(image, header, dll_rva);
            const char *name = text_at(image, header, (uint32_t)hint + 2);
            uint64_t address = dll && name ? resolve(context, dll, name) : 0;
            if (!address)
                return false;
            if (header->wide)
                put64(image + slots, address);
            else
                put32(image + slots, (uint32_t)address);
        }
    }
    return true;
}

uint32_t pe_find_export(const uint8_t *image, const struct pe_header *header, const char *name)
{
    uint32_t at = header->exports.rva;
    if (!at || !within(at, 40, header->image_size))
        return 0;
    uint32_t functions = get32(image + at + 20), names = get32(image + at + 24),
             functions_at = get32(image + at + 28), names_at = get32(image + at + 32),
             ordinals_at = get32(image + at + 36);
    if (functions > header->image_size / 4 || names > header->image_size / 4 ||
        !within(functions_at, functions * 4, header->image_size) ||
        !within(names_at, names * 4, header->image_size) ||
        !within(ordinals_at, names * 2, header->image_size))
        return 0;
    uint32_t low = 0, high = names; // the table is sorted by the names' bytes
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const char *candidate = text_at(image, header, get32(image + names_at + 4 * middle));
        if (!candidate)
            return 0;
        size_t i = 0;
        while (candidate[i] && candidate[i] == name[i])
            i++;
        int order = (unsigned char)candidate[i] - (unsigned char)name[i];
        if (order < 0) {
            low = middle + 1;
        } else if (order > 0) {
            high = middle;
        } else {
            uint16_t ordinal = get16(image + ordinals_at + 2 * middle);
            uint32_t rva = ordinal < functions ? get32(image + functions_at + 4 * ordinal) : 0;
            bool forwarder = rva >= at && rva - at < header->exports.size;
            return forwarder || rva >= header->image_size ? 0 : rva;
        }
    }
    return 0;
}

const char *pe_linked_name(const uint8_t *image, const struct pe_header *header)
{
    uint32_t at = header->exports.rva;
    if (!at || !within(at, 40, header->image_size))
        return NULL;
    return text_at(image, header, get32(image + at + 12));
}
