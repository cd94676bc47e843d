// What the processes of a VM tell each other about ports: layer_ports, a struct sockaddr_ports of
// core/sockaddr.h. Its members are read and written without a lock, each by itself.
#ifndef PLUME_LAYER_PORTS_H
#define PLUME_LAYER_PORTS_H

#include "layer/shared.h"

/* Notes that a socket of the VM has been bound to V or T; `kind` says to which and how. */
void ports_note(enum sockaddr_kind kind, unsigned port);

/* Notes what a program named that was bound at `target`. */
void ports_note_named(enum sockaddr_kind target, enum sockaddr_kind named, unsigned port);

/* Notes that the datagram socket whose port the program calls `named` has `port` at 127.0.0.1. */
void ports_note_datagram(unsigned named, unsigned port);

/* Forgets what a datagram socket had at 127.0.0.1 that is closed: one at the VM's address has taken
 * its port. */
void ports_forget_datagram(unsigned named);

#endif
