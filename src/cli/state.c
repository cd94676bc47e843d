#include "output.h"
#include "state.h"

const wchar_t *state_of(const struct vm *vm)
{
    if (vm_is_running(vm))
        return L"running";
    return vm->config.started ? L"stopped" : L"created";
}

void json_vm(struct json_writer *json, const struct vm *vm, const wchar_t *state)
{
    char ip[16];
    ipv4_to_text(vm->config.ipv4, ip);
    json_key(json, "name");
    json_wide(json, vm->name);
    json_key(json, "state");
    json_wide(json, state);
    json_key(json, "ip");
    json_ascii(json, ip);
    json_key(json, "store");
    json_wide(json, vm->shown);
}
