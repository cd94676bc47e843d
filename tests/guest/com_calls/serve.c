// The servers.
#include <stdio.h>
#include <wchar.h>
#include "calls.h"

static HANDLE end;
static DWORD main_thread;
static const wchar_t *service_mark;

static void on_unused(void)
{
    SetEvent(end);
    PostThreadMessageW(main_thread, WM_QUIT, 0, 0);
}

static HRESULT offer(const CLSID *class, const wchar_t *mark, DWORD *cookie)
{
    IUnknown *factory;
    HRESULT result = com_factory(mark, class, &IID_IUnknown, (void **)&factory);
    if (FAILED(result))
        return result;
    result = CoRegisterClassObject(class, factory, CLSCTX_LOCAL_SERVER, REGCLS_MULTIPLEUSE, cookie);
    IUnknown_Release(factory);
    return result;
}

int serve(const wchar_t *class, const wchar_t *mark, const wchar_t *apartment)
{
    bool many = !wcscmp(apartment, L"mta");
    CLSID id;
    DWORD cookie;
    MSG message;
    end = CreateEventW(NULL, TRUE, FALSE, NULL);
    main_thread = GetCurrentThreadId();
    com_unused = on_unused;
    CoInitializeEx(NULL, many ? COINIT_MULTITHREADED : COINIT_APARTMENTTHREADED);
    PeekMessageW(&message, NULL, 0, 0, PM_NOREMOVE); // so that there is a queue
    if (CLSIDFromString(class, &id) != S_OK || offer(&id, mark, &cookie) != S_OK)
        return 1;
    if (many)
        WaitForSingleObject(end, INFINITE);
    else
        while (GetMessageW(&message, NULL, 0, 0) > 0)
            DispatchMessageW(&message);
    CoRevokeClassObject(cookie);
    CoUninitialize();
    return 0;
}

static SERVICE_STATUS_HANDLE service;
static SERVICE_STATUS status = {.dwServiceType = SERVICE_WIN32_OWN_PROCESS,
                                .dwControlsAccepted = SERVICE_ACCEPT_STOP};

static void report(DWORD state)
{
    status.dwCurrentState = state;
    SetServiceStatus(service, &status);
}

static DWORD WINAPI handle_control(DWORD control, DWORD type, void *data, void *context)
{
    (void)type;
    (void)data;
    (void)context;
    if (control == SERVICE_CONTROL_STOP) {
        // To take the class back may mean that a service which has been stopped is started again.
        report(SERVICE_STOP_PENDING);
        SetEvent(end);
    }
    return NO_ERROR;
}

static void WINAPI service_main(DWORD count, wchar_t **arguments)
{
    DWORD cookie = 0;
    (void)count;
    end = CreateEventW(NULL, TRUE, FALSE, NULL);
    service = RegisterServiceCtrlHandlerExW(arguments[0], handle_control, NULL);
    CoInitializeEx(NULL, COINIT_MULTITHREADED);
    if (offer(&com_service, service_mark, &cookie) == S_OK) {
        report(SERVICE_RUNNING);
        WaitForSingleObject(end, INFINITE);
        CoRevokeClassObject(cookie);
    }
    CoUninitialize();
    report(SERVICE_STOPPED);
}

int serve_as_service(const wchar_t *mark)
{
    wchar_t name[] = SERVICE;
    SERVICE_TABLE_ENTRYW table[] = {{name, service_main}, {NULL, NULL}};
    service_mark = mark;
    return StartServiceCtrlDispatcherW(table) ? 0 : 1;
}
