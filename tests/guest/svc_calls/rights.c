// What each right of a handle allows, and handles of the wrong kind.
#include "calls.h"

#include <stdio.h>

static const DWORD service_rights[] = {SERVICE_QUERY_CONFIG,
                                       SERVICE_CHANGE_CONFIG,
                                       SERVICE_QUERY_STATUS,
                                       SERVICE_ENUMERATE_DEPENDENTS,
                                       SERVICE_START,
                                       SERVICE_STOP,
                                       SERVICE_PAUSE_CONTINUE,
                                       SERVICE_INTERROGATE,
                                       SERVICE_USER_DEFINED_CONTROL,
                                       DELETE,
                                       READ_CONTROL,
                                       WRITE_DAC,
                                       WRITE_OWNER,
                                       GENERIC_READ,
                                       GENERIC_WRITE,
                                       GENERIC_EXECUTE};

static const DWORD manager_rights[] = {SC_MANAGER_CONNECT,
                                       SC_MANAGER_CREATE_SERVICE,
                                       SC_MANAGER_ENUMERATE_SERVICE,
                                       SC_MANAGER_LOCK,
                                       SC_MANAGER_QUERY_LOCK_STATUS,
                                       SC_MANAGER_MODIFY_BOOT_CONFIG,
                                       GENERIC_READ,
                                       GENERIC_WRITE,
                                       GENERIC_EXECUTE};

/* Every function on a service's handle; the service is stopped and disabled, and nothing of this
 * changes it. */
static void service_calls(SC_HANDLE handle, const char *what)
{
    char buffer[4096];
    DWORD needed, count;
    SERVICE_STATUS status;
    BOOL delayed = FALSE;
    SERVICE_DESCRIPTIONW same = {NULL};
    TRY(QueryServiceConfigW(handle, (QUERY_SERVICE_CONFIGW *)(void *)buffer, sizeof(buffer),
                            &needed),
        "%s: query the configuration", what);
    TRY(QueryServiceConfigA(handle, (QUERY_SERVICE_CONFIGA *)(void *)buffer, sizeof(buffer),
                            &needed),
        "%s: query the configuration, ANSI", what);
    TRY(QueryServiceConfig2W(handle, SERVICE_CONFIG_DESCRIPTION, (BYTE *)buffer, sizeof(buffer),
                             &needed),
        "%s: query the description", what);
    TRY(QueryServiceStatus(handle, &status), "%s: query the status", what);
    TRY(QueryServiceStatusEx(handle, SC_STATUS_PROCESS_INFO, (BYTE *)buffer, sizeof(buffer),
                             &needed),
        "%s: query the status and the process", what);
    TRY(EnumDependentServicesW(handle, SERVICE_STATE_ALL, (ENUM_SERVICE_STATUSW *)(void *)buffer,
                               sizeof(buffer), &needed, &count),
        "%s: list the dependents", what);
    TRY(ChangeServiceConfigW(handle, SERVICE_NO_CHANGE, SERVICE_NO_CHANGE, SERVICE_NO_CHANGE, NULL,
                             NULL, NULL, NULL, NULL, NULL, NULL),
        "%s: change the configuration", what);
    TRY(ChangeServiceConfig2W(handle, SERVICE_CONFIG_DESCRIPTION, &same),
        "%s: change the description", what);
    (void)delayed;
    TRY(StartServiceW(handle, 0, NULL), "%s: start", what);
    static const DWORD codes[] = {SERVICE_CONTROL_STOP,
                                  SERVICE_CONTROL_PAUSE,
                                  SERVICE_CONTROL_CONTINUE,
                                  SERVICE_CONTROL_INTERROGATE,
                                  SERVICE_CONTROL_PARAMCHANGE,
                                  SERVICE_CONTROL_NETBINDADD,
                                  128};
    for (unsigned i = 0; i < sizeof(codes) / sizeof(*codes); i++)
        TRY(ControlService(handle, codes[i], &status), "%s: control %lu", what, codes[i]);
    TRY(QueryServiceObjectSecurity(handle, DACL_SECURITY_INFORMATION, buffer, sizeof(buffer),
                                   &needed),
        "%s: query the access list", what);
    TRY(QueryServiceObjectSecurity(handle, OWNER_SECURITY_INFORMATION, buffer, sizeof(buffer),
                                   &needed),
        "%s: query the owner", what);
}

