#include <stdio.h>
#include "cli.h"
#include "output.h"
#include "state.h"
#include "store.h"

static void list_one(struct listing *listing, bool all, const struct vm *vm)
{
    const wchar_t *state = state_of(vm);
    char ip[16];
    wchar_t text[32], ports[128];
    if (!all && !state_is_up(state))
        return;
    if (listing->json_format) {
        json_begin_object(&listing->json);
        json_vm(&listing->json, vm, state);
        json_time(&listing->json, "created", vm->config.created);
        json_time(&listing->json, "started", vm->config.started);
        json_ports(&listing->json, vm, state_is_up(state));
        json_end_object(&listing->json);
        return;
    }
    table_put(&listing->table, vm->name);
    table_put(&listing->table, state);
    ipv4_to_text(vm_config_address(&vm->config), ip);
    _snwprintf(text, ARRAYSIZE(text), L"%hs", ip);
    table_put(&listing->table, text);
    time_shown(vm->config.created, text, ARRAYSIZE(text));
    table_put(&listing->table, text);
    ports_shown(vm, state_is_up(state), ports, ARRAYSIZE(ports));
    table_put(&listing->table, ports);
}

static int run(struct command *command)
{
    static const wchar_t *const headings[] = {L"NAME", L"STATE", L"IP", L"CREATED", L"PORTS"};
    bool all = false, json_format = false;
    const struct option options[] = {{L'a', L"all", OPTION_FLAG, &all},
                                     {0, L"format", OPTION_FORMAT, &json_format}};
    struct plume_error error;
    struct vm_store store;
    struct store_names names;
    int status = EXIT_OK;
    if (!options_parse(command, options, ARRAYSIZE(options), OPTIONS_ANYWHERE, 0, 0))
        return EXIT_PLUME;
    if (!vm_store_locate(&store, &error) || !store_list(&store, &names, &error))
        return fail(&error);
    struct listing listing = listing_begin(json_format, ARRAYSIZE(headings), headings);
    for (size_t i = 0; i < names.count; i++) {
        struct vm vm;
        if (vm_open(&vm, &store, names.names[i], &error))
            list_one(&listing, all, &vm);
        else if (error.code != ERROR_FILE_NOT_FOUND) // that one was removed meanwhile
            status = fail(&error);
    }
    store_names_free(&names);
    listing_end(&listing);
    int written = out_end();
    return status ? status : written;
}

const struct verb verb_ps = {
    .name = L"ps",
    .usage = L"[-a] [--format json]",
    .summary = L"List the VMs",
    .details = L"Those that run; with -a (--all) all. A VM is 'created' until it is first started, "
               L"then 'running',\n"
               L"'paused' or 'stopped'. A damaged VM is reported on standard error, and the exit "
               L"status is "
               L"then 125.\n",
    .run = run,
};
