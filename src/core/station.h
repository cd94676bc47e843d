// The names of window stations and desktops: what a VM calls them, and what they are called on the
// host.
//
// A VM's own station is WinSta0 to its programs, and has a name of the VM's on the host; a program
// that makes one called X gets one called ROOT!X there. Desktops lie in their station, so they keep
// their names; only where a VM has to share a station with others is its Default another one there,
// and the same rule holds for them.
#ifndef PLUME_CORE_STATION_H
#define PLUME_CORE_STATION_H

#include "core/str16.h"

enum { STATION_NAME_MAX = 260 }; // units, with the terminator: MAX_PATH, the system's own limit

struct station_names {
    struct str16 station, desktop; // on the host, of the VM's WinSta0 and of its Default
};

/* Puts what `name` of the VM is called on the host. */
void station_to_host(const struct station_names *names, struct str16 name, struct str16_buf *out);
void station_desktop_to_host(const struct station_names *names, struct str16 name,
                             struct str16_buf *out);

/* What the host's `name` is called in the VM, in *out, which points into `name` or at static text.
 * False where it is not the VM's. */
bool station_from_host(const struct station_names *names, struct str16 name, struct str16 *out);
bool station_desktop_from_host(const struct station_names *names, struct str16 name,
                               struct str16 *out);

/* Puts where a process of the VM is to be connected, as the host's STATION\DESKTOP. `asked` is what
 * STARTUPINFO's lpDesktop said: empty, DESKTOP or STATION\DESKTOP. */
void station_place(const struct station_names *names, struct str16 asked, struct str16_buf *out);

/* Whether SystemParametersInfo() with this action changes what is the user's and not the process's:
 * winuser.h's SPI_SET... values, which from 0x74 on are the odd ones. Two actions set where they
 * are given no buffer, and get where they are. */
bool station_action_changes(uint32_t action, bool has_buffer);

#endif
