#include "monitor/scm_autostart.h"

#include <stdlib.h>
#include "core/service_order.h"
#include "monitor/log.h"
#include "monitor/registry.h"
#include "monitor/scm.h"

enum { CANDIDATES_MAX = 1024 };

struct candidate {
    wchar_t name[SERVICE_NAME_MAX + 1];
    struct service_place place; // its name is the one above
    uint32_t reason;            // enum service_start_reason
};

static struct candidate *candidates;
static size_t count, next;

static void add_services(HKEY services)
{
    wchar_t name[SERVICE_NAME_MAX + 1];
    for (DWORD i = 0; count < CANDIDATES_MAX; i++) {
        DWORD len = SERVICE_NAME_MAX + 1, start, deleted;
        if (RegEnumKeyExW(services, i, name, &len, NULL, NULL, NULL, NULL) != ERROR_SUCCESS)
            return;
        HKEY key;
        if (RegOpenKeyExW(services, name, 0, KEY_QUERY_VALUE, &key) != ERROR_SUCCESS)
            continue;
        bool own = (registry_number(key, L"Start", &start) && start == SVC_AUTO_START) ||
                   (registry_number(key, L"DeleteFlag", &deleted) && deleted);
        HKEY triggers;
        if (!own &&
            RegOpenKeyExW(key, L"TriggerInfo", 0, KEY_QUERY_VALUE, &triggers) == ERROR_SUCCESS) {
            own = true;
            RegCloseKey(triggers);
        }
        RegCloseKey(key);
        for (size_t j = 0; own && j < count; j++)
            own = _wcsicmp(candidates[j].name, name) != 0;
        if (own)
            wcscpy(candidates[count++].name, name);
    }
}

void scm_autostart_find(const struct vm *vm)
{
    // The layer keeps what the VM has changed below \REGISTRY\MACHINE here. The current control set
    // is one of several, under a name that the host has chosen.
    wchar_t path[VM_PATH_MAX + 32];
    HKEY system, services;
    if (wcslen(vm->user_keys) + 32 > sizeof(path) / sizeof(*path))
        return;
    wcscat(wcscpy(path, vm->user_keys), L"\\upper\\Machine\\System");
    if (RegOpenKeyExW(HKEY_CURRENT_USER, path, 0, KEY_ENUMERATE_SUB_KEYS, &system) != ERROR_SUCCESS)
        return;
    candidates = calloc(CANDIDATES_MAX, sizeof(*candidates));
    for (DWORD i = 0; candidates; i++) {
        wchar_t set[256 + 16];
        DWORD len = 256;
        if (RegEnumKeyExW(system, i, set, &len, NULL, NULL, NULL, NULL) != ERROR_SUCCESS)
            break;
        wcscat(set, L"\\Services");
        if (RegOpenKeyExW(system, set, 0, KEY_ENUMERATE_SUB_KEYS, &services) != ERROR_SUCCESS)
            continue;
        add_services(services);
        RegCloseKey(services);
    }
    RegCloseKey(system);
}

static void start_next(void);

static void started(void *context, DWORD error)
{
    const struct candidate *candidate = context;
    if (error != ERROR_SUCCESS)
        log_line(L"service %s: cannot be started with the VM: Win32 error %lu", candidate->name,
                 error);
    start_next();
}

static void start_next(void)
{
    // Each start ends in started(), some of them before scm_start() returns: the depth of that is
    // bounded by the number of services.
    while (next < count && !scm_is_stopping()) {
        struct candidate *candidate = &candidates[next++];
        struct service *service;
        DWORD error = scm_find(str16_of((const uint16_t *)candidate->name), &service);
        if (error == ERROR_SUCCESS && service->status.state == SVC_STOPPED)
            service->start_reason = candidate->reason;
        if (error == ERROR_SUCCESS)
            error = scm_start(service, (struct wire_blob){0}, started, candidate);
        if (error == ERROR_SUCCESS)
            return;
        if (error != ERROR_SERVICE_ALREADY_RUNNING) // something else depended on it
            log_line(L"service %s: cannot be started with the VM: Win32 error %lu", candidate->name,
                     error);
    }
}

