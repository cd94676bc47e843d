// For the system tests: named kernel objects as one process sees them.
//   list              every name in the tree of objects, with its type, sorted by nobody
//   define X: TARGET  a device link (DefineDosDevice, raw)
//   remove X:         removes it
//   stay NAME         a permanent event of this absolute NT name
//   hold NAME...      events of these absolute NT names, until standard input ends
#include <stdio.h>
#include <windows.h>
#include <winternl.h>

#define IN_NTDLL(name) ((name##_t)(void *)GetProcAddress(GetModuleHandleW(L"ntdll"), #name))
typedef NTSTATUS(NTAPI *NtCreateEvent_t)(HANDLE *, ACCESS_MASK, OBJECT_ATTRIBUTES *, ULONG,
                                         BOOLEAN);
typedef NTSTATUS(NTAPI *NtOpenDirectoryObject_t)(HANDLE *, ACCESS_MASK, OBJECT_ATTRIBUTES *);
typedef NTSTATUS(NTAPI *NtQueryDirectoryObject_t)(HANDLE, void *, ULONG, BOOLEAN, BOOLEAN, ULONG *,
                                                  ULONG *);

static OBJECT_ATTRIBUTES named(const WCHAR *text, ULONG more, UNICODE_STRING *name)
{
    OBJECT_ATTRIBUTES attributes;
    RtlInitUnicodeString(name, text);
    InitializeObjectAttributes(&attributes, name, OBJ_CASE_INSENSITIVE | more, NULL, NULL);
    return attributes;
}

static void list(const WCHAR *path)
{
    UNICODE_STRING name, *entry;
    OBJECT_ATTRIBUTES attributes = named(path, 0, &name);
    ULONGLONG buffer[256];
    WCHAR child[1024];
    ULONG context = 0, length;
    HANDLE handle;
    if (IN_NTDLL(NtOpenDirectoryObject)(&handle, 3, &attributes))
        return;
    while (!IN_NTDLL(NtQueryDirectoryObject)(handle, buffer, sizeof buffer, TRUE, FALSE, &context,
                                             &length)) {
        entry = (void *)buffer;
        _snwprintf(child, 1024, L"%ls%ls%ls", path, path[1] ? L"\\" : L"", entry[0].Buffer);
        printf("%ls %ls\n", entry[1].Buffer, child);
        if (!wcscmp(entry[1].Buffer, L"Directory"))
            list(child);
    }
    CloseHandle(handle);
}

static int event(const WCHAR *text, ULONG more)
{
    UNICODE_STRING name;
    OBJECT_ATTRIBUTES attributes = named(text, more, &name);
    HANDLE handle = NULL;
    NTSTATUS status = IN_NTDLL(NtCreateEvent)(&handle, EVENT_ALL_ACCESS, &attributes,
                                              0 /* Notification */, FALSE);
    printf("%08lx\n", (unsigned long)status);
    return status != 0;
}

int wmain(int argc, WCHAR **argv);
int wmain(int argc, WCHAR **argv)
{
    int failed = 0;
    if (argc == 2 && !wcscmp(argv[1], L"list")) {
        list(L"\\");
    } else if (argc == 4 && !wcscmp(argv[1], L"define")) {
        failed = !DefineDosDeviceW(DDD_RAW_TARGET_PATH, argv[2], argv[3]);
    } else if (argc == 3 && !wcscmp(argv[1], L"remove")) {
        failed = !DefineDosDeviceW(DDD_REMOVE_DEFINITION, argv[2], NULL);
    } else if (argc == 3 && !wcscmp(argv[1], L"stay")) {
        failed = event(argv[2], 0x10 /* OBJ_PERMANENT */);
    } else if (argc > 2 && !wcscmp(argv[1], L"hold")) {
        for (int i = 2; i < argc; i++)
            failed |= event(argv[i], 0);
        fflush(stdout);
        getchar();
    } else {
        failed = 2;
    }
    return failed;
}
