// The service functions, called in hundreds of ways, errors above all. Prints a line a call; the
// lines that Wine's own service control manager gets otherwise than Windows' are named, each with
// the reason, in svc_calls/differs.c. Needs svc_own.exe beside it.
#include "svc_calls/calls.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

SC_HANDLE manager;
wchar_t own_path[MAX_PATH + 32];
const wchar_t *const name = L"PlumeGuestC";

static void print_line(const char *line)
{
    printf("%s%s\n", differs(line) ? "differs: " : "", line);
}

void tell(const char *format, ...)
{
    char line[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    print_line(line);
}

void tell_end(bool ok, DWORD error, const char *format, ...)
{
    char what[512], line[600];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    if (ok)
        snprintf(line, sizeof(line), "%s: ok", what);
    else
        snprintf(line, sizeof(line), "%s: error %lu", what, error);
    print_line(line);
}

SC_HANDLE make_service(const wchar_t *with_name, const wchar_t *mode, const wchar_t *dependencies)
{
    wchar_t command[MAX_PATH + 64];
    wchar_t shown[64]; // Wine keeps no display name that is the same as the name
    swprintf(command, MAX_PATH + 64, L"%ls%ls", own_path, mode);
    swprintf(shown, 64, L"Shown %ls", with_name + 5);
    SC_HANDLE service = CreateServiceW(
        manager, with_name, shown, SERVICE_ALL_ACCESS, SERVICE_WIN32_OWN_PROCESS,
        SERVICE_DEMAND_START, SERVICE_ERROR_NORMAL, command, NULL, NULL, dependencies, NULL, NULL);
    if (!service) {
        printf("cannot make %ls: error %lu\n", with_name, GetLastError());
        exit(1);
    }
    return service;
}

bool wait_for_state(SC_HANDLE service, DWORD state)
{
    SERVICE_STATUS s;
    for (int i = 0; i < 6000; i++) {
        if (!QueryServiceStatus(service, &s))
            return false;
        if (s.dwCurrentState == state)
            return true;
        Sleep(10);
    }
    printf("waited in vain for state %lu: it is %lu\n", state, s.dwCurrentState);
    return false;
}

void remove_service(SC_HANDLE service)
{
    SERVICE_STATUS s;
    if (ControlService(service, SERVICE_CONTROL_STOP, &s))
        wait_for_state(service, SERVICE_STOPPED);
    DeleteService(service);
    CloseServiceHandle(service);
}

int wmain(void);

int wmain(void)
{
    wchar_t path[MAX_PATH];
    setvbuf(stdout, NULL, _IONBF, 0);
    GetModuleFileNameW(NULL, path, MAX_PATH);
    wcscpy(wcsrchr(path, L'\\') + 1, L"svc_own.exe");
    swprintf(own_path, MAX_PATH + 32, L"\"%ls\" ", path);
    manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_ALL_ACCESS);
    if (!manager)
        return 1;
    static const wchar_t *const left[] = {L"PlumeGuestC", L"PlumeGuestD", L"PlumeGuestE"};
    for (int i = 0; i < 3; i++) {
        SC_HANDLE service = OpenServiceW(manager, left[i], SERVICE_ALL_ACCESS);
        if (service)
            remove_service(service);
    }
    rights();
    all_names();
    configuration();
    additional_configuration();
    lists();
    states();
    notifications();
    security();
    locks();
    ansi_functions();
    CloseServiceHandle(manager);
    return 0;
}
