// The image acquisition service, which is a COM server in a service's process: activation starts
// it. (The paper's CD burning service is such a one.)
#define COBJMACROS
#include <winsock2.h>
#include <windows.h>
#include <initguid.h>
#include <wia.h>
#include "common_service.h"
#include "common_step.h"

int main(void)
{
    service_running(L"StiSvc");
    say("COM", "%08lx", (unsigned long)CoInitializeEx(NULL, COINIT_APARTMENTTHREADED));
    IWiaDevMgr *manager = NULL;
    HRESULT result = CoCreateInstance(&CLSID_WiaDevMgr, NULL, CLSCTX_LOCAL_SERVER, &IID_IWiaDevMgr,
                                      (void **)&manager);
    say("manager", "%08lx", (unsigned long)result);
    if (SUCCEEDED(result)) {
        IEnumWIA_DEV_INFO *list = NULL;
        result = IWiaDevMgr_EnumDeviceInfo(manager, 0, &list);
        say("devices", "%08lx", (unsigned long)result);
        if (SUCCEEDED(result)) {
            ULONG count = 77;
            result = IEnumWIA_DEV_INFO_GetCount(list, &count);
            say("count", "%08lx", (unsigned long)result);
            IEnumWIA_DEV_INFO_Release(list);
        }
        IWiaDevMgr_Release(manager);
    }
    CoUninitialize();
    service_stopped(L"StiSvc");
    return 0;
}
