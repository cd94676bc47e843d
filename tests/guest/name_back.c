// Names read back: from handles, mappings, modules and processes, of files that the host has, that
// were changed, made and renamed, and of a program that was copied and started.
//
//   name_back           works in the current folder and leaves nothing but what `prepare` made
//   name_back prepare   makes what is there already: run natively before, it is the host's for a VM
//   name_back child     says what it is called; started by the guest
#include "common_step.h"
#include <winternl.h>
#include <psapi.h>
#include <stdio.h>

#define LOWER L"lower-names"

NTSTATUS NTAPI NtQueryVirtualMemory(HANDLE, const void *, ULONG, void *, SIZE_T, SIZE_T *);
NTSTATUS NTAPI NtQueryInformationFile(HANDLE, IO_STATUS_BLOCK *, void *, ULONG,
                                      FILE_INFORMATION_CLASS);

static DWORD(WINAPI *get_mapped_file_name)(HANDLE, void *, WCHAR *, DWORD);
static DWORD(WINAPI *get_image_name)(HANDLE, WCHAR *, DWORD);
static DWORD(WINAPI *get_module_name)(HANDLE, HMODULE, WCHAR *, DWORD);
static BOOL(WINAPI *query_image_name)(HANDLE, DWORD, WCHAR *, DWORD *);
static DWORD(WINAPI *get_final_path)(HANDLE, WCHAR *, DWORD, DWORD);

static void *find(const char *name)
{
    char prefixed[64];
    void *function = (void *)GetProcAddress(GetModuleHandleW(L"kernel32"), name);
    snprintf(prefixed, sizeof prefixed, "K32%s", name);
    if (!function)
        function = (void *)GetProcAddress(GetModuleHandleW(L"kernel32"), prefixed);
    if (!function)
        function = (void *)GetProcAddress(LoadLibraryW(L"psapi"), name);
    if (!function)
        say(name, "is not there");
    return function;
}

static void make(const WCHAR *path)
{
    DWORD size;
    HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    WriteFile(file, "content", 7, &size, NULL);
    CloseHandle(file);
}

static void copy_self(const WCHAR *to)
{
    WCHAR self[MAX_PATH];
    GetModuleFileNameW(NULL, self, MAX_PATH);
    if (!CopyFileW(self, to, FALSE))
        step("copy the program", FALSE);
}

static void prepare(void)
{
    CreateDirectoryW(LOWER, NULL);
    CreateDirectoryW(LOWER L"\\Sub Folder", NULL);
    make(LOWER L"\\Host File.txt");
    make(LOWER L"\\Changed.txt");
    make(LOWER L"\\before.txt");
    make(LOWER L"\\Sub Folder\\inner.txt");
    copy_self(LOWER L"\\program.exe");
}

/* What a UNICODE_STRING holds whose text must be behind it, within `size` bytes. */
static void say_string(const char *what, const void *buffer, ULONG size)
{
    const UNICODE_STRING *string = buffer;
    const char *text = (const char *)string->Buffer;
    if (text < (const char *)buffer || text + string->Length > (const char *)buffer + size)
        say(what, "its text is elsewhere");
    else
        say(what, "%.*ls, %d more", string->Length / 2, string->Buffer,
            string->MaximumLength - string->Length);
}

/* The sizes around those where the answer turns. */
static unsigned sizes_around(ULONG whole, ULONG header, ULONG *sizes)
{
    ULONG tried[] = {0,         1,         header - 1, header, header + 1, header + 2, header + 8,
                     whole - 3, whole - 2, whole - 1,  whole,  whole + 1,  whole + 2,  whole + 100};
    memcpy(sizes, tried, sizeof tried);
    return sizeof tried / sizeof *tried;
}

static void final_path(const char *name, HANDLE file)
{
    static const DWORD tried[] = {0, 1, 2, 4, 8, 9, 12, 3, 0x10};
    for (unsigned i = 0; get_final_path && i < sizeof tried / sizeof *tried; i++) {
        WCHAR path[1024] = L"";
        char what[96];
        snprintf(what, sizeof what, "%s: final path, %lx", name, tried[i]);
        DWORD length = get_final_path(file, path, 1024, tried[i]);
        if (!step(what, length != 0))
            continue;
        say(what, "%lu %ls", length, path);
        WCHAR small[1024];
        const DWORD sizes[] = {0, 1, length - 1, length, length + 1};
        for (unsigned k = 0; k < 5; k++) {
            SetLastError(0);
            DWORD got = get_final_path(file, small, sizes[k], tried[i]);
            say(what, "with %d: %d, error %lu", (int)(sizes[k] - length), (int)(got - length),
                GetLastError());
        }
    }
}

