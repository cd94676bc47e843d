#include "layer/atom.h"

#include "layer/guard.h"
#include "layer/modules.h"
#include "layer/station.h"

enum {
    LONGEST = 255, // units of an atom's name
    HASH = 8,      // digits at the end of a VM's id, which tell it from all others
    PREFIX = HASH + 2,
    FIRST = 0xc000, // below, atoms are numbers that have no names
    BASIC = 0,      // AtomBasicInformation
};

struct basic_information { // ATOM_BASIC_INFORMATION
    USHORT uses, pinned, length;
    WCHAR name[LONGEST + 1];
};
enum { HEAD = 3 * sizeof(USHORT) + sizeof(WCHAR) }; // the system's structure has one unit of name

atom_format_name_fn *atom_system_format_name;

/* Readies a call. Whether names are to be translated in it. */
static bool begin(void)
{
    layer_wake();
    if (!station_applies())
        return false;
    if (layer_is_wine())
        return true;
    station_connect();
    return false;
}

/* !xxxxxxxx!, which begins the names of this VM. */
static void put_prefix(struct str16_buf *out)
{
    struct str16 id = str16_of(layer_config.id);
    str16_put_unit(out, '!');
    if (id.len >= HASH)
        str16_put(out, str16_skip(id, id.len - HASH));
    str16_put_unit(out, '!');
}

enum owner { OWNER_NOBODY, OWNER_VM, OWNER_OTHER };

/* Whose the host's `name` is; of this VM's, *own is what it calls it. */
static enum owner owner_of(struct str16 name, struct str16 *own)
{
    uint16_t units[PREFIX];
    struct str16_buf prefix = {.s = units, .cap = PREFIX};
    put_prefix(&prefix);
    *own = str16_skip(name, name.len < PREFIX ? name.len : PREFIX);
    if (str16_starts_nocase(name, str16_view(&prefix)))
        return OWNER_VM;
    if (name.len <= PREFIX || name.s[0] != '!' || name.s[PREFIX - 1] != '!')
        return OWNER_NOBODY;
    for (int i = 1; i <= HASH; i++)
        if (!((name.s[i] >= '0' && name.s[i] <= '9') || (name.s[i] >= 'a' && name.s[i] <= 'f')))
            return OWNER_NOBODY;
    return OWNER_OTHER;
}

struct atom_name {
    const WCHAR *text;
    ULONG length;
    uint16_t units[LONGEST + PREFIX];
};

/* The host's name for what the call was given; as given where it is a number, or nothing that could
 * be a name. */
static void translate(const WCHAR *text, ULONG length, struct atom_name *out)
{
    size_t len = length / sizeof(WCHAR), digits = 1;
    out->text = text;
    out->length = length;
    if ((ULONG_PTR)text <= 0xffff || !len || len > LONGEST || !guard_readable(text, length))
        return;
    while (digits < len && text[digits] >= '0' && text[digits] <= '9')
        digits++;
    if (text[0] == '#' && digits == len)
        return;
    struct str16_buf buf = {.s = out->units, .cap = LONGEST + PREFIX};
    put_prefix(&buf);
    str16_put(&buf, (struct str16){(const uint16_t *)text, len});
    out->text = (const WCHAR *)out->units;
    out->length = (ULONG)(buf.len * sizeof(WCHAR));
}

NTSTATUS NTAPI layer_NtAddAtom(const WCHAR *text, ULONG length, USHORT *atom)
{
    struct atom_name name;
    if (!begin())
        return real.NtAddAtom(text, length, atom);
    translate(text, length, &name);
    return real.NtAddAtom(name.text, name.length, atom);
}

NTSTATUS NTAPI layer_NtAddAtomEx(const WCHAR *text, ULONG length, USHORT *atom, ULONG flags)
{
    struct atom_name name;
    if (!begin())
        return real.NtAddAtomEx(text, length, atom, flags);
    translate(text, length, &name);
    return real.NtAddAtomEx(name.text, name.length, atom, flags);
}

NTSTATUS NTAPI layer_NtFindAtom(const WCHAR *text, ULONG length, USHORT *atom)
{
    struct atom_name name;
    if (!begin())
        return real.NtFindAtom(text, length, atom);
    translate(text, length, &name);
    return real.NtFindAtom(name.text, name.length, atom);
}

/* What the system tells of the atom, and whose it is. */
static enum owner look(USHORT atom, struct basic_information *info, struct str16 *own)
{
    *own = (struct str16){0};
    if (atom < FIRST ||
        real.NtQueryInformationAtom(atom, BASIC, info, sizeof *info, NULL) != STATUS_SUCCESS)
        return OWNER_NOBODY;
    return owner_of((struct str16){(const uint16_t *)info->name, info->length / sizeof(WCHAR)},
                    own);
}

NTSTATUS NTAPI layer_NtDeleteAtom(USHORT atom)
{
    struct basic_information info;
    struct str16 own;
    // What nobody's programs have added is what the system itself has: a class, a property.
    if (begin() && atom >= FIRST && look(atom, &info, &own) != OWNER_VM)
        return STATUS_INVALID_HANDLE;
    return real.NtDeleteAtom(atom);
}

NTSTATUS NTAPI layer_NtQueryInformationAtom(USHORT atom, ULONG class, void *out, ULONG length,
                                            ULONG *returned)
{
    struct basic_information info;
    struct str16 own;
    enum owner owner = OWNER_NOBODY;
    if (begin() && class == BASIC && length >= HEAD)
        owner = look(atom, &info, &own);
    if (owner == OWNER_OTHER)
        return STATUS_INVALID_HANDLE;
    if (owner == OWNER_NOBODY || !guard_writable(out, length))
        return real.NtQueryInformationAtom(atom, class, out, length, returned);
    // As Wine's dlls/ntdll/unix/sync.c answers: what there is room for, a terminator behind it.
    struct basic_information *answer = out;
    size_t room = (length - HEAD) / sizeof(WCHAR), len = own.len < room ? own.len : room;
    answer->uses = info.uses;
    answer->pinned = info.pinned;
    answer->length = (USHORT)((room ? len : own.len) * sizeof(WCHAR));
    if (room) {
        memcpy(answer->name, own.s, len * sizeof(WCHAR));
        answer->name[len] = 0;
    }
    if (returned)
        *returned = HEAD + answer->length;
    return room ? STATUS_SUCCESS : STATUS_BUFFER_TOO_SMALL;
}

int NTAPI atom_format_name(UINT format, WCHAR *name, int room)
{
    struct basic_information info;
    struct str16 own;
    if (room <= 0 || format > 0xffff || !begin() || look((USHORT)format, &info, &own) != OWNER_VM)
        return atom_system_format_name(format, name, room);
    size_t len = own.len < (size_t)room - 1 ? own.len : (size_t)room - 1;
    memcpy(name, own.s, len * sizeof(WCHAR));
    name[len] = 0;
    return (int)len;
}
