// For the system tests: whether VMs and the host are apart.
//   make TAG             makes something of every kind, named after TAG; says `ready PID PORT
//                        WINDOW THREAD`, and stays
//   try TAG PID PORT WINDOW THREAD [GROUP...]
//                        looks for it in every way, each a line: `none: WAY` or `FOUND: WAY`
// The groups: objects, links, pipes, ports, processes, network, windows for all; files, keys and
// services, which a VM sees of the host, only for what another VM has made.
#include <winsock2.h>
#include <windows.h>
#include <winternl.h>
#include <iphlpapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <tlhelp32.h>

static WCHAR tag[32], group_wanted[16][16];
static int groups_wanted, found_count;
static DWORD session;

typedef NTSTATUS NTAPI open_call(HANDLE *, ACCESS_MASK, OBJECT_ATTRIBUTES *);
typedef NTSTATUS NTAPI query_directory(HANDLE, void *, ULONG, BOOLEAN, BOOLEAN, ULONG *, ULONG *);

static void *in_ntdll(const char *name)
{
    return (void *)GetProcAddress(GetModuleHandleW(L"ntdll"), name);
}

static OBJECT_ATTRIBUTES named(const WCHAR *text, HANDLE root, UNICODE_STRING *name)
{
    OBJECT_ATTRIBUTES attributes;
    RtlInitUnicodeString(name, text);
    InitializeObjectAttributes(&attributes, name, OBJ_CASE_INSENSITIVE, root, NULL);
    return attributes;
}

static int wanted(const WCHAR *group)
{
    for (int i = 0; i < groups_wanted; i++)
        if (!wcscmp(group_wanted[i], group))
            return 1;
    return !groups_wanted;
}

static void way(int found, const char *what, const WCHAR *detail)
{
    found_count += found != 0;
    printf("%s: %s %ls\n", found ? "FOUND" : "none", what, detail);
}

// ---- objects: a kind a row ----

