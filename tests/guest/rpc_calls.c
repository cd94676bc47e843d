// Remote procedure calls between two processes: by a fixed local name, pipe and port, by endpoints
// that the endpoint mapper knows, with sessions, exceptions, and servers that are not there or die.
//   rpc_calls                      the parity guest
//   rpc_calls server LABEL PORT    serves until it is asked to die
//   rpc_calls leave                opens a session and ends without closing it
//   rpc_calls ask PORT             who answers by each way, a line each (for the system tests)
#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include "common_step.h"
#include "plume_test.h"
#include "rpc_calls/server.h"

#define NAME L"plume test rpc"
#define PIPE L"\\pipe\\plume_test_rpc"
enum { PATIENCE_MS = 60000, LARGE = 100000, LABEL = 32 };

// ---- the runtime's exceptions, as error codes ----

static jmp_buf in_call;
static DWORD caller;

static LONG CALLBACK on_exception(EXCEPTION_POINTERS *what)
{
    DWORD code = what->ExceptionRecord->ExceptionCode;
    if (caller != GetCurrentThreadId() || code > 0xffff)
        return EXCEPTION_CONTINUE_SEARCH;
    caller = 0;
    longjmp(in_call, (int)code);
}

/* Makes the call; the exception's code, or 0. */
#define TRY(code, call)                                                                            \
    do {                                                                                           \
        (code) = (DWORD)setjmp(in_call);                                                           \
        if (!(code)) {                                                                             \
            caller = GetCurrentThreadId();                                                         \
            call;                                                                                  \
            caller = 0;                                                                            \
        }                                                                                          \
    } while (0)

// ---- the client ----

static handle_t bound(const wchar_t *protocol, const wchar_t *endpoint)
{
    wchar_t *text = NULL;
    handle_t server = NULL;
    RPC_STATUS status = RpcStringBindingComposeW(NULL, (RPC_WSTR)protocol, NULL, (RPC_WSTR)endpoint,
                                                 NULL, (RPC_WSTR *)&text);
    if (!status)
        status = RpcBindingFromStringBindingW((RPC_WSTR)text, &server);
    if (status)
        say("binding", "%ls %ld", protocol, status);
    RpcStringFreeW((RPC_WSTR *)&text);
    return server;
}

static void sessions(handle_t server)
{
    volatile DWORD code;
    session_handle first = NULL, second = NULL;
    TRY(code, test_open(server, 10, &first));
    say("open a session", "%lu %d", code, first != NULL);
    TRY(code, test_open(server, 20, &second));
    say("another", "%lu %d", code, second != NULL);
    volatile long a = 0, b = 0;
    TRY(code, a = test_next(first));
    TRY(code, b = test_next(second));
    TRY(code, a = test_next(first));
    say("counted", "%ld %ld", a, b);
    TRY(code, test_close(&first));
    say("close", "%lu %d", code, first != NULL);
    TRY(code, a = test_next(first));
    say("a session that is none", "%lu", code);
    TRY(code, test_close(&second));
    say("close the other", "%lu", code);
}

static void calls(handle_t server)
{
    static unsigned char bytes[LARGE];
    long values[1000], status = -1, reverted = -1;
    volatile DWORD code;
    volatile long result = 0, sum = 0;
    volatile DWORD who = 0;
    wchar_t label[LABEL] = L"";
    TRY(code, who = test_who(server));
    say("who", "%lu another process %d", code, who && who != GetCurrentProcessId());
    TRY(code, test_label(server, LABEL - 1, label));
    say("label", "%lu %ls", code, label);
    for (long i = 0; i < 1000; i++)
        sum += (values[i] = i * 7);
    TRY(code, result = test_sum(server, 1000, values));
    say("sum", "%lu right %d", code, result == sum);
    TRY(code, test_fill(server, LARGE, 0x5a, bytes));
    result = 0;
    for (size_t i = 0; i < LARGE; i++)
        result += bytes[i] == 0x5a;
    say("fill", "%lu %ld", code, result);
    TRY(code, test_impersonate(server, &status, &reverted));
    say("impersonate", "%lu %ld %ld", code, status, reverted);
    TRY(code, result = test_is_client(server, GetCurrentProcessId(), &status));
    say("the client's id", "%lu %ld %ld", code, status, result);
    sessions(server);
    TRY(code, test_fail(server, 1234));
    say("an exception of the server's", "%lu", code);
    TRY(code, test_fail(server, RPC_S_ACCESS_DENIED));
    say("one of the runtime's", "%lu", code);
    TRY(code, who = test_who(server));
    say("and then", "%lu", code);
    TRY(code, test_nobody(server));
    say("an interface that nobody serves", "%lu", code);
    say("listening", "%ld", RpcMgmtIsServerListening(server));
}

