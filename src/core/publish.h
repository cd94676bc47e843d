// What `-p` says: which ports of a VM are to be reached at which of the host's. The form is
// Docker's: [ADDRESS:]HOST[-HOST2]:VM[-VM2][/tcp|/udp], or VM alone, or ADDRESS::VM.
#ifndef PLUME_CORE_PUBLISH_H
#define PLUME_CORE_PUBLISH_H

#include "core/str16.h"

enum {
    PUBLISH_MAX = 24,        // entries that a VM may have
    PUBLISH_PORTS_MAX = 512, // ports that they may be in all
    PUBLISH_TEXT_MAX = 56,   // "255.255.255.255:65535-65535:65535-65535/tcp", terminator included
};

/* One entry. The ranges are equally long, or the VM's is one port and the host's is where a free
 * one is looked for. */
struct publish {
    uint32_t address;    // of the host, host byte order; 0: all
    uint16_t host_first; // 0: any free port, one for each of the VM's
    uint16_t host_last;
    uint16_t vm_first; // never 0
    uint16_t vm_last;
    bool udp;
};

enum publish_fault {
    PUBLISH_OK,
    PUBLISH_NO_PORT,
    PUBLISH_BAD_PROTOCOL,
    PUBLISH_BAD_VM_PORT,
    PUBLISH_BAD_HOST_PORT,
    PUBLISH_BAD_ADDRESS,
    PUBLISH_BAD_RANGES,
};

/* Reads one entry; on a fault *publish is undefined. */
enum publish_fault publish_parse(struct publish *publish, struct str16 text);

/* What is wrong, in English without a full stop, to be followed by the text; "" for PUBLISH_OK.
 * Static. */
const char *publish_fault_text(enum publish_fault fault);

/* Writes the entry so that publish_parse() gives it back: "127.0.0.1:8080:80/tcp". Terminated. */
void publish_write(const struct publish *publish, char out[PUBLISH_TEXT_MAX]);

/* How many ports of the VM the entry is about. */
unsigned publish_count(const struct publish *publish);

/* Which of the host's ports port number `index` (below publish_count()) may get: from *first to
 * *last, in this order; 0 to 0 for any that is free. */
void publish_candidates(const struct publish *publish, unsigned index, uint16_t *first,
                        uint16_t *last);

#endif
