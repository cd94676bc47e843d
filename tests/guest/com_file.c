// COM and files: the class of a file, by what is in it or by its name, and objects that are bound
// to by the file's name, in a server that is started for it. Run without arguments; as a server it
// is started by the system.
#include <winsock2.h>
#include <objbase.h>
#include <shlwapi.h>
#include <stdbool.h>
#include <stdio.h>
#include <wchar.h>
#include "common_step.h"

#define CLASSES   L"Software\\Classes\\"
#define PROGRAM   L"Plume.Test.Document"
#define EXTENSION L".plumedocument"
#define CLASS     L"{5e1c8f0a-7d34-4b6e-9a51-c20f6e7b9e2a}"
#define PATTERN   L"{5e1c8f0a-7d34-4b6e-9a51-c20f6e7b9e2b}"
enum { PATIENCE_MS = 60000, TEXT = 300 };

static CLSID document_class;
static HANDLE leave;

static HRESULT told(const char *what, HRESULT result)
{
    say(what, "%08lx", (unsigned long)result);
    return result;
}

// ---- the server: a document, which says what it has read ----

static struct document {
    IPersistFile file;
    LONG loads;
    char content[64];
} document;

static HRESULT STDMETHODCALLTYPE document_query(IPersistFile *this, REFIID iid, void **out)
{
    *out = NULL;
    if (!IsEqualIID(iid, &IID_IUnknown) && !IsEqualIID(iid, &IID_IPersist) &&
        !IsEqualIID(iid, &IID_IPersistFile))
        return E_NOINTERFACE;
    *out = this;
    return S_OK;
}

/* It lives as long as its process. */
static ULONG STDMETHODCALLTYPE document_count(IPersistFile *this)
{
    (void)this;
    return 2;
}