static const struct kind {
    const WCHAR *name;
    const char *open;
    ACCESS_MASK access;
} kinds[] = {
    {L"event", "NtOpenEvent", SYNCHRONIZE},
    {L"mutex", "NtOpenMutant", SYNCHRONIZE},
    {L"semaphore", "NtOpenSemaphore", SYNCHRONIZE},
    {L"timer", "NtOpenTimer", SYNCHRONIZE},
    {L"section", "NtOpenSection", 4 /* SECTION_MAP_READ */},
    {L"job", "NtOpenJobObject", 4 /* JOB_OBJECT_QUERY */},
    {L"keyed", "NtOpenKeyedEvent", 1},
    {L"completion", "NtOpenIoCompletion", 1},
    {L"directory", "NtOpenDirectoryObject", 1},
    {L"link", "NtOpenSymbolicLinkObject", 1},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* Made in the directory of the session and, with `global`, of the machine. */
static void make_objects(const WCHAR *prefix)
{
    WCHAR name[200];
    UNICODE_STRING text, target;
    OBJECT_ATTRIBUTES attributes;
    HANDLE handle;
    RtlInitUnicodeString(&target, L"\\Device\\Null");
#define MAKE(kind, function, arguments, ...)                                                       \
    _snwprintf(name, 200, L"%lsplume-apart-%ls-" kind, prefix, tag);                               \
    attributes = named(name, NULL, &text);                                                         \
    ((NTSTATUS(NTAPI *) arguments)in_ntdll(function))(__VA_ARGS__)
#define COMMON &handle, GENERIC_ALL, &attributes
#define TYPES  HANDLE *, ACCESS_MASK, OBJECT_ATTRIBUTES *
    LARGE_INTEGER size = {.QuadPart = 4096};
    MAKE(L"event", "NtCreateEvent", (TYPES, ULONG, BOOLEAN), COMMON, 0, FALSE);
    MAKE(L"mutex", "NtCreateMutant", (TYPES, BOOLEAN), COMMON, FALSE);
    MAKE(L"semaphore", "NtCreateSemaphore", (TYPES, LONG, LONG), COMMON, 1, 2);
    MAKE(L"timer", "NtCreateTimer", (TYPES, ULONG), COMMON, 0);
    MAKE(L"section", "NtCreateSection", (TYPES, LARGE_INTEGER *, ULONG, ULONG, HANDLE), COMMON,
         &size, PAGE_READWRITE, SEC_COMMIT, NULL);
    MAKE(L"job", "NtCreateJobObject", (TYPES), COMMON);
    MAKE(L"keyed", "NtCreateKeyedEvent", (TYPES, ULONG), COMMON, 0);
    MAKE(L"completion", "NtCreateIoCompletion", (TYPES, ULONG), COMMON, 0);
    MAKE(L"directory", "NtCreateDirectoryObject", (TYPES), COMMON);
    MAKE(L"link", "NtCreateSymbolicLinkObject", (TYPES, UNICODE_STRING *), COMMON, &target);
}

static void try_object(const struct kind *kind, const WCHAR *directory, HANDLE root,
                       const char *how)
{
    WCHAR name[300];
    UNICODE_STRING text;
    HANDLE handle = NULL;
    _snwprintf(name, 300, L"%lsplume-apart-%ls-%ls", directory, tag, kind->name);
    OBJECT_ATTRIBUTES attributes = named(name, root, &text);
    NTSTATUS status = ((open_call *)in_ntdll(kind->open))(&handle, kind->access, &attributes);
    // Another type or no access: there is something.
    way(status != (NTSTATUS)0xc0000034 && status != (NTSTATUS)0xc000003a, how, name);
    if (handle)
        CloseHandle(handle);
}

/* Whether a directory, or one below it, has anything of the tag's. */
static int listed(const WCHAR *path, unsigned depth)
{
    UNICODE_STRING name, *entry;
    OBJECT_ATTRIBUTES attributes = named(path, NULL, &name);
    ULONGLONG buffer[256];
    WCHAR child[600], mark[64];
    ULONG context = 0, length;
    HANDLE handle;
    int any = 0;
    _snwprintf(mark, 64, L"apart-%ls", tag);
    if (((open_call *)in_ntdll("NtOpenDirectoryObject"))(&handle, 3, &attributes))
        return 0;
    while (!((query_directory *)in_ntdll("NtQueryDirectoryObject"))(
        handle, buffer, sizeof buffer, TRUE, FALSE, &context, &length)) {
        entry = (void *)buffer;
        any |= wcsstr(entry[0].Buffer, mark) != NULL;
        _snwprintf(child, 600, L"%ls%ls%ls", path, path[1] ? L"\\" : L"", entry[0].Buffer);
        if (depth && !wcscmp(entry[1].Buffer, L"Directory"))
            any |= listed(child, depth - 1);
    }
    CloseHandle(handle);
    return any;
}

static void try_objects(void)
{
    static const WCHAR *const directories[] = {
        L"\\Sessions\\%lu\\BaseNamedObjects\\",
        L"\\Sessions\\%lu\\BaseNamedObjects\\Local\\",
        L"\\Sessions\\%lu\\BaseNamedObjects\\Global\\",
        L"\\Sessions\\%lu\\BaseNamedObjects\\Session\\%lu\\",
        L"\\Sessions\\BNOLINKS\\%lu\\",
        L"\\Sessions\\0\\BaseNamedObjects\\",
        L"\\BaseNamedObjects\\",
        L"\\BaseNamedObjects\\Global\\",
        L"\\??\\GLOBALROOT\\BaseNamedObjects\\",
        L"\\??\\GLOBALROOT\\Sessions\\%lu\\BaseNamedObjects\\",
        L"\\KernelObjects\\",
    };
    WCHAR path[200];
    for (size_t d = 0; d < sizeof directories / sizeof *directories; d++) {
        _snwprintf(path, 200, directories[d], session, session);
        for (size_t i = 0; i < KINDS; i++)
            try_object(&kinds[i], path, NULL, "open");
    }
    static const WCHAR *const roots[] = {L"\\", L"\\Sessions", L"\\Sessions\\%lu",
                                         L"\\Sessions\\%lu\\BaseNamedObjects",
                                         L"\\BaseNamedObjects"};
    static const WCHAR *const below[] = {L"Sessions\\%lu\\BaseNamedObjects\\",
                                         L"%lu\\BaseNamedObjects\\", L"BaseNamedObjects\\", L"",
                                         L""};
    for (size_t d = 0; d < sizeof roots / sizeof *roots; d++) {
        UNICODE_STRING name;
        HANDLE root = NULL;
        _snwprintf(path, 200, roots[d], session);
        OBJECT_ATTRIBUTES attributes = named(path, NULL, &name);
        ((open_call *)in_ntdll("NtOpenDirectoryObject"))(&root, 3, &attributes);
        _snwprintf(path, 200, below[d], session);
        for (size_t i = 0; i < KINDS; i += 3)
            try_object(&kinds[i], path, root, "open below a handle");
        CloseHandle(root);
    }
    way(listed(L"\\", 8), "the whole tree of objects", L"");
    way(listed(L"\\BaseNamedObjects", 0), "list", L"\\BaseNamedObjects");
    _snwprintf(path, 200, L"\\Sessions\\%lu\\BaseNamedObjects", session);
    way(listed(path, 0), "list", path);
    way(listed(L"\\KernelObjects", 0), "list", L"\\KernelObjects");
    way(listed(L"\\RPC Control", 0), "list", L"\\RPC Control");
    way(listed(L"\\??", 0), "list", L"\\??");
}

static void try_links(void)
{
    static WCHAR all[32768];
    WCHAR name[64], path[128];
    int any = 0;
    _snwprintf(name, 64, L"apart-%ls", tag);
    way(QueryDosDeviceW(name, all, 32768) != 0, "QueryDosDevice", name);
    if (QueryDosDeviceW(NULL, all, 32768))
        for (const WCHAR *at = all; *at; at += wcslen(at) + 1)
            any |= !_wcsicmp(at, name);
    way(any, "QueryDosDevice", L"all");
    static const WCHAR *const links[] = {L"\\??\\", L"\\DosDevices\\", L"\\GLOBAL??\\",
                                         L"\\??\\Global\\", L"\\??\\GLOBALROOT\\??\\"};
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        UNICODE_STRING text;
        HANDLE handle = NULL;
        _snwprintf(path, 128, L"%ls%ls", links[i], name);
        OBJECT_ATTRIBUTES attributes = named(path, NULL, &text);
        way(!((open_call *)in_ntdll("NtOpenSymbolicLinkObject"))(&handle, 1, &attributes), "open",
            path);
    }
    _snwprintf(path, 128, L"\\\\.\\%ls", name);
    HANDLE file = CreateFileW(path, GENERIC_READ, 3, NULL, OPEN_EXISTING, 0, NULL);
    way(file != INVALID_HANDLE_VALUE, "open a file by", path);
}

