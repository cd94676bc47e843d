// What a VM may use of the machine: how limits are written, and what they mean to a job.
#ifndef PLUME_CORE_LIMITS_H
#define PLUME_CORE_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/str16.h"

enum {
    LIMITS_CPUS_MAX = 1024000, // thousandths of a processor
    LIMITS_PIDS_MAX = 1000000,
    LIMITS_TEXT_MAX = 32, // bytes of what the functions below write, terminator included
};
#define LIMITS_MEMORY_MIN (UINT64_C(6) << 20) // Docker's; less lets no process start

/* Each is 0 where there is no limit. */
struct limits {
    uint64_t memory; // bytes that the VM's processes may have committed together
    uint32_t cpus;   // thousandths of a processor
    uint32_t pids;   // processes at a time
};

/* As Docker reads them. Each takes "0" for "no limit", and returns false, with *value as it was,
 * for what is not understood or out of range.
 *   memory: a whole number and b, k, m, g or t (1024 each; a 'b' or 'ib' may follow; none: bytes);
 *           at least LIMITS_MEMORY_MIN
 *   cpus:   a number with up to three decimals, 0.01 to 1024
 *   pids:   a whole number up to LIMITS_PIDS_MAX */
bool limits_read_size(struct str16 text, uint64_t *bytes); // as for memory, of any size
bool limits_read_memory(struct str16 text, uint64_t *memory);
bool limits_read_cpus(struct str16 text, uint32_t *cpus);
bool limits_read_pids(struct str16 text, uint32_t *pids);

/* What a job's CpuRate is for it: hundredths of a percent of all `processors` of the machine,
 * between 1 and 10000 (JOBOBJECT_CPU_RATE_CONTROL_INFORMATION). */
uint32_t limits_cpu_rate(uint32_t cpus, uint32_t processors);

/* A whole number, decimal. */
void limits_number_to_text(uint64_t value, char out[LIMITS_TEXT_MAX]);

/* "1.5" for 1500. */
void limits_cpus_to_text(uint32_t cpus, char out[LIMITS_TEXT_MAX]);

/* Bytes as a person reads them, in Docker's way: "512MiB", "1.464GiB", "0B"; four digits. */
void limits_size_to_text(uint64_t bytes, char out[LIMITS_TEXT_MAX]);

#endif
