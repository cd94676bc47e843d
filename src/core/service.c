#include "core/service.h"

#include <string.h>

enum {
    ACCESS_GENERIC_READ = 0x80000000u,
    ACCESS_GENERIC_WRITE = 0x40000000,
    ACCESS_GENERIC_EXECUTE = 0x20000000,
    ACCESS_GENERIC_ALL = 0x10000000,
    ACCESS_MAXIMUM_ALLOWED = 0x02000000,
    ACCESS_SYSTEM_SECURITY = 0x01000000,
    ACCESS_READ_CONTROL = 0x20000,
};

static bool has_unit(struct str16 text, uint16_t unit)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.s[i] == unit)
            return true;
    }
    return false;
}

bool service_display_name_valid(struct str16 name)
{
    return name.len >= 1 && name.len <= SERVICE_NAME_MAX && !has_unit(name, 0);
}

bool service_name_valid(struct str16 name)
{
    return service_display_name_valid(name) && !has_unit(name, '/') && !has_unit(name, '\\');
}

bool service_account_is_system(struct str16 account)
{
    static const uint16_t system[] = {'l', 'o', 'c', 'a', 'l', 's', 'y', 's', 't', 'e', 'm'};
    if (account.len >= 2 && account.s[0] == '.' && account.s[1] == '\\')
        account = (struct str16){account.s + 2, account.len - 2};
    return account.len == 0 ||
           str16_equal_nocase(account, (struct str16){system, sizeof(system) / sizeof(*system)});
}

static bool type_valid(uint32_t type)
{
    switch (type) {
    case SVC_KERNEL_DRIVER:
    case SVC_FILE_SYSTEM_DRIVER:
    case SVC_RECOGNIZER_DRIVER:
    case SVC_WIN32_OWN_PROCESS:
    case SVC_WIN32_SHARE_PROCESS:
    case SVC_WIN32_OWN_PROCESS | SVC_INTERACTIVE_PROCESS:
    case SVC_WIN32_SHARE_PROCESS | SVC_INTERACTIVE_PROCESS:
    case SVC_WIN32_OWN_PROCESS | SVC_USER_SERVICE:
    case SVC_WIN32_SHARE_PROCESS | SVC_USER_SERVICE:
        return true;
    default:
        return false;
    }
}

uint32_t service_config_check(struct str16 name, const struct service_config *config)
{
    if (!type_valid(config->type) || config->start > SVC_DISABLED || config->error_control > 3)
        return SVC_E_INVALID_PARAMETER;
    if (config->start <= SVC_SYSTEM_START && !(config->type & SVC_DRIVER))
        return SVC_E_INVALID_PARAMETER;
    if ((config->type & SVC_INTERACTIVE_PROCESS) && !service_account_is_system(config->account))
        return SVC_E_INVALID_PARAMETER;
    if (config->display_name.s && config->display_name.len &&
        !service_display_name_valid(config->display_name))
        return SVC_E_INVALID_NAME;
    struct str16 item;
    for (size_t at = 0; service_list_next(config->dependencies, &at, &item);) {
        bool group = item.s[0] == '+';
        struct str16 wanted = group ? (struct str16){item.s + 1, item.len - 1} : item;
        // What is no service's name names none that there is: found at the start, as Windows does.
        if (group && !wanted.len)
            return SVC_E_INVALID_PARAMETER;
        if (!group && str16_equal_nocase(wanted, name))
            return SVC_E_CIRCULAR_DEPENDENCY;
    }
    return SVC_OK;
}

bool service_access_is_known(uint32_t wanted, bool manager)
{
    const uint32_t others = ACCESS_GENERIC_READ | ACCESS_GENERIC_WRITE | ACCESS_GENERIC_EXECUTE |
                            ACCESS_GENERIC_ALL | ACCESS_MAXIMUM_ALLOWED | ACCESS_SYSTEM_SECURITY;
    return !(wanted & ~(others | (uint32_t)(manager ? SC_RIGHT_ALL : SVC_RIGHT_ALL)));
}

