// What a VM is doing, as a word.
#ifndef PLUME_CLI_STATE_H
#define PLUME_CLI_STATE_H

#include "core/json.h"
#include "vm/vm.h"

/* "running", "created" (never started) or "stopped". */
const wchar_t *state_of(const struct vm *vm);

/* The members that every JSON object about a VM begins with: name, state, ip, store. */
void json_vm(struct json_writer *json, const struct vm *vm, const wchar_t *state);

#endif
