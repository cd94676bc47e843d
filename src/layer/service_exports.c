#include "layer/service_exports.h"
#include "layer/service_api.h"

#define REPLACED(name)                                                                             \
    {                                                                                              \
#name, (void *)service_##name, NULL                                                        \
    }
#define REPLACED_BY(name, by)                                                                      \
    {                                                                                              \
#name, (void *)by, NULL                                                                    \
    }

const struct layer_export_patch service_exports[] = {
    REPLACED(OpenSCManagerW),
    REPLACED(OpenSCManagerA),
    REPLACED(OpenServiceW),
    REPLACED(OpenServiceA),
    REPLACED(CloseServiceHandle),
    REPLACED(CreateServiceW),
    REPLACED(CreateServiceA),
    REPLACED(DeleteService),
    REPLACED(GetServiceDisplayNameW),
    REPLACED(GetServiceDisplayNameA),
    REPLACED(GetServiceKeyNameW),
    REPLACED(GetServiceKeyNameA),
    REPLACED(LockServiceDatabase),
    REPLACED(UnlockServiceDatabase),
    REPLACED(QueryServiceLockStatusW),
    REPLACED(QueryServiceLockStatusA),
    REPLACED(NotifyBootConfigStatus),
    REPLACED(EnumServicesStatusW),
    REPLACED(EnumServicesStatusA),
    REPLACED(EnumServicesStatusExW),
    REPLACED(EnumServicesStatusExA),
    REPLACED(EnumServiceGroupW),
    REPLACED(EnumDependentServicesW),
    REPLACED(EnumDependentServicesA),
    REPLACED(QueryServiceConfigW),
    REPLACED(QueryServiceConfigA),
    REPLACED(QueryServiceConfig2W),
    REPLACED(QueryServiceConfig2A),
    REPLACED(ChangeServiceConfigW),
    REPLACED(ChangeServiceConfigA),
    REPLACED(ChangeServiceConfig2W),
    REPLACED(ChangeServiceConfig2A),
    REPLACED(QueryServiceObjectSecurity),
    REPLACED(SetServiceObjectSecurity),
    REPLACED(StartServiceW),
    REPLACED(StartServiceA),
    REPLACED(ControlService),
    REPLACED(ControlServiceExW),
    REPLACED(ControlServiceExA),
    REPLACED(QueryServiceStatus),
    REPLACED(QueryServiceStatusEx),
    REPLACED(StartServiceCtrlDispatcherW),
    REPLACED(StartServiceCtrlDispatcherA),
    REPLACED(RegisterServiceCtrlHandlerW),
    REPLACED(RegisterServiceCtrlHandlerA),
    REPLACED(RegisterServiceCtrlHandlerExW),
    REPLACED(RegisterServiceCtrlHandlerExA),
    REPLACED(SetServiceStatus),
    REPLACED(SetServiceBits),
    REPLACED_BY(I_ScSetServiceBitsW, service_I_ScSetServiceBits),
    REPLACED_BY(I_ScSetServiceBitsA, service_I_ScSetServiceBits),

    REPLACED_BY(NotifyServiceStatusChange, service_NotifyServiceStatusChangeW),
    REPLACED(NotifyServiceStatusChangeW),
    REPLACED(NotifyServiceStatusChangeA),
    REPLACED(SubscribeServiceChangeNotifications),
    REPLACED(UnsubscribeServiceChangeNotifications),
    REPLACED(WaitServiceState),
    REPLACED(QueryServiceDynamicInformation),
    REPLACED(GetServiceDirectory),
    REPLACED(GetSharedServiceDirectory),
    REPLACED(GetServiceRegistryStateKey),
    REPLACED(GetSharedServiceRegistryStateKey),

    // Undocumented, for the Plug and Play manager and the terminal services, which serve the host:
    // these answer ERROR_CALL_NOT_IMPLEMENTED.
    REPLACED_BY(I_ScGetCurrentGroupStateW, service_unavailable_status_3),
    REPLACED_BY(I_ScPnPGetServiceName, service_unavailable_status_3),
    REPLACED_BY(I_ScValidatePnPService, service_unavailable_status_3),
    REPLACED_BY(I_ScValidatePnpService, service_unavailable_status_3), // NT 5.2 spells it so
    REPLACED_BY(I_ScSendTSMessage, service_unavailable_status_4),
};

const size_t service_exports_count = sizeof(service_exports) / sizeof(*service_exports);
