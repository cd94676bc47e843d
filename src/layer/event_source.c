#include "layer/event_source.h"

#include "core/event_text.h"
#include "core/log_entry.h"
#include "layer/guard.h"
#include "layer/service_api.h"

enum {
    STRINGS_MAX = 256,      // more is ERROR_INVALID_PARAMETER
    TEXT_BYTES_MAX = 61440, // of all strings of an event: Windows' own limit is half of that
    PATH_UNITS = 1024,
};

/* ---- the message ---- */

typedef HMODULE WINAPI load_library_ex(const WCHAR *, HANDLE, DWORD);
typedef BOOL WINAPI free_library(HMODULE);
typedef DWORD WINAPI format_message(DWORD, const void *, DWORD, DWORD, WCHAR *, DWORD, void *);
typedef void *WINAPI local_free(void *);
typedef DWORD WINAPI expand_environment(const WCHAR *, WCHAR *, DWORD);

/* The EventMessageFile of a source below one log's key, expanded; false where there is none. */
static bool read_message_files(HANDLE log, struct str16 source, uint16_t out[PATH_UNITS])
{
    expand_environment *expand =
        (expand_environment *)service_import(L"kernel32.dll", "ExpandEnvironmentStringsW");
    UNICODE_STRING name = unicode_of_str16(source), value_name;
    layer_cleanup_handle HANDLE key = NULL;
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, log, NULL);
    RtlInitUnicodeString(&value_name, L"EventMessageFile");
    const size_t size = 12 + PATH_UNITS * sizeof(uint16_t);
    layer_cleanup_free struct { // KEY_VALUE_PARTIAL_INFORMATION
        ULONG title, type, size;
        WCHAR text[];
    } *value = layer_alloc(size + sizeof(WCHAR)); // zeroed: terminated
    ULONG length;
    if (!value || !expand || layer_NtOpenKey(&key, KEY_QUERY_VALUE, &attributes) ||
        layer_NtQueryValueKey(key, &value_name, NT_KEY_VALUE_PARTIAL_INFORMATION, value,
                              (ULONG)size, &length) ||
        (value->type != REG_SZ && value->type != REG_EXPAND_SZ))
        return false;
    DWORD len = expand(value->text, (WCHAR *)out, PATH_UNITS);
    return len > 1 && len <= PATH_UNITS;
}

/* Looks for the source in each log; a source belongs to one of them. */
static bool find_message_files(struct str16 source, uint16_t out[PATH_UNITS])
{
    UNICODE_STRING root_name;
    layer_cleanup_handle HANDLE root = NULL;
    OBJECT_ATTRIBUTES attributes;
    enum { INFO = 16 + 2 * 256 };
    _Alignas(8) uint8_t info[INFO];
    const struct { // KEY_BASIC_INFORMATION
        LARGE_INTEGER written;
        ULONG title, length;
        WCHAR name[];
    } *basic = (const void *)info;
    ULONG length;
    RtlInitUnicodeString(&root_name,
                         L"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\EventLog");
    InitializeObjectAttributes(&attributes, &root_name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    if (layer_NtOpenKey(&root, KEY_ENUMERATE_SUB_KEYS, &attributes))
        return false;
    for (ULONG i = 0;; i++) {
        NTSTATUS status =
            layer_NtEnumerateKey(root, i, NT_KEY_BASIC_INFORMATION, info, INFO, &length);
        if (status == STATUS_BUFFER_OVERFLOW)
            continue; // no log has such a name
        if (status)
            return false;
        UNICODE_STRING name = {(USHORT)basic->length, (USHORT)basic->length, (WCHAR *)basic->name};
        layer_cleanup_handle HANDLE log = NULL;
        InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, root, NULL);
        if (!layer_NtOpenKey(&log, KEY_QUERY_VALUE, &attributes) &&
            read_message_files(log, source, out))
            return true;
    }
}

