#include "class.h"
#include <stdlib.h>
#include <wchar.h>

#define ID(last)                                                                                   \
    {                                                                                              \
        0x5e1c8f0a, 0x7d34, 0x4b6e,                                                                \
        {                                                                                          \
            0x9a, 0x51, 0xc2, 0x0f, 0x6e, 0x7b, 0x9e, last                                         \
        }                                                                                          \
    }
const CLSID com_local = ID(0x20), com_service = ID(0x21), com_in_proc = ID(0x22),
            com_surrogate = ID(0x23), com_proxies = ID(0x24), com_nobody = ID(0x25);
const IID com_library = ID(0x10);

LONG com_users;
void (*com_unused)(void);

struct object {
    IPlumeTest test;
    IPlumeAutomation automation;
    LONG references;
    const wchar_t *mark;
    const CLSID *id;
    ITypeInfo *types;
    BSTR note;
    IPlumeListener *kept;
    DWORD item, file, active; // what revokes them, 0 for none
};

struct factory {
    IClassFactory factory;
    LONG references;
    const wchar_t *mark;
    const CLSID *id;
};

static void used(void)
{
    InterlockedIncrement(&com_users);
}

static void left(void)
{
    if (!InterlockedDecrement(&com_users) && com_unused)
        com_unused();
}

static struct object *of_test(IPlumeTest *this)
{
    return CONTAINING_RECORD(this, struct object, test);
}

static struct object *of_automation(IPlumeAutomation *this)
{
    return CONTAINING_RECORD(this, struct object, automation);
}

// ---- IUnknown ----

static void withdraw(struct object *object);

static HRESULT query(struct object *object, const IID *id, void **found)
{
    if (IsEqualIID(id, &IID_IUnknown) || IsEqualIID(id, &IID_IPlumeTest))
        *found = &object->test;
    else if (IsEqualIID(id, &IID_IDispatch) || IsEqualIID(id, &IID_IPlumeAutomation))
        *found = &object->automation;
    else
        *found = NULL;
    if (!*found)
        return E_NOINTERFACE;
    InterlockedIncrement(&object->references);
    return S_OK;
}

static ULONG release(struct object *object)
{
    LONG left_over = InterlockedDecrement(&object->references);
    if (left_over)
        return (ULONG)left_over;
    withdraw(object);
    if (object->kept)
        IPlumeListener_Release(object->kept);
    if (object->types)
        ITypeInfo_Release(object->types);
    SysFreeString(object->note);
    free(object);
    left();
    return 0;
}

static HRESULT WINAPI test_query(IPlumeTest *this, REFIID id, void **found)
{
    return query(of_test(this), id, found);
}

static ULONG WINAPI test_add_ref(IPlumeTest *this)
{
    return (ULONG)InterlockedIncrement(&of_test(this)->references);
}

static ULONG WINAPI test_release(IPlumeTest *this)
{
    return release(of_test(this));
}

// ---- IPlumeTest ----

static HRESULT make(const wchar_t *mark, const CLSID *id, const IID *iid, void **made);

static HRESULT WINAPI test_who(IPlumeTest *this, DWORD *process, DWORD *thread)
{
    (void)this;
    *process = GetCurrentProcessId();
    *thread = GetCurrentThreadId();
    return S_OK;
}

static HRESULT WINAPI test_mark(IPlumeTest *this, LONG count, WCHAR *text)
{
    const wchar_t *mark = of_test(this)->mark;
    for (LONG i = 0; i < count; i++)
        text[i] = (size_t)i < wcslen(mark) ? mark[i] : 0;
    return S_OK;
}

static HRESULT WINAPI test_sum(IPlumeTest *this, LONG count, const LONG *values, LONG *result)
{
    (void)this;
    *result = 0;
    for (LONG i = 0; i < count; i++)
        *result += values[i];
    return S_OK;
}

static HRESULT WINAPI test_call_back(IPlumeTest *this, IPlumeListener *listener, LONG times)
{
    HRESULT result = S_OK;
    (void)this;
    for (LONG i = 1; i <= times && result == S_OK; i++)
        result = IPlumeListener_told(listener, i);
    return result;
}

static HRESULT WINAPI test_keep(IPlumeTest *this, IPlumeListener *listener)
{
    struct object *object = of_test(this);
    IPlumeListener *former = object->kept;
    object->kept = listener;
    if (listener)
        IPlumeListener_AddRef(listener);
    if (former)
        IPlumeListener_Release(former);
    return S_OK;
}

static HRESULT WINAPI test_read(IPlumeTest *this, IStream *stream, ULONG *count, ULONG *result)
{
    unsigned char bytes[1000];
    ULONG read = 0;
    HRESULT status;
    (void)this;
    *count = *result = 0;
    while (SUCCEEDED(status = IStream_Read(stream, bytes, sizeof bytes, &read)) && read) {
        *count += read;
        for (ULONG i = 0; i < read; i++)
            *result += bytes[i];
    }
    return SUCCEEDED(status) ? S_OK : status;
}

