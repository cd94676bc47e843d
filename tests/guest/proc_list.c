// Lists of processes, threads and handles: the program finds itself and its child in each, each
// with the right parent, and both by their ids; in each, what it started and nothing that it did
// not.
#include "common_step.h"
#include <psapi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tlhelp32.h>
#include <winternl.h>

static WCHAR self[MAX_PATH];
static DWORD own, child_id, child_thread;

static BOOL start(const WCHAR *arguments, DWORD flags, PROCESS_INFORMATION *process)
{
    WCHAR line[2 * MAX_PATH];
    STARTUPINFOW startup = {.cb = sizeof startup};
    _snwprintf(line, sizeof line / sizeof *line, L"\"%ls\" %ls", self, arguments);
    line[sizeof line / sizeof *line - 1] = 0;
    return CreateProcessW(self, line, NULL, NULL, FALSE, flags, NULL, NULL, &startup, process);
}

static void toolhelp(void)
{
    PROCESSENTRY32W entry = {.dwSize = sizeof entry};
    THREADENTRY32 thread = {.dwSize = sizeof thread};
    MODULEENTRY32W module = {.dwSize = sizeof module};
    unsigned me = 0, child = 0, parent_listed = 0, all = 0, threads = 0, modules = 0;
    HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    step("toolhelp: snapshot", snapshot != INVALID_HANDLE_VALUE);
    for (BOOL more = Process32FirstW(snapshot, &entry); more;
         more = Process32NextW(snapshot, &entry)) {
        all++;
        if (entry.th32ProcessID == own) {
            me++;
            parent_listed = entry.th32ParentProcessID;
            say("toolhelp: own name", "%ls", entry.szExeFile);
        }
        if (entry.th32ProcessID == child_id) {
            child++;
            say("toolhelp: child's name", "%ls", entry.szExeFile);
            say("toolhelp: child's parent", "%s",
                entry.th32ParentProcessID == own ? "this" : "another");
        }
    }
    step_code("toolhelp: the end", GetLastError());
    CloseHandle(snapshot);
    say("toolhelp: own entries", "%u", me);
    say("toolhelp: child's entries", "%u", child);
    printf("differs: toolhelp: %u processes, own parent %u\n", all, parent_listed);

    snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0);
    step("toolhelp: threads", snapshot != INVALID_HANDLE_VALUE);
    for (BOOL more = Thread32First(snapshot, &thread); more; more = Thread32Next(snapshot, &thread))
        threads += thread.th32ThreadID == child_thread && thread.th32OwnerProcessID == child_id;
    CloseHandle(snapshot);
    say("toolhelp: child's thread", "%u", threads);

    snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPMODULE, child_id);
    step("toolhelp: child's modules", snapshot != INVALID_HANDLE_VALUE);
    for (BOOL more = Module32FirstW(snapshot, &module); more;
         more = Module32NextW(snapshot, &module))
        modules += !lstrcmpiW(module.szModule, L"ntdll.dll") ||
                   !lstrcmpiW(module.szModule, L"kernel32.dll");
    CloseHandle(snapshot);
    say("toolhelp: child's modules", "%u", modules);
    snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPMODULE, 0x7ffffffc);
    step("toolhelp: modules of no process", snapshot != INVALID_HANDLE_VALUE);
}

static void psapi(void)
{
    static DWORD ids[4096];
    DWORD size = 0;
    unsigned me = 0, child = 0;
    BOOL(WINAPI * enumerate)
    (DWORD *, DWORD, DWORD *) = (void *)GetProcAddress(LoadLibraryW(L"psapi.dll"), "EnumProcesses");
    step("psapi: list", enumerate(ids, sizeof ids, &size));
    for (unsigned i = 0; i < size / sizeof *ids; i++) {
        me += ids[i] == own;
        child += ids[i] == child_id;
    }
    say("psapi: this, the child", "%u %u", me, child);
}

typedef NTSTATUS(NTAPI *query_function)(ULONG, void *, ULONG, ULONG *);

static query_function query;

/* The class's list in a buffer of just the size that the system asks for. */
static uint8_t *take(const char *name, ULONG class, ULONG *size)
{
    ULONG needed = 0, got = 0;
    uint8_t *list = NULL;
    NTSTATUS status = query(class, NULL, 0, &needed);
    say(name, "without a buffer %08lx", (unsigned long)status);
    for (int i = 0; i < 50; i++) {
        free(list);
        list = calloc(1, needed + 1);
        got = 0;
        status = query(class, list, needed, &got);
        if (status != (NTSTATUS)0xC0000004)
            break;
        needed = got > needed ? got : needed * 2 + 64;
    }
    say(name, "%08lx, %s", (unsigned long)status, status || got <= needed ? "fits" : "too long");
    *size = got;
    if (!status)
        return list;
    free(list);
    return NULL;
}