static void try_pipes(void)
{
    static const WCHAR *const forms[] = {L"\\\\.\\%ls\\%ls",
                                         L"\\\\?\\%ls\\%ls",
                                         L"\\\\localhost\\%ls\\%ls",
                                         L"\\\\127.0.0.1\\%ls\\%ls",
                                         L"\\\\.\\UNC\\localhost\\%ls\\%ls",
                                         L"\\\\?\\UNC\\127.0.0.1\\%ls\\%ls",
                                         L"\\\\.\\GLOBALROOT\\??\\%ls\\%ls",
                                         L"\\\\.\\Global\\%ls\\%ls"};
    WCHAR name[64], path[300], computer[64];
    DWORD size = 64;
    _snwprintf(name, 64, L"plume-apart-%ls", tag);
    for (int slot = 0; slot < 2; slot++) {
        const WCHAR *device = slot ? L"mailslot" : L"pipe";
        DWORD access = slot ? GENERIC_WRITE : GENERIC_READ | GENERIC_WRITE;
        for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
            _snwprintf(path, 300, forms[i], device, name);
            HANDLE file = CreateFileW(path, access, 3, NULL, OPEN_EXISTING, 0, NULL);
            way(file != INVALID_HANDLE_VALUE || GetLastError() == ERROR_PIPE_BUSY, "open", path);
            CloseHandle(file);
        }
        size = 64;
        GetComputerNameW(computer, &size);
        _snwprintf(path, 300, L"\\\\%ls\\%ls\\%ls", computer, device, name);
        HANDLE file = CreateFileW(path, access, 3, NULL, OPEN_EXISTING, 0, NULL);
        way(file != INVALID_HANDLE_VALUE, "open by the computer's name", device);
        CloseHandle(file);
        _snwprintf(path, 300, L"\\\\.\\GLOBALROOT\\Device\\%ls\\%ls",
                   slot ? L"Mailslot" : L"NamedPipe", name);
        file = CreateFileW(path, access, 3, NULL, OPEN_EXISTING, 0, NULL);
        way(file != INVALID_HANDLE_VALUE, "open", path);
        CloseHandle(file);
        WIN32_FIND_DATAW entry;
        int any = 0;
        _snwprintf(path, 300, L"\\\\.\\%ls\\*", device);
        HANDLE find = FindFirstFileW(path, &entry);
        if (find != INVALID_HANDLE_VALUE)
            do
                any |= wcsstr(entry.cFileName, L"apart") != NULL;
            while (FindNextFileW(find, &entry));
        way(any, "list", path);
    }
    _snwprintf(path, 300, L"\\\\.\\pipe\\%ls", name);
    SetLastError(0);
    way(WaitNamedPipeW(path, 1) || GetLastError() == ERROR_SEM_TIMEOUT, "WaitNamedPipe", path);
}

