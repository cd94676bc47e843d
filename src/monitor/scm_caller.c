#include "monitor/scm_caller.h"

#include <stdlib.h>
#include "core/security.h"

enum { SIDS_MAX = 512 };

static const uint8_t administrators[] = {1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0};
static const uint8_t local_system[] = {1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0};

/* A token's identities. */
struct identity {
    TOKEN_USER *user;
    TOKEN_GROUPS *groups;
};

static void *token_information(HANDLE token, TOKEN_INFORMATION_CLASS kind)
{
    DWORD size = 0;
    GetTokenInformation(token, kind, NULL, 0, &size);
    void *information = malloc(size ? size : 1);
    if (information && !GetTokenInformation(token, kind, information, size, &size)) {
        free(information);
        return NULL;
    }
    return information;
}

static void free_identity(struct identity *identity)
{
    free(identity->user);
    free(identity->groups);
}

static bool identity_of(HANDLE process, struct identity *identity)
{
    HANDLE token;
    *identity = (struct identity){0};
    if (!process || !OpenProcessToken(process, TOKEN_QUERY, &token))
        return false;
    identity->user = token_information(token, TokenUser);
    identity->groups = token_information(token, TokenGroups);
    CloseHandle(token);
    if (identity->user && identity->groups)
        return true;
    free_identity(identity);
    return false;
}

// Whether the token was made without the rights of an administrator that it could have had.
static bool lacks_administrators(const struct identity *identity)
{
    for (DWORD i = 0; i < identity->groups->GroupCount; i++) {
        const SID_AND_ATTRIBUTES *group = &identity->groups->Groups[i];
        if (EqualSid(group->Sid, (PSID)administrators))
            return group->Attributes & SE_GROUP_USE_FOR_DENY_ONLY;
    }
    return false;
}

static size_t list_sids(const struct identity *caller, const struct identity *own,
                        struct security_sid sids[SIDS_MAX])
{
    size_t count = 0;
    sids[count++].sid = caller->user->User.Sid;
    // The user whose the VM is, is its administrator and what its services run as; not so a
    // program that he took rights from.
    if (EqualSid(caller->user->User.Sid, own->user->User.Sid) &&
        (!lacks_administrators(caller) || lacks_administrators(own))) {
        sids[count++].sid = administrators;
        sids[count++].sid = local_system;
    }
    for (DWORD i = 0; i < caller->groups->GroupCount && count < SIDS_MAX; i++) {
        const SID_AND_ATTRIBUTES *group = &caller->groups->Groups[i];
        bool deny_only = group->Attributes & SE_GROUP_USE_FOR_DENY_ONLY;
        if ((group->Attributes & SE_GROUP_ENABLED) || deny_only)
            sids[count++] = (struct security_sid){group->Sid, deny_only};
    }
    return count;
}

static DWORD granted_to(struct pipe_connection *c, const SECURITY_DESCRIPTOR *descriptor,
                        uint32_t *granted)
{
    struct identity own, caller;
    struct security_sid *sids = calloc(SIDS_MAX, sizeof(*sids));
    if (!sids || !identity_of(GetCurrentProcess(), &own)) {
        free(sids);
        return ERROR_NOT_ENOUGH_MEMORY;
    }
    DWORD pid = pipe_client(c);
    HANDLE process = pid ? OpenProcess(PROCESS_QUERY_INFORMATION, FALSE, pid) : NULL;
    // Where the system cannot tell who it is, it is the VM's user.
    bool known = identity_of(process, &caller);
    size_t count = list_sids(known ? &caller : &own, &own, sids);
    *granted = security_granted(descriptor, sids, count, service_access);
    if (process)
        CloseHandle(process);
    if (known)
        free_identity(&caller);
    free_identity(&own);
    free(sids);
    return ERROR_SUCCESS;
}

DWORD scm_caller_access(struct pipe_connection *c, const wchar_t *service, uint32_t wanted,
                        uint32_t *access)
{
    SECURITY_DESCRIPTOR *descriptor;
    uint32_t granted = 0;
    if (!service_access_is_known(wanted, false))
        return ERROR_ACCESS_DENIED;
    DWORD error = db_security(service, &descriptor);
    // Gone from the registry behind our back: the handle that is asked for can do little.
    if (error == ERROR_SERVICE_DOES_NOT_EXIST) {
        *access = service_access(wanted);
        return ERROR_SUCCESS;
    }
    if (error == ERROR_SUCCESS) {
        error = granted_to(c, descriptor, &granted);
        LocalFree(descriptor);
    }
    if (error != ERROR_SUCCESS)
        return error;
    *access = service_access(wanted & ~(uint32_t)MAXIMUM_ALLOWED);
    if (*access & ~granted)
        return ERROR_ACCESS_DENIED;
    if (wanted & MAXIMUM_ALLOWED)
        *access |= granted;
    return *access || !wanted ? ERROR_SUCCESS : ERROR_ACCESS_DENIED;
}
