#include <stdlib.h>
#include "cli.h"
#include "control_client.h"
#include "output.h"

/* "80", "80/tcp" or "80/udp". */
static bool read_wanted(const wchar_t *text, struct publish *wanted)
{
    return publish_parse(wanted, str16_of(text)) == PUBLISH_OK && !wanted->host_first &&
           !wanted->address && wanted->vm_first == wanted->vm_last && !wcschr(text, L':');
}

static int run(struct command *command)
{
    struct plume_error error;
    struct vm_store store;
    struct vm vm;
    struct control_port *ports;
    struct publish wanted = {0};
    size_t count = 0, shown = 0;
    if (!options_parse(command, NULL, 0, OPTIONS_ANYWHERE, 1, 2))
        return EXIT_PLUME;
    if (command->count == 2 && !read_wanted(command->args[1], &wanted))
        return fail_usage(command, L"this is not a port, with or without its protocol:",
                          command->args[1]);
    if (!vm_store_locate(&store, &error) || !vm_open(&vm, &store, command->args[0], &error))
        return fail(&error);
    if (!vm_is_running(&vm)) {
        error_plain(&error, L"the VM is not running:", vm.name, L"", L"'plume start' starts it");
        return fail(&error);
    }
    if (!control_ports(&vm, &ports, &count, &error))
        return fail(&error);
    for (size_t i = 0; i < count; i++) {
        char ip[16];
        ipv4_to_text(ports[i].address, ip);
        if (wanted.vm_first && (wanted.vm_first != ports[i].vm_port || wanted.udp != ports[i].udp))
            continue;
        if (!wanted.vm_first)
            out_format(L"%u/%ls -> ", (unsigned)ports[i].vm_port, ports[i].udp ? L"udp" : L"tcp");
        out_format(L"%hs:%u\n", ip, (unsigned)ports[i].host_port);
        shown++;
    }
    free(ports);
    if (wanted.vm_first && !shown) {
        error_plain(&error, L"there is no public port for", command->args[1], L"",
                    L"'plume port' with the VM alone lists all");
        return fail(&error);
    }
    return out_end();
}

const struct verb verb_port = {
    .name = L"port",
    .usage = L"NAME [PORT[/udp]]",
    .summary = L"List the published ports of a VM",
    .details = L"Which of the host's addresses and ports lead to the VM's: all of those that '-p' asked "
               L"for, or those\nof one port. The VM must run.\n",
    .run = run,
};
