// COM: classes in DLLs, programs, services and surrogates, apartments, marshalling, the running
// object table, automation. Needs dll_com.dll and com_automation.tlb beside it.
//   com_calls                             the parity guest
//   com_calls server CLASS MARK mta|sta   what the system starts as a server; ends when nobody uses
//   it com_calls service MARK                the same, as a service com_calls unmarshal, active
//   what the guest starts
// and for the system tests:
//   com_calls register MARK, unregister   all classes
//   com_calls ask [program]               what each class says, a line each, or that of the program
//   com_calls hold NAME                   publishes an object of com_local and says "holding",
//   com_calls release                     until this
//   com_calls running                     names in the running object table, the active object
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>
#include "com_calls/calls.h"

#define ID(last)                                                                                   \
    {                                                                                              \
        0x5e1c8f0a, 0x7d34, 0x4b6e,                                                                \
        {                                                                                          \
            0x9a, 0x51, 0xc2, 0x0f, 0x6e, 0x7b, 0x9e, last                                         \
        }                                                                                          \
    }
const CLSID com_fragile = ID(0x26), com_missing = ID(0x27), com_ending = ID(0x28);

bool told(const char *what, HRESULT result)
{
    say(what, "%08lx", (unsigned long)result);
    return result == S_OK;
}

DWORD run_line(wchar_t *line)
{
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION made;
    DWORD code = 0xffffffff;
    fflush(stdout);
    if (!CreateProcessW(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &made))
        return GetLastError();
    CloseHandle(made.hThread);
    if (!WaitForSingleObject(made.hProcess, PATIENCE_MS))
        GetExitCodeProcess(made.hProcess, &code);
    CloseHandle(made.hProcess);
    return code;
}

DWORD run_own(const wchar_t *arguments)
{
    wchar_t own[MAX_PATH], line[LINE];
    GetModuleFileNameW(NULL, own, MAX_PATH);
    _snwprintf(line, LINE, L"\"%ls\" %ls", own, arguments);
    return run_line(line);
}

HRESULT create(const CLSID *class, DWORD context, IPlumeTest **object)
{
    *object = NULL;
    return CoCreateInstance(class, NULL, context, &IID_IPlumeTest, (void **)object);
}

HANDLE process_of(IPlumeTest *object)
{
    DWORD process = 0, thread;
    IPlumeTest_who(object, &process, &thread);
    HANDLE handle =
        OpenProcess(SYNCHRONIZE | PROCESS_QUERY_INFORMATION | PROCESS_TERMINATE, FALSE, process);
    if (!handle)
        step("open the server's process", FALSE);
    return handle;
}

/* Wine 8's servers do not always come to their end, natively as well. One that takes back an
 * interface while its last call is being finished can wait for that call for ever:
 * RpcServerUnregisterIf() sees the call under way, the call's end sees no `Delete` yet and sets no
 * event (RpcServerUnregisterIf and RPCRT4_release_server_interface in dlls/rpcrt4/rpc_server.c).
 * Who made that call may wait as long for its answer. Such a server is ended, so that the client
 * goes on and the next step does not find it. */
struct parting {
    HANDLE server, parted;
};

static DWORD WINAPI end_if_stuck(void *data)
{
    const struct parting *parting = data;
    if (WaitForSingleObject(parting->parted, END_MS) == WAIT_TIMEOUT)
        TerminateProcess(parting->server, 1);
    return 0;
}

/* Returns what the wait for the server ended with, or -1 if there was none. */
static long part(IPlumeTest *object, bool end)
{
    DWORD process = 0, thread;
    if (IPlumeTest_who(object, &process, &thread) == S_OK && process == GetCurrentProcessId())
        process = 0;
    HANDLE server = process ? process_of(object) : NULL;
    if (!server) {
        IPlumeTest_Release(object);
        return -1;
    }
    struct parting parting = {server, CreateEventW(NULL, TRUE, FALSE, NULL)};
    HANDLE watcher = CreateThread(NULL, 0, end_if_stuck, &parting, 0, NULL);
    if (end)
        IPlumeTest_leave(object); // the answer may be lost
    IPlumeTest_Release(object);
    SetEvent(parting.parted);
    WaitForSingleObject(watcher, INFINITE);
    CloseHandle(watcher);
    CloseHandle(parting.parted);
    long ended = (long)WaitForSingleObject(server, END_MS);
    if (ended > 0)
        TerminateProcess(server, 1);
    CloseHandle(server);
    return ended;
}

