// A COM server in a DLL: the class of com/class.c, in its caller's process or in the system's
// process for such DLLs, and the proxies and stubs of its interfaces. regsvr32 registers it for all
// users. The type library lies beside it, as com_automation.tlb.
#include "com/class.h"
#include <rpcproxy.h>
#include <shlwapi.h>
#include <wchar.h>

EXTERN_PROXY_FILE(com_test)
PROXYFILE_LIST_START
REFERENCE_PROXY_FILE(com_test), PROXYFILE_LIST_END

    static CStdPSFactoryBuffer proxies;
ULONG WINAPI CStdStubBuffer_Release(IRpcStubBuffer *stub); // what the proxies' tables name
CSTDSTUBBUFFERRELEASE(&proxies)

enum { TEXT = 400 };
static wchar_t mark[64];
static HINSTANCE own;

BOOL WINAPI DllMain(HINSTANCE instance, DWORD reason, void *reserved);
__declspec(dllexport) HRESULT WINAPI DllGetClassObject(REFCLSID class, REFIID id, void **object);
__declspec(dllexport) HRESULT WINAPI DllCanUnloadNow(void);
__declspec(dllexport) HRESULT WINAPI DllRegisterServer(void);
__declspec(dllexport) HRESULT WINAPI DllUnregisterServer(void);

BOOL WINAPI DllMain(HINSTANCE instance, DWORD reason, void *reserved)
{
    (void)reserved;
    (void)reason;
    own = instance;
    return TRUE;
}

/* HKCR\CLSID\{class}[\sub] */
static void key_of(wchar_t *key, const CLSID *class, const wchar_t *sub)
{
    wchar_t text[40];
    StringFromGUID2(class, text, 40);
    _snwprintf(key, TEXT, L"CLSID\\%ls%ls", text, sub);
}

HRESULT WINAPI DllGetClassObject(REFCLSID class, REFIID id, void **object)
{
    if (IsEqualCLSID(class, &com_proxies))
        return NdrDllGetClassObject(class, id, object, aProxyFileList, &com_proxies, &proxies);
    *object = NULL;
    if (!IsEqualCLSID(class, &com_in_proc) && !IsEqualCLSID(class, &com_surrogate))
        return CLASS_E_CLASSNOTAVAILABLE;
    // What the class says is a value beside its registration, so whose registration it was can be
    // seen.
    wchar_t key[TEXT];
    LONG size = sizeof mark;
    key_of(key, class, L"\\Mark");
    if (RegQueryValueW(HKEY_CLASSES_ROOT, key, mark, &size))
        wcscpy(mark, L"unmarked");
    return com_factory(mark, IsEqualCLSID(class, &com_in_proc) ? &com_in_proc : &com_surrogate, id,
                       object);
}

HRESULT WINAPI DllCanUnloadNow(void)
{
    return com_users ? S_FALSE : S_OK;
}

static HRESULT set(const wchar_t *key, const wchar_t *name, const wchar_t *text)
{
    HKEY made;
    LONG status =
        RegCreateKeyExW(HKEY_CLASSES_ROOT, key, 0, NULL, 0, KEY_ALL_ACCESS, NULL, &made, NULL);
    if (!status) {
        status = RegSetValueExW(made, name, 0, REG_SZ, (const BYTE *)text,
                                (DWORD)((wcslen(text) + 1) * sizeof *text));
        RegCloseKey(made);
    }
    return HRESULT_FROM_WIN32((ULONG)status);
}

/* The interface's proxies are this DLL's. */
static HRESULT set_interface(const IID *id)
{
    wchar_t key[TEXT], text[40], class[40];
    StringFromGUID2(id, text, 40);
    StringFromGUID2(&com_proxies, class, 40);
    _snwprintf(key, TEXT, L"Interface\\%ls\\ProxyStubClsid32", text);
    return set(key, NULL, class);
}

static HRESULT set_class(const CLSID *class, const wchar_t *path, const wchar_t *threads)
{
    wchar_t key[TEXT];
    key_of(key, class, L"\\InprocServer32");
    HRESULT result = set(key, NULL, path);
    return SUCCEEDED(result) ? set(key, L"ThreadingModel", threads) : result;
}

static HRESULT set_types(wchar_t *path)
{
    ITypeLib *library;
    wcscpy(wcsrchr(path, L'\\') + 1, L"com_automation.tlb");
    HRESULT result = LoadTypeLibEx(path, REGKIND_REGISTER, &library);
    if (SUCCEEDED(result))
        ITypeLib_Release(library);
    return result;
}

HRESULT WINAPI DllRegisterServer(void)
{
    wchar_t path[MAX_PATH + 20], class[40], key[TEXT];
    GetModuleFileNameW(own, path, MAX_PATH);
    StringFromGUID2(&com_in_proc, class, 40);
    HRESULT result = set_class(&com_proxies, path, L"Both");
    if (SUCCEEDED(result))
        result = set_class(&com_in_proc, path, L"Both");
    key_of(key, &com_in_proc, L"\\Mark");
    if (SUCCEEDED(result))
        result = set(key, NULL, L"regsvr32");
    if (SUCCEEDED(result))
        result = set(L"Plume.Test\\CLSID", NULL, class);
    if (SUCCEEDED(result))
        result = set_interface(&IID_IPlumeTest);
    if (SUCCEEDED(result))
        result = set_interface(&IID_IPlumeListener);
    return SUCCEEDED(result) ? set_types(path) : result;
}

static void remove_tree(const wchar_t *parent, const GUID *id)
{
    wchar_t key[TEXT], text[40];
    StringFromGUID2(id, text, 40);
    _snwprintf(key, TEXT, L"%ls\\%ls", parent, text);
    SHDeleteKeyW(HKEY_CLASSES_ROOT, key);
}

HRESULT WINAPI DllUnregisterServer(void)
{
    remove_tree(L"CLSID", &com_proxies);
    remove_tree(L"CLSID", &com_in_proc);
    remove_tree(L"Interface", &IID_IPlumeTest);
    remove_tree(L"Interface", &IID_IPlumeListener);
    SHDeleteKeyW(HKEY_CLASSES_ROOT, L"Plume.Test");
    return UnRegisterTypeLib(&com_library, 1, 0, LOCALE_NEUTRAL,
                             sizeof(void *) == 8 ? SYS_WIN64 : SYS_WIN32);
}
