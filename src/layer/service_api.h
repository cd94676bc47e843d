// The functions that replace the service functions of sechost and advapi32, each as documented for
// the one that it is named after; service_exports.c says which is which.
#ifndef PLUME_LAYER_SERVICE_API_H
#define PLUME_LAYER_SERVICE_API_H

#include <rpc.h>
#include "layer/service_call.h"
#include <winsvc.h>

/* Whether a machine's name means this one. */
bool service_is_own_machine(struct str16 name);

/* For functions that a VM does not have: fail with ERROR_CALL_NOT_IMPLEMENTED, as the last error or
 * as the result. The number is that of their arguments, which 32-bit functions take off the stack.
 */
DWORD WINAPI service_unavailable_status_3(ULONG_PTR, ULONG_PTR, ULONG_PTR);
DWORD WINAPI service_unavailable_status_4(ULONG_PTR, ULONG_PTR, ULONG_PTR, ULONG_PTR);

/* service_manager.c */
SC_HANDLE WINAPI service_OpenSCManagerW(LPCWSTR machine, LPCWSTR database, DWORD access);
SC_HANDLE WINAPI service_OpenSCManagerA(LPCSTR machine, LPCSTR database, DWORD access);
SC_HANDLE WINAPI service_OpenServiceW(SC_HANDLE manager, LPCWSTR name, DWORD access);
SC_HANDLE WINAPI service_OpenServiceA(SC_HANDLE manager, LPCSTR name, DWORD access);
BOOL WINAPI service_CloseServiceHandle(SC_HANDLE handle);
SC_HANDLE WINAPI service_CreateServiceW(SC_HANDLE manager, LPCWSTR name, LPCWSTR display_name,
                                        DWORD access, DWORD type, DWORD start, DWORD error_control,
                                        LPCWSTR path, LPCWSTR group, LPDWORD tag,
                                        LPCWSTR dependencies, LPCWSTR account, LPCWSTR password);
SC_HANDLE WINAPI service_CreateServiceA(SC_HANDLE manager, LPCSTR name, LPCSTR display_name,
                                        DWORD access, DWORD type, DWORD start, DWORD error_control,
                                        LPCSTR path, LPCSTR group, LPDWORD tag, LPCSTR dependencies,
                                        LPCSTR account, LPCSTR password);
BOOL WINAPI service_GetServiceDisplayNameW(SC_HANDLE manager, LPCWSTR name, LPWSTR out,
                                           LPDWORD len);
BOOL WINAPI service_GetServiceKeyNameW(SC_HANDLE manager, LPCWSTR name, LPWSTR out, LPDWORD len);
BOOL WINAPI service_GetServiceDisplayNameA(SC_HANDLE manager, LPCSTR name, LPSTR out, LPDWORD len);
BOOL WINAPI service_GetServiceKeyNameA(SC_HANDLE manager, LPCSTR name, LPSTR out, LPDWORD len);
SC_LOCK WINAPI service_LockServiceDatabase(SC_HANDLE manager);
BOOL WINAPI service_UnlockServiceDatabase(SC_LOCK lock);
BOOL WINAPI service_QueryServiceLockStatusW(SC_HANDLE manager, LPQUERY_SERVICE_LOCK_STATUSW out,
                                            DWORD size, LPDWORD needed);
BOOL WINAPI service_QueryServiceLockStatusA(SC_HANDLE manager, LPQUERY_SERVICE_LOCK_STATUSA out,
                                            DWORD size, LPDWORD needed);
BOOL WINAPI service_NotifyBootConfigStatus(BOOL acceptable);

/* service_enum.c */
BOOL WINAPI service_EnumServicesStatusW(SC_HANDLE manager, DWORD types, DWORD states,
                                        LPENUM_SERVICE_STATUSW out, DWORD size, LPDWORD needed,
                                        LPDWORD returned, LPDWORD resume);
