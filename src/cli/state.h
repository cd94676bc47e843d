// What a VM is doing, as a word.
#ifndef PLUME_CLI_STATE_H
#define PLUME_CLI_STATE_H

#include "core/json.h"
#include "vm/vm.h"

/* "running", "paused", "created" (never started) or "stopped". */
const wchar_t *state_of(const struct vm *vm);

/* Whether that is the state of a VM that has a monitor: "running" or "paused". */
bool state_is_up(const wchar_t *state);

/* The members that every JSON object about a VM begins with: name, state, ip, store. */
void json_vm(struct json_writer *json, const struct vm *vm, const wchar_t *state);

/* The ports that are published, "0.0.0.0:8080->80/tcp, ..." with an ellipsis where they do not fit:
 * where `running`, what they are now, else what was asked for. "-" where there are none. */
void ports_shown(const struct vm *vm, bool running, wchar_t *out, size_t cap);

/* The member "ports", an array of objects: "host_ip", "host_port" (null where it is chosen at the
 * start), "vm_port", "protocol". */
void json_ports(struct json_writer *json, const struct vm *vm, bool running);

#endif
