// Interfaces go from one apartment to another, in one process and between two.
#include <stdio.h>
#include <wchar.h>
#include "calls.h"

#define FILE_NAME L"plume_test_com.marshalled"

// ---- a listener ----

/* Counts what it is told; `thread` is where it was told last. */
struct listener {
    IPlumeListener listener;
    LONG references, count, sum;
    DWORD thread;
};

static struct listener *of(IPlumeListener *this)
{
    return CONTAINING_RECORD(this, struct listener, listener);
}

static HRESULT WINAPI listener_query(IPlumeListener *this, REFIID id, void **found)
{
    *found = NULL;
    if (!IsEqualIID(id, &IID_IUnknown) && !IsEqualIID(id, &IID_IPlumeListener))
        return E_NOINTERFACE;
    *found = this;
    IPlumeListener_AddRef(this);
    return S_OK;
}

static ULONG WINAPI listener_add_ref(IPlumeListener *this)
{
    return (ULONG)InterlockedIncrement(&of(this)->references);
}

static ULONG WINAPI listener_release(IPlumeListener *this)
{
    return (ULONG)InterlockedDecrement(&of(this)->references);
}

static HRESULT WINAPI listener_told(IPlumeListener *this, LONG value)
{
    of(this)->sum += value;
    of(this)->thread = GetCurrentThreadId();
    InterlockedIncrement(&of(this)->count);
    return value == 13 ? E_ABORT : S_OK;
}

static void listener_init(struct listener *listener)
{
    static IPlumeListenerVtbl calls = {listener_query, listener_add_ref, listener_release,
                                       listener_told};
    *listener = (struct listener){.listener.lpVtbl = &calls, .references = 1};
}

static void call_back(IPlumeTest *object, bool in_this_thread)
{
    struct listener listener;
    listener_init(&listener);
    told("called back", IPlumeTest_call_back(object, &listener.listener, 10));
    say("told", "%ld %ld", listener.count, listener.sum);
    if (in_this_thread)
        say("in this thread", "%d", listener.thread == GetCurrentThreadId());
    told("it is enough", IPlumeTest_call_back(object, &listener.listener, 20));
    say("told", "%ld %ld", listener.count, listener.sum);
    told("keep", IPlumeTest_keep(object, &listener.listener));
    say("kept", "%d", listener.references > 1);
    told("let go", IPlumeTest_keep(object, NULL));
    // The stub may be let go by another thread of the runtime's.
    ULONGLONG until = GetTickCount() + PATIENCE_MS;
    MSG message;
    while (*(volatile LONG *)&listener.references > 1 && GetTickCount() < until) {
        while (PeekMessageW(&message, NULL, 0, 0, PM_REMOVE))
            DispatchMessageW(&message);
        Sleep(1);
    }
    say("let go of", "%d", listener.references == 1);
    CoDisconnectObject((IUnknown *)&listener.listener, 0);
}

static void streams(IPlumeTest *object)
{
    unsigned char bytes[10000];
    IStream *stream;
    ULONG count = 0, sum = 0, expected = 0;
    for (size_t i = 0; i < sizeof bytes; i++)
        expected += bytes[i] = (unsigned char)(i * 7);
    if (!told("a stream", CreateStreamOnHGlobal(NULL, TRUE, &stream)))
        return;
    IStream_Write(stream, bytes, sizeof bytes, NULL);
    IStream_Seek(stream, (LARGE_INTEGER){0}, STREAM_SEEK_SET, NULL);
    told("read by the server", IPlumeTest_read(object, stream, &count, &sum));
    say("as it is", "%lu %d", count, sum == expected);
    IStream_Release(stream);
}

// ---- between threads ----

struct handed {
    IStream *stream;
    DWORD cookie; // in the global table
    IPlumeTest *direct;
};

static IGlobalInterfaceTable *global_table(void)
{
    IGlobalInterfaceTable *table = NULL;
    CoCreateInstance(&CLSID_StdGlobalInterfaceTable, NULL, CLSCTX_INPROC_SERVER,
                     &IID_IGlobalInterfaceTable, (void **)&table);
    return table;
}

static DWORD WINAPI of_one_thread(void *parameter)
{
    struct handed *handed = parameter;
    IPlumeTest *object = NULL;
    wchar_t text[MARK] = L"";
    told("a thread's own apartment", CoInitializeEx(NULL, COINIT_APARTMENTTHREADED));
    told("of another kind now", CoInitializeEx(NULL, COINIT_MULTITHREADED));
    told("another apartment's proxy", IPlumeTest_mark(handed->direct, MARK - 1, text));
    if (told("handed over",
             CoGetInterfaceAndReleaseStream(handed->stream, &IID_IPlumeTest, (void **)&object))) {
        told("mark", IPlumeTest_mark(object, MARK - 1, text));
        call_back(object, true);
        streams(object);
        IPlumeTest_Release(object);
    }
    IGlobalInterfaceTable *table = global_table();
    if (told("by the global table",
             IGlobalInterfaceTable_GetInterfaceFromGlobal(table, handed->cookie, &IID_IPlumeTest,
                                                          (void **)&object))) {
        told("mark", IPlumeTest_mark(object, MARK - 1, text));
        IPlumeTest_Release(object);
    }
    told("what is not in it", IGlobalInterfaceTable_GetInterfaceFromGlobal(
                                  table, handed->cookie + 100, &IID_IPlumeTest, (void **)&object));
    IGlobalInterfaceTable_Release(table);
    CoUninitialize();
    return 0;
}

