// Device links and permanent objects: drive letters that the program defines, files through them,
// symbolic links by NT path, objects that outlast their handles, and how all of them go.
#include "common_step.h"
#include <stdio.h>
#include <string.h>
#include <winternl.h>

#define IN_NTDLL(name) ((name##_t)(void *)GetProcAddress(GetModuleHandleW(L"ntdll"), #name))
typedef NTSTATUS(NTAPI *NtCreateSymbolicLinkObject_t)(HANDLE *, ACCESS_MASK, OBJECT_ATTRIBUTES *,
                                                      UNICODE_STRING *);
typedef NTSTATUS(NTAPI *NtOpenSymbolicLinkObject_t)(HANDLE *, ACCESS_MASK, OBJECT_ATTRIBUTES *);
typedef NTSTATUS(NTAPI *NtQuerySymbolicLinkObject_t)(HANDLE, UNICODE_STRING *, ULONG *);
typedef NTSTATUS(NTAPI *NtMakeTemporaryObject_t)(HANDLE);
typedef NTSTATUS(NTAPI *NtCreateEvent_t)(HANDLE *, ACCESS_MASK, OBJECT_ATTRIBUTES *, ULONG,
                                         BOOLEAN);
typedef NTSTATUS(NTAPI *NtOpenEvent_t)(HANDLE *, ACCESS_MASK, OBJECT_ATTRIBUTES *);
typedef NTSTATUS(NTAPI *NtOpenDirectoryObject_t)(HANDLE *, ACCESS_MASK, OBJECT_ATTRIBUTES *);
typedef NTSTATUS(NTAPI *NtQueryDirectoryObject_t)(HANDLE, void *, ULONG, BOOLEAN, BOOLEAN, ULONG *,
                                                  ULONG *);
#define PERMANENT 0x10

static OBJECT_ATTRIBUTES named(const WCHAR *text, ULONG more, UNICODE_STRING *name)
{
    OBJECT_ATTRIBUTES attributes;
    RtlInitUnicodeString(name, text);
    InitializeObjectAttributes(&attributes, name, OBJ_CASE_INSENSITIVE | more, NULL, NULL);
    return attributes;
}

static void query(const WCHAR *device)
{
    WCHAR target[300];
    DWORD len = QueryDosDeviceW(device, target, 300);
    if (len)
        printf("%ls leads to %ls\n", device, target);
    else
        printf("%ls: error %lu\n", device, GetLastError());
}

// Wine 8 opens no file through a letter that was defined so (dlls/ntdll/unix/file.c goes by its own
// links in dosdevices), as Windows does and a VM: a system test looks at these lines.
static const char *through = "";

/* How often the list of all devices has it, and the drives' bit. */
static void listed(const WCHAR *device)
{
    static WCHAR all[32768];
    unsigned count = 0;
    DWORD len = QueryDosDeviceW(NULL, all, 32768);
    for (const WCHAR *at = all; len && *at; at += wcslen(at) + 1)
        count += !_wcsicmp(at, device);
    printf("%ls is listed %u times", device, count);
    if (device[1] == ':')
        printf(", drive %d", (int)(GetLogicalDrives() >> (device[0] - 'A') & 1));
    printf("\n");
}

static void put(const WCHAR *path, const char *text)
{
    DWORD done;
    HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    if (file == INVALID_HANDLE_VALUE) {
        printf("%swrite %ls: error %lu\n", through, path, GetLastError());
        return;
    }
    WriteFile(file, text, (DWORD)strlen(text), &done, NULL);
    CloseHandle(file);
    printf("%swrite %ls\n", through, path);
}

static void get(const WCHAR *path)
{
    char text[80] = "";
    DWORD done;
    HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE) {
        printf("%sread %ls: error %lu\n", through, path, GetLastError());
        return;
    }
    ReadFile(file, text, 79, &done, NULL);
    CloseHandle(file);
    printf("%sread %ls: %s\n", through, path, text);
}

static void list(const WCHAR *pattern)
{
    WIN32_FIND_DATAW found;
    unsigned count = 0;
    HANDLE find = FindFirstFileW(pattern, &found);
    if (find == INVALID_HANDLE_VALUE) {
        printf("%slist %ls: error %lu\n", through, pattern, GetLastError());
        return;
    }
    do
        count += found.cFileName[0] != '.';
    while (FindNextFileW(find, &found));
    FindClose(find);
    printf("%slist %ls: %u\n", through, pattern, count);
}

