// What a VM may be called, and the id that its host names are made of.
#ifndef PLUME_CORE_VMNAME_H
#define PLUME_CORE_VMNAME_H

#include "core/str16.h"

enum {
    VMNAME_MAX = 63,                  // units of a name, as a host label of DNS
    VMID_MAX = VMNAME_MAX + 1 + 8 + 1 // units of an id with its terminator
};

/* [a-zA-Z0-9][a-zA-Z0-9_.-]*, which is what Docker allows, and on top of it nothing that Windows
 * cannot have as the name of a folder. */
enum vmname_fault {
    VMNAME_OK,
    VMNAME_EMPTY,
    VMNAME_TOO_LONG,
    VMNAME_BAD_START,     // does not begin with a letter or digit
    VMNAME_BAD_CHARACTER, // something else than letters, digits, '_', '.', '-'
    VMNAME_TRAILING_DOT,  // Win32 cuts trailing dots from file names
    VMNAME_DEVICE, // CON, NUL, COM1 ..., also with an extension: Win32 takes it for the device
};

enum vmname_fault vmname_check(struct str16 name);

/* What is wrong, in English without a full stop; "" for VMNAME_OK. Static. */
const char *vmname_fault_text(enum vmname_fault fault);

/* NAME-xxxxxxxx: the name and 8 hex digits of the hash of the VM folder's NT path without case, so
 * that two stores on one machine may each have a VM of the same name. Terminated. */
void vm_id(struct str16_buf *out, struct str16 name, struct str16 nt_folder);

#endif
