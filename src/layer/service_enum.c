// Lists of services: structures from the buffer's beginning, their texts from its end. What does
// not fit is left for the next call.
#include "layer/service_api.h"
#include "layer/service_pack.h"

#include <string.h>

enum { ENUM_STATUS, ENUM_PROCESS }; // which structure is listed

/* A caller's list in the making. */
struct listing {
    uint8_t *out;      // NULL: there is no buffer
    size_t head, tail; // bytes: the next structure, the lowest text
    size_t needed;     // of what did not fit
    size_t whole;      // of all
    uint32_t count;    // of what did
    bool full, ansi;
    int kind;
};

static size_t entry_size(int kind)
{
    return kind == ENUM_PROCESS ? sizeof(ENUM_SERVICE_STATUS_PROCESSW)
                                : sizeof(ENUM_SERVICE_STATUSW);
}

static void *put_text(struct listing *list, struct str16 text)
{
    list->tail -= service_text_size(text, list->ansi);
    void *at = list->out + list->tail;
    service_text_write(at, text, list->ansi);
    return at;
}

static void add(struct listing *list, struct str16 name, struct str16 display_name,
                const struct scm_process_status *status)
{
    size_t texts =
        service_text_size(name, list->ansi) + service_text_size(display_name, list->ansi);
    size_t size = entry_size(list->kind);
    // What is asked for is the room that the texts take in UTF-16, by the ANSI functions too.
    size_t asked = size + service_text_size(name, false) + service_text_size(display_name, false);
    list->whole += asked;
    if (list->full || !list->out || list->tail - list->head < size + texts) {
        list->full = true;
        list->needed += asked;
        return;
    }
    // The two structures begin alike: the names, then the status; the longer one goes on.
    ENUM_SERVICE_STATUS_PROCESSW *entry =
        (ENUM_SERVICE_STATUS_PROCESSW *)(void *)(list->out + list->head);
    entry->lpServiceName = put_text(list, name);
    entry->lpDisplayName = put_text(list, display_name);
    memcpy(&entry->ServiceStatusProcess, &status->status, sizeof(status->status));
    if (list->kind == ENUM_PROCESS) {
        entry->ServiceStatusProcess.dwProcessId = status->pid;
        entry->ServiceStatusProcess.dwServiceFlags = status->flags;
    }
    list->head += size;
    list->count++;
}

/* Fetches the whole list in as many messages as it takes. `put` writes the request's fields up to
 * the index to begin at. The first `skip` services are passed over. */
static DWORD fetch(HANDLE handle, uint32_t op,
                   void (*put)(struct wire_writer *w, const void *context), const void *context,
                   uint32_t skip, struct listing *list)
{
    uint32_t first = 0;
    do {
        service_cleanup_call struct service_call call;
        service_call_begin(&call, op, SERVICE_CALL_SMALL * 2, SERVICE_CALL_LARGE);
        put(&call.w, context);
        wire_put_u32(&call.w, first);
        DWORD error = service_call_send(&call, handle);
        if (error != ERROR_SUCCESS)
            return error;
        uint32_t next = wire_get_u32(&call.r), count = wire_get_u32(&call.r);
        for (uint32_t i = 0; i < count && !call.r.failed; i++) {
            struct str16 name = wire_get_str16(&call.r), display_name = wire_get_str16(&call.r);
            struct scm_process_status status = scm_get_process_status(&call.r);
            if (call.r.failed)
                return ERROR_INVALID_DATA;
            if (skip)
                skip--;
            else
                add(list, name, display_name, &status);
        }
        if (next && next <= first)
            return ERROR_INVALID_DATA;
        first = next;
    } while (first);
    return ERROR_SUCCESS;
}

struct enum_request {
    DWORD types, states;
    const uint16_t *group;
};

static void put_enum(struct wire_writer *w, const void *context)
{
    const struct enum_request *request = context;
    wire_put_u32(w, request->types);
    wire_put_u32(w, request->states);
    wire_put_str16_opt(w, service_text(request->group));
}

// Who cannot go on where the list ended, because there is nothing to note the place in, begins anew
// with the room that he is told: it has to be enough for all. So EnumDependentServices is
// documented; of EnumServicesStatusEx with no resume handle Windows does not document it, and
// Wine's management instrumentation (fill_service in dlls/wbemprox/builtin.c) relies on it.
static BOOL finish(struct listing *list, DWORD error, DWORD *needed, DWORD *returned, DWORD *resume)
{
    if (error != ERROR_SUCCESS)
        return service_result(error);
    if (resume)
        *resume = list->full ? *resume + list->count : 0;
    *returned = list->count;
    *needed = (DWORD)(!list->full ? 0 : resume ? list->needed : list->whole);
    return service_result(list->full ? ERROR_MORE_DATA : ERROR_SUCCESS);
}

// SERVICE_ACTIVE, SERVICE_INACTIVE or both.
static bool states_valid(DWORD states)
{
    return states && !(states & ~3u);
}