BOOL WINAPI service_EnumServicesStatusA(SC_HANDLE manager, DWORD types, DWORD states,
                                        LPENUM_SERVICE_STATUSA out, DWORD size, LPDWORD needed,
                                        LPDWORD returned, LPDWORD resume);
BOOL WINAPI service_EnumServiceGroupW(SC_HANDLE manager, DWORD types, DWORD states,
                                      LPENUM_SERVICE_STATUSW out, DWORD size, LPDWORD needed,
                                      LPDWORD returned, LPDWORD resume, LPCWSTR group);
BOOL WINAPI service_EnumServicesStatusExW(SC_HANDLE manager, SC_ENUM_TYPE level, DWORD types,
                                          DWORD states, LPBYTE out, DWORD size, LPDWORD needed,
                                          LPDWORD returned, LPDWORD resume, LPCWSTR group);
BOOL WINAPI service_EnumServicesStatusExA(SC_HANDLE manager, SC_ENUM_TYPE level, DWORD types,
                                          DWORD states, LPBYTE out, DWORD size, LPDWORD needed,
                                          LPDWORD returned, LPDWORD resume, LPCSTR group);
BOOL WINAPI service_EnumDependentServicesW(SC_HANDLE service, DWORD states,
                                           LPENUM_SERVICE_STATUSW out, DWORD size, LPDWORD needed,
                                           LPDWORD returned);
BOOL WINAPI service_EnumDependentServicesA(SC_HANDLE service, DWORD states,
                                           LPENUM_SERVICE_STATUSA out, DWORD size, LPDWORD needed,
                                           LPDWORD returned);

/* service_config.c */
BOOL WINAPI service_DeleteService(SC_HANDLE service);
BOOL WINAPI service_QueryServiceConfigW(SC_HANDLE service, LPQUERY_SERVICE_CONFIGW out, DWORD size,
                                        LPDWORD needed);
BOOL WINAPI service_QueryServiceConfigA(SC_HANDLE service, LPQUERY_SERVICE_CONFIGA out, DWORD size,
                                        LPDWORD needed);
BOOL WINAPI service_ChangeServiceConfigW(SC_HANDLE service, DWORD type, DWORD start,
                                         DWORD error_control, LPCWSTR path, LPCWSTR group,
                                         LPDWORD tag, LPCWSTR dependencies, LPCWSTR account,
                                         LPCWSTR password, LPCWSTR display_name);
BOOL WINAPI service_ChangeServiceConfigA(SC_HANDLE service, DWORD type, DWORD start,
                                         DWORD error_control, LPCSTR path, LPCSTR group,
                                         LPDWORD tag, LPCSTR dependencies, LPCSTR account,
                                         LPCSTR password, LPCSTR display_name);
BOOL WINAPI service_QueryServiceConfig2W(SC_HANDLE service, DWORD level, LPBYTE out, DWORD size,
                                         LPDWORD needed);
BOOL WINAPI service_QueryServiceConfig2A(SC_HANDLE service, DWORD level, LPBYTE out, DWORD size,
                                         LPDWORD needed);
BOOL WINAPI service_ChangeServiceConfig2W(SC_HANDLE service, DWORD level, LPVOID info);
BOOL WINAPI service_ChangeServiceConfig2A(SC_HANDLE service, DWORD level, LPVOID info);
BOOL WINAPI service_QueryServiceObjectSecurity(SC_HANDLE service, SECURITY_INFORMATION parts,
                                               PSECURITY_DESCRIPTOR out, DWORD size,
                                               LPDWORD needed);
BOOL WINAPI service_SetServiceObjectSecurity(SC_HANDLE service, SECURITY_INFORMATION parts,
                                             PSECURITY_DESCRIPTOR descriptor);

