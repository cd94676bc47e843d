// Permanent objects made, found and removed by many threads at once, each its own and all of them
// one. On Windows this takes a privilege.
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>
#include "common_step.h"
#include <winternl.h>

#define PERMANENT 0x10 // OBJ_PERMANENT
typedef NTSTATUS NTAPI create_fn(HANDLE *, ACCESS_MASK, OBJECT_ATTRIBUTES *, ULONG, BOOLEAN);
typedef NTSTATUS NTAPI open_fn(HANDLE *, ACCESS_MASK, OBJECT_ATTRIBUTES *);
typedef NTSTATUS NTAPI temporary_fn(HANDLE);

enum { THREADS = 4 };
static create_fn *create;
static open_fn *open_it;
static temporary_fn *make_temporary;
static LONG wrong, denied, rounds = 100;

static OBJECT_ATTRIBUTES named(UNICODE_STRING *name, wchar_t *text, ULONG flags)
{
    OBJECT_ATTRIBUTES attributes;
    RtlInitUnicodeString(name, text);
    InitializeObjectAttributes(&attributes, name, OBJ_CASE_INSENSITIVE | flags, NULL, NULL);
    return attributes;
}

static void expect(NTSTATUS status, BOOL good, const char *what, int thread, int round)
{
    if (good)
        return;
    if (InterlockedIncrement(&wrong) < 10)
        say("wrong", "%s %08lx, thread %d, round %d", what, status, thread, round);
}

/* One's own: what is made stays, what is removed has gone. */
static void own(int thread, int round)
{
    wchar_t text[80];
    UNICODE_STRING name;
    HANDLE handle = NULL;
    _snwprintf(text, 80, L"\\BaseNamedObjects\\plume-kept-%d", thread);
    OBJECT_ATTRIBUTES attributes = named(&name, text, PERMANENT);
    NTSTATUS status = create(&handle, EVENT_ALL_ACCESS | DELETE, &attributes, 0, FALSE);
    if (status == (NTSTATUS)0xc0000061) { // STATUS_PRIVILEGE_NOT_HELD
        InterlockedIncrement(&denied);
        return;
    }
    expect(status, !status, "create", thread, round);
    CloseHandle(handle);
    attributes.Attributes &= ~(ULONG)PERMANENT;
    status = open_it(&handle, EVENT_ALL_ACCESS | DELETE, &attributes);
    expect(status, !status, "open", thread, round);
    status = make_temporary(handle);
    expect(status, !status, "make temporary", thread, round);
    CloseHandle(handle);
    status = open_it(&handle, EVENT_ALL_ACCESS, &attributes);
    expect(status, status == (NTSTATUS)0xc0000034, "open what has gone", thread, round);
}

/* All one: it is there or not. */
static void shared(int thread, int round)
{
    wchar_t text[] = L"\\BaseNamedObjects\\plume-kept-by-all";
    UNICODE_STRING name;
    HANDLE handle = NULL;
    OBJECT_ATTRIBUTES attributes = named(&name, text, PERMANENT | OBJ_OPENIF);
    NTSTATUS status = create(&handle, EVENT_ALL_ACCESS | DELETE, &attributes, 0, FALSE);
    if (status == (NTSTATUS)0xc0000061)
        return;
    expect(status, status >= 0, "create or open", thread, round);
    status = make_temporary(handle);
    expect(status, !status, "make it temporary", thread, round);
    CloseHandle(handle);
}

static DWORD WINAPI run(void *which)
{
    int thread = (int)(INT_PTR)which;
    for (int round = 0; round < rounds; round++) {
        own(thread, round);
        shared(thread, round);
    }
    return 0;
}

int main(int argc, char **argv)
{
    HMODULE ntdll = GetModuleHandleW(L"ntdll");
    HANDLE threads[THREADS], handle;
    wchar_t text[] = L"\\BaseNamedObjects\\plume-kept-by-all";
    UNICODE_STRING name;
    create = (create_fn *)(void *)GetProcAddress(ntdll, "NtCreateEvent");
    open_it = (open_fn *)(void *)GetProcAddress(ntdll, "NtOpenEvent");
    make_temporary = (temporary_fn *)(void *)GetProcAddress(ntdll, "NtMakeTemporaryObject");
    if (argc > 1)
        rounds = atoi(argv[1]);
    for (int i = 0; i < THREADS; i++)
        threads[i] = CreateThread(NULL, 0, run, (void *)(INT_PTR)i, 0, NULL);
    WaitForMultipleObjects(THREADS, threads, TRUE, INFINITE);
    say("wrong", "%ld, %s", wrong, denied ? "denied" : "allowed");
    OBJECT_ATTRIBUTES attributes = named(&name, text, 0);
    NTSTATUS status = open_it(&handle, EVENT_ALL_ACCESS, &attributes);
    say("the one of all", "%08lx", status);
    return wrong != 0;
}
