// Objects named relative to a directory's handle, and the lists of directories.
#include "common_step.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <winternl.h>

#define IN_NTDLL(name) ((name##_t)(void *)GetProcAddress(GetModuleHandleW(L"ntdll"), #name))
typedef NTSTATUS(NTAPI *NtOpenDirectoryObject_t)(HANDLE *, ACCESS_MASK, OBJECT_ATTRIBUTES *);
typedef NTSTATUS(NTAPI *NtCreateDirectoryObject_t)(HANDLE *, ACCESS_MASK, OBJECT_ATTRIBUTES *);
typedef NTSTATUS(NTAPI *NtCreateEvent_t)(HANDLE *, ACCESS_MASK, OBJECT_ATTRIBUTES *, ULONG,
                                         BOOLEAN);
typedef NTSTATUS(NTAPI *NtOpenEvent_t)(HANDLE *, ACCESS_MASK, OBJECT_ATTRIBUTES *);
typedef NTSTATUS(NTAPI *NtQueryDirectoryObject_t)(HANDLE, void *, ULONG, BOOLEAN, BOOLEAN, ULONG *,
                                                  ULONG *);

struct entry {
    UNICODE_STRING name, type;
};

static OBJECT_ATTRIBUTES named(const WCHAR *text, HANDLE root, UNICODE_STRING *name)
{
    OBJECT_ATTRIBUTES attributes;
    RtlInitUnicodeString(name, text);
    InitializeObjectAttributes(&attributes, name, OBJ_CASE_INSENSITIVE, root, NULL);
    return attributes;
}

static HANDLE directory(const WCHAR *text, HANDLE root)
{
    UNICODE_STRING name;
    OBJECT_ATTRIBUTES attributes = named(text, root, &name);
    HANDLE handle = NULL;
    NTSTATUS status = IN_NTDLL(NtOpenDirectoryObject)(
        &handle, 1 /* DIRECTORY_QUERY */ | 2 /* TRAVERSE */ | 4 /* CREATE_OBJECT */, &attributes);
    printf("directory %ls: %08lx\n", text, (unsigned long)status);
    return handle;
}

static HANDLE make(const WCHAR *text, HANDLE root)
{
    UNICODE_STRING name;
    OBJECT_ATTRIBUTES attributes = named(text, root, &name);
    HANDLE handle = NULL;
    NTSTATUS status = IN_NTDLL(NtCreateEvent)(&handle, EVENT_ALL_ACCESS, &attributes,
                                              0 /* Notification */, FALSE);
    printf("make %ls: %08lx\n", text, (unsigned long)status);
    return handle;
}

static void find(const WCHAR *text, HANDLE root)
{
    UNICODE_STRING name;
    OBJECT_ATTRIBUTES attributes = named(text, root, &name);
    HANDLE handle = NULL;
    NTSTATUS status = IN_NTDLL(NtOpenEvent)(&handle, SYNCHRONIZE, &attributes);
    printf("open %ls: %08lx\n", text, (unsigned long)status);
    if (handle)
        CloseHandle(handle);
}

static int compare(const void *a, const void *b)
{
    return wcscmp(a, b);
}

/* What the directory has of the guest's. */
static void list(const char *what, HANDLE handle, BOOLEAN single)
{
    static WCHAR names[64][64];
    static ULONGLONG buffer[512];
    ULONG context = 0, length;
    int count = 0;
    NTSTATUS status = 0;
    for (BOOLEAN restart = TRUE; !NT_ERROR(status); restart = FALSE) {
        const struct entry *entry = (const void *)buffer;
        status = IN_NTDLL(NtQueryDirectoryObject)(handle, buffer, sizeof buffer, single, restart,
                                                  &context, &length);
        if (NT_ERROR(status) || status == (NTSTATUS)0x8000001a /* STATUS_NO_MORE_ENTRIES */)
            break;
        for (; entry->name.Buffer; entry++) {
            if (!wcscmp(entry->name.Buffer, L"Root"))
                printf("%s: there is a Root\n", what);
            if (count < 64 && entry->name.Length < 126 &&
                !wcsncmp(entry->name.Buffer, L"plume-guest-", 12))
                swprintf(names[count++], 64, L"%ls %ls", entry->name.Buffer, entry->type.Buffer);
        }
    }
    qsort(names, (size_t)count, sizeof names[0], compare);
    printf("%s: %08lx, %d\n", what, (unsigned long)status, count);
    for (int i = 0; i < count; i++)
        printf("    %ls\n", names[i]);
}

int main(void)
{
    WCHAR session[64], text[128];
    DWORD id = 0;
    ProcessIdToSessionId(GetCurrentProcessId(), &id);
    _snwprintf(session, 64, L"\\Sessions\\%lu", id);
    setvbuf(stdout, NULL, _IOFBF, 1 << 16);
    HANDLE root = directory(L"\\", NULL), sessions = directory(session, NULL);
    _snwprintf(text, 128, L"%ls\\BaseNamedObjects", session);
    HANDLE own = directory(text, NULL), again = directory(L"BaseNamedObjects", sessions);

    make(L"plume-guest-own", own);
    make(L"plume-guest-own", own);
    make(L"BaseNamedObjects\\plume-guest-session", sessions);
    make(L"plume-guest-again", again);
    _snwprintf(text, 128, L"%ls\\BaseNamedObjects\\plume-guest-root", session + 1);
    make(text, root);
    find(text, root);
    find(L"plume-guest-root", own);
    find(L"BaseNamedObjects\\plume-guest-own", sessions);
    find(L"plume-guest-own", sessions);
    find(L"PLUME-guest-OWN", again);
    find(L"\\plume-guest-own", own);
    find(L"plume-guest-nothing", own);
    find(L"nothing\\plume-guest-own", sessions);
    find(L"plume-guest-own", (HANDLE)0x7770);

    UNICODE_STRING name;
    OBJECT_ATTRIBUTES attributes = named(L"plume-guest-directory", own, &name);
    HANDLE made = NULL;
    printf("make a directory: %08lx\n",
           (unsigned long)IN_NTDLL(NtCreateDirectoryObject)(&made, 15, &attributes));
    make(L"plume-guest-inside", made);
    find(L"plume-guest-directory\\plume-guest-inside", own);
    list("list", own, FALSE);
    list("list, one at a time", own, TRUE);
    list("list the same", again, FALSE);
    list("list the new one", made, FALSE);
    list("list the session's", sessions, FALSE);
    HANDLE found = OpenEventW(SYNCHRONIZE, FALSE, L"plume-guest-root");
    step("by Win32", found != NULL);
    return 0;
}
