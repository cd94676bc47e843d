// Private namespaces: an object in one, found by the alias and the boundary, and by neither alone.
#include <stdio.h>
#include "common_step.h"

typedef HANDLE WINAPI create_boundary(const wchar_t *, ULONG);
typedef BOOL WINAPI add_sid(HANDLE *, void *);
typedef void WINAPI delete_boundary(HANDLE);
typedef HANDLE WINAPI create_namespace(SECURITY_ATTRIBUTES *, void *, const wchar_t *);
typedef HANDLE WINAPI open_namespace(void *, const wchar_t *);
typedef BOOLEAN WINAPI close_namespace(HANDLE, ULONG);

static create_boundary *new_boundary;
static add_sid *add;
static delete_boundary *end_boundary;
static create_namespace *create;
static open_namespace *open_it;
static close_namespace *close_it;

static void *load(const char *name)
{
    void *found = (void *)GetProcAddress(GetModuleHandleW(L"kernel32"), name);
    if (!found)
        found = (void *)GetProcAddress(GetModuleHandleW(L"kernelbase"), name);
    say(name, "%s", found ? "there" : "not there");
    return found;
}

static HANDLE boundary_of(const wchar_t *name)
{
    BYTE sid[SECURITY_MAX_SID_SIZE];
    DWORD size = sizeof sid;
    HANDLE boundary = new_boundary(name, 0);
    step("boundary", boundary != NULL);
    CreateWellKnownSid(WinWorldSid, NULL, sid, &size);
    step("add everyone", add(&boundary, sid));
    return boundary;
}

int main(void)
{
    new_boundary = load("CreateBoundaryDescriptorW");
    add = load("AddSIDToBoundaryDescriptor");
    end_boundary = load("DeleteBoundaryDescriptor");
    create = load("CreatePrivateNamespaceW");
    open_it = load("OpenPrivateNamespaceW");
    close_it = load("ClosePrivateNamespace");
    if (!new_boundary || !add || !end_boundary || !create || !open_it || !close_it)
        return 0;
    HANDLE one = boundary_of(L"plume-test"), other = boundary_of(L"plume-test-other");
    step("open what is not there", open_it(one, L"plume") != NULL);
    HANDLE space = create(NULL, one, L"plume");
    step("create", space != NULL);
    step("create again", create(NULL, one, L"plume") != NULL);
    step("create with another boundary", create(NULL, other, L"plume2") != NULL);
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, L"plume\\event");
    step("event", event != NULL);
    step("open it", OpenEventW(SYNCHRONIZE, FALSE, L"plume\\event") != NULL);
    step("not without the alias", OpenEventW(SYNCHRONIZE, FALSE, L"event") != NULL);
    step("not by the other", OpenEventW(SYNCHRONIZE, FALSE, L"plume2\\event") != NULL);
    step("close", close_it(space, 1 /* destroy */));
    step("open what has gone", open_it(one, L"plume3") != NULL);
    end_boundary(one);
    end_boundary(other);
    return 0;
}