static void try_ports(void)
{
    WCHAR path[200];
    UNICODE_STRING text;
    SECURITY_QUALITY_OF_SERVICE quality = {sizeof quality, SecurityIdentification, 0, FALSE};
    HANDLE port = NULL;
    static const WCHAR *const forms[] = {L"\\RPC Control\\plume-apart-%ls",
                                         L"\\plume-apart-%ls-port",
                                         L"\\BaseNamedObjects\\plume-apart-%ls-port"};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        _snwprintf(path, 200, forms[i], tag);
        RtlInitUnicodeString(&text, path);
        NTSTATUS(NTAPI * connect_port)
        (HANDLE *, UNICODE_STRING *, SECURITY_QUALITY_OF_SERVICE *, void *, void *, ULONG *, void *,
         ULONG *) = in_ntdll("NtConnectPort");
        way(!connect_port(&port, &text, &quality, NULL, NULL, NULL, NULL, NULL), "connect to",
            path);
    }
}

static void try_processes(DWORD id)
{
    HANDLE process = OpenProcess(PROCESS_QUERY_INFORMATION, FALSE, id);
    way(process != NULL, "OpenProcess", L"");
    process = OpenProcess(SYNCHRONIZE, FALSE, id);
    way(process != NULL, "OpenProcess to wait", L"");
    HANDLE all = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    PROCESSENTRY32W entry = {.dwSize = sizeof entry};
    int any = 0;
    for (BOOL more = Process32FirstW(all, &entry); more; more = Process32NextW(all, &entry))
        any |= entry.th32ProcessID == id;
    way(any, "list of processes", L"");
    all = CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0);
    THREADENTRY32 thread = {.dwSize = sizeof thread};
    any = 0;
    for (BOOL more = Thread32First(all, &thread); more; more = Thread32Next(all, &thread))
        any |= thread.th32OwnerProcessID == id;
    way(any, "list of threads", L"");
    way(CreateToolhelp32Snapshot(TH32CS_SNAPMODULE, id) != INVALID_HANDLE_VALUE, "its modules",
        L"");
}

/* The port at either end of any line of the system's lists. */
static void try_tables(USHORT port)
{
    static const struct {
        const char *function;
        int class;
        DWORD size, local; // of a line, and where the local port is in it
    } tables[] = {
        {"GetExtendedTcpTable", 2 /* TCP_TABLE_BASIC_ALL */, sizeof(MIB_TCPROW), 8},
        {"GetExtendedTcpTable", 5 /* TCP_TABLE_OWNER_PID_ALL */, sizeof(MIB_TCPROW_OWNER_PID), 8},
        {"GetExtendedUdpTable", 1 /* UDP_TABLE_OWNER_PID */, sizeof(MIB_UDPROW_OWNER_PID), 4},
    };
    static DWORD buffer[1 << 18];
    HMODULE iphlpapi = LoadLibraryW(L"iphlpapi.dll");
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++) {
        DWORD(WINAPI * get)(void *, DWORD *, BOOL, ULONG, int, ULONG);
        get = (void *)GetProcAddress(iphlpapi, tables[t].function);
        DWORD size = sizeof buffer;
        int any = 0;
        if (get && !get(buffer, &size, FALSE, AF_INET, tables[t].class, 0))
            for (DWORD i = 0; i < buffer[0]; i++) {
                const BYTE *line = (const BYTE *)(buffer + 1) + i * tables[t].size;
                any |= *(const USHORT *)(line + tables[t].local) == htons(port);
            }
        WCHAR class[8];
        _snwprintf(class, 8, L"%d", tables[t].class);
        way(any, tables[t].function, class);
    }
    DWORD(WINAPI * tcp)(void *, DWORD *, BOOL) = (void *)GetProcAddress(iphlpapi, "GetTcpTable");
    const MIB_TCPTABLE *lines = (const MIB_TCPTABLE *)buffer;
    DWORD size = sizeof buffer;
    int any = 0;
    if (!tcp(buffer, &size, FALSE))
        for (DWORD i = 0; i < lines->dwNumEntries; i++)
            any |= lines->table[i].dwLocalPort == htons(port);
    way(any, "GetTcpTable", L"");
}

