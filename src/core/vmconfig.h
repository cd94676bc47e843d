// vm.json: what is remembered of a VM between its runs.
#ifndef PLUME_CORE_VMCONFIG_H
#define PLUME_CORE_VMCONFIG_H

#include <stddef.h>
#include <stdint.h>
#include "core/hostname.h"
#include "core/limits.h"
#include "core/publish.h"
#include "core/str16.h"
#include "core/vmname.h"

enum {
    VM_CONFIG_VERSION = 1,
    VM_CONFIG_TEXT_MAX = 4096, // bytes: no vm.json is longer; a longer one is damaged
};

/* Times are seconds since 1970-01-01 UTC; 0 is never. */
struct vm_config {
    uint32_t version;
    uint16_t name[VMNAME_MAX + 1]; // terminated
    uint32_t ipv4;                 // host byte order: 127.64.0.1 is 0x7f400001
    uint64_t created;
    uint64_t started;                    // the last start
    uint64_t stopped;                    // the last orderly end; less than `started` after a crash
    uint16_t hostname[HOSTNAME_MAX + 1]; // terminated; empty: made from the name
    uint32_t host_address; // one of the host's that the VM uses instead of `ipv4`; 0: none
    bool no_network;       // nothing but loopback
    struct limits limits;
    uint64_t log_max; // bytes that a file of the log may have; 0: LOG_MAX_DEFAULT
    unsigned publish_count;
    struct publish publish[PUBLISH_MAX];
};

enum vm_config_fault {
    VM_CONFIG_OK,
    VM_CONFIG_NOT_JSON,
    VM_CONFIG_NEWER, // a version that this program does not know
    VM_CONFIG_BAD_VERSION,
    VM_CONFIG_BAD_NAME,
    VM_CONFIG_BAD_IP,
    VM_CONFIG_BAD_TIME,
    VM_CONFIG_BAD_HOSTNAME,
    VM_CONFIG_BAD_NETWORK,
    VM_CONFIG_BAD_PORTS,
    VM_CONFIG_BAD_LIMITS,
    VM_CONFIG_BAD_LOG,
};

/* Reads UTF-8 text of `len` bytes. On a fault *config is undefined. Unknown members are ignored. */
enum vm_config_fault vm_config_parse(struct vm_config *config, const char *text, size_t len);

/* What is wrong, in English without a full stop; "" for VM_CONFIG_OK. Static. */
const char *vm_config_fault_text(enum vm_config_fault fault);

/* Writes JSON in UTF-8 with a final line end; returns its length, or 0 if `cap` was too small. */
size_t vm_config_write(const struct vm_config *config, char *out, size_t cap);

/* Whether a VM can be given the address by --ip: of one machine, and not loopback. */
bool vm_config_is_host_address(uint32_t ipv4);

/* The address that the VM is reached at. */
static inline uint32_t vm_config_address(const struct vm_config *config)
{
    return config->host_address ? config->host_address : config->ipv4;
}

#define LOG_MAX_DEFAULT (UINT64_C(10) << 20)
#define LOG_MAX_LEAST   (UINT64_C(128) << 10) // two of the longest lines

/* A size as --log-max-size takes it: see limits_read_size(). */
bool vm_config_read_log_max(struct str16 text, uint64_t *bytes);

static inline uint64_t vm_config_log_max(const struct vm_config *config)
{
    return config->log_max ? config->log_max : LOG_MAX_DEFAULT;
}

/* The host name that the VM begins with: the one that was asked for, or made from its name. */
void vm_config_hostname(const struct vm_config *config, uint16_t out[HOSTNAME_MAX + 1]);

/* "127.64.0.1" and back; the text is terminated (16 bytes are enough). The reader takes nothing but
 * four decimal numbers without superfluous zeros. */
void ipv4_to_text(uint32_t ipv4, char out[16]);
bool ipv4_from_text(uint32_t *ipv4, const char *text, size_t len);

/* "2026-11-23T06:00:00Z" and back, years 1970 to 9999; 20 characters and the terminator. */
void time_to_text(uint64_t seconds, char out[21]);
bool time_from_text(uint64_t *seconds, const char *text, size_t len);

#endif
