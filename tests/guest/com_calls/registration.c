// The registration of the classes. It is the machine's but for what register_for_user writes.
#include "calls.h"
#include <shlwapi.h>
#include <stdio.h>
#include <wchar.h>

#define CLASSES L"Software\\Classes\\"

static void text_of(wchar_t *text, const GUID *id)
{
    StringFromGUID2(id, text, 40);
}

/* What is beside this program. */
static void path_beside(wchar_t *path, const wchar_t *name)
{
    GetModuleFileNameW(NULL, path, MAX_PATH);
    wcscpy(wcsrchr(path, L'\\') + 1, name);
}

static void set(HKEY root, const wchar_t *path, const wchar_t *name, const wchar_t *text)
{
    wchar_t full[LINE];
    HKEY key;
    _snwprintf(full, LINE, CLASSES L"%ls", path);
    LONG status = RegCreateKeyExW(root, full, 0, NULL, 0, KEY_ALL_ACCESS, NULL, &key, NULL);
    if (!status) {
        status = RegSetValueExW(key, name, 0, REG_SZ, (const BYTE *)text,
                                (DWORD)((wcslen(text) + 1) * sizeof *text));
        RegCloseKey(key);
    }
    if (status)
        say("registration", "%ls error %ld", path, status);
}

/* CLSID\{class}SUB */
static void set_class(HKEY root, const CLSID *class, const wchar_t *sub, const wchar_t *name,
                      const wchar_t *value)
{
    wchar_t path[LINE], text[40];
    text_of(text, class);
    _snwprintf(path, LINE, L"CLSID\\%ls%ls", text, sub);
    set(root, path, name, value);
}

/* The class's AppID, which is called like it, has the value. */
static void set_application(const CLSID *class, const wchar_t *name, const wchar_t *value)
{
    wchar_t path[LINE], text[40];
    text_of(text, class);
    set_class(HKEY_LOCAL_MACHINE, class, L"", L"AppID", text);
    _snwprintf(path, LINE, L"AppID\\%ls", text);
    set(HKEY_LOCAL_MACHINE, path, name, value);
}

static void set_program(const CLSID *class, const wchar_t *mark, bool multi_threaded)
{
    wchar_t own[MAX_PATH], line[LINE], text[40];
    GetModuleFileNameW(NULL, own, MAX_PATH);
    text_of(text, class);
    _snwprintf(line, LINE, L"\"%ls\" server %ls \"%ls\" %ls", own, text, mark,
               multi_threaded ? L"mta" : L"sta");
    set_class(HKEY_LOCAL_MACHINE, class, L"\\LocalServer32", NULL, line);
}

static void set_service(const wchar_t *mark)
{
    wchar_t own[MAX_PATH], line[LINE];
    GetModuleFileNameW(NULL, own, MAX_PATH);
    _snwprintf(line, LINE, L"\"%ls\" service \"%ls\"", own, mark);
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_ALL_ACCESS);
    SC_HANDLE service = CreateServiceW(manager, SERVICE, NULL, SERVICE_ALL_ACCESS,
                                       SERVICE_WIN32_OWN_PROCESS, SERVICE_DEMAND_START,
                                       SERVICE_ERROR_NORMAL, line, NULL, NULL, NULL, NULL, NULL);
    step("make the service", service != NULL);
    CloseServiceHandle(service);
    CloseServiceHandle(manager);
    set_application(&com_service, L"LocalService", SERVICE);
}

static void remove_service(void)
{
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_ALL_ACCESS);
    SC_HANDLE service = OpenServiceW(manager, SERVICE, SERVICE_ALL_ACCESS);
    SERVICE_STATUS status = {0};
    ULONGLONG until = GetTickCount() + PATIENCE_MS;
    ControlService(service, SERVICE_CONTROL_STOP, &status);
    while (QueryServiceStatus(service, &status) && status.dwCurrentState != SERVICE_STOPPED &&
           GetTickCount() < until)
        Sleep(10);
    step("delete the service", DeleteService(service));
    CloseServiceHandle(service);
    CloseServiceHandle(manager);
}

static DWORD regsvr32(const wchar_t *options)
{
    wchar_t dll[MAX_PATH], line[LINE];
    path_beside(dll, L"dll_com.dll");
    _snwprintf(line, LINE, L"regsvr32.exe /s %ls\"%ls\"", options, dll);
    return run_line(line);
}

bool register_all(const wchar_t *mark, bool multi_threaded)
{
    wchar_t dll[MAX_PATH], surrogate[MAX_PATH + 20], text[40];
    DWORD status = regsvr32(L"");
    say("regsvr32", "%lu", status);
    path_beside(dll, L"dll_com.dll");
    set_class(HKEY_LOCAL_MACHINE, &com_in_proc, L"\\Mark", NULL, mark);
    set_program(&com_local, mark, multi_threaded);
    text_of(text, &com_local);
    set(HKEY_LOCAL_MACHINE, L"Plume.Test.Local\\CLSID", NULL, text);
    set_program(&com_fragile, mark, multi_threaded);
    set_class(HKEY_LOCAL_MACHINE, &com_missing, L"\\LocalServer32", NULL,
              L"C:\\there is none\\server.exe");
    set_class(HKEY_LOCAL_MACHINE, &com_ending, L"\\LocalServer32", NULL, L"cmd.exe /c exit");
    set_class(HKEY_LOCAL_MACHINE, &com_surrogate, L"\\InprocServer32", NULL, dll);
    set_class(HKEY_LOCAL_MACHINE, &com_surrogate, L"\\Mark", NULL, mark);
    // By its path: without, Wine 8 looks for one of 32 bit (combase's create_surrogate_server).
    GetSystemDirectoryW(surrogate, MAX_PATH);
    wcscat(surrogate, L"\\dllhost.exe");
    set_application(&com_surrogate, L"DllSurrogate", surrogate);
    set_service(mark);
    return !status;
}

static void remove_class(const CLSID *class)
{
    wchar_t path[LINE], text[40];
    text_of(text, class);
    _snwprintf(path, LINE, CLASSES L"CLSID\\%ls", text);
    SHDeleteKeyW(HKEY_LOCAL_MACHINE, path);
    _snwprintf(path, LINE, CLASSES L"AppID\\%ls", text);
    SHDeleteKeyW(HKEY_LOCAL_MACHINE, path);
}

void unregister_all(void)
{
    remove_service();
    remove_class(&com_local);
    remove_class(&com_service);
    remove_class(&com_surrogate);
    remove_class(&com_fragile);
    remove_class(&com_missing);
    remove_class(&com_ending);
    SHDeleteKeyW(HKEY_LOCAL_MACHINE, CLASSES L"Plume.Test.Local");
    say("regsvr32 /u", "%lu", regsvr32(L"/u "));
}

void register_for_user(const wchar_t *mark)
{
    wchar_t dll[MAX_PATH];
    path_beside(dll, L"dll_com.dll");
    set_class(HKEY_CURRENT_USER, &com_in_proc, L"\\InprocServer32", NULL, dll);
    set_class(HKEY_CURRENT_USER, &com_in_proc, L"\\Mark", NULL, mark);
}

void unregister_for_user(void)
{
    wchar_t path[LINE], text[40];
    text_of(text, &com_in_proc);
    _snwprintf(path, LINE, CLASSES L"CLSID\\%ls", text);
    SHDeleteKeyW(HKEY_CURRENT_USER, path);
}