static void manager_calls(SC_HANDLE handle, const char *what)
{
    char buffer[64];
    wchar_t text[300];
    DWORD needed, count, len = 300;
    SC_HANDLE service;
    TRY(service = OpenServiceW(handle, name, SERVICE_QUERY_STATUS), "%s: open a service", what);
    if (service)
        CloseServiceHandle(service);
    TRY(service = CreateServiceW(handle, L"PlumeGuestD", NULL, SERVICE_ALL_ACCESS,
                                 SERVICE_WIN32_OWN_PROCESS, SERVICE_DISABLED, 0, L"none.exe", NULL,
                                 NULL, NULL, NULL, NULL),
        "%s: make a service", what);
    if (service)
        remove_service(service);
    TRY(EnumServicesStatusW(handle, SERVICE_WIN32, SERVICE_STATE_ALL,
                            (ENUM_SERVICE_STATUSW *)(void *)buffer, 0, &needed, &count, NULL),
        "%s: list", what);
    TRY(EnumServicesStatusExW(handle, SC_ENUM_PROCESS_INFO, SERVICE_WIN32, SERVICE_STATE_ALL, NULL,
                              0, &needed, &count, NULL, NULL),
        "%s: list with processes", what);
    TRY(GetServiceDisplayNameW(handle, name, text, &len), "%s: display name", what);
    len = 300;
    TRY(GetServiceKeyNameW(handle, L"Shown GuestC", text, &len), "%s: key name", what);
    SC_LOCK lock;
    TRY(lock = LockServiceDatabase(handle), "%s: lock", what);
    if (lock)
        UnlockServiceDatabase(lock);
    TRY(QueryServiceLockStatusW(handle, NULL, 0, &needed), "%s: lock status", what);
}

void rights(void)
{
    SC_HANDLE all = make_service(name, L"service", NULL);
    ChangeServiceConfigW(all, SERVICE_NO_CHANGE, SERVICE_DISABLED, SERVICE_NO_CHANGE, NULL, NULL,
                         NULL, NULL, NULL, NULL, NULL);
    char what[64];
    for (unsigned i = 0; i < sizeof(service_rights) / sizeof(*service_rights); i++) {
        SC_HANDLE handle = OpenServiceW(manager, name, service_rights[i]);
        snprintf(what, sizeof(what), "service's right %lx", service_rights[i]);
        service_calls(handle, what);
        CloseServiceHandle(handle);
    }
    for (unsigned i = 0; i < sizeof(manager_rights) / sizeof(*manager_rights); i++) {
        SC_HANDLE handle = OpenSCManagerW(NULL, NULL, manager_rights[i]);
        snprintf(what, sizeof(what), "manager's right %lx", manager_rights[i]);
        manager_calls(handle, what);
        CloseServiceHandle(handle);
    }
    service_calls(NULL, "no service");
    manager_calls(NULL, "no manager");
    service_calls(manager, "manager as a service");
    manager_calls(all, "service as a manager");
    SC_HANDLE handle = OpenServiceW(manager, name, SERVICE_ALL_ACCESS & ~DELETE);
    TRY(DeleteService(handle), "delete with all other rights");
    CloseServiceHandle(handle);
    TRY(DeleteService(NULL), "delete nothing");
    TRY(DeleteService(manager), "delete the manager");
    TRY(OpenServiceW(manager, NULL, SERVICE_QUERY_STATUS), "open no name");
    TRY(OpenServiceA(manager, NULL, SERVICE_QUERY_STATUS), "open no name, ANSI");
    TRY(OpenServiceW(manager, L"Plume\\x", SERVICE_QUERY_STATUS), "open with a backslash");
    TRY(handle = OpenServiceA(manager, "plumeguestc", SERVICE_QUERY_STATUS), "open, ANSI");
    CloseServiceHandle(handle);
    TRY(handle = OpenServiceW(manager, name, MAXIMUM_ALLOWED), "open for what is allowed");
    service_calls(handle, "what is allowed");
    CloseServiceHandle(handle);
    TRY(handle = OpenServiceW(manager, name, SERVICE_ALL_ACCESS | 0x200),
        "unknown rights: service");
    CloseServiceHandle(handle);
    TRY(handle = OpenSCManagerW(NULL, NULL, SC_MANAGER_ALL_ACCESS | 0x100),
        "unknown rights: manager");
    CloseServiceHandle(handle);
    remove_service(all);
}