/* Appends the message of the event from the first of the files (separated by ';') that has it. */
static bool put_message(struct str16_buf *out, uint16_t *files, DWORD id,
                        const struct str16 *strings, size_t count)
{
    load_library_ex *load = (load_library_ex *)service_import(L"kernel32.dll", "LoadLibraryExW");
    free_library *unload = (free_library *)service_import(L"kernel32.dll", "FreeLibrary");
    format_message *format = (format_message *)service_import(L"kernel32.dll", "FormatMessageW");
    local_free *free_text = (local_free *)service_import(L"kernel32.dll", "LocalFree");
    bool found = false;
    if (!load || !unload || !format || !free_text)
        return false;
    for (uint16_t *file = files; file && *file && !found;) {
        uint16_t *end = file;
        while (*end && *end != ';')
            end++;
        uint16_t *next = *end ? end + 1 : NULL;
        *end = 0;
        HMODULE module = load((const WCHAR *)file, NULL, LOAD_LIBRARY_AS_DATAFILE);
        WCHAR *template = NULL;
        DWORD len = module ? format(FORMAT_MESSAGE_ALLOCATE_BUFFER | FORMAT_MESSAGE_FROM_HMODULE |
                                        FORMAT_MESSAGE_IGNORE_INSERTS,
                                    module, id, 0, (WCHAR *)(void *)&template, 0, NULL)
                           : 0;
        if (len) {
            event_text_put(out, (struct str16){(const uint16_t *)template, len}, strings, count);
            free_text(template);
            found = true;
        }
        if (module)
            unload(module);
        file = next;
    }
    return found;
}

/* ---- the functions ---- */

static DWORD register_source(struct str16 machine, struct str16 source, HANDLE *handle)
{
    while (machine.len && machine.s[0] == '\\')
        machine = str16_skip(machine, 1);
    if (!source.len)
        return ERROR_INVALID_PARAMETER;
    if (machine.len && !service_is_own_machine(machine))
        return RPC_S_SERVER_UNAVAILABLE;
    DWORD error = service_connect(handle);
    if (error != ERROR_SUCCESS)
        return error;
    service_cleanup_call struct service_call call;
    service_call_begin(&call, SCM_EVENT_SOURCE, SERVICE_CALL_LARGE, SERVICE_CALL_SMALL);
    wire_put_u32(&call.w, SCM_VERSION);
    wire_put_u32(&call.w, layer_process_id());
    wire_put_str16(&call.w,
                   str16_first(source, source.len > LOG_NAME_MAX ? LOG_NAME_MAX : source.len));
    error = service_call_send(&call, *handle);
    if (error != ERROR_SUCCESS)
        real.NtClose(*handle);
    return error;
}

static HANDLE WINAPI event_RegisterEventSourceW(const uint16_t *machine, const uint16_t *source)
{
    HANDLE handle = NULL;
    layer_wake();
    DWORD error = register_source(service_text(machine), service_text(source), &handle);
    return service_result(error) ? handle : NULL;
}

static HANDLE WINAPI event_RegisterEventSourceA(const char *machine, const char *source)
{
    bool ok = true;
    layer_wake();
    layer_cleanup_free uint16_t *machine_w = service_wide(machine, &ok);
    layer_cleanup_free uint16_t *source_w = service_wide(source, &ok);
    HANDLE handle = NULL;
    DWORD error = ok ? register_source(service_text(machine_w), service_text(source_w), &handle)
                     : ERROR_NOT_ENOUGH_MEMORY;
    return service_result(error) ? handle : NULL;
}

static BOOL WINAPI event_DeregisterEventSource(HANDLE handle)
{
    if (!service_is_handle(handle))
        return service_result(ERROR_INVALID_HANDLE);
    service_close(handle);
    return TRUE;
}

/* The source that the handle was made for, in `out`. */
static DWORD source_of(HANDLE handle, struct str16_buf *out)
{
    service_cleanup_call struct service_call call;
    service_call_begin(&call, SCM_QUERY_SOURCE, SERVICE_CALL_SMALL, SERVICE_CALL_SMALL);
    DWORD error = service_call_send(&call, handle);
    if (error == ERROR_SUCCESS)
        str16_put(out, wire_get_str16(&call.r));
    return error == ERROR_SUCCESS && (call.r.failed || out->overflow) ? ERROR_INVALID_HANDLE
                                                                      : error;
}

