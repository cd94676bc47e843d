#include "layer/station.h"

#include "core/ntpath.h"
#include "core/station.h"
#include "layer/atom.h"
#include "layer/guard.h"
#include "layer/lock.h"
#include "layer/modules.h"
#include "layer/service_call.h"
#include "layer/trace.h"

// A process is connected when user32 comes up: to what the desktop in its parameters says, on Wine
// in NtUserInitializeClientPfnArrays (dlls/win32u/class.c), on Windows in its first call of win32k.
// So it says the VM's until then. Without win32u.dll (before Windows 10) the system calls are
// user32's own and nameless: there a process is connected as everywhere, and its names are not
// translated.

NTSYSAPI void NTAPI RtlSetLastWin32Error(ULONG);
NTSYSAPI NTSTATUS NTAPI RtlUnicodeToMultiByteN(char *, ULONG, ULONG *, const WCHAR *, ULONG);

typedef HWINSTA(NTAPI create_station_fn)(OBJECT_ATTRIBUTES *, ACCESS_MASK, void *, void *, void *,
                                         void *, void *
#ifdef _WIN64
                                         , // Windows 10's takes one more
                                         void *
#endif
);
typedef HWINSTA(NTAPI open_station_fn)(OBJECT_ATTRIBUTES *, ACCESS_MASK);
typedef HDESK(NTAPI open_desktop_fn)(OBJECT_ATTRIBUTES *, DWORD, ACCESS_MASK);
typedef HDESK(NTAPI create_desktop_fn)(OBJECT_ATTRIBUTES *, UNICODE_STRING *, void *, DWORD,
                                       ACCESS_MASK, ULONG);
typedef HDESK(NTAPI input_desktop_fn)(DWORD, BOOL, ACCESS_MASK);
typedef BOOL(NTAPI object_information_fn)(HANDLE, int, void *, DWORD, DWORD *);
typedef BOOL(NTAPI parameters_info_fn)(UINT, UINT, void *, UINT);
typedef NTSTATUS(NTAPI initialize_fn)(const void *, const void *, const void *, void *);
typedef HWINSTA(NTAPI process_station_fn)(void);
typedef BOOL(NTAPI set_colors_fn)(int, const int *, const COLORREF *);

static struct {
    create_station_fn *create_station;
    open_station_fn *open_station;
    open_desktop_fn *open_desktop;
    create_desktop_fn *create_desktop;
    input_desktop_fn *input_desktop;
    object_information_fn *object_information;
    parameters_info_fn *parameters_info;
    initialize_fn *initialize;
    process_station_fn *process_station;
    set_colors_fn *set_colors;
} win32u;

static struct station_names names; // of the VM's own, once learn_names() was called
static uint16_t station_units[STATION_NAME_MAX], desktop_units[STATION_NAME_MAX];

bool station_applies(void)
{
    return !layer_state.entered && !layer_config.interactive;
}

static bool keep(struct str16 text, uint16_t units[STATION_NAME_MAX])
{
    if (!text.len || text.len >= STATION_NAME_MAX)
        return false;
    memcpy(units, text.s, text.len * sizeof *units);
    units[text.len] = 0;
    return true;
}

/* Has the monitor make the VM's station, and learns what it is called. Where it cannot, the name is
 * one of the VM's all the same: a process that finds no station fails, and none is on the host's.
 */
static void learn_names(void)
{
    static struct layer_lock lock;
    layer_lock(&lock);
    if (!names.station.len) {
        HANDLE handle;
        DWORD error = service_connect(&handle);
        if (error == ERROR_SUCCESS) {
            service_cleanup_call struct service_call call;
            service_call_begin(&call, SCM_STATION, SERVICE_CALL_SMALL, 2 * SERVICE_CALL_SMALL);
            wire_put_u32(&call.w, SCM_VERSION);
            error = service_call_send(&call, handle);
            real.NtClose(handle);
            if (error == ERROR_SUCCESS) {
                struct str16 station = wire_get_str16(&call.r), desktop = wire_get_str16(&call.r);
                if (call.r.failed || !keep(station, station_units) || !keep(desktop, desktop_units))
                    error = ERROR_INVALID_DATA;
            }
        }
        if (error != ERROR_SUCCESS) {
            struct str16_buf name = {.s = station_units, .cap = STATION_NAME_MAX};
            str16_put_ascii(&name, "plume-");
            str16_put(&name, str16_of(layer_config.id));
            str16_put_nul(&name);
            keep(str16_of(u"Default"), desktop_units);
        }
        names.desktop = str16_of(desktop_units);
        names.station = str16_of(station_units);
    }
    layer_unlock(&lock);
}