static HRESULT WINAPI test_another(IPlumeTest *this, IPlumeTest **made)
{
    struct object *object = of_test(this);
    return make(object->mark, object->id, &IID_IPlumeTest, (void **)made);
}

static HRESULT publish_as(struct object *object, IMoniker *moniker, DWORD *cookie)
{
    IRunningObjectTable *table;
    HRESULT result = GetRunningObjectTable(0, &table);
    if (SUCCEEDED(result))
        result = IRunningObjectTable_Register(table, 0, (IUnknown *)&object->test, moniker, cookie);
    if (SUCCEEDED(result))
        IRunningObjectTable_Release(table);
    IMoniker_Release(moniker);
    return result;
}

static HRESULT WINAPI test_publish(IPlumeTest *this, const WCHAR *name, const WCHAR *file)
{
    struct object *object = of_test(this);
    IMoniker *moniker = NULL;
    HRESULT result = CreateItemMoniker(L"!", name, &moniker);
    if (result == S_OK)
        result = publish_as(object, moniker, &object->item);
    if (result == S_OK)
        result = CreateFileMoniker(file, &moniker);
    if (result == S_OK)
        result = publish_as(object, moniker, &object->file);
    if (result == S_OK)
        result = RegisterActiveObject((IUnknown *)&object->test, object->id, ACTIVEOBJECT_WEAK,
                                      &object->active);
    return result;
}

static void withdraw(struct object *object)
{
    IRunningObjectTable *table;
    DWORD item = object->item, file = object->file, active = object->active;
    object->item = object->file = object->active = 0;
    if ((item || file) && GetRunningObjectTable(0, &table) == S_OK) {
        if (item)
            IRunningObjectTable_Revoke(table, item);
        if (file)
            IRunningObjectTable_Revoke(table, file);
        IRunningObjectTable_Release(table);
    }
    if (active)
        RevokeActiveObject(active, NULL);
}

static HRESULT WINAPI test_withdraw(IPlumeTest *this)
{
    withdraw(of_test(this));
    return S_OK;
}

static HRESULT WINAPI test_impersonate(IPlumeTest *this, LONG *impersonated, LONG *reverted)
{
    (void)this;
    *impersonated = CoImpersonateClient();
    *reverted = CoRevertToSelf();
    return S_OK;
}

static HRESULT WINAPI test_fail(IPlumeTest *this, LONG code)
{
    (void)this;
    return code;
}

static HRESULT WINAPI test_leave(IPlumeTest *this)
{
    (void)this;
    if (com_unused)
        com_unused();
    return S_OK;
}

static HRESULT WINAPI test_die(IPlumeTest *this)
{
    (void)this;
    TerminateProcess(GetCurrentProcess(), 3);
    return S_OK;
}

static IPlumeTestVtbl test_calls = {
    test_query,       test_add_ref, test_release, test_who,     test_mark,    test_sum,
    test_call_back,   test_keep,    test_read,    test_another, test_publish, test_withdraw,
    test_impersonate, test_fail,    test_leave,   test_die,
};

// ---- IPlumeAutomation ----

static HRESULT WINAPI automation_query(IPlumeAutomation *this, REFIID id, void **found)
{
    return query(of_automation(this), id, found);
}

static ULONG WINAPI automation_add_ref(IPlumeAutomation *this)
{
    return (ULONG)InterlockedIncrement(&of_automation(this)->references);
}

static ULONG WINAPI automation_release(IPlumeAutomation *this)
{
    return release(of_automation(this));
}

/* The description of the interface, from the library that is registered. */
static HRESULT types_of(struct object *object)
{
    ITypeLib *library;
    HRESULT result;
    if (object->types)
        return S_OK;
    result = LoadRegTypeLib(&com_library, 1, 0, LOCALE_NEUTRAL, &library);
    if (FAILED(result))
        return result;
    result = ITypeLib_GetTypeInfoOfGuid(library, &IID_IPlumeAutomation, &object->types);
    ITypeLib_Release(library);
    return result;
}

static HRESULT WINAPI automation_type_count(IPlumeAutomation *this, UINT *count)
{
    (void)this;
    *count = 1;
    return S_OK;
}

static HRESULT WINAPI automation_type(IPlumeAutomation *this, UINT which, LCID locale,
                                      ITypeInfo **types)
{
    struct object *object = of_automation(this);
    HRESULT result = which ? DISP_E_BADINDEX : types_of(object);
    (void)locale;
    *types = NULL;
    if (FAILED(result))
        return result;
    *types = object->types;
    ITypeInfo_AddRef(object->types);
    return S_OK;
}

