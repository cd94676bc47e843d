#include "monitor/scm_dependents.h"

#include <stdlib.h>

enum { ENTRY_MAX = 2 * (SERVICE_NAME_MAX * 2 + 8) + 64 }; // bytes of a listed service, amply

/* A service that something could depend on, or that depends on something. */
struct node {
    wchar_t name[SERVICE_NAME_MAX + 1];
    struct db_config config;
    bool seen;
};

struct graph {
    struct node *node;
    size_t count;
    size_t *order; // of those found, each before what it depends on
    size_t ordered;
    size_t *stack, *next; // the walk's: which node, and where its search for dependents is
};

static void free_graph(struct graph *graph)
{
    for (size_t i = 0; i < graph->count; i++)
        db_free(&graph->node[i].config);
    free(graph->node);
    free(graph->order);
    free(graph->stack);
    free(graph->next);
}

static bool load(struct graph *graph)
{
    size_t room = 0;
    wchar_t name[SERVICE_NAME_MAX + 1];
    for (DWORD i = 0; db_enumerate(i, name) == ERROR_SUCCESS; i++) {
        if (graph->count == room) {
            room = room ? room * 2 : 256;
            struct node *more = realloc(graph->node, room * sizeof(*more));
            if (!more)
                return false;
            graph->node = more;
        }
        struct node *node = &graph->node[graph->count];
        *node = (struct node){0};
        if (db_load(name, &node->config) == ERROR_SUCCESS) {
            wcscpy(node->name, name);
            graph->count++;
        }
    }
    graph->order = calloc(graph->count + 1, sizeof(size_t));
    graph->stack = calloc(graph->count + 1, sizeof(size_t));
    graph->next = calloc(graph->count + 1, sizeof(size_t));
    return graph->order && graph->stack && graph->next;
}

// A dependency may lead in a circle: each is visited once.
static void walk(struct graph *graph, size_t from)
{
    size_t depth = 1;
    graph->stack[0] = from;
    graph->next[0] = 0;
    graph->node[from].seen = true;
    while (depth) {
        const struct node *node = &graph->node[graph->stack[depth - 1]];
        size_t i = graph->next[depth - 1]++;
        if (i == graph->count) {
            if (--depth)
                graph->order[graph->ordered++] = graph->stack[depth];
        } else if (!graph->node[i].seen &&
                   scm_depends_on(&graph->node[i].config, node->name, node->config.group)) {
            graph->node[i].seen = true;
            graph->stack[depth] = i;
            graph->next[depth++] = 0;
        }
    }
}

static struct str16 shown(const struct node *node)
{
    const wchar_t *text = node->config.display_name && *node->config.display_name
                              ? node->config.display_name
                              : node->name;
    struct str16 name = str16_of((const uint16_t *)text);
    return name.len > SERVICE_NAME_MAX ? str16_first(name, SERVICE_NAME_MAX) : name;
}

DWORD scm_put_dependents(struct wire_writer *w, const wchar_t *name, uint32_t states,
                         uint32_t first)
{
    struct graph graph = {0};
    if (!load(&graph)) {
        free_graph(&graph);
        return ERROR_NOT_ENOUGH_MEMORY;
    }
    for (size_t i = 0; i < graph.count; i++) {
        if (_wcsicmp(graph.node[i].name, name) == 0) {
            walk(&graph, i);
            break;
        }
    }
    size_t head = w->len;
    uint32_t count = 0, next = 0;
    wire_put_u32(w, 0);
    wire_put_u32(w, 0);
    for (size_t i = first; i < graph.ordered; i++) {
        if (w->cap - w->len < ENTRY_MAX) {
            next = (uint32_t)i; // not 0: something has been written before
            break;
        }
        const struct node *node = &graph.node[graph.order[i]];
        struct scm_process_status status = scm_status_of(node->name, &node->config);
        if ((node->config.delete_flag && status.status.state == SVC_STOPPED) ||
            !service_listed(node->config.type, status.status.state, ~0u, states))
            continue;
        wire_put_str16(w, str16_of((const uint16_t *)node->name));
        wire_put_str16(w, shown(node));
        scm_put_process_status(w, &status);
        count++;
    }
    wire_patch_u32(w, head, next);
    wire_patch_u32(w, head + 4, count);
    free_graph(&graph);
    return ERROR_SUCCESS;
}