static void information(const char *name, HANDLE file)
{
    static const struct {
        ULONG class, offset;
    } tried[] = {{9, 0}, {18, 96}, {48, 0}, {58, 0}, {46, 0}, {21, 0}};
    for (unsigned i = 0; i < sizeof tried / sizeof *tried; i++) {
        static union {
            LONGLONG align;
            BYTE bytes[4096];
        } buffer;
        IO_STATUS_BLOCK io = {{0}, 0};
        char what[96];
        snprintf(what, sizeof what, "%s: class %lu", name, tried[i].class);
        NTSTATUS status = NtQueryInformationFile(file, &io, &buffer, sizeof buffer,
                                                 (FILE_INFORMATION_CLASS)tried[i].class);
        const ULONG *length = (const ULONG *)(buffer.bytes + tried[i].offset);
        if (status || tried[i].class == 46) {
            say(what, "%lx", (unsigned long)status);
            continue;
        }
        say(what, "%lu, %.*ls", (unsigned long)io.Information, (int)*length / 2,
            (const WCHAR *)(length + 1));
        ULONG sizes[14], whole = (ULONG)io.Information;
        unsigned count = sizes_around(whole, tried[i].offset + 4, sizes);
        for (unsigned k = 0; k < count; k++) {
            if ((LONG)sizes[k] < 0)
                continue;
            memset(&buffer, 0x55, sizeof buffer);
            io.Information = 0;
            status = NtQueryInformationFile(file, &io, &buffer, sizes[k],
                                            (FILE_INFORMATION_CLASS)tried[i].class);
            say(what, "with %lu: %lx %lu, length %lu", sizes[k], (unsigned long)status,
                (unsigned long)io.Information, NT_ERROR(status) ? 0 : *length);
            if (buffer.bytes[sizes[k]] != 0x55)
                say(what, "it wrote behind the buffer");
        }
    }
}

static void object_name(const char *name, HANDLE file)
{
    static union {
        LONGLONG align;
        BYTE bytes[4096];
    } buffer;
    char what[96];
    ULONG whole = 0, sizes[14];
    snprintf(what, sizeof what, "%s: object", name);
    NTSTATUS status =
        NtQueryObject(file, (OBJECT_INFORMATION_CLASS)1, &buffer, sizeof buffer, &whole);
    say(what, "%lx, %lu", (unsigned long)status, whole);
    if (status)
        return;
    say_string(what, &buffer, sizeof buffer);
    unsigned count = sizes_around(whole, sizeof(UNICODE_STRING), sizes);
    for (unsigned k = 0; k < count; k++) {
        ULONG got = 0x5555;
        memset(&buffer, 0x55, sizeof buffer);
        status = NtQueryObject(file, (OBJECT_INFORMATION_CLASS)1, &buffer, sizes[k], &got);
        say(what, "with %lu: %lx, %lu", sizes[k], (unsigned long)status, got);
        if (buffer.bytes[sizes[k]] != 0x55)
            say(what, "it wrote behind the buffer");
    }
}

static void mapped(const char *name, HANDLE process, const void *view)
{
    static union {
        LONGLONG align;
        BYTE bytes[4096];
    } buffer;
    char what[96];
    WCHAR path[MAX_PATH] = L"";
    SIZE_T whole = 0;
    ULONG sizes[14];
    snprintf(what, sizeof what, "%s: mapped", name);
    DWORD length = get_mapped_file_name(process, (void *)view, path, MAX_PATH);
    step(what, length != 0);
    say(what, "%lu %ls", length, path);
    NTSTATUS status = NtQueryVirtualMemory(process, view, 2, &buffer, sizeof buffer, &whole);
    say(what, "%lx, %lu", (unsigned long)status, (unsigned long)whole);
    if (status)
        return;
    say_string(what, &buffer, sizeof buffer);
    unsigned count = sizes_around((ULONG)whole, sizeof(UNICODE_STRING), sizes);
    for (unsigned k = 0; k < count; k++) {
        SIZE_T got = 0x5555;
        memset(&buffer, 0x55, sizeof buffer);
        status = NtQueryVirtualMemory(process, view, 2, &buffer, sizes[k], &got);
        say(what, "with %lu: %lx, %lu", sizes[k], (unsigned long)status, (unsigned long)got);
        if (buffer.bytes[sizes[k]] != 0x55)
            say(what, "it wrote behind the buffer");
    }
}