static void try_network(USHORT port)
{
    WSADATA data;
    WSAStartup(0x202, &data);
    static const char *const addresses[] = {"127.0.0.1", "127.0.0.2"};
    for (int i = 0; i < 2; i++) {
        struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
        SOCKET s = socket(AF_INET, SOCK_STREAM, 0);
        to.sin_addr.s_addr = inet_addr(addresses[i]);
        if (!i)
            way(!connect(s, (struct sockaddr *)&to, sizeof to), "connect to the port",
                L"127.0.0.1");
        closesocket(s);
    }
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons(port)};
    SOCKET s = socket(AF_INET, SOCK_STREAM, 0);
    way(bind(s, (struct sockaddr *)&own, sizeof own) || listen(s, 1), "the port is taken", L"");
    closesocket(s);
    try_tables(port);
}

static BOOL CALLBACK each_window(HWND window, LPARAM context)
{
    WCHAR name[64], class[64] = L"";
    _snwprintf(name, 64, L"plume-apart-%ls", tag);
    GetClassNameW(window, class, 64);
    *(int *)context |= !_wcsnicmp(name, class, wcslen(name));
    return TRUE;
}

static BOOL CALLBACK each_name(WCHAR *name, LPARAM context)
{
    *(int *)context |= wcsstr(name, tag) != NULL || !wcsncmp(name, L"plume-", 6);
    return TRUE;
}

/* By their numbers, as a program gets them that guesses. */
static void try_window_numbers(HWND window, DWORD thread)
{
    WCHAR text[64] = L"";
    RECT area;
    int any = 0;
    DWORD_PTR result;
    GUITHREADINFO information = {.cbSize = sizeof information};
    way(IsWindow(window), "IsWindow", L"");
    way(IsWindowVisible(window), "IsWindowVisible", L"");
    way(GetWindowTextW(window, text, 64) != 0, "GetWindowText", L"");
    way(InternalGetWindowText(window, text, 64) != 0, "InternalGetWindowText", L"");
    way(GetClassNameW(window, text, 64) != 0, "GetClassName", L"");
    way(GetWindowThreadProcessId(window, NULL) != 0, "GetWindowThreadProcessId", L"");
    way(GetWindowRect(window, &area), "GetWindowRect", L"");
    way(GetWindowLongW(window, GWL_STYLE) != 0, "GetWindowLong", L"");
    way(GetAncestor(window, GA_PARENT) != NULL, "GetAncestor", L"");
    way(GetWindow(window, GW_HWNDFIRST) != NULL, "GetWindow", L"");
    way(GetPropW(window, L"plume-apart") != NULL, "GetProp", L"");
    way(PostMessageW(window, WM_NULL, 0, 0), "PostMessage", L"");
    way(SendNotifyMessageW(window, WM_NULL, 0, 0), "SendNotifyMessage", L"");
    way(SendMessageTimeoutW(window, WM_NULL, 0, 0, SMTO_NORMAL, 20000, &result) != 0,
        "SendMessageTimeout", L"");
    way(SetWindowPos(window, NULL, 0, 0, 5, 5, SWP_NOACTIVATE | SWP_ASYNCWINDOWPOS), "SetWindowPos",
        L"");
    way(SetPropW(window, L"plume-apart-other", window), "SetProp", L"");
    EnumChildWindows(window, each_window, (LPARAM)&any);
    way(any, "EnumChildWindows", L"");
    EnumThreadWindows(thread, each_window, (LPARAM)&any);
    way(any, "EnumThreadWindows", L"");
    // Wine 10 has an answer for every number, which then says nothing (dlls/win32u/message.c).
    way(GetGUIThreadInfo(thread, &information) && !GetGUIThreadInfo(0xfffffff0, &information),
        "GetGUIThreadInfo", L"");
    way(PostThreadMessageW(thread, WM_NULL, 0, 0), "PostThreadMessage", L"");
    way(OpenThread(SYNCHRONIZE, FALSE, thread) != NULL, "OpenThread", L"");
}

