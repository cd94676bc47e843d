// QueryServiceConfig2 and ChangeServiceConfig2.
#include "calls.h"

#include <stdio.h>
#include <string.h>

#ifndef SERVICE_CONFIG_TRIGGER_INFO
#define SERVICE_CONFIG_TRIGGER_INFO 8
#endif

struct item {
    DWORD type, size;
    void *data;
};
struct trigger {
    DWORD type, action;
    GUID *subtype;
    DWORD count;
    struct item *items;
};
struct triggers {
    DWORD count;
    struct trigger *list;
    void *reserved;
};
struct node {
    USHORT node;
    BOOLEAN remove;
};

static bool has(SC_HANDLE service, DWORD level)
{
    char buffer[4096];
    DWORD needed;
    return QueryServiceConfig2W(service, level, (BYTE *)buffer, sizeof(buffer), &needed) ||
           GetLastError() != ERROR_INVALID_LEVEL;
}

static void query(SC_HANDLE service, DWORD level, const char *what)
{
    char buffer[4096];
    DWORD needed = 7;
    memset(buffer, 0, sizeof(buffer));
    TRY(QueryServiceConfig2W(service, level, NULL, 0, &needed), "level %lu %s: without room", level,
        what);
    tell("level %lu %s: needs %lu", level, what, needed);
    DWORD size = needed;
    if (size > 0 && size < sizeof(buffer)) {
        TRY(QueryServiceConfig2W(service, level, (BYTE *)buffer, size - 1, &needed),
            "level %lu %s: a byte less", level, what);
        TRY(QueryServiceConfig2W(service, level, (BYTE *)buffer, size, &needed),
            "level %lu %s: just enough", level, what);
    }
    TRY(QueryServiceConfig2A(service, level, (BYTE *)buffer, sizeof(buffer), &needed),
        "level %lu %s: ANSI", level, what);
    TRY(QueryServiceConfig2W(service, level, (BYTE *)buffer, sizeof(buffer), NULL),
        "level %lu %s: nowhere to say what is needed", level, what);
}

static void numbers(SC_HANDLE service)
{
    static const DWORD levels[] = {3, 4, 5, 7, 12};
    static const DWORD values[] = {0, 1, 2, 3, 4, 1000};
    for (unsigned i = 0; i < sizeof(levels) / sizeof(*levels); i++) {
        for (unsigned j = 0; j < sizeof(values) / sizeof(*values); j++) {
            DWORD value = values[j], read = 77, needed;
            TRY(ChangeServiceConfig2W(service, levels[i], &value), "level %lu set to %lu",
                levels[i], values[j]);
            if (QueryServiceConfig2W(service, levels[i], (BYTE *)&read, sizeof(read), &needed))
                tell("level %lu set to %lu: is %lu", levels[i], values[j], read);
        }
    }
}

static void descriptions(SC_HANDLE service)
{
    char buffer[4096];
    DWORD needed;
    static const wchar_t *const values[] = {L"What it is for", L"", L"Again"};
    for (int i = 0; i < 3; i++) {
        SERVICE_DESCRIPTIONW d = {(wchar_t *)values[i]};
        TRY(ChangeServiceConfig2W(service, 1, &d), "description %d", i);
        if (QueryServiceConfig2W(service, 1, (BYTE *)buffer, sizeof(buffer), &needed)) {
            const wchar_t *text = ((SERVICE_DESCRIPTIONW *)(void *)buffer)->lpDescription;
            tell("description %d: is %ls", i, text ? text : L"nothing");
        }
        query(service, 1, "description");
    }
    SERVICE_DESCRIPTIONA ansi = {(char *)"In ANSI"};
    TRY(ChangeServiceConfig2A(service, 1, &ansi), "description, ANSI");
    if (QueryServiceConfig2A(service, 1, (BYTE *)buffer, sizeof(buffer), &needed))
        tell("description, ANSI: is %s", ((SERVICE_DESCRIPTIONA *)(void *)buffer)->lpDescription);
}

static void privileges(SC_HANDLE service)
{
    char buffer[4096];
    DWORD needed;
    wchar_t *list = (wchar_t *)L"SeChangeNotifyPrivilege\0SeBackupPrivilege\0";
    TRY(ChangeServiceConfig2W(service, 6, &list), "privileges");
    if (QueryServiceConfig2W(service, 6, (BYTE *)buffer, sizeof(buffer), &needed)) {
        for (wchar_t *p = *(wchar_t **)(void *)buffer; p && *p; p += wcslen(p) + 1)
            tell("privileges: %ls", p);
    }
    query(service, 6, "set");
}