uint32_t service_manager_access(uint32_t wanted)
{
    uint32_t access = wanted & SC_RIGHT_ALL;
    if (wanted & (ACCESS_GENERIC_ALL | ACCESS_MAXIMUM_ALLOWED))
        access |= SC_RIGHT_ALL;
    if (wanted & ACCESS_GENERIC_READ)
        access |= ACCESS_READ_CONTROL | SC_RIGHT_ENUMERATE_SERVICE | SC_RIGHT_QUERY_LOCK_STATUS;
    if (wanted & ACCESS_GENERIC_WRITE)
        access |= ACCESS_READ_CONTROL | SC_RIGHT_CREATE_SERVICE | SC_RIGHT_MODIFY_BOOT_CONFIG;
    if (wanted & ACCESS_GENERIC_EXECUTE)
        access |= ACCESS_READ_CONTROL | SC_RIGHT_LOCK;
    // Whoever is let in at all may connect.
    return access | SC_RIGHT_CONNECT;
}

uint32_t service_access(uint32_t wanted)
{
    uint32_t access = wanted & SVC_RIGHT_ALL;
    if (wanted & (ACCESS_GENERIC_ALL | ACCESS_MAXIMUM_ALLOWED))
        access |= SVC_RIGHT_ALL;
    if (wanted & ACCESS_GENERIC_READ)
        access |= ACCESS_READ_CONTROL | SVC_RIGHT_QUERY_CONFIG | SVC_RIGHT_QUERY_STATUS |
                  SVC_RIGHT_INTERROGATE | SVC_RIGHT_ENUMERATE_DEPENDENTS;
    if (wanted & ACCESS_GENERIC_WRITE)
        access |= ACCESS_READ_CONTROL | SVC_RIGHT_CHANGE_CONFIG;
    if (wanted & ACCESS_GENERIC_EXECUTE)
        access |= ACCESS_READ_CONTROL | SVC_RIGHT_START | SVC_RIGHT_STOP |
                  SVC_RIGHT_PAUSE_CONTINUE | SVC_RIGHT_USER_DEFINED_CONTROL;
    return access;
}

static bool is_user_control(uint32_t control)
{
    return control >= SVC_CONTROL_USER_FIRST && control <= SVC_CONTROL_USER_LAST;
}

static bool is_netbind_control(uint32_t control)
{
    return control >= SVC_CONTROL_NETBINDADD && control <= SVC_CONTROL_NETBINDDISABLE;
}

uint32_t service_control_right(uint32_t control)
{
    if (is_user_control(control))
        return SVC_RIGHT_USER_DEFINED_CONTROL;
    if (is_netbind_control(control))
        return SVC_RIGHT_PAUSE_CONTINUE;
    switch (control) {
    case SVC_CONTROL_STOP:
        return SVC_RIGHT_STOP;
    case SVC_CONTROL_PAUSE:
    case SVC_CONTROL_CONTINUE:
    case SVC_CONTROL_PARAMCHANGE:
        return SVC_RIGHT_PAUSE_CONTINUE;
    case SVC_CONTROL_INTERROGATE:
        return SVC_RIGHT_INTERROGATE;
    default:
        return 0;
    }
}

static bool accepts(uint32_t accepted, uint32_t control)
{
    if (is_user_control(control))
        return true;
    if (is_netbind_control(control))
        return accepted & SVC_ACCEPT_NETBINDCHANGE;
    switch (control) {
    case SVC_CONTROL_INTERROGATE:
        return true;
    case SVC_CONTROL_STOP:
        return accepted & SVC_ACCEPT_STOP;
    case SVC_CONTROL_PAUSE:
    case SVC_CONTROL_CONTINUE:
        return accepted & SVC_ACCEPT_PAUSE_CONTINUE;
    case SVC_CONTROL_SHUTDOWN:
        return accepted & SVC_ACCEPT_SHUTDOWN;
    case SVC_CONTROL_PRESHUTDOWN:
        return accepted & SVC_ACCEPT_PRESHUTDOWN;
    case SVC_CONTROL_PARAMCHANGE:
        return accepted & SVC_ACCEPT_PARAMCHANGE;
    default:
        return false;
    }
}

