// Management instrumentation: queries in its language, compared with what the process list and the
// service manager say.
#define COBJMACROS
#include <winsock2.h>
#include <windows.h>
#include <tlhelp32.h>
#include <initguid.h>
#include <wbemcli.h>
#include <stdio.h>
#include <string.h>
#include "common_service.h"
#include "common_step.h"

// What a query has found.
static char found_text[200];

// How often the process is in the list of processes, and the service in that of the manager: what
// the answers are compared with.
static unsigned in_snapshot(DWORD id)
{
    PROCESSENTRY32W entry = {.dwSize = sizeof entry};
    unsigned found = 0;
    HANDLE list = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    for (BOOL more = Process32FirstW(list, &entry); more; more = Process32NextW(list, &entry))
        found += entry.th32ProcessID == id;
    CloseHandle(list);
    return found;
}

static DWORD manager_state(const wchar_t *name)
{
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
    SC_HANDLE service = OpenServiceW(manager, name, SERVICE_QUERY_STATUS);
    SERVICE_STATUS status = {0};
    if (service) {
        QueryServiceStatus(service, &status);
        CloseServiceHandle(service);
    }
    CloseServiceHandle(manager);
    return status.dwCurrentState;
}

static const wchar_t *state_name(DWORD state)
{
    static const wchar_t *const names[] = {
        L"",        L"Stopped",          L"Start Pending", L"Stop Pending",
        L"Running", L"Continue Pending", L"Pause Pending", L"Paused"};
    return state < sizeof names / sizeof *names ? names[state] : L"";
}

static BOOL processes(IEnumWbemClassObject *rows)
{
    IWbemClassObject *row;
    ULONG count;
    unsigned known = 0, unknown = 0, own = 0;
    while (IEnumWbemClassObject_Next(rows, WBEM_INFINITE, 1, &row, &count) == S_OK) {
        VARIANT id;
        VariantInit(&id);
        IWbemClassObject_Get(row, L"ProcessId", 0, &id, NULL, NULL);
        DWORD found = (DWORD)V_I4(&id);
        // One that has ended in the meantime is in neither list.
        if (in_snapshot(found))
            ++known;
        else
            ++unknown;
        own += found == GetCurrentProcessId();
        VariantClear(&id);
        IWbemClassObject_Release(row);
    }
    snprintf(found_text, sizeof found_text, "own %u, some %d, unknown ones %u", own, known > 1,
             unknown);
    return !unknown;
}

// Services that the manager lists, drivers with them.
static unsigned in_manager(void)
{
    static BYTE buffer[65536];
    DWORD needed, count = 0;
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_ENUMERATE_SERVICE);
    EnumServicesStatusExW(manager, SC_ENUM_PROCESS_INFO, SERVICE_WIN32 | SERVICE_DRIVER,
                          SERVICE_STATE_ALL, buffer, sizeof buffer, &needed, &count, NULL, NULL);
    CloseServiceHandle(manager);
    return count;
}

static BOOL services(IEnumWbemClassObject *rows)
{
    IWbemClassObject *row;
    ULONG count;
    unsigned same = 0, other = 0;
    while (IEnumWbemClassObject_Next(rows, WBEM_INFINITE, 1, &row, &count) == S_OK) {
        VARIANT name, state;
        VariantInit(&name);
        VariantInit(&state);
        IWbemClassObject_Get(row, L"Name", 0, &name, NULL, NULL);
        IWbemClassObject_Get(row, L"State", 0, &state, NULL, NULL);
        if (V_VT(&name) == VT_BSTR && V_VT(&state) == VT_BSTR &&
            !wcscmp(V_BSTR(&state), state_name(manager_state(V_BSTR(&name)))))
            ++same;
        else
            ++other;
        VariantClear(&name);
        VariantClear(&state);
        IWbemClassObject_Release(row);
    }
    snprintf(found_text, sizeof found_text,
             "some %d, all that the manager has %d, in another state %u", same > 0,
             same + other == in_manager(), other);
    return !other;
}

// Asked again as long as the answer is not what the other list says: processes end and services
// start in between.
static void query(IWbemServices *space, const wchar_t *text, BOOL (*with)(IEnumWbemClassObject *))
{
    BSTR language = SysAllocString(L"WQL"), query = SysAllocString(text);
    HRESULT result = S_OK;
    BOOL good = FALSE;
    for (unsigned tries = 0; tries < 100 && !good; ++tries) {
        IEnumWbemClassObject *rows = NULL;
        strcpy(found_text, "nothing");
        result = IWbemServices_ExecQuery(space, language, query,
                                         WBEM_FLAG_RETURN_IMMEDIATELY | WBEM_FLAG_FORWARD_ONLY,
                                         NULL, &rows);
        if (FAILED(result))
            break;
        good = with(rows);
        IEnumWbemClassObject_Release(rows);
        if (!good)
            Sleep(100);
    }
    SysFreeString(query);
    SysFreeString(language);
    say("query", "%ls: %08lx, %s", text, (unsigned long)result, found_text);
}

static BOOL name_of_machine(IEnumWbemClassObject *rows)
{
    IWbemClassObject *row;
    ULONG count;
    wchar_t name[64] = L"";
    DWORD size = 64;
    GetComputerNameW(name, &size);
    if (IEnumWbemClassObject_Next(rows, WBEM_INFINITE, 1, &row, &count) == S_OK) {
        VARIANT found;
        VariantInit(&found);
        IWbemClassObject_Get(row, L"Name", 0, &found, NULL, NULL);
        snprintf(found_text, sizeof found_text, "computer's name %d",
                 V_VT(&found) == VT_BSTR && !wcscmp(V_BSTR(&found), name));
        VariantClear(&found);
        IWbemClassObject_Release(row);
    }
    return TRUE;
}

int main(void)
{
    service_running(L"Winmgmt");
    say("COM", "%08lx", (unsigned long)CoInitializeEx(NULL, COINIT_MULTITHREADED));
    IWbemLocator *locator = NULL;
    IWbemServices *space = NULL;
    HRESULT result = CoCreateInstance(&CLSID_WbemLocator, NULL, CLSCTX_INPROC_SERVER,
                                      &IID_IWbemLocator, (void **)&locator);
    say("locator", "%08lx", (unsigned long)result);
    if (SUCCEEDED(result)) {
        BSTR path = SysAllocString(L"ROOT\\CIMV2");
        result = IWbemLocator_ConnectServer(locator, path, NULL, NULL, NULL, 0, NULL, NULL, &space);
        say("connect", "%08lx", (unsigned long)result);
        SysFreeString(path);
    }
    if (space) {
        query(space, L"SELECT * FROM Win32_Process", processes);
        query(space, L"SELECT * FROM Win32_Service WHERE Name = 'Winmgmt'", services);
        query(space, L"SELECT * FROM Win32_Service", services);
        query(space, L"SELECT * FROM Win32_ComputerSystem", name_of_machine);
        IWbemServices_Release(space);
    }
    if (locator)
        IWbemLocator_Release(locator);
    CoUninitialize();
    service_stopped(L"Winmgmt");
    return 0;
}
