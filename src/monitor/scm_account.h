// Whom a service of the VM runs as: see core/service_account.h.
#ifndef PLUME_MONITOR_SCM_ACCOUNT_H
#define PLUME_MONITOR_SCM_ACCOUNT_H

#include <windows.h>

/* ERROR_SUCCESS, or ERROR_SERVICE_LOGON_FAILED where the service is configured to run as somebody
 * else than the VM's user. `account` may be NULL. */
DWORD scm_account_check(const wchar_t *service, const wchar_t *account);

/* Takes from a process that has not run yet the privileges that its service says it does not need
 * (SERVICE_CONFIG_REQUIRED_PRIVILEGES_INFO); `required` is a list as in REG_MULTI_SZ. What it asks
 * for and its user does not have, it does not get. */
DWORD scm_account_limit(HANDLE process, const wchar_t *required, size_t len);

#endif
