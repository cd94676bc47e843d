#include "layer/ports.h"

void ports_note(enum sockaddr_kind kind, unsigned port)
{
    struct sockaddr_ports *ports = layer_ports;
    if (!port)
        return;
    __atomic_or_fetch(&ports->taken[port], (uint8_t)sockaddr_taken(kind), __ATOMIC_RELAXED);
    if (kind == SOCKADDR_MAPPED_TWIN)
        ports->state[port] = SOCKADDR_PORT_TWIN;
    else if (kind == SOCKADDR_MAPPED_OWN)
        ports->state[port] = SOCKADDR_PORT_OWN;
}

void ports_note_named(enum sockaddr_kind target, enum sockaddr_kind named, unsigned port)
{
    uint8_t *taken = &layer_ports->taken[port], mark = (uint8_t)sockaddr_loopback_mark(target);
    if (named == SOCKADDR_LOOPBACK4 || named == SOCKADDR_LOOPBACK6)
        __atomic_or_fetch(taken, mark, __ATOMIC_RELAXED);
    else
        __atomic_and_fetch(taken, (uint8_t)~mark, __ATOMIC_RELAXED);
}

void ports_note_datagram(unsigned named, unsigned port)
{
    struct sockaddr_ports *ports = layer_ports;
    if (!port)
        return;
    ports->datagram[named] = (uint16_t)port;
    ports->program[port] = (uint16_t)named;
}

void ports_forget_datagram(unsigned named)
{
    struct sockaddr_ports *ports = layer_ports;
    if (ports->datagram[named]) {
        ports->program[ports->datagram[named]] = 0;
        ports->datagram[named] = 0;
    }
}
