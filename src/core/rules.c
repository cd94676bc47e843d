#include "core/rules.h"

// Order counts: the first match decides. A row that names a system component says why it must.
const struct rule rule_table[] = {
    {RULE_FILE, "Device\\NamedPipe\\*", RULE_PRIVATE,
     "named pipes are rewritten into the VM's own folder of pipes"},
    {RULE_FILE, "Device\\Mailslot\\*", RULE_PRIVATE, "mailslots are rewritten likewise"},
    {RULE_FILE, "Device\\Afd\\*", RULE_SHARED,
     "sockets: their addresses are rewritten, not the device's name"},
    {RULE_FILE, "Device\\ConDrv\\*", RULE_SHARED,
     "the console that the user started the program in"},
    {RULE_FILE, "Device\\KsecDD\\*", RULE_SHARED,
     "random numbers and credentials of the kernel, without state of a VM's"},
    {RULE_FILE, "Device\\CNG\\*", RULE_SHARED, "the same, from Windows Vista on"},
    {RULE_FILE, "Device\\Nsi\\*", RULE_SHARED, "the network configuration, read only"},
    {RULE_FILE, "Device\\MountPointManager\\*", RULE_SHARED, "which volume has which letter"},
    {RULE_FILE, "Device\\Null\\*", RULE_SHARED, "holds nothing"},
    {RULE_FILE, "Device\\Http\\*", RULE_DENIED,
     "the kernel's web server: it would take the VM's URLs and ports for the whole machine"},

    {RULE_OBJECT, "\\BaseNamedObjects\\*", RULE_PRIVATE, "the named objects of programs, Global\\"},
    {RULE_OBJECT, "\\Sessions\\*\\BaseNamedObjects\\*", RULE_PRIVATE, "the same, Local\\"},
    {RULE_OBJECT, "\\Sessions\\*\\AppContainerNamedObjects\\*", RULE_PRIVATE,
     "the same, of packaged programs"},
    {RULE_OBJECT, "\\Sessions\\BNOLINKS\\*", RULE_PRIVATE, "links to the same, by session"},
    {RULE_OBJECT, "\\RPC Control\\*", RULE_PRIVATE, "the ports of local RPC servers"},
    {RULE_OBJECT, "\\", RULE_SHARED, "the root is only a way to the others"},
    {RULE_OBJECT, "\\??\\*", RULE_SHARED, "drive letters and device links: how file names begin"},
    {RULE_OBJECT, "\\GLOBAL??\\*", RULE_SHARED, "the same, of all sessions"},
    {RULE_OBJECT, "\\DosDevices\\*", RULE_SHARED, "the same, its older name"},
    {RULE_OBJECT, "\\Sessions\\*\\DosDevices\\*", RULE_SHARED, "the same, of one logon"},
    {RULE_OBJECT, "\\Sessions\\*\\Windows\\*", RULE_SHARED,
     "CSRSS's own port and shared section, without which no Win32 program starts"},
    {RULE_OBJECT, "\\Sessions\\*", RULE_SHARED, "only a way to the session's directories"},
    {RULE_OBJECT, "\\Windows\\*", RULE_SHARED, "the same, of session 0; window stations"},
    {RULE_OBJECT, "\\KnownDlls\\*", RULE_SHARED,
     "sections of the system's DLLs, read only: the loader maps them"},
    {RULE_OBJECT, "\\KnownDlls32\\*", RULE_SHARED,
     "the same, of 32-bit programs on 64-bit Windows"},
    {RULE_OBJECT, "\\NLS\\*", RULE_SHARED, "sections of the code page tables, read only"},
    {RULE_OBJECT, "\\KernelObjects\\*", RULE_SHARED,
     "events that the kernel signals: low memory and the like"},
    {RULE_OBJECT, "\\Device\\*", RULE_SHARED, "drivers' devices, which a VM cannot make"},
    {RULE_OBJECT, "\\SystemRoot", RULE_SHARED, "a link to a file name"},
    {RULE_OBJECT, "\\SeLsaCommandPort", RULE_SHARED,
     "LSA, the kernel's partner in logons: users are the host's"},
    {RULE_OBJECT, "\\LsaAuthenticationPort", RULE_SHARED, "the same"},

    {RULE_KEY, "\\REGISTRY\\MACHINE\\*", RULE_PRIVATE, "the machine's keys, copied on write"},
    {RULE_KEY, "\\REGISTRY\\USER\\*", RULE_PRIVATE, "the users' keys, copied on write"},
    {RULE_KEY, "\\REGISTRY\\A\\*", RULE_SHARED,
     "hives that an application loads for itself are its own already"},
    {RULE_KEY, "\\REGISTRY", RULE_SHARED, "the root is only a way to the others"},

    {RULE_FILE, "*", RULE_PRIVATE, "files are copied on write"},
    {RULE_OBJECT, "*", RULE_PRIVATE, "a name that nobody else in the VM can mean differently"},
    {RULE_KEY, "*", RULE_PRIVATE, "keys are copied on write"},
};
const size_t rule_count = sizeof rule_table / sizeof *rule_table;

static bool match(const char *pattern, struct str16 name)
{
    const char *star = NULL;
    size_t at = 0, star_at = 0;
    for (;;) {
        if (at == name.len && pattern[0] == '\\' && pattern[1] == '*' && !pattern[2])
            return true; // the folder itself
        if (*pattern == '*') {
            star = ++pattern;
            star_at = at;
            if (!*pattern)
                return true;
        } else if (at < name.len &&
                   str16_starts_ascii(str16_skip(name, at), (const char[]){*pattern, 0}) &&
                   *pattern) {
            pattern++;
            at++;
        } else if (at == name.len && !*pattern) {
            return true;
        } else if (star && star_at < name.len) {
            pattern = star;
            at = ++star_at;
        } else {
            return false;
        }
    }
}

const struct rule *rule_find(enum rule_kind kind, struct str16 name)
{
    for (size_t i = 0; i < rule_count; i++)
        if (rule_table[i].kind == kind && match(rule_table[i].pattern, name))
            return &rule_table[i];
    return &rule_table[rule_count - 1];
}
