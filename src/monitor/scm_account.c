#include "monitor/scm_account.h"

#include <stdlib.h>
#include "core/service.h"
#include "core/service_account.h"
#include "monitor/log.h"

enum { NAME_MAX_UNITS = 256 + 1 };

/* An account's name as the system spells it. */
struct name {
    wchar_t domain[NAME_MAX_UNITS], name[NAME_MAX_UNITS];
};

static struct name user;
// LocalSystem, LocalService, NetworkService in the system's language.
static struct name known[3];

static struct account_name view(const struct name *name)
{
    return (struct account_name){str16_of((const uint16_t *)name->domain),
                                 str16_of((const uint16_t *)name->name)};
}

static bool look_up(PSID sid, struct name *name)
{
    DWORD name_len = NAME_MAX_UNITS, domain_len = NAME_MAX_UNITS;
    SID_NAME_USE use;
    if (LookupAccountSidW(NULL, sid, name->name, &name_len, name->domain, &domain_len, &use))
        return true;
    *name = (struct name){0};
    return false;
}

static void look_up_user(void)
{
    HANDLE token;
    union {
        TOKEN_USER user;
        BYTE room[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
    } info;
    DWORD bytes;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token))
        return;
    if (GetTokenInformation(token, TokenUser, &info, sizeof info, &bytes))
        look_up(info.user.User.Sid, &user);
    CloseHandle(token);
}

// These are all of this machine's own; no domain is asked for them.
static void look_up_known(void)
{
    static const WELL_KNOWN_SID_TYPE types[] = {WinLocalSystemSid, WinLocalServiceSid,
                                                WinNetworkServiceSid};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        BYTE sid[SECURITY_MAX_SID_SIZE];
        DWORD bytes = sizeof sid;
        if (CreateWellKnownSid(types[i], NULL, sid, &bytes))
            look_up(sid, &known[i]);
    }
}

DWORD scm_account_check(const wchar_t *service, const wchar_t *account)
{
    static bool looked_up;
    struct str16 wanted = account ? str16_of((const uint16_t *)account) : (struct str16){0};
    if (service_account_is_system(wanted))
        return ERROR_SUCCESS;
    if (!looked_up) {
        look_up_user();
        look_up_known();
        looked_up = true;
    }
    wchar_t computer[MAX_COMPUTERNAME_LENGTH + 1] = L"";
    DWORD len = sizeof computer / sizeof *computer;
    if (!GetComputerNameW(computer, &len))
        computer[0] = 0;
    struct account_name own = view(&user), names[3];
    size_t count = 0;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i].name[0])
            names[count++] = view(&known[i]);
    }
    if (service_account_runs(wanted, str16_of((const uint16_t *)service), &own,
                             str16_of((const uint16_t *)computer), names, count))
        return ERROR_SUCCESS;
    log_line(L"service %s: cannot run as %s: a VM's services run as its user %s\\%s", service,
             account, user.domain, user.name);
    return ERROR_SERVICE_LOGON_FAILED;
}

static bool is_required(struct str16 required, const LUID *privilege)
{
    wchar_t name[NAME_MAX_UNITS];
    DWORD len = NAME_MAX_UNITS;
    LUID always;
    // Without this one, paths could not be walked; the system leaves it to every service.
    if (LookupPrivilegeValueW(NULL, SE_CHANGE_NOTIFY_NAME, &always) &&
        memcmp(&always, privilege, sizeof always) == 0)
        return true;
    return !LookupPrivilegeNameW(NULL, (LUID *)privilege, name, &len) ||
           service_list_has(required, str16_of((const uint16_t *)name));
}

DWORD scm_account_limit(HANDLE process, const wchar_t *required, size_t len)
{
    HANDLE token;
    if (!OpenProcessToken(process, TOKEN_QUERY | TOKEN_ADJUST_PRIVILEGES, &token))
        return GetLastError();
    DWORD bytes = 0, error = ERROR_SUCCESS;
    GetTokenInformation(token, TokenPrivileges, NULL, 0, &bytes);
    TOKEN_PRIVILEGES *privileges = malloc(bytes ? bytes : 1);
    if (!privileges) {
        error = ERROR_NOT_ENOUGH_MEMORY;
    } else if (!GetTokenInformation(token, TokenPrivileges, privileges, bytes, &bytes)) {
        error = GetLastError();
    } else {
        DWORD kept = 0;
        for (DWORD i = 0; i < privileges->PrivilegeCount; i++) {
            LUID_AND_ATTRIBUTES each = privileges->Privileges[i];
            if (is_required((struct str16){(const uint16_t *)required, len}, &each.Luid))
                continue;
            each.Attributes = SE_PRIVILEGE_REMOVED;
            privileges->Privileges[kept++] = each;
        }
        privileges->PrivilegeCount = kept;
        if (kept && !AdjustTokenPrivileges(token, FALSE, privileges, 0, NULL, NULL))
            error = GetLastError();
    }
    free(privileges);
    CloseHandle(token);
    return error;
}
