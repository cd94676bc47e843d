// use PORT   uses one of everything under names that all VMs have in common, says "using", and goes
// on doing so list       on the host: what there is of Plume's in the kernel, the registry and the
// process list
#include <winsock2.h>
#include <windows.h>
#include <winternl.h>
#include <tlhelp32.h>
#include <stdio.h>
#include <stdlib.h>
#include "common_step.h"

NTSTATUS NTAPI NtOpenDirectoryObject(HANDLE *directory, ACCESS_MASK access,
                                     OBJECT_ATTRIBUTES *attributes);
NTSTATUS NTAPI NtQueryDirectoryObject(HANDLE directory, void *buffer, ULONG size, BOOLEAN single,
                                      BOOLEAN restart, ULONG *context, ULONG *needed);

static BOOL use_file(void)
{
    HANDLE file = CreateFileW(L"C:\\plume-many.txt", GENERIC_WRITE, 0, NULL, CREATE_NEW, 0, NULL);
    return file != INVALID_HANDLE_VALUE; // kept open
}

static BOOL use_key(void)
{
    HKEY key;
    DWORD made = 0;
    SetLastError((DWORD)RegCreateKeyExW(HKEY_LOCAL_MACHINE, L"Software\\PlumeMany", 0, NULL, 0,
                                        KEY_ALL_ACCESS, NULL, &key, &made));
    return GetLastError() == ERROR_SUCCESS && made == REG_CREATED_NEW_KEY;
}

static BOOL use_object(void)
{
    return CreateMutexW(NULL, TRUE, L"Global\\PlumeMany") && GetLastError() != ERROR_ALREADY_EXISTS;
}

static BOOL use_pipe(void)
{
    return CreateNamedPipeW(L"\\\\.\\pipe\\plume-many",
                            PIPE_ACCESS_DUPLEX | FILE_FLAG_FIRST_PIPE_INSTANCE, PIPE_TYPE_BYTE, 1,
                            512, 512, 0, NULL) != INVALID_HANDLE_VALUE;
}

static BOOL use_port(unsigned port)
{
    WSADATA data;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((u_short)port)};
    if (WSAStartup(MAKEWORD(2, 2), &data))
        return FALSE;
    SOCKET s = socket(AF_INET, SOCK_STREAM, 0);
    return s != INVALID_SOCKET && !bind(s, (const struct sockaddr *)&address, sizeof address) &&
           !listen(s, 5);
}

static BOOL use_service(void)
{
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
    SC_HANDLE service =
        manager ? OpenServiceW(manager, L"Spooler", SERVICE_START | SERVICE_QUERY_STATUS) : NULL;
    SERVICE_STATUS status = {0};
    if (!service || !StartServiceW(service, 0, NULL))
        return FALSE;
    do {
        Sleep(10);
        if (!QueryServiceStatus(service, &status))
            return FALSE;
    } while (status.dwCurrentState == SERVICE_START_PENDING);
    return status.dwCurrentState == SERVICE_RUNNING;
}

static int use(unsigned port)
{
    BOOL good = step("file", use_file());
    good = step("key", use_key()) && good;
    good = step("object", use_object()) && good;
    good = step("pipe", use_pipe()) && good;
    good = step("port", use_port(port)) && good;
    good = step("service", use_service()) && good;
    puts(good ? "using" : "failed");
    fflush(stdout);
    if (good)
        Sleep(INFINITE);
    return 1;
}

static void list_objects(const wchar_t *path)
{
    union {
        struct {
            UNICODE_STRING name, type;
        } entry;
        BYTE bytes[4096];
    } one;
    UNICODE_STRING name;
    OBJECT_ATTRIBUTES attributes;
    HANDLE directory;
    ULONG context = 0, needed;
    RtlInitUnicodeString(&name, path);
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    if (NtOpenDirectoryObject(&directory, 1 /* DIRECTORY_QUERY */, &attributes) < 0)
        return;
    while (NtQueryDirectoryObject(directory, &one, sizeof one, TRUE, FALSE, &context, &needed) == 0)
        if (wcsstr(one.entry.name.Buffer, L"plume") || wcsstr(one.entry.name.Buffer, L"Plume"))
            printf("object %ls\\%ls\n", path, one.entry.name.Buffer);
    CloseHandle(directory);
}

static void list_pipes(void)
{
    WIN32_FIND_DATAW found;
    HANDLE search = FindFirstFileW(L"\\\\.\\pipe\\*", &found);
    if (search == INVALID_HANDLE_VALUE)
        return;
    do {
        if (wcsstr(found.cFileName, L"plume"))
            printf("pipe %ls\n", found.cFileName);
    } while (FindNextFileW(search, &found));
    FindClose(search);
}

static void list_keys(void)
{
    HKEY key;
    wchar_t name[256];
    if (RegOpenKeyExW(HKEY_CURRENT_USER, L"Software\\Plume\\vms", 0, KEY_READ, &key))
        return;
    for (DWORD i = 0; !RegEnumKeyW(key, i, name, ARRAYSIZE(name)); i++)
        printf("key %ls\n", name);
    RegCloseKey(key);
}

static void list_processes(void)
{
    HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    PROCESSENTRY32W process = {.dwSize = sizeof process};
    for (BOOL more = Process32FirstW(snapshot, &process); more;
         more = Process32NextW(snapshot, &process))
        if (process.th32ProcessID != GetCurrentProcessId() &&
            (wcsstr(process.szExeFile, L"plume") || wcsstr(process.szExeFile, L"tool_many") ||
             wcsstr(process.szExeFile, L"spool")))
            printf("process %ls\n", process.szExeFile);
    CloseHandle(snapshot);
}

int main(int argc, char **argv)
{
    DWORD session = 0;
    wchar_t objects[64];
    if (argc == 3 && strcmp(argv[1], "use") == 0)
        return use((unsigned)atoi(argv[2]));
    ProcessIdToSessionId(GetCurrentProcessId(), &session);
    _snwprintf(objects, ARRAYSIZE(objects), L"\\Sessions\\%lu\\BaseNamedObjects", session);
    list_objects(L"\\BaseNamedObjects");
    list_objects(objects);
    list_pipes();
    list_keys();
    list_processes();
    return 0;
}
