#include "server.h"
#include <stdlib.h>
#include "../common_step.h"
#include "plume_test.h"

static const wchar_t *own_label;
static unsigned long fixed_port, dynamic_port;
static LONG run_down_count;

// What the runtime's stubs allocate with; the names are its own.
void *__RPC_USER MIDL_user_allocate(size_t size)
{
    return malloc(size);
}

void __RPC_USER MIDL_user_free(void *memory)
{
    free(memory);
}

unsigned long served_test_who(handle_t client)
{
    (void)client;
    return GetCurrentProcessId();
}

void served_test_label(handle_t client, long count, wchar_t *text)
{
    (void)client;
    for (long i = 0; i < count; i++)
        text[i] = (size_t)i < wcslen(own_label) ? own_label[i] : 0;
}

long served_test_sum(handle_t client, long count, const long *values)
{
    long sum = 0;
    (void)client;
    for (long i = 0; i < count; i++)
        sum += values[i];
    return sum;
}

void served_test_fill(handle_t client, long count, unsigned char value, unsigned char *bytes)
{
    (void)client;
    memset(bytes, value, (size_t)count);
}

void served_test_ports(handle_t client, unsigned long *fixed, unsigned long *dynamic)
{
    (void)client;
    *fixed = fixed_port;
    *dynamic = dynamic_port;
}

void served_test_impersonate(handle_t client, long *impersonated, long *reverted)
{
    (void)client;
    *impersonated = RpcImpersonateClient(NULL);
    *reverted = RpcRevertToSelf();
}

long served_test_is_client(handle_t client, unsigned long process, long *status)
{
    unsigned long found = 0;
    (void)client;
    *status = I_RpcBindingInqLocalClientPID(NULL, &found);
    return found == process;
}

void served_test_open(handle_t client, long start, session_handle *session)
{
    long *count = malloc(sizeof *count);
    (void)client;
    *count = start;
    *session = count;
}

long served_test_next(session_handle session)
{
    return ++*(long *)session;
}

void served_test_close(session_handle *session)
{
    free(*session);
    *session = NULL;
}

void __RPC_USER session_handle_rundown(session_handle session)
{
    free(session);
    InterlockedIncrement(&run_down_count);
}

long served_test_run_down(handle_t client)
{
    (void)client;
    return run_down_count;
}

void served_test_fail(handle_t client, unsigned long code)
{
    (void)client;
    RpcRaiseException((long)code);
}

void served_test_die(handle_t client)
{
    (void)client;
    TerminateProcess(GetCurrentProcess(), 3);
}

unsigned long served_test_nobody(handle_t client)
{
    (void)client;
    return 0;
}

static BOOL good(const char *what, RPC_STATUS status)
{
    if (status)
        say(what, "error %ld", status);
    return !status;
}

/* The port in a binding's text: "ncacn_ip_tcp:address[port]". */
static unsigned long port_of(handle_t binding)
{
    wchar_t *text = NULL;
    unsigned long port = 0;
    if (!RpcBindingToStringBindingW(binding, (RPC_WSTR *)&text)) {
        const wchar_t *bracket = wcschr(text, L'[');
        if (!wcsncmp(text, L"ncacn_ip_tcp", 12) && bracket)
            port = (unsigned long)_wtoi(bracket + 1);
        RpcStringFreeW((RPC_WSTR *)&text);
    }
    return port;
}

static BOOL listen_at(const wchar_t *name, const wchar_t *pipe, unsigned long port)
{
    static RPC_WSTR const protocols[] = {(RPC_WSTR)L"ncalrpc", (RPC_WSTR)L"ncacn_np",
                                         (RPC_WSTR)L"ncacn_ip_tcp"};
    RPC_STATUS status = RPC_S_DUPLICATE_ENDPOINT;
    enum { MANY = RPC_C_PROTSEQ_MAX_REQS_DEFAULT };
    wchar_t text[16];
    // First the dynamic ones: Wine makes none of a kind that there is one of already.
    for (int i = 0; i < 3; i++)
        if (!good("dynamic", RpcServerUseProtseqW(protocols[i], MANY, NULL)))
            return FALSE;
    if (!good("name", RpcServerUseProtseqEpW(protocols[0], MANY, (RPC_WSTR)name, NULL)) ||
        !good("pipe", RpcServerUseProtseqEpW(protocols[1], MANY, (RPC_WSTR)pipe, NULL)))
        return FALSE;
    for (fixed_port = port; status && fixed_port < port + 50; fixed_port++) {
        _snwprintf(text, 16, L"%lu", fixed_port);
        status = RpcServerUseProtseqEpW(protocols[2], MANY, (RPC_WSTR)text, NULL);
    }
    fixed_port--;
    if (!good("port", status))
        return FALSE;
    return TRUE;
}

int rpc_serve(const wchar_t *name, const wchar_t *pipe, const wchar_t *label, unsigned long port)
{
    RPC_BINDING_VECTOR *bindings = NULL;
    own_label = label;
    if (!listen_at(name, pipe, port) ||
        !good("register", RpcServerRegisterIf(served_plume_test_v1_2_s_ifspec, NULL, NULL)) ||
        !good("bindings", RpcServerInqBindings(&bindings)))
        return 1;
    for (unsigned long i = 0; i < bindings->Count; i++) {
        unsigned long found = port_of(bindings->BindingH[i]);
        if (found && found != fixed_port)
            dynamic_port = found;
    }
    if (!good("map", RpcEpRegisterW(served_plume_test_v1_2_s_ifspec, bindings, NULL,
                                    (RPC_WSTR)L"plume test")))
        return 1;
    RpcBindingVectorFree(&bindings);
    if (!good("listen", RpcServerListen(1, RPC_C_LISTEN_MAX_CALLS_DEFAULT, TRUE)))
        return 1;
    say("differs: port", "%lu", fixed_port); // derived from a process's id
    say("serving", "%ls", label);
    HANDLE ready = OpenEventW(EVENT_MODIFY_STATE, FALSE, RPC_READY);
    SetEvent(ready);
    return (int)RpcMgmtWaitServerListen();
}
