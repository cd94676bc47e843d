#include "core/vmname.h"

static bool is_alnum(uint16_t unit)
{
    return (unit >= 'a' && unit <= 'z') || (unit >= 'A' && unit <= 'Z') ||
           (unit >= '0' && unit <= '9');
}

static uint16_t ascii_upper(uint16_t unit)
{
    return unit >= 'a' && unit <= 'z' ? (uint16_t)(unit - 'a' + 'A') : unit;
}

static bool equal_ascii_nocase(struct str16 text, const char *upper)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!upper[i] || ascii_upper(text.s[i]) != (uint16_t)upper[i])
            return false;
    }
    return !upper[text.len];
}

/* The names that Win32 takes for a device in every folder; what follows the first dot does not
 * count
 * ("Naming Files, Paths, and Namespaces"). The forms with superscript digits cannot pass the
 * character check. */
static bool is_device(struct str16 name)
{
    static const char *const devices[] = {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"};
    size_t len = 0;
    while (len < name.len && name.s[len] != '.')
        len++;
    struct str16 stem = {name.s, len};
    for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
        if (equal_ascii_nocase(stem, devices[i]))
            return true;
    }
    if (stem.len != 4 || stem.s[3] < '0' || stem.s[3] > '9')
        return false;
    stem.len = 3;
    return equal_ascii_nocase(stem, "COM") || equal_ascii_nocase(stem, "LPT");
}

enum vmname_fault vmname_check(struct str16 name)
{
    if (name.len == 0)
        return VMNAME_EMPTY;
    if (name.len > VMNAME_MAX)
        return VMNAME_TOO_LONG;
    if (!is_alnum(name.s[0]))
        return VMNAME_BAD_START;
    for (size_t i = 1; i < name.len; i++) {
        uint16_t unit = name.s[i];
        if (!is_alnum(unit) && unit != '_' && unit != '.' && unit != '-')
            return VMNAME_BAD_CHARACTER;
    }
    if (name.s[name.len - 1] == '.')
        return VMNAME_TRAILING_DOT;
    if (is_device(name))
        return VMNAME_DEVICE;
    return VMNAME_OK;
}

const char *vmname_fault_text(enum vmname_fault fault)
{
    switch (fault) {
    case VMNAME_OK:
        return "";
    case VMNAME_EMPTY:
        return "a name cannot be empty";
    case VMNAME_TOO_LONG:
        return "a name can have at most 63 characters";
    case VMNAME_BAD_START:
        return "a name must begin with a letter or a digit (a-z, A-Z, 0-9)";
    case VMNAME_BAD_CHARACTER:
        return "a name can only have letters, digits, '_', '.' and '-'";
    case VMNAME_TRAILING_DOT:
        return "a name cannot end with a dot";
    case VMNAME_DEVICE:
        return "Windows keeps this name for a device";
    }
    return "";
}

void vm_id(struct str16_buf *out, struct str16 name, struct str16 nt_folder)
{
    uint64_t hash = str16_hash_nocase(STR16_HASH_SEED, nt_folder);
    str16_put(out, name);
    str16_put_ascii(out, "-");
    str16_put_hex32(out, (uint32_t)(hash >> 32) ^ (uint32_t)hash);
    str16_put_nul(out);
}