static int by_place(const void *a, const void *b)
{
    const struct candidate *first = a, *second = b;
    struct service_place x = first->place, y = second->place;
    x.name = str16_of((const uint16_t *)first->name);
    y.name = str16_of((const uint16_t *)second->name);
    return service_place_compare(&x, &y);
}

// The place of a tag among those of its group.
static size_t tag_place(HKEY orders, const wchar_t *group, DWORD tag)
{
    enum { TAGS_MAX = 1024 };
    static uint32_t tags[TAGS_MAX];
    DWORD kind, bytes = sizeof tags;
    if (!orders || !tag ||
        RegQueryValueExW(orders, group, NULL, &kind, (BYTE *)tags, &bytes) != ERROR_SUCCESS ||
        kind != REG_BINARY)
        return SERVICE_NONE;
    return service_tag_place(tags, bytes, tag);
}

// What the machine has to order its services by.
struct orders {
    struct str16 groups;
    HKEY tags; // may be NULL
};

// Whether the candidate starts by itself in the VM as it is now; fills in what it is ordered by.
static bool qualify(struct candidate *candidate, const struct orders *orders)
{
    struct db_config config;
    if (db_load(candidate->name, &config) != ERROR_SUCCESS)
        return false;
    // Deleted while it was in use, and the VM ended before it no longer was.
    if (config.delete_flag && db_delete(candidate->name) == ERROR_SUCCESS)
        log_line(L"service %s: deleted", candidate->name);
    bool wanted = false;
    if ((config.type & SVC_WIN32) && !config.delete_flag) {
        struct db_triggers triggers = db_triggers(candidate->name);
        wanted = config.start == SVC_AUTO_START;
        if (config.start == SVC_DEMAND_START) {
            wanted = triggers.at_start;
            if (triggers.any && !triggers.at_start && !triggers.pipe)
                log_line(L"service %s: what triggers its start does not happen in a VM",
                         candidate->name);
        }
    }
    candidate->place.group = candidate->place.tag = SERVICE_NONE;
    if (wanted && config.group && *config.group) {
        candidate->place.group =
            service_list_place(orders->groups, str16_of((const uint16_t *)config.group));
        candidate->place.tag = tag_place(orders->tags, config.group, config.tag);
    }
    bool automatic = config.start == SVC_AUTO_START;
    db_free(&config);
    _Alignas(4) uint8_t info[16];
    struct wire_writer w = wire_writer_on(info, sizeof(info));
    if (wanted && automatic &&
        db_put_info(candidate->name, SCM_INFO_DELAYED_AUTO_START, &w) == ERROR_SUCCESS) {
        struct wire_reader r = wire_reader_on(info, w.len);
        candidate->place.delayed = wire_get_u32(&r);
    }
    candidate->reason = !automatic                 ? SVC_START_REASON_TRIGGER
                        : candidate->place.delayed ? SVC_START_REASON_DELAYED_AUTO
                                                   : SVC_START_REASON_AUTO;
    return wanted;
}

void scm_autostart_run(void)
{
    if (!count)
        return;
    HKEY key;
    wchar_t *list = NULL;
    size_t len = 0;
    struct orders orders = {0};
    if (RegOpenKeyExW(HKEY_LOCAL_MACHINE, L"SYSTEM\\CurrentControlSet\\Control\\ServiceGroupOrder",
                      0, KEY_QUERY_VALUE, &key) == ERROR_SUCCESS) {
        list = registry_text(key, L"List", &len);
        RegCloseKey(key);
    }
    orders.groups = (struct str16){(uint16_t *)list, len};
    if (RegOpenKeyExW(HKEY_LOCAL_MACHINE, L"SYSTEM\\CurrentControlSet\\Control\\GroupOrderList", 0,
                      KEY_QUERY_VALUE, &orders.tags) != ERROR_SUCCESS)
        orders.tags = NULL;
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (qualify(&candidates[i], &orders))
            candidates[kept++] = candidates[i];
    }
    count = kept;
    free(list);
    if (orders.tags)
        RegCloseKey(orders.tags);
    qsort(candidates, count, sizeof(*candidates), by_place);
    start_next();
}
