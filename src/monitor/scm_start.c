// Starting a service with everything that it depends on. A dependency on a driver, or on a group in
// which there are only drivers, is met: drivers belong to the host's kernel, which the VM shares.
#include "monitor/scm.h"

#include <stdlib.h>
#include "monitor/log.h"
#include "vm/wine.h"

enum {
    START_DEPTH_MAX = 128, // services that one start may bring with it
    EDGES_MAX = 512,
};

/* A start under way: the services still to be started, one after the other, the wanted one last. */
struct scm_start {
    struct scm_start *next;
    struct service *order[START_DEPTH_MAX]; // each is held
    size_t count, at;
    bool launched; // order[at] has been started by us
    bool groups;   // groups are depended on: one member that fails is not the end
    bool sending;  // launched() is still to be called for it
    unsigned pass; // the last round of scm_start_status_changed() that looked at it
    uint8_t *arguments;
    size_t arguments_len;
    scm_done *done;
    void *context;
    struct loop_timer timer; // for a dependency that makes no progress
};

static struct scm_start *starts;

static void end_start(struct scm_start *start, DWORD error)
{
    for (struct scm_start **at = &starts; *at; at = &(*at)->next) {
        if (*at == start) {
            *at = start->next;
            break;
        }
    }
    loop_timer_clear(&start->timer);
    if (start->done)
        start->done(start->context, error);
    for (size_t i = 0; i < start->count; i++)
        scm_release(start->order[i]);
    free(start->arguments);
    free(start);
}

static void advance(struct scm_start *start);

// The service that is at hand will not be there. A group may have another member; whoever needs
// this very one finds that out when it is its turn.
static void go_on_without(struct scm_start *start)
{
    start->at++;
    start->launched = false;
    advance(start);
}

// A dependency or the wanted service has been sent its start, or could not be.
static void launched(void *context, DWORD error)
{
    struct scm_start *start = context;
    start->sending = false;
    if (start->at + 1 == start->count) {
        end_start(start, error);
    } else if (error == ERROR_SUCCESS) {
        advance(start);
    } else if (start->groups) {
        log_line(L"service %s: could not be started for %s (Win32 error %lu)",
                 start->order[start->at]->name, start->order[start->count - 1]->name, error);
        go_on_without(start);
    } else {
        log_line(L"service %s: not started, because %s could not be (Win32 error %lu)",
                 start->order[start->count - 1]->name, start->order[start->at]->name, error);
        end_start(start, ERROR_SERVICE_DEPENDENCY_FAIL);
    }
}

static void stuck(struct loop_timer *timer)
{
    struct scm_start *start = CONTAINING_RECORD(timer, struct scm_start, timer);
    log_line(L"service %s: not started, because %s makes no progress",
             start->order[start->count - 1]->name, start->order[start->at]->name);
    if (start->groups) {
        go_on_without(start);
        return;
    }
    end_start(start, ERROR_SERVICE_DEPENDENCY_FAIL);
}

static bool is_there(const struct service *service)
{
    uint32_t state = service->status.state;
    return state == SVC_RUNNING || state == SVC_PAUSED || state == SVC_PAUSE_PENDING ||
           state == SVC_CONTINUE_PENDING;
}

// Whether the service may go into a dependency: a program that is not switched off.
static bool is_member(const struct db_config *config, struct str16 group)
{
    return config->group && (config->type & SVC_WIN32) && config->start != SVC_DISABLED &&
           str16_equal_nocase(str16_of((uint16_t *)config->group), group);
}

// Whether a member of the group runs, or none ever could.
static bool group_is_there(struct str16 group)
{
    wchar_t name[SERVICE_NAME_MAX + 1];
    bool any = false;
    for (DWORD i = 0; db_enumerate(i, name) == ERROR_SUCCESS; i++) {
        struct db_config config;
        struct service *member;
        if (db_load(name, &config) != ERROR_SUCCESS)
            continue;
        bool is = is_member(&config, group);
        db_free(&config);
        if (is && scm_find(str16_of((uint16_t *)name), &member) == ERROR_SUCCESS) {
            any = true;
            if (is_there(member))
                return true;
        }
    }
    return !any;
}

