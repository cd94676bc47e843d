// The functions that a service program calls: the dispatcher that runs its services, their handlers
// and what they report.
#include "layer/service_api.h"
#include "layer/service_pack.h"
#include "layer/lock.h"

#include <string.h>

typedef HANDLE WINAPI create_thread(SECURITY_ATTRIBUTES *, SIZE_T, LPTHREAD_START_ROUTINE, void *,
                                    DWORD, DWORD *);

/* A service of this process that has been started. It stays until the dispatcher returns, because
 * programs use its status handle to the end and beyond. */
struct running {
    struct running *next;
    uint16_t *name;
    LPHANDLER_FUNCTION handler; // the one or the other, once it is registered
    LPHANDLER_FUNCTION_EX handler_ex;
    void *context;
    HANDLE status; // its connection; NULL until a handler is registered
    bool own;      // alone in its process: names do not matter
};

/* What the thread of a ServiceMain is given. */
struct service_start {
    LPSERVICE_MAIN_FUNCTIONW main;
    DWORD count;
    void **arguments; // the name first; texts behind the pointers, in one block with this
};

static struct layer_lock running_lock;
static struct running *running;
static bool dispatching;

static struct running *find(struct str16 name)
{
    for (struct running *r = running; r; r = r->next) {
        if (r->own || str16_equal_nocase(str16_of(r->name), name))
            return r;
    }
    return NULL;
}

static DWORD WINAPI run_service(void *parameter)
{
    struct service_start *start = parameter;
    // For a table of ANSI names this is an LPSERVICE_MAIN_FUNCTIONA, called alike.
    start->main(start->count, (WCHAR **)start->arguments);
    layer_free(start);
    return 0;
}

/* A program's table, in either character set. */
struct table {
    const SERVICE_TABLE_ENTRYW *entries; // SERVICE_TABLE_ENTRYA is laid out alike
    bool ansi;
};

static bool entry_named(const struct table *table, size_t i, struct str16 name)
{
    bool ok = true;
    if (!table->ansi)
        return str16_equal_nocase(str16_of((const uint16_t *)table->entries[i].lpServiceName),
                                  name);
    layer_cleanup_free uint16_t *wide =
        service_wide((const char *)table->entries[i].lpServiceName, &ok);
    return wide && str16_equal_nocase(str16_of(wide), name);
}

static LPSERVICE_MAIN_FUNCTIONW main_of(const struct table *table, struct str16 name, bool own)
{
    // A service alone in its process need not be registered under the name that its program knows.
    if (own)
        return table->entries[0].lpServiceProc;
    for (size_t i = 0; table->entries[i].lpServiceName && table->entries[i].lpServiceProc; i++) {
        if (entry_named(table, i, name))
            return table->entries[i].lpServiceProc;
    }
    return NULL;
}

// The arguments as ServiceMain gets them: the service's name and what StartService was given.
static struct service_start *pack_start(struct str16 name, struct wire_reader arguments, bool ansi)
{
    struct service_start *start = NULL;
    size_t size = 0;
    for (int pass = 0; pass < 2; pass++) {
        struct wire_reader r = arguments;
        struct service_pack pack = {.ansi = ansi, .out = (uint8_t *)start};
        uint32_t count = wire_get_u32(&r);
        if (count > SCM_MESSAGE_MAX / 4)
            return NULL;
        service_pack_room(&pack, sizeof(*start), sizeof(void *));
        void **list = service_pack_room(&pack, (count + 2) * sizeof(*list), sizeof(void *));
        void *first = service_pack_text(&pack, name);
        if (start) {
            start->count = count + 1;
            start->arguments = list;
            list[0] = first;
        }
        for (uint32_t i = 0; i < count; i++) {
            void *text = service_pack_text(&pack, wire_get_str16(&r));
            if (start)
                list[i + 1] = text;
        }
        if (r.failed)
            return NULL;
        if (pass == 0) {
            size = pack.at;
            start = layer_alloc(size);
            if (!start)
                return NULL;
        }
    }
    return start;
}

// Has the service in the list, as one that has just been started.
static bool add_running(struct str16 name, bool own)
{
    struct running *r = NULL;
    layer_lock(&running_lock);
    for (struct running *each = running; each; each = each->next) {
        if (str16_equal_nocase(str16_of(each->name), name))
            r = each;
    }
    if (r) {
        if (r->status)
            real.NtClose(r->status);
        r->status = NULL;
        r->handler = NULL;
        r->handler_ex = NULL;
    } else if ((r = layer_alloc(sizeof(*r) + (name.len + 1) * sizeof(uint16_t)))) {
        r->name = (uint16_t *)(r + 1);
        memcpy(r->name, name.s, name.len * sizeof(uint16_t));
        r->own = own;
        r->next = running;
        running = r;
    }
    layer_unlock(&running_lock);
    return r != NULL;
}