static DWORD report(HANDLE handle, WORD type, WORD category, DWORD id, const struct str16 *strings,
                    size_t count)
{
    uint16_t name[LOG_NAME_MAX];
    struct str16_buf source = {.s = name, .cap = LOG_NAME_MAX};
    layer_cleanup_free uint16_t *text = layer_alloc(LOG_TEXT_MAX * sizeof(*text));
    layer_cleanup_free uint16_t *files = layer_alloc(PATH_UNITS * sizeof(*files));
    if (!text || !files)
        return ERROR_NOT_ENOUGH_MEMORY;
    struct str16_buf message = {.s = text, .cap = LOG_TEXT_MAX};
    DWORD error = source_of(handle, &source);
    if (error != ERROR_SUCCESS)
        return error;
    // Here and not by the monitor: it loads no file of a program's.
    if (!find_message_files(str16_view(&source), files) ||
        !put_message(&message, files, id, strings, count))
        event_text_put_strings(&message, strings, count);
    service_cleanup_call struct service_call call;
    service_call_begin(&call, SCM_REPORT_EVENT, SERVICE_CALL_LARGE, SERVICE_CALL_SMALL);
    wire_put_u32(&call.w, type);
    wire_put_u32(&call.w, category);
    wire_put_u32(&call.w, id);
    wire_put_str16(&call.w, str16_view(&message));
    return service_call_send(&call, handle);
}

static DWORD report_w(HANDLE handle, WORD type, WORD category, DWORD id, WORD count,
                      const uint16_t *const *texts)
{
    size_t bytes = 0;
    if (count > STRINGS_MAX || (count && !guard_readable(texts, count * sizeof(*texts))))
        return ERROR_INVALID_PARAMETER;
    layer_cleanup_free struct str16 *strings = layer_alloc((count + 1) * sizeof(*strings));
    if (!strings)
        return ERROR_NOT_ENOUGH_MEMORY;
    for (size_t i = 0; i < count; i++) {
        static const uint16_t none[] = {0};
        strings[i] = str16_of(texts[i] ? texts[i] : none);
        bytes += strings[i].len * sizeof(uint16_t);
    }
    if (bytes > TEXT_BYTES_MAX)
        return RPC_S_INVALID_BOUND;
    return report(handle, type, category, id, strings, count);
}

static BOOL WINAPI event_ReportEventW(HANDLE handle, WORD type, WORD category, DWORD id, void *sid,
                                      WORD count, DWORD size, const uint16_t *const *strings,
                                      void *data)
{
    (void)sid; // who, and the data, are not shown
    (void)size;
    (void)data;
    layer_wake();
    return service_result(report_w(handle, type, category, id, strings ? count : 0, strings));
}

static BOOL WINAPI event_ReportEventA(HANDLE handle, WORD type, WORD category, DWORD id, void *sid,
                                      WORD count, DWORD size, const char *const *strings,
                                      void *data)
{
    DWORD error = ERROR_SUCCESS;
    size_t made = 0;
    (void)sid;
    (void)size;
    (void)data;
    layer_wake();
    if (!strings)
        count = 0;
    if (count > STRINGS_MAX || (count && !guard_readable(strings, count * sizeof(*strings))))
        return service_result(ERROR_INVALID_PARAMETER);
    layer_cleanup_free uint16_t **wide = layer_alloc((count + 1) * sizeof(*wide));
    if (!wide)
        return service_result(ERROR_NOT_ENOUGH_MEMORY);
    for (bool ok = true; made < count; made++) {
        wide[made] = service_wide(strings[made] ? strings[made] : "", &ok);
        if (!ok) {
            error = ERROR_NOT_ENOUGH_MEMORY;
            break;
        }
    }
    if (error == ERROR_SUCCESS)
        error = report_w(handle, type, category, id, count, (const uint16_t *const *)wide);
    while (made > 0)
        layer_free(wide[--made]);
    return service_result(error);
}

const struct layer_export_patch event_exports[] = {
    {"RegisterEventSourceW", (void *)event_RegisterEventSourceW, NULL},
    {"RegisterEventSourceA", (void *)event_RegisterEventSourceA, NULL},
    {"DeregisterEventSource", (void *)event_DeregisterEventSource, NULL},
    {"ReportEventW", (void *)event_ReportEventW, NULL},
    {"ReportEventA", (void *)event_ReportEventA, NULL},
};
const size_t event_exports_count = sizeof event_exports / sizeof *event_exports;