// Whether all that the service depends on is there now.
static bool has_what_it_needs(const struct service *service)
{
    struct db_config config;
    if (db_load(service->name, &config) != ERROR_SUCCESS)
        return true; // what is wrong with it is found when it is launched
    struct str16 list = {(uint16_t *)config.dependencies, config.dependencies_len}, item;
    bool met = true;
    for (size_t at = 0; met && service_list_next(list, &at, &item);) {
        struct service *needed;
        if (item.s[0] == '+')
            met = group_is_there(str16_skip(item, 1));
        else if (scm_find(item, &needed) != ERROR_SUCCESS)
            met = false;
        else
            met = (needed->status.type & SVC_DRIVER) || is_there(needed);
    }
    db_free(&config);
    return met;
}

static void advance(struct scm_start *start)
{
    for (;;) {
        struct service *service = start->order[start->at];
        bool last = start->at + 1 == start->count;
        // NOLINTNEXTLINE(clang-analyzer-core.NullDereference): there is the wanted one
        uint32_t state = service->status.state;
        if (!last &&
            (is_there(service) || (start->launched && start->groups && state == SVC_STOPPED))) {
            start->at++;
            start->launched = false;
            continue;
        }
        if (!last && state != SVC_STOPPED) {
            // Waits for its status; what it promises to take it is given, and a bit more.
            uint32_t hint = service->status.wait_hint > 600000 ? 600000 : service->status.wait_hint;
            loop_timer_set(&start->timer, hint + 30000);
            return;
        }
        if (!last && start->launched) {
            end_start(start, ERROR_SERVICE_DEPENDENCY_FAIL);
            return;
        }
        start->launched = start->sending = true;
        struct wire_blob none = {0};
        struct wire_blob given = {start->arguments, start->arguments_len};
        DWORD error = start->groups && !has_what_it_needs(service)
                          ? (DWORD)ERROR_SERVICE_DEPENDENCY_FAIL
                          : scm_launch(service, last ? given : none, launched, start);
        if (error != ERROR_SUCCESS)
            launched(start, error);
        return;
    }
}

void scm_start_status_changed(struct service *service)
{
    static unsigned passes;
    unsigned pass = ++passes;
    // Each step may end any start and begin others: look again from the beginning after one.
    for (struct scm_start *start = starts; start;) {
        if (start->pass != pass && !start->sending && start->at + 1 < start->count &&
            start->order[start->at] == service) {
            start->pass = pass;
            advance(start);
            start = starts;
        } else {
            start = start->next;
        }
    }
}

void scm_start_forget(void *context)
{
    for (struct scm_start *start = starts; start; start = start->next) {
        if (start->context == context)
            start->done = NULL;
    }
}

// The graph of what a start needs, found as it is walked.
struct graph {
    struct service *node[START_DEPTH_MAX];
    size_t count;
    size_t first_edge[START_DEPTH_MAX + 1], edge_count[START_DEPTH_MAX];
    bool expanded[START_DEPTH_MAX];
    bool groups; // some are there for a group
    size_t edge[EDGES_MAX];
    size_t edges;
    DWORD error;
};

static bool add_edge(struct graph *graph, struct service *service)
{
    size_t i = 0;
    while (i < graph->count && graph->node[i] != service)
        i++;
    if (i == START_DEPTH_MAX || graph->edges == EDGES_MAX) {
        graph->error = ERROR_NOT_ENOUGH_MEMORY;
        return false;
    }
    if (i == graph->count) {
        graph->node[graph->count++] = service;
        scm_hold(service);
    }
    graph->edge[graph->edges++] = i;
    return true;
}

// A group is there when one member runs; where none does, all members that are programs are
// started.
static void add_group(struct graph *graph, struct str16 group)
{
    wchar_t name[SERVICE_NAME_MAX + 1];
    graph->groups = true;
    for (int pass = 0; pass < 2; pass++) {
        for (DWORD i = 0; db_enumerate(i, name) == ERROR_SUCCESS; i++) {
            struct db_config config;
            struct service *member;
            if (db_load(name, &config) != ERROR_SUCCESS)
                continue;
            bool wanted = is_member(&config, group);
            db_free(&config);
            if (!wanted || scm_find(str16_of((uint16_t *)name), &member) != ERROR_SUCCESS)
                continue;
            if (pass == 0 && member->status.state == SVC_RUNNING)
                return;
            if (pass == 1 && !add_edge(graph, member))
                return;
        }
    }
}

