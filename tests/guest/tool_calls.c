// Counts the system calls of each of some operations on what a VM has not changed: how many NT
// calls reach the system, whoever makes them, the program, a DLL or the layer.
//
//   tool_calls FOLDER TIMES      FOLDER has a file `file` and some more; prints NAME and the calls
//   of all TIMES
//
// It counts where ntdll's stubs leave it, behind all that the layer puts before them: it needs no
// privilege and no other program. That place has a known form on 64 bit Wine only; elsewhere it
// fails.
#include "layer/nt.h"
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

enum { PATH = 300 };
static WCHAR file_name[PATH], absent_name[PATH], pattern[PATH], nt_name[PATH];
static HANDLE folder, file;
static HKEY key;

static void file_open(void)
{
    CloseHandle(
        CreateFileW(file_name, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL));
}

static void file_open_absent(void)
{
    CreateFileW(absent_name, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
}

static void file_open_relative(void)
{
    UNICODE_STRING name;
    RtlInitUnicodeString(&name, L"file");
    OBJECT_ATTRIBUTES attributes = {.Length = sizeof attributes,
                                    .RootDirectory = folder,
                                    .ObjectName = &name,
                                    .Attributes = OBJ_CASE_INSENSITIVE};
    IO_STATUS_BLOCK io;
    HANDLE handle = NULL;
    NtOpenFile(&handle, FILE_READ_DATA, &attributes, &io, FILE_SHARE_READ, 0);
    NtClose(handle);
}

static void file_stat(void)
{
    WIN32_FILE_ATTRIBUTE_DATA data;
    GetFileAttributesExW(file_name, GetFileExInfoStandard, &data);
}

static void file_stat_absent(void)
{
    GetFileAttributesW(absent_name);
}

static void file_read(void)
{
    char data[64];
    DWORD done;
    OVERLAPPED at = {0};
    ReadFile(file, data, sizeof data, &done, &at);
}

static void file_query(void)
{
    BY_HANDLE_FILE_INFORMATION info;
    GetFileInformationByHandle(file, &info);
}

static void file_list(void)
{
    WIN32_FIND_DATAW found;
    HANDLE find = FindFirstFileW(pattern, &found);
    while (FindNextFileW(find, &found))
        ;
    FindClose(find);
}

static void file_map(void)
{
    HANDLE section = CreateFileMappingW(file, NULL, PAGE_READONLY, 0, 0, NULL);
    UnmapViewOfFile(MapViewOfFile(section, FILE_MAP_READ, 0, 0, 0));
    CloseHandle(section);
}

static void key_open(void)
{
    HKEY handle = NULL;
    RegOpenKeyExW(HKEY_LOCAL_MACHINE, L"Software\\Microsoft\\Windows NT\\CurrentVersion", 0,
                  KEY_READ, &handle);
    RegCloseKey(handle);
}

static void key_open_absent(void)
{
    HKEY handle;
    RegOpenKeyExW(HKEY_LOCAL_MACHINE, L"Software\\Nothing like this", 0, KEY_READ, &handle);
}

static void key_query(void)
{
    WCHAR data[100];
    DWORD size = sizeof data;
    RegQueryValueExW(key, L"CurrentVersion", NULL, NULL, (BYTE *)data, &size);
}

static void key_info(void)
{
    DWORD keys, values;
    RegQueryInfoKeyW(key, NULL, NULL, NULL, &keys, NULL, NULL, &values, NULL, NULL, NULL, NULL);
}

static void key_enumerate(void)
{
    WCHAR name[256];
    DWORD size;
    for (DWORD i = 0; size = 256, i < 5; i++)
        RegEnumKeyExW(key, i, name, &size, NULL, NULL, NULL, NULL);
}

static void key_enumerate_values(void)
{
    WCHAR name[256];
    DWORD size;
    for (DWORD i = 0; size = 256, i < 5; i++)
        RegEnumValueW(key, i, name, &size, NULL, NULL, NULL, NULL);
}

static void event_open(void)
{
    CloseHandle(OpenEventW(EVENT_ALL_ACCESS, FALSE, L"plume calls event"));
}

static void event_create(void)
{
    CloseHandle(CreateEventW(NULL, TRUE, FALSE, L"plume calls other event"));
}

static void mutex_open_global(void)
{
    CloseHandle(OpenMutexW(MUTEX_ALL_ACCESS, FALSE, L"Global\\plume calls mutex"));
}

static void section_create(void)
{
    CloseHandle(CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 4096,
                                   L"plume calls section"));
}

static void pipe_open(void)
{
    HANDLE server = CreateNamedPipeW(L"\\\\.\\pipe\\plume calls", PIPE_ACCESS_DUPLEX,
                                     PIPE_TYPE_BYTE, 255, 512, 512, 0, NULL);
    CloseHandle(CreateFileW(L"\\\\.\\pipe\\plume calls", GENERIC_READ | GENERIC_WRITE, 0, NULL,
                            OPEN_EXISTING, 0, NULL));
    CloseHandle(server);
}

static void pipe_open_absent(void)
{
    CreateFileW(L"\\\\.\\pipe\\plume calls nothing", GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL);
}

static const struct {
    const char *name;
    void (*run)(void);
} operations[] = {
#define OPERATION(name)                                                                            \
    {                                                                                              \
#name, name                                                                                \
    }
    OPERATION(file_open),      OPERATION(file_open_absent), OPERATION(file_open_relative),
    OPERATION(file_stat),      OPERATION(file_stat_absent), OPERATION(file_read),
    OPERATION(file_query),     OPERATION(file_list),        OPERATION(file_map),
    OPERATION(key_open),       OPERATION(key_open_absent),  OPERATION(key_query),
    OPERATION(key_info),       OPERATION(key_enumerate),    OPERATION(key_enumerate_values),
    OPERATION(event_open),     OPERATION(event_create),     OPERATION(mutex_open_global),
    OPERATION(section_create), OPERATION(pipe_open),        OPERATION(pipe_open_absent),
};