static void remove_all_running(void)
{
    layer_lock(&running_lock);
    struct running *r = running;
    running = NULL;
    layer_unlock(&running_lock);
    while (r) {
        struct running *next = r->next;
        if (r->status)
            real.NtClose(r->status);
        layer_free(r);
        r = next;
    }
}

static DWORD start_service(const struct table *table, struct wire_reader *event)
{
    struct str16 name = wire_get_str16(event);
    uint32_t type = wire_get_u32(event);
    if (event->failed)
        return ERROR_INVALID_DATA;
    bool own = type & SVC_WIN32_OWN_PROCESS;
    LPSERVICE_MAIN_FUNCTIONW main = main_of(table, name, own);
    if (!main)
        return ERROR_SERVICE_NOT_IN_EXE;
    create_thread *make_thread = (create_thread *)service_import(L"kernel32.dll", "CreateThread");
    struct service_start *start = pack_start(name, *event, table->ansi);
    if (!make_thread || !start || !add_running(name, own)) {
        layer_free(start);
        return ERROR_SERVICE_NO_THREAD;
    }
    start->main = main;
    HANDLE thread = make_thread(NULL, 0, run_service, start, 0, NULL);
    if (!thread) {
        layer_free(start);
        return ERROR_SERVICE_NO_THREAD;
    }
    real.NtClose(thread);
    return ERROR_SUCCESS;
}

static DWORD control_service(struct wire_reader *event)
{
    struct str16 name = wire_get_str16(event);
    uint32_t control = wire_get_u32(event), type = wire_get_u32(event);
    struct wire_blob data = wire_get_blob(event);
    if (event->failed)
        return ERROR_INVALID_DATA;
    layer_lock(&running_lock);
    struct running *r = find(name);
    LPHANDLER_FUNCTION handler = r ? r->handler : NULL;
    LPHANDLER_FUNCTION_EX handler_ex = r ? r->handler_ex : NULL;
    void *context = r ? r->context : NULL;
    layer_unlock(&running_lock);
    // Outside of the lock: a handler reports its status, and may register another handler.
    if (handler_ex)
        return handler_ex(control, type, data.len ? (void *)data.data : NULL, context);
    if (handler) {
        handler(control);
        return ERROR_SUCCESS;
    }
    return ERROR_SERVICE_CANNOT_ACCEPT_CTRL;
}

static DWORD dispatch(const struct table *table, HANDLE connection)
{
    uint32_t sequence = 0;
    DWORD result = ERROR_SUCCESS;
    for (;;) {
        service_cleanup_call struct service_call call;
        service_call_begin(&call, SCM_NEXT, SERVICE_CALL_SMALL, SERVICE_CALL_LARGE);
        wire_put_u32(&call.w, sequence);
        wire_put_u32(&call.w, result);
        DWORD error = service_call_send(&call, connection);
        if (error != ERROR_SUCCESS)
            return error;
        sequence = wire_get_u32(&call.r);
        switch (wire_get_u32(&call.r)) {
        case SCM_EVENT_START:
            result = start_service(table, &call.r);
            break;
        case SCM_EVENT_CONTROL:
            result = control_service(&call.r);
            break;
        case SCM_EVENT_EXIT:
            return ERROR_SUCCESS;
        default:
            result = ERROR_INVALID_DATA;
        }
    }
}

static DWORD own_pid(void)
{
    PROCESS_BASIC_INFORMATION info;
    if (!NT_SUCCESS(real.NtQueryInformationProcess(NtCurrentProcess(), ProcessBasicInformation,
                                                   &info, sizeof(info), NULL)))
        return 0;
    return (DWORD)info.UniqueProcessId;
}

static BOOL start_dispatcher(const struct table *table)
{
    if (!table->entries || !table->entries[0].lpServiceName || !table->entries[0].lpServiceProc)
        return service_result(ERROR_INVALID_DATA);
    layer_lock(&running_lock);
    bool second = dispatching;
    dispatching = true;
    layer_unlock(&running_lock);
    if (second)
        return service_result(ERROR_SERVICE_ALREADY_RUNNING);
    HANDLE connection;
    DWORD error = service_connect(&connection);
    if (error == ERROR_SUCCESS) {
        service_cleanup_call struct service_call call;
        service_call_begin(&call, SCM_DISPATCHER, SERVICE_CALL_SMALL, SERVICE_CALL_SMALL);
        wire_put_u32(&call.w, SCM_VERSION);
        wire_put_u32(&call.w, own_pid());
        error = service_call_send(&call, connection);
        if (error == ERROR_SUCCESS)
            error = dispatch(table, connection);
        real.NtClose(connection);
    } else {
        error = ERROR_FAILED_SERVICE_CONTROLLER_CONNECT;
    }
    remove_all_running();
    dispatching = false;
    return service_result(error);
}

BOOL WINAPI service_StartServiceCtrlDispatcherW(const SERVICE_TABLE_ENTRYW *entries)
{
    struct table table = {entries, false};
    return start_dispatcher(&table);
}