uint32_t service_control_check(const struct service_status *status, uint32_t control)
{
    switch (status->state) {
    case SVC_STOPPED:
        return SVC_E_NOT_ACTIVE;
    case SVC_STOP_PENDING:
        return SVC_E_CANNOT_ACCEPT_CTRL;
    case SVC_START_PENDING:
        // A service that is starting can be told to stop, and nothing else.
        if (control != SVC_CONTROL_STOP && control != SVC_CONTROL_SHUTDOWN)
            return SVC_E_CANNOT_ACCEPT_CTRL;
        break;
    default:
        break;
    }
    return accepts(status->accepted, control) ? SVC_OK : SVC_E_INVALID_SERVICE_CONTROL;
}

uint32_t service_status_check(const struct service_status *reported)
{
    // Programs set 0x110 and the like here; what matters is that it is a type at all.
    const uint32_t types = SVC_DRIVER | SVC_ADAPTER | SVC_WIN32 | SVC_USER_SERVICE |
                           SVC_USER_SERVICE_INSTANCE | SVC_INTERACTIVE_PROCESS;
    if (!(reported->type & (SVC_DRIVER | SVC_WIN32)) || (reported->type & ~types))
        return SVC_E_INVALID_DATA;
    if (reported->state < SVC_STOPPED || reported->state > SVC_PAUSED)
        return SVC_E_INVALID_DATA;
    // The accepted controls have grown with each version; bits beyond the last known are refused.
    if (reported->accepted & ~0xfffu)
        return SVC_E_INVALID_DATA;
    return SVC_OK;
}

bool service_stop_reason_valid(uint32_t reason)
{
    enum { UNPLANNED = 0x10000000, CUSTOM = 0x20000000, PLANNED = 0x40000000 };
    uint32_t general = reason & 0xff000000, major = reason >> 16 & 0xff, minor = reason & 0xffff;
    // Winsvc.h has six major codes and has got to 0x18 with the minor ones.
    bool system_major = major >= 1 && major <= 6, system_minor = minor >= 1 && minor <= 0x18;
    bool own_major = major >= 0x40, own_minor = minor >= 0x100;
    switch (general) {
    case UNPLANNED:
    case PLANNED:
        return system_major && system_minor;
    case CUSTOM:
    case CUSTOM | UNPLANNED:
    case CUSTOM | PLANNED:
        return (own_major && (own_minor || system_minor)) || (system_major && own_minor);
    default:
        return false;
    }
}

void service_status_apply(struct service_status *status, const struct service_status *reported)
{
    uint32_t type = status->type;
    *status = *reported;
    status->type = type;
    if (status->state == SVC_STOPPED)
        status->accepted = 0;
}

bool service_listed(uint32_t type, uint32_t state, uint32_t types, uint32_t states)
{
    return (type & types) && (states & (state == SVC_STOPPED ? 2u : 1u));
}

bool service_list_next(struct str16 list, size_t *at, struct str16 *item)
{
    if (*at >= list.len || list.s[*at] == 0)
        return false;
    size_t end = *at;
    while (end < list.len && list.s[end])
        end++;
    *item = (struct str16){list.s + *at, end - *at};
    *at = end + 1;
    return true;
}

bool service_list_has(struct str16 list, struct str16 item)
{
    struct str16 each;
    for (size_t at = 0; service_list_next(list, &at, &each);) {
        if (str16_equal_nocase(each, item))
            return true;
    }
    return false;
}

enum { UNSEEN, OPEN, DONE };

uint32_t service_start_order(struct service_order *work, size_t count, size_t first,
                             size_t (*edge)(void *context, size_t service, size_t n), void *context,
                             size_t *ordered)
{
    size_t depth = 0;
    *ordered = 0;
    memset(work->mark, UNSEEN, count);
    work->stack[depth] = first;
    work->next[depth++] = 0;
    work->mark[first] = OPEN;
    while (depth) {
        size_t service = work->stack[depth - 1];
        size_t needed = edge(context, service, work->next[depth - 1]++);
        if (needed == SERVICE_NONE) {
            work->mark[service] = DONE;
            work->order[(*ordered)++] = service;
            depth--;
        } else if (work->mark[needed] == OPEN) {
            return SVC_E_CIRCULAR_DEPENDENCY;
        } else if (work->mark[needed] == UNSEEN) {
            work->mark[needed] = OPEN;
            work->stack[depth] = needed;
            work->next[depth++] = 0;
        }
    }
    return SVC_OK;
}