static HRESULT STDMETHODCALLTYPE document_id(IPersistFile *this, CLSID *id)
{
    (void)this;
    *id = document_class;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE document_dirty(IPersistFile *this)
{
    (void)this;
    return S_FALSE;
}

static HRESULT STDMETHODCALLTYPE document_load(IPersistFile *this, LPCOLESTR name, DWORD mode)
{
    IRunningObjectTable *table;
    IMoniker *moniker;
    DWORD got = 0, cookie;
    (void)mode;
    HANDLE file = CreateFileW(name, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return HRESULT_FROM_WIN32(GetLastError());
    ReadFile(file, document.content, sizeof document.content - 1, &got, NULL);
    CloseHandle(file);
    document.content[got] = 0;
    document.loads++;
    // Who binds to the file while it is loaded gets this one.
    if (GetRunningObjectTable(0, &table) == S_OK) {
        if (CreateFileMoniker(name, &moniker) == S_OK) {
            IRunningObjectTable_Register(table, ROTFLAGS_REGISTRATIONKEEPSALIVE, (IUnknown *)this,
                                         moniker, &cookie);
            IMoniker_Release(moniker);
        }
        IRunningObjectTable_Release(table);
    }
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE document_save(IPersistFile *this, LPCOLESTR name, BOOL remember)
{
    (void)this, (void)name, (void)remember;
    return E_NOTIMPL;
}

static HRESULT STDMETHODCALLTYPE document_end(IPersistFile *this, LPCOLESTR name)
{
    (void)this, (void)name;
    SetEvent(leave);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE document_say(IPersistFile *this, LPOLESTR *out)
{
    (void)this;
    *out = CoTaskMemAlloc(128 * sizeof **out);
    _snwprintf(*out, 127, L"%hs, loaded %ld times", document.content, document.loads);
    (*out)[127] = 0;
    return S_OK;
}

static IPersistFileVtbl document_calls = {
    document_query, document_count, document_count, document_id,  document_dirty,
    document_load,  document_save,  document_end,   document_say,
};

static HRESULT STDMETHODCALLTYPE factory_query(IClassFactory *this, REFIID iid, void **out)
{
    bool known = IsEqualIID(iid, &IID_IUnknown) || IsEqualIID(iid, &IID_IClassFactory);
    *out = known ? this : NULL;
    return known ? S_OK : E_NOINTERFACE;
}

static ULONG STDMETHODCALLTYPE factory_count(IClassFactory *this)
{
    (void)this;
    return 2;
}

static HRESULT STDMETHODCALLTYPE factory_create(IClassFactory *this, IUnknown *outer, REFIID iid,
                                                void **out)
{
    (void)this;
    *out = NULL;
    return outer ? CLASS_E_NOAGGREGATION : IPersistFile_QueryInterface(&document.file, iid, out);
}

static HRESULT STDMETHODCALLTYPE factory_lock(IClassFactory *this, BOOL lock)
{
    (void)this, (void)lock;
    return S_OK;
}

static IClassFactoryVtbl factory_calls = {factory_query, factory_count, factory_count,
                                          factory_create, factory_lock};
static IClassFactory factory = {&factory_calls};

static int serve(void)
{
    DWORD cookie;
    leave = CreateEventW(NULL, TRUE, FALSE, NULL);
    document.file.lpVtbl = &document_calls;
    if (CoRegisterClassObject(&document_class, (IUnknown *)&factory, CLSCTX_LOCAL_SERVER,
                              REGCLS_MULTIPLEUSE, &cookie) != S_OK)
        return 1;
    WaitForSingleObject(leave, PATIENCE_MS);
    CoRevokeClassObject(cookie);
    return 0;
}

// ---- the client ----

static void set(const wchar_t *path, const wchar_t *text)
{
    wchar_t full[TEXT];
    HKEY key;
    _snwprintf(full, TEXT, CLASSES L"%ls", path);
    LONG status =
        RegCreateKeyExW(HKEY_LOCAL_MACHINE, full, 0, NULL, 0, KEY_ALL_ACCESS, NULL, &key, NULL);
    if (!status) {
        status = RegSetValueExW(key, NULL, 0, REG_SZ, (const BYTE *)text,
                                (DWORD)((wcslen(text) + 1) * sizeof *text));
        RegCloseKey(key);
    }
    say("registered", "%ld", status);
}

static void ask_class(const char *what, const wchar_t *name)
{
    wchar_t text[40];
    CLSID class;
    if (told(what, GetClassFile(name, &class)) == S_OK && StringFromGUID2(&class, text, 40))
        say(what, "%ls", text);
}

/* What the object says; it is let go, or told to end. */
static void use(const char *what, HRESULT result, IPersistFile *object, bool end)
{
    wchar_t *text = NULL;
    if (told(what, result) != S_OK)
        return;
    if (told("it says", IPersistFile_GetCurFile(object, &text)) == S_OK)
        say(what, "%ls", text);
    CoTaskMemFree(text);
    if (end)
        IPersistFile_SaveCompleted(object, L""); // the answer may be lost
    IPersistFile_Release(object);
}

static void bind_to(const char *what, const wchar_t *name, bool end)
{
    IPersistFile *object = NULL;
    IMoniker *moniker = NULL;
    if (told("moniker", CreateFileMoniker(name, &moniker)) != S_OK)
        return;
    HRESULT result = BindMoniker(moniker, 0, &IID_IPersistFile, (void **)&object);
    use(what, result, object, end);
    IMoniker_Release(moniker);
}

/* The server that was started for a file that it could not load, and that nobody has an object of.
 */
static void end_server(void)
{
    IPersistFile *object;
    if (told("its server", CoCreateInstance(&document_class, NULL, CLSCTX_LOCAL_SERVER,
                                            &IID_IPersistFile, (void **)&object)) != S_OK)
        return;
    IPersistFile_SaveCompleted(object, L""); // the answer may be lost
    IPersistFile_Release(object);
}

static void make_storage(const wchar_t *name, const wchar_t *class)
{
    IStorage *storage;
    CLSID id;
    CLSIDFromString(class, &id);
    if (told("storage", StgCreateDocfile(name, STGM_CREATE | STGM_READWRITE | STGM_SHARE_EXCLUSIVE,
                                         0, &storage)) != S_OK)
        return;
    told("its class", WriteClassStg(storage, &id));
    IStorage_Release(storage);
}

static void use_files(void)
{
    IPersistFile *object = NULL;
    wchar_t one[MAX_PATH], two[MAX_PATH], name[MAX_PATH];
    GetFullPathNameW(L"one" EXTENSION, MAX_PATH, one, NULL);
    GetFullPathNameW(L"two" EXTENSION, MAX_PATH, two, NULL);
    GetFullPathNameW(L"other.plumeother", MAX_PATH, name, NULL);
    step_write_file(one, "the first");
    step_write_file(two, "the second");
    ask_class("the class by the name's extension", one);
    bind_to("bound", one, false);
    bind_to("bound again", one, false);
    HRESULT result = CoGetObject(one, NULL, &IID_IPersistFile, (void **)&object);
    use("got by its name", result, object, false);
    bind_to("another", two, false);
    bind_to("the first, bound last", one, true);
    ask_class("of no file", L"C:\\there is none" EXTENSION);
    bind_to("no file", L"C:\\there is none" EXTENSION, true);
    end_server();
    step_write_file(name, "PLUMEpattern");
    ask_class("the class by a pattern", name);
    step_write_file(name, "nothing known");
    ask_class("of a name without class", name);
    bind_to("a name without class", name, true);
    make_storage(name, PATTERN);
    ask_class("the class of a storage", name);
    DeleteFileW(name);
    DeleteFileW(one);
    DeleteFileW(two);
}

int wmain(int argc, wchar_t **argv); // declared by no header

int wmain(int argc, wchar_t **argv)
{
    wchar_t own[MAX_PATH], line[TEXT + MAX_PATH];
    CLSIDFromString(CLASS, &document_class);
    HRESULT result = CoInitializeEx(NULL, COINIT_MULTITHREADED);
    if (argc > 1 && !wcscmp(argv[1], L"server"))
        return serve();
    told("COM", result);
    GetModuleFileNameW(NULL, own, MAX_PATH);
    _snwprintf(line, TEXT + MAX_PATH, L"\"%ls\" server", own);
    set(L"CLSID\\" CLASS L"\\LocalServer32", line);
    set(L"CLSID\\" CLASS L"\\ProgID", PROGRAM);
    set(PROGRAM L"\\CLSID", CLASS);
    set(EXTENSION, PROGRAM);
    set(L"FileType\\" PATTERN L"\\0", L"0,5,FFFFFFFFFF,504C554D45");
    use_files();
    SHDeleteKeyW(HKEY_LOCAL_MACHINE, CLASSES L"CLSID\\" CLASS);
    SHDeleteKeyW(HKEY_LOCAL_MACHINE, CLASSES PROGRAM);
    SHDeleteKeyW(HKEY_LOCAL_MACHINE, CLASSES EXTENSION);
    SHDeleteKeyW(HKEY_LOCAL_MACHINE, CLASSES L"FileType\\" PATTERN);
    RegDeleteKeyW(HKEY_LOCAL_MACHINE, CLASSES L"FileType"); // if it is empty
    CoUninitialize();
    return 0;
}