static void try_windows(HWND window, DWORD thread)
{
    WCHAR name[64], path[128];
    int any = 0;
    _snwprintf(name, 64, L"plume-apart-%ls", tag);
    way(FindWindowW(NULL, name) != NULL, "FindWindow", name);
    way(FindWindowW(name, NULL) != NULL, "FindWindow by class", name);
    way(FindWindowExW(GetDesktopWindow(), NULL, name, NULL) != NULL, "FindWindowEx", name);
    _snwprintf(path, 128, L"%ls-child", name);
    way(FindWindowExW(window, NULL, path, NULL) != NULL, "FindWindowEx below it", path);
    EnumWindows(each_window, (LPARAM)&any);
    way(any, "EnumWindows", L"");
    EnumDesktopWindows(NULL, each_window, (LPARAM)&any);
    way(any, "EnumDesktopWindows", L"");
    way(GlobalFindAtomW(name) != 0, "GlobalFindAtom", name);
    way(OpenWindowStationW(name, FALSE, WINSTA_ENUMDESKTOPS) != NULL, "OpenWindowStation", name);
    way(OpenDesktopW(name, 0, FALSE, DESKTOP_READOBJECTS) != NULL, "OpenDesktop", name);
    any = 0;
    EnumWindowStationsW(each_name, (LPARAM)&any);
    way(any, "EnumWindowStations", L"");
    any = 0;
    EnumDesktopsW(GetProcessWindowStation(), each_name, (LPARAM)&any);
    way(any, "EnumDesktops", L"");
    _snwprintf(path, 128, L"\\Sessions\\%lu\\Windows\\WindowStations", session);
    way(listed(path, 0), "list", path);
    way(listed(L"\\Windows\\WindowStations", 0), "list", L"\\Windows\\WindowStations");
    try_window_numbers(window, thread);
}

static void try_services(void)
{
    static BYTE buffer[1 << 16];
    WCHAR name[64], path[128];
    HKEY key;
    _snwprintf(name, 64, L"plume-apart-%ls", tag);
    SC_HANDLE manager =
        OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT | SC_MANAGER_ENUMERATE_SERVICE);
    way(OpenServiceW(manager, name, SERVICE_QUERY_STATUS) != NULL, "OpenService", name);
    _snwprintf(path, 128, L"Plume apart %ls", tag);
    DWORD size = 64, needed, count, resume = 0, error;
    WCHAR found[64];
    way(GetServiceKeyNameW(manager, path, found, &size), "GetServiceKeyName", path);
    size = 64;
    way(GetServiceDisplayNameW(manager, name, found, &size), "GetServiceDisplayName", name);
    int any = 0;
    do {
        error =
            EnumServicesStatusExW(manager, SC_ENUM_PROCESS_INFO, SERVICE_WIN32, SERVICE_STATE_ALL,
                                  buffer, sizeof buffer, &needed, &count, &resume, NULL)
                ? 0
                : GetLastError();
        const ENUM_SERVICE_STATUS_PROCESSW *services = (void *)buffer;
        for (DWORD i = 0; (!error || error == ERROR_MORE_DATA) && i < count; i++)
            any |= !_wcsicmp(services[i].lpServiceName, name);
    } while (error == ERROR_MORE_DATA);
    way(any, "EnumServicesStatus", L"");
    _snwprintf(path, 128, L"SYSTEM\\CurrentControlSet\\Services\\%ls", name);
    way(!RegOpenKeyExW(HKEY_LOCAL_MACHINE, path, 0, KEY_READ, &key), "HKLM", path);
}

