#include <stdio.h>
#include <stdlib.h>
#include "control_client.h"
#include "output.h"
#include "state.h"

const wchar_t *state_of(const struct vm *vm)
{
    if (vm_is_running(vm))
        return vm_is_paused(vm) ? L"paused" : L"running";
    return vm->config.started ? L"stopped" : L"created";
}

bool state_is_up(const wchar_t *state)
{
    return wcscmp(state, L"running") == 0 || wcscmp(state, L"paused") == 0;
}

void json_vm(struct json_writer *json, const struct vm *vm, const wchar_t *state)
{
    char ip[16];
    ipv4_to_text(vm_config_address(&vm->config), ip);
    json_key(json, "name");
    json_wide(json, vm->name);
    json_key(json, "state");
    json_wide(json, state);
    json_key(json, "ip");
    json_ascii(json, ip);
    json_key(json, "store");
    json_wide(json, vm->shown);
}

/* What is published now, or NULL where it does not run, was not asked for anything or cannot say.
 */
static struct control_port *ports_now(const struct vm *vm, bool running, size_t *count)
{
    struct control_port *ports = NULL;
    struct plume_error ignored;
    if (running && vm->config.publish_count)
        control_ports(vm, &ports, count, &ignored);
    return ports;
}

void ports_shown(const struct vm *vm, bool running, wchar_t *out, size_t cap)
{
    enum { ELLIPSIS = 6, ONE = 80 };
    size_t count = vm->config.publish_count, len = 0;
    struct control_port *ports = ports_now(vm, running, &count);
    for (size_t i = 0; i < count; i++) {
        wchar_t one[ONE];
        char text[PUBLISH_TEXT_MAX];
        if (ports) {
            ipv4_to_text(ports[i].address, text);
            _snwprintf(one, ONE, L"%hs:%u->%u/%ls", text, (unsigned)ports[i].host_port,
                       (unsigned)ports[i].vm_port, ports[i].udp ? L"udp" : L"tcp");
        } else {
            publish_write(&vm->config.publish[i], text);
            _snwprintf(one, ONE, L"%hs", text);
        }
        if (len + wcslen(one) + ELLIPSIS > cap) {
            wcscpy(out + len, L", ...");
            len += ELLIPSIS - 1;
            break;
        }
        len += (size_t)_snwprintf(out + len, cap - len, L"%ls%ls", len ? L", " : L"", one);
    }
    if (!len)
        wcscpy(out, L"-");
    free(ports);
}

static void json_port(struct json_writer *json, uint32_t address, uint32_t host, uint32_t vm,
                      bool udp)
{
    char text[16];
    ipv4_to_text(address, text);
    json_begin_object(json);
    json_key(json, "host_ip");
    json_ascii(json, text);
    json_key(json, "host_port");
    if (host)
        json_u64(json, host);
    else
        json_null(json);
    json_key(json, "vm_port");
    json_u64(json, vm);
    json_key(json, "protocol");
    json_ascii(json, udp ? "udp" : "tcp");
    json_end_object(json);
}

void json_ports(struct json_writer *json, const struct vm *vm, bool running)
{
    size_t count = 0;
    struct control_port *ports = ports_now(vm, running, &count);
    json_key(json, "ports");
    json_begin_array(json);
    for (size_t i = 0; ports && i < count; i++)
        json_port(json, ports[i].address, ports[i].host_port, ports[i].vm_port, ports[i].udp);
    for (unsigned i = 0; !ports && i < vm->config.publish_count; i++) {
        const struct publish *entry = &vm->config.publish[i];
        for (unsigned index = 0; index < publish_count(entry); index++) {
            uint16_t first, last;
            publish_candidates(entry, index, &first, &last);
            json_port(json, entry->address, first == last ? first : 0,
                      (uint32_t)entry->vm_first + index, entry->udp);
        }
    }
    json_end_array(json);
    free(ports);
}
