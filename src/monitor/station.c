#include "monitor/station.h"

#include <stdio.h>
#include "layer/nt.h"
#include "monitor/log.h"
#include "vm/wine.h"

static wchar_t vm_name[STATION_NAME_MAX], station[STATION_NAME_MAX], desktop[STATION_NAME_MAX];
static bool made;

void station_name(const struct vm *vm)
{
    _snwprintf(vm_name, STATION_NAME_MAX - 1, L"plume-%ls", vm->id);
}

/* Functions are looked up: a monitor whose VM has no windows does without these DLLs. */
static FARPROC find(HMODULE dll, const char *name)
{
    return dll ? GetProcAddress(dll, name) : NULL;
}

/* Windows. A station may be given a name by an administrator only; others share one that is called
 * after their logon, and the VM has its own desktop in it. */
static DWORD make_on_windows(void)
{
    HMODULE user32 = LoadLibraryW(L"user32.dll");
    __typeof__(&CreateWindowStationW) create_station =
        (__typeof__(create_station))(void *)find(user32, "CreateWindowStationW");
    __typeof__(&SetProcessWindowStation) set_station =
        (__typeof__(set_station))(void *)find(user32, "SetProcessWindowStation");
    __typeof__(&GetUserObjectInformationW) information =
        (__typeof__(information))(void *)find(user32, "GetUserObjectInformationW");
    __typeof__(&CreateDesktopW) create_desktop =
        (__typeof__(create_desktop))(void *)find(user32, "CreateDesktopW");
    if (!create_station || !set_station || !information || !create_desktop)
        return ERROR_PROC_NOT_FOUND;
    DWORD size;
    wcscpy(desktop, L"Default");
    HWINSTA handle = create_station(vm_name, 0, MAXIMUM_ALLOWED, NULL);
    if (!handle) {
        wcscpy(desktop, vm_name);
        handle = create_station(NULL, 0, MAXIMUM_ALLOWED, NULL);
    }
    if (!handle || !information(handle, UOI_NAME, station, sizeof(station), &size) ||
        !set_station(handle) || !create_desktop(desktop, NULL, NULL, 0, MAXIMUM_ALLOWED, NULL))
        return GetLastError();
    return ERROR_SUCCESS;
}

/* Wine: by the system calls themselves (dlls/win32u/winstation.c), because loading user32 takes as
 * long there as starting a program. Wine takes the first process that needs a desktop's window for
 * one that starts explorer.exe, but only on a visible station, which WinSta0 alone is
 * (server/window.c, get_desktop_window). */
static DWORD make_on_wine(void)
{
    HMODULE win32u = LoadLibraryW(L"win32u.dll");
    HWINSTA(WINAPI * create_station)
    (OBJECT_ATTRIBUTES *, ACCESS_MASK, ULONG, ULONG, ULONG, ULONG, ULONG);
    BOOL(WINAPI * set_station)(HWINSTA);
    HDESK(WINAPI * create_desktop)
    (OBJECT_ATTRIBUTES *, UNICODE_STRING *, DEVMODEW *, DWORD, ACCESS_MASK, ULONG);
    create_station = (__typeof__(create_station))(void *)find(win32u, "NtUserCreateWindowStation");
    set_station = (__typeof__(set_station))(void *)find(win32u, "NtUserSetProcessWindowStation");
    create_desktop = (__typeof__(create_desktop))(void *)find(win32u, "NtUserCreateDesktopEx");
    if (!create_station || !set_station || !create_desktop)
        return ERROR_PROC_NOT_FOUND;
    wchar_t path[64];
    UNICODE_STRING text;
    DWORD session = 0;
    HANDLE directory;
    ProcessIdToSessionId(GetCurrentProcessId(), &session);
    _snwprintf(path, ARRAYSIZE(path), L"\\Sessions\\%lu\\Windows\\WindowStations", session);
    RtlInitUnicodeString(&text, path);
    OBJECT_ATTRIBUTES attributes = nt_named(&text);
    NTSTATUS status = NtOpenDirectoryObject(&directory, 0x6 /* traverse, create */, &attributes);
    if (status < 0)
        return RtlNtStatusToDosError(status);
    wcscpy(station, vm_name);
    wcscpy(desktop, L"Default");
    RtlInitUnicodeString(&text, station);
    attributes.RootDirectory = directory;
    attributes.Attributes |= OBJ_OPENIF;
    HWINSTA handle =
        create_station(&attributes, STANDARD_RIGHTS_REQUIRED | WINSTA_ALL_ACCESS, 0, 0, 0, 0, 0);
    DWORD error = handle && set_station(handle) ? ERROR_SUCCESS : GetLastError();
    CloseHandle(directory);
    attributes.RootDirectory = NULL;
    RtlInitUnicodeString(&text, desktop);
    if (error == ERROR_SUCCESS && !create_desktop(&attributes, NULL, NULL, 0, GENERIC_ALL, 0))
        error = GetLastError();
    return error;
}

DWORD station_open(struct station_names *names)
{
    if (!made) {
        DWORD error = vm_on_wine() ? make_on_wine() : make_on_windows();
        if (error != ERROR_SUCCESS) {
            log_line(L"cannot make the window station of the VM: Win32 error %lu", error);
            return error;
        }
        made = true;
    }
    *names = (struct station_names){str16_of(station), str16_of(desktop)};
    return ERROR_SUCCESS;
}