static void try_files(void)
{
    static const WCHAR *const forms[] = {L"C:\\test\\plume-apart-%ls.txt",
                                         L"\\\\?\\C:\\test\\plume-apart-%ls.txt",
                                         L"\\\\.\\C:\\test\\plume-apart-%ls.txt",
                                         L"\\\\.\\GLOBALROOT\\??\\C:\\test\\plume-apart-%ls.txt",
                                         L"C:\\TEST\\PLUME-APART-%ls.TXT",
                                         L"\\\\localhost\\C$\\test\\plume-apart-%ls.txt"};
    WCHAR path[300];
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        _snwprintf(path, 300, forms[i], tag);
        way(GetFileAttributesW(path) != INVALID_FILE_ATTRIBUTES, "file", path);
    }
    WIN32_FIND_DATAW entry;
    HANDLE find = FindFirstFileW(L"C:\\test\\plume-apart-*", &entry);
    int any = 0;
    if (find != INVALID_HANDLE_VALUE)
        do
            any |= wcsstr(entry.cFileName, tag) != NULL;
        while (FindNextFileW(find, &entry));
    way(any, "list", L"C:\\test");
}

static void try_keys(void)
{
    WCHAR path[300];
    HKEY key;
    _snwprintf(path, 300, L"Software\\plume-apart-%ls", tag);
    way(!RegOpenKeyExW(HKEY_CURRENT_USER, path, 0, KEY_READ, &key), "HKCU", path);
    way(!RegOpenKeyExW(HKEY_LOCAL_MACHINE, path, 0, KEY_READ, &key), "HKLM", path);
    int any = 0;
    for (DWORD i = 0; !RegOpenKeyExW(HKEY_CURRENT_USER, L"Software", 0, KEY_READ, &key); i++) {
        if (RegEnumKeyW(key, i, path, 300))
            break;
        any |= wcsstr(path, L"plume-apart") && wcsstr(path, tag);
        RegCloseKey(key);
    }
    way(any, "list", L"HKCU\\Software");
}

static HWND own_window;

/* Hidden ones, a station, a desktop, and a global atom. */
static void make_windows(void)
{
    WCHAR name[64], child[64];
    _snwprintf(name, 64, L"plume-apart-%ls", tag);
    _snwprintf(child, 64, L"%ls-child", name);
    WNDCLASSW class = {
        .lpfnWndProc = DefWindowProcW, .hInstance = GetModuleHandleW(NULL), .lpszClassName = name};
    RegisterClassW(&class);
    class.lpszClassName = child;
    RegisterClassW(&class);
    own_window = CreateWindowExW(0, name, name, WS_OVERLAPPEDWINDOW, 0, 0, 50, 50, NULL, NULL,
                                 class.hInstance, NULL);
    CreateWindowExW(0, child, child, WS_CHILD, 0, 0, 5, 5, own_window, NULL, class.hInstance, NULL);
    SetPropW(own_window, L"plume-apart", own_window);
    CreateWindowStationW(name, 0, WINSTA_ALL_ACCESS, NULL);
    CreateDesktopW(name, NULL, NULL, 0, GENERIC_ALL, NULL);
    GlobalAddAtomW(name);
}