static HRESULT WINAPI automation_ids(IPlumeAutomation *this, REFIID id, LPOLESTR *names, UINT count,
                                     LCID locale, DISPID *ids)
{
    struct object *object = of_automation(this);
    HRESULT result = types_of(object);
    (void)id;
    (void)locale;
    return SUCCEEDED(result) ? DispGetIDsOfNames(object->types, names, count, ids) : result;
}

static HRESULT WINAPI automation_invoke(IPlumeAutomation *this, DISPID member, REFIID id,
                                        LCID locale, WORD flags, DISPPARAMS *parameters,
                                        VARIANT *value, EXCEPINFO *exception, UINT *which)
{
    struct object *object = of_automation(this);
    HRESULT result = types_of(object);
    (void)id;
    (void)locale;
    if (FAILED(result))
        return result;
    return DispInvoke(this, object->types, member, flags, parameters, value, exception, which);
}

static HRESULT WINAPI automation_add(IPlumeAutomation *this, LONG a, LONG b, LONG *sum)
{
    (void)this;
    *sum = a + b;
    return S_OK;
}

static HRESULT WINAPI automation_mark(IPlumeAutomation *this, BSTR *text)
{
    *text = SysAllocString(of_automation(this)->mark);
    return S_OK;
}

static HRESULT WINAPI automation_get_note(IPlumeAutomation *this, BSTR *text)
{
    BSTR note = of_automation(this)->note;
    *text = SysAllocString(note ? note : L"");
    return S_OK;
}

static HRESULT WINAPI automation_put_note(IPlumeAutomation *this, BSTR text)
{
    struct object *object = of_automation(this);
    SysFreeString(object->note);
    object->note = SysAllocString(text);
    return S_OK;
}

static HRESULT WINAPI automation_process(IPlumeAutomation *this, LONG *id)
{
    (void)this;
    *id = (LONG)GetCurrentProcessId();
    return S_OK;
}

static HRESULT WINAPI automation_halve(IPlumeAutomation *this, double number, double *half)
{
    (void)this;
    *half = number / 2;
    return S_OK;
}

static HRESULT WINAPI automation_fail(IPlumeAutomation *this, LONG code)
{
    (void)this;
    return code;
}

static IPlumeAutomationVtbl automation_calls = {
    automation_query, automation_add_ref,  automation_release,  automation_type_count,
    automation_type,  automation_ids,      automation_invoke,   automation_add,
    automation_mark,  automation_get_note, automation_put_note, automation_process,
    automation_halve, automation_fail,
};

static HRESULT make(const wchar_t *mark, const CLSID *id, const IID *iid, void **made)
{
    struct object *object = calloc(1, sizeof *object);
    *made = NULL;
    if (!object)
        return E_OUTOFMEMORY;
    used();
    object->test.lpVtbl = &test_calls;
    object->automation.lpVtbl = &automation_calls;
    object->references = 1;
    object->mark = mark;
    object->id = id;
    HRESULT result = query(object, iid, made);
    release(object);
    return result;
}

// ---- the class ----

static struct factory *of_factory(IClassFactory *this)
{
    return CONTAINING_RECORD(this, struct factory, factory);
}

static HRESULT WINAPI factory_query(IClassFactory *this, REFIID id, void **found)
{
    *found = NULL;
    if (!IsEqualIID(id, &IID_IUnknown) && !IsEqualIID(id, &IID_IClassFactory))
        return E_NOINTERFACE;
    *found = this;
    IClassFactory_AddRef(this);
    return S_OK;
}

static ULONG WINAPI factory_add_ref(IClassFactory *this)
{
    return (ULONG)InterlockedIncrement(&of_factory(this)->references);
}

static ULONG WINAPI factory_release(IClassFactory *this)
{
    struct factory *factory = of_factory(this);
    LONG left_over = InterlockedDecrement(&factory->references);
    if (!left_over)
        free(factory);
    return (ULONG)left_over;
}

static HRESULT WINAPI factory_make(IClassFactory *this, IUnknown *outer, REFIID id, void **made)
{
    struct factory *factory = of_factory(this);
    *made = NULL;
    return outer ? CLASS_E_NOAGGREGATION : make(factory->mark, factory->id, id, made);
}

static HRESULT WINAPI factory_lock(IClassFactory *this, BOOL lock)
{
    (void)this;
    if (lock)
        used();
    else
        left();
    return S_OK;
}

static IClassFactoryVtbl factory_calls = {
    factory_query, factory_add_ref, factory_release, factory_make, factory_lock,
};

HRESULT com_factory(const wchar_t *mark, const CLSID *id, const IID *iid, void **found)
{
    struct factory *factory = calloc(1, sizeof *factory);
    *found = NULL;
    if (!factory)
        return E_OUTOFMEMORY;
    factory->factory.lpVtbl = &factory_calls;
    factory->references = 1;
    factory->mark = mark;
    factory->id = id;
    HRESULT result = IClassFactory_QueryInterface(&factory->factory, iid, found);
    IClassFactory_Release(&factory->factory);
    return result;
}