static void between_threads(IPlumeTest *object)
{
    struct handed handed = {.direct = object};
    IGlobalInterfaceTable *table = global_table();
    told("into the global table", IGlobalInterfaceTable_RegisterInterfaceInGlobal(
                                      table, (IUnknown *)object, &IID_IPlumeTest, &handed.cookie));
    told("hand over", CoMarshalInterThreadInterfaceInStream(&IID_IPlumeTest, (IUnknown *)object,
                                                            &handed.stream));
    HANDLE thread = CreateThread(NULL, 0, of_one_thread, &handed, 0, NULL);
    say("the thread", "%lu", WaitForSingleObject(thread, PATIENCE_MS * 2));
    CloseHandle(thread);
    told("out of the table", IGlobalInterfaceTable_RevokeInterfaceFromGlobal(table, handed.cookie));
    IGlobalInterfaceTable_Release(table);
}

// ---- between processes: the marshalled interface is a file ----

static bool write_file(const void *bytes, size_t size)
{
    FILE *file = _wfopen(FILE_NAME, L"wb");
    bool good = file && fwrite(bytes, 1, size, file) == size;
    if (file)
        fclose(file);
    return good;
}

static void between_processes(IPlumeTest *object, DWORD how)
{
    IStream *stream;
    HGLOBAL memory;
    STATSTG about;
    CreateStreamOnHGlobal(NULL, TRUE, &stream);
    say("marshalled", "for %s", how == MSHLFLAGS_NORMAL ? "one" : "many");
    if (told("marshal", CoMarshalInterface(stream, &IID_IPlumeTest, (IUnknown *)object,
                                           MSHCTX_LOCAL, NULL, how))) {
        IStream_Stat(stream, &about, STATFLAG_NONAME);
        GetHGlobalFromStream(stream, &memory);
        say("written", "%d", write_file(GlobalLock(memory), (size_t)about.cbSize.QuadPart));
        GlobalUnlock(memory);
        say("another process", "%lu", run_own(L"unmarshal"));
        if (how != MSHLFLAGS_NORMAL) {
            say("one more", "%lu", run_own(L"unmarshal"));
            IStream_Seek(stream, (LARGE_INTEGER){0}, STREAM_SEEK_SET, NULL);
            told("release it", CoReleaseMarshalData(stream));
        }
        _wremove(FILE_NAME);
    }
    IStream_Release(stream);
}

int unmarshal(const wchar_t *name)
{
    char bytes[4000];
    IStream *stream;
    IPlumeTest *object = NULL;
    wchar_t text[MARK] = L"";
    FILE *file = _wfopen(name ? name : FILE_NAME, L"rb");
    size_t size = file ? fread(bytes, 1, sizeof bytes, file) : 0;
    if (file)
        fclose(file);
    CreateStreamOnHGlobal(NULL, TRUE, &stream);
    IStream_Write(stream, bytes, (ULONG)size, NULL);
    IStream_Seek(stream, (LARGE_INTEGER){0}, STREAM_SEEK_SET, NULL);
    bool good = told("unmarshal", CoUnmarshalInterface(stream, &IID_IPlumeTest, (void **)&object));
    if (good) {
        good = told("mark", IPlumeTest_mark(object, MARK - 1, text));
        if (good)
            say("it says", "%ls", text);
        call_back(object, false);
        IPlumeTest_Release(object);
    }
    IStream_Release(stream);
    return good ? 0 : 1;
}

static void with_server(bool multi_threaded)
{
    IPlumeTest *object;
    say("server", "%s", multi_threaded ? "free-threaded" : "of one thread");
    register_all(L"of an apartment", multi_threaded);
    if (told("local", create(&com_local, CLSCTX_LOCAL_SERVER, &object))) {
        call_back(object, false);
        streams(object);
        between_threads(object);
        between_processes(object, MSHLFLAGS_NORMAL);
        end_and_wait(object);
    }
    unregister_all();
}

/* This process's own object is what others get. */
static void own_object(void)
{
    IPlumeTest *object;
    IClassFactory *factory;
    register_all(L"another's", true);
    com_factory(L"this process's own", &com_local, &IID_IClassFactory, (void **)&factory);
    told("own", IClassFactory_CreateInstance(factory, NULL, &IID_IPlumeTest, (void **)&object));
    between_processes(object, MSHLFLAGS_NORMAL);
    between_processes(object, MSHLFLAGS_TABLESTRONG);
    told("disconnect", CoDisconnectObject((IUnknown *)object, 0));
    IPlumeTest_Release(object);
    IClassFactory_Release(factory);
    unregister_all();
}

void apartments(void)
{
    with_server(true);
    with_server(false);
    own_object();
}
