// Processes and threads by their ids: the program's own, its child's, those that are none, and what
// is no process at all.
#include "common_step.h"
#include <stdio.h>
#include <string.h>
#include <winternl.h>

static WCHAR self[MAX_PATH];

static NTSTATUS(NTAPI *open_process)(HANDLE *, ACCESS_MASK, OBJECT_ATTRIBUTES *, CLIENT_ID *);
static NTSTATUS(NTAPI *open_thread)(HANDLE *, ACCESS_MASK, OBJECT_ATTRIBUTES *, CLIENT_ID *);

static HANDLE by_id(const char *name, ACCESS_MASK access, ULONG_PTR process, ULONG_PTR thread)
{
    OBJECT_ATTRIBUTES attributes = {.Length = sizeof attributes};
    CLIENT_ID id = {(HANDLE)process, (HANDLE)thread};
    HANDLE handle = NULL;
    NTSTATUS status = open_process(&handle, access, &attributes, &id);
    say(name, "%08lx, %s", (unsigned long)status, handle ? "a handle" : "none");
    return handle;
}

static HANDLE thread_by_id(const char *name, ACCESS_MASK access, ULONG_PTR process,
                           ULONG_PTR thread)
{
    OBJECT_ATTRIBUTES attributes = {.Length = sizeof attributes};
    CLIENT_ID id = {(HANDLE)process, (HANDLE)thread};
    HANDLE handle = NULL;
    NTSTATUS status = open_thread(&handle, access, &attributes, &id);
    say(name, "%08lx, %s", (unsigned long)status, handle ? "a handle" : "none");
    return handle;
}

static void next_ones(DWORD child)
{
    NTSTATUS(NTAPI * next)(HANDLE, ACCESS_MASK, ULONG, ULONG, HANDLE *);
    NTSTATUS(NTAPI * next_thread)(HANDLE, HANDLE, ACCESS_MASK, ULONG, ULONG, HANDLE *);
    HMODULE ntdll = GetModuleHandleW(L"ntdll.dll");
    next = (void *)GetProcAddress(ntdll, "NtGetNextProcess");
    next_thread = (void *)GetProcAddress(ntdll, "NtGetNextThread");
    say("NtGetNextProcess", "%s", next ? "is there" : "is not there");
    unsigned me = 0, children = 0;
    HANDLE at = NULL, found;
    while (next && !next(at, PROCESS_QUERY_INFORMATION, 0, 0, &found)) {
        if (at)
            CloseHandle(at);
        at = found;
        me += GetProcessId(at) == GetCurrentProcessId();
        children += GetProcessId(at) == child;
    }
    if (next)
        say("next processes", "this %u, child %u", me, children);
    HANDLE thread = NULL;
    if (next_thread)
        say("NtGetNextThread", "%08lx",
            (unsigned long)next_thread(GetCurrentProcess(), NULL, THREAD_QUERY_INFORMATION, 0, 0,
                                       &thread));
}

static BOOL start(DWORD flags, PROCESS_INFORMATION *process)
{
    STARTUPINFOW startup = {.cb = sizeof startup};
    WCHAR line[] = L"child wait";
    return CreateProcessW(self, line, NULL, NULL, FALSE, flags, NULL, NULL, &startup, process);
}

int wmain(int argc, WCHAR **argv); // no header has it

int wmain(int argc, WCHAR **argv)
{
    PROCESS_INFORMATION process;
    HMODULE ntdll = GetModuleHandleW(L"ntdll.dll");
    (void)argv;
    GetModuleFileNameW(NULL, self, MAX_PATH);
    if (argc > 1) {
        Sleep(INFINITE);
        return 0;
    }
    open_process = (void *)GetProcAddress(ntdll, "NtOpenProcess");
    open_thread = (void *)GetProcAddress(ntdll, "NtOpenThread");
    if (!step("child: start", start(0, &process)))
        return 1;
    DWORD own = GetCurrentProcessId(), own_thread = GetCurrentThreadId();

    CloseHandle(by_id("this", PROCESS_ALL_ACCESS, own, 0));
    CloseHandle(by_id("child", PROCESS_TERMINATE, process.dwProcessId, 0));
    HANDLE handle = by_id("child, to wait for", SYNCHRONIZE, process.dwProcessId, 0);
    step("child, to wait for: end with it", TerminateProcess(handle, 1));
    CloseHandle(handle);
    by_id("none", PROCESS_QUERY_INFORMATION, 0x7ffffff0, 0);
    by_id("0", PROCESS_QUERY_INFORMATION, 0, 0);
    by_id("-1", PROCESS_QUERY_INFORMATION, (ULONG_PTR)-1, 0);
    by_id("thread that is none", PROCESS_QUERY_INFORMATION, 0x7ffffff0, 0x7ffffff4);
    by_id("thread's id as a process", PROCESS_QUERY_INFORMATION, own_thread, 0);

    CloseHandle(thread_by_id("this thread", THREAD_ALL_ACCESS, 0, own_thread));
    CloseHandle(thread_by_id("this thread of this process", SYNCHRONIZE, own, own_thread));
    CloseHandle(thread_by_id("child's thread", THREAD_SUSPEND_RESUME, 0, process.dwThreadId));
    CloseHandle(thread_by_id("child's thread of the child", THREAD_QUERY_INFORMATION,
                             process.dwProcessId, process.dwThreadId));
    thread_by_id("no thread", THREAD_QUERY_INFORMATION, 0, 0x7ffffff4);
    thread_by_id("thread 0", THREAD_QUERY_INFORMATION, 0, 0);
    thread_by_id("process's id as a thread", THREAD_QUERY_INFORMATION, 0, own);

    step("Win32: none", OpenProcess(PROCESS_ALL_ACCESS, FALSE, 0x7ffffff0) != NULL);
    step("Win32: 0", OpenProcess(PROCESS_ALL_ACCESS, FALSE, 0) != NULL);
    step("Win32: no thread", OpenThread(THREAD_ALL_ACCESS, FALSE, 0x7ffffff0) != NULL);
    handle = OpenProcess(PROCESS_DUP_HANDLE, TRUE, process.dwProcessId);
    DWORD flags = 0;
    step("Win32: inherited", handle && GetHandleInformation(handle, &flags));
    step_code("Win32: inherited", flags);
    next_ones(process.dwProcessId);

    step("child: end", TerminateProcess(process.hProcess, 5));
    step_code("child: ends", WaitForSingleObject(process.hProcess, INFINITE));
    return 0;
}