// How a server ended is not compared: see end_if_stuck().
static void say_end(long ended)
{
    if (ended >= 0)
        printf("differs: the server's end: %ld\n", ended);
}

void release_and_wait(IPlumeTest *object)
{
    say_end(part(object, false));
}

void end_and_wait(IPlumeTest *object)
{
    say_end(part(object, true));
}

static void ask_class(const char *what, const CLSID *class, DWORD context)
{
    IPlumeTest *object;
    wchar_t text[MARK] = L"";
    HRESULT result = create(class, context, &object);
    if (result == S_OK) {
        result = IPlumeTest_mark(object, MARK - 1, text);
        // Who asks next must not be led to a server that is about to end; the service stays.
        if (class == &com_service)
            IPlumeTest_Release(object);
        else
            part(object, false);
    }
    if (result == S_OK)
        say(what, "%ls", text);
    else
        say(what, "error %08lx", (unsigned long)result);
}

static int ask(bool only_program)
{
    if (!only_program)
        ask_class("in process", &com_in_proc, CLSCTX_INPROC_SERVER);
    ask_class("program", &com_local, CLSCTX_LOCAL_SERVER);
    if (only_program)
        return 0;
    ask_class("service", &com_service, CLSCTX_LOCAL_SERVER);
    ask_class("surrogate", &com_surrogate, CLSCTX_LOCAL_SERVER);
    return 0;
}

#define RELEASE L"plume test com release"

static int hold(const wchar_t *name)
{
    wchar_t file[MAX_PATH];
    IPlumeTest *object;
    DWORD process = 0, thread;
    HANDLE go = CreateEventW(NULL, TRUE, FALSE, RELEASE);
    HRESULT result = create(&com_local, CLSCTX_LOCAL_SERVER, &object);
    if (result == S_OK) {
        _snwprintf(file, MAX_PATH, L"C:\\plume\\%ls", name);
        result = IPlumeTest_publish(object, name, file);
        IPlumeTest_who(object, &process, &thread);
    }
    if (result != S_OK)
        return !told("hold", result);
    say("server", "%lu", process);
    say("holding", "%ls", name);
    WaitForSingleObject(go, INFINITE);
    release_and_wait(object);
    return 0;
}

static int let_go(void)
{
    HANDLE go = OpenEventW(EVENT_MODIFY_STATE, FALSE, RELEASE);
    return !step("release", go && SetEvent(go));
}

static int show_running(void)
{
    IUnknown *found;
    IPlumeTest *object;
    wchar_t text[MARK] = L"";
    list_running();
    HRESULT result = GetActiveObject(&com_local, NULL, &found);
    if (result == S_OK) {
        result = IUnknown_QueryInterface(found, &IID_IPlumeTest, (void **)&object);
        IUnknown_Release(found);
    }
    if (result == S_OK) {
        result = IPlumeTest_mark(object, MARK - 1, text);
        IPlumeTest_Release(object);
    }
    if (result == S_OK)
        say("active", "%ls", text);
    else
        say("active", "error %08lx", (unsigned long)result);
    return 0;
}

static int parity(void)
{
    classes();
    apartments();
    running();
    automation();
    return 0;
}

static int run(int argc, wchar_t **argv)
{
    const wchar_t *verb = argc > 1 ? argv[1] : L"";
    if (!wcscmp(verb, L"unmarshal"))
        return unmarshal(NULL);
    if (!wcscmp(verb, L"active"))
        return find_active();
    if (!wcscmp(verb, L"register") && argc > 2)
        return !register_all(argv[2], true);
    if (!wcscmp(verb, L"unregister")) {
        unregister_all();
        return 0;
    }
    if (!wcscmp(verb, L"ask"))
        return ask(argc > 2 && !wcscmp(argv[2], L"program"));
    if (!wcscmp(verb, L"hold") && argc > 2)
        return hold(argv[2]);
    if (!wcscmp(verb, L"release"))
        return let_go();
    if (!wcscmp(verb, L"running"))
        return show_running();
    return parity();
}

int wmain(int argc, wchar_t **argv); // declared by no header

int wmain(int argc, wchar_t **argv)
{
    if (argc > 4 && !wcscmp(argv[1], L"server"))
        return serve(argv[2], argv[3], argv[4]);
    if (argc > 2 && !wcscmp(argv[1], L"service"))
        return serve_as_service(argv[2]);
    if (!told("COM", CoInitializeEx(NULL, COINIT_MULTITHREADED)))
        return 1;
    int status = run(argc, argv);
    CoUninitialize();
    return status;
}