// Names

/* The host's name of a station or desktop, in `units`; empty where the system does not tell. */
static struct str16 host_name(HANDLE handle, WCHAR units[STATION_NAME_MAX])
{
    DWORD size = 0;
    if (!handle || !win32u.object_information ||
        !win32u.object_information(handle, UOI_NAME, units, STATION_NAME_MAX * sizeof *units,
                                   &size) ||
        size < sizeof *units)
        return (struct str16){0};
    return str16_of(units);
}

struct translated {
    OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING text;
    uint16_t units[2 * STATION_NAME_MAX];
};

/* The attributes with the host's name instead of the VM's; as they are where there is nothing to
 * translate, or nothing that can be read: the system then says what is wrong with them. */
static OBJECT_ATTRIBUTES *translate(OBJECT_ATTRIBUTES *given, bool desktop, struct translated *out)
{
    if (!guard_readable(given, sizeof *given) || !given->ObjectName ||
        !guard_readable(given->ObjectName, sizeof *given->ObjectName))
        return given;
    struct str16 name = str16_of_unicode(given->ObjectName);
    if (!name.len || name.len >= STATION_NAME_MAX ||
        !guard_readable(name.s, name.len * sizeof *name.s))
        return given;
    learn_names();
    struct str16_buf buf = {.s = out->units, .cap = sizeof out->units / sizeof *out->units};
    struct str16 leaf = ntpath_leaf(name);
    str16_put(&buf, str16_first(name, name.len - leaf.len));
    if (desktop)
        station_desktop_to_host(&names, leaf, &buf);
    else
        station_to_host(&names, leaf, &buf);
    out->text = unicode_of_str16(str16_view(&buf));
    out->attributes = *given;
    out->attributes.ObjectName = &out->text;
    if (trace_is_on()) {
        const struct trace_what what = {TRACE_STATION, TRACE_PRIVATE, "", STATUS_SUCCESS, 0};
        trace_put(&what, (struct str16){0}, name);
    }
    return &out->attributes;
}

#ifdef _WIN64
static HWINSTA NTAPI station_create(OBJECT_ATTRIBUTES *given, ACCESS_MASK access, void *a, void *b,
                                    void *c, void *d, void *e, void *f)
{
    struct translated name;
    return win32u.create_station(translate(given, false, &name), access, a, b, c, d, e, f);
}
#else
static HWINSTA NTAPI station_create(OBJECT_ATTRIBUTES *given, ACCESS_MASK access, void *a, void *b,
                                    void *c, void *d, void *e)
{
    struct translated name;
    return win32u.create_station(translate(given, false, &name), access, a, b, c, d, e);
}
#endif

static HWINSTA NTAPI station_open(OBJECT_ATTRIBUTES *given, ACCESS_MASK access)
{
    struct translated name;
    return win32u.open_station(translate(given, false, &name), access);
}

static HDESK NTAPI station_open_desktop(OBJECT_ATTRIBUTES *given, DWORD flags, ACCESS_MASK access)
{
    struct translated name;
    return win32u.open_desktop(translate(given, true, &name), flags, access);
}

static HDESK NTAPI station_create_desktop(OBJECT_ATTRIBUTES *given, UNICODE_STRING *device,
                                          void *mode, DWORD flags, ACCESS_MASK access, ULONG heap)
{
    struct translated name;
    return win32u.create_desktop(translate(given, true, &name), device, mode, flags, access, heap);
}

/* The station that a program takes for WinSta0 is not a visible one, so the system finds no desktop
 * in it that gets the input. To the program it is the one that every program of the VM is on. */