static const struct way {
    const char *what;
    const wchar_t *protocol, *endpoint;
} fixed[] = {
    {"by a local name", L"ncalrpc", NAME},
    {"by a pipe", L"ncacn_np", PIPE},
    {"by a port", L"ncacn_ip_tcp", NULL},
};
static const wchar_t *const protocols[] = {L"ncalrpc", L"ncacn_np", L"ncacn_ip_tcp"};
enum { WAYS = sizeof fixed / sizeof *fixed };

static const wchar_t *endpoint_of(const struct way *way, DWORD port)
{
    static wchar_t text[16];
    _snwprintf(text, 16, L"%lu", port);
    return way->endpoint ? way->endpoint : text;
}

static void nobody_there(DWORD port)
{
    volatile DWORD code;
    for (volatile int i = 0; i < WAYS; i++) {
        handle_t server = bound(fixed[i].protocol, endpoint_of(&fixed[i], port));
        TRY(code, test_who(server));
        say(fixed[i].what, "%lu", code);
        say("listening", "%ld", RpcMgmtIsServerListening(server));
        RpcBindingFree(&server);
    }
    say("a protocol that is none", "%d", bound(L"ncacn_plume", L"x") != NULL);
}

/* By a handle without an endpoint, which the endpoint mapper completes. */
static void dynamic(void)
{
    volatile DWORD code, who = 0;
    for (volatile int i = 0; i < WAYS; i++) {
        handle_t server = bound(protocols[i], NULL);
        say("resolve", "%ls %ld", protocols[i],
            RpcEpResolveBinding(server, plume_test_v1_2_c_ifspec));
        who = 0;
        TRY(code, who = test_who(server));
        say("call", "%lu %d", code, who != 0);
        RpcBindingReset(server);
        TRY(code, who = test_who(server));
        say("call after a reset", "%lu", code);
        RpcBindingFree(&server);
    }
    handle_t server = bound(L"ncalrpc", NULL);
    say("resolve what nobody serves", "%ld",
        RpcEpResolveBinding(server, plume_unserved_v1_0_c_ifspec));
    RpcBindingFree(&server);
}

/* It ends with this process. */
static HANDLE start(const wchar_t *arguments)
{
    static HANDLE job;
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {.BasicLimitInformation.LimitFlags =
                                                       JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE};
    wchar_t path[MAX_PATH], line[600];
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION made;
    GetModuleFileNameW(NULL, path, MAX_PATH);
    _snwprintf(line, 600, L"\"%ls\" %ls", path, arguments);
    fflush(stdout);
    if (!step("start",
              CreateProcessW(NULL, line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &made)))
        exit(1);
    if (!job)
        job = CreateJobObjectW(NULL, NULL);
    SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof limits);
    AssignProcessToJobObject(job, made.hProcess);
    CloseHandle(made.hThread);
    return made.hProcess;
}

static DWORD end_of(HANDLE process)
{
    DWORD code = 0;
    if (WaitForSingleObject(process, PATIENCE_MS))
        return 0xffffffff;
    GetExitCodeProcess(process, &code);
    CloseHandle(process);
    return code;
}

