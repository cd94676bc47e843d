#include "monitor/identity.h"

#include <stdlib.h>
#include "monitor/log.h"
#include "monitor/registry.h"

struct name_value {
    const wchar_t *key, *value;
    bool netbios;
    int pending; // the row whose value comes into force here when the machine starts; -1: none
    wchar_t *host; // what the host has
};

static struct name_value values[] = {
    {L"SYSTEM\\CurrentControlSet\\Control\\ComputerName\\ComputerName", L"ComputerName", true, -1,
     NULL},
    {L"SYSTEM\\CurrentControlSet\\Control\\ComputerName\\ActiveComputerName", L"ComputerName", true,
     0, NULL},
    {L"SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters", L"NV Hostname", false, -1, NULL},
    {L"SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters", L"Hostname", false, 2, NULL},
};

enum { VALUES = sizeof values / sizeof *values };

static wchar_t *read_value(const struct name_value *value)
{
    HKEY key;
    if (RegOpenKeyExW(HKEY_LOCAL_MACHINE, value->key, 0, KEY_QUERY_VALUE, &key))
        return NULL;
    wchar_t *text = registry_text(key, value->value, NULL);
    RegCloseKey(key);
    return text;
}

static void write_value(const struct name_value *value, const wchar_t *text)
{
    HKEY key;
    DWORD error = RegCreateKeyExW(HKEY_LOCAL_MACHINE, value->key, 0, NULL, 0, KEY_SET_VALUE, NULL,
                                  &key, NULL);
    if (!error) {
        error = registry_set_text(key, value->value, REG_SZ, str16_of(text), false);
        RegCloseKey(key);
    }
    if (error)
        log_line(L"cannot set %ls of the VM: Win32 error %lu", value->value, error);
}

void identity_read_host(void)
{
    for (int i = 0; i < VALUES; i++)
        values[i].host = read_value(&values[i]);
}

void identity_apply(const struct vm *vm)
{
    uint16_t hostname[HOSTNAME_MAX + 1], netbios[HOSTNAME_NETBIOS_MAX + 1];
    vm_config_hostname(&vm->config, hostname);
    hostname_to_netbios(str16_of(hostname), netbios);
    // One value is one write; a start that was cut short is completed by the next.
    for (int i = 0; i < VALUES; i++) {
        struct name_value *value = &values[i];
        wchar_t *now = read_value(value),
                *pending = value->pending < 0 ? NULL : read_value(&values[value->pending]);
        const wchar_t *wanted = pending ? pending : value->netbios ? netbios : hostname;
        bool is_hosts = !now || (value->host && wcscmp(now, value->host) == 0);
        if ((is_hosts || pending) && (!now || wcscmp(now, wanted) != 0))
            write_value(value, wanted);
        free(now);
        free(pending);
    }
    wchar_t *name = read_value(&values[1]);
    SetEnvironmentVariableW(L"COMPUTERNAME", name ? name : netbios);
    free(name);
}