static HDESK NTAPI station_input_desktop(DWORD flags, BOOL inherit, ACCESS_MASK access)
{
    WCHAR units[STATION_NAME_MAX];
    learn_names();
    if (!win32u.process_station || !win32u.open_desktop ||
        !str16_equal_nocase(host_name(win32u.process_station(), units), names.station))
        return win32u.input_desktop(flags, inherit, access);
    UNICODE_STRING text = unicode_of_str16(names.desktop);
    OBJECT_ATTRIBUTES attributes = nt_named(&text);
    if (inherit)
        attributes.Attributes |= OBJ_INHERIT;
    return win32u.open_desktop(&attributes, flags, access);
}

static BOOL fail(ULONG error)
{
    RtlSetLastWin32Error(error);
    return FALSE;
}

static BOOL NTAPI station_object_information(HANDLE handle, int index, void *info, DWORD length,
                                             DWORD *needed)
{
    WCHAR units[STATION_NAME_MAX], type[16];
    DWORD size;
    struct str16 name, own;
    if (index == UOI_FLAGS) {
        BOOL good = win32u.object_information(handle, index, info, length, needed);
        if (good) {
            learn_names();
            if (str16_equal_nocase(host_name(handle, units), names.station))
                ((USEROBJECTFLAGS *)info)->dwFlags |= WSF_VISIBLE;
        }
        return good;
    }
    if (index != UOI_NAME || !(name = host_name(handle, units)).len ||
        !win32u.object_information(handle, UOI_TYPE, type, sizeof type, &size))
        return win32u.object_information(handle, index, info, length, needed);
    learn_names();
    bool is_vms = type[0] == 'W' ? station_from_host(&names, name, &own)
                                 : station_desktop_from_host(&names, name, &own);
    size = (DWORD)((own.len + 1) * sizeof *own.s);
    if (!is_vms || (needed && !guard_writable(needed, sizeof *needed)) ||
        (length >= size && !guard_writable(info, size)))
        return win32u.object_information(handle, index, info, length, needed);
    if (needed)
        *needed = size;
    if (length < size)
        return fail(ERROR_INSUFFICIENT_BUFFER);
    memcpy(info, own.s, size - sizeof *own.s);
    ((uint16_t *)info)[own.len] = 0;
    return TRUE;
}

// The user's settings: refused as by a job with JOB_OBJECT_UILIMIT_SYSTEMPARAMETERS and
// ..._DISPLAYSETTINGS. The VM's job has not got these limits because Windows refuses to put a
// process into a job of its own when one above it has any. The system writes the settings to the
// registry by itself, past the layer (Wine: dlls/win32u/sysparams.c).

static BOOL NTAPI station_parameters_info(UINT action, UINT value, void *data, UINT flags)
{
    if (station_action_changes(action, data != NULL))
        return fail(ERROR_ACCESS_DENIED);
    return win32u.parameters_info(action, value, data, flags);
}

static BOOL WINAPI station_SetSysColors(int count, const int *elements, const COLORREF *values)
{
    (void)count;
    (void)elements;
    (void)values;
    return fail(ERROR_ACCESS_DENIED);
}

static BOOL WINAPI station_SwapMouseButton(BOOL swap)
{
    (void)swap;
    return FALSE; // the buttons were as they are
}

static BOOL WINAPI station_SetDoubleClickTime(UINT time)
{
    (void)time;
    return fail(ERROR_ACCESS_DENIED);
}

static LONG change_display(const void *mode, DWORD flags)
{
    return !mode || (flags & CDS_TEST) ? DISP_CHANGE_SUCCESSFUL : DISP_CHANGE_FAILED;
}

static LONG WINAPI station_ChangeDisplaySettings(void *mode, DWORD flags)
{
    return change_display(mode, flags);
}

static LONG WINAPI station_ChangeDisplaySettingsEx(const void *device, void *mode, HWND window,
                                                   DWORD flags, void *parameter)
{
    (void)device;
    (void)window;
    (void)parameter;
    return change_display(mode, flags);
}

// Connecting

