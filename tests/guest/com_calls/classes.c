// Classes of every kind of server, and those that cannot be had.
#include "calls.h"
#include <psapi.h>
#include <wchar.h>

static void cannot_be_had(const char *what, const CLSID *class, DWORD context)
{
    IPlumeTest *object = NULL;
    if (told(what, create(class, context, &object)))
        IPlumeTest_Release(object);
}

static void unregistered(void)
{
    CLSID id;
    cannot_be_had("not registered, local", &com_local, CLSCTX_LOCAL_SERVER);
    cannot_be_had("not registered, in process", &com_in_proc, CLSCTX_INPROC_SERVER);
    cannot_be_had("not registered, any", &com_nobody, CLSCTX_ALL);
    told("a name that is none", CLSIDFromProgID(L"Plume.Test", &id));
}

/* All that an object can be asked that needs no more than its proxy. */
static void ask_all(IPlumeTest *object)
{
    wchar_t text[MARK] = L"";
    LONG values[1000], sum = 0, expected = 0, impersonated = -1, reverted = -1;
    IUnknown *none = NULL, *one = NULL, *same = NULL;
    IPlumeTest *other = NULL;
    if (told("mark", IPlumeTest_mark(object, MARK - 1, text)))
        say("it says", "%ls", text);
    for (LONG i = 0; i < 1000; i++)
        expected += values[i] = i * 3;
    if (told("sum", IPlumeTest_sum(object, 1000, values, &sum)))
        say("it is", "%s", sum == expected ? "right" : "wrong");
    told("an error", IPlumeTest_fail(object, (LONG)E_ACCESSDENIED));
    told("another", IPlumeTest_fail(object, (LONG)0x80040abc));
    told("success that is none", IPlumeTest_fail(object, S_FALSE));
    told("an interface that it has not",
         IPlumeTest_QueryInterface(object, &IID_IPersistFile, (void **)&none));
    told("itself", IPlumeTest_QueryInterface(object, &IID_IUnknown, (void **)&one));
    told("again", IPlumeTest_QueryInterface(object, &IID_IUnknown, (void **)&same));
    say("the same", "%d", one == same);
    IUnknown_Release(one);
    IUnknown_Release(same);
    if (told("another object", IPlumeTest_another(object, &other))) {
        told("its mark", IPlumeTest_mark(other, MARK - 1, text));
        IPlumeTest_Release(other);
    }
    told("impersonate", IPlumeTest_impersonate(object, &impersonated, &reverted));
    told("impersonated", impersonated);
    told("reverted", reverted);
}

static void factories(const CLSID *class, DWORD context)
{
    IClassFactory *factory = NULL;
    IPlumeTest *object = NULL;
    IUnknown *outer;
    if (!told("factory",
              CoGetClassObject(class, context, NULL, &IID_IClassFactory, (void **)&factory)))
        return;
    told("lock", IClassFactory_LockServer(factory, TRUE));
    told("make", IClassFactory_CreateInstance(factory, NULL, &IID_IPlumeTest, (void **)&object));
    outer = (IUnknown *)object;
    if (context == CLSCTX_INPROC_SERVER) {
        IPlumeTest *whole = NULL;
        told("as a part of another",
             IClassFactory_CreateInstance(factory, outer, &IID_IUnknown, (void **)&whole));
    }
    told("what it has not",
         IClassFactory_CreateInstance(factory, NULL, &IID_IStream, (void **)&outer));
    told("unlock", IClassFactory_LockServer(factory, FALSE));
    IClassFactory_Release(factory);
    if (object)
        release_and_wait(object);
}

static void in_process(void)
{
    IPlumeTest *object = NULL;
    DWORD process, thread;
    told("no such class in the DLL", CoGetClassObject(&com_nobody, CLSCTX_INPROC_SERVER, NULL,
                                                      &IID_IUnknown, (void **)&object));
    if (!told("in process", create(&com_in_proc, CLSCTX_INPROC_SERVER, &object)))
        return;
    IPlumeTest_who(object, &process, &thread);
    say("in this process", "%d %d", process == GetCurrentProcessId(),
        thread == GetCurrentThreadId());
    ask_all(object);
    IPlumeTest_Release(object);
    factories(&com_in_proc, CLSCTX_INPROC_SERVER);
    CoFreeUnusedLibraries();
}

/* Its image is called so. */
static void say_program(HANDLE process)
{
    wchar_t path[MAX_PATH] = L"";
    if (process && GetProcessImageFileNameW(process, path, MAX_PATH)) {
        const wchar_t *last = wcsrchr(path, L'\\');
        say("its program", "%ls", last ? last + 1 : path);
    } else {
        step("its program", FALSE);
    }
}

