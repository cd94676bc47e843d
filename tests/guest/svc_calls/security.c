// A service's security descriptor, and what it refuses.
#include "calls.h"

#include <aclapi.h>
#include <sddl.h>
#include <string.h>

static void set(SC_HANDLE service, const wchar_t *text, const char *what)
{
    PSECURITY_DESCRIPTOR descriptor = NULL;
    if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(text, SDDL_REVISION_1, &descriptor,
                                                              NULL))
        return;
    TRY(SetServiceObjectSecurity(service, DACL_SECURITY_INFORMATION, descriptor),
        "security: set %s", what);
    LocalFree(descriptor);
}

static void opened(const char *what)
{
    static const DWORD rights[] = {SERVICE_QUERY_STATUS,
                                   SERVICE_QUERY_CONFIG,
                                   SERVICE_START,
                                   SERVICE_STOP,
                                   SERVICE_ALL_ACCESS,
                                   DELETE,
                                   WRITE_DAC,
                                   MAXIMUM_ALLOWED,
                                   0};
    for (unsigned i = 0; i < sizeof(rights) / sizeof(*rights); i++) {
        SC_HANDLE handle;
        TRY(handle = OpenServiceW(manager, name, rights[i]), "security: %s: open for %lx", what,
            rights[i]);
        if (handle)
            CloseServiceHandle(handle);
    }
}

void security(void)
{
    SC_HANDLE service = make_service(name, L"service PlumeGuestC", NULL);
    char buffer[4096];
    DWORD needed = 7;
    TRY(QueryServiceObjectSecurity(service, DACL_SECURITY_INFORMATION, buffer, 0, &needed),
        "security: without room");
    tell("security: needs something: %d", needed > 0);
    TRY(QueryServiceObjectSecurity(service, DACL_SECURITY_INFORMATION, buffer, sizeof(buffer),
                                   &needed),
        "security: query");
    TRY(QueryServiceObjectSecurity(service, 0, buffer, sizeof(buffer), &needed),
        "security: query nothing");
    TRY(QueryServiceObjectSecurity(service, 0x10, buffer, sizeof(buffer), &needed),
        "security: query what is not there");
    bool told;
    TRY(told = QueryServiceObjectSecurity(NULL, DACL_SECURITY_INFORMATION, buffer, sizeof(buffer),
                                          &needed),
        "security: query of nothing");
    if (!told) // Wine, which tells it of anything, writes to the pointer
        TRY(QueryServiceObjectSecurity(service, DACL_SECURITY_INFORMATION, buffer, sizeof(buffer),
                                       NULL),
            "security: nowhere to say what is needed");
    TRY(SetServiceObjectSecurity(service, DACL_SECURITY_INFORMATION, NULL),
        "security: set nothing");
    opened("as made");
    set(service, L"D:(A;;CCLCSWRPWPDTLOCRRCWDSD;;;WD)", "all but a change");
    opened("all but a change");
    set(service, L"D:(D;;RP;;;WD)(A;;CCDCLCSWRPWPDTLOCRSDRCWDWO;;;WD)", "no start");
    opened("no start");
    set(service, L"D:(A;;LCSDRCWD;;;BA)", "administrators look at it");
    opened("administrators look at it");
    TRY(StartServiceW(service, 0, NULL), "security: the handle from before keeps its rights");
    wait_for_state(service, SERVICE_RUNNING);
    set(service, L"D:(A;;CCDCLCSWRPWPDTLOCRSDRCWDWO;;;WD)", "everything");
    remove_service(service);
}