static void process_name(const char *name, HANDLE process)
{
    static union {
        LONGLONG align;
        BYTE bytes[4096];
    } buffer;
    static const ULONG classes[] = {27, 43};
    char what[96];
    for (unsigned i = 0; i < 2; i++) {
        ULONG whole = 0, sizes[14];
        snprintf(what, sizeof what, "%s: process, class %lu", name, classes[i]);
        NTSTATUS status = NtQueryInformationProcess(process, (PROCESSINFOCLASS)classes[i], &buffer,
                                                    sizeof buffer, &whole);
        say(what, "%lx, %lu", (unsigned long)status, whole);
        if (status)
            continue;
        say_string(what, &buffer, sizeof buffer);
        unsigned count = sizes_around(whole, sizeof(UNICODE_STRING), sizes);
        for (unsigned k = 0; k < count; k++) {
            ULONG got = 0x5555;
            memset(&buffer, 0x55, sizeof buffer);
            status = NtQueryInformationProcess(process, (PROCESSINFOCLASS)classes[i], &buffer,
                                               sizes[k], &got);
            say(what, "with %lu: %lx, %lu", sizes[k], (unsigned long)status, got);
            if (buffer.bytes[sizes[k]] != 0x55)
                say(what, "it wrote behind the buffer");
        }
    }
    for (DWORD flags = 0; query_image_name && flags < 2; flags++) {
        WCHAR path[MAX_PATH] = L"";
        DWORD size = MAX_PATH;
        snprintf(what, sizeof what, "%s: full image name, %lu", name, flags);
        step(what, query_image_name(process, flags, path, &size));
        say(what, "%lu %ls", size, path);
        DWORD small = size;
        step(what, query_image_name(process, flags, path, &small));
        small = size + 1;
        step(what, query_image_name(process, flags, path, &small));
    }
    WCHAR path[MAX_PATH] = L"";
    snprintf(what, sizeof what, "%s: image", name);
    say(what, "%lu %ls", get_image_name(process, path, MAX_PATH), path);
    struct {
        HANDLE process;
        UNICODE_STRING image;
    } id = {(HANDLE)(ULONG_PTR)GetProcessId(process), {0, sizeof path, path}};
    snprintf(what, sizeof what, "%s: by its id", name);
    for (unsigned i = 0; i < 4; i++) {
        static const USHORT sizes[] = {sizeof path, 0, 10, 20};
        id.image.Length = 0;
        id.image.MaximumLength = sizes[i];
        NTSTATUS status =
            NtQuerySystemInformation((SYSTEM_INFORMATION_CLASS)88, &id, sizeof id, NULL);
        say(what, "%lx, %u %u, %.*ls", (unsigned long)status, id.image.Length,
            id.image.MaximumLength, status ? 0 : id.image.Length / 2, path);
    }
}

static void child(void)
{
    WCHAR path[MAX_PATH] = L"";
    say("child", "module %lu %ls", GetModuleFileNameW(NULL, path, MAX_PATH), path);
    say("child", "module by handle %lu %ls",
        get_module_name(GetCurrentProcess(), NULL, path, MAX_PATH), path);
    WCHAR *command = GetCommandLineW();
    say("child", "command line %ls", command);
    process_name("child, itself", GetCurrentProcess());
    mapped("child, itself", GetCurrentProcess(), GetModuleHandleW(NULL));
}

static void start(const char *name, const WCHAR *program)
{
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION process;
    WCHAR command[MAX_PATH + 16];
    _snwprintf(command, MAX_PATH + 16, L"\"%ls\" child", program);
    // Stopped before its first instruction, while this program speaks of it.
    if (!step(name, CreateProcessW(program, command, NULL, NULL, TRUE, CREATE_SUSPENDED, NULL, NULL,
                                   &startup, &process)))
        return;
    process_name(name, process.hProcess);
    mapped(name, process.hProcess, GetModuleHandleW(NULL));
    ResumeThread(process.hThread);
    say(name, "ended: %lu", WaitForSingleObject(process.hProcess, 20000));
    CloseHandle(process.hThread);
    CloseHandle(process.hProcess);
}