static void drives(void)
{
    WCHAR raw[300], here[260];
    GetCurrentDirectoryW(260, here);
    CreateDirectoryW(L"folder", NULL);
    put(L"folder\\low.txt", "low");
    listed(L"R:");
    query(L"R:");
    _snwprintf(raw, 300, L"\\??\\%ls\\folder", here);
    step("define R: raw", DefineDosDeviceW(DDD_RAW_TARGET_PATH, L"R:", raw));
    listed(L"R:");
    query(L"R:");
    query(L"r:");
    through = "differs: ";
    get(L"R:\\low.txt");
    put(L"R:\\new.txt", "new");
    get(L"folder\\new.txt");
    put(L"folder\\low.txt", "changed");
    get(L"R:\\low.txt");
    get(L"\\\\?\\R:\\low.txt");
    get(L"\\\\.\\R:\\low.txt");
    get(L"\\\\?\\GLOBALROOT\\??\\R:\\low.txt");
    list(L"R:\\*");
    printf("differs: attributes of R:\\: %lx\n", GetFileAttributesW(L"R:\\"));
    printf("differs: make a folder on it: %d\n", CreateDirectoryW(L"R:\\sub", NULL));
    printf("differs: move to it: %d\n", MoveFileW(L"folder\\new.txt", L"R:\\sub\\moved.txt"));
    get(L"folder\\sub\\moved.txt");
    printf("differs: go there: %d\n", SetCurrentDirectoryW(L"R:\\sub"));
    get(L"moved.txt");
    SetCurrentDirectoryW(here);
    printf("differs: delete on it: %d\n", DeleteFileW(L"R:\\sub\\moved.txt"));
    printf("differs: and the folder: %d\n", RemoveDirectoryW(L"R:\\sub"));
    through = "";
    step("define S: through R:", DefineDosDeviceW(DDD_RAW_TARGET_PATH, L"S:", L"\\??\\R:"));
    query(L"S:");
    through = "differs: ";
    get(L"S:\\low.txt");
    through = "";
    step("remove S:", DefineDosDeviceW(DDD_REMOVE_DEFINITION, L"S:", NULL));
    step("define T: to a path", DefineDosDeviceW(0, L"T:", here));
    through = "differs: ";
    get(L"T:\\folder\\low.txt");
    through = "";
    step("remove T:", DefineDosDeviceW(DDD_REMOVE_DEFINITION, L"T:", NULL));
    get(L"T:\\folder\\low.txt");
    step("remove R:", DefineDosDeviceW(DDD_REMOVE_DEFINITION, L"R:", NULL));
    listed(L"R:");
    query(L"R:");
    get(L"R:\\low.txt");
    list(L"R:\\*");
    step("remove it again", DefineDosDeviceW(DDD_REMOVE_DEFINITION, L"R:", NULL));
    get(L"folder\\low.txt");
    DeleteFileW(L"folder\\low.txt");
    RemoveDirectoryW(L"folder");
}

static HANDLE make_link(const WCHAR *text, const WCHAR *leads, ULONG more)
{
    UNICODE_STRING name, target;
    OBJECT_ATTRIBUTES attributes = named(text, more, &name);
    HANDLE handle = NULL;
    RtlInitUnicodeString(&target, leads);
    NTSTATUS status = IN_NTDLL(NtCreateSymbolicLinkObject)(&handle, 0xf0001, &attributes, &target);
    printf("link %ls: %08lx\n", text, (unsigned long)status);
    return handle;
}

static HANDLE open_link(const WCHAR *text)
{
    UNICODE_STRING name, target;
    WCHAR units[300];
    OBJECT_ATTRIBUTES attributes = named(text, 0, &name);
    HANDLE handle = NULL;
    ULONG length = 0;
    NTSTATUS status = IN_NTDLL(NtOpenSymbolicLinkObject)(&handle, 0x10001, &attributes);
    printf("open link %ls: %08lx", text, (unsigned long)status);
    target.Buffer = units;
    target.Length = 0;
    target.MaximumLength = sizeof units;
    if (!status) {
        status = IN_NTDLL(NtQuerySymbolicLinkObject)(handle, &target, &length);
        printf(" -> %08lx %.*ls (%lu)", (unsigned long)status, (int)target.Length / 2, units,
               length);
        target.MaximumLength = 4;
        status = IN_NTDLL(NtQuerySymbolicLinkObject)(handle, &target, &length);
        printf(", short: %08lx (%lu)", (unsigned long)status, length);
    }
    printf("\n");
    return handle;
}

static void close_temporary(HANDLE handle)
{
    printf("temporary: %08lx\n", (unsigned long)IN_NTDLL(NtMakeTemporaryObject)(handle));
    CloseHandle(handle);
}

static HANDLE make_event(const WCHAR *text, ULONG more)
{
    UNICODE_STRING name;
    OBJECT_ATTRIBUTES attributes = named(text, more, &name);
    HANDLE handle = NULL;
    NTSTATUS status = IN_NTDLL(NtCreateEvent)(&handle, EVENT_ALL_ACCESS, &attributes,
                                              0 /* Notification */, FALSE);
    printf("event %ls: %08lx\n", text, (unsigned long)status);
    return handle;
}

static HANDLE open_event(const WCHAR *text)
{
    UNICODE_STRING name;
    OBJECT_ATTRIBUTES attributes = named(text, 0, &name);
    HANDLE handle = NULL;
    NTSTATUS status = IN_NTDLL(NtOpenEvent)(&handle, EVENT_ALL_ACCESS, &attributes);
    printf("open event %ls: %08lx\n", text, (unsigned long)status);
    return handle;
}