static void processes(const char *name, ULONG class)
{
    ULONG size;
    uint8_t *list = take(name, class, &size);
    unsigned me = 0, child = 0, unnamed = 0, outside = 0;
    for (uint8_t *at = list; at;) {
        SYSTEM_PROCESS_INFORMATION *entry = (SYSTEM_PROCESS_INFORMATION *)at;
        UNICODE_STRING *image = &entry->ImageName;
        DWORD id = (DWORD)(ULONG_PTR)entry->UniqueProcessId;
        me += id == own;
        child += id == child_id;
        if (image->Buffer && ((uint8_t *)image->Buffer < list ||
                              (uint8_t *)image->Buffer + image->Length > list + size))
            outside++;
        unnamed += id > 4 && !image->Length;
        at = entry->NextEntryOffset ? at + entry->NextEntryOffset : NULL;
    }
    if (list)
        say(name, "this %u, child %u, names outside %u, without a name %u", me, child, outside,
            unnamed);
    free(list);
}

static void handles(const char *name, ULONG class, HANDLE of_own)
{
    ULONG size;
    uint8_t *list = take(name, class, &size);
    unsigned mine = 0;
    ULONG count = list ? *(ULONG *)list : 0;
    for (ULONG i = 0; i < count; i++) {
        ULONG_PTR owner, handle;
        if (class == 64) {
            ULONG_PTR *entry =
                (ULONG_PTR *)(list + 2 * sizeof(void *) + i * (3 * sizeof(void *) + 16));
            owner = entry[1];
            handle = entry[2];
        } else {
            uint8_t *entry = list + sizeof(void *) + i * (8 + 2 * sizeof(void *));
            owner = *(uint16_t *)entry;
            handle = ((uint16_t *)entry)[3];
        }
        mine += owner == (class == 64 ? own : own & 0xffff) && handle == (ULONG_PTR)of_own;
    }
    if (list)
        say(name, "this program's handle %u", mine);
    free(list);
}

static DWORD parent_of(const char *name, HANDLE process)
{
    PROCESS_BASIC_INFORMATION basic;
    NTSTATUS(NTAPI * ask)
    (HANDLE, ULONG, void *, ULONG, ULONG *) =
        (void *)GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "NtQueryInformationProcess");
    ULONG size = 0;
    NTSTATUS status = ask(process, 0, &basic, sizeof basic, &size);
    say(name, "%08lx, %lu", (unsigned long)status, (unsigned long)size);
    return (DWORD)(ULONG_PTR)basic.InheritedFromUniqueProcessId;
}

/* What a child finds: its parent, by all the ways. */
static int look_up(DWORD expected)
{
    PROCESSENTRY32W entry = {.dwSize = sizeof entry};
    HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    DWORD listed = 0;
    for (BOOL more = Process32FirstW(snapshot, &entry); more;
         more = Process32NextW(snapshot, &entry))
        if (entry.th32ProcessID == GetCurrentProcessId())
            listed = entry.th32ParentProcessID;
    HANDLE parent = OpenProcess(PROCESS_QUERY_INFORMATION, FALSE, expected);
    return (listed == expected) + 2 * (parent != NULL) +
           4 * (parent_of("child: of itself", GetCurrentProcess()) == expected);
}

int wmain(int argc, WCHAR **argv); // no header has it

int wmain(int argc, WCHAR **argv)
{
    PROCESS_INFORMATION process, other;
    DWORD code = 0;
    GetModuleFileNameW(NULL, self, MAX_PATH);
    if (argc > 2 && !wcscmp(argv[1], L"parent"))
        return look_up(wcstoul(argv[2], NULL, 10));
    if (argc > 1) {
        Sleep(INFINITE);
        return 0;
    }
    query = (query_function)(void *)GetProcAddress(GetModuleHandleW(L"ntdll.dll"),
                                                   "NtQuerySystemInformation");
    own = GetCurrentProcessId();
    if (!step("child: start", start(L"wait", CREATE_SUSPENDED, &process)))
        return 1;
    child_id = process.dwProcessId;
    child_thread = process.dwThreadId;
    toolhelp();
    psapi();
    processes("class 5", 5);
    processes("class 57", 57);
    processes("class 148", 148);
    handles("class 16", 16, process.hProcess);
    handles("class 64", 64, process.hProcess);
    say("child's parent", "%s",
        parent_of("child's parent", process.hProcess) == own ? "this" : "another");
    say("child's id", "%s", GetProcessId(process.hProcess) == child_id ? "the same" : "another");

    WCHAR arguments[40];
    _snwprintf(arguments, 40, L"parent %lu", (unsigned long)own);
    fflush(stdout);
    if (step("child that looks up: start", start(arguments, 0, &other))) {
        WaitForSingleObject(other.hProcess, INFINITE);
        GetExitCodeProcess(other.hProcess, &code);
        step_code("child that looks up: found", code);
    }
    step("child: end", TerminateProcess(process.hProcess, 3));
    WaitForSingleObject(process.hProcess, INFINITE);
    HANDLE ended = OpenProcess(PROCESS_QUERY_INFORMATION, FALSE, child_id);
    step("ended child, of which there is a handle: open", ended != NULL);
    if (ended)
        CloseHandle(ended);
    CloseHandle(process.hThread);
    CloseHandle(process.hProcess);
    return 0;
}