/* The desktop in the process's parameters, as STARTUPINFO gave it; winternl.h does not name it. */
static UNICODE_STRING *desktop_parameter(void)
{
    enum { OFFSET = sizeof(void *) == 8 ? 0xc0 : 0x78 };
    RTL_USER_PROCESS_PARAMETERS *parameters =
        NtCurrentTeb()->ProcessEnvironmentBlock->ProcessParameters;
    return (UNICODE_STRING *)((uint8_t *)parameters + OFFSET);
}

static UNICODE_STRING asked; // what it was before place()
static bool placed;

static void place(void)
{
    static uint16_t units[2 * STATION_NAME_MAX + 2]; // it stays where there is no win32u.dll
    UNICODE_STRING *desktop = desktop_parameter();
    struct str16_buf buf = {.s = units, .cap = sizeof units / sizeof *units};
    if (placed)
        return;
    learn_names();
    asked = *desktop;
    station_place(&names, str16_of_unicode(desktop), &buf);
    str16_put_nul(&buf);
    if (buf.overflow) { // nothing that there could be: the system refuses it
        buf = (struct str16_buf){.s = units, .cap = sizeof units / sizeof *units};
        str16_put(&buf, names.station);
        str16_put_ascii(&buf, "\\\\");
        str16_put_nul(&buf);
    }
    *desktop = unicode_of_str16(str16_view(&buf));
    desktop->MaximumLength += sizeof(WCHAR);
    placed = true;
}

void station_user32_loaded(bool wine)
{
    if (!wine)
        place();
}

/* Wine gives a process the station of its parent, and leaves it there when no desktop was asked
 * for: a parent of the VM may have made one of its own. */
static bool has_inherited(void)
{
    WCHAR units[STATION_NAME_MAX];
    struct str16 own, name = {0};
    if (win32u.process_station)
        name = host_name(win32u.process_station(), units);
    learn_names();
    return name.len && station_from_host(&names, name, &own);
}

static NTSTATUS NTAPI station_initialize(const void *ansi, const void *wide, const void *workers,
                                         void *module)
{
    if (!placed && (desktop_parameter()->Length || !has_inherited()))
        place();
    NTSTATUS status = win32u.initialize(ansi, wide, workers, module);
    if (placed)
        *desktop_parameter() = asked;
    return status;
}

void station_connect(void)
{
    static bool done;
    UNICODE_STRING name;
    void *module;
    if (__atomic_load_n(&done, __ATOMIC_ACQUIRE))
        return;
    RtlInitUnicodeString(&name, L"user32.dll");
    LdrLoadDll(NULL, NULL, &name, &module);
    __atomic_store_n(&done, true, __ATOMIC_RELEASE);
}

// Listing

struct directory_entry { // OBJECT_DIRECTORY_INFORMATION
    UNICODE_STRING name, type;
};

typedef BOOL(CALLBACK enum_fn)(void *name, LPARAM);

static BOOL tell(struct str16 own, bool wide, enum_fn *call, LPARAM context)
{
    uint16_t name[STATION_NAME_MAX] = {0};
    char ansi[3 * STATION_NAME_MAX] = {0};
    if (own.len >= STATION_NAME_MAX)
        return TRUE;
    memcpy(name, own.s, own.len * sizeof *name);
    if (wide)
        return call(name, context);
    ULONG size;
    RtlUnicodeToMultiByteN(ansi, sizeof ansi - 1, &size, (WCHAR *)name,
                           (ULONG)(own.len * sizeof *name));
    return call(ansi, context);
}

bool station_is_own(struct str16 name, struct str16 *own)
{
    learn_names();
    return station_from_host(&names, name, own);
}