static struct listing listing_on(void *out, DWORD size, bool ansi, int kind)
{
    // The texts end on an even address, which the buffer's end need not be.
    size_t tail = !out ? 0 : ansi ? size : size & ~(size_t)1;
    return (struct listing){.out = out, .tail = tail, .ansi = ansi, .kind = kind};
}

static BOOL enumerate(SC_HANDLE manager, const struct enum_request *request, struct listing list,
                      DWORD *needed, DWORD *returned, DWORD *resume)
{
    if (!manager)
        return service_result(ERROR_INVALID_HANDLE);
    if (!needed || !returned)
        return service_result(ERROR_INVALID_ADDRESS);
    *needed = *returned = 0;
    // Before the manager looks at what the handle may do.
    if (!request->types || (request->types & ~(DWORD)SVC_TYPE_ALL) ||
        !states_valid(request->states))
        return service_result(ERROR_INVALID_PARAMETER);
    DWORD error = fetch(manager, SCM_ENUM_SERVICES, put_enum, request, resume ? *resume : 0, &list);
    return finish(&list, error, needed, returned, resume);
}

BOOL WINAPI service_EnumServicesStatusW(SC_HANDLE manager, DWORD types, DWORD states,
                                        LPENUM_SERVICE_STATUSW out, DWORD size, LPDWORD needed,
                                        LPDWORD returned, LPDWORD resume)
{
    struct enum_request request = {types, states, NULL};
    return enumerate(manager, &request, listing_on(out, size, false, ENUM_STATUS), needed, returned,
                     resume);
}

BOOL WINAPI service_EnumServicesStatusA(SC_HANDLE manager, DWORD types, DWORD states,
                                        LPENUM_SERVICE_STATUSA out, DWORD size, LPDWORD needed,
                                        LPDWORD returned, LPDWORD resume)
{
    struct enum_request request = {types, states, NULL};
    return enumerate(manager, &request, listing_on(out, size, true, ENUM_STATUS), needed, returned,
                     resume);
}

BOOL WINAPI service_EnumServiceGroupW(SC_HANDLE manager, DWORD types, DWORD states,
                                      LPENUM_SERVICE_STATUSW out, DWORD size, LPDWORD needed,
                                      LPDWORD returned, LPDWORD resume, LPCWSTR group)
{
    struct enum_request request = {types, states, (const uint16_t *)group};
    return enumerate(manager, &request, listing_on(out, size, false, ENUM_STATUS), needed, returned,
                     resume);
}

BOOL WINAPI service_EnumServicesStatusExW(SC_HANDLE manager, SC_ENUM_TYPE level, DWORD types,
                                          DWORD states, LPBYTE out, DWORD size, LPDWORD needed,
                                          LPDWORD returned, LPDWORD resume, LPCWSTR group)
{
    if (level != SC_ENUM_PROCESS_INFO)
        return service_result(ERROR_INVALID_LEVEL);
    struct enum_request request = {types, states, (const uint16_t *)group};
    return enumerate(manager, &request, listing_on(out, size, false, ENUM_PROCESS), needed,
                     returned, resume);
}

BOOL WINAPI service_EnumServicesStatusExA(SC_HANDLE manager, SC_ENUM_TYPE level, DWORD types,
                                          DWORD states, LPBYTE out, DWORD size, LPDWORD needed,
                                          LPDWORD returned, LPDWORD resume, LPCSTR group)
{
    bool ok = true;
    layer_cleanup_free uint16_t *group_w = service_wide(group, &ok);
    if (!ok)
        return service_result(ERROR_NOT_ENOUGH_MEMORY);
    if (level != SC_ENUM_PROCESS_INFO)
        return service_result(ERROR_INVALID_LEVEL);
    struct enum_request request = {types, states, group_w};
    return enumerate(manager, &request, listing_on(out, size, true, ENUM_PROCESS), needed, returned,
                     resume);
}

static void put_states(struct wire_writer *w, const void *context)
{
    wire_put_u32(w, *(const DWORD *)context);
}

static BOOL dependents(SC_HANDLE service, DWORD states, struct listing list, DWORD *needed,
                       DWORD *returned)
{
    if (!service)
        return service_result(ERROR_INVALID_HANDLE);
    if (!needed || !returned)
        return service_result(ERROR_INVALID_ADDRESS);
    *needed = *returned = 0;
    if (!states_valid(states))
        return service_result(ERROR_INVALID_PARAMETER);
    DWORD error = fetch(service, SCM_ENUM_DEPENDENTS, put_states, &states, 0, &list);
    return finish(&list, error, needed, returned, NULL);
}

BOOL WINAPI service_EnumDependentServicesW(SC_HANDLE service, DWORD states,
                                           LPENUM_SERVICE_STATUSW out, DWORD size, LPDWORD needed,
                                           LPDWORD returned)
{
    return dependents(service, states, listing_on(out, size, false, ENUM_STATUS), needed, returned);
}

BOOL WINAPI service_EnumDependentServicesA(SC_HANDLE service, DWORD states,
                                           LPENUM_SERVICE_STATUSA out, DWORD size, LPDWORD needed,
                                           LPDWORD returned)
{
    return dependents(service, states, listing_on(out, size, true, ENUM_STATUS), needed, returned);
}