static void everything(const char *name, const WCHAR *path)
{
    HANDLE file =
        CreateFileW(path, GENERIC_READ, 7, NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
    if (!step(name, file != INVALID_HANDLE_VALUE))
        return;
    final_path(name, file);
    information(name, file);
    object_name(name, file);
    HANDLE mapping = CreateFileMappingW(file, NULL, PAGE_READONLY, 0, 0, NULL);
    if (mapping) {
        const void *view = MapViewOfFile(mapping, FILE_MAP_READ, 0, 0, 0);
        if (step(name, view != NULL))
            mapped(name, GetCurrentProcess(), view);
        UnmapViewOfFile(view);
        CloseHandle(mapping);
    }
    CloseHandle(file);
}

int wmain(int argc, WCHAR **argv); // no header has it

int wmain(int argc, WCHAR **argv)
{
    if (argc > 1 && !wcscmp(argv[1], L"prepare"))
        return prepare(), 0;
    get_mapped_file_name = (__typeof__(get_mapped_file_name))find("GetMappedFileNameW");
    get_image_name = (__typeof__(get_image_name))find("GetProcessImageFileNameW");
    get_module_name = (__typeof__(get_module_name))find("GetModuleFileNameExW");
    query_image_name = (__typeof__(query_image_name))find("QueryFullProcessImageNameW");
    get_final_path = (__typeof__(get_final_path))find("GetFinalPathNameByHandleW");
    if (!get_mapped_file_name || !get_image_name || !get_module_name)
        return 1;
    if (argc > 1)
        return child(), 0;
    if (GetFileAttributesW(LOWER) == INVALID_FILE_ATTRIBUTES)
        prepare();
    everything("host's", LOWER L"\\Host File.txt");
    everything("host's, below", LOWER L"\\Sub Folder\\inner.txt");
    HANDLE file =
        CreateFileW(LOWER L"\\Changed.txt", GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    DWORD size;
    WriteFile(file, "x", 1, &size, NULL);
    CloseHandle(file);
    everything("changed", LOWER L"\\Changed.txt");
    make(LOWER L"\\New File.txt");
    everything("new", LOWER L"\\New File.txt");
    step("rename", MoveFileW(LOWER L"\\before.txt", LOWER L"\\after.txt"));
    everything("renamed", LOWER L"\\after.txt");
    everything("folder", LOWER);
    everything("root", L"C:\\");
    step("rename folder", MoveFileW(LOWER L"\\Sub Folder", LOWER L"\\Moved"));
    everything("below a renamed folder", LOWER L"\\Moved\\inner.txt");

    // While it is open and mapped.
    file = CreateFileW(LOWER L"\\New File.txt", GENERIC_READ | DELETE, 7, NULL, OPEN_EXISTING, 0,
                       NULL);
    object_name("open", file);
    step("rename it", MoveFileW(LOWER L"\\New File.txt", LOWER L"\\Newer.txt"));
    object_name("open, renamed", file);
    CloseHandle(file);

    start("host's program", LOWER L"\\program.exe");
    copy_self(LOWER L"\\copied.exe");
    start("copied program", LOWER L"\\copied.exe");
    step("rename program", MoveFileW(LOWER L"\\program.exe", LOWER L"\\renamed.exe"));
    start("renamed program", LOWER L"\\renamed.exe");
    process_name("this one", GetCurrentProcess());

    static const WCHAR *const left[] = {L"Host File.txt", L"Changed.txt",      L"Newer.txt",
                                        L"after.txt",     L"Moved\\inner.txt", L"copied.exe",
                                        L"renamed.exe"};
    for (unsigned i = 0; i < sizeof left / sizeof *left; i++) {
        WCHAR path[MAX_PATH];
        _snwprintf(path, MAX_PATH, LOWER L"\\%ls", left[i]);
        if (!DeleteFileW(path))
            step("clean up", FALSE);
    }
    RemoveDirectoryW(LOWER L"\\Moved");
    step("clean up", RemoveDirectoryW(LOWER));
    return 0;
}
