#include "core/hostname.h"

static bool is_digit(uint16_t unit)
{
    return unit >= '0' && unit <= '9';
}

static bool is_alphanumeric(uint16_t unit)
{
    return is_digit(unit) || (unit >= 'a' && unit <= 'z') || (unit >= 'A' && unit <= 'Z');
}

bool hostname_check(struct str16 name)
{
    bool digits = true;
    if (!name.len || name.len > HOSTNAME_MAX || name.s[0] == '-' || name.s[name.len - 1] == '-')
        return false;
    for (size_t i = 0; i < name.len; i++) {
        if (!is_alphanumeric(name.s[i]) && name.s[i] != '-')
            return false;
        digits = digits && is_digit(name.s[i]);
    }
    return !digits;
}

void hostname_of_vm(struct str16 vm_name, uint16_t out[HOSTNAME_MAX + 1])
{
    size_t len = 0;
    bool digits = true;
    for (size_t i = 0; i < vm_name.len && len < HOSTNAME_MAX; i++) {
        out[len++] = is_alphanumeric(vm_name.s[i]) ? vm_name.s[i] : '-';
        digits = digits && is_digit(vm_name.s[i]);
    }
    if (digits) { // "12" is no host name; "vm-12" is
        static const uint16_t prefix[] = {'v', 'm', '-'};
        len = len > HOSTNAME_MAX - 3 ? HOSTNAME_MAX - 3 : len;
        memmove(out + 3, out, len * sizeof *out);
        memcpy(out, prefix, sizeof prefix);
        len += 3;
    }
    while (len > 1 && out[len - 1] == '-')
        len--;
    out[len] = 0;
}

void hostname_to_netbios(struct str16 hostname, uint16_t out[HOSTNAME_NETBIOS_MAX + 1])
{
    size_t len = hostname.len < HOSTNAME_NETBIOS_MAX ? hostname.len : HOSTNAME_NETBIOS_MAX;
    for (size_t i = 0; i < len; i++)
        out[i] = str16_upcase(hostname.s[i]);
    out[len] = 0;
}
