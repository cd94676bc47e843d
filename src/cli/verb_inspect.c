#include <stdio.h>
#include "cli.h"
#include "control_client.h"
#include "output.h"
#include "state.h"

static void line(const wchar_t *key, const wchar_t *value)
{
    out_format(L"%-10ls", key);
    out_text(value);
    out_text(L"\n");
}

static void show_limits(const struct limits *limits)
{
    wchar_t text[LIMITS_TEXT_MAX];
    char ascii[LIMITS_TEXT_MAX];
    limits_size_to_text(limits->memory, ascii);
    _snwprintf(text, ARRAYSIZE(text), L"%hs", ascii);
    line(L"memory", limits->memory ? text : L"-");
    limits_cpus_to_text(limits->cpus, ascii);
    _snwprintf(text, ARRAYSIZE(text), L"%hs", ascii);
    line(L"cpus", limits->cpus ? text : L"-");
    _snwprintf(text, ARRAYSIZE(text), L"%u", (unsigned)limits->pids);
    line(L"pids", limits->pids ? text : L"-");
}

/* "memory" in bytes, "cpus" and "pids"; null where there is no limit. */
static void json_limits(struct json_writer *json, const struct limits *limits)
{
    char cpus[LIMITS_TEXT_MAX] = "null";
    if (limits->cpus)
        limits_cpus_to_text(limits->cpus, cpus);
    json_key(json, "memory");
    if (limits->memory)
        json_u64(json, limits->memory);
    else
        json_null(json);
    json_key(json, "cpus");
    json_literal(json, cpus);
    json_key(json, "pids");
    if (limits->pids)
        json_u64(json, limits->pids);
    else
        json_null(json);
}

static void show_text(const struct vm *vm, const wchar_t *state, uint32_t monitor)
{
    wchar_t text[32], ports[1024];
    uint16_t hostname[HOSTNAME_MAX + 1];
    char ip[16];
    line(L"name", vm->name);
    line(L"id", vm->id);
    line(L"state", state);
    ipv4_to_text(vm_config_address(&vm->config), ip);
    _snwprintf(text, ARRAYSIZE(text), L"%hs", ip);
    line(L"ip", text);
    line(L"network", vm->config.no_network ? L"none" : L"default");
    ports_shown(vm, state_is_up(state), ports, ARRAYSIZE(ports));
    line(L"ports", ports);
    vm_config_hostname(&vm->config, hostname);
    line(L"hostname", hostname);
    show_limits(&vm->config.limits);
    line(L"store", vm->shown);
    time_shown(vm->config.created, text, ARRAYSIZE(text));
    line(L"created", text);
    time_shown(vm->config.started, text, ARRAYSIZE(text));
    line(L"started", text);
    time_shown(vm->config.stopped, text, ARRAYSIZE(text));
    line(L"stopped", text);
    _snwprintf(text, ARRAYSIZE(text), L"%u", (unsigned)monitor);
    line(L"monitor", monitor ? text : L"-");
    line(L"job", vm->job_name);
    line(L"objects", vm->objects);
    line(L"pipes", vm->pipes);
    line(L"registry", vm->keys);
}

static void show_json(const struct vm *vm, const wchar_t *state, uint32_t monitor)
{
    struct json_writer json = out_json();
    uint16_t hostname[HOSTNAME_MAX + 1];
    json_begin_object(&json);
    json_vm(&json, vm, state);
    json_key(&json, "network");
    json_ascii(&json, vm->config.no_network ? "none" : "default");
    json_ports(&json, vm, state_is_up(state));
    vm_config_hostname(&vm->config, hostname);
    json_key(&json, "hostname");
    json_wide(&json, hostname);
    json_limits(&json, &vm->config.limits);
    json_key(&json, "id");
    json_wide(&json, vm->id);
    json_time(&json, "created", vm->config.created);
    json_time(&json, "started", vm->config.started);
    json_time(&json, "stopped", vm->config.stopped);
    json_key(&json, "monitor");
    if (monitor)
        json_u64(&json, monitor);
    else
        json_null(&json);
    json_key(&json, "job");
    json_wide(&json, vm->job_name);
    json_key(&json, "objects");
    json_wide(&json, vm->objects);
    json_key(&json, "pipes");
    json_wide(&json, vm->pipes);
    json_key(&json, "registry");
    json_wide(&json, vm->keys);
    json_end_object(&json);
    json_end(&json);
}

static int run(struct command *command)
{
    bool json_format = false;
    const struct option options[] = {{0, L"format", OPTION_FORMAT, &json_format}};
    struct plume_error error;
    struct vm_store store;
    struct vm vm;
    uint32_t monitor = 0;
    int status = EXIT_OK;
    if (!options_parse(command, options, ARRAYSIZE(options), OPTIONS_ANYWHERE, 1, 1))
        return EXIT_PLUME;
    if (!vm_store_locate(&store, &error) || !vm_open(&vm, &store, command->args[0], &error))
        return fail(&error);
    const wchar_t *state = state_of(&vm);
    if (state_is_up(state) && !control_status(&vm, &monitor, &error))
        status = fail(&error); // what is known is shown all the same
    if (json_format)
        show_json(&vm, state, monitor);
    else
        show_text(&vm, state, monitor);
    int written = out_end();
    return status ? status : written;
}

const struct verb verb_inspect = {
    .name = L"inspect",
    .usage = L"[--format json] NAME",
    .summary = L"Show everything about a VM",
    .details = L"With the host's names for what is the VM's: its folder, job, objects, pipes and "
               L"registry key.\n",
    .run = run,
};