/* The VM's stations, from the directory that the system keeps them in. */
static BOOL enumerate(enum_fn *call, LPARAM context, bool wide)
{
    enum { SIZE = 2048 };
    static const char before[] = "\\Sessions\\", after[] = "\\Windows\\WindowStations";
    ULONG session = NtCurrentTeb()->ProcessEnvironmentBlock->SessionId, at = 0, size;
    uint16_t units[64];
    struct str16_buf path = {.s = units, .cap = sizeof units / sizeof *units};
    layer_cleanup_handle HANDLE directory = NULL;
    layer_cleanup_free struct directory_entry *entry = layer_alloc(SIZE);
    if (!entry)
        return fail(ERROR_NOT_ENOUGH_MEMORY);
    learn_names();
    if (session || layer_is_wine()) {
        str16_put_ascii(&path, before);
        str16_put_u32(&path, session);
    }
    str16_put_ascii(&path, after);
    UNICODE_STRING text = unicode_of_str16(str16_view(&path));
    OBJECT_ATTRIBUTES attributes = nt_named(&text);
    NTSTATUS status =
        real.NtOpenDirectoryObject(&directory, 0x1 /* DIRECTORY_QUERY */, &attributes);
    if (status)
        return fail(RtlNtStatusToDosError(status));
    BOOL result = TRUE;
    while (result && real.NtQueryDirectoryObject(directory, entry, SIZE, TRUE, at == 0, &at,
                                                 &size) == STATUS_SUCCESS) {
        struct str16 own;
        if (station_from_host(&names, str16_of_unicode(&entry->name), &own))
            result = tell(own, wide, call, context);
    }
    return result;
}

static BOOL WINAPI station_EnumWindowStationsW(enum_fn *call, LPARAM context)
{
    return enumerate(call, context, true);
}

static BOOL WINAPI station_EnumWindowStationsA(enum_fn *call, LPARAM context)
{
    return enumerate(call, context, false);
}

#define ARGUMENTS(n) ((n)*4)
const struct layer_stub_patch station_stubs[] = {
    {"NtUserCreateWindowStation", (void *)station_create, (void **)&win32u.create_station,
     ARGUMENTS(7)},
    {"NtUserOpenWindowStation", (void *)station_open, (void **)&win32u.open_station, ARGUMENTS(2)},
    {"NtUserOpenDesktop", (void *)station_open_desktop, (void **)&win32u.open_desktop,
     ARGUMENTS(3)},
    {"NtUserCreateDesktopEx", (void *)station_create_desktop, (void **)&win32u.create_desktop,
     ARGUMENTS(6)},
    {"NtUserOpenInputDesktop", (void *)station_input_desktop, (void **)&win32u.input_desktop,
     ARGUMENTS(3)},
    {"NtUserGetObjectInformation", (void *)station_object_information,
     (void **)&win32u.object_information, ARGUMENTS(5)},
    {"NtUserSystemParametersInfo", (void *)station_parameters_info,
     (void **)&win32u.parameters_info, ARGUMENTS(4)},
    {"NtUserInitializeClientPfnArrays", (void *)station_initialize, (void **)&win32u.initialize,
     ARGUMENTS(4)},
    {"NtUserGetProcessWindowStation", NULL, (void **)&win32u.process_station, ARGUMENTS(0)},
    // Wine's user32 forwards to it (Windows' takes another argument, and has one of its own).
    {"NtUserSetSysColors", (void *)station_SetSysColors, (void **)&win32u.set_colors, ARGUMENTS(3)},
    {"NtUserGetClipboardFormatName", (void *)atom_format_name, (void **)&atom_system_format_name,
     ARGUMENTS(3)},
};
const size_t station_stubs_count = sizeof station_stubs / sizeof *station_stubs;

const struct layer_export_patch station_exports[] = {
    {"EnumWindowStationsW", (void *)station_EnumWindowStationsW, NULL},
    {"EnumWindowStationsA", (void *)station_EnumWindowStationsA, NULL},
    {"SetSysColors", (void *)station_SetSysColors, NULL},
    {"SwapMouseButton", (void *)station_SwapMouseButton, NULL},
    {"SetDoubleClickTime", (void *)station_SetDoubleClickTime, NULL},
    {"ChangeDisplaySettingsA", (void *)station_ChangeDisplaySettings, NULL},
    {"ChangeDisplaySettingsW", (void *)station_ChangeDisplaySettings, NULL},
    {"ChangeDisplaySettingsExA", (void *)station_ChangeDisplaySettingsEx, NULL},
    {"ChangeDisplaySettingsExW", (void *)station_ChangeDisplaySettingsEx, NULL},
};
const size_t station_exports_count = sizeof station_exports / sizeof *station_exports;