static int make(void)
{
    WCHAR name[200];
    UNICODE_STRING text;
    HANDLE handle;
    HKEY key;
    WSADATA data;
    _snwprintf(name, 200, L"\\Sessions\\%lu\\BaseNamedObjects\\", session);
    make_objects(session ? name : L"\\BaseNamedObjects\\");
    make_objects(L"\\BaseNamedObjects\\");
    if (wcscmp(tag, L"host")) // what the host has there, a VM sees
        make_objects(L"\\KernelObjects\\");
    _snwprintf(name, 200, L"\\??\\apart-%ls", tag);
    OBJECT_ATTRIBUTES attributes = named(name, NULL, &text);
    UNICODE_STRING target; // and the same with links
    RtlInitUnicodeString(&target, L"\\Device\\Null");
    if (wcscmp(tag, L"host"))
        ((NTSTATUS(NTAPI *)(HANDLE *, ACCESS_MASK, OBJECT_ATTRIBUTES *, UNICODE_STRING *))in_ntdll(
            "NtCreateSymbolicLinkObject"))(&handle, GENERIC_ALL, &attributes, &target);
    _snwprintf(name, 200, L"\\\\.\\pipe\\plume-apart-%ls", tag);
    CreateNamedPipeW(name, PIPE_ACCESS_DUPLEX, 0, 255, 512, 512, 0, NULL);
    for (int i = 0; i < 100; i++) // for as many as come
        CreateNamedPipeW(name, PIPE_ACCESS_DUPLEX, 0, 255, 512, 512, 0, NULL);
    _snwprintf(name, 200, L"\\\\.\\mailslot\\plume-apart-%ls", tag);
    CreateMailslotW(name, 0, 0, NULL);
    _snwprintf(name, 200, L"C:\\test\\plume-apart-%ls.txt", tag);
    handle = CreateFileW(name, GENERIC_WRITE, 7, NULL, CREATE_ALWAYS, 0, NULL);
    CloseHandle(handle);
    _snwprintf(name, 200, L"Software\\plume-apart-%ls", tag);
    if (wcscmp(tag, L"host"))
        RegCreateKeyW(HKEY_CURRENT_USER, name, &key);
    make_windows();
    if (wcscmp(tag, L"host")) {
        WCHAR shown[64];
        _snwprintf(name, 200, L"plume-apart-%ls", tag);
        _snwprintf(shown, 64, L"Plume apart %ls", tag);
        CreateServiceW(OpenSCManagerW(NULL, NULL, SC_MANAGER_CREATE_SERVICE), name, shown,
                       SERVICE_ALL_ACCESS, SERVICE_WIN32_OWN_PROCESS, SERVICE_DEMAND_START,
                       SERVICE_ERROR_NORMAL, L"C:\\none.exe", NULL, NULL, NULL, NULL, NULL);
    }
    WSAStartup(0x202, &data);
    struct sockaddr_in own = {.sin_family = AF_INET};
    own.sin_addr.s_addr =
        inet_addr("127.0.0.1"); // what is bound to all addresses, Linux lets nobody bind again
    int size = sizeof own;
    SOCKET s = socket(AF_INET, SOCK_STREAM, 0);
    bind(s, (struct sockaddr *)&own, size);
    listen(s, 5);
    getsockname(s, (struct sockaddr *)&own, &size);
    s = socket(AF_INET, SOCK_DGRAM, 0);
    bind(s, (struct sockaddr *)&own, size);
    printf("ready %lu %u %lu %lu\n", GetCurrentProcessId(), ntohs(own.sin_port),
           (DWORD)(ULONG_PTR)own_window, GetCurrentThreadId());
    fflush(stdout);
    SetTimer(NULL, 0, 200000, NULL);
    for (MSG message; GetMessageW(&message, NULL, 0, 0) > 0 && message.message != WM_TIMER;)
        DispatchMessageW(&message);
    return 0;
}

int wmain(int argc, WCHAR **argv);
int wmain(int argc, WCHAR **argv)
{
    setvbuf(stdout, NULL, _IOFBF, 1 << 16);
    ProcessIdToSessionId(GetCurrentProcessId(), &session);
    if (argc < 3)
        return 2;
    _snwprintf(tag, 31, L"%ls", argv[2]);
    if (!wcscmp(argv[1], L"make"))
        return make();
    if (argc < 7)
        return 2;
    for (int i = 7; i < argc && groups_wanted < 16; i++)
        _snwprintf(group_wanted[groups_wanted++], 15, L"%ls", argv[i]);
    if (wanted(L"objects"))
        try_objects();
    if (wanted(L"links"))
        try_links();
    if (wanted(L"pipes"))
        try_pipes();
    if (wanted(L"ports"))
        try_ports();
    if (wanted(L"processes"))
        try_processes((DWORD)_wtoi(argv[3]));
    if (wanted(L"network"))
        try_network((USHORT)_wtoi(argv[4]));
    if (wanted(L"windows"))
        try_windows((HWND)(ULONG_PTR)_wtoi(argv[5]), (DWORD)_wtoi(argv[6]));
    if (wanted(L"files"))
        try_files();
    if (wanted(L"keys"))
        try_keys();
    if (wanted(L"services"))
        try_services();
    return found_count ? 1 : 0;
}
