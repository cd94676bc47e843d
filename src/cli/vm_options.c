#include "vm_options.h"
#include "vm/job_limits.h"

static bool read_ports(const struct command *command, const struct text_list *list,
                       struct vm_config *config)
{
    unsigned ports = 0;
    for (size_t i = 0; i < list->count; i++) {
        const wchar_t *text = list->items[i];
        if (config->publish_count == PUBLISH_MAX) {
            fail_usage(command,
                       L"a VM can have 24 of '-p' (each may be a range); this is one more:", text);
            return false;
        }
        struct publish *publish = &config->publish[config->publish_count++];
        enum publish_fault fault = publish_parse(publish, str16_of(text));
        if (fault != PUBLISH_OK) {
            wchar_t message[128];
            MultiByteToWideChar(CP_UTF8, 0, publish_fault_text(fault), -1, message,
                                ARRAYSIZE(message));
            fail_usage(command, message, text);
            return false;
        }
        ports += publish_count(publish);
        if (ports > PUBLISH_PORTS_MAX) {
            fail_usage(command, L"a VM can have 512 ports published, and there are more with",
                       text);
            return false;
        }
    }
    return true;
}

static bool read_ip(const struct command *command, const wchar_t *text, struct vm_config *config)
{
    char ascii[16];
    BOOL lossy = FALSE;
    int len = WideCharToMultiByte(CP_ACP, 0, text, -1, ascii, sizeof ascii, NULL, &lossy);
    if (len > 0 && !lossy && ipv4_from_text(&config->host_address, ascii, (size_t)len - 1) &&
        vm_config_is_host_address(config->host_address))
        return true;
    fail_usage(command, L"this is not the IPv4 address of a machine:", text);
    return false;
}

bool limit_options_read(const struct command *command, const struct limit_options *options,
                        struct limits *limits)
{
    if (options->memory && !limits_read_memory(str16_of(options->memory), &limits->memory)) {
        fail_usage(command, L"this is not a size such as 512m or 2g, of at least 6m:",
                   options->memory);
        return false;
    }
    if (options->cpus && !limits_read_cpus(str16_of(options->cpus), &limits->cpus)) {
        fail_usage(command, L"this is not a number of processors, 0.01 to 1024:", options->cpus);
        return false;
    }
    if (options->pids && !limits_read_pids(str16_of(options->pids), &limits->pids)) {
        fail_usage(command, L"this is not a number of processes, up to 1000000:", options->pids);
        return false;
    }
    return true;
}

void limits_warn(const struct vm *vm, const struct limits *limits)
{
    // Processes are counted by the layer where the host does not.
    unsigned unkept = job_limits_unkept(limits);
    if (unkept & JOB_LIMIT_MEMORY)
        note(L"this host does not enforce --memory: the VM '%ls' can use more", vm->name);
    if (unkept & JOB_LIMIT_CPUS)
        note(L"this host does not enforce --cpus: the VM '%ls' can use more", vm->name);
}

bool vm_options_read(const struct command *command, const struct vm_options *options,
                     struct vm_config *config)
{
    if (!read_ports(command, &options->publish, config))
        return false;
    if (options->hostname) {
        if (!hostname_check(str16_of(options->hostname))) {
            fail_usage(command,
                       L"a host name has letters, digits and '-' (not at its ends, not digits "
                       L"alone), at most 63, unlike",
                       options->hostname);
            return false;
        }
        wcscpy(config->hostname, options->hostname);
    }
    if (options->network && wcscmp(options->network, L"none") != 0 &&
        wcscmp(options->network, L"default") != 0) {
        fail_usage(command, L"the networks are 'default' and 'none', not", options->network);
        return false;
    }
    config->no_network = options->network && wcscmp(options->network, L"none") == 0;
    if (config->no_network && (config->publish_count || options->ip)) {
        fail_usage(command,
                   L"a VM without a network has no port published and no address, so "
                   L"leave out '-p' and '--ip', or",
                   L"--network none");
        return false;
    }
    if (!limit_options_read(command, &options->limits, &config->limits))
        return false;
    if (options->log_max && !vm_config_read_log_max(str16_of(options->log_max), &config->log_max)) {
        fail_usage(command, L"this is not a size such as 10m, of at least 128k:", options->log_max);
        return false;
    }
    return !options->ip || read_ip(command, options->ip, config);
}