static void local(void)
{
    IPlumeTest *object = NULL, *second = NULL;
    DWORD process = 0, other = 0, thread;
    if (!told("local", create(&com_local, CLSCTX_LOCAL_SERVER, &object)))
        return;
    told("who", IPlumeTest_who(object, &process, &thread));
    say("another process", "%d", process && process != GetCurrentProcessId());
    HANDLE server = process_of(object);
    say_program(server);
    CloseHandle(server);
    told("a second one", create(&com_local, CLSCTX_LOCAL_SERVER, &second));
    IPlumeTest_who(second, &other, &thread);
    say("of the same process", "%d", process == other);
    IPlumeTest_Release(second);
    ask_all(object);
    release_and_wait(object);
    factories(&com_local, CLSCTX_LOCAL_SERVER);
}

static DWORD service_process(DWORD *state)
{
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
    SC_HANDLE service = OpenServiceW(manager, SERVICE, SERVICE_QUERY_STATUS);
    SERVICE_STATUS_PROCESS status = {0};
    DWORD needed;
    QueryServiceStatusEx(service, SC_STATUS_PROCESS_INFO, (BYTE *)&status, sizeof status, &needed);
    CloseServiceHandle(service);
    CloseServiceHandle(manager);
    *state = status.dwCurrentState;
    return status.dwProcessId;
}

static void of_a_service(void)
{
    IPlumeTest *object = NULL;
    DWORD process = 0, thread, state;
    service_process(&state);
    say("the service's state", "%lu", state);
    if (!told("of a service", create(&com_service, CLSCTX_LOCAL_SERVER, &object)))
        return;
    told("who", IPlumeTest_who(object, &process, &thread));
    say("the service's process", "%d", process == service_process(&state));
    say("its state", "%lu", state);
    ask_all(object);
    IPlumeTest_Release(object);
}

static void of_a_surrogate(void)
{
    IPlumeTest *object = NULL;
    DWORD process = 0, thread;
    if (!told("of a surrogate", create(&com_surrogate, CLSCTX_LOCAL_SERVER, &object)))
        return;
    told("who", IPlumeTest_who(object, &process, &thread));
    say("another process", "%d", process && process != GetCurrentProcessId());
    HANDLE server = process_of(object);
    say_program(server);
    CloseHandle(server);
    ask_all(object);
    release_and_wait(object);
}

/* The server dies in a call. Wine's rpcss keeps the class of a server that has died (its
 * registered_classes loses one only by irpcss_server_revoke), so the next activation is led to the
 * dead one there, natively, too. */
static void fragile(void)
{
    IPlumeTest *object = NULL;
    wchar_t text[MARK] = L"";
    if (!told("fragile", create(&com_fragile, CLSCTX_LOCAL_SERVER, &object)))
        return;
    HANDLE server = process_of(object);
    told("it dies", IPlumeTest_die(object));
    say("its end", "%lu", WaitForSingleObject(server, PATIENCE_MS));
    CloseHandle(server);
    told("and then", IPlumeTest_mark(object, MARK - 1, text));
    IPlumeTest_Release(object);
    if (told("once more", create(&com_fragile, CLSCTX_LOCAL_SERVER, &object)))
        release_and_wait(object);
}

void classes(void)
{
    IPlumeTest *object;
    CLSID id;
    unregistered();
    register_for_user(L"mine alone");
    if (told("for this user", create(&com_in_proc, CLSCTX_INPROC_SERVER, &object))) {
        ask_all(object);
        IPlumeTest_Release(object);
    }
    unregister_for_user();
    cannot_be_had("not any more", &com_in_proc, CLSCTX_INPROC_SERVER);
    register_all(L"of this machine", true);
    told("its name", CLSIDFromProgID(L"Plume.Test", &id));
    say("the class", "%d", IsEqualCLSID(&id, &com_in_proc));
    in_process();
    local();
    of_a_service();
    of_a_surrogate();
    fragile();
    cannot_be_had("a program that is not there", &com_missing, CLSCTX_LOCAL_SERVER);
    cannot_be_had("a program that ends", &com_ending, CLSCTX_LOCAL_SERVER);
    unregister_all();
    cannot_be_had("unregistered", &com_local, CLSCTX_LOCAL_SERVER);
    cannot_be_had("unregistered, of a service", &com_service, CLSCTX_LOCAL_SERVER);
}