/* Another client ends without a word: the server is told. */
static void run_down(handle_t server)
{
    volatile long before = 0, after = 0;
    volatile DWORD code;
    TRY(code, before = test_run_down(server));
    say("one that leaves", "%lu", end_of(start(L"leave")));
    ULONGLONG until = GetTickCount() + PATIENCE_MS;
    do {
        Sleep(10);
        TRY(code, after = test_run_down(server));
    } while (after == before && GetTickCount() < until);
    say("sessions run down", "%lu %ld", code, after - before);
}

static int parity(void)
{
    volatile DWORD code;
    unsigned long port = 27000 + GetCurrentProcessId() % 5000, dynamic_port = 0;
    wchar_t arguments[64], text[16];
    nobody_there(port);
    HANDLE ready = CreateEventW(NULL, FALSE, FALSE, RPC_READY);
    _snwprintf(arguments, 64, L"server one %lu", port);
    HANDLE either[] = {ready, start(arguments)};
    DWORD which = WaitForMultipleObjects(2, either, FALSE, PATIENCE_MS);
    say("server", "%s", which == WAIT_OBJECT_0 ? "ready" : "not ready");
    if (which != WAIT_OBJECT_0)
        return 1;
    handle_t server = bound(L"ncalrpc", NAME);
    TRY(code, test_ports(server, &port, &dynamic_port));
    say("its ports", "%lu %d %d", code, port != 0, dynamic_port != 0);
    for (volatile int i = 0; i < WAYS; i++) {
        handle_t at = bound(fixed[i].protocol, endpoint_of(&fixed[i], port));
        say("calls", "%s", fixed[i].what);
        calls(at);
        RpcBindingFree(&at);
    }
    dynamic();
    _snwprintf(text, 16, L"%lu", dynamic_port);
    handle_t at = bound(L"ncacn_ip_tcp", text);
    volatile DWORD who = 0;
    TRY(code, who = test_who(at));
    say("by the port that the system chose", "%lu %d", code, who != 0);
    RpcBindingFree(&at);
    run_down(server);
    TRY(code, test_die(server));
    say("it dies in a call", "%lu", code);
    say("its exit status", "%lu", end_of(either[1]));
    TRY(code, test_who(server));
    say("and then", "%lu", code);
    RpcBindingFree(&server);
    nobody_there(port);
    return 0;
}

static int leave(void)
{
    volatile DWORD code;
    session_handle session = NULL;
    handle_t server = bound(L"ncalrpc", NAME);
    TRY(code, test_open(server, 1, &session));
    TerminateProcess(GetCurrentProcess(), code ? code : 7);
    return 0;
}

static void answer(const char *how, const wchar_t *protocol, const wchar_t *endpoint)
{
    volatile DWORD code;
    wchar_t label[LABEL] = L"";
    handle_t server = bound(protocol, endpoint);
    TRY(code, test_label(server, LABEL - 1, label));
    if (code)
        say(how, "error %lu", code);
    else
        say(how, "%ls", label);
    RpcBindingFree(&server);
}

static int ask(const wchar_t *port)
{
    answer("name", L"ncalrpc", NAME);
    answer("pipe", L"ncacn_np", PIPE);
    answer("port", L"ncacn_ip_tcp", port);
    answer("mapped name", L"ncalrpc", NULL);
    answer("mapped pipe", L"ncacn_np", NULL);
    return 0;
}

int wmain(int argc, wchar_t **argv); // declared by no header

int wmain(int argc, wchar_t **argv)
{
    AddVectoredExceptionHandler(1, on_exception);
    if (argc > 3 && !wcscmp(argv[1], L"server"))
        return rpc_serve(NAME, PIPE, argv[2], (unsigned long)_wtoi(argv[3]));
    if (argc > 1 && !wcscmp(argv[1], L"leave"))
        return leave();
    if (argc > 2 && !wcscmp(argv[1], L"ask"))
        return ask(argv[2]);
    return parity();
}