/* ---- counting ---- */

static volatile LONG64 *counter;

/* In each stub of ntdll, the call of the dispatcher through the pointer at 7ffe1000 is made one
 * through a pointer of our own, to code that counts and goes on there. Gives the number of stubs.
 */
static unsigned count_from_now(void)
{
    static const uint8_t leave[] = {0xff, 0x14, 0x25, 0x00, 0x10, 0xfe, 0x7f}; // call *0x7ffe1000
    uint8_t *page = NULL; // at an address that fits in 32 bits: the counter, the pointer, the code
    for (uintptr_t at = 0x10000000; !page && at < 0x70000000; at += 0x1000000)
        page = VirtualAlloc((void *)at, 4096, MEM_COMMIT | MEM_RESERVE, PAGE_EXECUTE_READWRITE);
    if (!page || sizeof(void *) != 8)
        return 0;
    uint32_t at_counter = (uint32_t)(uintptr_t)page, at_pointer = at_counter + 8;
    uint64_t at_code = at_counter + 16;
    uint8_t code[] = {0xf0, 0x48, 0xff, 0x04, 0x25, 0,    0,   0, 0, // lock inc counter
                      0xff, 0x24, 0x25, 0x00, 0x10, 0xfe, 0x7f};     // jmp *0x7ffe1000
    memcpy(code + 5, &at_counter, sizeof at_counter);
    memcpy(page + 16, code, sizeof code);
    memcpy(page + 8, &at_code, sizeof at_code);
    counter = (volatile LONG64 *)(void *)page;

    uint8_t *ntdll = (uint8_t *)GetModuleHandleW(L"ntdll.dll");
    const IMAGE_NT_HEADERS *headers =
        (const void *)(ntdll + ((const IMAGE_DOS_HEADER *)(const void *)ntdll)->e_lfanew);
    const IMAGE_EXPORT_DIRECTORY *exports =
        (const void *)(ntdll + headers->OptionalHeader.DataDirectory[0].VirtualAddress);
    const DWORD *names = (const void *)(ntdll + exports->AddressOfNames);
    const DWORD *functions = (const void *)(ntdll + exports->AddressOfFunctions);
    const WORD *ordinals = (const void *)(ntdll + exports->AddressOfNameOrdinals);
    unsigned stubs = 0;
    for (DWORD i = 0; i < exports->NumberOfNames; i++) {
        const char *name = (const char *)ntdll + names[i];
        uint8_t *stub = ntdll + functions[ordinals[i]];
        if (name[0] != 'N' || name[1] != 't')
            continue;
        for (unsigned at = 8; at < 32; at++) {
            DWORD old;
            if (memcmp(stub + at, leave, sizeof leave) != 0)
                continue;
            VirtualProtect(stub + at, sizeof leave, PAGE_EXECUTE_READWRITE, &old);
            memcpy(stub + at + 3, &at_pointer, sizeof at_pointer);
            VirtualProtect(stub + at, sizeof leave, old, &old);
            stubs++;
            break;
        }
    }
    return stubs;
}

int wmain(int argc, WCHAR **argv);
int wmain(int argc, WCHAR **argv)
{
    if (argc < 3)
        return 2;
    unsigned times = (unsigned)wcstoul(argv[2], NULL, 10);
    _snwprintf(file_name, PATH, L"%ls\\file", argv[1]);
    _snwprintf(absent_name, PATH, L"%ls\\absent", argv[1]);
    _snwprintf(pattern, PATH, L"%ls\\*", argv[1]);
    _snwprintf(nt_name, PATH, L"\\??\\%ls", argv[1]);
    UNICODE_STRING name;
    RtlInitUnicodeString(&name, nt_name);
    OBJECT_ATTRIBUTES attributes = {
        .Length = sizeof attributes, .ObjectName = &name, .Attributes = OBJ_CASE_INSENSITIVE};
    IO_STATUS_BLOCK io;
    NTSTATUS status = NtOpenFile(&folder, FILE_LIST_DIRECTORY, &attributes, &io, FILE_SHARE_READ,
                                 FILE_DIRECTORY_FILE);
    file = CreateFileW(file_name, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    LSTATUS key_status = RegOpenKeyExW(
        HKEY_LOCAL_MACHINE, L"Software\\Microsoft\\Windows NT\\CurrentVersion", 0, KEY_READ, &key);
    CreateEventW(NULL, TRUE, FALSE, L"plume calls event");
    CreateMutexW(NULL, FALSE, L"Global\\plume calls mutex");
    if (status || file == INVALID_HANDLE_VALUE || key_status) {
        printf("what is to be opened is not there\n");
        return 1;
    }
    if (count_from_now() < 200) {
        printf("the system's calls cannot be counted here\n");
        return 1;
    }
    if (argc == 4) { // to be watched from outside as well
        puts("ready");
        fflush(stdout);
        while (GetFileAttributesW(argv[3]) == INVALID_FILE_ATTRIBUTES)
            Sleep(10);
    }
    for (unsigned i = 0; i < sizeof operations / sizeof *operations; i++) {
        operations[i].run(); // whatever happens only once
        LONG64 before = *counter;
        for (unsigned n = 0; n < times; n++)
            operations[i].run();
        printf("%s %u\n", operations[i].name, (unsigned)(*counter - before));
    }
    return 0;
}