static void links(void)
{
    HANDLE handle = make_link(L"\\??\\PlumeGuestLink", L"\\BaseNamedObjects", 0);
    HANDLE event = make_event(L"\\BaseNamedObjects\\plume-guest-link", 0), found;
    make_link(L"\\DosDevices\\PlumeGuestLink", L"\\x", 0);
    listed(L"PlumeGuestLink");
    open_link(L"\\??\\plumeguestlink");
    open_link(L"\\DosDevices\\PlumeGuestLink");
    found = open_event(L"\\??\\PlumeGuestLink\\plume-guest-link");
    CloseHandle(found);
    open_event(L"\\??\\PlumeGuestLink");
    open_event(L"\\??\\PlumeGuestLink\\nothing");
    CloseHandle(event);

    WCHAR session[80];
    DWORD id = 0;
    ProcessIdToSessionId(GetCurrentProcessId(), &id);
    _snwprintf(session, 80, L"\\Sessions\\%lu\\BaseNamedObjects\\plume-guest-to", id);
    HANDLE to = make_link(session, L"\\BaseNamedObjects", 0);
    open_link(session);
    wcscat(session, L"\\plume-guest-through");
    event = make_event(L"Global\\plume-guest-through", 0);
    event = make_event(L"\\BaseNamedObjects\\plume-guest-through", 0);
    CloseHandle(open_event(session));
    CloseHandle(event);
    CloseHandle(to);

    make_link(L"\\??\\PlumeGuestNot", L"", 0);
    make_link(L"\\plume-guest-nothing\\x", L"\\x", 0);
    CloseHandle(handle);
}

static void permanent(void)
{
    HANDLE event = make_event(L"\\BaseNamedObjects\\plume-guest-stays", PERMANENT);
    CloseHandle(event);
    event = open_event(L"\\BaseNamedObjects\\plume-guest-stays");
    close_temporary(event);
    open_event(L"\\BaseNamedObjects\\plume-guest-stays");

    HANDLE link = make_link(L"\\??\\PlumeGuestStays", L"\\Device\\Null", PERMANENT);
    CloseHandle(link);
    query(L"PlumeGuestStays");
    listed(L"PlumeGuestStays");
    HANDLE file =
        CreateFileW(L"\\\\.\\PlumeGuestStays", GENERIC_WRITE, 3, NULL, OPEN_EXISTING, 0, NULL);
    step("open a file by it", file != INVALID_HANDLE_VALUE);
    CloseHandle(file);
    make_link(L"\\??\\PlumeGuestStays", L"\\Device\\Null", PERMANENT);
    link = open_link(L"\\??\\PlumeGuestStays");
    close_temporary(link);
    listed(L"PlumeGuestStays");

    event = make_event(L"\\KernelObjects\\plume-guest", PERMANENT);
    CloseHandle(event);
    event = open_event(L"\\KernelObjects\\plume-guest");
    close_temporary(event);
    open_event(L"\\KernelObjects\\plume-guest");
    printf("no handle: %08lx\n", (unsigned long)IN_NTDLL(NtMakeTemporaryObject)((HANDLE)0x7770));
}

/* What lies in a directory beside what is the host's. */
static void beside(void)
{
    static ULONGLONG buffer[128];
    UNICODE_STRING name, *entry = (void *)buffer;
    OBJECT_ATTRIBUTES attributes = named(L"\\KernelObjects", 0, &name);
    HANDLE directory = NULL, event = make_event(L"\\KernelObjects\\plume-guest-beside", 0);
    ULONG context = 0, length;
    unsigned own = 0, low = 0;
    NTSTATUS status = IN_NTDLL(NtOpenDirectoryObject)(&directory, 3, &attributes);
    printf("open \\KernelObjects: %08lx\n", (unsigned long)status);
    while (!(status = IN_NTDLL(NtQueryDirectoryObject)(directory, buffer, sizeof buffer, TRUE,
                                                       FALSE, &context, &length))) {
        own += !_wcsicmp(entry->Buffer, L"plume-guest-beside");
        low += !_wcsicmp(entry->Buffer, L"LowMemoryCondition");
    }
    printf("listed: %08lx, own %u, the system's %u\n", (unsigned long)status, own, low);
    context = 0;
    status = IN_NTDLL(NtQueryDirectoryObject)(directory, buffer, 8, TRUE, TRUE, &context, &length);
    printf("listed into little: %08lx\n", (unsigned long)status);
    make_event(L"\\KernelObjects\\plume-guest-beside", 0);
    make_event(L"\\KernelObjects\\plume-guest-beside", 0x80 /* OPENIF */);
    make_event(L"\\KernelObjects\\LowMemoryCondition", 0);
    CloseHandle(event);
    CloseHandle(directory);
}

int main(void)
{
    setvbuf(stdout, NULL, _IOFBF, 1 << 16);
    drives();
    links();
    permanent();
    beside();
    return 0;
}