static void expand(struct graph *graph, size_t n)
{
    graph->expanded[n] = true;
    graph->first_edge[n] = graph->edges;
    struct service *service = graph->node[n];
    struct db_config config;
    // What runs needs nothing any more.
    if ((n != 0 && service->status.state != SVC_STOPPED) ||
        db_load(service->name, &config) != ERROR_SUCCESS)
        return;
    struct str16 list = {(uint16_t *)config.dependencies, config.dependencies_len}, item;
    for (size_t at = 0; !graph->error && service_list_next(list, &at, &item);) {
        struct service *needed;
        struct db_config needed_config;
        if (item.s[0] == '+') {
            add_group(graph, str16_skip(item, 1));
            continue;
        }
        DWORD error = scm_find(item, &needed);
        if (error == ERROR_SUCCESS)
            error = db_load(needed->name, &needed_config);
        if (error != ERROR_SUCCESS) {
            log_line(L"service %s: depends on %.*s, which does not exist", service->name,
                     (int)item.len, (const wchar_t *)item.s);
            // Wine has no services for drivers whose work it does itself, and its manager starts
            // what depends on one, as on whatever else is not there. As natively, then.
            if (vm_on_wine())
                continue;
            graph->error = ERROR_SERVICE_DEPENDENCY_DELETED;
            break;
        }
        bool driver = needed_config.type & SVC_DRIVER;
        db_free(&needed_config);
        if (!driver)
            add_edge(graph, needed);
    }
    db_free(&config);
    graph->edge_count[n] = graph->edges - graph->first_edge[n];
}

static size_t graph_edge(void *context, size_t node, size_t n)
{
    struct graph *graph = context;
    if (!graph->expanded[node] && !graph->error)
        expand(graph, node);
    return n < graph->edge_count[node] ? graph->edge[graph->first_edge[node] + n] : SERVICE_NONE;
}

static DWORD find_order(struct graph *graph, struct scm_start *start, struct service *service)
{
    size_t order[START_DEPTH_MAX], stack[START_DEPTH_MAX], next[START_DEPTH_MAX];
    uint8_t mark[START_DEPTH_MAX];
    struct service_order work = {order, stack, next, mark};
    graph->node[graph->count++] = service;
    scm_hold(service);
    size_t ordered;
    DWORD error = service_start_order(&work, START_DEPTH_MAX, 0, graph_edge, graph, &ordered);
    if (graph->error)
        error = graph->error;
    if (error == ERROR_SUCCESS) {
        for (size_t i = 0; i < ordered; i++) {
            start->order[i] = graph->node[order[i]];
            scm_hold(start->order[i]);
        }
        start->count = ordered;
        start->groups = graph->groups;
    }
    for (size_t i = 0; i < graph->count; i++)
        scm_release(graph->node[i]);
    return error;
}

DWORD scm_start(struct service *service, struct wire_blob arguments, scm_done *done, void *context)
{
    if (service->status.state != SVC_STOPPED)
        return ERROR_SERVICE_ALREADY_RUNNING;
    struct scm_start *start = calloc(1, sizeof(*start));
    struct graph *graph = calloc(1, sizeof(*graph));
    DWORD error = ERROR_NOT_ENOUGH_MEMORY;
    if (start && graph && (start->arguments = malloc(arguments.len ? arguments.len : 1))) {
        if (arguments.len)
            memcpy(start->arguments, arguments.data, arguments.len);
        start->arguments_len = arguments.len;
        error = find_order(graph, start, service);
    }
    free(graph);
    if (error != ERROR_SUCCESS) {
        if (start)
            free(start->arguments);
        free(start);
        return error;
    }
    start->done = done;
    start->context = context;
    start->timer.fire = stuck;
    start->next = starts;
    starts = start;
    advance(start);
    return ERROR_SUCCESS;
}