/* service_control.c */
BOOL WINAPI service_StartServiceW(SC_HANDLE service, DWORD count, LPCWSTR *arguments);
BOOL WINAPI service_StartServiceA(SC_HANDLE service, DWORD count, LPCSTR *arguments);
BOOL WINAPI service_ControlService(SC_HANDLE service, DWORD code, LPSERVICE_STATUS status);
BOOL WINAPI service_ControlServiceExW(SC_HANDLE service, DWORD code, DWORD level, PVOID parameters);
BOOL WINAPI service_ControlServiceExA(SC_HANDLE service, DWORD code, DWORD level, PVOID parameters);
BOOL WINAPI service_QueryServiceStatus(SC_HANDLE service, LPSERVICE_STATUS out);
BOOL WINAPI service_QueryServiceStatusEx(SC_HANDLE service, SC_STATUS_TYPE level, LPBYTE out,
                                         DWORD size, LPDWORD needed);

/* service_notify.c: `buffer` is a SERVICE_NOTIFY, which older headers do not have */
DWORD WINAPI service_NotifyServiceStatusChangeW(SC_HANDLE handle, DWORD mask, void *buffer);
DWORD WINAPI service_NotifyServiceStatusChangeA(SC_HANDLE handle, DWORD mask, void *buffer);
/* The handle is about to be closed: nothing is called back for it any more. */
void service_notify_closing(HANDLE owner);

/* service_subscribe.c */
DWORD WINAPI service_SubscribeServiceChangeNotifications(SC_HANDLE handle, DWORD type,
                                                         void *callback, void *context,
                                                         void **subscription);
void WINAPI service_UnsubscribeServiceChangeNotifications(void *subscription);
DWORD WINAPI service_WaitServiceState(SC_HANDLE handle, DWORD mask, DWORD milliseconds,
                                      HANDLE cancel);

/* service_state.c */
BOOL WINAPI service_QueryServiceDynamicInformation(SERVICE_STATUS_HANDLE handle, DWORD level,
                                                   void **out);
DWORD WINAPI service_GetServiceDirectory(SERVICE_STATUS_HANDLE handle, DWORD type, WCHAR *out,
                                         DWORD room, DWORD *needed);
DWORD WINAPI service_GetSharedServiceDirectory(SC_HANDLE handle, DWORD type, WCHAR *out, DWORD room,
                                               DWORD *needed);
DWORD WINAPI service_GetServiceRegistryStateKey(SERVICE_STATUS_HANDLE handle, DWORD type,
                                                DWORD access, HKEY *key);
DWORD WINAPI service_GetSharedServiceRegistryStateKey(SC_HANDLE handle, DWORD type, DWORD access,
                                                      HKEY *key);

/* service_dispatcher.c */
BOOL WINAPI service_StartServiceCtrlDispatcherW(const SERVICE_TABLE_ENTRYW *entries);
BOOL WINAPI service_StartServiceCtrlDispatcherA(const SERVICE_TABLE_ENTRYA *entries);
SERVICE_STATUS_HANDLE WINAPI service_RegisterServiceCtrlHandlerW(LPCWSTR name,
                                                                 LPHANDLER_FUNCTION handler);
SERVICE_STATUS_HANDLE WINAPI service_RegisterServiceCtrlHandlerExW(LPCWSTR name,
                                                                   LPHANDLER_FUNCTION_EX handler,
                                                                   LPVOID context);
SERVICE_STATUS_HANDLE WINAPI service_RegisterServiceCtrlHandlerA(LPCSTR name,
                                                                 LPHANDLER_FUNCTION handler);
SERVICE_STATUS_HANDLE WINAPI service_RegisterServiceCtrlHandlerExA(LPCSTR name,
                                                                   LPHANDLER_FUNCTION_EX handler,
                                                                   LPVOID context);
BOOL WINAPI service_SetServiceStatus(SERVICE_STATUS_HANDLE handle, LPSERVICE_STATUS given);
BOOL WINAPI service_SetServiceBits(SERVICE_STATUS_HANDLE handle, DWORD bits, BOOL set,
                                   BOOL immediately);
BOOL WINAPI service_I_ScSetServiceBits(SERVICE_STATUS_HANDLE handle, DWORD bits, BOOL set,
                                       BOOL immediately, const void *reserved);

#endif
