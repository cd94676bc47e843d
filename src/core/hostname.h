// Names of a machine: what DNS and NetBIOS take.
#ifndef PLUME_CORE_HOSTNAME_H
#define PLUME_CORE_HOSTNAME_H

#include "core/str16.h"

enum {
    HOSTNAME_MAX = 63,         // units of a DNS label
    HOSTNAME_NETBIOS_MAX = 15, // units of a NetBIOS name
};

/* Whether it is a host name: letters, digits and '-', not at the ends, not digits alone (RFC 1123;
 * SetComputerNameEx of Windows takes no others without a warning). */
bool hostname_check(struct str16 name);

/* The host name of a VM called `vm_name` (core/vmname.h): what a host name cannot have becomes '-'.
 * Terminated. */
void hostname_of_vm(struct str16 vm_name, uint16_t out[HOSTNAME_MAX + 1]);

/* The NetBIOS name for a host name: its first 15 units in upper case, as
 * DnsHostnameToComputerName() makes it. Terminated. */
void hostname_to_netbios(struct str16 hostname, uint16_t out[HOSTNAME_NETBIOS_MAX + 1]);

#endif