BOOL WINAPI service_StartServiceCtrlDispatcherA(const SERVICE_TABLE_ENTRYA *entries)
{
    struct table table = {(const SERVICE_TABLE_ENTRYW *)(const void *)entries, true};
    return start_dispatcher(&table);
}

static DWORD connect_status(struct str16 name, HANDLE *status)
{
    DWORD error = service_connect(status);
    if (error != ERROR_SUCCESS)
        return error;
    service_cleanup_call struct service_call call;
    service_call_begin(&call, SCM_STATUS_HANDLE, SERVICE_CALL_SMALL * 2, SERVICE_CALL_SMALL);
    wire_put_u32(&call.w, SCM_VERSION);
    wire_put_u32(&call.w, own_pid());
    wire_put_str16(&call.w, name);
    error = service_call_send(&call, *status);
    if (error != ERROR_SUCCESS)
        real.NtClose(*status);
    return error;
}

static SERVICE_STATUS_HANDLE register_handler(const uint16_t *name, LPHANDLER_FUNCTION handler,
                                              LPHANDLER_FUNCTION_EX handler_ex, void *context)
{
    DWORD error = ERROR_SUCCESS;
    HANDLE status = NULL;
    if (!name || (!handler && !handler_ex)) {
        service_result(name ? ERROR_INVALID_PARAMETER : ERROR_INVALID_NAME);
        return NULL;
    }
    layer_lock(&running_lock);
    struct running *r = find(str16_of(name)); // stays as long as the dispatcher runs
    if (r) {
        r->handler = handler;
        r->handler_ex = handler_ex;
        r->context = context;
        status = r->status; // a service that registers again keeps its handle
    }
    layer_unlock(&running_lock);
    if (!r)
        error = ERROR_SERVICE_NOT_IN_EXE;
    else if (!status)
        error = connect_status(str16_of(r->name), &status);
    if (error == ERROR_SUCCESS) {
        layer_lock(&running_lock);
        if (!r->status)
            r->status = status;
        layer_unlock(&running_lock);
    }
    return service_result(error) ? (SERVICE_STATUS_HANDLE)status : NULL;
}

SERVICE_STATUS_HANDLE WINAPI service_RegisterServiceCtrlHandlerW(LPCWSTR name,
                                                                 LPHANDLER_FUNCTION handler)
{
    return register_handler((const uint16_t *)name, handler, NULL, NULL);
}

SERVICE_STATUS_HANDLE WINAPI service_RegisterServiceCtrlHandlerExW(LPCWSTR name,
                                                                   LPHANDLER_FUNCTION_EX handler,
                                                                   LPVOID context)
{
    return register_handler((const uint16_t *)name, NULL, handler, context);
}

SERVICE_STATUS_HANDLE WINAPI service_RegisterServiceCtrlHandlerA(LPCSTR name,
                                                                 LPHANDLER_FUNCTION handler)
{
    bool ok = true;
    layer_cleanup_free uint16_t *wide = service_wide(name, &ok);
    return register_handler(wide, handler, NULL, NULL);
}

SERVICE_STATUS_HANDLE WINAPI service_RegisterServiceCtrlHandlerExA(LPCSTR name,
                                                                   LPHANDLER_FUNCTION_EX handler,
                                                                   LPVOID context)
{
    bool ok = true;
    layer_cleanup_free uint16_t *wide = service_wide(name, &ok);
    return register_handler(wide, NULL, handler, context);
}

BOOL WINAPI service_SetServiceStatus(SERVICE_STATUS_HANDLE handle, LPSERVICE_STATUS given)
{
    if (!handle)
        return service_result(ERROR_INVALID_HANDLE);
    if (!given)
        return service_result(ERROR_INVALID_DATA);
    struct service_status status;
    memcpy(&status, given, sizeof(status));
    service_cleanup_call struct service_call call;
    service_call_begin(&call, SCM_SET_STATUS, SERVICE_CALL_SMALL, SERVICE_CALL_SMALL);
    scm_put_status(&call.w, &status);
    return service_result(service_call_send(&call, (HANDLE)handle));
}

BOOL WINAPI service_SetServiceBits(SERVICE_STATUS_HANDLE handle, DWORD bits, BOOL set,
                                   BOOL immediately)
{
    service_cleanup_call struct service_call call;
    service_call_begin(&call, SCM_SET_BITS, SERVICE_CALL_SMALL, SERVICE_CALL_SMALL);
    wire_put_u32(&call.w, bits);
    wire_put_u32(&call.w, set != 0);
    wire_put_u32(&call.w, immediately != 0);
    return service_result(service_call_send(&call, (HANDLE)handle));
}

// What SetServiceBits leads to on NT 5.2; the fifth is the name of a transport.
BOOL WINAPI service_I_ScSetServiceBits(SERVICE_STATUS_HANDLE handle, DWORD bits, BOOL set,
                                       BOOL immediately, const void *reserved)
{
    (void)reserved;
    return service_SetServiceBits(handle, bits, set, immediately);
}