static void failure_actions(SC_HANDLE service)
{
    char buffer[4096];
    DWORD needed;
    SC_ACTION actions[3] = {
        {SC_ACTION_RESTART, 1000}, {SC_ACTION_RUN_COMMAND, 5}, {SC_ACTION_NONE, 0}};
    SERVICE_FAILURE_ACTIONSW f = {60, (wchar_t *)L"a message", (wchar_t *)L"a command", 3, actions};
    for (int step = 0; step < 4; step++) {
        if (step == 1)
            f = (SERVICE_FAILURE_ACTIONSW){INFINITE, NULL, NULL, 1, actions + 1};
        if (step == 2) // nothing of the actions
            f = (SERVICE_FAILURE_ACTIONSW){5, (wchar_t *)L"", NULL, 0, NULL};
        if (step == 3) // no actions
            f = (SERVICE_FAILURE_ACTIONSW){5, NULL, (wchar_t *)L"", 0, actions};
        TRY(ChangeServiceConfig2W(service, 2, &f), "actions %d", step);
        TRY(QueryServiceConfig2W(service, 2, (BYTE *)buffer, sizeof(buffer), &needed),
            "actions %d: query", step);
        SERVICE_FAILURE_ACTIONSW *is = (SERVICE_FAILURE_ACTIONSW *)(void *)buffer;
        tell("actions %d: %lu s, message %ls, command %ls, %lu actions", step, is->dwResetPeriod,
             is->lpRebootMsg ? is->lpRebootMsg : L"none", is->lpCommand ? is->lpCommand : L"none",
             is->cActions);
        for (DWORD i = 0; i < is->cActions && i < 3; i++)
            tell("actions %d: %d after %lu", step, (int)is->lpsaActions[i].Type,
                 is->lpsaActions[i].Delay);
    }
    actions[0].Type = (SC_ACTION_TYPE)9;
    f = (SERVICE_FAILURE_ACTIONSW){60, NULL, NULL, 1, actions};
    TRY(ChangeServiceConfig2W(service, 2, &f), "actions: of no kind");
    SC_HANDLE less = OpenServiceW(manager, name, SERVICE_CHANGE_CONFIG);
    actions[0].Type = SC_ACTION_RESTART;
    TRY(ChangeServiceConfig2W(less, 2, &f), "actions: restart without the right to start");
    CloseServiceHandle(less);
}

static void triggers(SC_HANDLE service)
{
    char buffer[4096];
    DWORD needed;
    static GUID subtype = {0x12345678, 1, 2, {1, 2, 3, 4, 5, 6, 7, 8}};
    struct item items[2] = {{2, 6, (void *)L"ab"}, {1, 3, (void *)"xyz"}};
    struct trigger list[2] = {{2, 1, &subtype, 2, items}, {3, 2, NULL, 0, NULL}};
    struct triggers info = {2, list, NULL};
    TRY(ChangeServiceConfig2W(service, SERVICE_CONFIG_TRIGGER_INFO, &info), "triggers");
    memset(buffer, 0, sizeof(buffer));
    TRY(QueryServiceConfig2W(service, SERVICE_CONFIG_TRIGGER_INFO, (BYTE *)buffer, sizeof(buffer),
                             &needed),
        "triggers: query");
    struct triggers *is = (struct triggers *)(void *)buffer;
    tell("triggers: %lu", is->count);
    for (DWORD i = 0; i < is->count && i < 2; i++) {
        const struct trigger *t = &is->list[i];
        tell("triggers: type %lu action %lu subtype %lx items %lu", t->type, t->action,
             t->subtype ? t->subtype->Data1 : 0, t->count);
        for (DWORD j = 0; j < t->count && j < 2; j++)
            tell("triggers: item of type %lu, %lu bytes, first %d", t->items[j].type,
                 t->items[j].size, *(char *)t->items[j].data);
    }
    query(service, SERVICE_CONFIG_TRIGGER_INFO, "set");
    list[0].action = 9;
    TRY(ChangeServiceConfig2W(service, SERVICE_CONFIG_TRIGGER_INFO, &info),
        "triggers: of no known action");
    info.count = 0;
    TRY(ChangeServiceConfig2W(service, SERVICE_CONFIG_TRIGGER_INFO, &info), "triggers: none");
    query(service, SERVICE_CONFIG_TRIGGER_INFO, "none");
    struct node node = {0, FALSE};
    TRY(ChangeServiceConfig2W(service, 9, &node), "node: 0");
    query(service, 9, "set");
    node.node = 999;
    TRY(ChangeServiceConfig2W(service, 9, &node), "node: one that there is not");
    node.remove = TRUE;
    TRY(ChangeServiceConfig2W(service, 9, &node), "node: none");
    query(service, 9, "removed");
}

void additional_configuration(void)
{
    SC_HANDLE service = make_service(name, L"service", NULL);
    DWORD needed;
    descriptions(service);
    // Wine 8 has nothing but the description; it does not end when some of the others are set. Wine
    // 10 reads lists of privileges and of actions where there are none, and knows neither level
    // when it is asked.
    if (has(service, SERVICE_CONFIG_DELAYED_AUTO_START_INFO)) {
        for (DWORD level = 0; level <= 14; level++) {
            query(service, level, "unset");
            bool list = level == SERVICE_CONFIG_FAILURE_ACTIONS ||
                        level == SERVICE_CONFIG_REQUIRED_PRIVILEGES_INFO;
            if (!list || has(service, level))
                TRY(ChangeServiceConfig2W(service, level, NULL), "level %lu: change to nothing",
                    level);
        }
        TRY(QueryServiceConfig2W(service, 99, NULL, 0, &needed), "level 99");
        numbers(service);
        if (has(service, SERVICE_CONFIG_REQUIRED_PRIVILEGES_INFO))
            privileges(service);
        if (has(service, SERVICE_CONFIG_FAILURE_ACTIONS))
            failure_actions(service);
        if (has(service, SERVICE_CONFIG_TRIGGER_INFO))
            triggers(service);
    }
    remove_service(service);
}
